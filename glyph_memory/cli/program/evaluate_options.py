"""Options that the command `evaluate` takes alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glyph_memory.cli.options import FLAG, OUTPUT, SERVER

_ASKED = "What is asked"
_SHOWN = "How it is shown"

Tasks = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TASK...",
        help="What is asked, by name; --list has them all. A benchmark's own file is named as in longbench:FILE, a "
        "part of it as in longbench:FILE#hotpotqa; fetch in place of a task tells where they are had. Without any, the "
        "results in the folder of --out are told.",
    ),
]
List = Annotated[
    bool,
    typer.Option("--list", metavar=FLAG, help="List the tasks and the arms.", rich_help_panel=_ASKED),
]
MaxTokens = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Longest answer, thinking included; 2048 unless given.",
        rich_help_panel=SERVER,
    ),
]
Lengths = Annotated[
    str,
    typer.Option(
        metavar="TOKENS,TOKENS,…",
        help="How long the texts are, in tokens of the model.",
        rich_help_panel=_ASKED,
    ),
]
Samples = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        help="How many samples of each task and length: 20 to try it, 100 and more to tell ten points apart.",
        rich_help_panel=_ASKED,
    ),
]
Seed = Annotated[
    int, typer.Option(metavar="N", help="Another one gives other samples.", rich_help_panel=_ASKED)
]
Arms = Annotated[
    str,
    typer.Option(
        metavar="NAME,NAME,…",
        help="Ways to show a text; --list has them all. Pages take settings, as in pages@dpi=96: a sweep is a list of "
        "arms.",
        rich_help_panel=_SHOWN,
    ),
]
Budgets = Annotated[
    str,
    typer.Option(
        metavar="SHARE,SHARE,…",
        help="The most that a prompt may cost, the same for all arms: a share of what the whole text costs, such as "
        "40%, or a number of tokens.",
        rich_help_panel=_SHOWN,
    ),
]
Reader = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="nano, the built-in reader, which needs no server: it looks things up and does not reason.",
        rich_help_panel=SERVER,
    ),
]
JudgeServer = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Address, up to and including /v1, of a server whose model judges answers, for benchmarks that want that.",
        rich_help_panel=SERVER,
    ),
]
JudgeModel = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The judge's name there; if none, the first that the server lists.",
        rich_help_panel=SERVER,
    ),
]
JudgeKey = Annotated[
    str | None,
    typer.Option(
        metavar="KEY",
        envvar="GLYPH_MEMORY_JUDGE_API_KEY",
        show_default=False,
        help="If the judge's server wants one.",
        rich_help_panel=SERVER,
    ),
]
Concurrent = Annotated[
    int,
    typer.Option(metavar="N", min=1, help="How many questions are asked at a time.", rich_help_panel=SERVER),
]
Timeout = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        min=0.1,
        help="How long an answer may take. One that takes longer counts as none, and is asked for again next time.",
        rich_help_panel=SERVER,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Where results are kept, each as soon as it is there. The same command goes on where it was stopped.",
        rich_help_panel=OUTPUT,
    ),
]
By = Annotated[
    str,
    typer.Option(
        metavar="LABEL,LABEL,…",
        help="What results are told apart by: task, kind, length, budget, arm.",
        rich_help_panel=OUTPUT,
    ),
]
Compare = Annotated[
    tuple[str, str] | None,
    typer.Option(
        metavar="A B",
        help="Compare two arms of the folder, or two folders, sample by sample, with McNemar's exact test.",
        rich_help_panel=OUTPUT,
    ),
]
Plot = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.png|svg|pdf",
        help="Draw correct answers against prompt tokens. Needs matplotlib: pip install 'glyph-memory\\[plot]'.",
        rich_help_panel=OUTPUT,
    ),
]
Markdown = Annotated[
    bool,
    typer.Option(
        "--markdown",
        metavar=FLAG,
        help="Print the table as Markdown, and nothing else.",
        rich_help_panel=OUTPUT,
    ),
]

"""Options that the command `train search` takes alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glyph_memory.cli.options import MODEL, OUTPUT, SERVER

_ASKED = "What styles are judged by"
_SEARCH = "How the search goes"

Reader = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="nano: the built-in reader reads pages, whatever server the environment names. Without a server it does, "
        "too.",
        rich_help_panel=SERVER,
    ),
]
MaxTokens = Annotated[
    int,
    typer.Option(metavar="N", min=1, help="Longest answer, thinking included.", rich_help_panel=SERVER),
]
Concurrent = Annotated[
    int,
    typer.Option(
        "--concurrent", metavar="N", min=1, help="Questions that are asked at a time.", rich_help_panel=SERVER
    ),
]
LlmServer = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Address, up to and including /v1, of a server whose language model proposes styles. If none, or while it "
        "is down, styles are bred by crossing and changing good ones.",
        rich_help_panel=SERVER,
    ),
]
LlmModel = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The language model's name there; if none, the first that the server lists.",
        rich_help_panel=SERVER,
    ),
]
LlmKey = Annotated[
    str | None,
    typer.Option(
        metavar="KEY",
        envvar="GLYPH_MEMORY_LLM_API_KEY",
        show_default=False,
        help="If the language model's server wants one.",
        rich_help_panel=SERVER,
    ),
]
Tasks = Annotated[
    str,
    typer.Option(
        metavar="NAME,NAME,…",
        help="What is asked about pages; the command evaluate --list has all tasks. All styles are asked the same.",
        rich_help_panel=_ASKED,
    ),
]
Tokens = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        help="How long each question's text is. The longer, the truer is ρ, since last pages are not full.",
        rich_help_panel=_ASKED,
    ),
]
Samples = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        help="Questions of each task: 20 to try it, 100 to tell a floor of 0.95 from 0.9.",
        rich_help_panel=_ASKED,
    ),
]
ReadBack = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Ask no questions; judge by the share of a text's characters that the nano reader reads back right. May "
        "be given several times.",
        rich_help_panel=_ASKED,
    ),
]
Floor = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="Take the densest style with at least this accuracy; 0.95 unless --weight is given.",
        rich_help_panel=_SEARCH,
    ),
]
Weight = Annotated[
    float | None,
    typer.Option(
        metavar="W",
        help="Take the style with the largest accuracy times ρ to the power of W instead.",
        rich_help_panel=_SEARCH,
    ),
]
Budget = Annotated[
    int,
    typer.Option(
        metavar="N", min=1, help="Styles that are tried, over all runs into --out.", rich_help_panel=_SEARCH
    ),
]
Questions = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Questions that are asked, over all runs, fresh ones among them.",
        rich_help_panel=_SEARCH,
    ),
]
Minutes = Annotated[
    float | None,
    typer.Option(metavar="N", help="When this run ends.", rich_help_panel=_SEARCH),
]
Confirm = Annotated[
    float,
    typer.Option(
        metavar="SHARE",
        min=0,
        max=0.9,
        help="Share of all questions and minutes that is kept to ask fresh questions about the styles that would be "
        "taken; 0: none, and the style is not confirmed.",
        rich_help_panel=_SEARCH,
    ),
]
Patience = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        help="End after so many generations without a better front.",
        rich_help_panel=_SEARCH,
    ),
]
Start = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME|FILE",
        help="A style that is tried first, such as the one in use: a preset, or a file. May be given several times.",
        rich_help_panel=_SEARCH,
    ),
]
Seed = Annotated[
    int,
    typer.Option(
        metavar="N", help="Another one asks other questions, and draws other styles.", rich_help_panel=_SEARCH
    ),
]
Tokenizer = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="The model's own tokenizer.json, to count text exactly instead of estimating.",
        rich_help_panel=MODEL,
    ),
]
Out = Annotated[
    Path,
    typer.Option(
        metavar="FOLDER",
        help="Where everything is kept: search.jsonl with each answer, reply and style; report.json, report.md, and "
        "style.json, the style that is taken. The same command goes on there, and asks nothing twice.",
        rich_help_panel=OUTPUT,
    ),
]
Plot = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Draw accuracy against ρ into this file, which ends in .svg, .png or .pdf; needs matplotlib.",
        rich_help_panel=OUTPUT,
    ),
]

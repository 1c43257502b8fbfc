"""Options that the command `train sft` takes alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glyph_memory.cli.options import FLAG, OUTPUT
from glyph_memory.cli.program.train_options import MACHINE, WEIGHTS

_HOW = "How long and how fast"
_ASKED = "What it is asked meanwhile"

Data = Annotated[
    list[Path],
    typer.Argument(
        metavar="DATA...",
        help="Parquet files, WebDataset shards (.tar) or folders with such, as train pages writes them.",
    ),
]
Out = Annotated[
    Path,
    typer.Option(
        metavar="FOLDER",
        help="Where the trained model, checkpoints, the log and evaluations go.",
        rich_help_panel=OUTPUT,
    ),
]
Reasoning = Annotated[
    bool,
    typer.Option(
        "--reasoning/--no-reasoning",
        metavar=FLAG,
        help="Whether samples' thoughts before the answer are learnt.",
        rich_help_panel=WEIGHTS,
    ),
]
OcrShare = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        min=0,
        max=0.95,
        help="Share of samples that are of the family ocr, mixed in from all there are, again and again where they are "
        "few; if none is given, samples come as they are.",
        rich_help_panel=WEIGHTS,
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="How many steps; samples come again as often as it takes.",
        rich_help_panel=_HOW,
    ),
]
Passes = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, help="How often all samples are seen; once unless given.", rich_help_panel=_HOW
    ),
]
TokensPerStep = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        help="A step takes samples until the next would make it longer, pages included.",
        rich_help_panel=_HOW,
    ),
]
TokensPerForward = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Most tokens that go through the model at once; a longer sample goes alone. Smaller takes less memory; a "
        "quarter of a step unless given.",
        rich_help_panel=MACHINE,
    ),
]
MaxTokens = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Longer samples are left out and counted; none is ever cut. The model's window unless given.",
        rich_help_panel=_HOW,
    ),
]
LearningRate = Annotated[
    float | None,
    typer.Option(
        metavar="RATE",
        min=0,
        max=1,
        help="2e-4 for LoRA, 2e-5 with --full unless given.",
        rich_help_panel=_HOW,
    ),
]
Seed = Annotated[
    int, typer.Option(metavar="N", min=0, help="Another one gives another order.", rich_help_panel=_HOW)
]
Workers = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=0,
        help="Processes that read and encode samples ahead; with 0 the trainer waits for them.",
        rich_help_panel=MACHINE,
    ),
]
Keep = Annotated[
    int, typer.Option(metavar="N", min=1, help="How many checkpoints stay.", rich_help_panel=OUTPUT)
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume/--no-resume",
        metavar=FLAG,
        help="Whether a run that is in the folder goes on; else it is refused.",
        rich_help_panel=OUTPUT,
    ),
]
EvalTask = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TASK",
        help="Ask the model a task of glyph-memory evaluate before and after; may be given several times.",
        rich_help_panel=_ASKED,
    ),
]
EvalEvery = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="And after so many steps each.", rich_help_panel=_ASKED),
]
EvalArms = Annotated[
    str,
    typer.Option(metavar="NAME,NAME,…", help="Ways to show a text.", rich_help_panel=_ASKED),
]
EvalLengths = Annotated[
    str,
    typer.Option(metavar="TOKENS,TOKENS,…", help="How long the texts are.", rich_help_panel=_ASKED),
]
EvalSamples = Annotated[
    int,
    typer.Option(
        metavar="N", min=1, help="How many samples of each task and length.", rich_help_panel=_ASKED
    ),
]
EvalMaxTokens = Annotated[
    int,
    typer.Option(metavar="N", min=1, help="Longest answer, thinking included.", rich_help_panel=_ASKED),
]

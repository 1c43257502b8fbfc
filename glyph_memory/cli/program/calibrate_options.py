"""Options of `calibrate`, with their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glyph_memory.cli.options import OUTPUT, SERVER

_ASKED = "What is asked"

Reader = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="nano: the built-in reader is asked, whatever server the environment names. Without a server it is, too.",
        rich_help_panel=SERVER,
    ),
]
MaxTokens = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        help="Longest answer, thinking included. More for models that think at length before they answer.",
        rich_help_panel=SERVER,
    ),
]
Concurrent = Annotated[
    int,
    typer.Option(
        "--concurrent",
        metavar="N",
        min=1,
        help="Questions that are asked at a time.",
        rich_help_panel=SERVER,
    ),
]
Floor = Annotated[
    float,
    typer.Option(
        metavar="SHARE",
        help="The share of right answers that a style is to keep, 0.5 to 0.999. The nearer to 1, the more questions.",
        rich_help_panel=_ASKED,
    ),
]
Kinds = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,NAME,…",
        help="Of prose, code, logs, identifiers and cjk; all of them unless given.",
        rich_help_panel=_ASKED,
    ),
]
Sizes = Annotated[
    str | None,
    typer.Option(
        metavar="PX,PX,…",
        help="Sizes of letters in pixels, falling; 16 to 6 unless given.",
        rich_help_panel=_ASKED,
    ),
]
Pages = Annotated[
    str | None,
    typer.Option(
        metavar="N,N,…",
        help="How many pages a request shows, rising; 1,4,12 unless given.",
        rich_help_panel=_ASKED,
    ),
]
Minutes = Annotated[
    float,
    typer.Option(
        metavar="N",
        help="When to stop asking. What is not proven by then is told as such, and the same command goes on with it.",
        rich_help_panel=_ASKED,
    ),
]
Seed = Annotated[
    int,
    typer.Option(metavar="N", help="Another one asks about other texts.", rich_help_panel=_ASKED),
]
Out = Annotated[
    Path,
    typer.Option(
        metavar="FILE",
        help="Where the calibration is written. Answers are kept as they come, in a folder beside it that ends in "
        ".answers: nothing is asked twice.",
        rich_help_panel=OUTPUT,
    ),
]

"""What can be given to commands that measure readers, with its help; see `options`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_LOOK = "How pages look"
_TEXTS = "What is read"
_READER = "Who reads"
_OUTPUT = "What comes out"

Check = Annotated[
    bool,
    typer.Option(
        "--check",
        metavar="",
        help="Read every page back with the embedded reader, and report which characters came back wrong. It "
        "reports only: the exit code is 0 whatever it finds.",
        rich_help_panel=_OUTPUT,
    ),
]
MeasuredFiles = Annotated[
    list[str] | None,
    typer.Argument(metavar="FILE...", help="Read these texts instead of made ones; - for standard input."),
]
Styles = Annotated[
    list[str] | None,
    typer.Option(
        "--style",
        metavar="NAME|FILE",
        help="glyph (if none is given), document, web, dark, code, pixel; or one of Glyph's configuration "
        "files. May be given several times.",
        rich_help_panel=_LOOK,
    ),
]
Sizes = Annotated[
    str | None,
    typer.Option(
        metavar="N,N,…",
        help="Sizes of the letters in points, each measured by itself; 7 to 12 if none are given. The height of "
        "lines keeps its proportion.",
        rich_help_panel=_LOOK,
    ),
]
Kinds = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,NAME,…",
        help="Of prose, code, json, hex, numbers and cjk; all of them if none are given and no FILE is. None of "
        "these texts has been trained on.",
        rich_help_panel=_TEXTS,
    ),
]
Characters = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Length of each text: 20,000 if not given, and files whole. With no error in N characters, the rate "
        "is below 4 / N, about.",
        rich_help_panel=_TEXTS,
    ),
]
Reader = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="nano, the embedded reader; or tesseract, where that program is installed.",
        rich_help_panel=_READER,
    ),
]
Plot = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.png|svg|pdf",
        help="Draw the error against ρ, how many text tokens a page token stands for. Needs matplotlib: pip "
        "install 'glyph-memory\\[plot]'.",
        rich_help_panel=_OUTPUT,
    ),
]

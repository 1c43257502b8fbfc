"""Options that the commands about pages take alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glyph_memory.cli.options import FLAG, LOOK, MODEL, OUTPUT, complete_style, describe_styles

_TEXTS = "What is read"
_READER = "Who reads"
BULK = "Many documents"

Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE...",
        help="Documents of any format: files, folders, addresses; - or none for standard input.",
    ),
]
File = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="A document of any format, a folder of them, or an address; - for standard input.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        show_default=False,
        help="How many processes draw; as many as there are cores if not given. Makes it a bulk run, as a folder with "
        "--out does.",
        rich_help_panel=BULK,
    ),
]
Ray = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        show_default=False,
        help="Draw on a Ray cluster: its address, auto for this machine's, or local to start one here. --out gets "
        "Parquet files with the pages in them, and may be an address such as s3://bucket/pages. Needs the package "
        "glyph-memory-ray.",
        rich_help_panel=BULK,
    ),
]
Index = Annotated[
    str | None,
    typer.Option(
        metavar="jsonl|parquet",
        show_default=False,
        help="Of a bulk run: Parquet beside JSON Lines. Needs pyarrow: pip install pyarrow.",
        rich_help_panel=BULK,
    ),
]
Fit = Annotated[
    int | None,
    typer.Option(
        "--fit",
        metavar="TOKENS",
        min=1,
        help="Take the sharpest legible style in which all pages together cost so many tokens at most.",
        rich_help_panel=LOOK,
    ),
]
Out = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER",
        help="Write page-0001.png and so on there; of a bulk run, pages/ and index.jsonl.",
        rich_help_panel=OUTPUT,
    ),
]
Report = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.html",
        help="Write one HTML file with all pages, their exact text and the figures.",
        rich_help_panel=OUTPUT,
    ),
]
Sheet = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.png",
        help="Write one picture with all pages scaled down.",
        rich_help_panel=OUTPUT,
    ),
]
DemoOut = Annotated[
    Path,
    typer.Option(metavar="FOLDER", help="Where demo.html, demo.png and demo.db go.", rich_help_panel=OUTPUT),
]
Stream = Annotated[
    bool | None,
    typer.Option(
        "--stream/--no-stream",
        metavar=FLAG,
        help="Print the answer while it is written, or once it is complete. By default, a terminal gets it while it "
        "is written.",
        show_default=False,
        rich_help_panel=OUTPUT,
    ),
]
Profiles = Annotated[
    list[str] | None,
    typer.Option(
        "--profile",
        metavar="MODEL",
        help="This model alone, by its name or its id on a hub; may be given several times.",
        rich_help_panel=MODEL,
    ),
]
Question = Annotated[str, typer.Argument(metavar="QUESTION", help="Asked in text, after the pages.")]

Check = Annotated[
    bool,
    typer.Option(
        "--check",
        metavar=FLAG,
        help="Read every page back with the built-in nano reader, and report which characters came back wrong. "
        "The exit code is 0 whatever it finds.",
        rich_help_panel=OUTPUT,
    ),
]
MeasuredFiles = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE...", help="Read these documents instead of made texts; - for standard input."
    ),
]
Styles = Annotated[
    list[str] | None,
    typer.Option(
        "--style",
        metavar="NAME|FILE",
        help=describe_styles(default=" May be given several times; if none is given, glyph."),
        autocompletion=complete_style,
        rich_help_panel=LOOK,
    ),
]
Sizes = Annotated[
    str | None,
    typer.Option(
        metavar="N,N,…",
        help="Sizes of the letters in points, each measured by itself; 7 to 12 if none are given. The height of "
        "lines keeps its proportion.",
        rich_help_panel=LOOK,
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
        help="nano, the built-in reader; or tesseract, where that program is installed.",
        rich_help_panel=_READER,
    ),
]
Plot = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.png|svg|pdf",
        help="Draw the error against ρ, how many text tokens a page token stands for. Needs matplotlib: pip "
        "install 'glyph-memory\\[plot]'.",
        rich_help_panel=OUTPUT,
    ),
]

"""Options that the command about the pages of many documents takes alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glyph_memory.cli.options import SERVER

_ASKED = "What is asked"
_WHERE = "Where it runs, and where answers go"

Pages = Annotated[
    str,
    typer.Argument(
        metavar="PAGES",
        help="What the command pages wrote with --ray: the folder, or its address, with pages/ and documents/.",
    ),
]
Questions = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[QUESTION]...", help="Asked about each document; several are asked one after the other."
    ),
]
QuestionFile = Annotated[
    Path | None,
    typer.Option(
        "--questions",
        metavar="FILE",
        help="A table with the columns document and question, as .csv, .jsonl or .parquet: which document is asked "
        "what. Others are not asked about.",
        rich_help_panel=_ASKED,
    ),
]
Per = Annotated[
    str,
    typer.Option(
        metavar="document|page",
        help="Ask about all pages of a document at once, in parts where they do not fit; or about each page alone.",
        rich_help_panel=_ASKED,
    ),
]
Servers = Annotated[
    list[str] | None,
    typer.Option(
        "--server",
        metavar="URL",
        envvar="GLYPH_MEMORY_SERVER",
        help="Address, up to and including /v1; may be given several times: documents go to the servers in turn.",
        rich_help_panel=SERVER,
    ),
]
MaxTokens = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        help="Longest answer, thinking included; so much of the window is kept free for it.",
        rich_help_panel=SERVER,
    ),
]
Concurrent = Annotated[
    int,
    typer.Option(
        metavar="N", min=1, help="Requests of a worker that are under way at a time.", rich_help_panel=SERVER
    ),
]
Retries = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=0,
        help="How often a server is asked again that is overloaded or fails; then the next one.",
        rich_help_panel=SERVER,
    ),
]
Out = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER|ADDRESS",
        show_default=False,
        help="Gets answers/*.parquet, a row for each answer; PAGES unless given.",
        rich_help_panel=_WHERE,
    ),
]
Ray = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        show_default=False,
        help="Ask from a Ray cluster: its address, auto for this machine's, or local to start one here; unless given, "
        "this process asks. Needs the package glyph-memory-ray.",
        rich_help_panel=_WHERE,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        show_default=False,
        help="Processes of the cluster that ask; one for each server unless given.",
        rich_help_panel=_WHERE,
    ),
]

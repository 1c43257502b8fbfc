"""Options of the commands about a whole store: what goes, and where it is copied."""

from __future__ import annotations

from typing import Annotated

import typer

from glyph_memory.cli.options import FLAG

_GOES = "What goes"

OlderThan = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="For how long after its last change a session is kept that has no time of its own: 12h, 90d, 4w. If none, "
        "what the store says, which is for good unless it was set.",
        rich_help_panel=_GOES,
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", metavar=FLAG, help="List what would go, and erase nothing.", rich_help_panel=_GOES
    ),
]
Pages = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER",
        help="Where the page images are that go along: a folder, or an address such as s3://bucket/pages; if none, the "
        "folder beside an SQLite database.",
        rich_help_panel=_GOES,
    ),
]
BackupTo = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="Replaced once all is written; it holds everything, and the store's key."
    ),
]
RestoreFrom = Annotated[str, typer.Argument(metavar="FILE", help="A file that backup wrote.")]
CheckOnly = Annotated[
    bool,
    typer.Option("--check", metavar=FLAG, help="Read the whole file and say what it holds; restore nothing."),
]

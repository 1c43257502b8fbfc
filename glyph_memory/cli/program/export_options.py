"""Options that the command about Lance datasets takes alone."""

from __future__ import annotations

from typing import Annotated

import typer

Folder = Annotated[
    str,
    typer.Argument(
        metavar="FOLDER",
        help="What pages --ray or ask-pages wrote: the folder, or its address such as s3://…",
    ),
]
Table = Annotated[
    str,
    typer.Option(
        metavar="TABLE",
        help="pages, with their pictures; documents, with what was lost and what failed; or answers.",
    ),
]
To = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER",
        help="Where the dataset is, or will be: a folder, s3://…, gs://… or az://…; else TABLE.lance in FOLDER.",
    ),
]
Unfinished = Annotated[
    bool,
    typer.Option(
        "--unfinished", help="Take what is there of a run that is not finished; else it is refused."
    ),
]
StorageOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--storage-option",
        metavar="NAME=VALUE",
        help="A setting of the store, as Lance names it, such as aws_region=eu-west-1; may be given several times. "
        "Others are those of the environment.",
    ),
]

"""Options that the command `train pages` takes alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glyph_memory.cli.options import OUTPUT

_TEXTS = "Which texts"
_SAMPLES = "Which samples"

Texts = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TEXT...",
        help="Files, folders and quoted patterns: plain text and Markdown in UTF-8, JSON lines, Parquet. They are "
        "used in order, each character once, and short ones share a sample. Without any, texts are made up from the "
        "seed.",
    ),
]
Out = Annotated[
    Path,
    typer.Option(
        metavar="FOLDER",
        help="Where shards and their manifest go: an empty folder, or that of a run that goes on.",
        rich_help_panel=OUTPUT,
    ),
]
Samples = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        help="How many samples; more of them later go on from here.",
        rich_help_panel=_SAMPLES,
    ),
]
Seed = Annotated[
    int, typer.Option(metavar="N", min=0, help="Another one gives other samples.", rich_help_panel=_SAMPLES)
]
Families = Annotated[
    str,
    typer.Option(
        metavar="NAME=WEIGHT,…",
        help="What samples teach, and how often each: ocr (all text of the pages), interleaved (text with spans as "
        "pages goes on), generation (a missing page is written), conversation (turns with labels, cited by their "
        "number), question (what a document tells, or not).",
        rich_help_panel=_SAMPLES,
    ),
]
Styles = Annotated[
    str,
    typer.Option(
        metavar="NAME|FILE",
        help="How pages look: default draws from seven themes in the fonts of this package, the same on every machine; "
        "system adds this machine's serif fonts; a preset such as glyph is one style alone; or a JSON file that "
        "StyleDistribution.to_json wrote.",
        rich_help_panel=_SAMPLES,
    ),
]
PagesPerSample = Annotated[
    int,
    typer.Option(
        metavar="N", min=1, max=64, help="A sample's text fills 1 to so many pages.", rich_help_panel=_SAMPLES
    ),
]
TextField = Annotated[
    str,
    typer.Option(
        "--field",
        metavar="NAME",
        help="The field of JSON lines, or the column of Parquet, that has the text.",
        rich_help_panel=_TEXTS,
    ),
]
Passes = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        help="How often the texts are gone through; each time they are cut and drawn in another way.",
        rich_help_panel=_TEXTS,
    ),
]
KeepOut = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE|TASK",
        help="Leave out texts that share thirteen words in a row with a file, with a task of glyph-memory evaluate "
        "such as longbench:FILE, with tasks (all made ones), or with legibility; may be given several times. "
        "legibility unless given, and none for nothing.",
        rich_help_panel=_TEXTS,
    ),
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="NAME",
        help="parquet, images inside, as datasets loads it; or webdataset, tar files.",
        rich_help_panel=OUTPUT,
    ),
]
ShardSamples = Annotated[
    int, typer.Option(metavar="N", min=1, help="How many samples a shard has.", rich_help_panel=OUTPUT)
]
Workers = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=0,
        help="How many processes draw; one for each processor unless given, 0 for none besides this one.",
        rich_help_panel=OUTPUT,
    ),
]

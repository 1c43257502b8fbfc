"""Options that the commands about a conversation's memory take alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glyph_memory.cli.options import (
    DENSE_HELP,
    FLAG,
    LOOK,
    MODEL,
    OUTPUT,
    SERVER,
    complete_style,
    describe_styles,
)

_MEMORY = "Which memory"
_REPAIR = "What is changed"
_FOLD = "When old turns become pages"
_ASKED = "What is asked"

Memory = Annotated[
    str,
    typer.Option(
        metavar="FILE|URL",
        envvar="GLYPH_MEMORY_DB",
        help="An SQLite database, or a URL such as postgresql+pg8000://user@host/database.",
        rich_help_panel=_MEMORY,
    ),
]
Session = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="The conversation's name; no session sees another.", rich_help_panel=_MEMORY
    ),
]
Secrets = Annotated[
    str,
    typer.Option(
        metavar="off|warn|mask|refuse",
        help="What is done about keys, tokens, passwords and card numbers before a turn is stored: mask puts "
        "a handle in their place.",
        rich_help_panel=_MEMORY,
    ),
]
System = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        help="What a new session begins with: who the model is to be. It stays text for good.",
        rich_help_panel=_MEMORY,
    ),
]
Words = Annotated[
    list[str],
    typer.Argument(
        metavar="WORDS...",
        help="What to look for. A passage needs only one of the words; there is no query syntax.",
    ),
]
Most = Annotated[int, typer.Option("-k", metavar="N", min=1, help="Passages at most, the best ones first.")]
Html = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.html",
        help="Write one HTML file: the pages shown now with their exact text, ledgers, recent text.",
        rich_help_panel=OUTPUT,
    ),
]
ExportTo = Annotated[
    str, typer.Argument(metavar="FILE.jsonl", help="Replaced once all is written; - for standard output.")
]
ImportFrom = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="A file that export wrote, or messages as JSON or JSON lines; - for standard input.",
    ),
]
Repair = Annotated[
    bool,
    typer.Option(
        "--repair",
        metavar=FLAG,
        help="Put right what can be, after a backup. Damaged turns stay as they are.",
        rich_help_panel=_REPAIR,
    ),
]
DropDamaged = Annotated[
    bool,
    typer.Option(
        "--drop-damaged",
        metavar=FLAG,
        help="Repair, and erase damaged turns for good. What can be read of them is in the backup alone.",
        rich_help_panel=_REPAIR,
    ),
]
Backup = Annotated[
    bool,
    typer.Option(
        "--backup/--no-backup",
        metavar=FLAG,
        help="Whether a repair first copies the file to FILE.backup-YYYYMMDD-HHMMSS. A server's database is backed up "
        "by its own tools, such as pg_dump: give --no-backup there.",
        rich_help_panel=_REPAIR,
    ),
]
Window = Annotated[
    int | None,
    typer.Option(
        metavar="TOKENS",
        min=1,
        help="What the server takes for prompt and answer together: vLLM's --max-model-len. If none, what the "
        "server says, else the model's own.",
        rich_help_panel=_FOLD,
    ),
]
Canaries = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=0,
        help="Each N-th page carries a short code, for which the command check asks: does the model still read its "
        "pages? 0 for none.",
        show_default=False,
        rich_help_panel=_FOLD,
    ),
]
CheckedPages = Annotated[
    int,
    typer.Option(
        "--pages", metavar="N", min=1, help="For how many pages' codes is asked.", rich_help_panel=_ASKED
    ),
]
CheckedServer = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="GLYPH_MEMORY_SERVER",
        help="Address, up to and including /v1, of the server whose model is to read the pages. It has to be named.",
        rich_help_panel=SERVER,
    ),
]
Floor = Annotated[
    float,
    typer.Option(
        metavar="SHARE",
        help="How large a share of the answers has to be right, above 0 and up to 1.",
        rich_help_panel=_ASKED,
    ),
]
Keep = Annotated[
    int | None,
    typer.Option(
        metavar="TOKENS",
        min=1,
        help="At least this many tokens of the newest turns stay text. If not given, a thirty-second of the window.",
        rich_help_panel=_FOLD,
    ),
]

# Shared options, where what is not given is as it was the last time.
ProfileAgain = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="MODEL",
        help="Which model reads: a name such as glyph or qwen3-vl, or the model's id on a hub. If none, what the "
        "server says that it serves, else glyph. The command tokens lists all names.",
        rich_help_panel=MODEL,
    ),
]
StyleAgain = Annotated[
    str | None,
    typer.Option(
        "--style",
        metavar="NAME|FILE",
        help=describe_styles(default=" A new session begins with glyph."),
        autocompletion=complete_style,
        rich_help_panel=LOOK,
    ),
]
CalibrationAgain = Annotated[
    str | None,
    typer.Option(
        "--calibration",
        metavar="FILE|none",
        help="What the command calibrate found the model to read: it gives the style, refuses a denser one, and orders "
        "the identifiers beside pages. none goes on without.",
        rich_help_panel=LOOK,
    ),
]
DenseAgain = Annotated[
    bool | None,
    typer.Option(
        "--dense/--no-dense",
        metavar=FLAG,
        help=DENSE_HELP,
        show_default=False,
        rich_help_panel=LOOK,
    ),
]

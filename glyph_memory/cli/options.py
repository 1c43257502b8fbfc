"""Options that several commands take, with their help, by the panel they stand in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from glyph_memory.style import PRESETS

LOOK = "How pages look"
MODEL = "Which model they are for"
OUTPUT = "What comes out"
SERVER = "Which model answers"
FLAG = ""  # a flag takes no value; newer typers would print "<bool>" behind it
DENSE_HELP = (
    "Draw each line break as a small red mark (\\n for the released Glyph model, ⏎ for others), so that lines share a "
    "row: fewer pages, indents harder to see."
)


def describe_styles(*, default: str = "") -> str:
    """Return a list of all styles for an option's help: the name of each preset and what it looks like.

    Args:
        default: Which one it is where none is given, and when; for options whose default typer cannot print.
    """
    presets = ", ".join(f"{name} ({looks})" for name, looks in PRESETS.items())
    return (
        f"{presets}; or a file, taken exactly as it is: a style that train search saved, or one of Glyph's "
        f"configurations (JSON).{default}"
    )


def complete_style(incomplete: str) -> Iterator[tuple[str, str]]:
    """Yield the presets that begin with what was typed, each with what it looks like, for a shell's completion."""
    return ((name, looks) for name, looks in PRESETS.items() if name.startswith(incomplete))


Json = Annotated[
    bool,
    typer.Option(
        "--json",
        metavar=FLAG,
        help="Print JSON, and nothing else, on standard output.",
        rich_help_panel=OUTPUT,
    ),
]

Style = Annotated[
    str,
    typer.Option(
        metavar="NAME|FILE",
        help=describe_styles(),
        autocompletion=complete_style,
        rich_help_panel=LOOK,
    ),
]
Dense = Annotated[
    bool,
    typer.Option(
        "--dense",
        metavar=FLAG,
        help=DENSE_HELP,
        rich_help_panel=LOOK,
    ),
]
Font = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|FILE",
        help="sans or mono (both are built in), a font file, or the name of an installed font.",
        rich_help_panel=LOOK,
    ),
]
FallbackFonts = Annotated[
    list[str] | None,
    typer.Option(
        "--fallback-font",
        metavar="NAME|FILE",
        help="A further font for characters that the first one lacks, such as Thai or rare emoji; may be given several "
        "times, and is tried in that order. Then come the built-in fonts, with everyday emoji, and those installed.",
        rich_help_panel=LOOK,
    ),
]
Size = Annotated[
    float | None,
    typer.Option(
        metavar="POINTS",
        help="Size of the letters; the line height changes with it.",
        rich_help_panel=LOOK,
    ),
]
Dpi = Annotated[
    float | None,
    typer.Option(
        metavar="N",
        help="Pixels per inch: 72 packs most into a token, 96 is easier to read, 120 easier still.",
        rich_help_panel=LOOK,
    ),
]

Calibration = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="What the command calibrate found the model to read: auto is then the densest style that keeps its floor, "
        "and a denser one is refused.",
        rich_help_panel=LOOK,
    ),
]

Profile = Annotated[
    str,
    typer.Option(
        metavar="MODEL",
        help="Whose tokens to count: a name such as glyph or qwen3-vl, or the model's id on a hub. Its pages "
        "get sides that it does not rescale. The command tokens lists all names.",
        rich_help_panel=MODEL,
    ),
]
ServedProfile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="MODEL",
        help="Whose tokens to count: a name such as glyph or qwen3-vl, or the model's id on a hub. If none, what the "
        "server says that it serves, else glyph. The command tokens lists all names.",
        rich_help_panel=MODEL,
    ),
]
Window = Annotated[
    int | None,
    typer.Option(
        metavar="TOKENS",
        min=1,
        help="What the server takes for prompt and answer together: vLLM's --max-model-len. If none, what the server "
        "says, else the model's own.",
        rich_help_panel=MODEL,
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

Server = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="GLYPH_MEMORY_SERVER",
        help="Address, up to and including /v1, of a server that speaks OpenAI's chat completions, as vLLM, "
        "SGLang and llama.cpp's do. If none, the nano reader answers: it looks things up and does not reason.",
        rich_help_panel=SERVER,
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The model's name there; if none, the first that the server lists.",
        rich_help_panel=SERVER,
    ),
]
ApiKey = Annotated[
    str | None,
    typer.Option(
        metavar="KEY",
        envvar="GLYPH_MEMORY_API_KEY",
        show_default=False,
        help="If the server wants one. The variable keeps it out of the shell's history.",
        rich_help_panel=SERVER,
    ),
]
MaxTokens = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Longest answer, thinking included; if none, the server's own limit.",
        rich_help_panel=SERVER,
    ),
]

"""What can be given to commands, with its help, by the panel it stands in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_LOOK = "How pages look"
_MODEL = "Which model they are for"
_OUTPUT = "What comes out"
_SERVER = "Whom to ask"
_FLAG = ""  # a flag takes no value; newer typers would print "<bool>" behind it

Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="FILE...", help="Text files; - for standard input, as if none is named."),
]
File = Annotated[str, typer.Argument(metavar="FILE", help="A text file; - for standard input.")]
Encoding = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="How the file spells characters: utf-8, cp1252, gb18030, … Files that begin with a byte order "
        "mark are recognised by it.",
    ),
]

Out = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Write page-0001.png and so on there.", rich_help_panel=_OUTPUT),
]
Report = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.html",
        help="Write one HTML file with all pages, their exact text and the figures.",
        rich_help_panel=_OUTPUT,
    ),
]
Sheet = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.png",
        help="Write one picture with all pages scaled down.",
        rich_help_panel=_OUTPUT,
    ),
]
DemoOut = Annotated[
    Path,
    typer.Option(metavar="FOLDER", help="Where demo.html and demo.png go.", rich_help_panel=_OUTPUT),
]
Json = Annotated[
    bool,
    typer.Option(
        "--json",
        metavar=_FLAG,
        help="Print JSON, and nothing else, on standard output.",
        rich_help_panel=_OUTPUT,
    ),
]
Stream = Annotated[
    bool | None,
    typer.Option(
        "--stream/--no-stream",
        metavar=_FLAG,
        help="Print the answer while it is written, or once it is whole. If neither: while, on a terminal.",
        show_default=False,
        rich_help_panel=_OUTPUT,
    ),
]

Style = Annotated[
    str,
    typer.Option(
        metavar="NAME|FILE",
        help="glyph (what the Glyph model was trained on), document, web, dark, code, pixel; or one of "
        "Glyph's configuration files (JSON), taken exactly as it is.",
        rich_help_panel=_LOOK,
    ),
]
Dense = Annotated[
    bool,
    typer.Option(
        "--dense",
        metavar=_FLAG,
        help="Run lines together, each line break a small red ⏎: fewer pages, but indents are hard to see.",
        rich_help_panel=_LOOK,
    ),
]
Font = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|FILE",
        help="sans or mono (both come along), a font file, or the name of an installed font.",
        rich_help_panel=_LOOK,
    ),
]
Size = Annotated[
    float | None,
    typer.Option(
        metavar="POINTS",
        help="Size of the letters; the height of lines keeps its proportion to it.",
        rich_help_panel=_LOOK,
    ),
]
Dpi = Annotated[
    float | None,
    typer.Option(
        metavar="N",
        help="Pixels an inch: 72 packs most into a token, 96 is easier to read, 120 easier still.",
        rich_help_panel=_LOOK,
    ),
]

Profile = Annotated[
    str,
    typer.Option(
        metavar="MODEL",
        help="Whose tokens to count: a name such as glyph or qwen3-vl, or the model's id on a hub. Its pages "
        "get sides that it does not rescale. The command tokens lists all names.",
        rich_help_panel=_MODEL,
    ),
]
Profiles = Annotated[
    list[str] | None,
    typer.Option(
        "--profile",
        metavar="MODEL",
        help="This model alone, by its name or its id on a hub; may be given several times.",
        rich_help_panel=_MODEL,
    ),
]
Tokenizer = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="The model's own tokenizer.json, to count text exactly instead of estimating.",
        rich_help_panel=_MODEL,
    ),
]

Question = Annotated[str, typer.Argument(metavar="QUESTION", help="Sent as text, after the pages.")]
Server = Annotated[
    str,
    typer.Option(
        metavar="URL",
        help="Address, up to and including /v1, of a server that speaks OpenAI's chat completions, as vLLM, "
        "SGLang and llama.cpp's do.",
        rich_help_panel=_SERVER,
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The model's name there; if none, the first that the server lists.",
        rich_help_panel=_SERVER,
    ),
]
ApiKey = Annotated[
    str | None,
    typer.Option(
        metavar="KEY",
        envvar="GLYPH_MEMORY_API_KEY",
        show_default=False,
        help="If the server wants one. The variable keeps it out of the shell's history.",
        rich_help_panel=_SERVER,
    ),
]
MaxTokens = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Longest answer, thinking included; if none, the server's own limit.",
        rich_help_panel=_SERVER,
    ),
]

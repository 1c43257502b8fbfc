"""What can be given to commands, with its help, by the panel it stands in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_LOOK = "How pages look"
_MODEL = "Which model they are for"
_OUTPUT = "What comes out"
_SERVER = "Whom to ask"
_MEMORY = "Which memory"
_FOLD = "When old turns become pages"
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
    typer.Option(metavar="FOLDER", help="Where demo.html, demo.png and demo.db go.", rich_help_panel=_OUTPUT),
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

Question = Annotated[str, typer.Argument(metavar="QUESTION", help="Asked in text, after the pages.")]
Server = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="GLYPH_MEMORY_SERVER",
        help="Address, up to and including /v1, of a server that speaks OpenAI's chat completions, as vLLM, "
        "SGLang and llama.cpp's do. If none, the nano reader answers: it looks things up and does not reason.",
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
    typer.Option(metavar="NAME", help="Whose conversation; each sees no other.", rich_help_panel=_MEMORY),
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
        metavar="WORDS...", help="What to look for. One of the words is enough; none of them is syntax."
    ),
]
Most = Annotated[int, typer.Option("-k", metavar="N", min=1, help="Passages at most, the best ones first.")]
Html = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.html",
        help="Write one HTML file: the pages shown now with their exact text, ledgers, recent text.",
        rich_help_panel=_OUTPUT,
    ),
]
ExportTo = Annotated[
    str, typer.Argument(metavar="FILE.jsonl", help="Replaced once all is written; - for standard output.")
]
ImportFrom = Annotated[
    str, typer.Argument(metavar="FILE.jsonl", help="A file that export wrote; - for standard input.")
]

Window = Annotated[
    int | None,
    typer.Option(
        metavar="TOKENS",
        min=1,
        help="What the server takes for prompt and answer together: vLLM's --max-model-len. If none, the "
        "model's own.",
        rich_help_panel=_FOLD,
    ),
]
Keep = Annotated[
    int | None,
    typer.Option(
        metavar="TOKENS",
        min=1,
        help="The newest turns stay text, so many tokens of them at least. If none, a thirty-second of the "
        "window.",
        rich_help_panel=_FOLD,
    ),
]

# The same as above, where what is not given is as it was the last time.
ProfileAgain = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="MODEL",
        help="Which model reads: a name such as glyph (at first) or qwen3-vl, or the model's id on a hub. The "
        "command tokens lists all names.",
        rich_help_panel=_MODEL,
    ),
]
StyleAgain = Annotated[
    str | None,
    typer.Option(
        "--style",
        metavar="NAME|FILE",
        help="glyph (at first), document, web, dark, code, pixel; or one of Glyph's configuration files.",
        rich_help_panel=_LOOK,
    ),
]
DenseAgain = Annotated[
    bool | None,
    typer.Option(
        "--dense/--no-dense",
        metavar=_FLAG,
        help="Run lines together, each line break a small red ⏎: fewer pages, but indents are hard to see.",
        show_default=False,
        rich_help_panel=_LOOK,
    ),
]

"""Options on how documents are read, for all commands that read any."""

from __future__ import annotations

from typing import Annotated

import typer

from glyph_memory.cli.options import FLAG, LOOK

_READ = "How documents are read"

Encoding = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        show_default=False,
        help="How text files spell characters: utf-8, cp1252, gb18030, … If none is named, it is found out, and a "
        "guess is reported.",
        rich_help_panel=_READ,
    ),
]
Pages = Annotated[
    str,
    typer.Option(
        "--pages",
        metavar="3-9,12",
        show_default=False,
        help="These pages of a PDF or slides of a presentation alone; 40- is from 40 to the end.",
        rich_help_panel=_READ,
    ),
]
MaxPages = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Draw so many pages of each document at most, and report what is left out.",
        rich_help_panel=_READ,
    ),
]
Way = Annotated[
    str,
    typer.Option(
        metavar="auto|reflow|native",
        help="Of a PDF: typeset its text and tables densely (reflow), draw its own pages (native), or decide that for "
        "each page (auto).",
        rich_help_panel=_READ,
    ),
]
Raw = Annotated[
    bool,
    typer.Option(
        "--raw",
        metavar=FLAG,
        help="Take Markdown, HTML, notebooks and the like as text, letter for letter.",
        rich_help_panel=_READ,
    ),
]
KeepEscapes = Annotated[
    bool,
    typer.Option(
        "--keep-escapes",
        metavar=FLAG,
        help="Draw a log's colours, cursor moves and progress bars letter for letter, as escapes; else they are taken "
        "out, and how many characters that were is reported.",
        rich_help_panel=_READ,
    ),
]
LineNumbers = Annotated[
    bool,
    typer.Option(
        "--line-numbers",
        metavar=FLAG,
        help="Draw the number of each line beside code.",
        rich_help_panel=LOOK,
    ),
]
MainContent = Annotated[
    bool,
    typer.Option(
        "--main-content",
        metavar=FLAG,
        help="Of a web page: its main text alone, without menus and footers.",
        rich_help_panel=_READ,
    ),
]
Password = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        envvar="GLYPH_MEMORY_PASSWORD",
        show_default=False,
        help="Of an encrypted PDF; - asks for it. The variable keeps it out of the shell's history.",
        rich_help_panel=_READ,
    ),
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host",
        metavar="NAME",
        help="A host of a private network that an address may name, such as wiki.intern; may be given several times.",
        rich_help_panel=_READ,
    ),
]
Include = Annotated[
    list[str] | None,
    typer.Option(
        "--include",
        metavar="PATTERN",
        help="Of a folder: files such as '*.md' alone; may be given several times.",
        rich_help_panel=_READ,
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="PATTERN",
        help="Of a folder: no files such as 'drafts/*'; may be given several times.",
        rich_help_panel=_READ,
    ),
]

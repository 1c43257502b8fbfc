"""Source code, settings and markup that is read as code: one block of code, letter for letter, with its language.

What Pygments calls its language is found by the file's name, else by its first line. Knows names of files; knows
nothing about colours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from glyph_memory.document import Document
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.decoding import decode_blocks
from glyph_memory.documents.formats.format import Format, trim_start
from glyph_memory.documents.needs import load_library
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.parts import split_parts
from glyph_memory.documents.source import Source
from glyph_memory.errors import DocumentError

_SUFFIXES = (
    ".ada .adb .ads .asm .asp .aspx .awk .bash .bat .bib .c .c++ .cc .cfg .cjs .clj .cljs .cmake .cmd .coffee "
    ".conf .cpp .cs .css .cu .cuh .cxx .d .dart .diff .dockerfile .ejs .el .elm .erb .erl .ex .exs .f .f03 .f90 "
    ".fish .fs .fsx .gd .glsl .go .gradle .graphql .groovy .h .h++ .haml .hcl .hh .hpp .hrl .hs .hxx .idl .ini "
    ".ino .jade .java .jinja .j2 .jl .js .json5 .jsonc .jsp .jsx .kt .kts .less .lisp .lua .m .mak .mjs .mk .ml "
    ".mli .mm .nim .nix .pas .patch .php .pl .pm .po .pot .ps1 .properties .proto .pug .pxd .py .pyi .pyw .pyx .r "
    ".rake .rb .rkt .rs .s .sass .sc .scala .scm .scss .sh .sol .sql .st .sv .svelte .svg .swift .tcl .tex .tf "
    ".tmpl .toml .ts .tsx .twig .v .vb .vhd .vhdl .vim .vue .wat .xml .xsd .xsl .xslt .yaml .yml .zig .zsh"
)
_NAMES = (
    ".bashrc .bash_profile .dockerignore .editorconfig .gitattributes .gitconfig .gitignore .gitmodules .profile "
    ".vimrc .zshrc brewfile cmakelists.txt containerfile dockerfile gemfile gnumakefile jenkinsfile justfile "
    "makefile pipfile procfile rakefile sconscript sconstruct vagrantfile"
)
_SHEBANG = re.compile(rb"#![ \t]*/[^\s]+")
_LONG_LINE = 20_000
"""Characters of a line above which a reader is told that it has no breaks."""


def read_code(source: Source, options: LoadOptions) -> Iterator[Document]:
    """Yield a file of code, cut into parts between two lines."""
    yield from read_verbatim(source, options, language=None, media_type="text/x-code")


def read_verbatim(
    source: Source, options: LoadOptions, *, language: str | None, media_type: str
) -> Iterator[Document]:
    """Yield a file of code in a language; None where it is to be found out."""
    builder = Builder(title=source.name, source=source.path, media_type=media_type)
    line = 1
    for part in split_parts(decode_blocks(source), options.part_characters):
        language = find_language(source.name, part) if language is None else language
        builder.set_location(line=line, counts_lines=True)
        builder.add_code(part, language=language, first_line=line, is_verbatim=True)
        _tell_long_lines(builder, part, line)
        line += part.count("\n")
        yield builder.build()


def find_language(name: str, text: str) -> str:
    """Return a language as Pygments names it, by a file's name, else by its first lines; empty where it is unknown.

    Args:
        name: The file's name.
        text: What it begins with.
    """
    try:
        lexers = load_library("pygments.lexers", for_="source code")
    except DocumentError:  # it is read all the same, only without colours
        return ""
    head = text[:_LONG_LINE]
    find_class = lexers.find_lexer_class_for_filename
    try:
        found = find_class(name, head) or find_class(name.lower(), head)
        if found is None and (head.startswith("#!") or head.lstrip().startswith("<?xml")):
            found = lexers.guess_lexer(head)
    except (ValueError, RecursionError):  # no lexer for it; a lexer that fails on what it looks at
        return ""
    aliases = getattr(found, "aliases", ())
    return str(aliases[0]) if aliases else ""


def _tell_long_lines(builder: Builder, text: str, line: int) -> None:
    """Report lines that have no breaks: they are kept as they are, though nobody laid them out for reading."""
    start = 0
    while len(text) - start > _LONG_LINE:
        stop = text.rfind("\n", start, start + _LONG_LINE + 1)
        if stop < 0:
            number = line + text.count("\n", 0, start)
            builder.add_defect(
                "guessed",
                f"line {number} has more than {_LONG_LINE:,} characters without a break; it is kept letter for "
                "letter, and not laid out anew",
            )
            return
        start = stop + 1


def _is_code(source: Source) -> bool:
    return trim_start(source.head).startswith(b"<?xml") or _SHEBANG.match(source.head) is not None


CODE = Format(
    name="source code",
    read=read_code,
    media_type="text/x-code",
    recognizes=_is_code,
    suffixes=tuple(_SUFFIXES.split()),
    names=tuple(_NAMES.split()),
    takes_any_text=True,
)

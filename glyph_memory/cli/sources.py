"""What is to be read, and how, as it was typed: files, folders and addresses become documents.

Knows the loader; knows nothing about what is done with documents.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from getpass import getpass
from itertools import chain
from pathlib import Path
from typing import Literal, cast

from glyph_memory.cli import terminal
from glyph_memory.document import Defect, Document
from glyph_memory.documents import STDIN, LoadOptions, PageRun, find_sources, load
from glyph_memory.errors import DocumentError, GlyphMemoryError, show_value
from glyph_memory.files import is_file, is_folder
from glyph_memory.style import DocumentLook, PageStyle
from glyph_memory.tokens import ModelProfile

PASSWORD_VARIABLE = "GLYPH_MEMORY_PASSWORD"  # noqa: S105 - its name, no password
Way = Literal["auto", "reflow", "native"]
_WAYS = ("auto", "reflow", "native")
_CHARACTERS_AT_MOST = 100_000_000
_DEFECTS_SHOWN = 20
"""Of one document; JSON has all."""
_SKIPPED_SHOWN = 10


def warn_of_skipped(messages: Sequence[str], *, more: str = "") -> None:
    """Warn of files of folders that are not read on purpose: the first few, and how many more there are.

    Args:
        messages: Why, one for each file.
        more: Where all of them are told.
    """
    for message in messages[:_SKIPPED_SHOWN]:
        terminal.warn(f"left out: {message}")
    if len(messages) > _SKIPPED_SHOWN:
        terminal.warn(f"left out: {len(messages) - _SKIPPED_SHOWN:,} more files{more}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """Documents to read."""

    paths: tuple[str, ...] = (STDIN,)
    """Files, folders, addresses; `-` for standard input."""
    encoding: str | None = None
    """How text files spell characters; found out unless given."""
    pages: str = ""
    """Which pages of PDFs and slides: `3-9`."""
    max_pages: int | None = None
    """How many pages of each document are drawn."""
    way: str = "auto"
    """How pages of PDFs are made."""
    raw: bool = False
    """Whether markup stays as it is."""
    keep_escapes: bool = False
    """Whether what only a terminal understands stays in text files."""
    line_numbers: bool = False
    """Whether lines of code have their number beside them."""
    main_content: bool = False
    """Whether web pages lose their menus."""
    password: str | None = field(default=None, repr=False)
    """Of encrypted PDFs; `-` to be asked for it."""
    allow_hosts: tuple[str, ...] = ()
    """Hosts of private networks that may be asked."""
    include: tuple[str, ...] = ()
    """Patterns of files in folders."""
    exclude: tuple[str, ...] = ()
    """Patterns of files in folders that are left out."""

    @property
    def has_folder(self) -> bool:
        """Whether one of the paths is a folder."""
        return any(is_folder(path) for path in self.paths)

    @property
    def chosen_way(self) -> Way:
        """How pages of PDFs are made.

        Raises:
            DocumentError: There is no such way.
        """
        if self.way not in _WAYS:
            raise DocumentError(
                f"--way {show_value(self.way)} is none of {', '.join(_WAYS)}; give one of them"
            )
        return cast("Way", self.way)

    def make_look(self, style: PageStyle) -> DocumentLook:
        """Return how headings, tables and code look in a style."""
        return replace(DocumentLook.of_style(style), line_numbers=self.line_numbers)

    def options(self) -> LoadOptions:
        """Return how files are read; a password that is to be typed is asked for.

        Raises:
            DocumentError: An option means nothing.
        """
        return LoadOptions(
            encoding=self.encoding,
            structure=not self.raw,
            terminal_escapes=not self.keep_escapes,
            main_content=self.main_content,
            password=_ask_password() if self.password == "-" else self.password,  # noqa: S105 - a dash is none
            pages=self.pages,
            allow_hosts=self.allow_hosts,
        )

    def find(self) -> list[str]:
        """Return the paths; instead of each folder the files in it. What cannot be read in it is told.

        Raises:
            DocumentError: A folder is empty.
        """
        found = find_sources(self.paths, include=self.include, exclude=self.exclude)
        for fault in found.failed:
            terminal.warn(f"left out: {fault.error}")
        warn_of_skipped([str(fault.error) for fault in found.skipped])
        return list(found.paths)

    @contextmanager
    def leave_out_failures(self, path: str) -> Iterator[None]:
        """Let an error of what was named itself pass; of what was found in a folder, print it as a warning."""
        try:
            yield
        except GlyphMemoryError as error:
            if path in self.paths:
                raise
            terminal.warn(f"left out: {error}")

    def name(self, path: str) -> str:
        """Return what to call a document: what is found in a folder has its path, as names in folders repeat."""
        return name_path(path) if path in self.paths else path

    def load(self, path: str, options: LoadOptions) -> Iterator[Document]:
        """Return the documents of one path; a bar is shown until the first is there.

        Raises:
            DocumentError: It cannot be read.
        """
        if path == STDIN and sys.stdin and sys.stdin.isatty():
            terminal.print_note("Reading what you type; Ctrl-D ends it.")
        with terminal.progress(f"reading {name_path(path)}", unit=""):
            documents = load(path, options=options)
            first = next(documents)
        if self.pages and first.original is None and all(place.page is None for place in first.source_map):
            terminal.warn(
                f"{self.name(path)}: it has no pages or slides of its own, so --pages changes nothing"
            )
        return chain([first], documents)

    def load_bounded(self, path: str, options: LoadOptions) -> Iterator[Document]:
        """Return the documents of one path, which are to be held: more than any model reads is refused.

        Raises:
            DocumentError: It cannot be read, or has more than 100 million characters; a pipe may have no end.
        """
        held = 0
        for document in self.load(path, options):
            held += len(document.text)
            if held > _CHARACTERS_AT_MOST:
                raise DocumentError(
                    f"{path!r} has more than {_CHARACTERS_AT_MOST:,} characters; glyph-memory pages draws them, and "
                    "no model reads so many"
                )
            yield document

    def make_run(
        self,
        path: str,
        documents: Iterable[Document],
        options: LoadOptions,
        *,
        style: PageStyle,
        profile: ModelProfile,
        first_page: int = 1,
    ) -> PageRun:
        """Return what draws the documents of a path."""
        return PageRun(
            documents=documents,
            style=style,
            look=self.make_look(style),
            profile=profile,
            way=self.chosen_way,
            password=options.password,
            first_page=first_page,
            max_pages=self.max_pages,
            counts_rest="://" in path or is_file(path),
        )


def name_path(path: str) -> str:
    """Return what to call a path."""
    if path == STDIN:
        return "standard input"
    return Path(path.split("?", 1)[0] if "://" in path else path).name or path


def list_defects(documents: Iterable[Document]) -> list[Defect]:
    """Return what was lost or guessed in documents, each once."""
    return list(dict.fromkeys(defect for document in documents for defect in document.defects))


def print_defects(title: str, defects: list[Defect]) -> None:
    """Print what was lost as warnings and what was guessed as notes, one line each; the first of very many."""
    for defect in defects[:_DEFECTS_SHOWN]:
        sentence = f"{title}: {defect.message}"
        if defect.kind == "guessed":
            terminal.print_note(terminal.escape_line(sentence))
        else:
            terminal.warn(sentence)
    if len(defects) > _DEFECTS_SHOWN:
        terminal.warn(f"{title}: and {len(defects) - _DEFECTS_SHOWN:,} more; --json lists them all")


def defects_to_json(title: str, defects: list[Defect]) -> list[dict[str, str]]:
    """Return defects as plain values."""
    return [{"text": title, "kind": defect.kind, "message": defect.message} for defect in defects]


def _ask_password() -> str:
    if not (sys.stdin and sys.stdin.isatty()):
        raise GlyphMemoryError(
            f"--password - asks at a terminal, and this is none; set {PASSWORD_VARIABLE} instead"
        )
    return getpass("Password: ")

"""What a caller may ask of a loader, and what a hostile file may not: `LoadOptions` and `Limits`.

Knows numbers and names; knows nothing about formats.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from glyph_memory.checks import LARGEST_COUNT, check_number, check_whole
from glyph_memory.errors import DocumentError, show_value


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one file may cost. A file beyond a limit is refused, or read up to it with a defect that says so."""

    file_bytes: int = 2_000_000_000
    """Of a file that has to be read whole, and of one from an address."""
    unpacked_bytes: int = 1_000_000_000
    """Of all members of an archive together, as DOCX, XLSX, PPTX and EPUB are; beyond, it is a bomb."""
    expansion: float = 200.0
    """How many times larger an archive's members may be than the archive, above 10 MB: text packs 20 times."""
    cells: int = 50_000_000
    """Of all sheets of a workbook together, empty ones within their ranges included."""
    depth: int = 100
    """How deep lists, mails and what is attached to them may be nested; elements of HTML are read to 500 deep."""
    pages: int = 100_000
    """Pages or slides of a file."""
    timeout_s: float = 30.0
    """For each answer from an address."""

    def __post_init__(self) -> None:
        """Raise an error for a number out of range.

        Raises:
            DocumentError: The message says which.
        """
        for name in ("file_bytes", "unpacked_bytes", "cells", "depth", "pages"):
            check_whole(name, getattr(self, name), DocumentError, at_least=1)
        check_number("expansion", self.expansion, DocumentError, at_least=1, at_most=float(LARGEST_COUNT))
        check_number("timeout_s", self.timeout_s, DocumentError, is_open=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadOptions:
    """How files are read."""

    encoding: str | None = None
    """How bytes spell characters, of formats that are text; found out unless given."""
    structure: bool = True
    """Whether Markdown, HTML, notebooks and the like become headings, tables and code; else text files stay as they
    are, letter for letter."""
    pictures: bool = True
    """Whether pictures inside documents are kept; else their captions alone."""
    main_content: bool = False
    """Of a web page: its main text alone, without menus and footers. What is left out is told."""
    password: str | None = field(default=None, repr=False)
    """Of an encrypted PDF."""
    pages: str = ""
    """Which pages or slides, as `3-9,12`; all unless given."""
    terminal_escapes: bool = True
    """Whether colours, cursor moves, progress bars and the like are taken out of text files that hold escape
    sequences, such as logs; what is taken out is told."""
    part_characters: int = 1_000_000
    """About how long a document may be: longer files come in several, one after the other, so that memory does not
    grow with the file."""
    allow_hosts: tuple[str, ...] = ()
    """Names of hosts that may be asked though they are on a private network, as `wiki.intern`."""
    limits: Limits = field(default_factory=Limits)
    """What one file may cost."""

    def __post_init__(self) -> None:
        """Raise an error for options that mean nothing.

        Raises:
            DocumentError: The message says which.
        """
        check_whole("part_characters", self.part_characters, DocumentError, at_least=1_000)
        parse_ranges(self.pages)

    def wants_page(self, number: int) -> bool:
        """Return whether a page or slide was asked for.

        Args:
            number: Counted from 1.
        """
        ranges = parse_ranges(self.pages)
        return not ranges or any(first <= number <= last for first, last in ranges)


_LAST = 10**9


def parse_ranges(pages: str) -> tuple[tuple[int, int], ...]:
    """Return ranges of pages, first and last; none where all are meant.

    Args:
        pages: As `3-9,12` or `40-`.

    Raises:
        DocumentError: It is nothing of the kind.

    Example:
        >>> parse_ranges("3-9,12")
        ((3, 9), (12, 12))
    """
    ranges = list[tuple[int, int]]()
    for piece in pages.split(",") if pages.strip() else ():
        first, dash, last = (part.strip() for part in piece.partition("-"))
        numbers = [part for part in (first, last) if part]
        if not numbers or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in numbers):
            raise DocumentError(f"pages={show_value(pages)} is no list of pages; write it as 3-9,12 or 40-")
        low = int(first) if first else 1
        high = (int(last) if last else _LAST) if dash else low
        if low < 1 or high < low:
            raise DocumentError(
                f"pages={show_value(pages)} has a range that ends before it begins, or a page 0"
            )
        ranges.append((low, high))
    return tuple(ranges)

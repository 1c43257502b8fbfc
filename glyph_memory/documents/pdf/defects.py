"""What was lost or guessed, page by page, told in one sentence for all pages of a part. Knows numbers of pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby, islice

from glyph_memory.document import DefectKind
from glyph_memory.documents.builder import Builder

SCAN = "a scan without text; its picture alone says what is on it"
"""What is said of a page that is lost where it is typeset, and nowhere else."""
_RANGES = 40
_HEADS = 40


class PageDefects:
    """Gathers defects until a part of the document is whole."""

    def __init__(self) -> None:
        self._pages = dict[tuple[DefectKind, str], list[int]]()
        self._heads = dict[str, _Head]()

    def add(self, kind: DefectKind, message: str, page: int) -> None:
        """Report something about a page.

        Args:
            kind: What is wrong.
            message: What follows after "page 3: " or "pages 3-5: ".
            page: Its number.
        """
        self._pages.setdefault((kind, message), []).append(page)

    def add_head(self, key: str, text: str, page: int) -> None:
        """Report a running head that is left out.

        Args:
            key: The same for those that differ in the page number alone.
            text: What it says.
            page: Where.
        """
        head = self._heads.setdefault(key, _Head(text))
        head.last = text
        head.pages.append(page)

    def flush(self, builder: Builder) -> None:
        """Report all that was gathered to a document, and forget it."""
        for (kind, message), pages in self._pages.items():
            builder.add_defect(kind, f"{name_pages(pages)}: {message}")
        if self._heads:
            builder.add_defect("left out", self._describe_heads())
        self._pages.clear()
        self._heads.clear()

    def _describe_heads(self) -> str:
        """Return what the running heads say, each once, and where those stand that are not on all pages."""
        everywhere = name_pages(page for head in self._heads.values() for page in head.pages)
        shown = list[str]()
        for head in islice(self._heads.values(), _HEADS):
            where = name_pages(head.pages)
            to = f" to {head.last!r}" if head.last != head.first else ""
            shown.append(f"{head.first!r}{to}{f' ({where})' if where != everywhere else ''}")
        more = len(self._heads) - len(shown)
        return f"{everywhere}: running heads and page numbers are left out: {', '.join(shown)}" + (
            f" and {more} more" if more else ""
        )


@dataclass(slots=True)
class _Head:
    first: str
    last: str = ""
    pages: list[int] = field(default_factory=list)


def name_pages(pages: Iterable[int]) -> str:
    """Return numbers of pages as `page 3` or `pages 3-5, 9`.

    Example:
        >>> name_pages([9, 3, 4, 5])
        'pages 3-5, 9'
    """
    numbers = sorted(set(pages))
    runs = [
        [number for _, number in run]
        for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])
    ]
    named = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    more = f" and {len(named) - _RANGES} more ranges" if len(named) > _RANGES else ""
    return ("page " if len(numbers) == 1 else "pages ") + ", ".join(named[:_RANGES]) + more

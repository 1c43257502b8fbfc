"""What was lost or guessed, page by page, told in one sentence for all pages of a part. Knows numbers of pages."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from glyph_memory.document import DefectKind
from glyph_memory.documents.builder import Builder

_RANGES = 40
_HEADS = 40


class PageDefects:
    """Gathers defects until a part of the document is whole."""

    def __init__(self) -> None:
        self._pages = dict[tuple[DefectKind, str], list[int]]()
        self._heads = dict[str, str]()
        self._head_pages = set[int]()

    def add(self, kind: DefectKind, message: str, page: int) -> None:
        """Report something about a page.

        Args:
            kind: What is wrong.
            message: What follows after "page 3: " or "pages 3-5: ".
            page: Its number.
        """
        self._pages.setdefault((kind, message), []).append(page)

    def add_head(self, folded: str, text: str, page: int) -> None:
        """Report a running head that is left out.

        Args:
            folded: Its text without numbers: the next page's is the same.
            text: What it says.
            page: Where.
        """
        self._heads.setdefault(folded, text)
        self._head_pages.add(page)

    def flush(self, builder: Builder) -> None:
        """Report all that was gathered to a document, and forget it."""
        for (kind, message), pages in self._pages.items():
            builder.add_defect(kind, f"{name_pages(pages)}: {message}")
        if self._heads:
            shown = [repr(text) for text in list(self._heads.values())[:_HEADS]]
            more = len(self._heads) - len(shown)
            builder.add_defect(
                "left out",
                f"{name_pages(self._head_pages)}: running heads and page numbers are left out: {', '.join(shown)}"
                + (f" and {more} more" if more else ""),
            )
        self._pages.clear()
        self._heads.clear()
        self._head_pages.clear()


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

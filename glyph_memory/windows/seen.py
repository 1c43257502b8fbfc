"""The `SeenPage`: what a page is cited by, in the document's own page numbers, sheets or lines.

Knows pages; knows nothing about requests.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from glyph_memory.context.windows_wording import name_source
from glyph_memory.documents import DocumentPage


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenPage:
    """A page that was looked at.

    Example:
        >>> print(SeenPage(number=40, title="book.pdf", place="pages 12 to 13"))
        "book.pdf", pages 12 to 13
    """

    number: int
    """The drawn page's, counted from 1 over all documents."""
    title: str = ""
    """The document's."""
    place: str = ""
    """What of the original it shows, as `pages 12 to 13`; empty where the document has no such places."""

    @classmethod
    def of(cls, page: DocumentPage) -> SeenPage:
        """Return what a page is cited by."""
        return cls(number=page.page.number, title=page.document.title, place=page.place)

    def __str__(self) -> str:
        return name_source(self.title, self.place, self.number)

    def to_json(self) -> dict[str, object]:
        """Return it as plain values for JSON."""
        return asdict(self)

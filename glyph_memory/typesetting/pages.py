"""The public verbs of typesetting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.transcript import Document, Transcript
from glyph_memory.typesetting.composition import LABEL_SIGN, compose
from glyph_memory.typesetting.stream import stream_pages

_GLYPH = PageStyle.glyph()


def typeset(
    source: str | Document | Transcript,
    *,
    style: PageStyle = _GLYPH,
    first_page: int = 1,
    progress: Callable[[Page], None] | None = None,
) -> list[Page]:
    """Turn text into pages.

    Args:
        source: A text, a document, or a transcript; of a transcript, `compose` gives the text that offsets refer to.
        style: How it looks; the released Glyph model's style unless another is given.
        first_page: Number of the first page.
        progress: Called with every page when it is done.

    Returns:
        Pages in order. Every character of the text stands on exactly one of them, as itself or as its escape.

    Raises:
        DocumentError: There is no text.
        FontError: A font is missing or cannot be drawn.
        StyleError: The page is too narrow for a single character.

    Example:
        >>> [page.size for page in typeset("Hello, page.")]
        [(84, 56)]
    """
    pages = []
    for page in iter_pages(source, style=style, first_page=first_page):
        pages.append(page)
        if progress is not None:
            progress(page)
    return pages


def iter_pages(
    source: str | Iterable[str] | Document | Transcript, *, style: PageStyle = _GLYPH, first_page: int = 1
) -> Iterator[Page]:
    """Turn text into pages as they fill, in memory that does not grow with the text.

    Args:
        source: As for `typeset`, or the text in pieces: a generator, an open text file. Where pieces are cut makes no
            difference to the pages.
        style: How it looks.
        first_page: Number of the first page.

    Raises:
        DocumentError: There is no text.
        FontError: A font is missing or cannot be drawn.
        StyleError: The page is too narrow for a single character.
    """
    if isinstance(source, Transcript):
        composed = compose(source, style=style)
        return stream_pages(
            [composed.text], style, first_page=first_page, runs=composed.labels, reserved=LABEL_SIGN
        )
    if isinstance(source, Document):
        source = source.text
    return stream_pages([source] if isinstance(source, str) else source, style, first_page=first_page)

"""What a model reads of ours about how pages look: as `wording`, which is of conversations.

Knows marks, and which pages have any; knows nothing about requests.
"""

from __future__ import annotations

from glyph_memory.page import Page
from glyph_memory.style import PageStyle


def explain_marks(newline_mark: str) -> str:
    """Return the sentence that says what red signs on pages stand for; empty where a style has none.

    Args:
        newline_mark: The style's.
    """
    mark = newline_mark.strip()
    if not mark:
        return ""
    return (
        f"On pages red signs are layout, not text: {mark} ends a line, a number behind it counts the spaces that the "
        "next line begins with, → is a tab, ×n says how often the sign before it stands there, ·n stands for n spaces."
    )


def explain_page(drawn: Page | PageStyle) -> str:
    """Return the sentence that a model is told before a page whose line breaks are marks; empty for any other.

    Say it once a message, as text before the first of such pages.

    Args:
        drawn: The page, or the style that it was drawn in.

    Example:
        >>> explain_page(PageStyle.glyph()), explain_page(PageStyle.glyph().dense())[:38]
        ('', 'On pages red signs are layout, not tex')
    """
    style = drawn.style if isinstance(drawn, Page) else drawn
    return explain_marks(style.newline_mark) if style is not None else ""

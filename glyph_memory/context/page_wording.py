"""What a model reads of ours about how pages look: as `wording`, which is of conversations.

Knows styles and pages; knows nothing about requests.
"""

from __future__ import annotations

from glyph_memory.page import Page
from glyph_memory.style import PageStyle, name_color


def explain_marks(style: PageStyle | None) -> str:
    r"""Return the sentence that says what coloured signs on pages stand for; empty where a style has none.

    Args:
        style: The pages'; `None` for pages that another program drew.

    Example:
        >>> explain_marks(PageStyle(newline_mark="⏎"))
        'On pages red signs are layout, not text: ⏎ ends a line.'
    """
    mark = style.newline_mark.strip() if style else ""
    if style is None or not mark:
        return ""
    said = f"On pages {name_color(style.newline_color) or 'coloured'} signs are layout, not text: {mark} ends a line"
    if not style.count_runs:
        return f"{said}."
    return (
        f"{said}, a number behind it counts the spaces that the next line begins with, n→ stands for n tabs (→: one), "
        "×n says how often the sign before it stands there, ·n stands for n spaces."
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
    return explain_marks(drawn.style if isinstance(drawn, Page) else drawn)


def show_page_code(code: str) -> str:
    """Return the line with a canary page's code. It begins as no line of a turn can: there the sign is escaped."""
    return f"§ page code {code}"


PAGE_CODES_NOTE = (
    "A line of a page that begins with § page code is a mark of ours, to check whether pages can be read, and no part "
    "of what was said.\n"
)
"""Stands above pages some of which carry a code."""


def ask_page_code(number: int) -> str:
    """Return the question for the code of a page; a page may have none."""
    return (
        "This is a check of whether the pages above can be read, and no part of the conversation. Look at page "
        f"{number} alone. Is there a line on it that begins with: § page code\n"
        "Reply with the code that follows there, letter for letter, and nothing else. If page "
        f"{number} has no such line, reply: none. If you cannot read it, reply: not legible."
    )

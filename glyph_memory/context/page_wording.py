"""What a model reads of ours about how pages look: as `wording`, which is of conversations.

Knows styles; knows nothing about pages or requests.
"""

from __future__ import annotations

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

"""What a model reads of ours about how pages look: as `wording`, which is of conversations.

Knows marks; knows nothing about pages or requests.
"""

from __future__ import annotations


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

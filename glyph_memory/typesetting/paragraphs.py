"""Find the newlines at which paragraphs end: after so many lines of the source, or before and after a blank one.

Knows newlines and widths; knows nothing about what paragraphs look like.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glyph_memory.typesetting.layout import Cursor, Ints

Flags = NDArray[np.bool_]


def find_paragraph_ends(newline: Flags, advance: Ints, cursor: Cursor, paragraph_lines: int) -> Flags:
    """Return for each character of a block whether it is a newline at which a paragraph ends.

    Args:
        newline: Of each character: whether it is a newline.
        advance: Of each character: how wide it is; a newline has no width.
        cursor: Where the block begins.
        paragraph_lines: How many lines of the source make a paragraph; 0: as many as stand between blank ones, and a
            blank one is a paragraph of its own. Of a newline at the block's very end it is not known yet whether a
            blank line follows: no line that more text could change is drawn.
    """
    ends = np.zeros(len(newline), np.bool_)
    at = np.flatnonzero(newline)
    if paragraph_lines:
        ends[at[paragraph_lines - 1 - cursor.newlines :: paragraph_lines]] = True
    elif len(at):
        width = np.diff(np.cumsum(advance).take(at), prepend=0)
        blank = width == 0
        blank[0] &= not cursor.after_space  # a line of spaces without an end goes on here
        ends[at[blank]] = True
        ends[at[:-1][blank[1:]]] = True
    return ends

"""Find the lines of a text that look like rows of a table, and draw them monospaced, so that columns align.

A line decides by itself, whatever stands above and below it: so pages do not depend on where a text is cut. Knows
measured text; knows nothing about fonts, nor about how lines break.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from glyph_memory.typesetting.characters import NEWLINE, SPACE
from glyph_memory.typesetting.glyphs import GlyphTable
from glyph_memory.typesetting.layout import Cursor, MeasuredText
from glyph_memory.typesetting.mono import MonoSlots

_CELLS = 4
"""Characters over the cells of a line: of more no line can hold, however many of them are drawn as nothing."""
_BLANKS = " \t\r"
_BOX_HINTS = "─━═│┃║"
_STOPS, *_BEGINNINGS = (
    np.array([*map(ord, signs)], np.uint32) for signs in (".!?:;,", "-=_+dlbcps", "-=_+r")
)
"""Signs after which two spaces part no columns; first and second signs of rulers, and of lines of `ls -l`."""

_GAP = re.compile(r"(?<=[^ ]) {2,}(?=[^ ])")
_STOP = re.compile(r"[.!?:;,][)\]\"'”’»]*\Z")
_COMMENT = re.compile(r"#|//|/\*|<!--|;|\\\Z")
_BULLET = re.compile(r"[-*+•·>]|\w{1,3}[.):]")
_MODE = re.compile(r"[-bcdlps](?:[r-][w-][xsS-]){2}[r-][w-][xtT-][.+@]?\s")
_BARS = re.compile(r"\|.*\|.*\|")
_PADDED_BAR = re.compile(r"\|  | {2}\|")
_BAR = re.compile(r" \| ")
_RULER = re.compile(r"[-=+|:~ ]+")
_RULE = re.compile(r"([-=_])\1{9,}")
_DASHES = re.compile(r"[-=~]{2,}")
_BOX = re.compile("[│┃║┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬┏┓┗┛┣┫┳┻╋╭╮╯╰╞╡╪╟╢╫]|[─━═]{3}")


def align_tables(
    text: str, measured: MeasuredText, cursor: Cursor, mono: MonoSlots, *, final: bool
) -> MeasuredText:
    """Return a block's measures with rows of tables drawn monospaced, where they fit on one line.

    Args:
        text: The block.
        measured: Its measures.
        cursor: Where it begins. The rest of a line that began on the page before is no row: that line did not fit.
        mono: The slots of monospaced text.
        final: Whether the text ends with the block. Otherwise its last line counts as a row as long as it fits, as it
            may become one: no line that can still grow is drawn.
    """
    slots, table, lines = measured.slots, mono.table, _find_lines(text, measured, mono.table, final=final)
    longest = _CELLS * (table.line // max(mono.advance, 1) + 1)
    for start, stop in lines:
        if stop - start > longest or (start == 0 and cursor.within_line):
            continue
        if not (is_table_row(text[start:stop]) or (not final and text.find("\n", stop) < 0)):
            continue
        row = mono.convert(text[start:stop], slots[start:stop])
        if table.advance.take(row).sum() <= table.line:
            if slots is measured.slots:
                slots = slots.copy()
            slots[start:stop] = row
    return (
        measured
        if slots is measured.slots
        else replace(measured, slots=slots, advance=table.advance.take(slots))
    )


def is_table_row(line: str) -> bool:
    r"""Return whether a line looks like a row of a table, or a ruler of one.

    Example:
        >>> [is_table_row(line) for line in ("| a | b |", "--- | ---", "name    age", "    x = 1  # 1", "So.  Next.")]
        [True, True, True, False, False]
    """
    signs = line.strip(_BLANKS)
    if "|" in signs and (
        (signs[0] == signs[-1] == "|" and _BARS.match(signs))
        or _PADDED_BAR.search(signs)
        or (line[0] == " " and line[1:2] != " " and _BAR.search(signs))
        or re.match(r"[-+]?[\d.,]+ \| ", signs)
    ):
        return True
    if _RULE.fullmatch(signs):
        return True
    if _RULER.fullmatch(signs):
        return len(_DASHES.findall(signs)) > 1 or (bool(_DASHES.search(signs)) and signs.count("+") > 1)
    return bool(_MODE.match(signs) or _has_columns(signs) or (not signs.isascii() and _BOX.search(signs)))


def _has_columns(signs: str) -> bool:
    """Return whether gaps part a line into columns: two, a wide one, one after a first word, or one among capitals."""
    count = 0
    for gap in _GAP.finditer(signs):
        before, width = signs[: gap.start()], gap.end() - gap.start()
        if _COMMENT.match(signs, gap.end()):
            break
        if (width == 2 and _STOP.search(before[-4:])) or _BULLET.fullmatch(before):
            continue
        count += 1
        if count > 1 or width > 2 or " " not in before or signs.isupper():
            return True
    return False


def _find_lines(
    text: str, measured: MeasuredText, table: GlyphTable, *, final: bool
) -> Iterator[tuple[int, int]]:
    """Yield the lines that may be rows, each up to its last sign, in order; and the last one if it is not done."""
    places = _find_gaps(measured, table) if "  " in text else []
    begins = np.concatenate([[0], np.flatnonzero(measured.kind & NEWLINE != 0) + 1])
    begins = begins[: np.searchsorted(begins, len(text) - 1)]
    for place, signs in enumerate(_BEGINNINGS):
        begins = begins[_are_among(measured.slots.take(begins + place), table.slots(signs))]
    places += begins.tolist()
    for hint in "|" if text.isascii() else f"|{_BOX_HINTS}":
        place = text.find(hint)
        while place >= 0:
            places.append(place)
            end = text.find("\n", place)
            place = text.find(hint, end) if end >= 0 else -1
    if not final:
        places.append(len(text))
    done = -1
    for place in sorted(places):
        if place <= done:
            continue
        start = text.rfind("\n", 0, place) + 1
        done = text.find("\n", place)
        done = len(text) if done < 0 else done
        stop = start + len(text[start:done].rstrip(_BLANKS))
        if stop > start:
            yield start, stop


def _find_gaps(measured: MeasuredText, table: GlyphTable) -> list[int]:
    """Return where two spaces and more part signs; but for two after a full stop, of which prose may have many."""
    space = (measured.kind & SPACE).view(np.bool_)
    gaps = np.flatnonzero(space[1:-1] & space[2:])
    gaps = gaps[measured.kind.take(gaps) & (SPACE | NEWLINE) == 0]
    is_wide = space.take(np.minimum(gaps + 3, len(space) - 1))
    is_stop = _are_among(measured.slots.take(gaps), table.slots(_STOPS))
    found: list[int] = (gaps[is_wide | ~is_stop] + 1).tolist()
    return found


def _are_among(slots: NDArray[np.int64], few: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which slots are among a few others; `np.isin` takes longer for so few."""
    among: NDArray[np.bool_] = (slots[:, None] == few).any(axis=1)
    return among

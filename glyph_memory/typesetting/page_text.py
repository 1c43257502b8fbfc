"""Spell what stands on a page: its text as it is drawn, which is what a reader of the picture can know.

Knows how a style draws characters; knows nothing about who reads the page.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import numpy as np

from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.typesetting.characters import ESCAPED, escape, is_mark
from glyph_memory.typesetting.geometry import FIX
from glyph_memory.typesetting.glyphs import EMPTY
from glyph_memory.typesetting.layout import Cursor, MeasuredText
from glyph_memory.typesetting.marks import find_runs
from glyph_memory.typesetting.measure import measure
from glyph_memory.typesetting.prepared import prepare_style

_NOTHING = "\r\u00ad\u200b\u200c\u200d\ufe0e\ufe0f"
_ROUNDING_PX = 2
"""A line's box is wider than its ink by less than this: it begins and ends on whole pixels."""


def spell_page(page: Page, *, style: PageStyle | None = None) -> str:
    r"""Return a page's text as it is drawn, one line of text per line of the page.

    Characters that could not be drawn are escapes, as they are on the page; tabs are spaces; a newline within a line
    is the style's mark. A line break within a long word is a line break here, too.

    Args:
        page: The page.
        style: The one it was typeset in; the page's own unless given.

    Example:
        >>> from glyph_memory.typesetting import typeset
        >>> (page,) = typeset("zero\u200bwidth,\ttab")
        >>> spell_page(page)
        'zero\\u{200b}width,    tab'
    """
    pieces = spell_characters(page, style=style)
    return "\n".join("".join(pieces[line.start - page.start : line.stop - page.start]) for line in page.lines)


def spell_characters(page: Page, *, style: PageStyle | None = None) -> list[str]:
    """Return what is drawn for each character of a page's text.

    Args:
        page: The page.
        style: The one it was typeset in; the page's own unless given.

    Returns:
        As many strings as `page.text` has characters: one character mostly, more for an escape, a tab or a newline
        mark, none for a newline that ends its line. Accents stand with their letter.
    """
    style = style or page.style or PageStyle.glyph()
    table = prepare_style(style).table
    reserved = [offset - page.start for offset in page.reserved]
    measured = measure(page.text, Cursor(offset=page.start), table, reserved=reserved)
    pieces: list[str] = []
    base = 0
    rows = zip(page.text, measured.slots.tolist(), (measured.kind & ESCAPED).tolist(), strict=True)
    for character, slot, is_escaped in rows:
        piece = escape(character) if is_escaped else _spell_character(character, slot, style)
        if slot == EMPTY and is_mark(character) and pieces and character not in _NOTHING:
            pieces[base] = unicodedata.normalize("NFC", pieces[base] + character)
            piece = ""
        elif piece:
            base = len(pieces)
        pieces.append(piece)
    if style.count_runs:
        for run in find_runs(page.text, style.newline_mark):
            pieces[run.start : run.stop] = [run.mark, *[""] * (run.stop - run.start - 1)]
    elif style.newline_mark:
        for index in _find_newline_marks(page, measured, style):
            pieces[index] = style.newline_mark
    return pieces


def _spell_character(character: str, slot: int, style: PageStyle) -> str:
    if character == "\n" or (slot == EMPTY and character in _NOTHING):
        return ""
    if character == "\t":
        return " " * (1 if style.reference else style.tab_spaces)
    return " " if character.isspace() else character


def _find_newline_marks(page: Page, measured: MeasuredText, style: PageStyle) -> Iterator[int]:
    """Yield the indices of the newlines that are drawn as marks.

    One within a line is. One that ends its line may be, or not: then the line's box tells whether it holds a mark.
    """
    table = prepare_style(style).table
    mark = int(table.advance[table.get_mark_slot(style.newline_mark)])
    newline = np.array([character == "\n" for character in page.text], np.bool_)
    advance = np.where(newline, mark, measured.advance)
    for line in page.lines:
        start, stop = line.start - page.start, line.stop - page.start
        within = np.flatnonzero(newline[start : stop - 1]) + start
        yield from within.tolist()
        if newline[stop - 1]:
            ink = len(line.text[:-1].rstrip(" \t\u3000"))
            text_px = int(advance[start : start + ink].sum()) / FIX
            if line.box[2] - line.box[0] - text_px >= _ROUNDING_PX:
                yield stop - 1

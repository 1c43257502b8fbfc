"""The colours of a document's pages, as numbers of their palette's pairs, and the prepared styles of its text.

Knows colours and sizes; knows nothing about blocks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from glyph_memory.errors import StyleError
from glyph_memory.style import DocumentLook, PageStyle
from glyph_memory.typesetting.color import encode_pairs
from glyph_memory.typesetting.geometry import Geometry, to_fixed_point
from glyph_memory.typesetting.prepared import PreparedStyle, prepare_style

TEXT = 0
HEADINGS = (1, 2, 3)
STRONG, EMPHASIS, LINK, CODE, MUTED, RULE = 4, 5, 6, 7, 8, 9
KEYWORD, STRING, COMMENT, NUMBER, NAME = 10, 11, 12, 13, 14
MARK = 15
"""Of newline marks, in styles that have one."""


@dataclass(frozen=True, slots=True)
class Type:
    """The styles of a document's text, ready to be set, and its measures."""

    style: PageStyle
    """The page's."""
    look: DocumentLook
    """The document's."""
    body: PreparedStyle
    """Of paragraphs."""
    headings: tuple[PreparedStyle, PreparedStyle, PreparedStyle]
    """Of headings of the first level, the second, and all others."""
    mono: PreparedStyle
    """Of code."""
    geometry: Geometry
    """The page's."""

    @property
    def pitch(self) -> int:
        """From one line of text to the next."""
        return self.geometry.pitch

    @property
    def em(self) -> int:
        """The size of the text, across the page."""
        return to_fixed_point(self.style.to_horizontal_px(self.style.font_size_pt))

    def encode_palette(self) -> bytes:
        """Return the RGB triples of all pairs."""
        look, paper = self.look, self.style.page_color
        inks = (
            self.style.font_color,
            *(look.heading_1_color, look.heading_2_color, look.heading_3_color),
            *(look.strong_color, look.emphasis_color, look.link_color, look.code_color),
            *(look.muted_color, look.rule_color),
            *(look.keyword_color, look.string_color, look.comment_color, look.number_color, look.name_color),
            self.style.newline_color,
        )
        return encode_pairs([(ink, paper) for ink in inks])


def prepare_type(style: PageStyle, look: DocumentLook) -> Type:
    """Return the styles of a document's text.

    What a style says about paragraphs (indents, frames, spaces, alignment) is for plain text; documents have their own.
    Pages that do as the reference pipeline does have no blocks.
    """
    plain = _build_plain_style(style)
    body = prepare_style(plain)
    first, second = (
        _prepare_or(body, _scale(plain, factor)) for factor in (look.heading_1_scale, look.heading_2_scale)
    )
    return Type(
        style,
        look,
        body,
        (first, second, body),
        _prepare_or(body, replace(plain, font="mono")),
        Geometry.of(plain),
    )


def _prepare_or(body: PreparedStyle, style: PageStyle) -> PreparedStyle:
    """Return a prepared style; the text's own where the page is too narrow for it."""
    try:
        return prepare_style(style)
    except StyleError:
        return body


@lru_cache(maxsize=64)
def _build_plain_style(style: PageStyle) -> PageStyle:
    return replace(
        style,
        paragraph_lines=1 if not style.newline_mark else style.paragraph_lines,
        first_line_indent_pt=0,
        left_indent_pt=0,
        right_indent_pt=0,
        space_before_pt=0,
        space_after_pt=0,
        border_width_pt=0,
        border_padding_pt=0,
        alignment="left",
        reference=False,
        paragraph_color=style.page_color,
    )


def _scale(style: PageStyle, factor: float) -> PageStyle:
    if factor == 1:
        return style
    return replace(
        style, font_size_pt=style.font_size_pt * factor, line_height_pt=style.line_height_pt * factor
    )

"""The colour of each character of a block: by what is marked in it, or by its syntax where it is code.

Knows marks and colours; knows nothing about widths and places.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from glyph_memory.document import Span, SpanKind
from glyph_memory.typesetting.blocks import tones
from glyph_memory.typesetting.blocks.text_box import Tones

if TYPE_CHECKING:
    from pygments.lexer import Lexer

_SPANS: dict[SpanKind, int] = {
    "emphasis": tones.EMPHASIS,
    "strong": tones.STRONG,
    "struck": tones.MUTED,
    "note": tones.LINK,
    "formula": tones.CODE,
    "code": tones.CODE,
    "link": tones.LINK,
}
"""Of marks that overlap, the later one here is drawn."""

_SYNTAX = (
    ("Token.Comment.Preproc", tones.KEYWORD),
    ("Token.Comment", tones.COMMENT),
    ("Token.Keyword", tones.KEYWORD),
    ("Token.Operator.Word", tones.KEYWORD),
    ("Token.Literal.String", tones.STRING),
    ("Token.Literal.Number", tones.NUMBER),
    ("Token.Name.Function", tones.NAME),
    ("Token.Name.Class", tones.NAME),
    ("Token.Name.Decorator", tones.NAME),
    ("Token.Name.Tag", tones.KEYWORD),
    ("Token.Name.Attribute", tones.NAME),
    ("Token.Generic.Inserted", tones.STRING),
    ("Token.Generic.Deleted", tones.HEADINGS[0]),
    ("Token.Generic.Subheading", tones.NUMBER),
    ("Token.Generic.Heading", tones.NUMBER),
)
_LONGEST_LINE = 5_000
"""Characters of a line that are still coloured: some rules take quadratic time on longer ones."""


def color_spans(spans: Sequence[Span], start: int, length: int, *, tone: int) -> Tones | None:
    """Return the colour of each character of a stretch; None where all have `tone`.

    Args:
        spans: What is marked, in the document.
        start: Where the stretch begins in it.
        length: Its characters.
        tone: The colour of all else.
    """
    if not spans:
        return None
    colored = np.full(length, tone, np.uint8)
    for kind, number in _SPANS.items():
        for span in spans:
            if span.kind == kind:
                colored[max(span.start - start, 0) : max(span.stop - start, 0)] = number
    return colored


def color_syntax(code: str, language: str) -> Tones | None:
    """Return the colour of each character of code; None where its language is not known."""
    lexer = _find_lexer(language.lower()) if language else None
    if lexer is None or max(map(len, code.split("\n"))) > _LONGEST_LINE:
        return None
    colored, at = np.zeros(len(code), np.uint8), 0
    # `get_tokens` would change line ends; this one leaves every character in its place.
    for at, kind, value in lexer.get_tokens_unprocessed(code):
        number = _find_tone(str(kind))
        if number:
            colored[at : at + len(value)] = number
    return colored


@lru_cache(maxsize=256)
def _find_lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415 - it is slow to load, and few texts are code
    from pygments.util import ClassNotFound  # noqa: PLC0415 - as above

    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        return None


@lru_cache(maxsize=1024)
def _find_tone(kind: str) -> int:
    return next((tone for name, tone in _SYNTAX if kind == name or kind.startswith(f"{name}.")), tones.TEXT)

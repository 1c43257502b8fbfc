"""The `DocumentLook`: how the parts of a document look on a page, beside what its `PageStyle` says of all text.

Vision-language models tell colours apart better than weights, so headings and emphasis are colours. None is red:
that is the colour of marks for line breaks. Knows colours and sizes; knows nothing about documents.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Literal, Self

from glyph_memory.checks import check_number
from glyph_memory.errors import StyleError, show_value
from glyph_memory.style.page_style import PageStyle

_COLOR = re.compile("#[0-9A-Fa-f]{6}")


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentLook:
    """How headings, tables, code and the like look.

    Example:
        >>> DocumentLook(line_numbers=True).line_numbers
        True
    """

    heading_1_color: str = "#0B3FA8"
    """Of headings of the first level."""
    heading_2_color: str = "#00695C"
    """Of the second."""
    heading_3_color: str = "#5A4A00"
    """Of all others, and of tables' header rows."""
    strong_color: str = "#6B4A00"
    """Of what stands in bold."""
    emphasis_color: str = "#4527A0"
    """Of what stands in italics."""
    link_color: str = "#0645AD"
    """Of links; where they lead is told beside the page."""
    code_color: str = "#7A0F5C"
    """Of code within a line, and of formulas that are not drawn."""
    muted_color: str = "#6A6A6A"
    """Of captions, footnotes, labels and line numbers."""
    rule_color: str = "#9AA0A6"
    """Of lines between cells and beside quotes."""
    keyword_color: str = "#0033B3"
    """Of keywords in code."""
    string_color: str = "#05650F"
    """Of strings in code, and of lines that a diff adds."""
    comment_color: str = "#6A6A6A"
    """Of comments in code."""
    number_color: str = "#0E5FD8"
    """Of numbers in code."""
    name_color: str = "#00627A"
    """Of names that code defines."""
    heading_1_scale: float = 1.35
    """Size of first headings over that of the text."""
    heading_2_scale: float = 1.15
    """Size of second headings; all others have the text's."""
    syntax_colors: bool = True
    """Whether code is coloured."""
    line_numbers: bool = False
    """Whether lines of code have their number beside them."""
    pictures: Literal["draw", "caption"] = "draw"
    """Whether pictures stand on the page, scaled, or their captions alone."""
    formulas: Literal["auto", "text"] = "auto"
    """Whether formulas are drawn where matplotlib is installed, or stand as LaTeX."""
    picture_height: float = 0.5
    """The share of a page's height that a picture may take."""

    def __post_init__(self) -> None:
        """Raise an error for a look that cannot be drawn.

        Raises:
            StyleError: A colour is none, or a number is out of range.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name.endswith("_color") and not (isinstance(value, str) and _COLOR.fullmatch(value)):
                raise StyleError(f"{field.name}={show_value(value)} is no colour; write it as #RRGGBB")
        for name, least, most in (
            ("heading_1_scale", 1.0, 4.0),
            ("heading_2_scale", 1.0, 4.0),
            ("picture_height", 0.05, 1.0),
        ):
            check_number(name, getattr(self, name), StyleError, at_least=least, at_most=most)
        for name, known in (("pictures", ("draw", "caption")), ("formulas", ("auto", "text"))):
            if getattr(self, name) not in known:
                raise StyleError(
                    f"{name}={show_value(getattr(self, name))} is none of {', '.join(known)}; give one"
                )

    @classmethod
    def of_style(cls, style: PageStyle) -> Self:
        """Return the look that goes with a style: light colours on a dark page."""
        if _is_light(style.page_color):
            return cls()
        return cls(
            heading_1_color="#82B1FF",
            heading_2_color="#64E0CE",
            heading_3_color="#E6D98A",
            strong_color="#FFCC80",
            emphasis_color="#D1C4E9",
            link_color="#80B4FF",
            code_color="#F8A5E0",
            muted_color="#A8A8A8",
            rule_color="#6F757B",
            keyword_color="#9DB8FF",
            string_color="#9BE29F",
            comment_color="#A8A8A8",
            number_color="#8FC7FF",
            name_color="#7FE0F0",
        )


def _is_light(color: str) -> bool:
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return 299 * red + 587 * green + 114 * blue > 127_500

"""The themes that styles are drawn from unless others are given: five that are published, and two of a memory.

Glyph (arXiv 2510.17800, section 3.2) draws its pages for continual pre-training in five themes, which it calls
`document_style`, `web_style`, `dark_mode`, `code_style` and `artistic_pixel`, and leaves out combinations that do not
go together. The names of the first five are those. Their ranges are ours, and span what has been published since:

- 72 dpi for 3 to 4 times compression, 96 for 2 to 3 times (Glyph's README);
- A4; 896 × 896 px (VTCBench); 864 × 864 px (Un-LOCC); 600 × 1,000 px (Text or Pixels?); 392 and 560 px wide (AgentOCR);
- monospaced 9 to 12 px for agents' logs (AgentOCR, CodeOCR), 14 px for small open models (pxpipe);
- sans 9 pt with lines of 10 pt (Glyph), 12 to 15 px for models that were not trained on pages (VTCBench, Un-LOCC);
- margins of 4, 10 and 20 pt.

`dense` and `chat` are what a memory sends: marks in place of line breaks, and turns with labels of their role's colour.
"""

from __future__ import annotations

from typing import Any

from glyph_memory.style import GLYPH_MARK, PageStyle
from glyph_memory.training.pages.theme import StyleTheme

Die = list[dict[str, Any]]

SERIF = ("DejaVu Serif", "Liberation Serif", "Noto Serif", "Times New Roman")
"""Families that a machine may have."""


def list_values(name: str, *values: object) -> Die:
    """Return a die that gives one field one of some values; a value that is given twice is twice as likely."""
    return [{name: value} for value in values]


def list_pairs(names: tuple[str, str], *values: tuple[float, float]) -> Die:
    """Return a die that gives two fields one of some pairs of values."""
    return [dict(zip(names, pair, strict=True)) for pair in values]


_A4, _SQUARE, _TALL = (595, 842), (648, 648), (450, 750)
_SIDES = ("page_width_pt", "page_height_pt")
_PAGES = list_pairs(_SIDES, _A4, _A4, _A4, (612, 792), _SQUARE, _TALL, (420, 595), (420, 315))
_MARGINS = ("margin_x_pt", "margin_y_pt")
_LIGHT: Die = [
    {"page_color": page, "paragraph_color": page, "font_color": font}
    for page, font in (
        ("#FFFFFF", "#000000"), ("#FFFFFF", "#000000"), ("#FFFFFF", "#1F2328"), ("#FAF7F0", "#2B2620"),
        ("#F4ECD8", "#3B2F20"), ("#FFFFFF", "#333333"),
    )
]  # fmt: skip
_DARK: Die = [
    {
        "page_color": page, "paragraph_color": page, "font_color": font, "border_color": font,
        "newline_color": "#FF6B6B", "role_colors": PageStyle.dark().role_colors,
    }
    for page, font in (
        ("#16181D", "#E6E6E6"), ("#000000", "#FFFFFF"), ("#1E1E1E", "#D4D4D4"), ("#282C34", "#DCDFE4"),
        ("#002B36", "#C3CCCC"), ("#0D1117", "#E6EDF3"),
    )
]  # fmt: skip
_DPI = list_values("dpi", 72, 72, 72, 96, 96, 110)
_GLYPH = PageStyle.glyph()


def _make_document(serif: tuple[str, ...]) -> list[Die]:
    return [
        _PAGES,
        _DPI,
        list_values("font", "sans", "sans", "sans", *serif),
        list_values("font_size_pt", 9, 9, 9.5, 10, 10, 11, 12),
        list_values("leading", 1.1, 1.15, 1.2, 1.2, 1.3, 1.45),
        list_pairs(_MARGINS, (10, 10), (20, 20), (28, 28), (20, 40), (40, 20)),
        list_values("alignment", "left", "left", "justify", "justify"),
        list_values("paragraph_lines", 0, 0, 1),
        [{}, {}, {"first_line_indent_pt": 12}, {"left_indent_pt": 14, "first_line_indent_pt": -14},
         {"left_indent_pt": 18, "right_indent_pt": 18}],
        [{}, {}, {"space_after_pt": 4}, {"space_before_pt": 3, "space_after_pt": 3}],
        [{}, {}, {}, {}, {}, {"columns": 2}],
        _LIGHT,
    ]  # fmt: skip


def _make_web(serif: tuple[str, ...]) -> list[Die]:
    return [
        list_pairs(_SIDES, (648, 648), (720, 540), (595, 842), (450, 750), (780, 600)),
        _DPI,
        list_values("font", "sans", "sans", "sans", "sans", *serif[:1]),
        list_values("font_size_pt", 10, 11, 11, 12, 13, 14),
        list_values("leading", 1.2, 1.3, 1.4, 1.5),
        list_pairs(_MARGINS, (10, 10), (16, 12), (30, 20)),
        list_values("paragraph_lines", 0, 0, 1),
        [{}, {"border_padding_pt": 2}, {"border_padding_pt": 4},
         {"border_padding_pt": 4, "border_width_pt": 0.75, "border_color": "#AAB4C0"}],
        list_values("space_after_pt", 0, 3, 6),
        [{"page_color": page, "paragraph_color": paragraph, "font_color": font}
         for page, paragraph, font in (
            ("#F3F5F8", "#FFFFFF", "#1F2328"), ("#FFFFFF", "#F6F8FA", "#24292F"), ("#E8EEF7", "#FFFFFF", "#0B2545"),
            ("#FFF8E7", "#FFFDF6", "#3A2E12"), ("#EAF5EA", "#FFFFFF", "#12351C"), ("#FFFFFF", "#FFFFFF", "#202122"),
         )],
    ]  # fmt: skip


def _make_dark() -> list[Die]:
    return [
        _PAGES,
        _DPI,
        list_values("font", "sans", "sans", "mono"),
        list_values("font_size_pt", 9, 9, 10, 11, 12),
        list_values("leading", 1.1, 1.2, 1.3),
        list_pairs(_MARGINS, (10, 10), (4, 4), (20, 20)),
        list_values("paragraph_lines", 0, 30),
        _DARK,
    ]


def _make_code() -> list[Die]:
    return [
        list_pairs(_SIDES, _A4, (648, 648), (764, 560), (450, 750)),
        _DPI,
        list_values("font", "mono"),
        list_values("font_size_pt", 8, 9, 9, 10, 10, 11, 12),
        list_values("leading", 1.1, 1.2, 1.25, 1.4),
        list_pairs(_MARGINS, (4, 4), (10, 10)),
        list_values("paragraph_lines", 1),
        list_values("tab_spaces", 2, 4, 4, 8),
        [*_LIGHT, *_DARK],
    ]


def _make_pixel() -> list[Die]:
    return [
        _PAGES,
        [{"dpi": 72, "antialias": False}],
        list_values("font", "mono", "mono", "sans"),
        list_values("font_size_pt", 9, 10, 11, 12, 14),
        list_values("leading", 1.1, 1.2, 1.3),
        list_pairs(_MARGINS, (4, 4), (10, 10)),
        list_values("paragraph_lines", 1, 30),
        list_values("letter_spacing_pt", 0, 0, 0, 1),
        [*_LIGHT, *_DARK[:2]],
    ]


def _make_dense() -> list[Die]:
    return [
        list_pairs(_SIDES, _A4, _A4, _A4, _SQUARE),
        list_values("dpi", 72, 72, 72, 72, 96),
        list_values("font", "sans", "sans", "sans", "mono"),
        list_values("font_size_pt", 7, 8, 8.5, 9, 9, 9, 9.5),
        list_values("leading", 1.0, 1.1, 1.11, 1.11),
        list_pairs(_MARGINS, (4, 4), (10, 10)),
        [{"newline_mark": GLYPH_MARK, "paragraph_lines": 10_000},
         {"newline_mark": GLYPH_MARK, "paragraph_lines": 10_000, "count_runs": True},
         {"newline_mark": "⏎", "paragraph_lines": 10_000},
         {"newline_mark": GLYPH_MARK, "paragraph_lines": 30}, {}],
        [{}, {"padding_pt": 0, "fill_page": True}],
        [{}, {}, {"horizontal_scale": 0.9}],
        [{}, {}, {"font_size_pt": _GLYPH.font_size_pt, "line_height_pt": _GLYPH.line_height_pt, "leading": None}],
    ]  # fmt: skip


def _make_chat() -> list[Die]:
    return [
        list_pairs(_SIDES, _A4, _A4, (420, 595), _SQUARE, (420, 842)),
        _DPI,
        list_values("font", "sans", "sans", "sans", "mono"),
        list_values("font_size_pt", 9, 9, 9, 10, 11, 12),
        list_values("leading", 1.11, 1.11, 1.2, 1.3),
        list_pairs(_MARGINS, (4, 4), (10, 10)),
        list_values("paragraph_lines", 1, 30),
        [{}, {}, {"newline_mark": GLYPH_MARK, "paragraph_lines": 10_000}],
        [{}, {"role_colors": (
            ("system", "#6B7280"), ("user", "#0369A1"), ("assistant", "#BE123C"), ("tool", "#15803D"))}],
        [{}, {}, {}, *_DARK[:3]],
    ]  # fmt: skip


def make_themes(*, serif: tuple[str, ...] = ()) -> tuple[StyleTheme, ...]:
    """Return the seven themes: document, web, dark, code, pixel, dense, chat.

    Args:
        serif: Families with serifs, which are drawn besides the package's own fonts, which have none.
    """
    makers = {
        "document": (_make_document(serif), 3.0), "web": (_make_web(serif), 2.0), "dark": (_make_dark(), 1.0),
        "code": (_make_code(), 2.0), "pixel": (_make_pixel(), 1.0), "dense": (_make_dense(), 3.0),
        "chat": (_make_chat(), 2.0),
    }  # fmt: skip
    return tuple(StyleTheme.of(name, dice, weight=weight) for name, (dice, weight) in makers.items())

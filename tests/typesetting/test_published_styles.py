"""Glyph's published configuration files are read key by key, or refused."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from glyph_memory.errors import StyleError
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import typeset

PUBLISHED = {
    "page-size": "595,842", "dpi": 72, "margin-x": 10, "margin-y": 10, "font-path": "../config/Verdana.ttf",
    "font-size": 9, "line-height": 10, "font-color": "#000000", "alignment": "LEFT", "horizontal-scale": 1.0,
    "first-line-indent": 0, "left-indent": 0, "right-indent": 0, "space-before": 0, "space-after": 0,
    "border-width": 0, "border-padding": 0, "page-bg-color": "#FFFFFF", "para-bg-color": "#FFFFFF",
    "para-border-color": "#000000", "auto-crop-width": True, "auto-crop-last-page": True,
    "newline-markup": '<font color="#FF0000"> \\n </font>',
}  # fmt: skip


def written(folder: Path, config: object) -> Path:
    """Write a configuration file."""
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    return path


def test_a_published_configuration_is_read_key_by_key(tmp_path: Path) -> None:
    """Every key they publish; the page is not snapped, and what the reference drops is dropped."""
    style = PageStyle.from_glyph_json(written(tmp_path, PUBLISHED))
    assert style == PageStyle(
        snap_px=1, reference=True, font="../config/Verdana.ttf", newline_mark=" \\n ", crop_width=True
    )
    assert style.page_px == (595, 842)


@pytest.mark.parametrize(
    ("key", "value", "name", "expected"),
    [
        ("page-size", [300, 200], "page_width_pt", 300),
        ("page-size", "300,200", "page_height_pt", 200),
        ("dpi", 96, "dpi", 96),
        ("margin-x", 20, "margin_x_pt", 20),
        ("margin-y", 21, "margin_y_pt", 21),
        ("font-path", "mono", "font", "mono"),
        ("font-size", "8", "font_size_pt", 8),
        ("line-height", 12, "line_height_pt", 12),
        ("font-color", "#112233", "font_color", "#112233"),
        ("page-bg-color", "#FFEEDD", "page_color", "#FFEEDD"),
        ("para-bg-color", "#FFEEDD", "paragraph_color", "#FFEEDD"),
        ("para-border-color", "#00FF00", "border_color", "#00FF00"),
        ("alignment", "TA_CENTER", "alignment", "center"),
        ("alignment", "JUSTIFY", "alignment", "justify"),
        ("horizontal-scale", 0.9, "horizontal_scale", 0.9),
        ("first-line-indent", 12, "first_line_indent_pt", 12),
        ("left-indent", 13, "left_indent_pt", 13),
        ("right-indent", 14, "right_indent_pt", 14),
        ("space-before", 3, "space_before_pt", 3),
        ("space-after", 4, "space_after_pt", 4),
        ("border-width", 1, "border_width_pt", 1),
        ("border-padding", 2, "border_padding_pt", 2),
        ("auto-crop-width", False, "crop_width", False),
        ("auto-crop-last-page", False, "crop_last_page", False),
        ("newline-markup", "<br/>", "newline_mark", ""),
    ],
)
def test_each_published_key_sets_its_parameter(
    key: str, value: object, name: str, expected: object, tmp_path: Path
) -> None:
    """And no other."""
    style = PageStyle.from_glyph_json(written(tmp_path, PUBLISHED | {key: value}))
    assert getattr(style, name) == expected
    base = PageStyle.from_glyph_json(written(tmp_path, PUBLISHED))
    changed = {
        field.name for field in fields(PageStyle) if getattr(style, field.name) != getattr(base, field.name)
    }
    assert changed <= {name, "page_width_pt", "page_height_pt"} if key == "page-size" else changed <= {name}


def test_missing_keys_have_the_reference_pipelines_defaults(tmp_path: Path) -> None:
    """Justified and uncropped: what the pipeline does with a file that says nothing."""
    style = PageStyle.from_glyph_json(written(tmp_path, {}))
    assert (style.alignment, style.crop_width, style.crop_last_page) == ("justify", False, False)


def test_a_font_beside_the_file_is_found(tmp_path: Path, odd_font: Path) -> None:
    """Their configurations name fonts relative to themselves."""
    (tmp_path / "odd.ttf").write_bytes(odd_font.read_bytes())
    style = PageStyle.from_glyph_json(written(tmp_path, {"font-path": "odd.ttf"}))
    assert style.font == str(tmp_path / "odd.ttf")
    assert typeset("0", style=style)[0].escapes == 0


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"font-weight": 3}, "'font-weight': 3 in .* unknown key; known are alignment, auto-crop-last-page"),
        ({"dpi": "many"}, "'dpi': 'many' in .* cannot be used"),
        ({"dpi": None}, "'dpi': None in .* cannot be used"),
        ({"page-size": "595"}, "'page-size': '595' in .* cannot be used"),
        ({"page-size": 5}, "'page-size': 5 in .* cannot be used"),
        ({"alignment": 1}, "'alignment': 1 in .* cannot be used"),
        ({"newline-markup": 5}, "'newline-markup': 5 in .* cannot be used"),
        ({"alignment": "MIDDLE"}, "alignment='middle' must be one of left, center, right, justify"),
        ({"font-color": "black"}, "font_color='black' is no colour"),
        ({"font-color": 0}, "font_color=0 must be a string"),
        ({"font-path": 7}, "font=7 must be a string"),
        ({"auto-crop-width": "no"}, "crop_width='no' must be True or False"),
        ([1, 2], "holds no JSON object"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_refused(config: object, message: str, tmp_path: Path) -> None:
    """With the key, the value and what is wrong; no setting is lost silently."""
    with pytest.raises(StyleError, match=message) as caught:
        PageStyle.from_glyph_json(written(tmp_path, config))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_configuration_is_refused(tmp_path: Path) -> None:
    """Missing, no JSON, or no text at all: the message names the file."""
    broken = tmp_path / "broken.json"
    with pytest.raises(StyleError, match=r"cannot read '.*broken\.json' as a Glyph configuration"):
        PageStyle.from_glyph_json(broken)
    for content in (b"{", b"\xff\xfe\x00", b"[" * 100_000):
        broken.write_bytes(content)
        with pytest.raises(StyleError, match=r"cannot read '.*broken\.json' as a Glyph configuration"):
            PageStyle.from_glyph_json(broken)

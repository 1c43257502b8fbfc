"""Two equal fingerprints promise equal pixels."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from glyph_memory.errors import FontError
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import style_fingerprint

SHIPPED = Path(__file__).parents[2] / "glyph_memory" / "fonts"


def test_another_style_has_another_fingerprint() -> None:
    """Every dial counts, colours included."""
    styles = [
        PageStyle.glyph(),
        PageStyle.dark(),
        replace(PageStyle.glyph(), dpi=96),
        replace(PageStyle.glyph(), newline_mark="⏎"),
        replace(PageStyle.glyph(), font="mono"),
        replace(PageStyle.glyph(), system_fonts=False),
    ]
    assert len({style_fingerprint(style) for style in styles}) == len(styles)


def test_it_is_the_same_in_another_process() -> None:
    """Stored seals are compared with it, long after."""
    program = (
        "from glyph_memory.typesetting import style_fingerprint; from glyph_memory.style import PageStyle; "
    )
    done = subprocess.run(
        [sys.executable, "-c", program + "print(style_fingerprint(PageStyle.glyph()))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == style_fingerprint(PageStyle.glyph())


def test_nine_points_are_nine_points_however_they_are_spelled() -> None:
    """Equal styles share one place in the cache: whichever came first would say what the other's digest is."""
    style = PageStyle.glyph()
    style_fingerprint.cache_clear()
    as_floats = style_fingerprint(replace(style, font_size_pt=9.0, line_height_pt=10.0))
    style_fingerprint.cache_clear()
    assert style_fingerprint(style) == as_floats


def test_what_counts_of_a_font_is_what_is_in_it_not_where_it_lies(tmp_path: Path) -> None:
    """The same file elsewhere is the same, another file of the same name is not."""
    style = replace(PageStyle.glyph(), system_fonts=False)
    prints = []
    for folder, file in (
        ("a", "GlyphMemorySans.ttf"),
        ("b", "GlyphMemorySans.ttf"),
        ("c", "DejaVuSansMono.ttf"),
    ):
        (tmp_path / folder).mkdir()
        shutil.copy(SHIPPED / file, tmp_path / folder / "font.ttf")
        prints.append(style_fingerprint(replace(style, font=str(tmp_path / folder / "font.ttf"))))
    same, again, other = prints
    assert same == again != other


def test_a_missing_font_is_an_error() -> None:
    """It could promise nothing."""
    with pytest.raises(FontError, match=r"no-such\.ttf"):
        style_fingerprint(replace(PageStyle.glyph(), font="no-such.ttf"))

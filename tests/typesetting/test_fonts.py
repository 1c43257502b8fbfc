"""The shipped fonts read well, fonts are found by name or path, and what cannot be drawn says so."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from glyph_memory.errors import FontError, GlyphMemoryError
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import iter_pages, typeset
from glyph_memory.typesetting.fonts import SHIPPED, FontFile, find_font

BOTH = pytest.mark.parametrize("font", ["sans", "mono"])
WHOLE = PageStyle(page_width_pt=200, page_height_pt=100, snap_px=1, crop_width=False, crop_last_page=False)


def page_of(text: str, style: PageStyle = WHOLE) -> Page:
    """The page of a text that takes one."""
    (page,) = typeset(text, style=style)
    return page


# The shipped fonts.

LATIN = "".join(map(chr, (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x180))))
GREEK = "".join(map(chr, (*range(0x391, 0x3A2), *range(0x3A3, 0x3CF))))
CYRILLIC = "".join(map(chr, range(0x400, 0x460)))
SIGNS = "–—‘’“”„†‡•…‰‹›€™←↑→↓↔∂∆∏∑−√∞∫≈≠≤≥─│┌┐└┘├┤┬┴┼█▌▐░▒▓■□▪▲►▼◄◊○●☐☑✓✗"


@BOTH
@pytest.mark.parametrize("text", [LATIN, GREEK, CYRILLIC, SIGNS], ids=["Latin", "Greek", "Cyrillic", "signs"])
def test_shipped_fonts_cover_what_europe_writes(font: str, text: str) -> None:
    """Without any other font; nothing is escaped, and no two letters share an empty box."""
    pages = typeset(text, style=PageStyle(font=font, system_fonts=False))
    assert [page.escaped for page in pages] == [()]


@BOTH
@pytest.mark.parametrize(
    ("one", "other"),
    [
        *itertools.combinations("Il1|", 2), ("O", "0"), ("o", "0"), ("rn", "m"), ("cl", "d"), ("vv", "w"), ("S", "5"),
        ("B", "8"), ("Z", "2"), (",", "."), (";", ":"), ("“", "”"), ("'", "`"), ("-", "–"),
        ("c", "e"), ("G", "C"), ("u", "v"), ("(", "{"), ("[", "("),
    ],
)  # fmt: skip
def test_confusable_characters_differ_at_nine_points(font: str, one: str, other: str) -> None:
    """A reader of pixels can tell them apart: by half a black pixel at the least."""
    style = replace(WHOLE, font=font)
    apart = np.abs(page_of(one, style).array().astype(int) - page_of(other, style).array())
    assert apart.sum() >= 128


@BOTH
def test_no_two_characters_of_ascii_look_the_same(font: str) -> None:
    """All 94."""
    style = replace(WHOLE, font=font)
    assert len({page_of(character, style) for character in map(chr, range(0x21, 0x7F))}) == 94


@BOTH
def test_pixel_type_tells_ascii_apart_too(font: str) -> None:
    """Where there are no greys to help."""
    style = replace(PageStyle.pixel(), font=font, snap_px=1, crop_width=False, crop_last_page=False)
    assert len({page_of(character, style) for character in map(chr, range(0x21, 0x7F))}) == 94


def test_mono_gives_every_letter_the_same_width() -> None:
    """Tables of figures line up."""
    widths = {page_of(character * 10, replace(WHOLE, font="mono")).lines[0].box[2] for character in "iW.0é"}
    assert len(widths) == 1


@BOTH
def test_the_licence_of_a_shipped_font_is_shipped(font: str) -> None:
    """Beside it."""
    assert Path(find_font(font).path).parent == SHIPPED
    assert "Bitstream" in (SHIPPED / "LICENSE-DejaVu.txt").read_text()


def test_the_licence_of_the_emoji_font_is_shipped() -> None:
    """The Open Font License, with whose font it is and how ours was made of it."""
    licence = (SHIPPED / "LICENSE-NotoEmoji.txt").read_text()
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert "Copyright 2013 Google LLC" in licence
    assert "tools/make_emoji.py" in licence


# Finding fonts.


def test_a_font_is_found_by_path(odd_font: Path) -> None:
    """As it is, and as one of a collection."""
    assert find_font(str(odd_font)) == FontFile(str(odd_font), 0)
    assert find_font(f"{odd_font}#3") == FontFile(str(odd_font), 3)


def test_a_letter_that_a_font_leaves_empty_comes_from_the_next_font(tmp_path: Path) -> None:
    """Fonts hide characters behind glyphs without an outline; on a page those would vanish."""
    from fontTools.ttLib import TTFont

    hollow = TTFont(SHIPPED / "GlyphMemorySans.ttf")
    for table in hollow["cmap"].tables:
        if table.isUnicode():
            table.cmap[ord("Q")] = "space"
    hollow.save(tmp_path / "hollow.ttf")
    style = replace(WHOLE, font=str(tmp_path / "hollow.ttf"))
    assert page_of("Q", style) == page_of("Q")
    assert page_of("a Q", style) == page_of("a Q")


# Fonts that are none. Each error is one line: which file, and what to give instead.


def refused(font: str, text: str = "Hello") -> str:
    """Return the message with which a font is refused."""
    with pytest.raises(FontError) as caught:
        typeset(text, style=PageStyle(font=font))
    message = str(caught.value)
    assert "\n" not in message
    assert font.partition("#")[0] in message
    return message


def test_a_missing_font_is_refused() -> None:
    """By path or by family."""
    assert "give the path of a .ttf" in refused("/nowhere/at/all.ttf")
    assert "give a path to a font file, or one of 'sans' and 'mono'" in refused("No Such Family 7")


def test_a_folder_is_no_font(tmp_path: Path) -> None:
    """Not even one named like a font."""
    folder = tmp_path / "folder.ttf"
    folder.mkdir()
    assert "no font file" in refused(str(folder))


@pytest.mark.parametrize("name", ["random.ttf", "text.otf", "empty.ttc", "png.ttf"])
def test_a_file_that_is_no_font_is_refused(name: str, tmp_path: Path) -> None:
    """Whatever its name says."""
    contents = {
        "random.ttf": random.Random(7).randbytes(100_000),
        "text.otf": b"This is a text.\n" * 100,
        "empty.ttc": b"",
        "png.ttf": typeset("Hello")[0].png(),
    }
    (tmp_path / name).write_bytes(contents[name])
    assert "is no font that can be drawn" in refused(str(tmp_path / name))


def test_an_index_outside_a_collection_is_refused(odd_font: Path) -> None:
    """A single font has index 0 alone."""
    assert "is no font that can be drawn" in refused(f"{odd_font}#5")


def test_a_font_of_symbols_is_refused_as_a_styles_font(odd_font: Path, tmp_path: Path) -> None:
    """Escapes are spelled with its letters and digits."""
    from fontTools.ttLib import TTFont

    font = TTFont(odd_font)
    for table in font["cmap"].tables:
        table.cmap = {0xE100: table.cmap[0xE100]}
    path = tmp_path / "symbols.ttf"
    font.save(path)
    assert "lacks" in refused(str(path))


BITMAPS = """STARTFONT 2.1
FONT -odd-odd-medium-r-normal--8-80-75-75-c-80-iso10646-1
SIZE 8 75 75
FONTBOUNDINGBOX 8 8 0 0
STARTPROPERTIES 2
FONT_ASCENT 8
FONT_DESCENT 0
ENDPROPERTIES
CHARS 1
STARTCHAR A
ENCODING 65
SWIDTH 1000 0
DWIDTH 8 0
BBX 8 1 0 0
BITMAP
FF
ENDCHAR
ENDFONT
"""


@pytest.mark.parametrize("text", ["hello", "hello 🚀 中", ""])
def test_a_fallback_font_that_cannot_be_drawn_is_refused_every_time(text: str, tmp_path: Path) -> None:
    """At each call, in each thread, streamed or not, whether or not a character needs it."""
    path = tmp_path / "bitmaps.ttf"
    path.write_text(BITMAPS)
    style = PageStyle(fallback_fonts=("mono", str(path)))

    def draw(number: int) -> str:
        with pytest.raises(FontError) as caught:
            list(iter_pages(iter([text]), style=style)) if number % 2 else typeset(text, style=style)
        return str(caught.value)

    messages = [draw(number) for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        messages += pool.map(draw, range(8))
    assert set(messages) == {
        f"font {str(path)!r} holds bitmaps only; pick a TrueType or OpenType font with outlines"
    }


def test_a_colour_fonts_empty_outlines_draw_nothing(odd_font: Path, tmp_path: Path) -> None:
    """Such a font holds pictures, and outlines of two points that only say how large they are."""
    from fontTools.pens.ttGlyphPen import TTGlyphPen
    from fontTools.ttLib import TTFont

    font = TTFont(odd_font)
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((900, 900))
    pen.closePath()
    font["glyf"]["uE100"] = pen.glyph()
    font.save(tmp_path / "pictures.ttf")
    style = replace(WHOLE, fallback_fonts=(str(tmp_path / "pictures.ttf"),), system_fonts=False)
    (escape,) = page_of("\ue100", style).escaped
    assert escape.reason == "no font"


@pytest.mark.parametrize("share", [0.001, 0.01, 0.3, 0.6, 0.9, 0.99])
def test_a_truncated_font_is_refused_or_drawn_but_never_crashes(share: float, tmp_path: Path) -> None:
    """Half a download."""
    whole = Path(find_font("sans").path).read_bytes()
    path = tmp_path / "cut.ttf"
    path.write_bytes(whole[: int(len(whole) * share)])
    try:
        assert typeset("Hello, fox. §é", style=PageStyle(font=str(path)))
    except FontError as error:
        assert str(path) in str(error)
        assert "\n" not in str(error)


HOSTILE = """
import random, sys
from pathlib import Path
from glyph_memory.errors import GlyphMemoryError
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import iter_pages, typeset
from glyph_memory.typesetting.fonts import find_font

whole, folder = Path(find_font("sans").path).read_bytes(), Path(sys.argv[1])
for seed in range(30):
    draw = random.Random(seed)
    font = bytearray(whole)
    # Early bytes are the table of tables; flips there break more than those in outlines.
    for _ in range(draw.choice([1, 10, 300, 3000])):
        font[draw.randrange(draw.choice([400, 4000, len(font)]))] = draw.randrange(256)
    path = folder / f"{seed}.ttf"
    path.write_bytes(font)
    for antialias in (True, False):
        try:
            pages = typeset("The quick brown fox: 0123456789 éßÆ Ωж e\\u0301 \\u0645 " * 20,
                            style=PageStyle(font=str(path), antialias=antialias, system_fonts=False))
            print(seed, "drawn", len(pages))
        except GlyphMemoryError as error:
            assert "\\n" not in str(error), str(error)
            print(seed, type(error).__name__)
"""


def test_hostile_fonts_are_refused_or_drawn_but_never_crash(tmp_path: Path) -> None:
    """Thirty copies of a shipped font with flipped bytes: a typed error or pages, and never a dead process."""
    done = subprocess.run(
        [sys.executable, "-c", HOSTILE, str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        cwd=Path.cwd(),
    )
    assert done.returncode == 0, done.stderr[-2000:]
    outcomes = [line.split()[1] for line in done.stdout.splitlines()]
    assert len(outcomes) == 60
    assert set(outcomes) <= {"drawn", "FontError", "StyleError"}
    assert len(set(outcomes)) > 1


def test_every_font_error_is_one_of_ours() -> None:
    """`except GlyphMemoryError` is enough."""
    with pytest.raises(GlyphMemoryError):
        typeset("Hello", style=PageStyle(font="/nowhere.ttf"))

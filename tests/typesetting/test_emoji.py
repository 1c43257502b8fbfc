"""Everyday emoji are drawn on any machine, and what only says how one looks is no escape; elsewhere it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from glyph_memory.page import Escape, Page
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import spell_page, typeset
from glyph_memory.typesetting.font_chain import FontChain
from glyph_memory.typesetting.fonts import SHIPPED, Face, find_font

STYLE = PageStyle(page_width_pt=400, page_height_pt=300, snap_px=1, system_fonts=False, crop_width=False)
EVERYDAY = (
    "✅❌⚠🚀🔥👍👎📝🎉💡➡✨😀😂❤🤔✔✓⭐🙏📌🛠🐛👉🔴🟢🟡🔵🟠⬛⬜🔒🔓🔑📁📂📄📊📈📉⏰⏳🧪🤖🧠⚙🔧🔍🔗📦🗑⬆🔄🆕💬📢😢😡🥳🤣💙💚💔👀💯🎯🏆"
    "💻🌍🌟☕🍕🐍🐳🦀🧩🧹🚧🚨⛔🛑❓❗➕➖🙂🙈🤷🤦💪👏🤝🫡🥺😭😍🥰😎🤯💀☀"
)
"""What models and people write most."""


def page_of(text: str) -> Page:
    """The page of a text that takes one."""
    (page,) = typeset(text, style=STYLE)
    return page


@pytest.mark.parametrize("font", ["sans", "mono"])
def test_everyday_emoji_are_drawn_without_any_installed_font(font: str) -> None:
    """Nearly all of them were numbers before."""
    (page,) = typeset(EVERYDAY, style=replace(STYLE, font=font))
    assert [escape.character for escape in page.escaped] == []


def test_an_agents_checklist_has_no_escapes() -> None:
    """One character in nine was."""
    page = page_of("✅ Step 1 done 🚀\n❌ Step 2 failed 🔥 👉 retry\n⚠️ Watch out!\n" * 8)
    assert page.escapes == 0


def test_no_two_everyday_emoji_look_the_same_at_nine_pixels() -> None:
    """Each can be told from all others, circles of different colours too."""
    assert len({page_of(emoji) for emoji in EVERYDAY}) == len(EVERYDAY)


def test_emoji_print_dark() -> None:
    """Two thirds of the everyday ones have a pixel that is nearly black: the font is the bold one."""
    dark = [emoji for emoji in EVERYDAY if page_of(emoji).array().min() < 80]
    assert len(dark) > 2 / 3 * len(EVERYDAY)


def test_a_sign_that_text_fonts_have_stays_theirs() -> None:
    """The ticks and stars that pages had before emoji came along look as they did."""
    fonts = FontChain(STYLE)
    for sign in "✓✔✗★☆♥❤☑☺⚠→—😀😂":
        face = fonts.find(sign)
        assert face is not None
        assert face.file == find_font("sans")
    rocket = fonts.find("🚀")
    assert rocket is not None
    assert rocket.file == find_font("emoji")


def test_the_emoji_font_has_what_the_text_fonts_lack() -> None:
    """So it changes no character that could be drawn before; but for the keys, which it needs inside their boxes."""
    from fontTools.ttLib import TTFont

    sans, mono, emoji = (
        set(TTFont(find_font(name).path).getBestCmap()) for name in ("sans", "mono", "emoji")
    )
    assert "".join(map(chr, sorted(emoji & (sans | mono)))) == "#*0123456789"


def test_the_emoji_font_is_small() -> None:
    """A quarter of a megabyte at most."""
    assert (SHIPPED / "GlyphMemoryEmoji.otf").stat().st_size <= 250_000


def test_emoji_of_two_lines_never_touch() -> None:
    """None is higher than lines of the default style are apart."""
    from fontTools.ttLib import TTFont

    file, style = find_font("emoji"), PageStyle.glyph()
    face = Face(file, width_px=style.font_size_pt, height_px=style.font_size_pt)
    codes = TTFont(file.path).getBestCmap()
    rasters = [face.raster(face.glyph(chr(code))) for code in codes]
    above = max(raster.top for raster in rasters)
    below = max(len(raster.coverage) - raster.top for raster in rasters)
    assert len(codes) > 600
    assert above + below <= style.line_height_pt


@pytest.mark.parametrize(
    ("text", "alike"),
    [
        ("✔️", "✔"),
        ("✔︎", "✔"),
        ("❤️", "❤"),
        ("⚠️ x", "⚠ x"),
        ("👨‍👩‍👧", "👨👩👧"),
        ("🤷‍♂️", "🤷♂"),
        ("❤️‍🔥", "❤🔥"),
        ("👩🏽‍💻", "👩🏽💻"),
    ],
    ids=ascii,
)
def test_what_says_how_an_emoji_looks_is_drawn_as_nothing(text: str, alike: str) -> None:
    """A selector after a sign, a joiner between two: not drawn, not escaped, not lost."""
    page = page_of(text)
    assert page == page_of(alike)
    assert page.escapes == 0
    assert page.text == text
    assert spell_page(page) == alike


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a\ufe0f", "\ufe0f"),
        ("✔\ufe0f\ufe0f", "\ufe0f"),
        ("\ufe0f✔", "\ufe0f"),
        ("✔\ufe01", "\ufe01"),
        ("✔\U000e0101", "\U000e0101"),
        ("1\ufe0f", "\ufe0f"),
        ("👨\u200d", "\u200d"),
        ("👨\u200da", "\u200d"),
        ("a\u200d👨", "\u200d"),
        ("👨\u200d\u200d👩", "\u200d\u200d"),
        ("👨\u200d\U0001fbff", "\u200d\U0001fbff"),
        ("🏳\u200d🌈", "\u200d🌈"),
        ("\U0001fbff\ufe0f", "\U0001fbff\ufe0f"),
        ("🏴\U000e0067\U000e007f", "\U000e0067\U000e007f"),
        ("zero\u200bwidth", "\u200b"),
        ("✔\u200b", "\u200b"),
    ],
    ids=ascii,
)
def test_what_could_hide_something_is_escaped(text: str, escaped: str) -> None:
    """Beside letters and undrawn emoji, in rows, and selectors that mean nothing: each is a number on the page."""
    page = page_of(text)
    assert page.escapes == len(escaped)
    assert {escape.character for escape in page.escaped} == set(escaped)
    spelled = "".join(f"\\u{{{ord(one):x}}}" if one in escaped else one for one in text)
    if "✔\ufe0f" not in text:
        assert spell_page(page) == spelled


@pytest.mark.parametrize("key", "#*0123456789")
def test_a_keycap_is_its_digit_in_a_box(key: str) -> None:
    """With the selector that belongs between them, or without."""
    boxed, bare = page_of(f"{key}\ufe0f\u20e3"), page_of(f"{key}\u20e3")
    assert boxed == bare
    assert boxed.escapes == bare.escapes == 0
    assert spell_page(boxed) == f"{key}\u20e3"
    assert (boxed.array() < 255).sum() > (page_of(key).array() < 255).sum()


def test_a_run_of_signs_is_counted_without_the_one_in_a_box() -> None:
    """What joins a sign is never lost behind a number."""
    (page,) = typeset("*" * 20 + "\ufe0f\u20e3 b", style=STYLE.dense())
    assert spell_page(page) == "*×19*\u20e3 b"
    assert page.escapes == 0


def test_a_box_around_anything_else_is_escaped() -> None:
    """No font that comes along has boxed letters."""
    assert page_of("a\u20e3").escaped == (Escape(character="\u20e3", count=1, reason="invisible"),)


def test_a_flag_is_its_two_letters_in_boxes() -> None:
    """Nobody takes them for typed letters."""
    page, letters = page_of("🇩🇪").array() < 255, page_of("DE").array() < 255
    assert page_of("🇩🇪").escapes == 0
    assert page.any(axis=1).sum() > letters.any(axis=1).sum()
    assert page.sum() > 2 * letters.sum()


@given(st.text(st.sampled_from("a1 §✔❤👨👩💻🏽🇩\u20e3\ufe0f\ufe0e\u200d\u0301\U0001fbff\n"), max_size=20))
@example("1\ufe0f\u20e3\ufe0f")
@example("\u0301\u20e3\ufe0f\u200d❤")
def test_any_row_of_them_stands_on_the_page_whole(text: str) -> None:
    """Every character is counted as an escape or drawn; spelling a page never fails and tells each escape."""
    pages = typeset(text or " ", style=STYLE)
    assert "".join(page.text for page in pages) == (text or " ")
    assert sum(spell_page(page).count("\\u{") for page in pages) == sum(page.escapes for page in pages)

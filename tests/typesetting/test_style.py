"""Every parameter of a style visibly does what its docstring says; a guard holds the list complete."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from glyph_memory.style import PageStyle
from glyph_memory.transcript import Transcript, Turn
from glyph_memory.typesetting import typeset
from tests.typesetting.drawing import (
    LEFT,
    LINE,
    PLAIN,
    TOP,
    WORDS,
    bounds,
    colored,
    ink,
    lines_of_ink,
    page_of,
    pages_of,
    texts,
)

# The guard: `test_<parameter>_…` for each one.


def test_every_parameter_has_a_test() -> None:
    """A parameter that nothing here looks at could be ignored without anyone noticing."""
    names = sorted((field.name for field in fields(PageStyle)), key=len, reverse=True)
    tests = [test.removeprefix("test_") for test in globals() if test.startswith("test_")]
    tested = {next((name for name in names if test.startswith(f"{name}_")), "") for test in tests}
    assert set(names) - tested == set()


# The page.


def test_page_width_pt_is_the_images_width_and_breaks_lines_earlier() -> None:
    """At 72 dpi a point is a pixel."""
    wide, narrow = page_of(WORDS), page_of(WORDS, page_width_pt=200)
    assert (wide.size[0], narrow.size[0]) == (300, 200)
    assert len(narrow.lines) > len(wide.lines)


def test_page_height_pt_is_the_images_height_and_holds_fewer_lines() -> None:
    """A page half as tall takes the rest of the text to a second one."""
    pages = pages_of("\n".join("abcdefghijkl"), page_height_pt=100)
    assert [page.size[1] for page in pages] == [100, 100]
    assert [len(page.lines) for page in pages] == [6, 6]


def test_dpi_scales_the_image_and_leaves_the_breaks() -> None:
    """Twice the resolution: twice the sides, the same lines."""
    page, fine = page_of(WORDS), page_of(WORDS, dpi=144)
    assert fine.size == (2 * page.size[0], 2 * page.size[1])
    assert texts(fine) == texts(page)
    left, top, *_ = bounds(ink(fine))
    assert (abs(left - 2 * LEFT) <= 2, abs(top - 2 * bounds(ink(page))[1]) <= 2) == (True, True)


@pytest.mark.parametrize("snap_px", [1, 2, 14, 28, 32])
def test_snap_px_makes_sides_multiples_and_keeps_the_lines(snap_px: int) -> None:
    """Margins give, the text box does not; cropped pages are snapped as well."""
    for crop in (True, False):
        page = page_of(WORDS, snap_px=snap_px, crop_width=crop, crop_last_page=crop)
        assert [side % snap_px for side in page.size] == [0, 0]
        assert texts(page) == texts(page_of(WORDS))


def test_margin_x_pt_moves_the_text_in_and_stays_right_of_the_ink() -> None:
    """Five points more move every line five pixels, and narrow it by ten."""
    page, moved = page_of("Hello"), page_of("Hello", margin_x_pt=15)
    assert bounds(ink(moved))[0] == bounds(ink(page))[0] + 5
    cropped = page_of("Hello", margin_x_pt=15, crop_width=True)
    assert cropped.size[0] == bounds(ink(cropped))[2] + 15
    assert PageStyle(margin_x_pt=15).text_box_px[0] == PageStyle().text_box_px[0] - 10


def test_margin_y_pt_moves_the_text_down_and_stays_below_the_ink() -> None:
    """As across the page."""
    page, moved = page_of("Hello"), page_of("Hello", margin_y_pt=15)
    assert bounds(ink(moved))[1] == bounds(ink(page))[1] + 5
    cropped = page_of("Hello", margin_y_pt=15, crop_last_page=True)
    assert cropped.size[1] == bounds(ink(cropped))[3] + 15


def test_padding_pt_moves_the_text_in_on_all_sides() -> None:
    """It is added to both margins and left out of the cropping."""
    page, bare = page_of("Hello"), page_of("Hello", padding_pt=0)
    assert np.subtract(bounds(ink(page)), bounds(ink(bare))).tolist() == [6, 6, 6, 6]
    cropped = page_of("Hello", padding_pt=0, crop_width=True)
    assert cropped.size[0] == bounds(ink(cropped))[2] + PLAIN.margin_x_pt


def test_columns_fill_from_left_to_right() -> None:
    """The second column begins where the first one is full, at the top, and the gap between them stays empty."""
    page = page_of("\n".join(f"line {number}" for number in range(32)), columns=2)
    lefts = [line.box[0] for line in page.lines]
    assert lefts == [LEFT] * 16 + [LEFT + 134 + 7] * 16
    assert [line.box[1] for line in page.lines[:16]] == [line.box[1] for line in page.lines[16:]]
    assert not ink(page_of(WORDS * 2, columns=2))[:, 145:155].any()


def test_column_gap_pt_moves_the_second_column() -> None:
    """By half of what the gap grows, as both columns get narrower."""
    text = "\n".join(map(str, range(32)))
    near, far = page_of(text, columns=2), page_of(text, columns=2, column_gap_pt=34)
    assert far.lines[16].box[0] - near.lines[16].box[0] == 10
    assert bounds(ink(far)[:, 100:])[0] - bounds(ink(near)[:, 100:])[0] == 10


# The type.


def test_font_picks_the_letters_and_their_widths(odd_font: Path) -> None:
    """`mono` gives every letter the same width; a path gives the font behind it, here with square digits."""
    narrow, wide = page_of("iii", font="mono"), page_of("MMM", font="mono")
    assert narrow.lines[0].box == wide.lines[0].box
    assert page_of("iii").lines[0].box[2] < page_of("MMM").lines[0].box[2]
    square = ink(page_of("0", font=str(odd_font), font_size_pt=10))
    left, top, right, bottom = bounds(square)
    assert (right - left, bottom - top, bool(square[top:bottom, left:right].all())) == (7, 7, True)


def test_fallback_fonts_are_tried_before_anything_is_escaped(odd_font: Path) -> None:
    """A character of none of the package's fonts is drawn from the fallback named."""
    assert page_of("\ue100", system_fonts=False).escapes == 1
    page = page_of("\ue100", system_fonts=False, fallback_fonts=(str(odd_font),), font_size_pt=10)
    assert page.escapes == 0
    left, top, right, bottom = bounds(ink(page))
    assert (right - left, bottom - top) == (7, 7)


def test_fallback_fonts_come_after_the_styles_own(odd_font: Path) -> None:
    """Digits, which both have, stay those of the first font."""
    assert page_of("0123", fallback_fonts=(str(odd_font),)) == page_of("0123")


@pytest.mark.parametrize("system_fonts", [True, False])
def test_system_fonts_are_used_only_where_allowed(system_fonts: bool, odd_font: Path, tmp_path: Path) -> None:
    """A machine with one installed font draws its letter, or spells it where the style asks for no such fonts."""
    folder = tmp_path / ".fonts"
    folder.mkdir()
    (folder / "odd.ttf").write_bytes(odd_font.read_bytes())
    config = tmp_path / "fonts.conf"
    config.write_text(
        f"<fontconfig><dir>{folder}</dir><cachedir>{tmp_path / 'cache'}</cachedir></fontconfig>"
    )
    program = (
        "from glyph_memory.style import PageStyle; from glyph_memory.typesetting import typeset;"
        f"print(typeset('\\ue100', style=PageStyle(system_fonts={system_fonts}))[0].escapes)"
    )
    home = {"HOME": str(tmp_path), "FONTCONFIG_FILE": str(config), "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **home},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ("0" if system_fonts else "1")


def test_font_size_pt_makes_letters_larger() -> None:
    """In both directions, in proportion."""
    small, large = (bounds(ink(page_of("HHHH", font_size_pt=size, line_height_pt=40))) for size in (10, 20))
    for start, end in ((0, 2), (1, 3)):
        assert large[end] - large[start] == pytest.approx(2 * (small[end] - small[start]), abs=2)


def test_line_height_pt_sets_baselines_apart() -> None:
    """From one line's top to the next, and with it the lines a page holds."""
    page = page_of("H\nH\nH", line_height_pt=17)
    assert [line.box[1] for line in page.lines] == [TOP, TOP + 17, TOP + 34]
    rows = np.flatnonzero(np.diff(ink(page).any(axis=1).astype(int)) == 1)
    assert np.diff(rows).tolist() == [17, 17]
    assert (replace(PLAIN, line_height_pt=17).lines_per_column, PLAIN.lines_per_column) == (9, 16)


@pytest.mark.parametrize("spacing", [2.0, -1.0])
def test_letter_spacing_pt_is_added_to_every_character(spacing: float) -> None:
    """Five letters, five times the spacing; negative spacing narrows."""
    loose, page = (page_of("HHHHH", letter_spacing_pt=points) for points in (spacing, 0))
    assert loose.lines[0].box[2] - page.lines[0].box[2] == pytest.approx(5 * spacing, abs=1)
    assert bounds(ink(loose))[2] - bounds(ink(page))[2] == pytest.approx(4 * spacing, abs=1)


def test_horizontal_scale_stretches_page_and_letters_in_width_only() -> None:
    """Twice as wide, the same lines, the same height."""
    page, wide = page_of("HH"), page_of("HH", horizontal_scale=2)
    assert wide.size == (600, 200)
    (a, top, b, bottom), (c, wide_top, d, wide_bottom) = bounds(ink(page)), bounds(ink(wide))
    assert (wide_top, wide_bottom) == (top, bottom)
    assert c == pytest.approx(2 * a, abs=1)
    assert d == pytest.approx(2 * b, abs=1)
    assert texts(page_of(WORDS, horizontal_scale=2)) == texts(page_of(WORDS))


def test_antialias_off_leaves_two_inks() -> None:
    """Black or nothing, for pixel type; greys with it."""
    assert np.unique(page_of(WORDS, antialias=False).array()).tolist() == [0, 255]
    assert len(np.unique(page_of(WORDS).array())) > 10


def test_space_shrink_lets_one_more_word_onto_a_line() -> None:
    """Spaces that give half of themselves take a word that would stand two letters over; nothing leaves the line."""
    style = {"font": "mono", "page_width_pt": 32 + 23 * 5.42, "font_size_pt": 9}
    text = "aaaa aaaa aaaa aaaa aaaa bbbb"
    stiff, soft = (page_of(text, space_shrink=share, **style) for share in (0, 0.5))
    assert texts(stiff)[0] == "aaaa aaaa aaaa aaaa "
    assert texts(soft)[0] == "aaaa aaaa aaaa aaaa aaaa "
    assert bounds(lines_of_ink(soft)[0])[2] <= soft.size[0] - LEFT


def test_tab_spaces_is_a_tabs_width() -> None:
    """A tab pushes what follows as far as that many spaces do."""
    for spaces in (1, 4, 8):
        assert page_of("a\tb", tab_spaces=spaces) == page_of("a" + " " * spaces + "b")


# Paragraphs.


def test_alignment_right_puts_ink_at_the_right_edge() -> None:
    """Each line ends at the right margin."""
    page = page_of("one\nthirteen\na", alignment="right")
    for line in lines_of_ink(page):
        assert bounds(line)[2] == pytest.approx(page.size[0] - LEFT, abs=1)


def test_alignment_center_leaves_the_same_on_both_sides() -> None:
    """To the pixel, give or take a letter's own bearing."""
    page = page_of("HHH\nHHHHHHHH", alignment="center")
    for line in lines_of_ink(page):
        left, _, right, _ = bounds(line)
        assert left == pytest.approx(page.size[0] - right, abs=2)


def test_alignment_left_puts_ink_at_the_left_edge() -> None:
    """Each line begins at the left margin, where the right side is ragged."""
    edges = [bounds(line) for line in lines_of_ink(page_of(WORDS))]
    assert all(edge[0] == pytest.approx(LEFT, abs=1) for edge in edges)
    assert len({edge[2] for edge in edges}) > 1


def test_alignment_justify_makes_both_edges_straight_but_for_the_last_line() -> None:
    """Spaces stretch on every line that goes on."""
    page = page_of(WORDS.strip(), alignment="justify")
    edges = [bounds(line) for line in lines_of_ink(page)]
    assert len(edges) > 3
    assert all(edge[0] == pytest.approx(LEFT, abs=1) for edge in edges)
    assert all(edge[2] == pytest.approx(page.size[0] - LEFT, abs=2) for edge in edges[:-1])
    assert page.lines[-1].box == page_of(WORDS.strip()).lines[-1].box


def test_first_line_indent_pt_moves_a_paragraphs_first_line_only() -> None:
    """In, or out for a hanging indent, when the others are indented; by pixels exactly."""
    lefts = [line.box[0] for line in page_of(WORDS, first_line_indent_pt=20).lines]
    assert lefts == [LEFT + 20] + [LEFT] * (len(lefts) - 1)
    hanging = [line.box[0] for line in page_of(WORDS, first_line_indent_pt=-20, left_indent_pt=20).lines]
    assert hanging == [LEFT] + [LEFT + 20] * (len(hanging) - 1)
    each = page_of("a\nb\nc", first_line_indent_pt=20, paragraph_lines=1)
    assert [bounds(line)[0] > LEFT + 18 for line in lines_of_ink(each)] == [True] * 3


def test_left_indent_pt_moves_every_line() -> None:
    """And narrows it."""
    page, moved = page_of(WORDS), page_of(WORDS, left_indent_pt=40)
    assert {line.box[0] for line in moved.lines} == {LEFT + 40}
    assert bounds(ink(page_of("H", left_indent_pt=40)))[0] == bounds(ink(page_of("H")))[0] + 40
    assert len(moved.lines) > len(page.lines)


def test_right_indent_pt_ends_every_line_earlier() -> None:
    """No ink stands in it."""
    page = page_of(WORDS, right_indent_pt=40)
    assert not ink(page)[:, -LEFT - 40 + 1 :].any()
    assert ink(page_of(WORDS))[:, -LEFT - 40 + 1 :].any()


def test_space_before_pt_stands_above_paragraphs_but_not_at_a_pages_top() -> None:
    """The first paragraph begins at the text box."""
    page = page_of("a\nb\nc", space_before_pt=7, paragraph_lines=1)
    assert [line.box[1] for line in page.lines] == [TOP, TOP + 17, TOP + 34]
    first = pages_of("\n".join("abcdefghijkl"), space_before_pt=7, paragraph_lines=1)[1].lines[0]
    assert first.box[1] == TOP


def test_space_after_pt_stands_below_paragraphs() -> None:
    """Between two of them both spaces add up."""
    page = page_of("a\nb\nc", space_after_pt=5, paragraph_lines=1)
    assert [line.box[1] for line in page.lines] == [TOP, TOP + 15, TOP + 30]
    both = page_of("a\nb\nc", space_after_pt=5, space_before_pt=7, paragraph_lines=1)
    assert [line.box[1] for line in both.lines] == [TOP, TOP + 22, TOP + 44]


def test_border_width_pt_frames_a_paragraph() -> None:
    """Four straight edges of that thickness round the text, over the whole width of the column."""
    page = page_of("a\nb", border_width_pt=2, border_color="#00AA00", border_padding_pt=3)
    frame = colored(page, "#00AA00")
    left, top, right, bottom = bounds(frame)
    assert (left, top, right, bottom) == (LEFT, TOP, 300 - LEFT, TOP + 2 * LINE + 10)
    inside = np.s_[top + 2 : bottom - 2, left + 2 : right - 2]
    assert not frame[inside].any()
    frame[inside] = True
    assert frame[top:bottom, left:right].all()


def test_border_padding_pt_stands_between_frame_and_text() -> None:
    """Seven points more move the text by seven pixels both ways; the frame grows with it."""
    near, far = (page_of("H", border_width_pt=1, border_padding_pt=points) for points in (1, 8))
    moved = np.subtract([line.box for line in far.lines], [line.box for line in near.lines])
    assert moved.tolist() == [[7, 7, 7, 7]]
    assert bounds(ink(far))[3] - bounds(ink(near))[3] == 14


def test_paragraph_lines_says_how_many_lines_make_a_paragraph() -> None:
    """Here seen by the space after each; 30 in the reference, and so by default."""
    tops = [line.box[1] for line in page_of("a\nb\nc\nd", paragraph_lines=2, space_after_pt=5).lines]
    assert tops == [TOP, TOP + 10, TOP + 25, TOP + 35]
    page = typeset("\n".join(["a"] * 31), style=PageStyle(space_after_pt=5))[0]
    gaps = np.diff([line.box[1] for line in page.lines])
    assert gaps.tolist() == [10] * 29 + [15]


def test_newline_mark_stands_in_place_of_line_breaks() -> None:
    """Three lines of the source share one; a line still ends where a paragraph does."""
    page = page_of("a\nb\nc", newline_mark="⏎")
    assert texts(page) == ["a\nb\nc"]
    assert page.lines[0].box == page_of("a⏎b⏎c").lines[0].box
    assert texts(page_of("a\nb\nc\nd\n", newline_mark="⏎", paragraph_lines=2)) == ["a\nb\n", "c\nd\n"]


def test_newline_mark_may_be_several_characters() -> None:
    r"""The reference's red ` \n ` is as wide as its four characters."""
    page = page_of("a\nb", newline_mark=" \\n ", font="mono", antialias=False)
    spelled = page_of("a \\n b", font="mono", antialias=False)
    assert page.lines[0].box == spelled.lines[0].box
    assert (ink(page) == ink(spelled)).all()


def test_count_runs_draws_numbers_for_what_is_counted() -> None:
    """Each is as wide as what is spelled, and a gap of an eighth of the letters' size where a mark has no spaces."""
    counted = {"count_runs": True, "newline_mark": " | ", "font": "mono", "antialias": False}
    page, spelled = (
        page_of("a\n    b\n\n\n\nc", **counted),
        page_of("a |4 b |×4 c", font="mono", antialias=False),
    )
    assert texts(page) == ["a\n    b\n\n\n\nc"]
    assert page.lines[0].box == spelled.lines[0].box
    assert (ink(page) == ink(spelled)).all()


def test_fill_page_gives_the_page_to_the_text() -> None:
    """All but the margins and the padding, of the page as it is snapped."""
    assert PageStyle(fill_page=True).text_box_px == (588 - 32, 840 - 32)
    assert PageStyle(fill_page=True, padding_pt=0, margin_x_pt=0, margin_y_pt=0).text_box_px == (588, 840)


# Colours.


def test_font_color_is_the_inks() -> None:
    """And nothing else's."""
    page = page_of("HHHH", font_color="#0000FF", antialias=False)
    assert (colored(page, "#0000FF") == ink(page)).all()


def test_page_color_is_the_papers() -> None:
    """Corners and gaps alike; a paragraph has its own."""
    page = page_of("HHHH", page_color="#FFEECC", paragraph_color="#FFEECC", antialias=False)
    assert (colored(page, "#FFEECC") == ~ink(page_of("HHHH", antialias=False))).all()


def test_paragraph_color_is_behind_the_text_and_nowhere_else() -> None:
    """A box as wide as the column and as tall as the paragraph; blank paragraphs have none."""
    page = page_of("a\n\n\nb", paragraph_color="#CCFFCC", paragraph_lines=1, antialias=False)
    boxes = ~colored(page, "#FFFFFF")
    expected = np.zeros_like(boxes)
    for line in (0, 3):
        expected[TOP + line * LINE : TOP + (line + 1) * LINE, LEFT : 300 - LEFT] = True
    assert (boxes == expected).all()
    assert (colored(page, "#000000") == colored(page_of("a\n\n\nb", antialias=False), "#000000")).all()


def test_border_color_is_the_frames() -> None:
    """The text keeps its own."""
    red = page_of("HHHH", border_width_pt=1, border_color="#CC0000", antialias=False)
    black = page_of("HHHH", border_width_pt=1, antialias=False)
    frame = colored(red, "#CC0000")
    assert (frame | colored(red, "#000000") == colored(black, "#000000")).all()
    assert frame.sum() == 2 * (268 + 12) - 4


def test_newline_color_is_the_marks() -> None:
    """All of the mark and nothing but the mark."""
    page = page_of("HH\nHH", newline_mark="#", newline_color="#008800", antialias=False)
    mark, whole = colored(page, "#008800"), page_of("HH#HH", antialias=False)
    assert (mark | colored(page, "#000000") == ink(whole)).all()
    left, _, right, _ = bounds(mark)
    assert (ink(whole)[:, left:right] == mark[:, left:right]).all()


def test_role_colors_are_the_labels() -> None:
    """Each role's label is drawn in its own, and no other ink is."""
    colors = {"system": "#AA0000", "user": "#00AA00", "assistant": "#0000AA", "tool": "#AA00AA"}
    talk = Transcript(tuple(Turn(role=role, text="hi") for role in ("system", "user", "assistant", "tool")))
    (page,) = typeset(
        talk, style=replace(PLAIN, role_colors=tuple(colors.items()), antialias=False, line_height_pt=16)
    )
    for line, color in zip(page.lines, colors.values(), strict=True):
        rows = np.flatnonzero(colored(page, color).any(axis=1))
        assert line.box[1] <= rows[0] <= rows[-1] < line.box[3]


# Cropping and parity.


def test_crop_width_cuts_off_what_is_empty_on_the_right() -> None:
    """The margin is kept, and no pixel of the rest changes."""
    page, whole = page_of("Hello", crop_width=True), page_of("Hello")
    assert page.size == (bounds(ink(whole))[2] + 10, whole.size[1])
    assert (page.array() == whole.array()[:, : page.size[0]]).all()


def test_crop_last_page_cuts_off_what_is_empty_below() -> None:
    """Of the last page alone."""
    text = "\n".join(map(str, range(20)))
    first, last = pages_of(text, crop_last_page=True)
    assert (first.size, last.size) == ((300, 200), (300, bounds(ink(last))[3] + 10))
    assert (last.array() == pages_of(text)[1].array()[: last.size[1]]).all()


def test_reference_drops_what_the_reference_drops() -> None:
    """Soft hyphens and zero-width spaces, which are escaped otherwise; the page's text still holds them."""
    page = page_of("soft\u00adhyphen\u200b.", reference=True)
    assert (page.escapes, page.text) == (0, "soft\u00adhyphen\u200b.")
    assert (ink(page) == ink(page_of("softhyphen.", reference=True))).all()
    assert page_of("soft\u00adhyphen\u200b.").escapes == 2

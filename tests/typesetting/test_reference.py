"""Reference mode breaks lines and pages as the reference pipeline does: known answers, then the pipeline itself."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import typeset
from glyph_memory.typesetting.trace import trace_pages
from lib import corpus
from lib.chinese import chinese

_LETTER_PT = 1233 / 2048 * 9
"""Every letter and space of the monospaced font."""
_TWELVE = "b" * 12
_CHINESE_FONT = corpus.FONTS["zh"]
_ROW = " ".join(f"the {number} letters of the keeper at the old gate" for number in range(400))
_MARK = '<font color="#FF0000"> \\n </font>'

_chinese = pytest.mark.skipif(not _CHINESE_FONT.exists(), reason="WenQuanYi Micro Hei is not installed")


# White space.


def test_lines_break_at_spaces_only() -> None:
    """Neither hyphens nor slashes nor no-break spaces end a line, and the space belongs to the line it ends."""
    assert _lines("aaa-bbb/ccc ddd\u00a0eee ff", letters=12) == ["aaa-bbb/ccc ", "ddd\u00a0eee ff"]


def test_two_spaces_do_not_break() -> None:
    """A run of two or more spaces becomes no-break spaces; a tab, with or without spaces, is a single space."""
    assert _lines("aaaaa bbbb  cccc", letters=12) == ["aaaaa ", "bbbb  cccc"]
    assert _lines("aaaaa bbbb\tcccc", letters=12) == ["aaaaa bbbb\t", "cccc"]
    assert _lines("aaaaa \t bbbbbb cc", letters=12) == ["aaaaa \t bbbbbb ", "cc"]


def test_dropped_characters_take_no_room() -> None:
    """Soft hyphens and zero-width spaces are not drawn; spaces on both sides of one are a run of two."""
    assert _lines("aaa\u00adaaa\u200baa bbb", letters=12) == ["aaa\u00adaaa\u200baa bbb"]
    assert _lines("aaaaa bbbb \u00ad cccc", letters=12) == ["aaaaa ", "bbbb \u00ad cccc"]


def test_white_space_beside_a_line_break_vanishes() -> None:
    """What fits exactly still fits with a space before or after it, and begins at the margin."""
    assert _lines(f"{_TWELVE} \n {_TWELVE}\t\n", letters=12) == [f"{_TWELVE} \n ", f"{_TWELVE}\t\n"]
    [page] = _set(f"{_TWELVE} \n {_TWELVE}", letters=20)
    assert page.lines[0].box[2] == page.lines[1].box[2]


# Words.


def test_spaces_give_a_twentieth_of_their_width() -> None:
    """Two spaces let a line be a tenth of a letter too long, no more; it is then drawn no wider than the line."""
    assert _lines("aaaa bbbb cccc", letters=13.91) == ["aaaa bbbb cccc"]
    assert _lines("aaaa bbbb cccc", letters=13.89) == ["aaaa bbbb ", "cccc"]
    [page] = _set("aaaa bbbb cccc", letters=13.91)
    assert page.lines[0].box[2] <= 13.91 * _LETTER_PT + 1


def test_a_word_wider_than_the_line_begins_where_the_text_is() -> None:
    """It fills up the current line; a word that fits a line of its own goes down whole."""
    assert _lines(f"aaaaaaaa {_TWELVE}b cc", letters=12) == ["aaaaaaaa bbb", "bbbbbbbbbb ", "cc"]
    assert _lines(f"aaaaaaaa {_TWELVE} c", letters=12) == ["aaaaaaaa ", f"{_TWELVE} ", "c"]
    assert _lines(f"aaaaaaaaaaaa {_TWELVE}b c", letters=12) == ["aaaaaaaaaaaa ", _TWELVE, "b c"]


# Line breaks and paragraphs.


def test_an_empty_line_is_a_line_except_at_a_paragraphs_end() -> None:
    """Here paragraphs have three lines of the source; the last of them gives no line if it is empty."""
    assert _lines("a\n\nb\nc", paragraph_lines=3) == ["a\n", "\n", "b\n", "c"]
    assert _lines("a\nb\n\nc", paragraph_lines=3) == ["a\n", "b\n\n", "c"]
    assert _lines("a\n") == ["a\n"]
    assert _lines("\n\na") == ["\n", "\n", "a"]


def test_two_empty_lines_alone_are_none() -> None:
    """A paragraph of nothing but one line break draws nothing; one of two breaks draws two lines."""
    assert _lines("a\nb\n\n\nc", paragraph_lines=2) == ["a\n", "b\n\n\n", "c"]
    assert _lines("a\nb\nc\n\n\n\nd", paragraph_lines=3) == ["a\n", "b\n", "c\n", "\n", "\n\n", "d"]


def test_nothing_but_newlines_is_a_page() -> None:
    """The reference draws no line; every character stands on a page all the same."""
    assert [page.text for page in _set("\n")] == ["\n"]


# Pages.


def test_a_paragraph_is_not_begun_on_a_pages_last_line() -> None:
    """Unless it has one line: then it is placed there."""
    two = f"{_TWELVE} b"
    assert _pages(f"a\n{two}\nc", rows=2, paragraph_lines=1) == [["a\n"], [f"{_TWELVE} ", "b\n"], ["c"]]
    assert _pages("a\nb\nc", rows=2, paragraph_lines=1) == [["a\n", "b\n"], ["c"]]


def test_a_page_cut_at_a_line_break_leaves_an_empty_line() -> None:
    """The rest of the paragraph begins with the break: of three rows, two are left for text."""
    assert _pages("a\nb\nc\nd\ne\nf", rows=3) == [["a\n", "b\n", "c\n"], ["d\n", "e\n"], ["f"]]
    second = _set("a\nb\nc\nd\ne\nf", rows=3)[1]
    assert [line.box[1] for line in second.lines] == [10, 20]


def test_a_page_cut_within_a_line_of_the_source_leaves_none() -> None:
    """Nor does one between paragraphs."""
    long = " ".join([_TWELVE] * 6)
    assert [len(page) for page in _pages(long, rows=3)] == [3, 3]
    assert _pages("a\nb\nc\nd", rows=2, paragraph_lines=2) == [["a\n", "b\n"], ["c\n", "d"]]


# Chinese.


@_chinese
def test_chinese_breaks_anywhere_and_some_marks_hang() -> None:
    """A closing mark that would begin a line hangs in the margin, one only; the wide comma is not among them."""
    assert _lines("中文字体研究中文", ideographs=6) == ["中文字体研究", "中文"]
    assert _lines("中文字体研究。中文", ideographs=6) == ["中文字体研究。", "中文"]
    assert _lines("中文字体研究，中文", ideographs=6) == ["中文字体研究", "，中文"]
    assert _lines("中文字体研究。」中", ideographs=6) == ["中文字体研究。", "」中"]


@_chinese
def test_a_hanging_mark_is_drawn_beyond_the_box() -> None:
    """Its line is wider than the others, on the page too."""
    [page] = _set("中文字体研究）中文字体研究", ideographs=6)
    hanging, other = page.lines
    assert hanging.box[2] > other.box[2] == 6 * 9


@_chinese
def test_a_latin_word_goes_down_if_it_begins_in_the_second_half_of_a_chinese_line() -> None:
    """Another word is cut where the line is full."""
    assert _lines("中文字体研abcd究", ideographs=6) == ["中文字体研", "abcd究"]
    first, second = _lines("中abcdefghijklmn", ideographs=6)
    assert first[-1].isalpha()
    assert second[0].isalpha()


@_chinese
def test_a_chinese_paragraph_is_broken_anew_after_a_page_cut() -> None:
    """Its lines come joined with spaces: where one has no room at its end it begins the next line instead."""
    line = "中文字体研究"
    text = f"{line * 4}\n中"
    tight, loose = (_pages(text, ideographs=width, rows=2) for width in (6.1, 6.5))
    assert tight == [[line, line], [line, line[:-1]], ["究\n", "中"]]
    assert loose == [[line, line], [line, f"{line}\n"], ["中"]]


@_chinese
def test_the_rest_of_a_paragraph_keeps_its_words_apart_where_it_has_several_fragments() -> None:
    """Its lines come joined with spaces where a newline, `&`, `<` or `>` parts it; else the reference joins words."""
    words = "中 " + "bbb " * 20
    joined, apart = (_widths(f"{sign} {words}", ideographs=12, rows=2) for sign in ("+", "&"))
    assert apart == pytest.approx(_widths(f"& {words}", ideographs=12, rows=50), abs=1)
    assert min(joined) < min(apart)


@_chinese
def test_characters_without_a_glyph_are_counted_in_a_chinese_text() -> None:
    """Wherever they stand on their line, and what stands before them is drawn or not."""
    text = "中\u200d文 \u0301字\u200b\u200d\n" * 40 + "\ue100\u202e"
    pages = _set(text, ideographs=6, rows=5)
    counted = Counter[str]()
    for page in pages:
        for escape in page.escaped:
            counted[escape.character] += escape.count
    assert counted == {"\u200d": 80, "\u0301": 40, "\ue100": 1, "\u202e": 1}


# The newline mark.


def test_a_newline_mark_is_a_word() -> None:
    """Lines break before it and after it, never within; it has a space on each side, but none at a line's ends."""
    assert _lines("aaaaa\nbbbbb", letters=14, newline_mark=" \\n ") == ["aaaaa\nbbbbb"]
    assert _lines("aaaaa \n bbbbb", letters=14, newline_mark=" \\n ") == ["aaaaa \n bbbbb"]
    assert _lines("aaaaa\nbbbbb", letters=12, newline_mark=" \\n ") == ["aaaaa\n", "bbbbb"]
    assert _lines("aaaaaaaaaa\nbbb", letters=12, newline_mark=" \\n ") == ["aaaaaaaaaa", "\nbbb"]


# All of it.


@given(
    text=st.text(st.sampled_from("ab \t\n\r中。，\u00a0\u00ad\u200b\u3000"), min_size=1, max_size=60),
    mark=st.sampled_from(["", " \\n ", "⏎"]),
)
def test_every_character_stands_on_exactly_one_page(text: str, mark: str) -> None:
    """Also those that are not drawn; and the lines of a page are its text."""
    pages = _set(text, rows=3, paragraph_lines=3, newline_mark=mark)
    assert "".join(page.text for page in pages) == text
    for page in pages:
        assert "".join(line.text for line in page.lines) == page.text


@pytest.mark.parametrize("mark", ["<br/>", _MARK])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(corpus.prose(24_000), id="prose"),
        pytest.param(corpus.mixed_documents(24_000), id="mixed documents"),
        pytest.param(corpus.agent_log(12_000), id="agent log"),
        pytest.param(chinese(12_000), id="chinese", marks=_chinese),
        pytest.param(chinese(4_000) + corpus.mixed_documents(8_000), id="both", marks=_chinese),
        *(
            pytest.param(f"{_ROW} a {sign} b 大 {_ROW}", id=f"one paragraph with {sign}", marks=_chinese)
            for sign in ("and", "&", "<", ">")
        ),
    ],
)
def test_lines_and_pages_are_the_references(text: str, mark: str, tmp_path: Path) -> None:
    """The same inked characters begin and end each line of each page."""
    pytest.importorskip("reportlab", reason="the reference pipeline needs reportlab")
    pytest.importorskip("pdf2image", reason="the reference pipeline needs pdf2image")
    if not shutil.which("pdftoppm"):
        pytest.skip("the reference pipeline needs poppler's pdftoppm")
    import parity
    from lib import reference

    font = (
        _CHINESE_FONT if any("\u4e00" <= character <= "\u9fff" for character in text) else corpus.FONTS["en"]
    )
    config: reference.Config = {**reference.load_config(), "newline-markup": mark}
    style = PageStyle.from_glyph_json(reference.write_config(config, font, tmp_path))
    ours = [
        [span for line in page.lines if (span := parity.trim_to_ink(text, line.start, line.stop))]
        for page in typeset(text, style=style)
    ]
    assert ours == reference.reference_breaks(text, config, font)


@pytest.mark.parametrize("ideographs", [0, pytest.param(40, marks=_chinese)])
@pytest.mark.parametrize("mark", ["", " \\n "])
def test_a_long_text_is_set_part_by_part_as_it_is_at_once(mark: str, ideographs: int) -> None:
    """Pages that a part leaves open are filled by the next one, with columns and spaces between paragraphs, too."""
    text = corpus.mixed_documents(90_000) + ("中文" if ideographs else "")
    style = _style(
        ideographs=ideographs,
        letters=80,
        rows=40,
        newline_mark=mark,
        space_after_pt=3,
        first_line_indent_pt=9,
    )
    style = replace(style, columns=2, page_width_pt=2 * style.page_width_pt + style.column_gap_pt)
    pages = typeset(text, style=style)
    assert len(pages) > 8
    assert [_told(trace.page) for trace in trace_pages(text, style=style)] == [_told(page) for page in pages]


def _told(page: Page) -> object:
    return page.number, page.start, page.lines, page.escaped, page.digest


def _widths(text: str, **how: float | str) -> list[int]:
    """Return the width of each line but the last."""
    pages = _set(text, crop_width=False, **how)  # type: ignore[arg-type]  # as below
    lines = [line for page in pages for line in page.lines]
    return [line.box[2] - line.box[0] for line in lines[:-1]]


def _set(
    text: str, *, letters: float = 12, ideographs: float = 0, rows: int = 50, **changes: str | int
) -> list[Page]:
    """Typeset a text on pages without margins, so many letters or ideographs wide and so many lines high."""
    return list(typeset(text, style=_style(letters=letters, ideographs=ideographs, rows=rows, **changes)))


def _style(*, letters: float, ideographs: float, rows: int, **changes: str | int) -> PageStyle:
    style = PageStyle(
        reference=True, snap_px=1, margin_x_pt=0, margin_y_pt=0, padding_pt=0,
        font=str(_CHINESE_FONT) if ideographs else "mono",
        page_width_pt=(ideographs * 9 or letters * _LETTER_PT) + 1e-3,
        page_height_pt=rows * 10,
    )  # fmt: skip
    return replace(style, **changes)  # type: ignore[arg-type]  # any of the style's fields


def _pages(text: str, **how: float | str) -> list[list[str]]:
    return [[line.text for line in page.lines] for page in _set(text, **how)]  # type: ignore[arg-type]  # as above


def _lines(text: str, **how: float | str) -> list[str]:
    return [line for page in _pages(text, **how) for line in page]

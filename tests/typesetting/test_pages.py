"""Known answers: which characters stand on which line of which page, and where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from glyph_memory.document import Document
from glyph_memory.errors import StyleError
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import iter_pages, style_fingerprint, typeset

PIXEL = PageStyle(
    font="mono", antialias=False, font_size_pt=10, line_height_pt=12, page_width_pt=152, page_height_pt=92,
    snap_px=1, space_shrink=0,
)  # fmt: skip
"""Twenty letters of six pixels to the line, five lines to the page: layouts can be counted by hand."""


def lines(text: str, style: PageStyle = PIXEL) -> list[list[str]]:
    """The texts of the lines, page by page."""
    return [[line.text for line in page.lines] for page in typeset(text, style=style)]


def page_of(text: str, style: PageStyle = PIXEL) -> Page:
    """The page of a text that takes one."""
    (page,) = typeset(text, style=style)
    return page


# Glyph's own page.


def test_glyphs_page_is_588_by_840_with_81_lines_in_a_box_of_563_by_810() -> None:
    """The reference's text box on sides that the model's processor does not resample."""
    style = PageStyle.glyph()
    assert (style.page_px, style.text_box_px, style.lines_per_column) == ((588, 840), (563, 810), 81)
    pages = typeset("\n".join(["0123456789" * 9 + "01234567"] * 163))
    assert [len(page.lines) for page in pages] == [81, 81, 1]
    assert [page.size for page in pages] == [(588, 840), (588, 840), (588, 56)]


def test_glyphs_lines_stand_ten_pixels_apart_in_a_centred_box() -> None:
    """12.5 px from the left edge, 15 px from the top one: what snapping left of the margins."""
    first = typeset("\n".join("a" * 81))[0]
    assert [line.box[:2] for line in first.lines] == [(12, 15 + 10 * row) for row in range(81)]
    assert [line.box[3] - line.box[1] for line in first.lines] == [10] * 81


def test_the_exact_page_is_595_by_842() -> None:
    """For comparison with the reference; the same lines."""
    style = PageStyle.glyph().with_snap_px(1)
    page = typeset("\n".join(["0123456789" * 9] * 82), style=style)[0]
    assert len(page.lines) == 81
    assert page.size[1] == 842
    assert typeset("a", style=replace(style, crop_width=False, crop_last_page=False))[0].size == (595, 842)


@pytest.mark.parametrize("snap_px", [1, 28, 32])
@pytest.mark.parametrize("length", [1, 13, 90, 10_000])
def test_sides_are_multiples_of_the_snap(snap_px: int, length: int) -> None:
    """Of full and of cropped pages."""
    for page in typeset("x " * length, style=PageStyle(snap_px=snap_px)):
        assert [side % snap_px for side in page.size] == [0, 0]


# Lines.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", ["a"]),
        ("\n", ["\n"]),
        ("a\n", ["a\n"]),
        ("a\nb", ["a\n", "b"]),
        ("a\n\nb", ["a\n", "\n", "b"]),
        ("\na", ["\n", "a"]),
        ("\n\n", ["\n", "\n"]),
        ("a\r\nb", ["a\r\n", "b"]),
        ("   ", ["   "]),
        ("  a", ["  a"]),
    ],
)
def test_a_newline_ends_its_line_and_belongs_to_it(text: str, expected: list[str]) -> None:
    """One line for each newline, one more where text follows the last."""
    assert lines(text) == [expected]


def test_words_go_to_the_next_line_whole() -> None:
    """Twenty letters fit; a word that ends at the twenty-first does not."""
    assert lines("aaaaaaaaa bbbbbbbbbb ccccc") == [["aaaaaaaaa bbbbbbbbbb ", "ccccc"]]
    assert lines("aaaaaaaaa bbbbbbbbbbb ccccc") == [["aaaaaaaaa ", "bbbbbbbbbbb ccccc"]]


def test_spaces_at_a_lines_end_stay_on_it_and_take_no_room() -> None:
    """However many there are; the next line begins with a letter, and the box ends with one."""
    page = page_of("aaaaaaaaaa bbbbbbbbb" + " " * 30 + "c")
    assert [line.text for line in page.lines] == ["aaaaaaaaaa bbbbbbbbb" + " " * 30, "c"]
    assert [line.box for line in page.lines] == [(16, 16, 136, 28), (16, 28, 22, 40)]


def test_spaces_at_a_lines_start_are_kept() -> None:
    """Code is indented."""
    page = page_of("if a:\n    b")
    assert [line.box for line in page.lines] == [(16, 16, 46, 28), (16, 28, 46, 40)]
    assert (page.array()[28:40, 16:40] == 255).all()


def test_a_newline_after_a_full_line_adds_no_empty_one() -> None:
    """The line was to end there anyway."""
    assert lines("a" * 20 + "\nb") == [["a" * 20 + "\n", "b"]]
    assert lines("a" * 20 + "   \nb") == [["a" * 20 + "   \n", "b"]]


def test_a_word_wider_than_a_line_starts_on_the_current_one() -> None:
    """And is cut where the line is full: nothing is lost, no room wasted."""
    assert lines("see " + "x" * 40 + " end") == [["see " + "x" * 16, "x" * 20, "xxxx end"]]
    assert lines("x" * 41) == [["x" * 20, "x" * 20, "x"]]


def test_a_word_as_wide_as_a_line_takes_one() -> None:
    """The border between the two rules above."""
    assert lines("see " + "x" * 20 + " end") == [["see ", "x" * 20 + " ", "end"]]


@pytest.mark.parametrize("space", ["\u00a0", "\u202f"])
def test_no_break_spaces_hold_words_together(space: str) -> None:
    """They are as wide as spaces, and no place to end a line."""
    assert lines(f"aaaa bbbbbbbbbb{space}ccccccc") == [["aaaa ", f"bbbbbbbbbb{space}ccccccc"]]
    assert page_of(f"a{space}b").lines[0].box == page_of("a b").lines[0].box


# CJK: the widths depend on the font found, so claims are about where lines may break, not how long they are.


def cjk_lines(text: str, width_pt: float = 110) -> list[str]:
    """Lines of a narrow page; CJK without a font is escaped and breaks all the same."""
    style = PageStyle(page_width_pt=width_pt, page_height_pt=800, snap_px=1)
    return [line.text for page in typeset(text, style=style) for line in page.lines]


def test_cjk_breaks_between_ideographs() -> None:
    """Without any space, lines are filled: no two neighbours would fit one line."""
    broken = cjk_lines("今天天气很好我们去公园散步吧" * 6)
    assert len(broken) > 3
    lengths = {len(line) for line in broken[:-1]}
    assert len(lengths) == 1


def test_cjk_and_latin_mix() -> None:
    """A line may end between an ideograph and a Latin word, and never inside the word."""
    for line in cjk_lines("我们用Python写代码" * 12):
        assert line.count("Python") == line.count("P") == line.count("n")


@pytest.mark.parametrize("closing", "，。、；：！？）」』】〕》”’ーっょァ％")
def test_no_line_starts_with_closing_punctuation(closing: str) -> None:
    """At whatever column it comes; the ideograph before it moves along."""
    for lead in range(14):
        broken = cjk_lines("好" * lead + ("天气" + closing) * 20)
        assert [line for line in broken if line.startswith(closing)] == []


@pytest.mark.parametrize("opening", "（「『【〔《“‘")
def test_no_line_ends_with_opening_punctuation(opening: str) -> None:
    """It goes to the next line with what it opens."""
    for lead in range(14):
        broken = cjk_lines("好" * lead + ("天气" + opening) * 20 + "好")
        assert [line for line in broken if line.endswith(opening)] == []


# Pages.


def test_pages_number_from_one_or_from_what_is_asked_and_chain_by_offset() -> None:
    """Each page begins where the one before it ends."""
    text = "\n".join("abcdefghijklm")
    pages = typeset(text, style=PIXEL, first_page=7)
    assert [page.number for page in pages] == [7, 8, 9]
    assert [(page.start, page.stop) for page in pages] == [(0, 10), (10, 20), (20, 25)]
    assert [page.text for page in pages] == [text[:10], text[10:20], text[20:]]


def test_lines_know_their_offsets_in_the_whole_text() -> None:
    """Not in their page."""
    text = "\n".join("abcdefg")
    second = typeset(text, style=PIXEL)[1]
    assert [(line.start, line.stop, line.text) for line in second.lines] == [(10, 12, "f\n"), (12, 13, "g")]


def test_offsets_count_characters_not_bytes_or_utf_16_units() -> None:
    """A character outside the basic plane is one."""
    page = page_of("😀é\nb")
    assert [(line.start, line.stop) for line in page.lines] == [(0, 3), (3, 4)]


def test_all_pages_are_as_tall_as_the_style_but_the_last() -> None:
    """Which is cropped to its ink and the margin below it."""
    pages = typeset("H\n" * 12, style=PIXEL)
    assert [page.size[1] for page in pages] == [92, 92, 16 + 12 + 10 + 10]
    # Baseline of a line: ten pixels below its top, so two lines' ink ends at 16 + 12 + 10.


def test_an_empty_page_is_as_small_as_its_margins() -> None:
    """A text of spaces or newlines has no ink, and is a page all the same."""
    page = page_of(" \n")
    assert page.size == (10, 10)
    assert (page.array() == 255).all()
    assert page.text == " \n"


def test_a_document_is_its_text() -> None:
    """Title and source are for others to show."""
    document = Document(text="Hello, page.", title="A title", source="somewhere")
    assert typeset(document) == typeset("Hello, page.")


def test_progress_hears_of_every_page_in_order() -> None:
    """As soon as it is done."""
    heard: list[Page] = []
    pages = typeset("\n".join("abcdefghijklm"), style=PIXEL, progress=heard.append)
    assert heard == pages
    assert [page.number for page in heard] == [1, 2, 3]


# The line breaker's rules hold in columns too.


def test_columns_read_down_and_then_right() -> None:
    """Lines come in reading order, whatever column they stand in."""
    style = replace(PIXEL, columns=2, page_width_pt=32 + 2 * 60 + 14)
    page = page_of("aaaaaaaaaa " * 7, style)
    assert [line.box[:2] for line in page.lines] == [
        *((16, 16 + 12 * row) for row in range(5)),
        *((90, 16 + 12 * row) for row in range(2)),
    ]


def test_a_paragraph_goes_on_over_pages_without_a_new_indent() -> None:
    """Only a paragraph's first line is indented, not a page's."""
    style = replace(PIXEL, first_line_indent_pt=12, paragraph_lines=1)
    first, second = typeset("aaaaaaaaaa bbbbbbbbb " * 7, style=style)
    assert [line.box[0] for line in first.lines] == [28, 16, 16, 16, 16]
    assert {line.box[0] for line in second.lines} == {16}


def test_paragraphs_are_counted_over_any_amount_of_text() -> None:
    """Every fourth newline ends one, however far apart they are: by the indents that follow."""
    style = PageStyle(first_line_indent_pt=20, paragraph_lines=4, system_fonts=False)
    text = ("word " * 30_000 + "\n") * 10
    pages = typeset(text, style=style)
    indented = [line.start for page in pages for line in page.lines if line.box[0] > 30]
    assert indented == [0, 4 * 150_001, 8 * 150_001]


def test_paragraphs_are_counted_over_page_breaks() -> None:
    """The seventh newline ends one wherever the page ended."""
    style = replace(PIXEL, space_after_pt=6, paragraph_lines=7)
    pages = typeset("a\n" * 9, style=style)
    assert [line.box[1] for page in pages for line in page.lines] == [16, 28, 40, 52, 64, 16, 28, 46, 58]


def test_a_style_may_be_named() -> None:
    """A preset's name stands for the preset, and the page tells which style it is."""
    (page,) = typeset("Hello.", style="dark")
    assert page == typeset("Hello.", style=PageStyle.dark())[0]
    assert page.style == PageStyle.dark()
    assert next(iter_pages("Hello.", style="dark")) == page
    assert style_fingerprint("dark") == style_fingerprint(PageStyle.dark())
    with pytest.raises(
        StyleError, match=r"no page style named 'drak'; there are glyph, auto, document, web, dark"
    ):
        typeset("Hello.", style="drak")

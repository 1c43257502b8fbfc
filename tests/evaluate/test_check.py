"""Pages are read back; what came back wrong is reported, the worst first, and nothing else happens."""

from __future__ import annotations

import json

import pytest

from glyph_memory.evaluate import Checker, check_pages, read_back
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.transcription import Transcription
from glyph_memory.typesetting import spell_page, typeset
from tests.evaluate.fakes import read_line, reading

STYLE = PageStyle.glyph()
TEXT = "\n".join(
    [
        "The deploy of release v2.4.1 went out at noon.",
        "All calls are well, all cells filled.",
        "Commit 5c2a3ce9d81f broke src/pool.py:86 for illness.",
        "",
        "Nothing wrong here, in\tno word.",
    ]
)


def one_page(text: str = TEXT, style: PageStyle = STYLE) -> Page:
    """Typeset a text that fits on a page."""
    (page,) = typeset(text, style=style)
    return page


def test_a_page_that_was_read_right_has_no_errors() -> None:
    """Escapes, tabs and blank lines included."""
    page = one_page(TEXT + "\nzero\u200bwidth")
    report = check_pages([page], style=STYLE, reader=reading([page], STYLE))
    assert (report.errors.edits, report.wrong_lines, report.lines, report.misread) == (0, 0, (), ())
    assert report.counts.words == report.counts.words_exact > 20
    assert report.counts.identifiers == report.counts.identifiers_exact >= 3


def test_the_worst_line_stands_first_with_its_place() -> None:
    """Of each line: which page, which line, what stands there, what was read."""
    page = one_page()
    report = check_pages(
        [page], style=STYLE, reader=reading([page], STYLE, lambda text: text.replace("l", "1"))
    )
    worst = report.lines[0]
    assert (worst.page, worst.line, worst.edits) == (1, 2, 12)
    assert worst.truth == "All calls are well, all cells filled."
    assert worst.said == "A11 ca11s are we11, a11 ce11s fi11ed."
    assert [line.line for line in report.lines] == [2, 3, 1]
    assert report.errors.confusions == {("l", "1"): report.errors.edits}


def test_identifiers_are_counted_apart() -> None:
    """Which came back how; the others were exact."""
    page = one_page()
    report = check_pages(
        [page], style=STYLE, reader=reading([page], STYLE, lambda text: text.replace("5c", "Sc"))
    )
    assert [(found.kind, found.truth, found.said) for found in report.misread] == [
        ("hash", "5c2a3ce9d81f", "Sc2a3ce9d81f")
    ]
    assert report.counts.identifiers - report.counts.identifiers_exact == 1


def test_an_identifier_that_the_page_breaks_counts_as_one() -> None:
    """It is exact where each part of it is."""
    page = one_page("See https://example.org/" + "a1b2" * 60 + "/end now.")
    assert len(page.lines) > 1
    report = check_pages([page], style=STYLE, reader=reading([page], STYLE))
    assert report.counts.identifiers == report.counts.identifiers_exact == 1
    wrong = check_pages(
        [page], style=STYLE, reader=reading([page], STYLE, lambda text: text.replace("/end", "/and"))
    )
    assert wrong.counts.identifiers_exact == 0


def test_edits_that_the_reader_had_marked_are_told_from_those_it_had_not() -> None:
    """It doubted every `1`, wrong or not, and nothing else."""

    def mistake(text: str) -> str:
        return text.replace("ll", "l1").replace("noon", "noom")

    page = one_page()
    reader = reading([page], STYLE, mistake, lambda character: 0.5 if character == "1" else 0.99)
    report = check_pages([page], style=STYLE, reader=reader)
    doubled = TEXT.count("ll")
    assert report.errors.edits == doubled + 1
    assert report.counts.marked == doubled
    assert report.counts.silent == report.errors.edits - doubled > 0
    assert report.counts.unsure == mistake(TEXT).count("1")


def test_what_is_left_out_counts_as_marked_beside_an_unsure_character() -> None:
    """Or where the reader says that there is ink of which it could make nothing."""
    page = one_page("ship it")
    unsure = reading([page], STYLE, lambda text: text.replace("h", ""), lambda c: 0.1 if c == "s" else 1.0)
    assert check_pages([page], style=STYLE, reader=unsure).counts.marked == 1
    unread = Transcription(size=page.size, lines=(), unread=((0, 0, *page.size),))
    found = read_back(page, unread, style=STYLE)
    assert found.counts.marked == found.errors.edits == len("ship it")
    nothing = read_back(page, Transcription(size=page.size, lines=()), style=STYLE)
    assert (nothing.counts.marked, nothing.errors.rate) == (0, 1.0)


def test_lines_cut_or_joined_differently_are_no_errors() -> None:
    """Only characters count."""
    page = one_page("one line\nanother line\n")
    joined = _said(page, "one line another line")
    assert read_back(page, joined, style=STYLE).errors.edits == 0


def test_what_is_read_where_nothing_stands_is_an_error() -> None:
    """A page of spaces."""
    page = one_page("   \n ")
    found = read_back(page, _said(page, "ghost"), style=STYLE)
    assert (found.errors.edits, found.errors.characters) == (5, 0)
    assert [(line.truth, line.said) for line in found.lines] == [("", "ghost")]


@pytest.mark.parametrize(
    "style", [STYLE.dense(), PageStyle.from_name("document"), PageStyle.from_name("code")]
)
def test_every_style_is_compared_with_what_it_draws(style: PageStyle) -> None:
    """Newline marks, justified lines, other fonts."""
    pages = typeset((TEXT + "\n") * 40, style=style)
    report = check_pages(pages, style=style, reader=reading(pages, style))
    assert report.errors.edits == 0
    assert [page.number for page in report.pages] == list(range(1, len(pages) + 1))
    assert report.errors.characters == sum(
        len(" ".join(spell_page(page, style=style).split())) for page in pages
    )


def test_progress_is_told_page_by_page() -> None:
    """With what came back of each."""
    pages = typeset((TEXT + "\n") * 60, style=STYLE)
    seen: list[int] = []
    check_pages(
        pages, style=STYLE, reader=reading(pages, STYLE), progress=lambda found: seen.append(found.number)
    )
    assert seen == [page.number for page in pages]
    assert len(seen) > 1


def test_a_hopeless_text_does_not_fill_memory() -> None:
    """A hundred lines are kept, and all are counted."""
    pages = typeset("a word\n" * 300, style=STYLE)
    checker = Checker(style=STYLE, reader=reading(pages, STYLE, lambda text: text.replace("w", "vv")))
    for page in pages:
        checker.check_page(page)
    report = checker.report()
    assert (report.wrong_lines, len(report.lines)) == (300, 100)
    assert (report.lines[0].page, report.lines[0].line) == (1, 1)


def test_the_reader_sees_pixels_alone() -> None:
    """It is handed the picture, not the page, which knows its text."""
    page = one_page()
    seen: list[object] = []

    def reader(image: object) -> Transcription:
        seen.append(image)
        return Transcription(size=page.size, lines=())

    check_pages([page], style=STYLE, reader=reader)
    assert seen == [page.image]


def test_a_report_can_be_written_as_json() -> None:
    """With the interval, the confusions and each page."""
    page = one_page()
    report = check_pages(
        [page], style=STYLE, reader=reading([page], STYLE, lambda text: text.replace("l", "1"))
    )
    spelled = json.loads(json.dumps(report.to_json()))
    assert spelled["edits"] == report.errors.edits
    assert spelled["interval"][0] <= spelled["rate"] <= spelled["interval"][1]
    assert spelled["confusions"][0] == {"truth": "l", "said": "1", "count": report.errors.edits}
    assert spelled["lines"][0]["line"] == 2
    assert spelled["pages"][0]["page"] == 1


def _said(page: Page, text: str) -> Transcription:
    """Read a page as one line."""
    return Transcription(size=page.size, lines=(read_line(text, (0, 0, *page.size)),))


def test_pages_are_checked_in_their_own_style() -> None:
    """A dense page's newline marks are no errors, though nobody says again how it was typeset."""
    style = PageStyle.glyph().dense()
    pages = typeset("def f(x):\n    return x\n\n" * 4, style=style)
    reader = reading(pages, style)
    assert check_pages(pages, reader=reader) == check_pages(pages, style=style, reader=reader)
    assert check_pages(pages, reader=reader).errors.edits == 0


def test_a_style_that_is_given_wins_over_the_pages_own() -> None:
    """It may be named, too."""
    style = PageStyle.glyph().dense()
    pages = typeset("def f(x):\n    return x\n\n" * 4, style=style)
    reader = reading(pages, style)
    assert check_pages(pages, style="glyph", reader=reader).errors.edits > 0


def test_alphabets_that_the_embedded_reader_does_not_vouch_for_are_named() -> None:
    """Of another reader nothing is known."""
    page = one_page("plain words, then Yaşar")
    assert check_pages([page]).unclaimed == ("Turkish",)
    assert check_pages([page], reader=reading([page], STYLE)).unclaimed == ()

"""Reports show pages and figures, run nothing, and say exactly what stands on a page."""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import glyph_memory.report.figures
from glyph_memory.page import Page
from glyph_memory.report import ContactSheet, Figures, Plate, Section, Tally, broken_limits, report_html
from glyph_memory.report.parts import escape_and_mark, escape_text
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile
from glyph_memory.typesetting import iter_pages, typeset

HOSTILE = (
    '<script>alert(1)</script>"><img src=x onerror="alert(2)"><a href="javascript:x">&lt;'
    "\u202e\x00\ud800</pre></details></style><!--"
)


class Elements(HTMLParser):
    """Collects the elements of a page, and the text of its first `<pre>`."""

    def __init__(self, document: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.exact_text: list[str] = []
        self._path: list[str] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, and that it is open."""
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "img"}:
            self._path.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the element that was opened last, which has to be this one."""
        assert self._path.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep what stands in a `<pre>`."""
        if "pre" in self._path:
            self.exact_text.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of every element of a name."""
        return [attributes for name, attributes in self.elements if name == tag]


def section(text: str, *, title: str = "A text", style: PageStyle | None = None) -> Section:
    """Typeset a text for a report."""
    tally = Tally(profile=ModelProfile.from_name("glyph"), style="glyph")
    pages = tally.watch(iter_pages(text, style=style or PageStyle.glyph()))
    plates = [Plate.of(page) for page in pages]
    return Section(title=title, figures=tally.figures(), plates=plates)


def written(*sections: Section, title: str = "Report") -> Elements:
    """Write a report and read it back."""
    return Elements("".join(report_html(title, sections)))


def test_a_report_shows_every_page_as_it_is() -> None:
    """Pictures stand in the file, one CSS pixel a pixel, with their size and words for who cannot see."""
    text = "One line after the other.\n" * 200
    images = written(section(text)).named("img")
    pages = typeset(text)
    assert len(images) == len(pages) > 1
    for image, page in zip(images, pages, strict=True):
        assert (image["width"], image["height"]) == tuple(map(str, page.size))
        assert image["alt"]
        encoded = (image["src"] or "").removeprefix("data:image/png;base64,")
        assert base64.b64decode(encoded) == page.png()


def test_a_report_says_exactly_what_stands_on_its_pages() -> None:
    """The text below the pictures is the text, line ends and all."""
    text = "A & B < C\n\n  indented\ttab\r\nend"
    assert "".join(written(section(text)).exact_text).lstrip("\n") == text


def test_a_report_forbids_scripts_and_loads_nothing() -> None:
    """By its own policy; and there is nothing in it that would."""
    report = written(section("Hello."))
    policy = next(meta for meta in report.named("meta") if meta.get("http-equiv"))["content"] or ""
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    assert {name for name, _ in report.elements}.isdisjoint(
        {"script", "link", "iframe", "object", "form", "base"}
    )


def test_hostile_text_stays_text() -> None:
    """In a title as well as in the text: no element and no attribute comes from it."""
    harmless = written(section("Hello.\u200b", title="Hello."), title="Hello.")
    hostile = written(section(HOSTILE, title=HOSTILE), title=HOSTILE)
    assert {name for name, _ in hostile.elements} == {name for name, _ in harmless.elements}
    assert len(hostile.named("img")) == len(harmless.named("img"))
    attributes = {attribute for _, given in hostile.elements for attribute in given}
    assert not any(attribute.startswith("on") for attribute in attributes)


@settings(max_examples=200)
@given(st.text())
def test_any_text_can_be_escaped(text: str) -> None:
    """What comes out is UTF-8 without controls or marks of HTML, and can be read back."""
    escaped = escape_text(text)
    escaped.encode()
    assert not re.search(r'[<>"\0\x1b\u202e]', escaped)
    assert re.sub("<mark[^>]*>|</mark>", "", escape_and_mark(text)) == escaped
    if text.isascii() and text.isprintable():
        assert html.unescape(escaped) == text


def test_hidden_characters_are_shown_with_their_names() -> None:
    """A reader sees what a browser would swallow."""
    assert escape_and_mark("a\u200bb") == 'a<mark title="U+200B ZERO WIDTH SPACE">\\u{200b}</mark>b'


def test_escaped_characters_are_listed_with_their_reason() -> None:
    """Most frequent first."""
    document = "".join(report_html("Report", [section("a\u200bb\u200b\x1b")]))
    assert document.index("ZERO WIDTH SPACE") < document.index("U+001B")
    assert "invisible" in document
    assert "control" in document


def test_several_texts_have_links_to_each() -> None:
    """And a heading each; a single one needs neither."""
    both = written(section("One.", title="One"), section("Two.", title="Two"))
    assert [link["href"] for link in both.named("a")] == ["#text-1", "#text-2"]
    assert len(both.named("h2")) == 2
    assert not written(section("One.")).named("h2")


def test_pages_that_are_left_out_are_counted() -> None:
    """A report of the first pages does not pass for one of all."""
    whole = section("Line.\n" * 300)
    part = Section(title="Part", figures=whole.figures, plates=whole.plates[:1])
    assert "pages more, which are not in this file" in "".join(report_html("Report", [part]))


def test_a_tally_counts_what_passes() -> None:
    """Pages, characters, tokens and escapes, by the profile's own rules."""
    text, profile = "Some words.\u200b\n" * 500, ModelProfile.from_name("glyph")
    figures = section(text).figures
    pages = typeset(text)
    assert figures.pages == len(pages)
    assert figures.characters == len(text)
    assert figures.page_tokens == profile.pages_tokens(page.size for page in pages)
    assert figures.text_tokens == profile.text_tokens(text)
    assert figures.text_exact == profile.text_counter.exact
    assert figures.escapes == 500
    assert figures.ratio == figures.text_tokens / figures.page_tokens


def test_texts_are_counted_alike_in_pieces_and_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tally holds no more than a piece of the text at a time; tokens do not reach across its cuts."""
    monkeypatch.setattr(glyph_memory.report.figures, "_ENOUGH", 50_000)
    text = "".join(
        f"Line {number}: the quick brown fox, {number * 7919 % 1000} jumps.\n" for number in range(6000)
    )
    true = ModelProfile.from_name("glyph").text_tokens(text)
    pieces = len(text) // 50_000 + 1
    assert true <= section(text).figures.text_tokens <= true + pieces  # an estimate is rounded up in each


def test_totals_are_of_one_request() -> None:
    """LLaVA-OneVision charges a lone image otherwise than several; the sum of two texts is not two sums."""
    profile = ModelProfile.from_name("llava-onevision")
    tallies = [Tally(profile=profile, style="glyph") for _ in range(2)]
    for tally in tallies:
        list(tally.watch(iter_pages("Hello.")))
    total, alone = Tally.total(tallies), tallies[0].figures()
    size = typeset("Hello.")[0].size
    assert total.page_tokens == profile.pages_tokens([size, size]) != 2 * alone.page_tokens
    assert total.characters == 2 * alone.characters


def figures(*, pages: int = 1, page_tokens: int = 5, pixels: int = 100) -> Figures:
    """Make figures up."""
    return Figures(
        pages=pages,
        characters=10,
        text_tokens=3,
        text_counter="estimate",
        text_exact=False,
        page_tokens=page_tokens,
        pixels=pixels,
        typeset_s=0.01,
        profile="glyph",
        style="glyph",
    )


def test_figures_are_plain_values_as_json() -> None:
    """Codepoints instead of characters, which may not be printable."""
    assert figures().to_json() == {
        "pages": 1, "characters": 10, "text_tokens": 3, "text_counter": "estimate", "text_exact": False,
        "page_tokens": 5, "ratio": 0.6, "ms_a_page": 10.0, "profile": "glyph", "style": "glyph", "escapes": 0,
        "escaped": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"page_tokens": 140_000}, "more than glyph's window of 131,072"),
        ({"pages": 1000}, "more than the 999 images"),
        ({"pixels": 200_000_000}, "200 million pixels, more than the 179 million"),
    ],
)
def test_limits_that_would_break_are_named(changes: dict[str, int], said: str) -> None:
    """Window, images, pixels; nothing where the pages fit."""
    assert said in " ".join(broken_limits(figures(**changes), ModelProfile.from_name("glyph")))
    assert bool(changes) == bool(broken_limits(figures(**changes), ModelProfile.from_name("glyph")))


def many_pages(count: int) -> Iterator[Page]:
    """Make small pages."""
    for number in range(1, count + 1):
        yield from typeset(f"Page {number}.", first_page=number)


@pytest.mark.parametrize("count", [1, 2, 9, 40])
def test_a_contact_sheet_holds_every_page(count: int) -> None:
    """Its thumbnails stand apart, on a picture that can be opened."""
    sheet = ContactSheet()
    for page in many_pages(count):
        sheet.add(page)
    image = Image.open(io.BytesIO(sheet.png()))
    assert image.size == sheet.image().size
    assert image.width > 100


def test_a_contact_sheet_says_how_many_it_left_out() -> None:
    """Only so many thumbnails are kept; the rest is a line below."""
    short, longer = ContactSheet(at_most=4), ContactSheet(at_most=4)
    for page in many_pages(4):
        short.add(page)
    for page in many_pages(7):
        longer.add(page)
    assert longer.image().height > short.image().height

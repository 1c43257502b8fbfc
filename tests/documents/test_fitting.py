"""The sharpest style that fits is found exactly, and where nothing fits the error says what would."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from glyph_memory.document import Document
from glyph_memory.documents import DoesNotFit, Fit, draw_pages, fit, load, make_ladder
from glyph_memory.errors import DocumentError, StyleError
from glyph_memory.evaluate import check_pages
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile
from glyph_memory.typesetting import typeset

GLYPH = ModelProfile.from_name("glyph")
LINES = "".join(
    f"{number}: Ada signed release {number * 7919 % 10_007} of the catalogue.\n" for number in range(700)
)
BOOK = Document(text=LINES, title="book.txt")


def cost(style: PageStyle, text: str = LINES, profile: ModelProfile = GLYPH) -> int:
    """Return what a text costs in a style, counted in the plain way."""
    return profile.pages_tokens(page.size for page in typeset(text, style=style))


@pytest.mark.parametrize("place", range(6))
def test_a_budget_of_exactly_a_rungs_tokens_finds_that_rung(place: int) -> None:
    """And its count is what the pages cost, whoever counts them. One token less finds a denser one."""
    ladder = make_ladder()
    costs = [cost(style) for style in ladder]
    tokens = costs[place]
    expected = next(number for number, one in enumerate(costs) if one <= tokens)
    found = fit(BOOK, tokens=tokens)
    assert (found.style, found.tokens) == (ladder[expected], costs[expected])
    assert [rung.fits for rung in found.rungs] == [False] * expected + [True]
    assert all(rung.tokens > tokens for rung in found.rungs[:-1])
    assert found.pages == len(typeset(LINES, style=found.style))
    if expected + 1 < len(ladder):
        assert fit(BOOK, tokens=tokens - 1).style != found.style


def test_the_pages_of_a_fit_are_those_that_were_counted() -> None:
    """They are drawn again in the style, and text tokens stand beside them."""
    found = fit(iter([BOOK, Document(text="The end.")]), tokens=9_000)
    pages = list(found.draw())
    assert len(pages) == found.pages
    assert GLYPH.pages_tokens(page.page.size for page in pages) == found.tokens
    assert "".join(page.page.text for page in pages) == LINES + "The end."
    assert found.text_tokens == GLYPH.text_tokens(LINES) + GLYPH.text_tokens("The end.")


def test_what_is_sent_beside_pages_counts() -> None:
    """A question, and a caption for each page."""
    bare = fit(BOOK, tokens=100_000)
    beside = fit(BOOK, tokens=100_000, overhead_tokens=50, page_overhead_tokens=7)
    assert beside.tokens == bare.tokens + 50 + 7 * bare.pages
    assert fit(BOOK, tokens=bare.tokens + 49, overhead_tokens=50).style != bare.style


def test_the_error_says_what_really_fits() -> None:
    """What it names of the beginning fits, and one page more does not; so does the budget that it names."""
    with pytest.raises(
        DoesNotFit, match=r"'book.txt' takes [\d,]+ tokens on \d+ pages in the densest style"
    ) as caught:
        fit(BOOK, tokens=1_500)
    error, densest = caught.value, make_ladder()[-1]
    assert error.tokens == cost(densest)
    assert fit(BOOK, tokens=error.tokens).style == densest
    pages = typeset(LINES, style=densest)
    sizes = [page.size for page in pages]
    assert GLYPH.pages_tokens(sizes[: error.pages_that_fit]) <= 1_500
    assert GLYPH.pages_tokens(sizes[: error.pages_that_fit + 1]) > 1_500
    assert error.characters_that_fit == pages[error.pages_that_fit - 1].stop
    assert (error.pages, "\n" in str(error)) == (len(pages), False)


def test_pages_cost_what_they_cost_together() -> None:
    """LLaVA-OneVision asks less for each of several: a page says what it costs among others."""
    model = ModelProfile.from_name("llava-onevision")
    pages = list(draw_pages(BOOK, profile=model))
    assert sum(page.tokens for page in pages) == model.pages_tokens(page.page.size for page in pages)


def test_of_a_single_page_no_fewer_can_be_loaded() -> None:
    """The error does not recommend it."""
    with pytest.raises(DoesNotFit, match=r"takes [\d,]+ tokens on 1 page in") as caught:
        fit(Document(text="word " * 300), tokens=3)
    assert str(caught.value).endswith("on 0 pages. Allow more")


@pytest.mark.parametrize(
    ("profile", "unit"),
    [
        (replace(GLYPH, max_images=2), "pages"),
        (replace(GLYPH, max_request_px=900_000), "pixels"),
        (replace(GLYPH, max_request_bytes=60_000), "bytes"),
    ],
)
def test_the_models_other_limits_hold_too(profile: ModelProfile, unit: str) -> None:
    """Tokens are not all that a server counts."""
    with pytest.raises(DoesNotFit, match=rf"{unit}.*allowed"):
        fit(Document(text=LINES * 4), tokens=1_000_000, profile=profile)
    assert fit(Document(text="Short."), tokens=1_000_000, profile=profile).pages == 1


def test_max_pages_is_a_limit_like_any_other() -> None:
    """A reader may not take more."""
    found = fit(BOOK, tokens=1_000_000, max_pages=4)
    assert found.pages <= 4
    assert found.rungs[0].excess == "5 pages (4 allowed)"


def test_a_lone_image_that_costs_more_than_two_ends_no_search() -> None:
    """LLaVA-OneVision tiles a lone image: a budget may hold two pages and not one."""
    profile = ModelProfile.from_name("llava-onevision")
    style = PageStyle.glyph()
    two = typeset(LINES, style=style)[:2]
    text = two[0].text + two[1].text
    tokens = cost(style, text, profile)
    assert profile.image_tokens(two[0].size) > tokens
    assert fit(Document(text=text), tokens=tokens, profile=profile, ladder=[style]).tokens == tokens


def test_a_ladder_of_ones_own_is_tried_as_it_is() -> None:
    """Names are snapped for the model; nothing between the rungs is made up."""
    found = fit(BOOK, tokens=100_000, profile="qwen3-vl", ladder=["document", "glyph"])
    assert found.style == PageStyle.document().with_snap_px(32)
    assert (
        fit(BOOK, tokens=found.tokens - 1, profile="qwen3-vl", ladder=["document", "glyph"]).style.snap_px
        == 32
    )


def test_the_ladder_keeps_the_look_and_goes_no_smaller_than_8_px() -> None:
    """A look is what was asked for; letters that cannot be read were not."""
    dark = make_ladder("dark", profile="qwen3-vl")
    assert {style.page_color for style in dark} == {"#16181D"}
    assert {style.snap_px for style in dark} == {32}
    small = replace(PageStyle.glyph(), font_size_pt=8, line_height_pt=9)
    assert min(style.font_size_pt for style in make_ladder(small)) == 8
    assert (
        len(set(make_ladder(PageStyle.glyph().dense()))) == len(make_ladder(PageStyle.glyph().dense())) == 4
    )


@pytest.mark.parametrize("place", range(6))
def test_every_rung_can_be_read(place: int) -> None:
    """The ladder is one of legible styles: the nano reader gets fewer than one letter in 100 wrong."""
    pages = typeset(LINES[:2_500], style=make_ladder()[place])
    assert check_pages(pages).errors.rate < 0.01


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"tokens": 0}, "tokens=0 is below 1"),
        ({"tokens": 1.5}, "tokens=1.5 is no whole number"),
        ({"tokens": 10, "max_pages": 0}, "max_pages=0 is below 1"),
        ({"tokens": 10, "overhead_tokens": -1}, "overhead_tokens=-1 is below 0"),
        ({"tokens": 10, "ladder": []}, r"ladder=\[\] holds no styles"),
        ({"tokens": 10, "ladder": "glyph"}, "ladder='glyph' holds no styles"),
        ({"tokens": 10, "ladder": ["glyph"], "style": "dark"}, "give one of them"),
        ({"tokens": 10, "ladder": ["gliph"]}, "no page style named 'gliph'"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(arguments: dict[str, object], told: str) -> None:
    """In one line, before anything is drawn."""
    with pytest.raises((DocumentError, StyleError), match=told):
        fit(BOOK, **arguments)  # type: ignore[arg-type]  # which is the point


@pytest.mark.parametrize("documents", [Document(text=""), []])
def test_where_there_is_nothing_to_draw_nothing_fits(documents: Document | list[Document]) -> None:
    """An empty answer would read as one that costs nothing."""
    with pytest.raises(DocumentError, match=r"nothing to draw|no text"):
        fit(documents, tokens=100)


def test_a_fit_shows_no_text() -> None:
    """It may be printed."""
    found: Fit = fit(BOOK, tokens=100_000)
    assert "Ada" not in repr(found)


def test_a_pdfs_own_pages_are_counted_as_they_are_drawn(tmp_path: Path) -> None:
    """They cost the same in every style; what is counted is what is drawn."""
    reportlab = pytest.importorskip("reportlab.pdfgen.canvas")
    canvas = reportlab.Canvas(str(tmp_path / "plan.pdf"))
    for page in range(3):
        canvas.drawString(72, 720, f"Plan {page}, to be looked at as it is.")
        canvas.showPage()
    canvas.save()
    found = fit(load(tmp_path / "plan.pdf"), tokens=100_000, way="native")
    pages = list(found.draw())
    assert {page.way for page in pages} == {"native"}
    assert (found.pages, found.tokens) == (3, sum(page.tokens for page in pages))
    with pytest.raises(DoesNotFit) as caught:
        fit(load(tmp_path / "plan.pdf"), tokens=found.tokens - 1, way="native")
    assert (caught.value.tokens, caught.value.pages_that_fit) == (found.tokens, 2)

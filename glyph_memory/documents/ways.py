"""Which pages of a PDF are typeset anew and which are drawn as they look: a decision for each page, with its reason.

Typeset text is cheap and sharp; scans, figures and formulas lose by it. Knows what is on a page; draws nothing that is
kept.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from glyph_memory.document import Document
from glyph_memory.documents.native import (
    NativePlan,
    list_stretches,
    open_original,
    plan_content,
    price_content,
)
from glyph_memory.documents.pdf.assembly import GARBAGE
from glyph_memory.documents.pdf.content import PageContent, read_content
from glyph_memory.documents.pdf.file import PdfFile
from glyph_memory.documents.pdf.inline import InlineContext
from glyph_memory.documents.pdf.tables import RuledTable, find_tables, may_have_table
from glyph_memory.documents.sizes import LEAST_EM_PX
from glyph_memory.errors import DocumentError
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile, build_page_style
from glyph_memory.typesetting import iter_pages

Way = Literal["reflow", "native"]
"""How a page came about: the document's text and tables, typeset; or a page of the PDF, as it looks."""

_FIGURES = 0.25
"""A page of which pictures or drawings cover more is drawn as it looks."""
_FORMULAS = 0.12
"""So much of a page's characters in fonts for formulas."""
_NO_FORMULA = ".·•∗*[]<>"
"""Signs that stand in running text, too, though TeX takes them from its fonts for formulas."""
_SIDEWAYS = 0.15
"""So much of a page's text runs another way than the rest."""
_DENSE = 1_500
"""Characters."""
_SAMPLE = 20_000
"""Characters that are typeset to know what a character costs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageWay:
    """How one page of a PDF is drawn, and why."""

    page: int
    """Its number in the PDF, counted from 1."""
    way: Way
    """How it is drawn."""
    reason: str
    """Why, in a few words."""
    start: int
    """Offset in the document's text where the page's text begins."""
    stop: int
    """Offset after it."""
    reflow_tokens: int
    """About what its text costs, typeset."""
    native_tokens: int | None = None
    """What it costs as it looks; about that, by where its words and shapes stand, of a page that is typeset. None where
    it cannot be drawn, and where `reflow` was asked for: then nobody looks at the page."""
    plan: NativePlan | None = None
    """How it is drawn as it looks; None where it is typeset."""


def choose_ways(
    document: Document,
    *,
    way: Literal["auto", "reflow", "native"] = "auto",
    style: PageStyle | str | None = None,
    profile: ModelProfile | str = "glyph",
    tokens: int | None = None,
    password: str | None = None,
) -> tuple[PageWay, ...]:
    """Return how each page of a PDF is drawn, in order; nothing for a document without pages of its own.

    Args:
        document: As `load` yields it, or a part of one: the pages that it holds text of are decided.
        way: `auto` decides page by page; else all pages are drawn that way, and `reflow` looks at none of them.
        style: How typeset pages look; `PageStyle.auto` unless given.
        profile: The model that will read.
        tokens: What a page that is drawn as it looks may cost; as for `draw_native_page`.
        password: Of an encrypted file, where the document does not carry it.

    Raises:
        DocumentError: The file cannot be opened any more.
    """
    if document.original is None:
        return ()
    return tuple(iter_ways(document, way=way, style=style, profile=profile, tokens=tokens, password=password))


def iter_ways(
    document: Document,
    *,
    way: Literal["auto", "reflow", "native"] = "auto",
    style: PageStyle | str | None = None,
    profile: ModelProfile | str = "glyph",
    tokens: int | None = None,
    password: str | None = None,
) -> Generator[PageWay, None, None]:
    """Yield how each page of a PDF is drawn, once it is asked for; as `choose_ways`.

    Raises:
        DocumentError: As for `choose_ways`.
    """
    model = ModelProfile.of(profile)
    look = build_page_style(style, model)
    price = _price_character(document, look, model)
    if way == "reflow":
        for number, start, stop in list_stretches(document):
            yield PageWay(
                page=number,
                way=way,
                reason="asked for",
                start=start,
                stop=stop,
                reflow_tokens=round(price * (stop - start)),
            )
        return
    with open_original(document, password=password) as opened:
        for number, start, stop in list_stretches(document):
            yield _choose(opened, number, (start, stop), way, model, tokens, price)


def _choose(
    opened: PdfFile,
    number: int,
    stretch: tuple[int, int],
    way: Literal["auto", "native"],
    profile: ModelProfile,
    tokens: int | None,
    price: float,
) -> PageWay:
    chosen: Way = "reflow"
    plan, native_tokens = None, None
    try:
        content = read_content(opened, number)
        better, why = judge_page(content)
        chosen, reason = (better, why) if way == "auto" else (way, f"asked for; {why}")
        if chosen == "native":
            plan = plan_content(opened, content, profile=profile, tokens=tokens)
            native_tokens = plan.tokens
        else:
            native_tokens = price_content(content, profile=profile, tokens=tokens)
    except DocumentError as error:
        chosen, reason = "reflow", f"it cannot be drawn: {error}"
    if plan is not None and plan.em_px < LEAST_EM_PX - 0.01:
        reason += f"; its letters are {plan.em_px:.1f} px, which is small"
    return PageWay(
        page=number,
        way=chosen,
        reason=reason,
        start=stretch[0],
        stop=stretch[1],
        reflow_tokens=round(price * (stretch[1] - stretch[0])),
        native_tokens=native_tokens,
        plan=plan,
    )


def judge_page(content: PageContent) -> tuple[Way, str]:
    """Return how a page is best drawn, and why."""
    rules = content.drawings.rules
    tables = find_tables(rules, content.words, InlineContext())[0] if may_have_table(rules) else []
    return next(_list_losses(content, tables), None) or ("reflow", _describe_text(content, tables))


def _list_losses(content: PageContent, tables: Sequence[RuledTable]) -> Iterator[tuple[Way, str]]:
    """Yield what would be lost of a page by typesetting its text."""
    text = content.text
    if not text.characters and not content.words:
        if content.drawings.images:
            yield "native", "no text: a scan"
        elif content.drawings.has_shapes:
            yield "native", "no text: a drawing"
        return
    if text.garbage > GARBAGE * text.characters:
        yield "native", "the file does not say which characters it shows"
    if text.invisible * 2 > text.characters and content.image_share > _FIGURES:
        yield "native", "a scan, with recognised text"
    if content.image_share > _FIGURES:
        yield "native", f"pictures cover {100 * content.image_share:.0f} % of it"
    share = content.measure_figures(table.place for table in tables)
    if share > _FIGURES:
        yield "native", f"figures cover {100 * share:.0f} % of it"
    letters = sum(len(word.text) for word in text.words) or 1
    if sum(len(word.text.strip(_NO_FORMULA)) for word in text.words if word.font.math) > _FORMULAS * letters:
        yield "native", "many formulas"
    if sum(len(word.text) for word in text.words if word.angle != text.angle) > _SIDEWAYS * letters:
        yield "native", "text runs sideways"


def _describe_text(content: PageContent, tables: Sequence[RuledTable]) -> str:
    if not content.text.characters and not content.words:
        return "nothing on it"
    if tables:
        return "text and a table"
    return "dense text" if content.text.characters >= _DENSE else "text"


def _price_character(document: Document, style: PageStyle, profile: ModelProfile) -> float:
    """Return what a character costs, typeset: of the document's beginning, which is typeset for that."""
    sample = document.cut(0, _SAMPLE)
    if not sample.text.strip():
        return 0.0
    pages = iter_pages(sample, style=style)
    return sum(profile.image_tokens(page.size, images=2) for page in pages) / len(sample.text)

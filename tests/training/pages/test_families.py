"""What each family asks and answers: the answer is what the pages show, or what goes on from them."""

from __future__ import annotations

import re
from random import Random

import pytest

from glyph_memory import PageStyle, typeset
from glyph_memory.evaluate.tasks import NOT_STATED
from glyph_memory.page import Page
from glyph_memory.training.pages.families import (
    MAKERS,
    Draft,
    UnusableText,
    make_conversation,
    make_generation,
    make_interleaved,
    make_ocr,
    make_question,
    spell_text,
)
from tests.training.pages.small import SMALL, TEXT

SHORT = TEXT[:1500].rpartition("\n")[0]


def show(draft: Draft) -> str:
    """Return all that a draft shows, pages spelled out."""
    pages = [part for part in draft.parts if isinstance(part, Page)]
    return spell_text(pages) + "".join(part for part in draft.parts if isinstance(part, str))


def test_all_text_of_the_pages_is_the_answer() -> None:
    """Line ends are the text's, not the page's."""
    draft = make_ocr(SHORT, SMALL, Random(1))
    assert draft.answer == SHORT
    assert len(draft.parts) > 2


def test_an_answer_has_no_blanks_that_no_page_shows() -> None:
    """At the ends of lines; those inside and before a line can be seen."""
    draft = make_ocr("one  two \t\n   three\u3000 \n\nfour  ", SMALL, Random(1))
    assert draft.answer == "one  two\n   three\n\nfour"


def test_a_missing_half_is_spelled_as_the_page_would_show_it() -> None:
    """A character that no font has is its escape there, as on a whole page."""
    text = "\n".join(f"line {number} \u200b" for number in range(12))
    draft = make_generation(text, PageStyle.glyph(), Random(2))
    assert "\\u{200b}" in draft.answer and "\u200b" not in draft.answer


def test_an_answer_spells_what_no_font_has_as_the_page_does() -> None:
    """Escapes and tabs as they are drawn."""
    draft = make_ocr("a\tb\u200bc\nnext", PageStyle.glyph(), Random(1))
    assert draft.answer == "a    b\\u{200b}c\nnext"


@pytest.mark.parametrize("seed", range(6))
def test_text_goes_on_where_the_last_part_ended(seed: int) -> None:
    """All parts in order and the answer are the whole text; some are pages and some are not."""
    draft = make_interleaved(SHORT, SMALL, Random(seed))
    shown = [spell_text([part]) if isinstance(part, Page) else part for part in draft.parts[:-1]]
    assert "".join("".join([*shown, draft.answer]).split()) == "".join(SHORT.split())
    kinds = {isinstance(part, Page) for part in draft.parts[:-1]}
    assert kinds == {True, False}


@pytest.mark.parametrize("seed", range(6))
def test_a_missing_page_is_the_answer(seed: int) -> None:
    """The first or the last one, as the question says."""
    pages = typeset(SHORT, style=SMALL)
    draft = make_generation(SHORT, SMALL, Random(seed))
    at_end = draft.details["missing"] == "end"
    assert draft.answer == spell_text(pages[-1:] if at_end else pages[:1])
    kept = [part for part in draft.parts if isinstance(part, Page)]
    assert kept == (pages[:-1] if at_end else pages[1:])


def test_of_a_single_page_one_half_is_missing() -> None:
    """And the other half is shown."""
    text = TEXT[:300]
    draft = make_generation(text, PageStyle.glyph(), Random(2))
    shown = spell_text([part for part in draft.parts if isinstance(part, Page)])
    halves = (shown, draft.answer) if draft.details["missing"] == "end" else (draft.answer, shown)
    assert "\n".join(halves) == text


def test_a_question_is_answered_by_the_document_or_the_document_does_not_tell() -> None:
    """The value stands on the pages exactly when it is told."""
    told = set[bool]()
    for seed in range(30):
        draft = make_question(SHORT, SMALL, Random(seed))
        told.add(draft.details["told"])
        shown = show(draft)
        if draft.details["told"]:
            assert draft.answer in shown
        else:
            assert draft.answer == NOT_STATED
            thing = re.search(r"\w+-\w+\?", str(draft.parts[-1]))
            assert thing is None or thing[0].rstrip("?") not in shown.replace(str(draft.parts[-1]), "")
    assert told == {True, False}


def test_a_conversations_answer_cites_the_turn_that_tells_it() -> None:
    """The label of that turn stands on a page, and what it says behind it; or nothing tells it."""
    seen = set[bool]()
    for seed in range(30):
        draft = make_conversation(SHORT, SMALL, Random(seed))
        seen.add(draft.details["told"])
        pages = [part for part in draft.parts if isinstance(part, Page)]
        if not draft.details["told"]:
            assert draft.answer == NOT_STATED
            continue
        anchor, role = draft.details["anchor"], draft.details["role"]
        text = "".join(page.text for page in pages)
        turn = re.split(r"§\d+ \w+ ", text.split(f"§{anchor} {role} ")[1])[0]
        if draft.answer == f"§{anchor} {role}":
            sentence = re.search("“(.*)”", str(draft.parts[-1]), re.DOTALL)
            assert sentence is not None and sentence[1] in turn
        else:
            value, cited = draft.answer.rsplit(" (", 1)
            assert cited == f"§{anchor})" and value in turn
    assert seen == {True, False}


def test_labels_have_their_roles_colour() -> None:
    """They are drawn as a memory draws them: pages with labels have a palette of colours."""
    draft = make_conversation(SHORT, SMALL, Random(3))
    page = next(part for part in draft.parts if isinstance(part, Page))
    assert page.depth == 8


def test_a_text_too_short_to_be_parted_is_told() -> None:
    """Another family then takes it."""
    with pytest.raises(UnusableText, match="too short"):
        make_interleaved("short", SMALL, Random(0))


@pytest.mark.parametrize("family", list(MAKERS))
@pytest.mark.parametrize(
    "text",
    [
        "漢字仮名交じり文です。" * 60, "😀🎉 naïve ﷽ שלום مرحبا " * 40, "x" * 3_000, "§1 user said so. " * 60,
        " \n" * 200 + "a" * 90,
    ],
    ids=["ideographs", "emoji and right to left", "one long word", "false labels", "mostly blank"],
)  # fmt: skip
def test_texts_of_all_kinds_make_samples(family: str, text: str) -> None:
    """A sample with pages and an answer; or the text is too blank for that family, which is told."""
    try:
        draft = MAKERS[family](text, SMALL, Random(4))  # type: ignore[index]  # a family's name
    except UnusableText:
        assert "a" * 90 in text
        return
    sample = draft.finish(family, {})  # type: ignore[arg-type]  # as above
    assert sample.answer and sample.images

"""Captions stand in text before each page, or on the page itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from glyph_memory.context import Binder, Captions, Context, Text, context_from_turns
from glyph_memory.folding import Fold, FoldPolicy, fold
from glyph_memory.testing import agent_conversation

POLICY = FoldPolicy(
    window_tokens=12_000, output_tokens=500, keep_recent_tokens=400, seal_tokens=800, trigger_tokens=1_600,
    max_run_tokens=2_000, pinned_tokens=200, tools_tokens=0,
)  # fmt: skip
TALK = agent_conversation(turns=120, seed=3).turns


def told(captions: Captions, *, turns: int = len(TALK)) -> tuple[Binder, Fold, Context]:
    """A conversation's fold and context."""
    binder = Binder("glyph", policy=POLICY, captions=captions)
    begun = fold(TALK[:turns], policy=POLICY, costs=binder)
    return binder, begun, context_from_turns(begun, TALK[:turns], binder=binder)


def texts(context: Context) -> list[str]:
    """All text of the message that holds the pages."""
    parts = context.messages[1].parts
    return [part.text for part in parts if isinstance(part, Text) and part.kind != "note"]


def test_in_text_every_page_has_its_turns_its_number_and_its_digest_before_it() -> None:
    """And nothing on itself."""
    _, begun, context = told("text")
    pages = [page for seal in begun.visible_seals for page in seal.pages]
    wanted = [
        f"§{page.anchors[0]}–§{page.anchors[1]}, page {page.number} ({page.digest[:6]}):\n" for page in pages
    ]
    assert [text for text in texts(context) if ", page " in text] == wanted
    assert len(context.images) == len(pages) > 3


def test_on_the_page_they_cost_a_row_of_cells_and_no_text() -> None:
    """The pages say the same, 28 px further down."""
    _, plain, _ = told("text")
    _, begun, context = told("page")
    assert not any(", page " in text for text in texts(context))
    first, captioned = plain.visible_seals[0].pages, begun.visible_seals[0].pages
    assert [page.size[1] + 28 for page in first] == [page.size[1] for page in captioned]
    assert [page.anchors for page in first] == [page.anchors for page in captioned]
    assert {page.digest for page in first}.isdisjoint(page.digest for page in captioned)


@pytest.mark.parametrize("captions", ["text", "page"])
def test_what_is_sealed_stays_as_it_is_and_within_its_window(captions: Captions) -> None:
    """Part for part, and drawn again from nothing."""
    binder, begun, earlier = told(captions, turns=80)
    _, grown, later = told(captions)
    assert grown.visible_seals[: len(begun.visible_seals)] == begun.visible_seals
    sealed = sum(len(binder.parts(seal, list)) for seal in begun.visible_seals)
    assert later.messages[1].parts[: sealed + 1] == earlier.messages[1].parts[: sealed + 1]
    assert binder.counts.count_context(later) <= POLICY.prompt_tokens


def test_where_captions_stand_is_part_of_the_fingerprint() -> None:
    """Another place begins a new generation."""
    assert Binder("glyph", captions="page").fingerprint != Binder("glyph").fingerprint


def test_a_context_of_turns_at_hand_gives_sealed_turns_the_anchors_of_their_seals() -> None:
    """Also those that a branch left with other anchors than their places."""
    binder, begun, _ = told("text")
    talk = [*TALK[:40], *(replace(turn, text=f"Again. {turn.text}") for turn in TALK[40:])]
    branch = fold(
        talk,
        seals=begun.seals,
        highest_sealed_anchor=begun.highest_sealed_anchor,
        policy=POLICY,
        costs=binder,
    )
    assert branch.visible_seals[-1].anchors[0] > begun.highest_sealed_anchor
    binder.cache.forget(branch.visible_seals[-1].pages[0].digest)  # so that it is drawn again
    assert len(context_from_turns(branch, talk, binder=binder).images) == sum(
        seal.images for seal in branch.visible_seals
    )

"""What begins a generation: another profile, policy or style, fonts changed unseen. Nothing is lost, anchors stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from glyph_memory import GlyphMemory, ImagePart, ModelProfile, PageStyle, Seal, StoreError, Turn
from glyph_memory.memory.seal_records import make_record
from tests.memory.conftest import Start
from tests.memory.worker import OTHER, SMALL, small

Talk = tuple[Turn, ...]
PROFILE = replace(ModelProfile.from_name("glyph"), name="glyph, another")
CHANGES: dict[str, dict[str, Any]] = {
    "policy": {"policy": OTHER},
    "style": {"style": replace(PageStyle.glyph(), dpi=80)},
    "profile": {"profile": PROFILE},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_draws_everything_anew_and_loses_nothing(database: Path, talk: Talk, change: str) -> None:
    """In one step, as if it had always been so, under the same anchors; and so does changing back."""
    with small(database) as memory:
        memory.extend(talk[:100])
        first = memory.fold()
        turns = list(memory.turns())
    with small(database, **CHANGES[change]) as memory, small(**CHANGES[change]) as always:
        always.extend(turns)
        second = memory.fold()
        assert second.generation > first.generation
        assert [seal.anchors for seal in second.seals] == [seal.anchors for seal in always.fold().seals]
        assert [seal.digests for seal in second.seals] == [seal.digests for seal in always.fold().seals]
        assert without_uuids(memory) == without_uuids(always)
        assert list(memory.turns()) == turns
        memory.extend(talk[100:])
        assert memory.fold().generation >= second.generation
        turns = list(memory.turns())
        second = memory.fold()
    with small(database, take_over=True) as memory, small() as always:
        always.extend(turns)
        assert memory.fold().generation > second.generation
        assert [seal.digests for seal in memory.fold().seals] == [
            seal.digests for seal in always.fold().seals
        ]
        assert memory.context().images


def without_uuids(memory: GlyphMemory) -> list[Any]:
    """Return a context's parts, images by their bytes."""
    return [
        part.data if isinstance(part, ImagePart) else part
        for message in memory.context().messages
        for part in message.parts
    ]


@pytest.mark.filterwarnings("ignore:session 'default' has got another look")
def test_two_who_fold_otherwise_lose_nothing(database: Path, talk: Talk) -> None:
    """Each has its own context, and every turn is in both."""
    with small(database) as one, small(database, policy=OTHER) as other:
        for begin in range(0, 60, 12):
            (one if begin % 24 else other).extend(talk[begin : begin + 12])
        for memory in (one, other, one):
            context = memory.context()
            assert memory.tokens(context) <= memory.policy.prompt_tokens
            assert len(places(memory)) == 60
        for memory, policy in ((one, SMALL), (other, OTHER)):
            with small(policy=policy) as alone:
                alone.extend(talk[:60])
                seals = [seal.digests for seal in memory.fold().seals]
                assert seals == [seal.digests for seal in alone.fold().seals]


def test_two_processes_that_fold_otherwise_both_come_to_an_end(database: Path, start: Start) -> None:
    """At once, on one session."""
    process = start("alternate", database, 12)
    with small(database) as memory:
        for number in range(12):
            memory.add("user", f"mine:{number} and so on, and so on")
            assert memory.tokens(memory.context()) <= SMALL.prompt_tokens
        assert process.wait() == 0
        assert len(list(memory.turns())) == 24
        assert sorted(places(memory)) == list(range(1, 25))


def places(memory: GlyphMemory) -> list[int]:
    """Return the anchors of all that a fold holds."""
    fold = memory.fold()
    anchors = [turn.anchor or 0 for turn in fold.head]
    anchors += [anchor for seal in fold.seals for anchor in seal.anchors]
    return anchors + [recent.turn.anchor or 0 for recent in fold.tail]


def forged(seals: Sequence[Seal], *, more: int = 0) -> list[Seal]:
    """Return a chain whose pages look otherwise than these fonts draw them, sound in all else."""
    chain: list[Seal] = []
    for seal in seals:
        first = chain[-1].pages[-1].number + 1 if chain else 1
        pages = tuple(
            replace(page, number=number, digest=f"{number:064x}")
            for number, page in enumerate((*seal.pages, *seal.pages[-1:] * more), first)
        )
        chain.append(replace(seal, pages=pages, previous=chain[-1].digest if chain else ""))
    return chain


def test_fonts_that_changed_unseen_begin_a_generation(database: Path, talk: Talk) -> None:
    """Where pages are lost that cannot be drawn as they were, all are drawn anew, in one step."""
    with small(database) as memory:
        memory.extend(talk[:60])
        fold = memory.fold()
        assert (len(fold.visible_seals) > 3, fold.generation) == (True, 1)
        session_store = memory._session_store
        records = [make_record(seal) for seal in forged(fold.seals)]
        assert session_store.replace_seals(0, records, edits=session_store.state().edits)
    with small(database) as memory:
        assert memory.zoom("page 1").turns
        assert memory.fold().generation == 1
        context = memory.context()
        assert memory.fold().generation == 2
        assert [image.data for image in context.images] == [page.png() for page in memory.pages()]
        after = memory.fold()
        assert memory.context() == context
        assert memory.fold() == after
    with small(database) as memory:
        assert memory.fold() == after
        assert memory.context() == context


def test_a_page_that_these_fonts_have_no_more_is_not_missed(database: Path, talk: Talk) -> None:
    """Where fonts changed unseen and pages became fewer, zoom counts as the next context does."""
    with small(database, style="glyph") as memory:
        memory.extend(talk[:60])
        session_store = memory._session_store
        chain = forged(memory.fold().seals, more=2)
        assert session_store.replace_seals(
            0, [make_record(seal) for seal in chain], edits=session_store.state().edits
        )
    with small(database, style="glyph") as memory:
        assert memory.zoom(f"page {len(chain[0].pages)}").turns
        assert memory.fold().generation == 2
        with pytest.raises(StoreError, match="numbered 1 to"):
            memory.zoom(f"page {chain[-1].pages[-1].number}")

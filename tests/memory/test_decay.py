"""Old pages are drawn again denser: where that pays, in a new generation, and nothing of what was said is lost."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from glyph_memory import DecayRule, GlyphMemory, PageStyle, PolicyError, ServerPrices, StyleError
from glyph_memory.folding import Seal
from glyph_memory.testing import agent_conversation
from glyph_memory.transcript import Turn

STYLE = PageStyle.glyph()
SMALL = replace(STYLE, font_size_pt=6, line_height_pt=6.6)
RULE = DecayRule(style=SMALL)
CACHED = ServerPrices(text=1, page=1, cached_text=0.1, cached_page=0.1)
TURNS = tuple(turn for turn in agent_conversation(turns=400) if turn.text)


def open_memory(place: str | Path = ":memory:", **keywords: Any) -> GlyphMemory:
    """Open a memory of a small window, with a rule for old pages."""
    given: dict[str, Any] = {"style": STYLE, "window_tokens": 16_384, "decay": RULE, **keywords}
    return GlyphMemory.open(place, **given)


def grow(memory: GlyphMemory, turns: Sequence[Turn] = TURNS) -> Iterator[GlyphMemory]:
    """Add turns, ten at a time; yield after each ten."""
    for start in range(0, len(turns), 10):
        memory.extend([Turn(role=turn.role, text=turn.text) for turn in turns[start : start + 10]])
        yield memory


def list_old(memory: GlyphMemory) -> list[bool]:
    """Return of each visible seal whether its pages were drawn again."""
    return [any(page.kind == "old" for page in seal.pages) for seal in memory.fold().visible_seals]


def fill(memory: GlyphMemory) -> GlyphMemory:
    """Add all turns."""
    for _ in grow(memory):
        pass
    return memory


def test_old_seals_are_denser_and_the_newest_stay_as_they_are() -> None:
    """In order: old ones first, and four at the end untouched."""
    with open_memory(prices=CACHED) as memory:
        fill(memory)
        old = list_old(memory)
        assert old == sorted(old, reverse=True)
        assert old[0]
        assert not any(old[-RULE.keep_seals :])
        assert memory.report().layouts["denser"] >= 1


def test_more_of_a_conversation_is_shown() -> None:
    """That is what it is for."""
    with open_memory(prices=CACHED) as denser, open_memory(decay=None) as plain:
        assert fill(denser).report().evicted_turns < fill(plain).report().evicted_turns


def test_without_prices_the_prefix_is_broken_only_where_it_is_anyway() -> None:
    """Up to where the oldest seals leave, it is the memory that it would be without a rule."""
    with open_memory() as denser, open_memory(decay=None) as plain:
        for _ in zip(grow(denser), grow(plain), strict=True):
            if plain.fold().generation > 1:
                break
            assert denser.fold().generation == 1
            assert [seal.turns for seal in denser.fold().seals] == [seal.turns for seal in plain.fold().seals]
        assert any(list_old(denser))


def test_it_waits_until_it_pays() -> None:
    """Within one request no saving pays for a broken prefix; within a hundred it does, before seals have to leave."""
    with (
        open_memory(prices=CACHED, decay=replace(RULE, within_requests=1)) as hasty,
        open_memory(prices=CACHED) as patient,
    ):
        for _ in zip(grow(hasty), grow(patient), strict=True):
            if any(list_old(patient)):
                break
        assert not patient.fold().evicted_seals
        assert not any(list_old(hasty))


def test_within_a_generation_nothing_that_was_sealed_changes() -> None:
    """Seals are only appended, until the number of the generation goes up."""
    before: tuple[int, tuple[Seal, ...]] = 1, ()
    with open_memory(prices=CACHED) as memory:
        for _ in grow(memory):
            fold = memory.fold()
            generation, seals = before
            if fold.generation == generation:
                assert fold.seals[: len(seals)] == seals
            before = fold.generation, fold.seals
        assert before[0] > 1


def test_nothing_is_lost_and_lost_files_are_drawn_byte_for_byte(tmp_path: Path) -> None:
    """Old pages are views, as all are."""
    path = tmp_path / "chat.db"
    with open_memory(path, prices=CACHED, pages=tmp_path / "pages") as memory:
        fill(memory)
        assert [turn.text for turn in memory.turns()] == [turn.text for turn in TURNS]
        shown = [image.data for image in memory.context().images]
    files = [file for file in (tmp_path / "pages").rglob("*") if file.is_file()]
    assert len(files) >= len(shown)
    for file in files:
        file.unlink()
    with open_memory(path, prices=CACHED, pages=tmp_path / "pages") as memory:
        assert any(list_old(memory))
        assert [image.data for image in memory.context().images] == shown


def test_opened_again_it_goes_on_from_there(tmp_path: Path) -> None:
    """No new generation, and the same pages; for one that only looks, too."""
    path = tmp_path / "chat.db"
    with open_memory(path, prices=CACHED) as memory:
        before = fill(memory).fold()
    for read_only in (True, False):
        with open_memory(path, prices=CACHED, read_only=read_only) as memory:
            assert memory.fold().generation == before.generation
            assert memory.fold().seals == before.seals


def test_a_generation_that_another_process_began_is_not_broken_again(tmp_path: Path) -> None:
    """Two memories of a session show the same pages, whichever drew them again."""
    path, dice = tmp_path / "chat.db", random.Random(2)
    with open_memory(path, prices=CACHED) as one, open_memory(path, prices=CACHED) as other:
        for start in range(0, len(TURNS), 20):
            writer = one if dice.random() < 0.6 else other
            writer.extend([Turn(role=turn.role, text=turn.text) for turn in TURNS[start : start + 20]])
            if dice.random() < 0.5:
                shown = [image.digest for image in one.context().images]
                assert [image.digest for image in other.context().images] == shown
        assert any(list_old(other))


def test_erasing_an_old_turn_draws_its_seal_anew(tmp_path: Path) -> None:
    """Still denser, without the turn."""
    with open_memory(tmp_path / "chat.db", prices=CACHED) as memory:
        fill(memory)
        first = memory.fold().visible_seals[0]
        memory.delete(first.anchors[0])
        shown = {anchor for seal in memory.fold().visible_seals for anchor in seal.anchors}
        assert first.anchors[0] not in shown
        assert list_old(memory)[0]


@pytest.mark.parametrize(
    ("rule", "error", "said"),
    [
        ({"style": replace(STYLE, font_size_pt=12, line_height_pt=13)}, StyleError, "smaller letters"),
        ({"style": "no such style"}, StyleError, "no such style"),
        ({"style": SMALL, "keep_seals": -1}, PolicyError, "keep_seals"),
        ({"style": SMALL, "within_requests": 0}, PolicyError, "within_requests"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(rule: dict[str, Any], error: type[Exception], said: str) -> None:
    """When the memory is opened, at the latest."""
    with pytest.raises(error, match=said):
        open_memory(decay=DecayRule(**rule))


def test_what_is_no_rule_is_refused() -> None:
    """In a line that says what to give."""
    with pytest.raises(PolicyError, match="DecayRule"):
        open_memory(decay="denser")

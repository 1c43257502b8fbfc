"""What seals that are shown may cost together, and how they leave."""

from __future__ import annotations

from dataclasses import replace

import pytest

from glyph_memory.folding import FoldPolicy
from tests.folding.fakes import SMALL, assistant, one_by_one, spelled, system, user

ROOM = replace(SMALL, window_tokens=561)
"""Leaves 85 tokens for seals."""
TALK = [user(15) for _ in range(16)]
"""Five seals of three turns: each two pages, twenty tokens, 1,568 pixels, two hundred bytes."""
LIMITS = {
    "tokens": ROOM,
    "images": replace(SMALL, max_images=10),  # an eighth of each is for pictures among the recent turns
    "pixels": replace(SMALL, max_request_px=8000),
    "bytes": replace(SMALL, max_request_bytes=1000),
}


def test_the_budget_is_what_everything_else_leaves() -> None:
    """Answer, tools, head, recent turns at their most, pinned turns, a repeated request, and a note."""
    assert ROOM.seal_budget_tokens(head_tokens=0) == 561 - 100 - 0 - (60 + 20 + 10) - 20 - 10 - 256
    assert ROOM.seal_budget_tokens(head_tokens=80) == 5
    assert ROOM.seal_budget_tokens(head_tokens=1000) == 0


@pytest.mark.parametrize("policy", LIMITS.values(), ids=LIMITS)
def test_when_a_seal_would_exceed_a_limit_the_oldest_leave_down_to_half_of_it(policy: FoldPolicy) -> None:
    """In one step, so that the prompt's beginning stays the same for long; four seals fit, and two are half."""
    before = one_by_one(TALK[:-1], policy=policy)
    assert (len(before.visible_seals), before.evicted_seals, before.generation) == (4, (), 1)
    after = one_by_one(TALK, policy=policy)
    assert spelled(after) == " | (1 2 3) | (4 5 6) | (7 8 9) | 10 11 12 | 13 14 15 | 16"
    assert (after.generation, after.oldest) == (2, 4)
    assert [(seal.generation, seal.oldest) for seal in after.seals] == [(1, 1)] * 4 + [(2, 4)]


def test_the_head_takes_from_the_budget() -> None:
    """With eighty words of it one seal has no room: a line names its turns."""
    folded = one_by_one([system(80), *TALK[:4], assistant(1)], policy=replace(ROOM, unseen="text"))
    assert spelled(folded) == "1 | 2 3 4 | 5 6"
    assert [seal.kind for seal in folded.visible_seals] == ["named"]


def test_what_nobody_answered_is_not_sealed_where_its_seal_would_leave_at_once() -> None:
    """It stays, to be shown in parts."""
    folded = one_by_one([system(80), *TALK[:4]], policy=ROOM)
    assert spelled(folded) == "1 | 2 3 4 5"


def test_the_newest_seal_stays_if_it_fits_by_itself() -> None:
    """Though it is more than half."""
    folded = one_by_one([*TALK[:13], user(200)], policy=ROOM)
    assert [seal.tokens for seal in folded.visible_seals] == [80]
    assert (len(folded.evicted_seals), folded.generation) == (4, 2)


def test_a_run_that_is_larger_than_the_whole_budget_is_named_and_what_is_before_it_stays() -> None:
    """Recall finds it; later ones are pages again."""
    talk = [*TALK[:3], assistant(1), user(300), assistant(1)]
    policy = replace(ROOM, unseen="text", window_tokens=900, pinned_tokens=400, trigger_tokens=40)
    folded = one_by_one(talk, policy=policy)
    assert [(seal.kind, seal.number) for seal in folded.visible_seals] == [("pages", 1), ("named", 2)]
    assert folded.generation == 1
    assert folded.request is not None
    assert [seal.pages for seal in folded.seals[1:]] == [()]


def test_without_any_room_every_seal_departs_and_nothing_fails() -> None:
    """A head that fills the window leaves recall alone; not even a line has room."""
    folded = one_by_one([system(2000), *TALK, assistant(1)], policy=replace(ROOM, unseen="text"))
    assert folded.visible_seals == ()
    assert folded.generation == 1 + len(folded.seals) == 11

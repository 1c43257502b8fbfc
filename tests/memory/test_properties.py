"""What holds of every conversation, however it was told: one by one, all at once, with edits, forks and reopenings."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory import Context, GlyphMemory, ImagePart, Part, PolicyError, StoreError, Text, Turn
from glyph_memory.folding import Fold
from glyph_memory.store import Store
from glyph_memory.testing import agent_conversation
from tests.memory.worker import SMALL, small

LONG = agent_conversation(turns=3000, seed=11).turns
HARD = " ".join(f"{number * 2654435761 % 2**32:08x}" for number in range(400))


def parts(context: Context) -> list[Part | tuple[bytes, str | None]]:
    """Return what is sent, part for part, to the byte."""
    return [
        (part.data, part.uuid) if isinstance(part, ImagePart) else part
        for message in context.messages
        for part in message.parts
    ]


def sealed_parts(context: Context) -> list[Part | tuple[bytes, str | None]]:
    """Return what stands up to the last page and its ledger: a context's beginning, as a server caches it."""
    given = parts(context)
    last = max((place for place, part in enumerate(given) if isinstance(part, tuple)), default=-1)
    return given[: last + 1]


def check(memory: GlyphMemory, said: Sequence[Turn]) -> Fold:
    """See that all that was said is there, once, and that the context is within its limits."""
    fold = memory.fold()
    anchors = [turn.anchor for turn in fold.head]
    anchors += [anchor for seal in (*fold.evicted_seals, *fold.visible_seals) for anchor in seal.anchors]
    anchors += [recent.turn.anchor for recent in fold.tail]
    assert anchors == [turn.anchor for turn in said]
    context = context_from_turns(memory)
    if context is not None:
        assert memory.tokens(context) <= memory.policy.prompt_tokens
        assert len(context.images) <= (memory.policy.max_images or 10**9)
    return fold


def context_from_turns(memory: GlyphMemory) -> Context | None:
    """Return the context; None where an open call, which is never parted from its result, is rightly refused."""
    try:
        return memory.context()
    except PolicyError as error:
        assert "A tool call is still open" in str(error)
        return None


class Simulation:
    """A conversation with a memory, and what a memory has to hold then, kept in a list."""

    def __init__(self, seed: int, store: Store) -> None:
        self.store, self.random, self.said = store, random.Random(seed), list[Turn]()
        self.memory, self.forks, self.next = small(store, session="s"), 0, seed * 37 % 1000

    def step(self) -> None:
        """Do one thing or another."""
        choice = self.random.choice("ssssssssseeeeebpudtrfhx")
        known = [turn.anchor or 0 for turn in self.said]
        some = self.random.choice(known) if known else 0
        if choice in "se":
            count = 1 if choice == "s" else self.random.randint(2, 25)
            turns = [replace(turn, id=None) for turn in LONG[self.next : self.next + count]]
            self.next = (self.next + count) % (len(LONG) - 60)
            self.said += [self.memory.add(turns[0])] if choice == "s" else self.memory.extend(turns)
        elif choice == "b":  # something big, or an orphan, or what does not pay as pages
            text = self.random.choice([HARD, "word " * 2000, ""])
            self.said.append(self.memory.add(self.random.choice(("user", "tool", "assistant")), text))
        elif choice in "pu" and some:
            try:
                self.memory.pin(some, pinned=choice == "p")
            except PolicyError:
                return
            self.said = [
                replace(turn, pinned=choice == "p") if turn.anchor == some else turn for turn in self.said
            ]
        elif choice == "d" and some:
            gone = {some, some + 1} & set(known)
            assert self.memory.delete(some, some + 1) == len(gone)
            self.said = [turn for turn in self.said if turn.anchor not in gone]
        elif choice == "t" and some:
            after = known[-self.random.randint(1, min(20, len(known)))]
            assert self.memory.truncate(after=after) == len([anchor for anchor in known if anchor > after])
            self.said = [turn for turn in self.said if (turn.anchor or 0) <= after]
        elif choice == "r":
            self.memory = small(self.store, session="s" if not self.forks else f"fork {self.forks}")
        elif choice == "f" and self.said and self.forks < 3:
            self.forks += 1
            self.memory = self.memory.fork(f"fork {self.forks}")


@given(seed=st.integers(0, 10_000), steps=st.integers(5, 45))
@settings(max_examples=12, deadline=None)
def test_nothing_is_lost_whatever_is_done(seed: int, steps: int) -> None:
    """Said, pinned, deleted, truncated, forked, reopened: all that was said is there, in one place, word for word."""
    with Store.open(":memory:") as store:
        simulation = Simulation(seed, store)
        for _ in range(steps):
            simulation.step()
            memory, said = simulation.memory, simulation.said
            fold = check(memory, said)
            assert list(memory.turns()) == said
        with small(store, session=memory.session) as reopened:
            assert reopened.fold().seals == fold.seals
            assert reopened.fold().tail == fold.tail
            assert reopened.fold().pinned == fold.pinned
            assert reopened.fold().request == fold.request
            again, before = context_from_turns(reopened), context_from_turns(memory)
            assert (again and parts(again)) == (before and parts(before))
        whole = memory.unfold()
        assert all(f"§{turn.anchor} {turn.role}" in whole for turn in said)


@given(seed=st.integers(0, 1000), lengths=st.lists(st.integers(1, 40), min_size=2, max_size=6))
@settings(max_examples=8, deadline=None)
def test_one_by_one_all_at_once_and_reopened_are_the_same(seed: int, lengths: list[int]) -> None:
    """The same seals, digests and contexts, whenever they are asked for."""
    turns = list(agent_conversation(turns=sum(lengths), seed=seed).turns)
    turns[len(turns) // 2] = replace(turns[0], role="user", text=HARD, id="hard")
    with Store.open(":memory:") as one, Store.open(":memory:") as many, Store.open(":memory:") as again:
        singly, at_once = small(one), small(many)
        for turn in turns:
            singly.add(turn)
        at_once.extend(turns)
        done = 0
        for length in lengths:  # each part said to a memory that was opened for it alone
            with small(again) as memory:
                memory.extend(turns[done : (done := done + length)])
        with small(again) as memory, small(one) as reopened:
            assert singly.fold() == at_once.fold() == memory.fold() == reopened.fold()
            texts = [
                [part.text for part in parts(m.context()) if isinstance(part, Text)]
                for m in (singly, at_once, memory)
            ]
            assert texts[0] == texts[1] == texts[2]
            assert parts(reopened.context()) == parts(singly.context())
            images = [[image.data for image in m.context().images] for m in (singly, at_once, memory)]
            assert images[0] == images[1] == images[2]


@pytest.mark.parametrize("seed", [1, 2])
def test_within_a_generation_a_context_begins_as_the_one_before(seed: int) -> None:
    """Part for part and byte for byte: what a server has read it need not read again. Also after each reopening."""
    with Store.open(":memory:") as store:
        memory, generation, kept = small(store), 1, 0
        before: list[Part | tuple[bytes, str | None]] = []
        for place, turn in enumerate(agent_conversation(turns=260, seed=seed).turns):
            if place % 23 == 0:
                memory = small(store)
            memory.add(turn)
            context = memory.context()
            now = memory.fold().generation
            if now == generation:
                begin = sealed_parts(context)
                assert begin[: len(before)] == before
                kept += bool(before)
            before, generation = sealed_parts(context), now
        assert generation > 2
        assert kept > 100


def test_ten_thousand_turns(database: Path) -> None:
    """All are there at the end: in the fold, in the export's order, found by search, cited by anchor."""
    talk = agent_conversation(turns=10_000, seed=3).turns
    policy = replace(SMALL, window_tokens=32_000, keep_recent_tokens=1500, seal_tokens=1500, trigger_tokens=6000,
                     max_run_tokens=6000, max_images=64)  # fmt: skip
    dice = random.Random(4)
    said: list[Turn] = []
    memory = small(database, policy=policy)
    done = 0
    while done < len(talk):
        count = dice.choice([1, 7, 500, 1000])
        said += memory.extend(talk[done : done + count])
        done += count
        if dice.random() < 0.3:
            memory.close()
            memory = small(database, policy=policy)
        fold = check(memory, said)
    assert fold.generation > 3
    for place in (0, 1, 4999, 9998, 9999):
        anchor = said[place].anchor or 0
        assert memory.zoom(anchor).text.startswith(talk[place].text)
    facts = [turn for turn in said if turn.text.startswith("Remember: ")]
    for turn in facts[:: max(1, len(facts) // 10)]:
        assert any(turn.text == passage.turn.text for passage in memory.recall(turn.text, k=10))
    with pytest.raises(StoreError, match="no turn"):
        memory.zoom(10_001)
    assert sum(1 for _ in memory.turns()) == 10_000
    memory.close()

"""What the benchmark of adding measures is what it says; how long things take is nobody's claim here."""

from __future__ import annotations

from pathlib import Path

import pytest

import append
from glyph_memory import FoldPolicy, GlyphMemory, ModelProfile, Turn
from glyph_memory.testing import agent_conversation

POLICY = FoldPolicy.for_profile(ModelProfile.from_name("glyph"))


def test_rows_and_steps_are_counted_for_connections_made_within(tmp_path: Path) -> None:
    """One turn is a row at least; asking for a context writes none; outside, nothing is counted."""
    with append.count_statements() as counter, GlyphMemory.open(tmp_path / "a.db") as memory:
        subject = append.Subject(path=tmp_path / "a.db", spare=[], memory=memory)
        subject.count_one(Turn(role="user", text="The port is 8443."), counter)
        subject.count_one(Turn(role="user", text="And the host is build-7.internal."), counter)
        steps_then = counter.steps
    for written, read, steps in subject.counts["add"]:
        assert written >= 3
        assert read >= 1
        assert steps > 100
    assert [written for written, _, _ in subject.counts["context"]] == [0, 0]
    with GlyphMemory.open(tmp_path / "b.db") as memory:
        memory.add("user", "Hello.")
    assert counter.steps == steps_then


def test_both_calls_are_timed(tmp_path: Path) -> None:
    """Once for each turn."""
    with GlyphMemory.open(tmp_path / "a.db") as memory:
        subject = append.Subject(path=tmp_path / "a.db", spare=[], memory=memory)
        for turn in agent_conversation(turns=3).turns:
            subject.time_one(turn)
    assert {name: len(times) for name, times in subject.cpu_s.items()} == {"add": 3, "context": 3}


def test_a_memory_is_built_as_long_as_asked_where_no_generation_is_near(tmp_path: Path) -> None:
    """The rest of the conversation is spare."""
    talk = agent_conversation(turns=60).turns
    subject = append.build_memory(tmp_path / "a.db", talk, 50, policy=POLICY, room=10)
    assert (subject.memory.report().turns, len(subject.spare)) == (50, 10)
    subject.memory.close()
    cached, drawn = append.time_opening(tmp_path / "a.db", policy=POLICY)
    assert cached > 0
    assert drawn > 0


def test_ratios_of_nothing_are_one() -> None:
    """A context writes no rows, early or late."""
    assert append.ratio(0, 0) == 1
    assert append.ratio(3, 2) == pytest.approx(1.5)
    assert append.ratio(3, 0) == float("inf")

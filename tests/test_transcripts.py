"""`agent_conversation` is long, varied, well formed and the same everywhere."""

from __future__ import annotations

import hashlib
import json
import statistics
from collections import Counter

import pytest

from glyph_memory.testing import agent_conversation


def test_it_is_the_same_on_every_python() -> None:
    """Figures for it can be compared across machines and versions."""
    said = "\n".join(
        f"{turn.role}: {turn.text}{turn.tool_calls}" for turn in agent_conversation(turns=300, seed=7)
    )
    assert hashlib.sha256(said.encode()).hexdigest()[:12] == "11b16e0a661a"


def test_another_seed_is_another_conversation() -> None:
    """One seed, one conversation."""
    assert agent_conversation(seed=1) == agent_conversation(seed=1) != agent_conversation(seed=2)


@pytest.mark.parametrize("turns", range(1, 30))
def test_it_is_as_long_as_was_asked_for(turns: int) -> None:
    """To the turn, with no call left open."""
    talk = agent_conversation(turns=turns)
    calls = {call.id for turn in talk for call in turn.tool_calls}
    assert len(talk) == turns
    assert calls == {turn.tool_call_id for turn in talk if turn.role == "tool"}


def test_results_come_directly_after_their_calls() -> None:
    """As chat servers demand."""
    open_calls: set[str] = set()
    for turn in agent_conversation(turns=300):
        if turn.role == "tool":
            assert turn.tool_call_id in open_calls
            open_calls.discard(turn.tool_call_id or "")
        else:
            assert not open_calls
        open_calls |= {call.id for call in turn.tool_calls}


def test_arguments_are_json_and_ids_and_times_go_up() -> None:
    """Tools parse them; stores sort by them."""
    talk = agent_conversation(turns=300)
    assert all(json.loads(call.arguments) for turn in talk for call in turn.tool_calls)
    assert len({turn.id for turn in talk}) == len(talk)
    times = [turn.time for turn in talk if turn.time]
    assert times == sorted(times)
    assert len(times) == len(talk)


def test_facts_come_back_word_for_word() -> None:
    """What the user said early is asked for later; both are there to be found."""
    talk = list(agent_conversation(turns=400))
    answers = [turn.text.partition(" is ")[2] for turn in talk if turn.text.startswith("You said that ")]
    assert len(answers) > 10
    texts = [turn.text for turn in talk]
    assert sum(any(answer in text for text in texts if "You said" not in text) for answer in answers) > 10


def test_sentences_vary() -> None:
    """Hardly a turn is said twice, and not all of it is ASCII."""
    texts = [turn.text for turn in agent_conversation(turns=400)]
    assert len(set(texts)) > 0.8 * len(texts)
    assert not "".join(texts).isascii()


def test_a_conversation_has_a_turn_at_least() -> None:
    """Zero turns are a mistake of the caller."""
    with pytest.raises(ValueError, match="turns=0"):
        agent_conversation(turns=0)


def test_long_results_are_the_same_on_every_python() -> None:
    """As short ones are."""
    said = "\n".join(turn.text for turn in agent_conversation(turns=100, seed=7, tool_lines=60))
    assert hashlib.sha256(said.encode()).hexdigest()[:12] == "124a84d6336a"


def test_half_of_the_long_results_have_fewer_lines_than_was_asked_for() -> None:
    """Some have five times as many, as files and logs do."""
    talk = agent_conversation(turns=600, tool_lines=60)
    lengths = [len(turn.text.splitlines()) for turn in talk if turn.role == "tool"]
    assert 50 <= statistics.median(lengths) <= 75
    assert min(lengths) < 30
    assert max(lengths) > 300


def test_a_turn_of_long_results_comes_to_some_600_tokens() -> None:
    """Four characters a token is a rule that finds too few here; ten times what short results come to."""
    short, long = (
        sum(len(turn.text) for turn in agent_conversation(turns=400, tool_lines=lines)) / 400 / 4
        for lines in (None, 60)
    )
    assert 300 < long < 600
    assert long > 10 * short


def test_lines_of_long_results_vary() -> None:
    """As much as those of real files and logs, in which `return total` does stand more than once."""
    texts = [turn.text for turn in agent_conversation(turns=300, tool_lines=60) if turn.role == "tool"]
    lines = [line.strip(" 0123456789") for text in texts for line in text.splitlines()]
    lines = [line for line in lines if len(line) > 12]
    assert len(set(lines)) > 0.75 * len(lines)
    assert max(Counter(lines).values()) < 0.02 * len(lines)


@pytest.mark.parametrize("turns", range(1, 30))
def test_long_results_change_nothing_else(turns: int) -> None:
    """As long as was asked for, no call left open, arguments JSON, and what was read is as long as was asked for."""
    talk = agent_conversation(turns=turns, tool_lines=40)
    calls = {call.id: json.loads(call.arguments) for turn in talk for call in turn.tool_calls}
    assert len(talk) == turns
    assert set(calls) == {turn.tool_call_id for turn in talk if turn.role == "tool"}
    for turn in talk:
        if turn.name == "read_file":
            asked = calls[turn.tool_call_id or ""]
            assert len(turn.text.split("\n")) == asked["last_line"] - asked["first_line"] + 1


def test_a_result_has_a_line_at_least() -> None:
    """Zero lines are a mistake of the caller."""
    with pytest.raises(ValueError, match="tool_lines=0"):
        agent_conversation(tool_lines=0)

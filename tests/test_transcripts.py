"""`agent_conversation` is long, varied, well formed and the same everywhere."""

from __future__ import annotations

import hashlib
import json

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

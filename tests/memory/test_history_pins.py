"""Messages of somebody else's history are pinned by a function or by their tools' names, and stay text for good."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import pytest

from glyph_memory import Bookmark, FoldedHistory, Folding, FoldPolicy, PolicyError, Text, ToolCall, Turn
from glyph_memory.testing import agent_conversation

POLICY = FoldPolicy(
    window_tokens=6_000, tools_tokens=0, output_tokens=500, keep_recent_tokens=200, seal_tokens=400, trigger_tokens=700,
    max_run_tokens=1_200, pinned_tokens=300,
)  # fmt: skip
GOAL = Turn(role="user", text="Goal: move order ORD-7F3A-0991 to the new shop.", id="goal")
TALK = [
    GOAL,
    *(replace(turn, id=f"m{place}") for place, turn in enumerate(agent_conversation(turns=240)) if place),
]
Pin = Callable[[Turn], bool] | Collection[str] | None


def fold(talk: Sequence[Turn], pin: Pin = None, mark: Bookmark | None = None) -> FoldedHistory[Turn]:
    """Fold as another process does, which remembers nothing."""
    folding = Folding[Turn]("glyph", turn_of=lambda turn: turn, key_of=lambda turn: turn.text, name_of=repr,
                            pin=pin, policy=POLICY)  # fmt: skip
    return folding.fold(talk, mark)


def repeated(folded: FoldedHistory[Turn]) -> str:
    """Return what is repeated as text behind the pages."""
    parts = folded.plan_request().messages[0].before
    return "".join(part.text for part in parts if isinstance(part, Text) and part.kind == "repeated")


def todos(text: str, number: int) -> list[Turn]:
    """Return a call of a tool that writes a list, and its result."""
    call = ToolCall(name="write_todos", arguments=json.dumps({"todos": text}), id=f"t{number}")
    return [
        Turn(role="assistant", tool_calls=(call,)),
        Turn(role="tool", text="Updated.", name="write_todos", tool_call_id=f"t{number}"),
    ]


def test_a_pinned_message_is_repeated_as_text_once_it_is_sealed() -> None:
    """Without the pin it stands on a page, or nowhere."""
    assert "ORD-7F3A-0991" not in repeated(fold(TALK))
    assert "ORD-7F3A-0991" in repeated(fold(TALK, lambda turn: turn.text.startswith("Goal:")))


def test_a_pin_outlives_its_seal_and_the_process() -> None:
    """The bookmark has its anchor: another process finds the message, though its seal left long ago."""
    pin = {"is_goal": lambda turn: turn.text.startswith("Goal:")}["is_goal"]
    folded = fold(TALK, pin)
    mark = Bookmark.from_json(json.loads(json.dumps(folded.bookmark.to_json())))
    assert mark.pinned == (1,)
    assert mark.evicted_count > 1
    again = fold(TALK, pin, mark)
    assert (repeated(again), again.notice) == (repeated(folded), "")
    changed = [replace(GOAL, text="Goal: none any more."), *TALK[1:]]
    assert "ORD-7F3A-0991" not in repeated(fold(changed, pin, mark))


def test_a_message_that_is_no_longer_pinned_is_not_repeated() -> None:
    """What decides is the rule of today."""
    mark = fold(TALK, lambda turn: turn.text.startswith("Goal:")).bookmark
    assert "ORD-7F3A-0991" not in repeated(fold(TALK, None, mark))


@pytest.mark.parametrize("pin", ["write_todos", ["write_todos"], {"write_todos", "plan"}])
def test_of_a_tool_the_newest_call_and_result_are_repeated(pin: Pin) -> None:
    """A list that was written anew takes the place of the older one."""
    talk = [*TALK[:20], *todos("1. look", 1), *TALK[20:40], *todos("1. looked 2. buy", 2), *TALK[40:]]
    told = repeated(fold(talk, pin))
    assert "looked 2. buy" in told
    assert '"1. look"' not in told
    assert told.count("Updated.") == 1


def test_a_pin_that_there_is_no_room_for_is_reported() -> None:
    """It stands on its page all the same."""
    folded = fold(
        [replace(GOAL, text="Goal: " + "all of it " * 800), *TALK[1:]], lambda turn: turn.id == "goal"
    )
    assert folded.report().pinned_left_out == (1,)


@pytest.mark.parametrize("pin", [7, [1], object()])
def test_what_is_no_rule_is_refused(pin: object) -> None:
    """In one line, before anything is folded."""
    with pytest.raises(PolicyError, match="neither a function of a message nor names of tools"):
        Folding("glyph", pin=pin)  # type: ignore[arg-type]

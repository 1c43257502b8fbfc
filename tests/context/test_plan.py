"""The plan of a request: what is decided once, whoever spells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from glyph_memory.context import (
    Binder,
    JoinUsers,
    Parts,
    PlannedMessage,
    RequestPlan,
    Text,
    context_from_turns,
    plan_request,
)
from glyph_memory.context.plan import plan_turns
from glyph_memory.folding import FoldPolicy, fold
from glyph_memory.testing import agent_conversation
from glyph_memory.transcript import ToolCall, Turn

BINDER = Binder("glyph")
USER, DONE = Turn(role="user", text="Go on."), Turn(role="assistant", text="Done.")
ASKS = Turn(role="assistant", tool_calls=(ToolCall(name="f", arguments="{}", id="a"),))
ASKS_TWICE = replace(ASKS, tool_calls=(*ASKS.tool_calls, ToolCall(name="g", arguments="{}")))
ANSWERS = Turn(role="tool", name="f", text="1", tool_call_id="a")
ORPHAN = Turn(role="tool", name="<s>", text="?", tool_call_id="gone")


def plan(
    *turns: Turn, join_users: JoinUsers = "all", hoist_pictures: bool = True
) -> list[tuple[str, list[tuple[int, str]]]]:
    """Of each message its role, and of each of its turns the place and what is shown of it."""
    messages = plan_turns(
        number(turns), cleaner=BINDER.cleaner, join_users=join_users, hoist_pictures=hoist_pictures
    )
    return [(message.role, [(one.place, one.shows) for one in message.turns]) for message in messages]


def number(turns: Sequence[Turn]) -> list[Turn]:
    """Turns with anchors from 1."""
    return [replace(turn, anchor=anchor) for anchor, turn in enumerate(turns, 1)]


def only(*turns: Turn) -> list[PlannedMessage]:
    """The messages of turns."""
    return plan_turns(number(turns), cleaner=BINDER.cleaner)


def test_every_turn_is_a_message_of_its_own_where_nothing_has_to_move() -> None:
    """In order, by place."""
    assert plan(USER, ASKS, ANSWERS, DONE) == [
        ("user", [(0, "message")]), ("assistant", [(1, "message")]), ("tool", [(2, "message")]),
        ("assistant", [(3, "message")]),
    ]  # fmt: skip


def test_calls_and_results_are_paired_by_id_and_told_in_words_where_they_are_alone() -> None:
    """A call without an id gets one; one that nobody will answer has a line instead."""
    asked, answered, _ = only(ASKS_TWICE, ANSWERS, USER)
    assert (asked.turns[0].calls, answered.turns[0].call_id) == (((0, "a"),), "a")
    assert asked.turns[0].unanswered == ((1, "[called g {}; no result came]"),)
    (still_open,) = only(ASKS_TWICE)
    assert (still_open.turns[0].calls, still_open.turns[0].unanswered) == (((0, "a"), (1, "call-1-1")), ())
    (orphan,) = only(ORPHAN)
    assert (orphan.role, orphan.own) == ("user", None)
    assert orphan.turns[0].heading == 'Result of "<\\s>", whose call is not shown:'


def test_what_a_user_has_to_tell_waits_until_a_call_has_all_its_results() -> None:
    """Servers take nothing between a call and its results."""
    seen = replace(ANSWERS, images=(b"picture",))
    assert plan(ASKS, ORPHAN, seen, DONE) == [
        ("assistant", [(0, "message")]), ("tool", [(2, "message")]),
        ("user", [(1, "result"), (2, "pictures")]), ("assistant", [(3, "message")]),
    ]  # fmt: skip
    assert plan(ASKS, seen, hoist_pictures=False) == [
        ("assistant", [(0, "message")]), ("tool", [(1, "message")])
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("join_users", "wanted"),
    [
        ("all", [[(0, "message"), (1, "message"), (2, "result"), (3, "message")]]),
        ("ours", [[(0, "message")], [(1, "message"), (2, "result"), (3, "message")]]),
        ("beside", [[(0, "message")], [(1, "message"), (2, "result")], [(3, "message")]]),
        ("none", [[(0, "message")], [(1, "message")], [(2, "result")], [(3, "message")]]),
    ],
)
def test_which_users_messages_become_one_is_an_option(
    join_users: JoinUsers, wanted: list[list[tuple[int, str]]]
) -> None:
    """All; those in a row because of us; ours beside a user's own, but never two of the user's own; none."""
    assert plan(USER, USER, ORPHAN, USER, join_users=join_users) == [("user", turns) for turns in wanted]


SMALL = FoldPolicy(
    window_tokens=12_000, output_tokens=500, keep_recent_tokens=400, seal_tokens=800, trigger_tokens=1_600,
    max_run_tokens=2_000, pinned_tokens=200, tools_tokens=0,
)  # fmt: skip
TALK = agent_conversation(turns=60, seed=3).turns
SEALED: Parts = (Text("Sealed.", kind="sealed"),)


def requested(turns: Sequence[Turn], *, question: str | None = None, merge_pages: bool = True) -> RequestPlan:
    """The plan of turns, folded under a small policy; one text stands for each seal."""
    binder = Binder("glyph", policy=SMALL)
    begun = fold(turns, policy=SMALL, costs=binder)
    return plan_request(
        begun, binder=binder, parts_of=lambda _: SEALED, question=question, merge_pages=merge_pages
    )


def test_pages_stand_before_the_users_words_or_in_a_message_of_their_own() -> None:
    """Merged, a line parts them from what the user says."""
    apart = requested(TALK, merge_pages=False).messages
    assert (apart[0].role, apart[0].turns) == ("user", ())
    assert [part.kind for part in apart[0].before if isinstance(part, Text)][:2] == ["note", "sealed"]
    talk = [replace(USER, text=f"{place}: {'so they say ' * 40}") for place in range(39)]
    talk = [*talk[:36], replace(DONE, text="Do they?"), *talk[36:]]
    merged, parted = (requested(talk, merge_pages=merge).messages for merge in (True, False))
    assert merged[0].before == (*parted[0].before, Text("The conversation goes on in words:\n", kind="note"))
    assert (merged[0].turns, merged[1:]) == (parted[1].turns, parted[2:])


def test_a_conversation_without_pages_is_opened_where_someone_else_begins() -> None:
    """And only there; the question is a turn after all others."""
    assert requested([DONE]).messages[0].before == (Text("(The conversation begins here.)", kind="note"),)
    assert [message.before for message in requested([USER]).messages] == [()]
    (asked,) = requested([], question="Who?").messages
    assert (asked.turns[0].place, asked.turns[0].turn.text) == (0, "Who?")
    assert requested([]).messages == ()


def test_a_contexts_messages_are_those_of_its_plan() -> None:
    """Role for role; what stands before comes first."""
    binder = Binder("glyph", policy=SMALL)
    begun = fold(TALK, policy=SMALL, costs=binder)
    context = context_from_turns(begun, TALK, binder=binder, question="Who?")
    planned = requested(TALK, question="Who?")
    assert [message.role for message in context.messages[1:]] == [one.role for one in planned.messages]
    assert context.messages[1].parts[0] == planned.messages[0].before[0]

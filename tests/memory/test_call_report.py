"""A call's report says what a request shows and costs, in numbers alone."""

from __future__ import annotations

import json

from glyph_memory import Bookmark, Folding, FoldPolicy, GlyphMemory, ImagePart, ToolCall, Turn
from glyph_memory.testing import agent_conversation

POLICY = FoldPolicy(
    window_tokens=6_000, tools_tokens=0, output_tokens=500, keep_recent_tokens=200, seal_tokens=400, trigger_tokens=700,
    max_run_tokens=1_200, pinned_tokens=100,
)  # fmt: skip
TALK = [*agent_conversation(turns=240)]
FOLDING = Folding[Turn](
    "glyph", turn_of=lambda turn: turn, key_of=lambda turn: turn.text, name_of=repr, policy=POLICY
)


def test_a_short_history_is_all_recent() -> None:
    """Nothing was sealed, nothing left."""
    report = FOLDING.fold([Turn(role="user", text="Hello.")]).report()
    assert (report.pages, report.seals, report.recent_turns, report.evicted_turns) == (0, 0, 1, 0)
    assert (report.sealed, report.left, report.losses, report.generation) == (None, None, {}, 1)
    assert report.prompt_tokens == report.recent_tokens > 0


def test_every_turn_is_counted_once() -> None:
    """Head, what is no longer shown, what is sealed, and what is recent make up the whole."""
    folded = FOLDING.fold(TALK)
    report = folded.report()
    head = len(folded.fold.head)
    assert head + report.evicted_turns + report.page_turns + report.recent_turns == len(TALK)
    assert report.pages == len([part for part in folded.images if part.kind == "page"])
    assert report.prompt_tokens < report.window_tokens == 6_000
    assert report.saved_tokens > 0


def test_it_tells_what_was_sealed_and_what_left_since_the_call_before() -> None:
    """From bookmark to bookmark; the stretches follow each other without a gap."""
    mark, sealed, left = Bookmark(), 1, 1
    for stop in range(1, len(TALK) + 1):
        folded = FOLDING.fold(TALK[:stop], mark)
        report, mark = folded.report(), folded.bookmark
        if report.sealed:
            assert report.sealed[0] == sealed + 1
            sealed = report.sealed[1]
        if report.left:
            assert report.left[0] == left + 1
            left = report.left[1]
    assert left - 1 == FOLDING.fold(TALK, mark).report().evicted_turns > 100
    assert FOLDING.fold(TALK, mark).report().sealed is None


def test_the_window_is_the_servers() -> None:
    """Not what a policy takes of it where tokens are estimated."""
    folding = Folding[Turn](
        "glyph", turn_of=lambda turn: turn, key_of=lambda turn: turn.text, name_of=repr, window_tokens=8_192
    )
    assert folding.fold(TALK[:2]).report().window_tokens == 8_192


def test_as_json_it_holds_no_word_of_what_was_said() -> None:
    """It goes into logs, callbacks and metadata."""
    told = json.dumps(FOLDING.fold([*TALK, Turn(role="user", text="xylophone 4711")]).report().to_json())
    assert "xylophone" not in told
    assert "4711" not in told
    assert json.loads(told)["sealed"][1] > 100
    assert len(told) < 600


def test_a_new_result_that_goes_as_pages_costs_what_these_do() -> None:
    """Not what it would as text; and its pages are counted."""
    talk = [
        Turn(role="user", text="Read the file."),
        Turn(role="assistant", tool_calls=(ToolCall(name="read", arguments="{}", id="1"),)),
        Turn(role="tool", text="The parcel left the second floor at noon. " * 800, tool_call_id="1"),
    ]
    folded = FOLDING.fold(talk)
    plan = folded.plan_request()
    shown = [part for one in plan.messages for turn in one.turns for part in turn.parts or ()]
    pages = [part for part in shown if isinstance(part, ImagePart) and part.kind == "page"]
    report = folded.report(plan)
    assert report.pages == report.new_pages == len(pages) > 0
    assert report.losses == {"pages": 1}
    assert report.prompt_tokens < report.window_tokens < folded.report().prompt_tokens


def test_its_tokens_are_those_of_the_context_that_is_sent() -> None:
    """As the memory counts a context, but for what a template puts round messages."""
    with GlyphMemory.open(":memory:", policy=POLICY) as memory:
        memory.extend(TALK)
        whole = memory.report().context_tokens
    folded = FOLDING.fold(TALK)
    told = folded.report(folded.plan_request(can_recall=True)).prompt_tokens
    assert abs(told - whole) < 0.03 * whole

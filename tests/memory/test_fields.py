"""Every field of a turn is checked before it is stored: what is wrong changes nothing, and what was stored goes on."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from glyph_memory import (
    Attachment,
    Binder,
    Folding,
    FoldPolicy,
    GlyphMemory,
    StoreError,
    ToolCall,
    Turn,
    TurnError,
    context_from_turns,
    fold,
    read_messages,
    typeset,
)
from glyph_memory.errors import DocumentError
from glyph_memory.messages import AnyMessage
from tests.memory.worker import small

CALL = ToolCall(name="f", arguments='{"a": 1}', id="c1")
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "role": ({"role": "robot"}, "role 'robot' is none of"),
    "text": ({"text": 5}, r"text is 5 \(int\); give a string"),
    "no text": ({"text": None}, "text is None and nothing else is there"),
    "bytes": ({"text": b"hi"}, "decode"),
    "list": ({"text": ["a"]}, "blocks of content"),
    "name": ({"name": 5}, "name is 5"),
    "id": ({"id": 7}, "id is 7"),
    "answers": ({"tool_call_id": 7}, "tool_call_id is 7"),
    "path": ({"images": ["cat.png"]}, r"images holds 'cat.png'; give the file's bytes: Path"),
    "one picture": ({"images": b"\x89PNG"}, "images is .*give a list"),
    "one path": ({"images": "cat.png"}, "images is 'cat.png'"),
    "attachment": ({"attachments": ["a.pdf"]}, "attachments holds 'a.pdf'"),
    "one attachment": ({"attachments": Attachment(block="{}")}, "attachments is .*give a list"),
    "block": ({"attachments": [Attachment(block="a.pdf")]}, "a content block as JSON"),
    "one call": ({"tool_calls": CALL}, "tool_calls is .*give a list of calls"),
    "a call's name": ({"tool_calls": [ToolCall(name=None, arguments="{}")]}, "call's name is None"),  # type: ignore[arg-type]  # which is the point
    "arguments": ({"tool_calls": [ToolCall(name="f", arguments=5)]}, "arguments are 5"),  # type: ignore[arg-type]  # as above
    "a call's id": ({"tool_calls": [ToolCall(name="f", arguments="", id=5)]}, "call's id is 5"),  # type: ignore[arg-type]  # as above
    "call": ({"tool_calls": ["f"]}, "tool_calls holds 'f'"),
    "time": ({"time": "yesterday"}, "time is 'yesterday'; give a datetime"),
    "endless time": ({"time": float("inf")}, "time is inf"),
    "true time": ({"time": True}, "time is True"),
    "pinned": ({"pinned": "yes"}, "pinned is 'yes'; give True or False"),
    "anchor": ({"anchor": "42"}, "anchor is '42'"),
    "origin": ({"origin": {}}, "origin is {}"),
}  # fmt: skip
"""Fields that cannot be what they should."""


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_field_is_named_and_nothing_is_stored(case: str, memory: GlyphMemory) -> None:
    """One at a time, and among turns that are right; the session goes on."""
    fields, words = WRONG[case]
    turn = Turn(**{"role": "user", "text": "x"} | fields)
    memory.add("user", "before")
    many = [Turn(role="user", text=f"{number}") for number in range(1200)]
    for given in ([turn], [*many, turn], iter([*many[:5], turn])):
        with pytest.raises(TurnError, match=words) as refused:
            memory.extend(given)
        assert "\n" not in str(refused.value)
        assert [turn.text for turn in memory.turns()] == ["before"]
    memory.add("user", "after")
    assert memory.context().messages[0].text == "before\n\nafter"


def test_what_can_only_mean_one_thing_is_put_right(memory: GlyphMemory) -> None:
    """Arguments as an object, a list for a tuple, times as they are spelled in JSON, other names of roles."""
    said = memory.add(
        Turn(
            role="ai",  # type: ignore[arg-type]  # all of them are put right
            text=None,  # type: ignore[arg-type]
            tool_calls=[ToolCall(name="f", arguments={"a": 1}, id=None), ToolCall(name="g", arguments=None)],  # type: ignore[arg-type]
            images=[bytearray(b"x")],  # type: ignore[arg-type]
            time="2025-03-03T09:30:00Z",  # type: ignore[arg-type]
            pinned=1,  # type: ignore[arg-type]
        )
    )
    assert said.role == "assistant"
    assert said.text == ""
    assert said.tool_calls == (ToolCall(name="f", arguments='{"a": 1}'), ToolCall(name="g", arguments="{}"))
    assert said.images == (b"x",)
    assert said.time == datetime(2025, 3, 3, 9, 30, tzinfo=UTC)
    assert said.pinned is True
    assert memory.add("user", "x", time=0.0).time == datetime(1970, 1, 1, tzinfo=UTC)  # type: ignore[arg-type]  # a number
    assert next(memory.turns()) == said


def test_strange_but_right_values_are_kept(memory: GlyphMemory) -> None:
    """Year one, lone surrogates, NUL, an anchor of another session."""
    for turn in (
        Turn(role="user", text="a\ud800b\0", time=datetime(1, 1, 1), anchor=500),
        Turn(role="user", text="", name="", id=""),
    ):
        stored = memory.add(turn)
        assert (stored.text, stored.name, stored.anchor) != (turn.text, turn.name, 500)
        assert stored.text == turn.text
    memory.context()


# Plain messages.


def test_plain_messages_are_added_as_they_are(memory: GlyphMemory) -> None:
    """One, many, as JSON, and a role with what an API would have as content."""
    memory.add({"role": "user", "content": "one"})
    memory.add("assistant", None, tool_calls=[{"id": "c1", "function": {"name": "f", "arguments": {"a": 1}}}])
    memory.add("tool", [{"type": "text", "text": "two"}], tool_call_id="c1")
    memory.extend('{"messages": [{"role": "ai", "content": "three"}]}')
    memory.extend([{"from": "human", "value": "four"}, Turn(role="user", text="five")])
    turns = [*memory.turns()]
    assert [turn.text for turn in turns] == ["one", "", "two", "three", "four", "five"]
    assert turns[1].tool_calls == (CALL,)
    assert memory.context().to_openai()[1]["tool_calls"]


def test_a_message_of_several_turns_gives_the_last(memory: GlyphMemory) -> None:
    """A user's message that holds results: they are turns of their own before it."""
    result = {"type": "tool_result", "tool_use_id": "c1", "content": "4"}
    added = memory.add("user", [result, {"type": "text", "text": "And now?"}])
    assert (added.role, added.text, added.anchor) == ("user", "And now?", 2)


async def test_the_async_twins_take_plain_messages(memory: GlyphMemory) -> None:
    """As the plain calls do."""
    await memory.aadd({"role": "user", "content": "one"})
    await memory.aadd("user", ["two"])
    await memory.aextend({"messages": [{"role": "ai", "content": "three"}]})
    assert [turn.text for turn in memory.turns()] == ["one", "two", "three"]


def test_nothing_becomes_an_empty_turn(memory: GlyphMemory) -> None:
    """What says nothing is refused; an empty text that is given is kept."""
    for call in (
        lambda: memory.add("user"),
        lambda: memory.add("assistant", None),
        lambda: memory.add("user", []),
        lambda: memory.add({"role": "user"}),
        lambda: memory.add({"type": "reasoning", "summary": []}),
        lambda: memory.add({"role": "user", "content": "x"}, "y"),
        lambda: memory.add({"role": "user", "content": "x"}, pinned=True),
        lambda: memory.add(5),  # type: ignore[arg-type]  # which is the point
        lambda: memory.extend("hello"),
        lambda: memory.extend(5),  # type: ignore[arg-type]  # which is the point
    ):
        with pytest.raises(TurnError) as refused:
            call()
        assert "\n" not in str(refused.value)
    assert [*memory.turns()] == []
    assert memory.add("user", "").text == ""


def test_plain_messages_are_folded() -> None:
    """By `fold`, and by `Folding` without a word on what they are."""
    history = [{"role": "user", "content": f"{number} " * 300} for number in range(200)]
    binder = Binder("glyph")
    folded = fold(history, policy=FoldPolicy.for_profile(binder.profile), costs=binder)
    assert folded == fold(read_messages(history), policy=binder.policy, costs=binder)
    assert folded.seals
    assert context_from_turns(folded, history, binder=binder).images
    shown = Folding[AnyMessage]("glyph").fold(history)
    assert shown.images
    assert shown.recent[-1].message is history[-1]


def test_turns_and_messages_are_typeset() -> None:
    """As the transcript that they are; a list of texts is one text in pieces."""
    turns = [Turn(role="user", text="Hello.")]
    pages = typeset(turns)
    assert pages == typeset([{"role": "user", "content": "Hello."}]) == typeset(read_messages(turns))
    assert typeset(["ab", "cd"]) == typeset("abcd")
    for wrong in (5, b"x", turns[0], ["x", 5], Path("a.txt")):
        with pytest.raises(DocumentError) as refused:
            typeset(wrong)  # type: ignore[arg-type]  # which is the point
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("given", [("agent.db",), (Path("agent.db"),), ()])
def test_a_memory_that_is_called_says_how_it_is_opened(given: tuple[Any, ...]) -> None:
    """As classes of other libraries are."""
    with pytest.raises(StoreError, match=r"opens nothing; call GlyphMemory\.open\('\w+\.db'\)"):
        GlyphMemory(*given)


def test_what_a_redact_function_gives_is_checked(database: Path) -> None:
    """Nothing of it is stored."""
    for wrong in (lambda turn: None, lambda turn: Turn(role="user", text=5)):  # type: ignore[arg-type]
        with small(database, redact=wrong) as memory:
            with pytest.raises(TurnError):
                memory.add("user", "x")
            assert [*memory.turns()] == []


# What older versions stored.


def test_a_session_with_wrong_turns_of_an_older_version_goes_on(database: Path, tmp_path: Path) -> None:
    """Arguments that are an object or null, numbers for names: opened, shown, added to, exported, truncated."""
    with small(database) as memory:
        memory.add("user", "x")
        memory.add("assistant", None, tool_calls=[CALL])
        memory.add("tool", "done", tool_call_id="c1")
        memory.add("assistant", "Good.")
    bad = {"id": "old", "name": 5, "calls": [["f", {"a": 1}, None], [None, None, 7]], "answers": 7}
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE glyph_turns SET details = ? WHERE anchor = 2", (json.dumps(bad).encode(),))
    connection.close()
    with small(database) as memory:
        turn = [*memory.turns()][1]
        assert (turn.name, turn.tool_call_id) == ("5", "7")
        assert turn.tool_calls == (
            ToolCall(name="f", arguments='{"a": 1}'),
            ToolCall(name="", arguments="{}", id="7"),
        )
        memory.context()
        memory.report()
        memory.add("user", "after")
        assert memory.export(tmp_path / "copy.jsonl") == 5
        with small(tmp_path / "copy.db") as copy:
            assert copy.import_(tmp_path / "copy.jsonl") == 5
            assert [*copy.turns()] == [*memory.turns()]
        assert memory.truncate(after=1) == 4


def test_the_highest_anchor_of_all_does_not_end_a_session(tmp_path: Path, memory: GlyphMemory) -> None:
    """Imported, it is not kept; stored by an older version, it is told, and an import elsewhere takes the turns."""
    file = tmp_path / "x.jsonl"
    for anchor in (2**63 - 1, 2**63, 2**200, -5, 0):
        file.write_text(json.dumps({"role": "user", "text": "hi", "anchor": anchor}) + "\n")
        assert memory.import_(file) == 1
    memory.add("user", "hello?")
    assert [turn.anchor for turn in memory.turns()] == [1, 2, 3, 4, 5, 6]


def test_a_session_that_has_the_highest_anchor_says_so(database: Path, tmp_path: Path) -> None:
    """And goes on elsewhere."""
    with small(database) as memory:
        memory.add("user", "x")
    with sqlite3.connect(database) as connection:
        for table in ("glyph_turns", "glyph_words", "glyph_identifiers"):
            connection.execute(f"UPDATE {table} SET anchor = {2**63 - 1}")  # noqa: S608 - names of ours
        connection.execute(f"UPDATE glyph_sessions SET last_anchor = {2**63 - 1}")  # noqa: S608 - a number
    connection.close()
    with small(database) as memory:
        with pytest.raises(StoreError, match=r"no higher one.*import that into a new session"):
            memory.add("user", "y")
        memory.export(tmp_path / "x.jsonl")
    with small(tmp_path / "new.db") as other:
        assert other.import_(tmp_path / "x.jsonl") == 1
        assert other.add("user", "y").anchor == 2


def test_attachments_are_stored_exported_and_imported(memory: GlyphMemory, tmp_path: Path) -> None:
    """Exactly, whatever the block holds."""
    block = json.dumps({"type": "file", "file": {"file_data": "JVBE" * 1000, "x": "é\ud800\0 "}})
    turn = memory.add(
        "user", "Here.", attachments=[Attachment(block=block, name="a.pdf", media_type="application/pdf")]
    )
    assert [*memory.turns()] == [turn]
    assert turn.attachments[0].block == block
    memory.export(tmp_path / "x.jsonl")
    with small(tmp_path / "new.db") as other:
        other.import_(tmp_path / "x.jsonl")
        assert [*other.turns()] == [turn]
    with pytest.raises(StoreError, match="another content"):
        memory.add("user", "Here.", id=turn.id)

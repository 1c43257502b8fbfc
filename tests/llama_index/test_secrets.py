"""The guard of secrets in LlamaIndex: what is put is kept with handles, in any chat store."""

from __future__ import annotations

import json
import traceback
from pathlib import Path

import pytest
from llama_index.core.base.llms.types import ChatMessage, TextBlock
from llama_index.memory.glyph import GlyphChatStore, GlyphMemory

from glyph_memory import FoldPolicy, GlyphMemoryWarning, TurnError
from glyph_memory import GlyphMemory as Conversation

PASSWORD = "XANTHIPPE-4711"  # noqa: S105 - made up
SAID = f"Log in with password={PASSWORD} and write the order down. "
LONG = "The parcel left the second floor at noon and nobody has seen it since. " * 12


def put_all(memory: GlyphMemory) -> None:
    """Put messages that become pages, each with the secret."""
    for number in range(8):
        memory.put(ChatMessage(role="user" if number % 2 == 0 else "assistant", content=SAID + LONG))
        assert PASSWORD not in repr(memory.get())


async def test_nothing_of_a_secret_is_kept_or_sent(policy: FoldPolicy) -> None:
    """After a round through JSON the handles are the same, so that pages stay; other memories have others."""
    memory = GlyphMemory.from_defaults(policy=policy, secrets="mask")
    put_all(memory)
    again = GlyphMemory.from_dict(json.loads(json.dumps(memory.to_dict())))
    assert again.get() == memory.get()
    again.put(ChatMessage(role="user", content=SAID))
    memory.put(ChatMessage(role="user", content=SAID))
    await memory.aput(ChatMessage(role="user", content=SAID))
    assert again.get_all()[-1].content == memory.get_all()[-1].content == memory.get_all()[-2].content
    memory.set(memory.get())
    assert memory.get_all()[-1] == again.get_all()[-1]
    assert PASSWORD not in json.dumps(memory.to_dict())
    other = GlyphMemory.from_defaults([ChatMessage(role="user", content=SAID)], policy=policy, secrets="mask")
    assert other.get_all()[0].content != memory.get_all()[-1].content


def test_a_database_keeps_handles_alone(tmp_path: Path, policy: FoldPolicy) -> None:
    """Its own key makes them; setting what is there already keeps its turns."""
    memory = GlyphMemory.from_store(tmp_path / "chat.db", "alice", policy=policy, secrets="mask")
    put_all(memory)
    store = memory.chat_store
    assert isinstance(store, GlyphChatStore)
    anchors = [turn.anchor for turn in store.conversation("alice").turns()]
    texts = [SAID + LONG for _ in range(8)]
    memory.set(
        [
            ChatMessage(role="user" if at % 2 == 0 else "assistant", content=one)
            for at, one in enumerate(texts)
        ]
    )
    assert [turn.anchor for turn in store.conversation("alice").turns()] == anchors
    store.close()
    assert not any(PASSWORD.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    again = GlyphMemory.from_store(tmp_path / "chat.db", "alice", policy=policy, secrets="mask")
    again.put(ChatMessage(role="user", content=SAID + LONG))
    first, *_, last = again.get_all()
    assert (first.content, first.blocks) == (last.content, last.blocks)


def test_warning_and_refusing(policy: FoldPolicy) -> None:
    """What is refused is not kept."""
    memory = GlyphMemory.from_defaults(policy=policy, secrets="refuse")
    with pytest.raises(TurnError, match="user's turn holds secrets"):
        memory.put(ChatMessage(role="user", content=SAID))
    assert memory.get_all() == []
    memory = GlyphMemory.from_defaults(policy=policy, secrets="warn")
    with pytest.warns(GlyphMemoryWarning, match=r"holds secrets \(password\)"):
        memory.put(ChatMessage(role="user", blocks=[TextBlock(text=SAID)]))
    assert memory.get_all()[0].content == SAID


def test_a_refusal_leaves_what_a_key_had(policy: FoldPolicy) -> None:
    """Other messages are put in the place of some: what is refused takes nothing away."""
    with Conversation.open(":memory:", policy=policy, secrets="refuse") as conversation:
        memory = GlyphMemory.from_defaults(memory=conversation)
        memory.put(ChatMessage(role="user", content="Hello."))
        with pytest.raises(TurnError, match="user's turn holds secrets"):
            memory.set([ChatMessage(role="user", content=SAID)])
        assert [message.content for message in memory.get_all()] == ["Hello."]


def test_a_memory_over_a_guarded_conversation_is_guarded(policy: FoldPolicy) -> None:
    """By the conversation's own guard."""
    with Conversation.open(":memory:", policy=policy, secrets="mask") as conversation:
        memory = GlyphMemory.from_defaults(memory=conversation)
        memory.put(ChatMessage(role="user", content=SAID))
        assert "[secret password " in str(memory.get()[0].content)


async def test_a_refusal_carries_no_frame_of_ours_with_the_secret(policy: FoldPolicy) -> None:
    """At every entrance, in memory and in a database."""
    said = ChatMessage(role="user", content=SAID)
    errors = list[TurnError]()
    for memory in (
        GlyphMemory.from_defaults(policy=policy, secrets="refuse"),
        GlyphMemory.from_store(":memory:", "alice", policy=policy, secrets="refuse"),
    ):
        with pytest.raises(TurnError) as raised:
            memory.put(said)
        errors.append(raised.value)
        with pytest.raises(TurnError) as raised:
            memory.set([said])
        errors.append(raised.value)
        for await_ in (memory.aput(said), memory.aput_messages([said]), memory.aset([said])):
            with pytest.raises(TurnError) as raised:
                await await_
            errors.append(raised.value)
    with pytest.raises(TurnError) as raised:
        GlyphMemory.from_defaults([said], policy=policy, secrets="refuse")
    errors.append(raised.value)
    for error in errors:
        frames = traceback.TracebackException.from_exception(error, capture_locals=True).stack
        ours = [frame for frame in frames if "glyph" in frame.filename and "/tests/" not in frame.filename]
        assert ours
        assert [frame.name for frame in ours if PASSWORD in repr(frame.locals)] == []

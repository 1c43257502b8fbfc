"""`GlyphChatStore` is a chat store as LlamaIndex's own, kept in the core's database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.storage.chat_store import BaseChatStore, SimpleChatStore
from llama_index.memory.glyph import GlyphChatStore, GlyphMemory

from glyph_memory import FoldPolicy
from glyph_memory import GlyphMemory as Conversation


@pytest.fixture
def file_store(tmp_path: Path, policy: FoldPolicy) -> Iterator[GlyphChatStore]:
    """Return a store in a file."""
    store = GlyphChatStore(url=str(tmp_path / "chat.db"), policy=policy)
    yield store
    store.close()


def numbered(*numbers: int) -> list[ChatMessage]:
    """Return messages that say a number."""
    return [ChatMessage(role="user", content=str(number)) for number in numbers]


def test_every_call_does_what_the_stock_store_does(file_store: GlyphChatStore) -> None:
    """Calls of the contract in a row, side by side with `SimpleChatStore`."""
    stores: list[BaseChatStore] = [file_store, SimpleChatStore()]

    def same(ask: Callable[[BaseChatStore], object]) -> object:
        answers = [ask(store) for store in stores]
        assert answers[0] == answers[1]
        states = [{key: store.get_messages(key) for key in ("alice", "bob")} for store in stores]
        assert states[0] == states[1]
        return answers[0]

    same(lambda store: store.set_messages("alice", numbered(1, 2, 3)))
    same(lambda store: store.add_message("alice", numbered(4)[0]))
    same(lambda store: store.add_message("bob", numbered(9)[0]))
    assert same(lambda store: sorted(store.get_keys())) == ["alice", "bob"]
    assert same(lambda store: store.delete_message("alice", 1)) == numbered(2)[0]
    assert same(lambda store: store.delete_message("alice", 7)) is None
    assert same(lambda store: store.delete_last_message("alice")) == numbered(4)[0]
    same(lambda store: store.set_messages("alice", numbered(1, 5, 6)))
    assert same(lambda store: store.delete_messages("alice")) == numbered(1, 5, 6)
    assert same(lambda store: store.delete_messages("nobody")) is None
    assert same(lambda store: sorted(store.get_keys())) == ["bob"]


async def test_async_calls_do_the_same(file_store: GlyphChatStore) -> None:
    """In a thread."""
    await file_store.aset_messages("alice", numbered(1, 2))
    await file_store.async_add_message("alice", numbered(3)[0])
    assert await file_store.aget_messages("alice") == numbered(1, 2, 3)
    assert await file_store.adelete_last_message("alice") == numbered(3)[0]
    assert await file_store.aget_keys() == ["alice"]


def test_setting_a_history_that_goes_on_keeps_what_is_there(file_store: GlyphChatStore) -> None:
    """The same turns keep their anchors, and so their seals."""
    file_store.set_messages("alice", numbered(1, 2, 3))
    before = [turn.id for turn in file_store.conversation("alice").turns()]
    file_store.set_messages("alice", numbered(1, 2, 4, 5))
    after = [turn.id for turn in file_store.conversation("alice").turns()]
    assert after[:2] == before[:2]
    assert file_store.get_messages("alice") == numbered(1, 2, 4, 5)


def test_any_memory_of_llama_index_may_stand_on_it(
    file_store: GlyphChatStore, talk: list[ChatMessage]
) -> None:
    """It is a chat store, and no more is known of it."""
    memory = ChatMemoryBuffer.from_defaults(chat_store=file_store, chat_store_key="alice", token_limit=500)
    for message in talk[:10]:
        memory.put(message)
    assert memory.get_all() == talk[:10]


def test_pages_and_seals_are_still_there_after_a_restart(
    tmp_path: Path, policy: FoldPolicy, talk: list[ChatMessage]
) -> None:
    """Another process goes on where the last one was, without a bookmark."""
    memory = GlyphMemory.from_store(tmp_path / "chat.db", "alice", policy=policy)
    memory.put_messages(talk)
    sent = memory.get()
    store = memory.chat_store
    assert isinstance(store, GlyphChatStore)
    store.close()
    again = GlyphMemory.from_store(tmp_path / "chat.db", "alice", policy=policy)
    assert again.get() == sent
    assert again.get_all() == talk
    with Conversation.open(tmp_path / "chat.db", session="alice", policy=policy) as conversation:
        assert len(conversation.context().images) == repr(sent).count("PageImageBlock(")


def test_a_store_that_was_closed_opens_again_when_it_is_asked(file_store: GlyphChatStore) -> None:
    """As after a server's pause."""
    file_store.add_message("alice", numbered(1)[0])
    file_store.close()
    assert file_store.get_messages("alice") == numbered(1)


def test_a_store_in_a_file_is_told_by_its_address_and_one_in_memory_by_what_it_holds(
    file_store: GlyphChatStore,
) -> None:
    """Through JSON both come back with everything."""
    held = GlyphChatStore()
    for store in (file_store, held):
        store.set_messages("alice", numbered(1, 2))
        store.set_messages("bob", numbered(3))
        told = json.loads(json.dumps(store.to_dict()))
        assert ("store" in told) == (store is held)
        back = GlyphChatStore.from_dict(told)
        assert sorted(back.get_keys()) == ["alice", "bob"]
        assert back.get_messages("alice") == numbered(1, 2)
        assert back.get_messages("bob") == numbered(3)
        back.close()


def test_a_conversation_that_is_open_already_can_be_taken(policy: FoldPolicy) -> None:
    """Turns of its own are messages; no other session is opened beside it."""
    with Conversation.open(":memory:", session="alice", policy=policy) as conversation:
        conversation.add("user", "One.")
        memory = GlyphMemory.from_defaults(memory=conversation)
        memory.put(ChatMessage(role="assistant", content="Two."))
        assert [turn.text for turn in conversation.turns()] == ["One.", "Two."]
        assert [message.content for message in memory.get()] == ["One.", "Two."]
        store = memory.chat_store
        assert isinstance(store, GlyphChatStore)
        with pytest.raises(KeyError, match="'alice' alone, not 'bob'"):
            store.get_messages("bob")
        store.close()
        assert conversation.turns() is not None
        assert [turn.text for turn in conversation.turns()] == ["One.", "Two."]

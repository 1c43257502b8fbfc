"""Chat stores under a memory: in a workflow's context, in copies and pickles, from other folders, until they close."""

from __future__ import annotations

import asyncio
import copy
import gc
import json
import pickle
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import Field, PrivateAttr
from llama_index.core.llms.mock import MockFunctionCallingLLM
from llama_index.core.storage.chat_store import BaseChatStore
from llama_index.core.storage.chat_store.sql import SQLAlchemyChatStore
from llama_index.core.workflow import Context, JsonSerializer
from llama_index.memory.glyph import GlyphChatStore, GlyphMemory
from llama_index.memory.glyph.address import to_absolute
from llama_index.storage.chat_store.sqlite import SQLiteChatStore

from glyph_memory import FoldPolicy, StoreError
from glyph_memory import GlyphMemory as Conversation

COPIES: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "model_copy": lambda told: told.model_copy(deep=True),
    "pickle": lambda told: pickle.loads(pickle.dumps(told)),  # noqa: S301  our own
    "json": lambda told: type(told).from_json(told.to_json()),
    "context": lambda told: JsonSerializer().deserialize(JsonSerializer().serialize(told)),
}


class ServerStore(BaseChatStore):
    """A chat store as those of servers and databases: what matters is a client that no field tells."""

    table_name: str = "chats"
    _client: dict[str, list[ChatMessage]] = PrivateAttr()

    def __init__(self, client: dict[str, list[ChatMessage]], table_name: str) -> None:
        super().__init__()
        self.table_name = table_name
        self._client = client

    def set_messages(self, key: str, messages: list[ChatMessage]) -> None:
        """Replace a key's messages."""
        self._client[key] = [*messages]

    def get_messages(self, key: str) -> list[ChatMessage]:
        """Return a key's messages."""
        return [*self._client.get(key, [])]

    def add_message(self, key: str, message: ChatMessage) -> None:
        """Add a message."""
        self._client.setdefault(key, []).append(message)

    def delete_messages(self, key: str) -> list[ChatMessage] | None:
        """Delete a key's messages."""
        return self._client.pop(key, None)

    def delete_message(self, key: str, idx: int) -> ChatMessage | None:
        """Delete a message."""
        return self._client[key].pop(idx)

    def delete_last_message(self, key: str) -> ChatMessage | None:
        """Delete the last message."""
        return self._client[key].pop()

    def get_keys(self) -> list[str]:
        """Return all keys."""
        return [*self._client]


class FieldStore(BaseChatStore):
    """A chat store that is told by its fields, and has no name of its own for serializers."""

    held: list[ChatMessage] = Field(default_factory=list)

    def set_messages(self, key: str, messages: list[ChatMessage]) -> None:
        """Replace all messages."""
        self.held[:] = messages

    def get_messages(self, key: str) -> list[ChatMessage]:
        """Return all messages."""
        return [*self.held]

    def add_message(self, key: str, message: ChatMessage) -> None:
        """Add a message."""
        self.held.append(message)

    def delete_messages(self, key: str) -> list[ChatMessage] | None:
        """Delete nothing."""
        return None

    def delete_message(self, key: str, idx: int) -> ChatMessage | None:
        """Delete nothing."""
        return None

    def delete_last_message(self, key: str) -> ChatMessage | None:
        """Delete nothing."""
        return None

    def get_keys(self) -> list[str]:
        """Return none."""
        return []


def texts(messages: Sequence[ChatMessage]) -> list[str | None]:
    """Return what messages say."""
    return [message.content for message in messages]


def say(text: str) -> ChatMessage:
    """Return a user's message."""
    return ChatMessage(role="user", content=text)


def count_descriptors(folder: Path) -> int:
    """Return how many files in a folder this process has open."""
    count = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # one that listed the folder, and is closed
            count += str(folder) in str(descriptor.readlink())
    return count


@pytest.fixture(params=["server", "given"])
def bound(request: pytest.FixtureRequest) -> Iterator[GlyphMemory]:
    """Return a memory over something that JSON cannot hold."""
    with Conversation.open(":memory:") as conversation:
        yield (
            GlyphMemory.from_defaults(chat_store=ServerStore({}, "chats"), chat_store_key="alice")
            if request.param == "server"
            else GlyphMemory.from_defaults(memory=conversation)
        )


# Stores that JSON cannot hold.


async def test_a_store_of_a_server_goes_along_in_a_context(
    bound: GlyphMemory, recwarn: pytest.WarningsRecorder
) -> None:
    """From run to run, though its state is written down in between; LlamaIndex drops no memory, and says so."""
    agent = FunctionAgent(tools=[], llm=MockFunctionCallingLLM())
    context = Context(agent)
    await agent.run("One.", memory=bound, ctx=context)
    for asked in ("Two.", "Three."):
        context = Context.from_dict(agent, json.loads(json.dumps(context.to_dict())))
        await agent.run(asked, ctx=context)
        async with context.store.edit_state() as state:
            state["seen"] = asked
    assert texts(bound.get_all())[::2] == ["One.", "Two.", "Three."]
    kept = await context.store.get("memory")
    assert kept.chat_store is bound.chat_store
    assert not [one for one in recwarn if "memory" in str(one.message).lower()]


async def test_a_context_that_another_process_reads_says_what_its_memory_misses(bound: GlyphMemory) -> None:
    """It can be given another one; until then each call names the store that is not there."""
    told = bound.to_json()
    (reference,) = {part for part in told.split('"') if len(part) == 32 and part.isalnum()}
    elsewhere = GlyphMemory.from_json(told.replace(reference, "0" * 32))
    name = type(bound.chat_store).__name__
    for call in (
        elsewhere.get,
        elsewhere.get_all,
        lambda: elsewhere.put(say("x")),
        lambda: elsewhere.recall("x"),
    ):
        with pytest.raises(StoreError, match=f"the {name} of this memory is not in this process.*from_store"):
            call()
    awaited: list[Callable[[], Awaitable[object]]] = [elsewhere.aget, elsewhere.areset]
    awaited += [lambda: elsewhere.aput(say("x"))]
    for begin in awaited:
        with pytest.raises(StoreError, match="not in this process"):
            await begin()
    store = elsewhere.chat_store
    asked: list[Callable[[], object]] = [store.get_keys, lambda: store.delete_message("a", 0)]
    asked += [lambda: store.delete_last_message("a"), lambda: store.set_messages("a", [])]
    for ask in asked:
        with pytest.raises(StoreError, match="not in this process"):
            ask()
    assert (
        GlyphMemory.from_json(elsewhere.to_json().replace("0" * 32, reference)).chat_store is bound.chat_store
    )
    agent = FunctionAgent(tools=[], llm=MockFunctionCallingLLM())
    context = Context(agent)
    await context.store.set("memory", elsewhere)
    context = Context.from_dict(agent, json.loads(json.dumps(context.to_dict())))
    other = GlyphMemory.from_defaults(profile="glyph")
    with pytest.raises(StoreError, match=r"ctx\.store\.set"):  # LlamaIndex takes no other memory here
        await agent.run("One.", memory=other, ctx=context)
    context = Context.from_dict(agent, json.loads(json.dumps(context.to_dict())))
    await context.store.set("memory", other)
    await agent.run("One.", ctx=context)
    assert texts((await context.store.get("memory")).get_all())[0] == "One."


async def test_the_sqlite_store_of_llama_index_goes_along_in_a_context(tmp_path: Path) -> None:
    """Its sessions are no fields, and it is told under the name of its base."""
    store = SQLiteChatStore.from_uri(f"sqlite:///{tmp_path}/chat.db")
    agent = FunctionAgent(tools=[], llm=MockFunctionCallingLLM())
    context = Context(agent)
    await agent.run("One.", memory=GlyphMemory.from_defaults(chat_store=store), ctx=context)
    for asked in ("Two.", "Three."):
        context = Context.from_dict(agent, json.loads(json.dumps(context.to_dict())))
        await agent.run(asked, ctx=context)
    assert texts(store.get_messages("chat_history"))[::2] == ["One.", "Two.", "Three."]
    memory = await context.store.get("memory")
    for way in COPIES.values():
        assert way(memory).get_all() == memory.get_all()
    await store._async_session.kw["bind"].dispose()
    store._session.kw["bind"].dispose()


@pytest.mark.parametrize("way", COPIES)
def test_copies_share_what_json_cannot_hold(bound: GlyphMemory, way: str) -> None:
    """The client of a server, the conversation that was given open."""
    bound.put(say("One."))
    other = COPIES[way](bound)
    other.put(say("Two."))
    assert other.chat_store is not None
    assert texts(bound.get_all()) == texts(other.get_all()) == ["One.", "Two."]


def test_a_reference_keeps_no_store_alive() -> None:
    """Else a server that makes one for each request would keep all of them."""
    told = GlyphMemory.from_defaults(chat_store=ServerStore({}, "chats")).to_json()
    gc.collect()
    with pytest.raises(StoreError, match="not in this process"):
        GlyphMemory.from_json(told).get_all()


def test_a_store_that_is_its_fields_comes_back_by_them() -> None:
    """A copy of it, as ever, under the name of its class."""
    memory = GlyphMemory.from_defaults(chat_store=FieldStore())
    memory.put(say("One."))
    back = GlyphMemory.from_json(memory.to_json())
    assert type(back.chat_store) is FieldStore
    back.put(say("Two."))
    assert (texts(memory.get_all()), texts(back.get_all())) == (["One."], ["One.", "Two."])


def test_a_conversation_that_was_given_open_is_refused_by_itself() -> None:
    """The store alone, without a memory, has no reference to it."""
    with Conversation.open(":memory:") as conversation:
        store = GlyphChatStore.of(conversation)
        for tell in (store.to_json, lambda: pickle.dumps(store)):
            with pytest.raises((TypeError, ValueError), match=r"given open.*from_store"):
                tell()
        assert copy.deepcopy(store).conversation("default") is conversation


def test_an_async_store_of_llama_indexs_memory_is_refused() -> None:
    """In one line that says which class takes it."""
    store: Any = SQLAlchemyChatStore(table_name="chats")
    with pytest.raises(
        TypeError, match=r"SQLAlchemyChatStore is a store of LlamaIndex's Memory.*GlyphMemoryBlock"
    ):
        GlyphMemory.from_defaults(chat_store=store)
    with pytest.raises(TypeError, match="GlyphMemoryBlock"):
        GlyphMemory(chat_store=store)


# Databases.


@pytest.mark.parametrize(
    "url",
    [
        "chat.db",
        "./chat.db",
        "sqlite:///chat.db",
        "sqlite+pysqlite:///chat.db",
        "sqlite:///file:chat.db?uri=true",
    ],
)
def test_a_database_is_found_from_any_folder(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However its memory is carried there."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "a")
    with GlyphMemory.from_store(url, "alice") as memory:
        memory.put(say("4711-B"))
        monkeypatch.chdir(tmp_path / "b")
        for way in COPIES.values():
            with way(memory) as back:
                assert texts(back.get_all()) == ["4711-B"]
    assert not [*Path().iterdir()]


def test_addresses_of_sqlite_files_are_absolute_and_others_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` is the home of whoever runs it; a name that only looks like somebody's home is a file."""
    here, home = Path.cwd(), Path("/home/alice")
    monkeypatch.setenv("HOME", str(home))
    for url, absolute in {
        "~/chat.db": f"{home}/chat.db",
        "sqlite:///~/chat.db": f"sqlite:///{home}/chat.db",
        "sqlite:///chat.db?timeout=3": f"sqlite:///{here}/chat.db?timeout=3",
        "sqlite:////data/chat.db": "sqlite:////data/chat.db",
        "~nobody-of-this-name/chat.db": f"{here}/~nobody-of-this-name/chat.db",
        "/data/chat.db": "/data/chat.db",
    }.items():
        assert to_absolute(url) == GlyphChatStore(url=url).url == absolute
    assert to_absolute(Path("~/chat.db")) == f"{home}/chat.db"
    for url in (
        "", ":memory:", "sqlite://", "sqlite:///:memory:", "sqlite:///", "sqlite:///file:x?mode=memory&uri=true",
        "postgresql+pg8000://user:p%40ss@host/database", "mysql://host/chat.db?a=b",
    ):  # fmt: skip
        assert to_absolute(url) == GlyphChatStore(url=url).url == url


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("url", [":memory:", "sqlite://", "sqlite:///:memory:", "sqlite+pysqlite:///"])
def test_a_database_in_memory_goes_along_with_its_messages(way: str, url: str) -> None:
    """However it is spelled."""
    with GlyphMemory.from_store(url) as memory:
        memory.put(ChatMessage(role="user", content="4711-B"))
        with COPIES[way](memory) as copied:
            assert texts(copied.get_all()) == ["4711-B"]


def test_what_is_no_address_is_refused_in_one_line() -> None:
    """With what to give."""
    with pytest.raises(StoreError, match=r"a database is called None; give a path such as 'chat\.db'"):
        GlyphMemory.from_store(None)  # type: ignore[arg-type]  # what a missing setting is


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_shares_the_database_and_opens_its_own_sessions(
    way: str, tmp_path: Path, policy: FoldPolicy, talk: list[ChatMessage], caplog: pytest.LogCaptureFixture
) -> None:
    """Seals are the database's, so that both send the same; closing one leaves the other open."""
    with GlyphMemory.from_store(tmp_path / "chat.db", "alice", policy=policy) as memory:
        memory.put_messages(talk)
        sent = memory.get()
        other = COPIES[way](memory)
        assert other.get() == sent
        assert other.page_options == memory.page_options
        assert other.chat_store.conversation("alice") is not memory.chat_store.conversation("alice")  # type: ignore[attr-defined]  # ours
        other.put(say("One more."))
        other.close()
        assert texts(memory.get_all())[-1] == "One more."
    assert not caplog.records


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_of_a_store_in_memory_has_messages_of_its_own(way: str) -> None:
    """All keys come along."""
    with closing(GlyphChatStore()) as store:
        store.add_message("alice", say("One."))
        store.add_message("bob", say("Two."))
        with closing(COPIES[way](store)) as other:
            other.add_message("alice", say("Three."))
            assert texts(other.get_messages("alice")) == ["One.", "Three."]
            assert texts(other.get_messages("bob")) == ["Two."]
        assert texts(store.get_messages("alice")) == ["One."]


async def test_a_block_closes_what_from_store_opened(tmp_path: Path) -> None:
    """And `close` does, awaited or not; what is asked afterwards is found again."""
    with GlyphMemory.from_store(tmp_path / "chat.db") as memory:
        memory.put(say("One."))
        assert count_descriptors(tmp_path)
    assert not count_descriptors(tmp_path)
    async with memory:
        assert texts(await memory.aget_all()) == ["One."]
        assert count_descriptors(tmp_path)
    assert not count_descriptors(tmp_path)
    async with GlyphChatStore(url=str(tmp_path / "chat.db")) as store:
        assert texts(await store.aget_messages("default")) == ["One."]
    await memory.aclose()
    assert not count_descriptors(tmp_path)
    with GlyphMemory.from_defaults() as plain:
        plain.put(say("One."))
    assert texts(plain.get_all()) == ["One."]


def test_a_memory_that_cannot_be_made_leaves_nothing_open(tmp_path: Path) -> None:
    """The session's name is refused behind the database."""
    with pytest.raises(StoreError, match="session"):
        GlyphMemory.from_store(tmp_path / "chat.db", "")
    assert not count_descriptors(tmp_path)


def test_what_was_given_open_stays_open() -> None:
    """It is closed by whoever opened it."""
    with Conversation.open(":memory:") as conversation:
        with GlyphMemory.from_defaults(memory=conversation) as memory:
            memory.put(say("One."))
        assert [turn.text for turn in conversation.turns()] == ["One."]


def test_a_store_that_was_given_is_closed_by_its_owner(tmp_path: Path) -> None:
    """Other memories may be using it; a copy has a store of its own."""
    with GlyphChatStore(url=str(tmp_path / "chat.db")) as store:
        with GlyphMemory.from_defaults(chat_store=store, chat_store_key="alice") as memory:
            memory.put(say("One."))
        conversation = store.conversation("alice")
        assert [turn.text for turn in conversation.turns()] == ["One."]
        with copy.deepcopy(memory) as other:
            assert texts(other.get_all()) == ["One."]
            own = other.chat_store.conversation("alice")  # type: ignore[attr-defined]  # ours
        with pytest.raises(StoreError, match="is closed"):
            [*own.turns()]
        assert texts(memory.get_all()) == ["One."]
    assert not count_descriptors(tmp_path)


def test_sessions_share_a_few_descriptors_and_leave_nothing_behind(tmp_path: Path) -> None:
    """However many there are; those that were not used for long are opened again, also while threads use them."""
    with closing(GlyphChatStore(url=str(tmp_path / "chat.db"), cached_conversations=3)) as store:

        def ask(number: int) -> list[str | None]:
            key = f"session {number % 8}"
            store.add_message(key, say(str(number)))
            return texts(store.get_messages(key))

        with ThreadPoolExecutor(4) as pool:
            answers = [*pool.map(ask, range(40))]
        assert all(str(number) in answer for number, answer in enumerate(answers))
        assert count_descriptors(tmp_path) <= 16
        assert len(store.get_keys()) == 8
        assert sorted(
            int(text or "") for key in store.get_keys() for text in texts(store.get_messages(key))
        ) == [*range(40)]
        first = store.conversation("session 0")
        for number in range(1, 5):
            store.conversation(f"session {number}")
        assert store.conversation("session 0") is not first
        assert first.turns() is not None  # whoever still has it may go on
    assert not count_descriptors(tmp_path)


# Order.


@pytest.mark.parametrize("kind", ["simple", "file", "memory", "given", "server"])
async def test_messages_that_are_put_at_once_are_kept_in_the_order_of_the_calls(
    kind: str, tmp_path: Path
) -> None:
    """One by one and in groups, however many threads wait."""
    with Conversation.open(":memory:") as conversation:
        make: dict[str, Callable[[], GlyphMemory]] = {
            "simple": GlyphMemory.from_defaults,
            "file": lambda: GlyphMemory.from_store(tmp_path / "chat.db"),
            "memory": lambda: GlyphMemory.from_store(":memory:"),
            "given": lambda: GlyphMemory.from_defaults(memory=conversation),
            "server": lambda: GlyphMemory.from_defaults(chat_store=ServerStore({}, "chats")),
        }
        async with make[kind]() as memory:
            messages = [say(str(number)) for number in range(40)]
            await asyncio.gather(*map(memory.aput, messages[:20]))
            await asyncio.gather(*(memory.aput_messages(messages[at : at + 2]) for at in range(20, 40, 2)))
            assert texts(await memory.aget_all()) == [str(number) for number in range(40)]
            await asyncio.gather(
                memory.areset(), memory.aput(say("a")), memory.aset([say("b")]), memory.aput(say("c"))
            )
            assert texts(await memory.aget_all()) == ["b", "c"]

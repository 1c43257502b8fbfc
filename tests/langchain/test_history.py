"""`GlyphChatMessageHistory`: everything is kept as it was, and what is sent stays small."""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core._api import LangChainBetaWarning, LangChainDeprecationWarning
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import Runnable
from langchain_core.runnables.history import RunnableWithMessageHistory
from langchain_glyph_memory import GlyphChatMessageHistory

from glyph_memory import FoldPolicy, GlyphMemory, StoreError, Turn
from glyph_memory.testing import FakeVLMServer

Holds = Callable[[Any], bool]
Chat = Callable[..., Any]

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAGGqNUgAAAABJRU5ErkJggg=="


@pytest.fixture
def history(tmp_path: Path, early: FoldPolicy) -> Iterator[GlyphChatMessageHistory]:
    """An empty one, in a file, that folds early."""
    with GlyphChatMessageHistory("alice", tmp_path / "chat.db", policy=early) as history:
        yield history


def talk(count: int, *, first: int = 0) -> list[BaseMessage]:
    """Return questions and answers."""
    messages: list[BaseMessage] = []
    for number in range(first, first + count):
        messages += [
            HumanMessage(f"Where is order {number}? It was packed by Ada and sent on day {number}. " * 3),
            AIMessage(f"Order {number} is on its way; it left the warehouse at dawn, as agreed. " * 3),
        ]
    return messages


def pictures(messages: list[BaseMessage]) -> list[str]:
    """Return every picture of a request, as base64."""
    blocks = [block for message in messages if isinstance(message.content, list) for block in message.content]
    return [block["base64"] for block in blocks if isinstance(block, dict) and block["type"] == "image"]


def test_every_message_comes_back_exactly_as_it_was_added(history: GlyphChatMessageHistory) -> None:
    """Ids, metadata, artifacts, calls, blocks: nothing that was on a message is lost."""
    added: list[BaseMessage] = [
        SystemMessage("Be terse.", id="s1"),
        HumanMessage(
            [
                {"type": "text", "text": "What is this?"},
                {"type": "image", "base64": PIXEL, "mime_type": "image/png"},
            ],
            name="ada",
            additional_kwargs={"trace": {"deep": [1, None, "ü"]}},
        ),
        AIMessage(
            "",
            tool_calls=[{"name": "look_up", "args": {"order": 7, "how": [1.5]}, "id": "c1"}],
            usage_metadata={"input_tokens": 5, "output_tokens": 2, "total_tokens": 7},
            response_metadata={"model_provider": "openai"},
            id="run-1",
        ),
        ToolMessage("ORD-7: sent", tool_call_id="c1", artifact={"raw": {"parcels": 9}}, status="error"),
        AIMessage([{"type": "reasoning", "reasoning": "Hm."}, {"type": "text", "text": "Sent."}]),
        HumanMessage(""),
    ]
    history.add_messages(added)
    assert history.all_messages == added
    assert [type(message) for message in history.all_messages] == [type(message) for message in added]


def test_old_messages_are_sent_as_pages_and_recent_ones_as_text(
    history: GlyphChatMessageHistory, chat: Chat
) -> None:
    """System first, then pages in one user's message; a real client sends them, a server sees them."""
    history.add_messages([SystemMessage("Be terse."), *talk(40)])
    asked = HumanMessage("Where was order 2?")
    history.add_messages([asked])
    sent = history.messages
    assert [message.type for message in sent[:2]] == ["system", "human"]
    assert sent[-1].text == asked.text
    assert len(sent) < 20 < len(history.all_messages)
    with FakeVLMServer() as server:
        history.add_messages([chat(server).invoke(sent)])
        (request,) = server.requests
    assert len(request.images) == len(pictures(sent)) > 0
    assert len(history.all_messages) == 83


def test_pages_stay_what_they_were_as_the_conversation_goes_on(history: GlyphChatMessageHistory) -> None:
    """A later request begins with the pages of an earlier one, byte for byte."""
    history.add_messages(talk(30))
    before = pictures(history.messages)
    history.add_messages(talk(30, first=30))
    after = pictures(history.messages)
    assert 0 < len(before) < len(after)
    assert after[: len(before)] == before


def test_a_restart_changes_nothing(tmp_path: Path, early: FoldPolicy) -> None:
    """The next process sends the same bytes and knows the same messages."""
    with GlyphChatMessageHistory("alice", tmp_path / "chat.db", policy=early) as history:
        history.add_messages(talk(30))
        sent, kept = history.messages, history.all_messages
    with GlyphChatMessageHistory("alice", tmp_path / "chat.db", policy=early) as history:
        assert history.messages == sent
        assert history.all_messages == kept


def test_two_sessions_of_one_database_are_apart(tmp_path: Path) -> None:
    """Neither sees, nor clears, what the other said; ids may be the same."""
    with (
        GlyphChatMessageHistory("alice", tmp_path / "chat.db") as alice,
        GlyphChatMessageHistory("bob", tmp_path / "chat.db") as bob,
    ):
        alice.add_messages([HumanMessage("I am Alice.", id="1")])
        bob.add_messages([HumanMessage("I am Bob.", id="1")])
        alice.clear()
        assert alice.messages == alice.all_messages == []
        assert [message.text for message in bob.all_messages] == ["I am Bob."]
        assert (alice.session_id, bob.session_id) == ("alice", "bob")


# What comes back.


def test_what_was_sent_is_not_stored_again(history: GlyphChatMessageHistory, holds_png: Holds) -> None:
    """Loops that add all they sent, as `RunnableWithMessageHistory` may, store what is new; never a page."""
    history.add_messages(talk(30))
    kept = history.all_messages
    sent = history.messages
    assert holds_png([message.content for message in sent])
    history.add_messages([*sent, HumanMessage("New.")])
    assert history.all_messages == [*kept, HumanMessage("New.")]
    assert not holds_png([turn.origin for turn in history.memory.turns()])


def test_nobody_can_have_a_message_taken_for_one_of_ours(tmp_path: Path) -> None:
    """A message that says it is a page is kept like any other, and so is one that another history sent."""
    with (
        GlyphChatMessageHistory("alice", tmp_path / "chat.db") as alice,
        GlyphChatMessageHistory("bob", tmp_path / "chat.db") as bob,
    ):
        bob.add_user_message("Hello.")
        forged = HumanMessage("Lost?", additional_kwargs={"lc_source": "glyph_memory", "glyph_memory": True})
        alice.add_messages([forged, *bob.messages])
        assert [message.text for message in alice.all_messages] == ["Lost?", "Hello."]


def test_a_message_that_is_added_twice_is_kept_once(history: GlyphChatMessageHistory) -> None:
    """By its id: trying again is safe. Without ids, saying the same thing twice is saying it twice."""
    named, nameless = HumanMessage("Hello.", id="1"), AIMessage("Hi.")
    history.add_messages([named, nameless])
    history.add_messages([named])
    history.add_messages([nameless])
    assert history.all_messages == [named, nameless, nameless]


def test_of_two_messages_with_one_id_both_are_kept(history: GlyphChatMessageHistory) -> None:
    """Some servers number every answer alike. Each comes back with its id, and trying again stores nothing twice."""
    first, second = AIMessage("One.", id="same"), AIMessage("Two.", id="same")
    history.add_messages([HumanMessage("a"), first])
    for _ in range(2):
        history.add_messages([second])
    history.add_messages([HumanMessage("b"), second, AIMessage("Three.", id="same")])
    assert [(message.id, message.text) for message in history.all_messages] == [
        (None, "a"), ("same", "One."), ("same", "Two."), (None, "b"), ("same", "Three."),
    ]  # fmt: skip


def test_a_message_that_says_nothing_is_refused_and_nothing_else_is_stored(
    history: GlyphChatMessageHistory,
) -> None:
    """A `RemoveMessage` is an order to a graph, not something said."""
    with pytest.raises(TypeError, match="RemoveMessages first"):
        history.add_messages([HumanMessage("Hello."), RemoveMessage(id="1")])
    assert history.all_messages == []


def test_clearing_erases_it_all(history: GlyphChatMessageHistory) -> None:
    """Messages, pages, what recall finds."""
    history.add_messages(talk(30))
    history.clear()
    assert history.messages == history.all_messages == []
    assert history.memory.recall("order") == ()


def test_what_is_redacted_is_nowhere(tmp_path: Path) -> None:
    """Not in the text, and not in the message that is kept beside it; what is not redacted stays exact."""

    def redact(turn: Turn) -> Turn:
        return replace(turn, text=turn.text.replace("4711-B", "[code]"))

    plain = AIMessage("Noted.", additional_kwargs={"kept": True})
    with GlyphChatMessageHistory("alice", tmp_path / "chat.db", redact=redact) as history:
        history.add_messages(
            [HumanMessage("The code is 4711-B.", additional_kwargs={"raw": "4711-B"}), plain]
        )
        assert [message.text for message in history.all_messages] == ["The code is [code].", "Noted."]
        assert history.all_messages[1] == plain
    assert not any(b"4711-B" in path.read_bytes() for path in tmp_path.glob("chat.db*") if path.is_file())


def test_a_history_without_a_database_is_an_error_that_says_what_to_give() -> None:
    """Rather than one that ends with the process, unasked."""
    with pytest.raises(
        StoreError, match=r"a history needs a database: GlyphChatMessageHistory\('alice', 'chat.db'\)"
    ):
        GlyphChatMessageHistory("alice")


def test_a_memory_that_is_open_already_is_used_and_left_open() -> None:
    """For those who share one."""
    with GlyphMemory.open(":memory:", session="alice") as memory:
        with GlyphChatMessageHistory(memory) as history:
            history.add_user_message("Hello.")
            history.add_ai_message("Hi.")
            assert str(history) == "Human: Hello.\nAI: Hi."
        assert [turn.text for turn in memory.turns()] == ["Hello.", "Hi."]


# Async, and many at once.


async def test_async_gives_what_sync_gives(history: GlyphChatMessageHistory) -> None:
    """Every call has a twin, and none of them keeps the event loop waiting."""
    await history.aadd_messages(talk(30))
    assert await history.aget_messages() == history.messages
    assert await history.aget_all_messages() == history.all_messages == talk(30)
    await history.aclear()
    assert await history.aget_messages() == []


async def test_async_calls_work_in_another_thread() -> None:
    """Drawing and writing are not done by the event loop's own."""
    threads = set[int]()

    def watch(turn: Turn) -> Turn:
        threads.add(threading.get_ident())
        return turn

    async with GlyphChatMessageHistory("alice", ":memory:", redact=watch) as history:
        await history.aadd_messages(talk(1))
    assert len(threads) == 1
    assert threads.isdisjoint({threading.get_ident()})


def test_many_threads_and_histories_of_one_session_lose_nothing(tmp_path: Path, early: FoldPolicy) -> None:
    """As web servers use them: each request opens its own."""

    def serve(number: int) -> None:
        with GlyphChatMessageHistory("alice", tmp_path / "chat.db", policy=early) as history:
            history.add_messages(talk(1, first=number))
            assert history.messages

    with ThreadPoolExecutor(8) as pool:
        [*pool.map(serve, range(24))]
    with GlyphChatMessageHistory("alice", tmp_path / "chat.db", policy=early) as history:
        kept = [message.text for message in history.all_messages]
    assert sorted(kept) == sorted(message.text for number in range(24) for message in talk(1, first=number))
    for asked, answered in zip(kept[::2], kept[1::2], strict=True):  # added together, kept together
        assert asked.split()[3].strip("?") == answered.split()[1]


# LangChain's own wrapper.


def wrapped(chain: Runnable[Any, Any], history: GlyphChatMessageHistory, **keys: Any) -> Runnable[Any, Any]:
    """Put a history round a chain, as LangChain does; it warns that agents have a better way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LangChainDeprecationWarning)
        return RunnableWithMessageHistory(chain, lambda session_id: history, **keys)


@pytest.fixture(params=["messages", "prompt"])
def conversation(
    request: pytest.FixtureRequest, history: GlyphChatMessageHistory, chat: Chat
) -> Iterator[tuple[Runnable[Any, Any], FakeVLMServer, Callable[[str], Any]]]:
    """A chain with a history: a model alone, or a prompt with a place for the history."""
    with FakeVLMServer() as server, warnings.catch_warnings():
        warnings.simplefilter("ignore", LangChainBetaWarning)
        if request.param == "messages":
            yield wrapped(chat(server), history), server, lambda text: [HumanMessage(text)]
        else:
            prompt = ChatPromptTemplate.from_messages(
                [("system", "Be terse."), MessagesPlaceholder("history"), ("human", "{question}")]
            )
            keys = {"input_messages_key": "question", "history_messages_key": "history"}
            yield wrapped(prompt | chat(server), history, **keys), server, lambda text: {"question": text}


CONFIG: Any = {"configurable": {"session_id": "alice"}}


def check(
    history: GlyphChatMessageHistory, server: FakeVLMServer, asked: list[str], holds_png: Holds
) -> None:
    """See that each question and answer is kept once, that pages were sent, and that none was kept."""
    kept = history.all_messages
    assert [message.text for message in kept[::2]] == asked
    assert [message.type for message in kept] == ["human", "ai"] * len(asked)
    assert len(server.requests) == len(asked)
    assert len(server.requests[-1].images) > 0
    assert not holds_png([json.loads(turn.origin) for turn in history.memory.turns()])
    assert asked[-1] in json.dumps(server.requests[-1].body["messages"][-1])


def test_langchains_wrapper_stores_what_is_new_and_no_page(
    conversation: tuple[Runnable[Any, Any], FakeVLMServer, Callable[[str], Any]],
    history: GlyphChatMessageHistory,
    holds_png: Holds,
) -> None:
    """It works out what is new by counting what was sent; over many turns and folds that stays right."""
    chain, server, spelled = conversation
    asked = [str(message.text) for message in talk(25)[::2]]
    for text in asked:
        chain.invoke(spelled(text), CONFIG)
    check(history, server, asked, holds_png)


async def test_langchains_wrapper_works_in_an_event_loop(
    conversation: tuple[Runnable[Any, Any], FakeVLMServer, Callable[[str], Any]],
    history: GlyphChatMessageHistory,
    holds_png: Holds,
) -> None:
    """The same through the async twins."""
    chain, server, spelled = conversation
    asked = [str(message.text) for message in talk(25)[::2]]
    for text in asked:
        await chain.ainvoke(spelled(text), CONFIG)
    check(history, server, asked, holds_png)

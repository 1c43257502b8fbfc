"""The guard of secrets in LangChain: the model sees handles, everywhere the same; the state keeps what was said."""

from __future__ import annotations

import json
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_glyph_memory import (
    GlyphChatMessageHistory,
    GlyphMemoryMiddleware,
    afold_conversation,
    fold_conversation,
    fold_messages,
)
from langchain_glyph_memory.guarding import MessageGuard
from langchain_glyph_memory.state import SECRETS
from langgraph.checkpoint.memory import InMemorySaver

from glyph_memory import (
    Bookmark,
    FoldPolicy,
    GlyphMemoryWarning,
    SecretFinding,
    SecretGuard,
    ToolCall,
    TurnError,
)
from glyph_memory.testing import FakeAnswer, FakeRequest, FakeVLMServer

PASSWORD = "XANTHIPPE-4711"  # noqa: S105 - made up
SAID = f"Log in with password={PASSWORD} and write the order down."
KEPT = Bookmark(generation=2).to_json()
LONG = "The parcel left the second floor at noon and nobody has seen it since. " * 12
WHERE: Any = {"configurable": {"thread_id": "1"}}


@pytest.fixture
def glyph(early: FoldPolicy) -> Callable[..., GlyphMemoryMiddleware]:
    """Return middleware that folds early and masks."""

    def glyph(**options: Any) -> GlyphMemoryMiddleware:
        return GlyphMemoryMiddleware("glyph", policy=early, **({"secrets": "mask"} | options))

    return glyph


def sent(server: FakeVLMServer) -> str:
    """Return all that the server was sent, but for pictures."""
    return json.dumps([request.texts for request in server.requests])


def test_a_model_is_sent_handles_and_the_state_keeps_what_was_said(
    server: FakeVLMServer, agent: Any, glyph: Any
) -> None:
    """On pages and in recent text; after a restart the handles are the same, so that the pages stay."""
    saver = InMemorySaver()
    with warnings.catch_warnings():
        warnings.simplefilter("error", GlyphMemoryWarning)
        for number in range(8):  # each call by another instance, as after a restart
            one = agent(server, glyph(), checkpointer=saver)
            messages = one.invoke({"messages": [("user", f"{SAID} {number} {LONG}")]}, WHERE)["messages"]
    assert server.requests[-1].images
    assert PASSWORD not in sent(server)
    assert sum(PASSWORD in str(message.content) for message in messages) == 8
    assert "[secret password " in sent(server)
    assert len(one.get_state(WHERE).values[SECRETS]) == 64
    pages = [[image.digest for image in request.images] for request in server.requests]
    assert pages[-1][: len(pages[-3])] == pages[-3]
    other = agent(server, glyph(), checkpointer=saver)
    server.requests.clear()
    other.invoke({"messages": [("user", SAID)]}, {"configurable": {"thread_id": "2"}})
    first, second = (one.get_state({"configurable": {"thread_id": name}}).values[SECRETS] for name in "12")
    assert first != second


def test_a_refused_message_is_not_sent_and_a_warning_is_given_once(
    server: FakeVLMServer, agent: Any, glyph: Any
) -> None:
    """Of a message, however often it is sent."""
    with pytest.raises(TurnError, match="user's turn holds secrets"):
        agent(server, glyph(secrets="refuse")).invoke({"messages": [("user", SAID)]})
    assert server.requests == []
    warned = agent(server, glyph(secrets="warn"), checkpointer=InMemorySaver())
    with pytest.warns(GlyphMemoryWarning, match=r"type 'human' holds secrets \(password\)") as told:
        for text in (SAID, "And now?"):
            warned.invoke({"messages": [("user", text)]}, WHERE)
    assert len([one for one in told if "secrets" in str(one.message)]) == 1
    assert PASSWORD in sent(server)


def test_the_recall_tools_find_what_the_model_sees(early: FoldPolicy) -> None:
    """They search the state, which holds the secret: what they give holds the handle that stands on the page."""
    middleware = GlyphMemoryMiddleware("glyph", policy=early, secrets="mask", tools=True)
    messages: list[BaseMessage] = [HumanMessage(SAID)]
    state = {"messages": messages, SECRETS: "k" * 64}
    (guarded,) = middleware._preparer.guard_messages(messages, state)
    assert guarded.content == f"Log in with password={_handle('k' * 64)} and write the order down."


def test_the_recall_tools_themselves_give_handles(agent: Any, glyph: Any) -> None:
    """An agent's model calls `recall` and `zoom`: what they give it holds the handle, and never the secret."""
    calls = (
        ToolCall(name="recall", arguments='{"query": "write the order down"}', id="c1"),
        ToolCall(name="zoom", arguments='{"what": "§1"}', id="c2"),
    )

    def answer(request: FakeRequest) -> FakeAnswer:
        last = request.body["messages"][-1]
        asked = last["role"] == "user" and "now" in json.dumps(last["content"])[-20:]
        return FakeAnswer(tool_calls=calls) if asked else FakeAnswer(text="Noted.")

    with FakeVLMServer(answer=answer) as serving:
        one = agent(serving, glyph(tools=True), checkpointer=InMemorySaver())
        for text in (SAID, *[f"{number} {LONG}" for number in range(8)], "Look it up now"):
            state = one.invoke({"messages": [("user", text)]}, WHERE)
        requests = json.dumps([request.texts for request in serving.requests])
    handle = _handle(one.get_state(WHERE).values[SECRETS])
    told = {one.tool_call_id: str(one.content) for one in state["messages"] if isinstance(one, ToolMessage)}
    assert f"password={handle} and write the order down" in told["c1"]
    assert f"password={handle} and write the order down" in told["c2"]
    assert PASSWORD not in json.dumps([told, requests])


def _handle(key: str) -> str:
    return SecretGuard(key=key.encode()).mask_text(f"password={PASSWORD}").removeprefix("password=")


def test_every_part_of_a_message_is_guarded_and_none_is_changed() -> None:
    """Blocks, calls with their arguments as objects, results, a head; a key over two blocks becomes one text."""
    call = {"name": "login", "args": {"password": PASSWORD, "n": 1}, "id": "1", "type": "tool_call"}
    key = "-----BEGIN PRIVATE KEY-----\n" + "a1B2" * 16
    image = {"type": "image", "base64": "iVBORw0KGgo=", "mime_type": "image/png"}
    blocks: list[Any] = [{"type": "text", "text": key[:27]}, {"type": "text", "text": key[28:]}, image]
    messages = [
        SystemMessage(SAID),
        HumanMessage([{"type": "text", "text": SAID}, image]),
        AIMessage("", tool_calls=[call]),
        ToolMessage(json.dumps({"password": PASSWORD}), tool_call_id="1"),
        HumanMessage(blocks),
        HumanMessage("Nothing."),
    ]
    before = [message.model_copy(deep=True) for message in messages]
    guard = MessageGuard(SecretGuard(key=b"k"))
    guarded = guard.guard(messages)
    assert messages == before
    assert PASSWORD not in repr(guarded)
    assert guarded[2].tool_calls[0]["args"] == {"password": _handle("k"), "n": 1}  # type: ignore[attr-defined]
    assert guarded[1].content[1] == image
    assert guarded[4].content == [{"type": "text", "text": SecretGuard(key=b"k").mask_text(key)}, image]
    assert guarded[5] is messages[5]
    assert guard.guard(guarded) == guarded


@pytest.mark.parametrize("field", ["additional_kwargs", "response_metadata", "name"])
def test_messages_that_say_the_same_are_guarded_each_by_all_that_it_holds(field: str) -> None:
    """What was found of the first is not taken for what the second holds beside its words; nor the other way round."""
    said = f"password={PASSWORD}"
    plain, beside = AIMessage("Hi."), AIMessage("Hi.", **{field: said if field == "name" else {"note": said}})
    for messages in ([plain, beside], [beside, plain]):
        guarded = MessageGuard(SecretGuard(key=b"k")).guard(messages)
        assert PASSWORD not in repr(guarded)
        assert _handle("k") in repr(guarded[messages.index(beside)])
        assert plain in guarded


@pytest.mark.parametrize("text", [SAID, "-----BEGIN PRIVATE KEY-----\n" + "a1B2" * 16])
@pytest.mark.parametrize("is_in_pieces", [True, False])
def test_what_holds_no_secret_stays_the_object_that_it_is(text: str, is_in_pieces: bool) -> None:
    """Beside a text with one: frameworks keep objects there that JSON does not hold."""
    kept = {"parsed": object(), "shape": (1, 2)}
    content: list[Any] = [text[:27], text[27:]] if is_in_pieces else [text]
    (guarded,) = MessageGuard(SecretGuard(key=b"k")).guard([AIMessage(content, additional_kwargs=kept)])
    assert "[secret " in str(guarded.content)
    assert guarded.additional_kwargs == kept


def test_chains_and_histories_are_guarded_too(tmp_path: Path, early: FoldPolicy) -> None:
    """A history keeps handles alone; the message that is kept beside the turn has them, too."""
    (said,) = fold_messages([("user", SAID)], secrets=SecretGuard(key=b"k"))
    assert _handle("k") in str(said.content)
    with GlyphChatMessageHistory("alice", tmp_path / "chat.db", policy=early, secrets="mask") as history:
        history.add_messages([HumanMessage([{"type": "text", "text": SAID}], id="1")])
        assert "[secret password " in str(history.all_messages[0].content)
        assert "'type': 'text'" in str(history.all_messages[0].content)
        history.add_messages(history.messages)
        assert len(history.all_messages) == 1
    assert not any(PASSWORD.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


async def test_a_refusal_carries_no_frame_of_ours_with_the_secret(
    server: FakeVLMServer, agent: Any, glyph: Any
) -> None:
    """At every entrance; LangChain's own frames are LangChain's."""
    said = [HumanMessage(SAID)]
    one = agent(server, glyph(secrets="refuse"))
    runnable = fold_messages(profile="glyph", secrets="refuse")
    errors = list[TurnError]()
    with GlyphChatMessageHistory("a", ":memory:", secrets="refuse") as history:
        for call in (
            lambda: history.add_messages(said),
            lambda: fold_messages(said, profile="glyph", secrets="refuse"),
            lambda: fold_conversation(said, profile="glyph", secrets="refuse"),
            lambda: fold_conversation(said, KEPT, profile="glyph", secrets="refuse"),
            lambda: runnable.invoke(said),
            lambda: one.invoke({"messages": said}),
        ):
            with pytest.raises(TurnError) as raised:
                call()
            errors.append(raised.value)
        for await_ in (
            lambda: history.aadd_messages(said),
            lambda: afold_conversation(said, KEPT, profile="glyph", secrets="refuse"),
            lambda: runnable.ainvoke(said),
            lambda: one.ainvoke({"messages": said}),
        ):
            with pytest.raises(TurnError) as raised:
                await await_()
            errors.append(raised.value)
    for error in errors:
        frames = traceback.TracebackException.from_exception(error, capture_locals=True).stack
        ours = [frame for frame in frames if "glyph_memory/" in frame.filename]
        assert ours
        assert [frame.name for frame in ours if PASSWORD in repr(frame.locals)] == []


def test_what_a_server_said_of_an_answer_is_masked_too() -> None:
    """Metadata is sent along by some, and shown by others."""
    answer = AIMessage("Done.", response_metadata={"echo": SAID})
    folded = fold_messages([HumanMessage("Go on."), answer], profile="glyph", secrets="mask")
    assert "[secret password " in repr(folded)
    assert PASSWORD not in repr(folded)


def test_a_finder_of_ones_own_need_not_be_hashable() -> None:
    """As a plain dataclass is not; the same guard makes the same handles in every call."""

    @dataclass
    class Finder:
        word: str

        def find(self, text: str) -> list[SecretFinding]:
            start = text.find(self.word)
            return [SecretFinding(start=start, end=start + len(self.word), kind="name")] if start >= 0 else []

    guard = SecretGuard(finder=Finder("Rumpelstilzchen"))
    first, second = (fold_messages([("user", "I am Rumpelstilzchen.")], secrets=guard) for _ in range(2))
    assert "[secret name " in str(first[0].content)
    assert first[0].content == second[0].content

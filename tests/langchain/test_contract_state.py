"""The middleware's contract with an agent's state: every message stays as it was, and no page ever gets there."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain.agents.middleware import AgentMiddleware, ExtendedModelResponse, HumanInTheLoopMiddleware
from langchain_core.messages import BaseMessage, HumanMessage, RemoveMessage
from langchain_glyph_memory import GlyphMemoryMiddleware
from langchain_glyph_memory.state import BOOKMARK
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph.message import REMOVE_ALL_MESSAGES
from langgraph.types import Command

from glyph_memory import Bookmark, FoldPolicy, GlyphMemoryWarning
from glyph_memory.testing import FakeRequest, FakeVLMServer

WHERE: Any = {"configurable": {"thread_id": "1"}}


def digests(request: FakeRequest) -> list[str]:
    """Return a request's images, in order."""
    return [image.digest for image in request.images]


def wire(server: FakeVLMServer) -> list[str]:
    """Return the requests as they were on the wire."""
    return [json.dumps(request.body["messages"]) for request in server.requests]


def stored(saver: Any) -> Any:
    """Return everything that a saver holds."""
    if isinstance(saver, InMemorySaver):
        return [dict(saver.storage), dict(saver.writes), dict(saver.blobs)]
    tables = [row[0] for row in saver.conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return [saver.conn.execute(f"SELECT * FROM {table}").fetchall() for table in tables]  # noqa: S608 - their own names


def is_whole(messages: list[BaseMessage], questions: Callable[[int, str], str], count: int) -> bool:
    """Return whether a history of questions, calls, results and answers has all of them, in order."""
    kinds = [message.type for message in messages]
    asked = [message.content for message in messages if message.type == "human"]
    return kinds == ["human", "ai", "tool", "ai"] * count and asked == [
        questions(n, "1") for n in range(count)
    ]


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_after_three_hundred_turns_the_state_is_whole_and_holds_no_page(
    server: FakeVLMServer,
    agent: Any,
    ask: Any,
    questions: Any,
    early: FoldPolicy,
    holds_png: Callable[[Any], bool],
    kind: str,
) -> None:
    """Not in a checkpoint, not in a write; only a bookmark of some kilobytes stands beside the messages."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    saver: Any = InMemorySaver() if kind == "memory" else SqliteSaver(connection)
    policy = replace(early, seal_tokens=2_000, trigger_tokens=3_000, max_run_tokens=3_000)
    one = agent(server, GlyphMemoryMiddleware("glyph", policy=policy), checkpointer=saver)
    messages = ask(one, 75)
    values = one.get_state(WHERE).values
    held = stored(saver)
    connection.close()
    assert is_whole(messages, questions, 75)
    assert max(len(request.images) for request in server.requests) > 6
    assert not holds_png(held)
    assert values.keys() == {"messages", BOOKMARK}
    assert len(json.dumps(values[BOOKMARK])) < 60_000
    assert Bookmark.from_json(json.loads(json.dumps(values[BOOKMARK]))).to_json() == values[BOOKMARK]


async def test_an_asynchronous_saver_holds_the_same(
    server: FakeVLMServer,
    agent: Any,
    questions: Any,
    early: FoldPolicy,
    holds_png: Callable[[Any], bool],
    tmp_path: Path,
) -> None:
    """SQLite, awaited; the events of a run hold no page either."""
    events: list[Any] = []
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "state.db")) as saver:
        one = agent(server, GlyphMemoryMiddleware("glyph", policy=early), checkpointer=saver)
        for number in range(8):
            asked = {"messages": [("user", questions(number, "1"))]}
            modes = ["values", "updates", "messages", "debug", "checkpoints", "tasks"]
            events += [event async for event in one.astream(asked, WHERE, stream_mode=modes)]
        messages = (await one.aget_state(WHERE)).values["messages"]
    with sqlite3.connect(tmp_path / "state.db") as connection:
        tables = ("checkpoints", "writes")
        rows = [connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables]  # noqa: S608 - constants
    connection.close()
    assert is_whole(messages, questions, 8)
    assert server.requests[-1].images
    assert len(rows[0]) > 20
    assert len(events) > 100
    assert not holds_png(rows)
    assert not holds_png(events)


class _Mutates(GlyphMemoryMiddleware):
    """Does what must not be done: changes the request's own list."""

    def wrap_model_call(self, request: Any, handler: Any) -> Any:
        sent = self._preparer.prepare(request).request.messages
        request.messages[:] = sent
        return handler(request)


class _Rewrites(GlyphMemoryMiddleware):
    """Changes a message, which is the state's own object."""

    def wrap_model_call(self, request: Any, handler: Any) -> Any:
        request.messages[0].content = self._preparer.prepare(request).request.messages[0].content
        return handler(request)


class _Returns(AgentMiddleware[Any, Any, Any]):
    """Gives folded messages to the state."""

    def __init__(self, policy: FoldPolicy) -> None:
        super().__init__()
        self.inner = GlyphMemoryMiddleware("glyph", policy=policy)

    def before_model(self, state: Any, runtime: Any) -> Any:
        folded = self.inner.folding.fold(state["messages"])
        if not folded.images:
            return None
        block = {
            "type": "image",
            "base64": folded.images[0].data_url.partition(",")[2],
            "mime_type": "image/png",
        }
        return {
            "messages": [RemoveMessage(REMOVE_ALL_MESSAGES), HumanMessage([block]), state["messages"][-1]]
        }


class _Commands(GlyphMemoryMiddleware):
    """Has the state keep a page by a command, once: else the newest message would be a user's for ever."""

    is_done = False

    def wrap_model_call(self, request: Any, handler: Any) -> Any:
        prepared = self._preparer.prepare(request)
        answer = handler(prepared.request)
        if self.is_done or not prepared.holds_images:
            return answer
        self.is_done = True
        return ExtendedModelResponse(answer, Command(update={"messages": prepared.request.messages[:1]}))


@pytest.mark.parametrize("wrong", [_Mutates, _Rewrites, _Returns, _Commands])
def test_the_detector_finds_pages_where_somebody_does_put_them(
    server: FakeVLMServer,
    agent: Any,
    ask: Any,
    early: FoldPolicy,
    holds_png: Callable[[Any], bool],
    wrong: Any,
) -> None:
    """The four ways of getting it wrong: each is seen in what the saver holds."""
    saver = InMemorySaver()
    made = wrong(early) if wrong is _Returns else wrong("glyph", policy=early)
    ask(agent(server, made, checkpointer=saver), 6)
    assert holds_png(stored(saver))


def test_restarted_it_goes_on_with_the_same_pages(
    server: FakeVLMServer, agent: Any, ask: Any, early: FoldPolicy, tmp_path: Path
) -> None:
    """A new process: new agent, new middleware, the saver's file. Each request is what it would have been."""
    ask(agent(server, GlyphMemoryMiddleware("glyph", policy=early), checkpointer=InMemorySaver()), 12)
    expected = wire(server)
    server.requests.clear()
    for number in range(0, 12, 3):
        with SqliteSaver.from_conn_string(str(tmp_path / "state.db")) as saver:
            one = agent(server, GlyphMemoryMiddleware("glyph", policy=early), checkpointer=saver)
            ask(one, 3, first=number)
    assert wire(server) == expected


def test_the_state_stays_readable_where_only_plain_values_are_allowed(tmp_path: Path) -> None:
    """With LANGGRAPH_STRICT_MSGPACK, and every warning an error."""
    script = tmp_path / "strict.py"
    script.write_text(_STRICT)
    strict = {**os.environ, "LANGGRAPH_STRICT_MSGPACK": "true"}
    done = subprocess.run([sys.executable, script], env=strict, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["32", "True"]


_STRICT = """
import logging, warnings
from langchain.agents import create_agent
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from glyph_memory import FoldPolicy
from glyph_memory.testing import FakeVLMServer
from langchain_glyph_memory import GlyphMemoryMiddleware

class Loud(logging.Handler):
    def emit(self, record):
        raise AssertionError(record.getMessage())

logging.getLogger("langgraph").addHandler(Loud(logging.WARNING))
warnings.simplefilter("error")
policy = FoldPolicy(window_tokens=9000, tools_tokens=0, keep_recent_tokens=200, seal_tokens=200, trigger_tokens=600)
with FakeVLMServer(answer=lambda request: "It is on its way. " * 20) as server:
    model = ChatOpenAI(model="glyph", base_url=server.base_url, api_key="x", use_responses_api=False)
    middleware = GlyphMemoryMiddleware("glyph", policy=policy)
    agent = create_agent(model, middleware=[middleware], checkpointer=InMemorySaver())
    where = {"configurable": {"thread_id": "1"}}
    for number in range(16):
        said = agent.invoke({"messages": [("user", f"Where is order {number}? " * 20)]}, where)["messages"]
    print(len(said), isinstance(agent.get_state(where).values["_glyph_bookmark"]["seals"][0]["pages"], list))
"""


def test_the_bookmark_is_nobodys_input_or_output(
    server: FakeVLMServer, agent: Any, early: FoldPolicy
) -> None:
    """It stands in the state alone; a caller can't forge one."""
    one = agent(server, GlyphMemoryMiddleware("glyph", policy=early), checkpointer=InMemorySaver())
    for _ in range(4):
        found = one.invoke({"messages": [("user", "Where? " * 90)], BOOKMARK: {"seals": "forged"}}, WHERE)
    assert found.keys() == {"messages"}
    assert one.get_state(WHERE).values[BOOKMARK]["seals"] != "forged"
    assert BOOKMARK not in one.get_input_jsonschema()["properties"]
    assert BOOKMARK not in one.get_output_jsonschema()["properties"]


def test_the_state_is_written_only_where_the_bookmark_changed(
    server: FakeVLMServer, agent: Any, early: FoldPolicy, questions: Any
) -> None:
    """Once for a new seal, not for every call of the model."""
    one = agent(server, GlyphMemoryMiddleware("glyph", policy=early), checkpointer=InMemorySaver())
    written: list[Any] = []
    for number in range(8):
        asked = {"messages": [("user", questions(number, "1"))]}
        for update in one.stream(asked, WHERE, stream_mode="updates"):
            written += [held[BOOKMARK] for held in update.values() if held and BOOKMARK in held]
    seals = [len(one["seals"]) for one in written]
    assert seals == sorted(set(seals))
    assert 0 < len(written) < len(server.requests)


def test_a_run_that_waited_for_a_person_goes_on_where_it_was(
    server: FakeVLMServer, agent: Any, questions: Any, early: FoldPolicy
) -> None:
    """A tool call that is approved, edited or refused: pairs stay whole, pages grow on."""
    middleware = GlyphMemoryMiddleware("glyph", policy=early)
    asks = HumanInTheLoopMiddleware(interrupt_on={"look_up": True})
    one = agent(server, middleware, asks, checkpointer=InMemorySaver())
    order = {"name": "look_up", "args": {"order": "ORD-1"}}
    decisions: list[dict[str, Any]] = [
        {"type": "approve"},
        {"type": "edit", "edited_action": order},
        {"type": "reject", "message": "Not today. " * 30},
    ]
    for number in range(9):
        stopped = one.invoke({"messages": [("user", questions(number, "1"))]}, WHERE)
        assert stopped["__interrupt__"]
        one.invoke(Command(resume={"decisions": [decisions[number % 3]]}), WHERE)
    messages = one.get_state(WHERE).values["messages"]
    assert is_whole(messages, questions, 9)
    assert server.requests[-1].images
    for before, after in zip(server.requests, server.requests[1:], strict=False):
        assert digests(after)[: len(before.images)] == digests(before)


def test_from_an_old_checkpoint_another_branch_grows(
    server: FakeVLMServer, agent: Any, ask: Any, early: FoldPolicy
) -> None:
    """It sees the pages of its own past, not those of the branch that was left; going back works as well."""
    one = agent(server, GlyphMemoryMiddleware("glyph", policy=early), checkpointer=InMemorySaver())
    ask(one, 5)
    there = one.get_state(WHERE).config
    pages = digests(server.requests[-1])
    ask(one, 5, first=5)
    newest = one.get_state(WHERE).config
    left = wire(server)
    server.requests.clear()
    asked = {"messages": [("user", "Something else, please.")]}
    branch = one.invoke(asked, there)["messages"]
    assert len(branch) == 24
    assert digests(server.requests[0])[: len(pages)] == pages
    branched = wire(server)
    server.requests.clear()
    again = one.invoke({"messages": [("user", "Back to the other one.")]}, newest)["messages"]
    assert len(again) == 44
    assert len(server.requests[0].images) > len(pages)
    assert digests(server.requests[0])[: len(pages)] == pages
    assert not set(branched) & set(left)
    for snapshot in one.get_state_history(WHERE):  # any of them can be gone on from
        Bookmark.from_json(snapshot.values[BOOKMARK]) if snapshot.values.get(BOOKMARK) else None


def test_run_again_from_a_checkpoint_it_sends_the_same(
    server: FakeVLMServer, agent: Any, ask: Any, early: FoldPolicy
) -> None:
    """Before the last call of the model: the same request, byte for byte."""
    one = agent(server, GlyphMemoryMiddleware("glyph", policy=early), checkpointer=InMemorySaver())
    ask(one, 7)
    last = wire(server)[-1]
    before = next(state for state in one.get_state_history(WHERE) if state.next == ("model",))
    one.invoke(None, before.config)
    assert wire(server)[-1] == last
    assert server.requests[-1].images


def test_a_history_that_was_rewritten_is_drawn_anew_and_the_user_learns_of_it(
    server: FakeVLMServer, agent: Any, ask: Any, early: FoldPolicy
) -> None:
    """Messages that are pages already were edited or removed: what they said is on no page any more."""
    one = agent(server, GlyphMemoryMiddleware("glyph", policy=early), checkpointer=InMemorySaver())
    messages = ask(one, 8)
    pages = digests(server.requests[-1])
    edited = messages[8].model_copy(update={"content": "Forget it. " * 40})
    one.update_state(WHERE, {"messages": [edited]})
    with pytest.warns(GlyphMemoryWarning, match="seals no longer match"):
        ask(one, 1, first=8)
    after = digests(server.requests[-1])
    assert after[0] == pages[0]
    assert not set(after[2:]) & set(pages[3:])
    one.update_state(WHERE, {"messages": [RemoveMessage(str(message.id)) for message in messages[:4]]})
    with pytest.warns(GlyphMemoryWarning, match="seals no longer match"):
        ask(one, 1, first=9)
    assert server.requests[-1].images
    assert not set(digests(server.requests[-1])) & {pages[0]}


def test_a_history_that_was_emptied_begins_again(
    server: FakeVLMServer, agent: Any, ask: Any, early: FoldPolicy
) -> None:
    """Nothing of what was removed is shown."""
    one = agent(server, GlyphMemoryMiddleware("glyph", policy=early), checkpointer=InMemorySaver())
    ask(one, 6)
    one.update_state(WHERE, {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES)]})
    with pytest.warns(GlyphMemoryWarning, match="seals no longer match"):
        ask(one, 1, first=6)
    assert not server.requests[-1].images


@pytest.mark.parametrize("rubbish", [{"seals": 7}, {"a": 1}, "text", [1], 42])
def test_a_bookmark_that_is_none_is_ignored_and_the_user_learns_of_it(
    server: FakeVLMServer, agent: Any, ask: Any, early: FoldPolicy, rubbish: Any
) -> None:
    """Once: it is overwritten."""
    one = agent(server, GlyphMemoryMiddleware("glyph", policy=early), checkpointer=InMemorySaver())
    ask(one, 4)
    before = digests(server.requests[-1])
    one.update_state(WHERE, {BOOKMARK: rubbish}, as_node="model")
    with pytest.warns(GlyphMemoryWarning, match="is no bookmark") as told:
        ask(one, 1, first=4)
    assert len([one for one in told if "is no bookmark" in str(one.message)]) == 1
    assert digests(server.requests[-1])[: len(before)] == before

"""Claims about pictures that tools return: a user shows them, after the results, as servers take them from users."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_glyph_memory import GlyphChatMessageHistory, GlyphMemoryMiddleware, fold_messages
from langgraph.checkpoint.memory import InMemorySaver
from PIL import Image

from glyph_memory import FoldPolicy, ToolCall
from glyph_memory.testing import FakeAnswer, FakeRequest, FakeVLMServer

Body = list[dict[str, Any]]
SHOWN = "(What came with it is shown below.)"


def picture(shade: int = 200) -> dict[str, Any]:
    """Return a small picture as LangChain's own block."""
    stream = io.BytesIO()
    Image.new("L", (56, 56), shade).save(stream, "PNG")
    return {
        "type": "image",
        "base64": base64.b64encode(stream.getvalue()).decode(),
        "mime_type": "image/png",
    }


def words(text: str) -> dict[str, Any]:
    """Return text as a block."""
    return {"type": "text", "text": text}


def call(number: int) -> dict[str, Any]:
    """Return a call of a tool."""
    return {"name": "look", "args": {"at": number}, "id": f"c{number}", "type": "tool_call"}


@tool
def look(at: int) -> list[dict[str, Any]]:
    """Take a photo of a shelf."""
    return [words(f"Shelf {at}, as it is now."), picture(at % 256)]


def answer(request: FakeRequest) -> FakeAnswer:
    """Look at two shelves where a user asks, at one more for the first time, and answer."""
    last = [message for message in request.body["messages"] if message["role"] != "tool"][-1]
    asked = str(last["content"])
    number = len(request.body["messages"])
    if last["role"] == "user" and "Which parcel" in asked[-200:]:
        calls = (number, number + 1)
    else:
        return FakeAnswer(text=f"The parcel stands on shelf {number}, behind the ladder, as agreed. " * 3)
    return FakeAnswer(
        tool_calls=tuple(ToolCall(name="look", arguments=f'{{"at": {n}}}', id=f"c{n}") for n in calls)
    )


def has_picture(message: dict[str, Any]) -> bool:
    """Return whether a message on the wire has one."""
    return not isinstance(message["content"], str | None) and any(
        block["type"] != "text" for block in message["content"]
    )


def check(body: Body) -> None:
    """Hold that results follow their calls, that roles alternate, and that users alone show pictures."""
    assert not any(has_picture(message) for message in body if message["role"] != "user")
    open_ids: list[str] = []
    for message in body:
        if message["role"] == "tool":
            open_ids.remove(message["tool_call_id"])
            continue
        assert not open_ids
        open_ids = [one["id"] for one in message.get("tool_calls") or ()]
    roles = [message["role"] for message in body]
    assert not any(one == other == "user" for one, other in pairwise(roles))


@pytest.fixture
def run(chat: Any, early: FoldPolicy) -> Callable[..., list[Body]]:
    """Have an agent look at shelves; give what its server was sent."""

    def run(count: int, **profile: Any) -> list[Body]:
        middleware = GlyphMemoryMiddleware("glyph", policy=early)
        with FakeVLMServer(answer=answer) as server:
            agent: Any = create_agent(
                chat(server, **profile), [look], middleware=[middleware], checkpointer=InMemorySaver()
            )
            for number in range(count):
                asked = {"messages": [("user", f"Which parcel stands on shelf {number}?")]}
                agent.invoke(asked, {"configurable": {"thread_id": "1"}})
            return [request.body["messages"] for request in server.requests]

    return run


def test_on_the_wire_users_alone_show_pictures_after_all_results(run: Any) -> None:
    """Of two calls at once, both pictures come after both results; pages come and nothing changes in that."""
    bodies = run(8)
    for body in bodies:
        check(body)
    first = bodies[1]
    assert [message["role"] for message in first] == ["user", "assistant", "tool", "tool", "user"]
    assert str(first[-1]["content"]).count("data:image/png") == 2
    assert first[2]["content"] == [words("Shelf 1, as it is now.")]
    assert any("§1" in str(body[0]["content"]) for body in bodies)


def test_what_was_shown_stays_where_it_was(run: Any) -> None:
    """Each request begins with the one before it, but where pages are added: servers keep what they have read."""
    bodies = run(8)
    kept = sum(after[: len(before)] == before for before, after in pairwise(bodies))
    moved = [
        place
        for place, (before, after) in enumerate(pairwise(bodies))
        if after[: len(before)] != before and after[0]["content"] == before[0]["content"]
    ]
    assert kept >= len(bodies) // 2
    assert moved == []


def test_where_the_model_takes_pictures_from_tools_they_stay(run: Any) -> None:
    """Its profile says so."""
    bodies = run(1, profile={"image_inputs": True, "image_tool_message": True})
    assert [message["role"] for message in bodies[1]] == ["user", "assistant", "tool", "tool"]
    assert all(has_picture(message) for message in bodies[1][2:])


def history(*content: Any) -> list[BaseMessage]:
    """Return a history in which a tool answers a call."""
    return [
        HumanMessage("Where?"),
        AIMessage("", tool_calls=[call(1)], id="a"),
        ToolMessage([*content], tool_call_id="c1", name="look", id="t", artifact={"raw": 1}),
    ]


def test_a_result_keeps_all_but_its_pictures() -> None:
    """Ids, artifacts, blocks of text and blocks that nobody knows; the message itself is not changed."""
    odd = {"type": "own", "score": 3}
    given = history(words("One."), picture(), odd, "Two.")
    question, asking, result, shown = fold_messages(given)
    assert (question, asking) == (given[0], given[1])
    assert isinstance(result, ToolMessage)
    assert result == given[2].model_copy(update={"content": [words("One."), odd, "Two."]})
    assert [block for block in shown.content if block == picture()]
    assert (shown.type, shown.additional_kwargs) == ("human", {"lc_source": "glyph_memory"})
    assert picture() in given[2].content


@pytest.mark.parametrize("merge", [True, False])
def test_a_result_without_words_says_where_its_picture_is(merge: bool) -> None:
    """Servers refuse a result that says nothing; the picture is named."""
    *_, result, shown = fold_messages(history(picture()), merge=merge)
    assert result.content == SHOWN
    assert next(iter(shown.content)) == words(
        "\n(Picture 1 that came with the tool's message, no page of the conversation:)\n"
    )


def test_what_follows_the_pictures_joins_them_as_the_users_own() -> None:
    """Roles alternate; with `merge=False` each stays a message of its own."""
    follows = HumanMessage("And now?", id="q", name="Ada")
    *_, joined = fold_messages([*history(picture()), follows])
    assert (joined.id, joined.name) == ("q", "Ada")
    assert picture() in joined.content
    assert [*joined.content][-1] == words("And now?")
    *_, shown, own = fold_messages([*history(picture()), follows], merge=False)
    assert picture() in shown.content
    assert own is follows


def test_a_picture_of_a_result_whose_call_is_gone_is_shown_once() -> None:
    """A user tells the result, and shows its picture."""
    (told,) = fold_messages([ToolMessage([words("42."), picture()], tool_call_id="gone")])
    assert [*told.content].count(picture()) == 1
    assert "42." in str(told.content)


def test_pictures_of_the_assistant_and_of_the_system_are_shown_by_a_user_as_well() -> None:
    """No server takes them; a leading system message stays what it is."""
    head = SystemMessage("Be brief.")
    found = fold_messages(
        [head, HumanMessage("Draw."), AIMessage([words("Here."), picture()]), HumanMessage("Thanks.")]
    )
    assert [message.type for message in found] == ["system", "human", "ai", "human"]
    assert found[0] is head
    assert found[2].content == [words("Here.")]
    assert picture() in found[3].content


def test_text_alone_is_sent_as_the_objects_that_it_is() -> None:
    """Where no picture is, nothing is copied."""
    given = history(words("One."), {"type": "own", "score": 3})
    assert all(one is other for one, other in zip(fold_messages(given), given, strict=True))


def test_a_chat_history_shows_them_by_a_user_and_keeps_them_where_they_came() -> None:
    """What it gave is not stored again."""
    given = history(words("One."), picture())
    with GlyphChatMessageHistory("alice", ":memory:") as chat:
        chat.add_messages(given)
        *_, result, shown = sent = chat.messages
        assert (result.content, result.id) == ([words("One.")], "t")
        assert picture() in shown.content
        chat.add_messages(sent)
        assert chat.all_messages == given

"""Claims about what the model has not answered yet: sent as it came, else as pages or in parts, and never lost."""

from __future__ import annotations

import base64
import copy
import io
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from langchain.agents.middleware import ModelRequest, ModelResponse
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_glyph_memory import (
    GlyphLoader,
    GlyphMemoryMiddleware,
    fold_messages,
    recall_tools,
    to_content_blocks,
)
from PIL import Image

from glyph_memory import FoldPolicy, GlyphMemoryWarning
from glyph_memory.testing import FakeVLMServer

Agent = Any
LINES = [
    f"Clause {n}: part {n % 7} delivers item K-{n * 37} by day {n % 31}, in writing.\n" for n in range(9000)
]


def text_of(size: int) -> str:
    """Return a text of so many characters."""
    return "".join(LINES)[:size]


def block(data: bytes, mime_type: str = "image/jpeg") -> dict[str, Any]:
    """Return a picture as a block."""
    return {"type": "image", "base64": base64.b64encode(data).decode(), "mime_type": mime_type}


def photo(size: tuple[int, int]) -> dict[str, Any]:
    """Return a photo as a block."""
    stream = io.BytesIO()
    Image.effect_noise((60, 40), 60).resize(size).convert("RGB").save(stream, "JPEG", quality=20)
    return block(stream.getvalue())


def pictures(message: BaseMessage) -> list[bytes]:
    """Return the files of all images in a message."""
    content = message.content if isinstance(message.content, list) else []
    return [base64.b64decode(one["base64"]) for one in content if isinstance(one, dict) and "base64" in one]


def size_of(data: bytes) -> tuple[int, int]:
    """Return a picture's width and height."""
    return Image.open(io.BytesIO(data)).size


def call(*paths: str) -> AIMessage:
    """Return an answer that reads files."""
    calls = [{"name": "read_file", "args": {"path": path}, "id": path} for path in paths]
    return AIMessage("", tool_calls=calls)


def result(path: str, text: str, **fields: Any) -> ToolMessage:
    """Return what a file holds."""
    return ToolMessage(text, tool_call_id=path, name="read_file", **fields)


@contextmanager
def losses() -> Iterator[list[str]]:
    """Collect what we warn of; it is there at the end."""
    told: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield told
    told += [str(one.message) for one in caught if isinstance(one.message, GlyphMemoryWarning)]


@pytest.fixture
def small(early: FoldPolicy) -> FoldPolicy:
    """A window of some six thousand tokens."""
    return replace(early, window_tokens=6_000)


@pytest.mark.parametrize(("profile", "count"), [("qwen2.5-vl", 2), ("glyph", 3)])
def test_photos_of_the_newest_message_arrive_as_they_were_taken(profile: str, count: int) -> None:
    """Scaled down, the small print in them would be gone before anybody read it."""
    block = photo((4032, 3024))
    asked = HumanMessage([{"type": "text", "text": "Compare the small print."}, *[block] * count])
    with losses() as told:
        assert fold_messages([asked], profile=profile) == [asked]
    assert told == []


def test_photos_that_do_not_fit_are_scaled_and_the_user_learns_of_each(small: FoldPolicy) -> None:
    """The text stays, so do the message's id and name; a page of ours is never scaled."""
    page = to_content_blocks(GlyphLoader.from_text(text_of(2_000), source="contract.txt").load()[:1])
    asked = HumanMessage(
        [*page, {"type": "text", "text": "Compare."}, *[photo((2016, 1512))] * 2], id="7", name="ada"
    )
    before = copy.deepcopy(asked)
    with losses() as told:
        (sent,) = fold_messages([asked], policy=small)
    first, *others = pictures(sent)
    assert first == pictures(asked)[0]
    assert all(size_of(one) != (2016, 1512) for one in others)
    assert len(others) == 2
    assert (sent.id, sent.name) == ("7", "ada")
    assert "Compare." in repr(sent.content)
    assert len(told) == 2
    assert all("is scaled to" in one and "\n" not in one for one in told)
    assert asked == before


def test_pages_of_ours_are_sent_byte_for_byte() -> None:
    """A page that is scaled by a quarter cannot be read any more."""
    docs = GlyphLoader.from_text(text_of(60_000), source="contract.txt").load()
    asked = HumanMessage([*to_content_blocks(docs), {"type": "text", "text": "What does clause 17 say?"}])
    with losses() as told:
        (sent,) = fold_messages([asked], profile="glyph")
    assert pictures(sent) == pictures(asked)
    assert len(pictures(sent)) > 9
    assert told == []


def test_four_files_that_a_tool_has_just_read_are_there(early: FoldPolicy) -> None:
    """Each under its own call, in words that say where it stands; all that is on the message stays there."""
    paths = [f"{n}.py" for n in range(4)]
    history = [
        HumanMessage("Review these files."),
        call(*paths),
        *(result(path, text_of(40_000), artifact=path, id=f"r{path}", status="error") for path in paths),
    ]
    before = copy.deepcopy(history)
    with losses() as told:
        sent = fold_messages(history, policy=early)
    assert history == before
    results = [message for message in sent if isinstance(message, ToolMessage)]
    assert [(one.tool_call_id, one.artifact, one.id, one.status) for one in results] == [
        (path, path, f"r{path}", "error") for path in paths
    ]
    assert all(isinstance(one.content, str) and one.content for one in results)
    on_pages = [one for one in results if "stands on page" in one.content]
    shown = [message for message in sent if isinstance(message, HumanMessage) and pictures(message)]
    assert on_pages
    assert sent.index(shown[-1]) > sent.index(
        results[-1]
    )  # servers take nothing between a call and its results
    assert all(one.additional_kwargs["lc_source"] == "glyph_memory" and one.id is None for one in shown)
    assert len(told) == len(on_pages)
    assert all("'read_file'" in one and "window_tokens=32000" in one for one in told)


def test_what_is_more_than_the_window_is_shown_in_parts_and_says_so(small: FoldPolicy) -> None:
    """Two megabytes: how long it is, what is shown, how to get at the rest; never nothing."""
    history = [HumanMessage("What is in a.txt?"), call("a.txt"), result("a.txt", text_of(600_000) * 4)]
    with losses() as told:
        sent = fold_messages(history, policy=small)
    stub = next(message for message in sent if isinstance(message, ToolMessage))
    assert "characters, more than there is room for; shown on page" in str(stub.content)
    assert "ask the tool for a smaller part" in str(stub.content)
    assert any(pictures(message) for message in sent[sent.index(stub) :])
    (line,) = told
    assert "is shown in parts" in line


def test_parts_that_are_text_alone_are_a_plain_string(small: FoldPolicy) -> None:
    """Which every server takes; here pages would be more than the images it takes."""
    policy = replace(small, max_images=2, unseen="text")
    with losses():
        (sent,) = fold_messages([HumanMessage(text_of(90_000) + " What is clause 1?", id="7")], policy=policy)
    assert isinstance(sent.content, str)
    assert sent.id == "7"
    assert "characters left out here" in sent.content


def test_more_messages_than_there_is_room_for_are_told_in_a_line() -> None:
    """The newest are sent under their own ids; nobody's id or name stands on the line."""
    said = [
        HumanMessage(f"note {number} the queue was full. " * 300, id=f"m{number}") for number in range(60)
    ]
    with losses() as told:
        line, *sent = fold_messages(said, policy=FoldPolicy(window_tokens=8_192), merge=False)
    count = 60 - len(sent)
    assert str(line.content).startswith(f"§1–§{count}: {count} turns are not shown")
    assert line.id is None
    assert [message.id for message in sent] == [f"m{number}" for number in range(count, 60)]
    assert sum(f"({count} turns) are not shown" in one for one in told) == 1


def test_a_result_whose_call_is_gone_is_told_by_a_user_with_its_pages(small: FoldPolicy) -> None:
    """Under a line that says what it is."""
    with losses():
        sent = fold_messages([HumanMessage("Go on."), result("a.txt", text_of(30_000), id="7")], policy=small)
    told = sent[-1]
    assert isinstance(told, HumanMessage)
    assert "Result of read_file, whose call is not shown:" in repr(told.content)
    assert pictures(told)


def test_long_arguments_of_a_call_are_shortened_in_the_request_alone(small: FoldPolicy) -> None:
    """What the model wrote into a file takes no room from what came back; it stays a JSON object."""
    written = AIMessage(
        [
            {"type": "text", "text": "Writing."},
            {"type": "tool_use", "id": "c1", "name": "write_file", "input": {}},
        ],
        tool_calls=[{"name": "write_file", "args": {"path": "a.txt", "text": text_of(40_000)}, "id": "c1"}],
        id="7",
    )
    history = [HumanMessage("Write it."), written, ToolMessage("Written.", tool_call_id="c1")]
    before = copy.deepcopy(history)
    with losses() as told:
        sent = fold_messages(history, policy=small)
    assert history == before
    answer = next(message for message in sent if isinstance(message, AIMessage))
    (made,) = answer.tool_calls
    assert (made["name"], made["id"], made["args"]["path"]) == ("write_file", "c1", "a.txt")
    assert len(made["args"]["text"]) < 4_000
    assert "left out here" in made["args"]["text"]
    assert "tool_use" not in repr(answer.content)
    assert answer.id == "7"
    assert any("arguments of calls" in one for one in told)


# Who learns of it.


def _requested(messages: Sequence[Any], *tools: Any) -> ModelRequest[Any]:
    model = FakeListChatModel(responses=["x"])
    return ModelRequest(model=model, messages=[*messages], state={"messages": [*messages]}, tools=[*tools])


HUGE = [HumanMessage("What is in a.txt?"), call("a.txt"), result("a.txt", text_of(600_000))]
ANSWER = ModelResponse(result=[AIMessage("x")])


@contextmanager
def warned_in() -> Iterator[list[threading.Thread]]:
    """Collect the threads in which we warn."""
    found: list[threading.Thread] = []
    with warnings.catch_warnings():
        warnings.simplefilter("always")

        def show(message: Warning | str, *_: Any, **__: Any) -> None:
            if isinstance(message, GlyphMemoryWarning):
                found.append(threading.current_thread())

        warnings.showwarning = show
        yield found


async def test_each_loss_is_one_warning_in_the_callers_thread(small: FoldPolicy) -> None:
    """Where filters of the caller's hold; pages are drawn in another thread."""
    middleware, step = GlyphMemoryMiddleware("glyph", policy=small), fold_messages(policy=small)

    async def handle(request: ModelRequest[Any]) -> ModelResponse[Any]:
        return ANSWER

    with warned_in() as found:
        middleware.wrap_model_call(_requested(HUGE), lambda request: ANSWER)
        await middleware.awrap_model_call(_requested(HUGE), handle)
        step.invoke(HUGE)
        await step.ainvoke(HUGE)
        fold_messages(HUGE, policy=small)
    assert found == [threading.main_thread()] * 5


def test_a_warning_points_at_the_line_that_folds(small: FoldPolicy) -> None:
    """The first place where somebody can do something about it."""
    with pytest.warns(GlyphMemoryWarning, match="is shown in parts") as told:
        fold_messages(HUGE, policy=small)
    assert told[0].filename == __file__


def test_counting_tokens_warns_of_nothing(small: FoldPolicy) -> None:
    """It is asked all the time, and sends nothing."""
    counter = GlyphMemoryMiddleware("glyph", policy=small).token_counter
    with losses() as told:
        assert 0 < counter(HUGE) < 6_000
    assert told == []


def test_a_warning_that_is_an_error_leaves_everything_as_it_was(small: FoldPolicy) -> None:
    """For who would rather not go on."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", GlyphMemoryWarning)
        with pytest.raises(GlyphMemoryWarning, match="is shown in parts"):
            fold_messages(HUGE, policy=small)


@pytest.mark.parametrize("form", ["tools", "dicts"])
def test_a_model_is_told_of_recall_only_where_it_has_it(small: FoldPolicy, form: str) -> None:
    """Both of ours, in whatever form the tools come."""
    tools: list[Any] = [*recall_tools(policy=small)]
    if form == "dicts":
        tools = [convert_to_openai_tool(one) for one in tools]
    seen: list[str] = []

    def handle(request: ModelRequest[Any]) -> ModelResponse[Any]:
        seen.append(repr(request.messages))
        return ANSWER

    middleware = GlyphMemoryMiddleware("glyph", policy=replace(small, window_tokens=8_000))
    with losses():
        for given in (tools, tools[:1], []):
            middleware.wrap_model_call(_requested(HUGE, *given), handle)
        sent = repr(fold_messages(HUGE, policy=small, can_recall=True))
    assert ["zoom with what='§3'" in one for one in [*seen, sent]] == [True, False, False, True]


def test_a_server_that_refuses_new_pages_is_asked_again_in_text(
    early: FoldPolicy, agent: Callable[..., Agent]
) -> None:
    """They are ours, as those of old messages are; what does not fit as text is cut in the middle."""
    with FakeVLMServer(answer=lambda request: "Done.", takes_images=False) as server:
        one = agent(server, GlyphMemoryMiddleware("glyph", policy=early))
        history = [HumanMessage("What is it?"), call("a.txt"), result("a.txt", text_of(150_000))]
        with pytest.warns(GlyphMemoryWarning, match="the server takes no images"):
            one.invoke({"messages": history})
        sent = server.requests[-1].body["messages"][-1]["content"]
        begin, end = sent.split("[… ")[0].strip(), sent.split("they do not fit …]")[1].strip()
        assert text_of(150_000).startswith(begin)
        assert text_of(150_000).endswith(end)
        assert len(begin) + len(end) > 80_000

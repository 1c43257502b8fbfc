"""Claims about what the model has not answered yet: sent as it came, else as pages or in parts, and never lost."""

from __future__ import annotations

import base64
import copy
import io
import json
import pickle
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from llama_index.core.base.llms.types import (
    ChatMessage,
    ImageBlock,
    MessageRole,
    TextBlock,
    ToolCallBlock,
)
from llama_index.core.tools import FunctionTool
from llama_index.memory.glyph import GlyphMemory, GlyphOpenAILike, PageImageBlock, message_of
from llama_index.memory.glyph.history import replace_pages, restore_history
from llama_index.memory.glyph.origin import PagesMessage, list_texts
from PIL import Image

from glyph_memory import FoldPolicy, GlyphMemoryWarning, ToolCall, Turn
from glyph_memory.testing import FakeVLMServer

Serve = Callable[..., FakeVLMServer]
Clients = Callable[[], dict[str, Any]]
Point = Callable[..., GlyphOpenAILike]
Wires = Callable[[FakeVLMServer], list[list[dict[str, Any]]]]
Said = Callable[[Sequence[ChatMessage]], list[object]]
PagesOf = Callable[[Sequence[ChatMessage]], list[PageImageBlock]]

LINES = [
    f"Clause {n}: part {n % 7} delivers item K-{n * 37} by day {n % 31}, in writing.\n" for n in range(9000)
]


def text_of(size: int) -> str:
    """Return a text of so many characters."""
    return "".join(LINES)[:size]


def user(text: str, *blocks: ImageBlock) -> ChatMessage:
    """Return a user's message."""
    return ChatMessage(role="user", blocks=[TextBlock(text=text), *blocks])


def call(*paths: str, text: str = "", **arguments: str) -> ChatMessage:
    """Return an answer that reads files."""
    return ChatMessage(
        role="assistant",
        blocks=[
            *([TextBlock(text=text)] if text else []),
            *(
                ToolCallBlock(
                    tool_call_id=path,
                    tool_name="read_file",
                    tool_kwargs={"path": path, **arguments},
                )
                for path in paths
            ),
        ],
    )


def result(path: str, text: str, *blocks: ImageBlock) -> ChatMessage:
    """Return what a file holds."""
    return ChatMessage(
        role="tool",
        blocks=[TextBlock(text=text), *blocks],
        additional_kwargs={"tool_call_id": path, "name": "read_file", "own": 7},
    )


def photo(side_px: int = 1800) -> ImageBlock:
    """Return a photo."""
    stream = io.BytesIO()
    Image.effect_noise((60, 60), 60).resize((side_px, side_px)).convert("RGB").save(
        stream, "JPEG", quality=20
    )
    return ImageBlock(image=base64.b64encode(stream.getvalue()), image_mimetype="image/jpeg")


HUGE = [user("What is in a.txt?"), call("a.txt"), result("a.txt", text_of(600_000))]


@contextmanager
def losses() -> Iterator[list[str]]:
    """Collect what we warn of; it is there at the end."""
    told: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield told
    told += [str(one.message) for one in caught if isinstance(one.message, GlyphMemoryWarning)]


@pytest.fixture
def point(policy: FoldPolicy, clients: Clients) -> Point:
    """Point our client at a server, with the policy that folds early, or with other options."""
    return lambda server, **options: GlyphOpenAILike(
        api_base=server.base_url, api_key="x", max_retries=0, **({"policy": policy} | options), **clients()
    )


# What is sent.


def test_what_fits_is_sent_as_it_came(memory: GlyphMemory, pages_of: PagesOf) -> None:
    """Text as text and pictures at their size, of tools, too, though it would make many pages; with no warning."""
    asked, answer = user("Compare.", photo(900)), result("a.txt", text_of(9_000), photo(1000))
    with losses() as told:
        memory.set([asked])
        assert memory.get() == [asked]
        memory.set([user("Look."), call("a.txt"), answer])
        *_, own, shown = memory.get()
    assert own.content == answer.content
    assert shown.blocks[-2] == answer.blocks[-1]
    assert pages_of([own, shown]) == []
    assert told == []


def test_a_large_result_stands_on_pages_that_a_user_shows(memory: GlyphMemory, pages_of: PagesOf) -> None:
    """A tool's own message keeps its id and says where it stands: LlamaIndex drops the pictures of all but users."""
    memory.put_messages([user("What is in a.txt?"), call("a.txt"), result("a.txt", text_of(30_000))])
    with losses() as told:
        sent = memory.get()
    *_, asked, own, shown = sent
    assert [block.tool_call_id for block in asked.blocks if isinstance(block, ToolCallBlock)] == ["a.txt"]
    assert own.role == MessageRole.TOOL
    assert own.additional_kwargs == {"tool_call_id": "a.txt", "name": "read_file", "own": 7}
    assert "stands on pages" in (own.content or "")
    assert shown.role == MessageRole.USER
    assert len(pages_of([shown])) == len(pages_of(sent)) > 1
    (line,) = told
    assert "before it was read as text" in line
    assert "\n" not in line


def test_what_is_more_than_the_window_is_shown_in_parts(memory: GlyphMemory, policy: FoldPolicy) -> None:
    """Beginning and end at least, how long it is, and what is not shown; all of it within the window."""
    memory.put_messages([*HUGE[:2], result("a.txt", text_of(600_000) * 3)])
    with losses() as told:
        sent = memory.get()
    own = next(message for message in sent if message.role == MessageRole.TOOL)
    assert "more than there is room for; shown on page" in (own.content or "")
    assert "is shown in parts" in told[0]
    binder = memory.folding().binder
    tokens = sum(binder.count(text) for message in sent for text in list_texts(message.blocks))
    tokens += sum(
        block.tokens for message in sent for block in message.blocks if isinstance(block, PageImageBlock)
    )
    assert tokens <= policy.prompt_tokens


def test_a_result_whose_call_is_gone_is_told_by_a_user_with_its_pages(
    memory: GlyphMemory, pages_of: PagesOf
) -> None:
    """Under a line that says what it is."""
    memory.put_messages([user("Go on."), result("a.txt", text_of(30_000))])
    with losses():
        *_, told = memory.get()
    assert told.role == MessageRole.USER
    assert "Result of read_file, whose call is not shown:" in "".join(list_texts(told.blocks))
    assert pages_of([told])
    assert "Clause 0: part 0" in (told.content or ""), "where text alone is taken"


def test_a_users_photos_are_scaled_as_pictures_and_pages_of_ours_never(
    memory: GlyphMemory, pages_of: PagesOf
) -> None:
    """A picture that is only smaller is still the user's: a server that refuses it refuses nothing of ours."""
    memory.put_messages([user("Compare.", photo(), photo(1810))])
    with losses() as told:
        (sent,) = memory.get()
    images = [block for block in sent.blocks if isinstance(block, ImageBlock)]
    assert pages_of([sent]) == []
    assert [max(Image.open(io.BytesIO(image.resolve_image().read())).size) < 1800 for image in images] == [
        True,
        True,
    ]
    assert sum("is scaled" in line for line in told) == 2


# The way back: what was sent stands for the messages themselves.


def _histories() -> dict[str, list[ChatMessage]]:
    huge, long = text_of(600_000), text_of(30_000)
    return {
        "a result": HUGE,
        "several results": [user("Read."), call("a", "b"), result("a", long), result("b", long + "x")],
        "a result without a call": [user("Go on."), result("a", long)],
        "a user's own": [user("Hello."), ChatMessage(role="assistant", content="Yes?"), user(huge)],
        "the first message": [user(huge)],
        "photos": [user("Compare.", photo(), photo(1810))],
        "a tool's photos": [user("Look."), call("a"), result("a", "There.", photo(), photo(1810))],
        "a small picture of a tool": [
            user("Look."),
            call("a"),
            result("a", "There.", photo(90)),
            user("And?"),
        ],
        "long arguments": [
            user("Write."),
            call("a", text="So.", text_=text_of(40_000)),
            result("a", "Written."),
        ],
        "a call without a result": [user("Look."), call("a"), user("Never mind.")],
        "someone else begins": [ChatMessage(role="assistant", content="How can I help?"), user("So.")],
    }


@pytest.mark.parametrize("kind", [*_histories()])
def test_what_was_given_stands_for_the_messages_themselves(
    memory: GlyphMemory, policy: FoldPolicy, said: Said, kind: str
) -> None:
    """Set again, it is the history that it was: no page, no stub, no message of ours."""
    history = _histories()[kind]
    before = said(history)
    memory.put_messages(history)
    with losses():
        sent = memory.get()
        assert said(replace_pages(sent)) == said(memory.get_all()) == before
        assert said(restore_history(copy.deepcopy(sent)).messages) == before
        memory.set(sent)
        assert said(memory.get_all()) == before
        assert said(memory.get()) == said(sent)
    assert said(history) == before


def test_behind_pages_of_what_is_old_it_does_as_well(
    memory: GlyphMemory, talk: list[ChatMessage], said: Said, pages_of: PagesOf
) -> None:
    """A user's message of which parts are shown is merged into the message with the pages; both are told apart."""
    for last in ([user(text_of(600_000))], HUGE, [call("z"), result("z", text_of(50_000))]):
        history = [*talk, ChatMessage(role="assistant", content="Done."), *last]
        memory.set(history)
        with losses():
            sent = memory.get()
            assert pages_of(sent)
            assert [message.content for message in restore_history(sent).messages] == [
                message.content for message in history
            ]
            memory.set(sent)
            assert pages_of(memory.get_all()) == []
            assert memory.get_all()[-1] == last[-1]
            assert said(memory.get()) == said(sent)


def test_a_state_that_an_agent_writes_into_it_is_written_into_the_original(memory: GlyphMemory) -> None:
    """Round the newest text, as LlamaIndex's agents do; the store's own message stays what it was."""
    asked = user(text_of(600_000))
    memory.put_messages([asked])
    with losses():
        (sent,) = memory.get()
    text = next(block for block in reversed(sent.blocks) if isinstance(block, TextBlock))
    text.text = f"State: 7.\nMessage:\n{text.text}\nMind it."
    (known,) = restore_history([sent]).history
    assert known.content == f"State: 7.\nMessage:\n{asked.content}\nMind it."
    assert memory.get_all() == [asked]


def test_a_state_in_a_message_of_ours_becomes_a_message(memory: GlyphMemory) -> None:
    """Where the newest message only shows the pages of a result."""
    memory.put_messages(HUGE)
    with losses():
        sent = memory.get()
    sent[-1].blocks.append(TextBlock(text="State: 7."))
    known = restore_history(sent).history
    assert [message.content for message in known] == [*(one.content for one in HUGE), "State: 7."]


def test_it_can_be_copied_and_pickled_like_pages_of_old_messages(memory: GlyphMemory, said: Said) -> None:
    """A copy knows what it stands for; a pickle, and JSON, only what it shows."""
    memory.put_messages(HUGE)
    with losses():
        sent = memory.get()
    assert [type(message) for message in sent[-2:]] == [PagesMessage] * 2
    for copied in (copy.deepcopy(sent), [message.model_copy() for message in sent]):
        assert said(restore_history(copied).messages) == said(HUGE)
    loaded = pickle.loads(pickle.dumps(sent))  # noqa: S301 - made here
    assert said(loaded) == said(sent)
    assert not any(message.origin.is_known for message in loaded if isinstance(message, PagesMessage))
    assert said(restore_history(loaded).messages) == said(sent)
    read = [ChatMessage.model_validate(json.loads(message.model_dump_json())) for message in sent]
    assert said(restore_history(read).messages) == said(read)
    assert "600,000 characters" not in repr([message.origin.folded for message in loaded[-1:]])


# The LLM, alone and behind a memory.


def test_an_llm_sends_a_large_result_of_its_run(serve: Serve, point: Point, wire: Wires) -> None:
    """A history that no memory has seen yet; what is sent fits the window, and the call is answered."""
    server = serve(answer=lambda request: "Done.", window_tokens=6_000)
    with losses() as told:
        point(server).chat(HUGE)
    (own,) = [message for message in wire(server)[0] if message["role"] == "tool"]
    assert own["tool_call_id"] == "a.txt"
    assert "more than there is room for" in own["content"]
    assert server.requests[0].images
    (line,) = told
    assert "is shown in parts" in line


@pytest.mark.parametrize("kind", [*_histories()])
def test_behind_a_memory_the_same_is_sent_as_without(
    serve: Serve, point: Point, policy: FoldPolicy, wire: Wires, kind: str
) -> None:
    """What the memory shows on pages is no history; each loss is told once, by whoever meets it first."""
    server = serve(answer=lambda request: "Done.", window_tokens=6_000)
    llm, history = point(server), _histories()[kind]
    with losses() as alone:
        llm.chat(history)
    with losses() as both:
        llm.chat(GlyphMemory.from_defaults(llm=llm, chat_history=history).get())
    first, second = wire(server)
    assert second == first
    assert sorted(both) == sorted(alone)


def test_a_prompt_that_exceeds_the_window_is_folded_too(serve: Serve, point: Point, wire: Wires) -> None:
    """A query engine's: what fits is sent as it is, and what does not would be refused."""
    server = serve(answer=lambda request: "Done.", window_tokens=6_000)
    with losses() as told:
        point(server).complete(text_of(4_000))
        point(server).complete(text_of(600_000))
    assert wire(server)[0][0]["content"] == text_of(4_000)
    assert server.requests[1].images
    assert len(told) == 1


def test_a_model_is_told_of_recall_only_where_it_has_it(serve: Serve, point: Point) -> None:
    """By name, both of them."""

    def recall(query: str) -> str:
        """Search."""
        return query

    def zoom(what: str, start: int = 0) -> str:
        """Read."""
        return what

    server = serve(answer=lambda request: "Done.")
    tools = [FunctionTool.from_defaults(fn=tool) for tool in (recall, zoom)]
    with losses():
        for given in (tools, tools[:1], []):
            point(server).chat_with_tools(given, chat_history=HUGE)
    said = ["\n".join(request.texts) for request in server.requests]
    assert ["zoom with what='§3'" in one for one in said] == [True, False, False]


async def test_each_loss_is_one_warning_in_the_callers_thread(
    serve: Serve, point: Point, memory: GlyphMemory
) -> None:
    """Where filters of the caller's hold; pages are drawn in another thread."""
    llm = point(serve(answer=lambda request: "Done."))
    memory.put_messages(HUGE)
    found: list[threading.Thread] = []

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        if isinstance(message, GlyphMemoryWarning):
            found.append(threading.current_thread())

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = show
        memory.get()
        await memory.aget()
        llm.chat(HUGE)
        await llm.achat(HUGE)
        list(llm.stream_chat(HUGE))
        [piece async for piece in await llm.astream_chat(HUGE)]
    assert found == [threading.main_thread()] * 6


async def test_a_server_that_refuses_new_pages_is_sent_words(
    serve: Serve, point: Point, policy: FoldPolicy, wire: Wires
) -> None:
    """They are ours, as those of old messages are."""
    server = serve(answer=lambda request: "Done.", takes_images=False)
    llm = point(server, policy=replace(policy, window_tokens=32_000))
    history = [user("What is it?"), call("a.txt"), result("a.txt", text_of(150_000))]
    with losses() as told:
        llm.chat(history)
    assert ["takes no images" in line for line in told] == [False, True]
    assert wire(server)[-1][-1]["content"] == text_of(150_000)


def test_calls_that_are_hidden_are_restored_with_their_results() -> None:
    """What is sent tells them in a line; what it stands for has all of them, in order."""
    calls = tuple(
        ToolCall(name="f", arguments=f'{{"i": {number}}}', id=f"c{number}") for number in range(120)
    )
    said = [Turn(role="user", text="Go."), Turn(role="assistant", tool_calls=calls)]
    said += [Turn(role="tool", text="ok " * 60, tool_call_id=call.id) for call in calls]
    memory = GlyphMemory.from_defaults(profile="glyph", window_tokens=4_096)
    for turn in said:
        memory.put(message_of(turn))
    before = memory.get_all()
    with pytest.warns(GlyphMemoryWarning, match="calls of §2 and their results are not shown"):
        sent = memory.get()
    assert len(sent) < len(before)
    memory.set(sent)
    assert memory.get_all() == before


def test_messages_that_are_hidden_are_restored_from_the_line_that_tells_them() -> None:
    """In order, with those that are shown."""
    memory = GlyphMemory.from_defaults(profile="glyph", window_tokens=2_048)
    for number in range(60):
        memory.put(message_of(Turn(role="user", text=f"note {number} the queue was full. " * 34)))
    before = memory.get_all()
    with pytest.warns(GlyphMemoryWarning, match=r"§1 to §\d+ \(\d+ turns\) are not shown"):
        sent = memory.get()
    assert any("turns are not shown, as there is no room" in (message.content or "") for message in sent)
    memory.set(sent)
    assert memory.get_all() == before

"""Claims about traces: no picture's base64 is in them where it is asked for, and our own step never writes any."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import copy
import io
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.chat_history import BaseChatMessageHistory, InMemoryChatMessageHistory
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.load import dumpd, dumps
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, LLMResult
from langchain_core.prompt_values import ChatPromptValue
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables.history import RunnableWithMessageHistory
from langchain_core.tracers.base import BaseTracer
from langchain_core.tracers.schemas import Run
from langchain_glyph_memory import fold_messages, hide_pages, hide_pages_from
from langchain_glyph_memory.messages import to_message
from langgraph.types import Send
from langsmith import Client
from PIL import Image

from glyph_memory import FoldPolicy, Page, typeset
from glyph_memory.testing import agent_conversation

Holds = Callable[[Any], bool]


class Recorder(BaseTracer):
    """Keeps all runs."""

    def __init__(self) -> None:
        super().__init__(_schema_format="original+chat")
        self.runs = list[Run]()

    def _persist_run(self, run: Run) -> None:
        self.runs.append(run)

    def spans(self) -> dict[str, list[Any]]:
        """Return what was recorded of each span, by its name."""
        found = dict[str, list[Any]]()
        left = [*self.runs]
        while left:
            run = left.pop()
            left += run.child_runs
            found.setdefault(run.name, []).append([run.inputs, run.outputs, run.events, run.serialized])
        return found


@pytest.fixture(scope="module")
def page() -> Page:
    """A page."""
    return next(iter(typeset("The parcel left the second floor at noon. " * 30)))


@pytest.fixture
def history() -> list[BaseMessage]:
    """Sixty turns of an agent's work."""
    return [to_message(turn) for turn in agent_conversation(turns=60)]


def chain_with_history(history: list[BaseMessage], policy: FoldPolicy) -> Any:
    """Return a chain with a history that is kept for it, whose old messages become pages."""
    kept = InMemoryChatMessageHistory(messages=fold_messages(history, policy=policy))

    def open_history(_: str) -> BaseChatMessageHistory:
        return kept

    prompt = ChatPromptTemplate.from_messages([MessagesPlaceholder("history"), ("human", "{question}")])
    return RunnableWithMessageHistory(
        prompt | fold_messages(policy=policy) | FakeListChatModel(responses=["In Oslo."]),
        open_history,
        input_messages_key="question",
        history_messages_key="history",
    )


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainDeprecationWarning")
def test_a_whole_chains_trace_has_no_base64_left(
    early: FoldPolicy, history: list[BaseMessage], holds_png: Holds, is_async: bool
) -> None:
    """Of seven spans most hold the pages where nothing hides them; where it does, none, and answers are the same."""
    chain, config = chain_with_history(history, early), {"configurable": {"session_id": "1"}}
    answers = []
    for handler in (Recorder(), hide_pages_from(Recorder())):
        asked: Any = ({"question": "Where?"}, {**config, "callbacks": [handler]})
        answers.append(asyncio.run(chain.ainvoke(*asked)) if is_async else chain.invoke(*asked))
        spans = handler.spans()
        held = [name for name, told in spans.items() for one in told if holds_png(one)]
        if len(answers) == 1:
            assert len(held) >= 5
    assert answers[0].text == answers[1].text == "In Oslo."
    assert held == []
    assert len(spans) >= 5
    assert "<image/png, " in str(spans)
    assert holds_png(chain.get_session_history("1").messages)  # nothing that was given is changed


async def test_our_own_step_records_descriptions(
    early: FoldPolicy, history: list[BaseMessage], holds_png: Holds
) -> None:
    """Called and awaited: the model gets pages, its own span has them, ours does not."""
    chain = fold_messages(policy=early) | FakeListChatModel(responses=["In Oslo."])
    recorder = Recorder()
    chain.invoke(history, {"callbacks": [recorder]})
    await chain.ainvoke(history, {"callbacks": [recorder]})
    spans = recorder.spans()
    assert [holds_png(told) for told in spans["fold_messages"]] == [False, False]
    assert all("<image/png, " in str(told) for told in spans["fold_messages"])
    assert all(holds_png(told) for told in spans["FakeListChatModel"])


def test_langsmiths_client_takes_it_as_it_is(page: Page, holds_png: Holds) -> None:
    """What it sends has no base64; without the two functions it has."""
    blocks = [HumanMessage([_shapes(page)["standard"]])]
    sent: list[bytes] = []

    class Session:
        def __init__(self) -> None:
            self.headers: dict[str, str] = {}

        def mount(self, *_: object) -> None: ...
        def close(self) -> None: ...
        def request(self, *_: object, **kwargs: Any) -> Any:
            sent.append(kwargs["data"] if "data" in kwargs else kwargs["request_kwargs"]["data"])
            raise OSError

    for options in ({}, {"hide_inputs": hide_pages, "hide_outputs": hide_pages}):
        sent.clear()
        client: Any = Client(
            api_url="http://127.0.0.1:9",
            api_key="x",
            session=Session(),  # type: ignore[arg-type]  # a fake
            auto_batch_tracing=False,
            **options,  # type: ignore[arg-type]  # as above
        )
        with contextlib.suppress(Exception):  # nothing listens
            client.create_run("run", {"messages": blocks}, "chain", outputs={"messages": blocks})
        assert sent
        assert any(map(holds_png, sent)) == (not options)


def _shapes(page: Page) -> dict[str, Any]:
    """Return a page as everybody writes it."""
    data = page.png()
    text = base64.b64encode(data).decode()
    url = f"data:image/png;base64,{text}"
    return {
        "standard": {"type": "image", "base64": text, "mime_type": "image/png"},
        "openai": {"type": "image_url", "image_url": {"url": url, "detail": "high"}},
        "responses": {"type": "input_image", "image_url": url},
        "anthropic": {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": text}},
        "gemini": {"inline_data": {"mime_type": "image/png", "data": text}},
        "bedrock": {"image": {"format": "png", "source": {"bytes": data}}},
        "text": f"Here: {url} and there: {text}.",
        "json": json.dumps([{"type": "image", "base64": text}]),
        "bare": text,
        "message": HumanMessage([{"type": "image", "base64": text}], additional_kwargs={"raw": url}),
        "artifact": AIMessage("Done.", response_metadata={"picture": {"url": url}}),
        "prompt": ChatPromptValue(
            messages=[HumanMessage([{"type": "image_url", "image_url": {"url": url}}])]
        ),
        "result": LLMResult(
            generations=[[ChatGeneration(message=AIMessage([{"type": "image", "base64": text}]))]]
        ),
        "dump": dumpd(HumanMessage([{"type": "image", "base64": text}])),
        "string": dumps(HumanMessage([{"type": "image_url", "image_url": {"url": url}}])),
        "dataclass": Sent(body=[url]),
        "pair": Pair("a", {"x": [text]}),
        "send": Send("look", {"messages": [HumanMessage([{"type": "image", "base64": text}])]}),
        "queue": deque([url]),
        "set": {url},
        "frozen set": frozenset([text, "a"]),
    }


@dataclass(frozen=True)
class Sent:
    """A value of somebody's own."""

    body: list[str]


class Pair(NamedTuple):
    """Another."""

    name: str
    held: Any


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_pictures_of_every_common_format_are_found_in_text_that_does_not_say_so(form: str) -> None:
    """By how their base64 begins."""
    file = io.BytesIO()
    Image.effect_noise((40, 30), 50).save(file, form)
    text = base64.b64encode(file.getvalue()).decode()
    for found in (text, f"'{text}'", file.getvalue()):
        assert f"<image/{form.lower()}, 40 x 30 px, " in str(hide_pages(found))
        assert len(hide_pages(found)) < 90


@pytest.mark.parametrize("shape", range(21))
def test_a_picture_is_hidden_in_whatever_holds_it(page: Page, holds_png: Holds, shape: int) -> None:
    """Type, size in pixels and bytes, and a digest stay; hidden twice is hidden once; what was given is as it was."""
    found = [*_shapes(page).values()][shape]
    before = copy.deepcopy(found)
    hidden = hide_pages({"inputs": [found, "Where?"]})
    assert "iVBORw0KGgo" in repr(found) or holds_png(found)
    assert "iVBORw0KGgo" not in repr(hidden)
    assert not holds_png(hidden)
    width, height = page.size
    assert f"<image/png, {width} x {height} px, {len(page.png()):,} bytes, sha256 " in repr(hidden)
    assert type(hidden["inputs"][0]) is type(found)
    assert found == before
    assert hide_pages(hidden) is hidden


def test_pictures_in_formats_of_their_own_are_hidden_where_a_block_says_that_they_are_pictures() -> None:
    """A picture that nobody here can read, and one with lines of base64; a file of another kind stays."""
    lines = "AAAA" * 19 + "\n" + "BBBB" * 3
    hidden = hide_pages(
        [
            {"type": "image", "base64": lines, "mime_type": "image/heic"},
            {"type": "file", "data": "AAAA", "mime_type": "image/avif"},
            {"url": "data:image/svg+xml;base64,PHN2Zz4="},
        ]
    )
    assert hidden[0]["base64"].startswith("<image/heic, 66 bytes, sha256 ")
    assert hidden[1]["data"].startswith("<image/avif, 3 bytes, sha256 ")
    assert hidden[2]["url"].startswith("<image/svg+xml, 5 bytes, sha256 ")
    assert hide_pages(hidden) is hidden


def test_what_has_no_picture_stays_the_same_object(history: list[BaseMessage]) -> None:
    """However deep; so it costs a look, and no copies."""
    plain: dict[str, Any] = {
        "messages": history,
        "file": {"type": "file", "base64": "AAAA" * 99, "mime_type": "application/pdf"},
        "text": "See /9j/ and base64, and data:image/png;base64, as words. " * 9,
        "sound": {"type": "audio", "base64": base64.b64encode(b"RIFF" + b"\x00\x01WAVE" * 99).decode()},
        "more": (b"RIFF\x00\x00\x00\x00WAVE", 1, None, {2.5}, b"bytes", object()),
    }
    assert hide_pages(plain) is plain


def test_it_never_raises_and_ends(page: Page, holds_png: Holds) -> None:
    """On what holds itself, on what is deeper than Python goes, and on what refuses to be read."""

    class Refuses(list[str]):
        def __init__(self) -> None:
            super().__init__([_shapes(page)["bare"]])

        def __iter__(self) -> Any:
            raise RuntimeError

    loop: list[Any] = [_shapes(page)["bare"]]
    loop += [loop, loop]
    hidden = hide_pages(loop)
    assert not holds_png(hidden[0])
    deep: Any = _shapes(page)["bare"]
    for _ in range(5_000):
        deep = [deep]
    assert "iVBOR" not in str(hide_pages({"deep": deep})["deep"])[:3_000]
    assert str(hide_pages(Refuses())) == "<Refuses that could not be read for pictures>"


async def test_asynchronous_handlers_are_given_no_pictures_either(page: Page, holds_png: Holds) -> None:
    """A coroutine stays one."""
    seen = list[Any]()

    class Handler(AsyncCallbackHandler):
        async def on_chat_model_start(
            self, serialized: dict[str, Any], messages: list[list[BaseMessage]], **kwargs: Any
        ) -> None:
            seen.extend(messages)

    said = [HumanMessage([_shapes(page)["openai"]])]
    model = FakeListChatModel(responses=["A page."])
    for handler in (Handler(), hide_pages_from(Handler())):
        await model.ainvoke(said, {"callbacks": [handler]})
    assert list(map(holds_png, seen)) == [True, False]

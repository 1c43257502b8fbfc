"""Claims about `GlyphLLM`: LlamaIndex's messages reach a reader as they are, and its readings come back whole."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import pickle
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from llama_index.core import Document, MockEmbedding, VectorStoreIndex
from llama_index.core.agent.workflow import ReActAgent
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    DocumentBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)
from llama_index.core.callbacks import CallbackManager, TokenCountingHandler
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.memory.glyph import GlyphLLM, GlyphMemory

from glyph_memory import (
    AttachmentPart,
    BadReading,
    Context,
    FoldPolicy,
    ImagePart,
    Message,
    Reader,
    ReaderRefused,
    ReaderUnavailable,
    Reading,
    ReadingDelta,
    Text,
    Timing,
    TurnError,
    Usage,
)
from glyph_memory.testing import ScriptedReader, build_tiny_model
from tests.endless_reader import EndlessReader

READING = Reading(
    text="At 14:05, Gate 3.",
    reasoning="Page 3?",
    usage=Usage(prompt_tokens=100, completion_tokens=11, cached_tokens=60, image_tokens=80),
    finish_reason="stop",
    model="zai-org/Glyph",
    timing=Timing(first_token_s=2.0, total_s=4.0),
)


def _script(**options: Any) -> ScriptedReader:
    return ScriptedReader(lambda _: READING, **options)


def _picture() -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(file, "PNG")
    return file.getvalue()


PICTURE = _picture()


def _see(message: Message) -> list[str]:
    return [part.text if isinstance(part, Text) else type(part).__name__ for part in message.parts]


def _user(*blocks: Any) -> ChatMessage:
    return ChatMessage(role="user", blocks=[*blocks])


# What is asked.


def test_a_picture_arrives_byte_for_byte_however_it_is_given(tmp_path: Path) -> None:
    """As bytes, as base64, as a path, as a data URL; in its place among the texts."""
    file = tmp_path / "gate.png"
    file.write_bytes(PICTURE)
    spelled = base64.b64encode(PICTURE)
    for block in (
        ImageBlock(image=PICTURE),
        ImageBlock(image=spelled, image_mimetype="image/png"),
        ImageBlock(path=file),
        ImageBlock(url=f"data:image/png;base64,{spelled.decode()}"),
    ):
        reader = _script()
        GlyphLLM(reader=reader).chat([_user(TextBlock(text="Look:"), block, TextBlock(text="When?"))])
        assert _see(reader.contexts[0].messages[0]) == ["Look:", "ImagePart", "When?"]
        (image,) = reader.contexts[0].images
        assert (image.data, image.size, image.media_type) == (PICTURE, (40, 30), "image/png")


def test_each_message_keeps_its_role_its_calls_and_its_results() -> None:
    """Reasoning is left out; a tool's picture is shown by a user; a file stays a file."""
    reader = _script()
    call = ToolCallBlock(tool_call_id="1", tool_name="look", tool_kwargs={"at": "gate"})
    GlyphLLM(reader=reader).chat(
        [
            ChatMessage(role="system", content="Be brief."),
            ChatMessage(role="user", content="When?", additional_kwargs={"name": "Ada"}),
            ChatMessage(
                role="assistant", blocks=[ThinkingBlock(content="Hm."), TextBlock(text="Let me look."), call]
            ),
            ChatMessage(
                role="tool",
                blocks=[TextBlock(text="Seen."), ImageBlock(image=PICTURE)],
                additional_kwargs={"tool_call_id": "1"},
            ),
            ChatMessage(role="assistant", content="A gate."),
            _user(DocumentBlock(data=b"%PDF", title="plan.pdf"), TextBlock(text="And this?")),
        ]
    )
    said = reader.contexts[0].messages
    assert [(message.role, message.text) for message in said[:4]] == [
        ("system", "Be brief."),
        ("user", "Ada: When?"),
        ("assistant", "Let me look."),
        ("tool", "Seen."),
    ]
    assert [(call.name, call.arguments, call.id) for call in said[2].tool_calls] == [
        ("look", '{"at": "gate"}', "1")
    ]
    assert said[3].tool_call_id == "1"
    assert [part.data for part in said[4].parts if isinstance(part, ImagePart)] == [PICTURE]
    assert [part.name for part in said[6].parts if isinstance(part, AttachmentPart)] == ["plan.pdf"]


def test_a_broken_picture_is_told_in_one_line() -> None:
    """Before anybody reads."""
    reader = _script()
    with pytest.raises(TurnError, match="cannot be shown") as told:
        GlyphLLM(reader=reader).chat([_user(ImageBlock(image=b"gone", image_mimetype="image/png"))])
    assert "\n" not in str(told.value)
    assert reader.contexts == []


# What comes back.


def _check(response: ChatResponse) -> None:
    assert response.message.content == READING.text
    assert [block.content for block in response.message.blocks if isinstance(block, ThinkingBlock)] == [
        "Page 3?"
    ]
    counts = {
        "prompt_tokens": 100,
        "completion_tokens": 11,
        "total_tokens": 111,
        "cached_tokens": 60,
        "image_tokens": 80,
    }
    assert response.additional_kwargs == counts
    assert response.raw == {
        "model": "zai-org/Glyph",
        "finish_reason": "stop",
        "first_token_s": 2.0,
        "total_s": 4.0,
        "tokens_per_s": 5.0,
        "usage": counts,
    }


async def test_a_reading_comes_back_whole_whichever_way_it_is_asked() -> None:
    """Text, reasoning, counts and times: at once or growing, sync or async, as a chat or as a completion."""
    llm, asked = GlyphLLM(reader=_script()), [_user(TextBlock(text="When?"))]
    _check(llm.chat(asked))
    _check(await llm.achat(asked))
    grown = [*llm.stream_chat(asked)]
    _check(grown[-1])
    assert "".join(piece.delta or "" for piece in grown) == READING.text
    assert [piece.message.content for piece in grown[1:3]] == ["At", "At 14:05,"]
    assert grown[0].additional_kwargs == {"thinking_delta": "Page 3?"}
    waited = [piece async for piece in await llm.astream_chat(asked)][-1]
    assert waited.message.content == READING.text
    assert llm.complete("When?").text == (await llm.acomplete("When?")).text == READING.text
    assert [*llm.stream_complete("When?")][-1].text == READING.text
    assert [piece async for piece in await llm.astream_complete("When?")][-1].text == READING.text


def test_token_counters_take_the_readers_counts() -> None:
    """Rather than to count by a tokenizer of their own."""
    counter = TokenCountingHandler()
    llm = GlyphLLM(reader=_script(), callback_manager=CallbackManager([counter]))
    llm.chat([_user(TextBlock(text="When?"))])
    assert (counter.prompt_llm_token_count, counter.completion_llm_token_count) == (100, 11)


def test_an_error_of_the_reader_stays_what_it_is() -> None:
    """Callers look at its class, and at what it carries."""
    error = ReaderUnavailable("the model is gone. Make a new reader")
    with pytest.raises(ReaderUnavailable) as told:
        GlyphLLM(reader=ScriptedReader([error])).complete("Well?")
    assert told.value is error


# How it is asked, and what it is.


def test_stop_texts_end_an_answer() -> None:
    """Of a call, or of all calls."""
    assert GlyphLLM(reader=_script()).complete("When?", stop=[","]).text == "At 14:05"
    assert GlyphLLM(reader=_script(), stop=[","]).complete("When?").text == "At 14:05"


def test_what_it_cannot_do_is_refused_in_one_line() -> None:
    """When it is made, where that can be known; with the way that can."""
    reader = _script()
    with pytest.raises(NotImplementedError, match="and use GlyphOpenAILike"):
        GlyphLLM(reader=reader).chat([], tools=[{}])
    with pytest.raises(ReaderRefused, match="takes temperature when it is made"):
        GlyphLLM(reader=reader, temperature=0.5)
    with pytest.raises(ReaderRefused, match="nobody reads: give model="):
        GlyphLLM()
    with pytest.raises(TypeError, match="unexpected keyword 'device': a reader has its own options"):
        GlyphLLM(reader=reader, device="cpu")
    with pytest.raises(TypeError, match="unexpected keyword 'modell' of a call"):
        GlyphLLM(reader=reader).complete("When?", modell="x")


def test_what_it_says_of_itself() -> None:
    """A chat model without tools; the window of the reader, else of the model, unless it is given."""
    told = GlyphLLM(model="zai-org/Glyph").metadata
    assert (told.is_chat_model, told.is_function_calling_model, told.context_window) == (True, False, 131_072)
    assert (told.model_name, told.num_output) == ("zai-org/Glyph", 1024)
    assert GlyphLLM(reader=_script(window_tokens=9000)).metadata.context_window == 9000
    assert GlyphLLM(model="zai-org/Glyph", context_window=500, max_tokens=5).metadata.num_output == 5


def test_it_goes_through_json_and_pickle_without_its_weights() -> None:
    """As configurations of agents and pipelines do; nothing is loaded for it."""
    llm = GlyphLLM(model="zai-org/Glyph", max_tokens=200, device="cpu")
    back = GlyphLLM.from_dict(json.loads(json.dumps(llm.to_dict())))
    for other in (back, pickle.loads(pickle.dumps(llm)), llm.model_copy()):  # noqa: S301 - what was written here
        assert other.to_dict() == llm.to_dict()
        assert other.reader_options == {"device": "cpu"}


async def test_a_call_that_is_cancelled_ends_the_reading() -> None:
    """So does a stream that nobody listens to any more."""
    reader = EndlessReader()
    task = asyncio.create_task(GlyphLLM(reader=reader).acomplete("Go on."))
    await reader.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(reader.stopped.wait(), 10)

    reader = EndlessReader()
    stream = GlyphLLM(reader=reader).stream_chat([_user(TextBlock(text="Go on."))])
    next(stream)
    stream.close()
    assert reader.is_closed


def test_threads_share_one() -> None:
    """Each gets its own answer."""
    llm = GlyphLLM(reader=ScriptedReader(lambda context: context.messages[-1].text))
    with ThreadPoolExecutor(8) as pool:
        questions = [f"Question {number}" for number in range(64)]
        assert [answer.text for answer in pool.map(llm.complete, questions)] == questions


# With the rest of this package, and with LlamaIndex.

SAID = "The parcel left the second floor at noon. " * 20


def _check_prefixes(contexts: list[Context]) -> None:
    """Each context begins as the one before did; where no page was added, with all of it."""
    grown = 0
    for before, after in pairwise(contexts):
        assert after.images[: len(before.images)] == before.images
        if len(after.images) == len(before.images):
            assert after.messages[: len(before.messages)] == before.messages
            grown += 1
    assert len(contexts) > grown + 1 > 1


def test_a_chat_engine_remembers_with_it(policy: FoldPolicy) -> None:
    """The memory finds model and window; its pages arrive byte for byte, and the beginning stays what it was."""
    reader = ScriptedReader(lambda _: SAID, model="zai-org/Glyph", window_tokens=32_000)
    llm = GlyphLLM(reader=reader)
    memory = GlyphMemory.from_defaults(llm=llm, policy=policy)
    engine = SimpleChatEngine.from_defaults(llm=llm, memory=memory, system_prompt="Be terse.")
    for number in range(12):
        assert engine.chat(f"Where is order {number}?").response == SAID
    assert reader.contexts[-1].images
    assert reader.contexts[-1].messages[0].text == "Be terse."
    _check_prefixes(reader.contexts)


async def test_an_agent_without_tool_calls_remembers_with_it(policy: FoldPolicy) -> None:
    """A ReAct agent writes its calls as text, so it needs no tools of a model."""
    answers = [
        "Thought: I need the tool.\nAction: look_up\nAction Input: {'order': 7}",
        "Thought: I know.\nAnswer: On the second floor.",
    ]
    asked: list[str] = []

    def look_up(order: int) -> str:
        """Look an order up."""
        asked.append(str(order))
        return SAID

    reader = ScriptedReader([*answers] * 6, model="zai-org/Glyph")
    llm = GlyphLLM(reader=reader)
    memory = GlyphMemory.from_defaults(llm=llm, policy=policy)
    agent = ReActAgent(tools=[look_up], llm=llm, streaming=True)
    for number in range(6):
        response: Any = await agent.run(f"Where is order {number}? {SAID}", memory=memory)
        assert str(response.response.content) == "On the second floor."
    assert asked == ["7"] * 6
    assert reader.contexts[-1].images


def test_a_query_engine_asks_it() -> None:
    """As any LLM: what was found, and the question."""
    reader = ScriptedReader(lambda _: "On the second floor.")
    index = VectorStoreIndex.from_documents([Document(text=SAID)], embed_model=MockEmbedding(embed_dim=4))
    response = index.as_query_engine(llm=GlyphLLM(reader=reader)).query("Where is it?")
    assert str(response) == "On the second floor."
    assert SAID.strip() in reader.contexts[0].messages[-1].text


def test_what_a_conversation_said_before_is_not_read_again(tmp_path: Path) -> None:
    """By a model in this process: random weights, a real architecture."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    llm = GlyphLLM(model=str(build_tiny_model(tmp_path)), device="cpu", max_tokens=8)
    said = [_user(ImageBlock(image=PICTURE), TextBlock(text="Where is the parcel? " * 20))]
    answer = llm.chat(said)
    later = llm.chat([*said, answer.message, _user(TextBlock(text="And now?"))], max_tokens=4)
    assert later.additional_kwargs["cached_tokens"] >= answer.additional_kwargs["prompt_tokens"]
    assert later.additional_kwargs["image_tokens"] > 0
    llm.close()


# What goes wrong.


class _Silent(Reader):
    """A reader whose author forgot to return, and whose stream has nothing."""

    def read(self, context: Context) -> Reading:
        """Return nothing."""
        return None  # type: ignore[return-value]  # what people write

    def stream(self, context: Context) -> Iterator[ReadingDelta]:
        """Yield nothing."""
        return iter(())

    async def astream(self, context: Context) -> AsyncIterator[ReadingDelta]:
        """Yield nothing."""
        for delta in list[ReadingDelta]():
            yield delta


async def test_a_reader_that_says_nothing_is_told_in_one_line() -> None:
    """Whichever way it is asked."""
    llm, asked = GlyphLLM(reader=_Silent()), [ChatMessage(content="?")]
    with pytest.raises(BadReading, match=r"^a reader answered None, which is no Reading"):
        llm.chat(asked)
    with pytest.raises(BadReading, match=r"^a reader answered None, which is no Reading"):
        await llm.achat(asked)
    with pytest.raises(BadReading, match="ended without a word"):
        list(llm.stream_chat(asked))
    with pytest.raises(BadReading, match="ended without a word"):
        [piece async for piece in await llm.astream_chat(asked)]


@pytest.mark.parametrize("wrong", [5, ScriptedReader, "reader"])
def test_what_is_no_reader_is_refused_when_it_is_made(wrong: object) -> None:
    """Not with the first question."""
    with pytest.raises(ReaderRefused, match="is no reader; give an object with a method read"):
        GlyphLLM(reader=wrong)


def test_no_messages_are_told_of() -> None:
    """In one line."""
    with pytest.raises(ReaderRefused, match=r"^there are no messages; ask something"):
        GlyphLLM(reader=_script()).chat([])


def test_one_stop_text_is_a_text_and_not_its_letters() -> None:
    """When it is made, and for a call."""
    reader = ScriptedReader(lambda _: "mind the gap, ap")
    assert GlyphLLM(reader=reader, stop="ga").complete("?").text == "mind the "
    assert GlyphLLM(reader=reader).complete("?", stop="ga").text == "mind the "

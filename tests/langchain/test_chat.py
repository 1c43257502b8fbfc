"""Claims about `ChatGlyph`: LangChain's messages reach a reader as they are, and its readings come back whole."""

from __future__ import annotations

import asyncio
import base64
import io
import pickle
import warnings
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.load import dumpd, load
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
    trim_messages,
)
from langchain_core.runnables.history import RunnableWithMessageHistory
from langchain_glyph_memory import (
    ChatGlyph,
    GlyphChatMessageHistory,
    GlyphMemoryMiddleware,
    fold_messages,
)
from langgraph.checkpoint.memory import InMemorySaver
from PIL import Image

from glyph_memory import (
    BadReading,
    Context,
    FoldPolicy,
    GlyphMemoryWarning,
    ImagePart,
    Message,
    ModelProfile,
    ProfileError,
    Reader,
    ReaderOverflow,
    ReaderRefused,
    ReaderUnavailable,
    Reading,
    ReadingDelta,
    Text,
    Timing,
    TurnError,
    Usage,
)
from glyph_memory.testing import ScriptedReader
from tests.endless_reader import EndlessReader

WHERE: Any = {"configurable": {"thread_id": "1", "session_id": "1"}}
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
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(file, "PNG")
    return file.getvalue()


PICTURE = _picture()
SPELLED = base64.b64encode(PICTURE).decode()


def _see(message: Message) -> list[str]:
    return [part.text if isinstance(part, Text) else type(part).__name__ for part in message.parts]


# What is asked.


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image", "base64": SPELLED, "mime_type": "image/png"},
        {"type": "image", "source_type": "base64", "data": SPELLED, "mime_type": "image/png"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{SPELLED}"}},
        {"type": "image_url", "image_url": f"data:image/png;base64,{SPELLED}"},
        {"type": "input_image", "image_url": f"data:image/png;base64,{SPELLED}"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": SPELLED}},
        {"type": "image", "url": f"data:image/png;base64,{SPELLED}"},
    ],
)
def test_a_picture_arrives_byte_for_byte_however_it_is_spelled(block: dict[str, Any]) -> None:
    """In its place among the texts."""
    reader = _script()
    ChatGlyph(reader=reader).invoke([HumanMessage(["Look:", block, {"type": "text", "text": "When?"}])])
    (message,) = reader.contexts[0].messages
    assert _see(message) == ["Look:", "ImagePart", "When?"]
    (image,) = reader.contexts[0].images
    assert (image.data, image.size, image.media_type) == (PICTURE, (40, 30), "image/png")


def test_each_message_keeps_its_role_its_calls_and_its_results() -> None:
    """Reasoning is left out, and what an answer repeats of its calls; a tool's picture is shown by a user."""
    reader = _script()
    call = {"name": "look", "args": {"at": "gate"}, "id": "1", "type": "tool_call"}
    answer = [
        {"type": "thinking", "thinking": "Hm."},
        {"type": "text", "text": "Let me look."},
        {"type": "tool_use", "name": "look", "input": {"at": "gate"}, "id": "1"},
    ]
    result = [
        {"type": "text", "text": "Seen."},
        {"type": "image", "base64": SPELLED, "mime_type": "image/png"},
    ]
    ChatGlyph(reader=reader).invoke(
        [
            SystemMessage("Be brief."),
            HumanMessage("When?", name="Ada"),
            AIMessage(answer, tool_calls=[call]),  # type: ignore[arg-type]  # a list is not known to hold what it may
            ToolMessage(result, tool_call_id="1"),  # type: ignore[arg-type]  # as above
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
    assert said[4].role == "user"
    assert [part.data for part in said[4].parts if isinstance(part, ImagePart)] == [PICTURE]


def test_a_broken_picture_is_told_in_one_line() -> None:
    """Before anybody reads."""
    reader = _script()
    with pytest.raises(TurnError, match="cannot be shown") as told:
        ChatGlyph(reader=reader).invoke(
            [HumanMessage([{"type": "image", "base64": "aGVsbG8=", "mime_type": "image/png"}])]
        )
    assert "\n" not in str(told.value)
    assert reader.contexts == []


# What comes back.


def _check(message: BaseMessage) -> None:
    assert isinstance(message, AIMessage)
    assert message.text == READING.text
    assert message.additional_kwargs == {"reasoning_content": "Page 3?"}
    assert [block["type"] for block in message.content_blocks] == ["reasoning", "text"]
    assert message.usage_metadata == {
        "input_tokens": 100,
        "output_tokens": 11,
        "total_tokens": 111,
        "input_token_details": {"cache_read": 60},
    }
    assert message.response_metadata == {
        "model_provider": "glyph",
        "model_name": "zai-org/Glyph",
        "finish_reason": "stop",
        "image_tokens": 80,
        "first_token_s": 2.0,
        "total_s": 4.0,
        "tokens_per_s": 5.0,
    }


async def test_a_reading_comes_back_whole_whichever_way_it_is_asked() -> None:
    """Text, reasoning, counts and times: at once or in pieces, sync or async."""
    chat = ChatGlyph(reader=_script())
    _check(chat.invoke("When?"))
    _check(await chat.ainvoke("When?"))
    pieces = [*chat.stream("When?")]
    assert len(pieces) > 3
    first, *others = pieces
    _check(sum(others, first))
    first, *others = [piece async for piece in chat.astream("When?")]
    _check(sum(others, first))


def test_blocks_of_version_1_hold_reasoning_and_text() -> None:
    """Where they are asked for."""
    message = ChatGlyph(reader=_script(), output_version="v1").invoke("When?")
    assert message.content == [
        {"type": "reasoning", "reasoning": "Page 3?"},
        {"type": "text", "text": READING.text},
    ]


def test_a_reader_that_counts_nothing_is_no_reason_to_make_counts_up() -> None:
    """No counts, no times; and a name."""
    chat = ChatGlyph(reader=ScriptedReader(["Yes."]))
    message = chat.invoke("Well?")
    assert chat._get_ls_params()["ls_model_name"] == "ScriptedReader"
    assert message.usage_metadata is None
    assert message.response_metadata["model_name"] == "ScriptedReader"


def test_an_error_of_the_reader_stays_what_it_is() -> None:
    """Callers look at its class, and at what it carries."""
    error = ReaderUnavailable("the model is gone. Make a new reader")
    with pytest.raises(ReaderUnavailable) as told:
        ChatGlyph(reader=ScriptedReader([error])).invoke("Well?")
    assert told.value is error


# How it is asked.


def test_stop_texts_end_an_answer() -> None:
    """Of a call, or of all calls; the call's count."""
    reader = _script()
    assert ChatGlyph(reader=reader).invoke("When?", stop=[","]).text == "At 14:05"
    assert ChatGlyph(reader=reader, stop=[","]).invoke("When?").text == "At 14:05"
    assert ChatGlyph(reader=reader, stop=[","]).invoke("When?", stop=["Gate"]).text == "At 14:05, "


def test_what_it_cannot_do_is_refused_in_one_line() -> None:
    """When it is made, where that can be known; with the way that can."""
    reader = _script()
    chat = ChatGlyph(reader=reader)
    for call in (
        lambda: chat.bind_tools([]),
        lambda: chat.with_structured_output({}),
        lambda: chat.invoke("When?", tools=[{"type": "function"}]),
    ):
        with pytest.raises(NotImplementedError, match=r"with vLLM .* and use ChatOpenAI"):
            call()
    with pytest.raises(ReaderRefused, match="takes temperature when it is made"):
        ChatGlyph(reader=reader, temperature=0.5)
    with pytest.raises(ReaderRefused, match="nobody reads: give model="):
        ChatGlyph()
    with pytest.raises(TypeError, match="unexpected keyword 'device': a reader has its own options"):
        ChatGlyph(reader=reader, device="cpu")
    with pytest.raises(TypeError, match="unexpected keyword 'modell' of a call"):
        chat.invoke("When?", modell="x")


async def test_a_call_that_is_cancelled_ends_the_reading() -> None:
    """So does a stream that nobody listens to any more."""
    reader = EndlessReader()
    task = asyncio.create_task(ChatGlyph(reader=reader).ainvoke("Go on."))
    await reader.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(reader.stopped.wait(), 10)

    reader = EndlessReader()
    stream = ChatGlyph(reader=reader).astream("Go on.")
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]  # it is a generator
    await asyncio.wait_for(reader.stopped.wait(), 10)


def test_a_stream_that_is_closed_ends_the_reading() -> None:
    """Without an event loop, too."""
    reader = EndlessReader()
    stream = ChatGlyph(reader=reader).stream("Go on.")
    next(stream)
    stream.close()  # type: ignore[attr-defined]  # it is a generator
    assert reader.is_closed


def test_callbacks_hear_of_each_token() -> None:
    """Once each, where it streams: `streaming=True`; `disable_streaming` has the last word."""
    heard: list[str] = []

    class Listener(BaseCallbackHandler):
        def on_llm_new_token(self, token: Any, **_: Any) -> None:
            heard.append(token)

    listening: Any = {"callbacks": [Listener()]}
    ChatGlyph(reader=_script(), streaming=True).invoke("When?", listening)
    assert "".join(heard) == READING.text
    heard.clear()
    ChatGlyph(reader=_script(), streaming=True, disable_streaming=True).invoke("When?", listening)
    assert len([*ChatGlyph(reader=_script(), disable_streaming=True).stream("When?", listening)]) == 1
    assert heard == []


def test_a_cache_tells_readers_and_sampling_apart() -> None:
    """The same question to the same model is asked once; another's answer is never taken."""
    cache = InMemoryCache()
    reader, other = _script(), ScriptedReader(lambda _: "No.")
    chat = ChatGlyph(reader=reader, cache=cache)
    assert chat.invoke("When?").text == chat.invoke("When?").text == READING.text
    assert len(reader.contexts) == 1
    assert ChatGlyph(reader=other, cache=cache).invoke("When?").text == "No."
    assert chat.invoke("When?", stop=[","]).text == "At 14:05"
    assert len(reader.contexts) == 2


def test_threads_share_one() -> None:
    """Each gets its own answer."""
    chat = ChatGlyph(reader=ScriptedReader(lambda context: context.messages[-1].text))
    with ThreadPoolExecutor(8) as pool:
        questions = [f"Question {number}" for number in range(64)]
        assert [answer.text for answer in pool.map(chat.invoke, questions)] == questions
    assert [answer.text for answer in chat.batch([*questions])] == questions


# What it is.


def test_a_model_is_named_and_loaded_by_nobody_yet() -> None:
    """Made, copied, pickled and written as JSON without its weights; the keywords of its reader are checked."""
    chat = ChatGlyph(model="zai-org/Glyph", max_tokens=200, device="cpu")
    assert chat.reader_options == {"device": "cpu"}
    for other in (
        pickle.loads(pickle.dumps(chat)),  # noqa: S301 - what was written here
        chat.model_copy(),
        load(dumpd(chat), allowed_objects=[ChatGlyph], valid_namespaces=["langchain_glyph_memory"]),
    ):
        assert other.asdict() == chat.asdict()
        assert other.profile == chat.profile
    with pytest.raises(TypeError, match="unexpected keyword 'devise'"):
        ChatGlyph(model="zai-org/Glyph", devise="cpu")


def test_a_reader_of_its_own_is_not_written_as_json() -> None:
    """LangChain says so, rather than to write half of it."""
    assert dumpd(ChatGlyph(reader=_script()))["type"] == "not_implemented"


def test_its_profile_says_what_agents_ask() -> None:
    """The window of the reader, else of the model as it is known; pictures, and no tools."""
    told = ChatGlyph(model="zai-org/Glyph").profile or {}
    assert (told["max_input_tokens"], told["image_inputs"], told["tool_calling"]) == (131_072, True, False)
    assert (ChatGlyph(reader=_script(window_tokens=9000)).profile or {})["max_input_tokens"] == 9000
    longer = ChatGlyph(model="zai-org/Glyph", rope_parameters={"rope_type": "yarn"}).profile or {}
    assert "max_input_tokens" not in longer


def test_it_counts_as_its_reader_or_its_model_does() -> None:
    """By the reader where that counts, else by the model's profile; never by the tokenizer of another model."""
    said = [HumanMessage([{"type": "image", "base64": SPELLED, "mime_type": "image/png"}])]
    chat = ChatGlyph(reader=_script(), model="zai-org/Glyph")
    assert chat.get_num_tokens("The gate is open.") == 5
    assert chat.get_num_tokens_from_messages(said) > 3
    reader = _script()
    reader.count_tokens = lambda context: 7 + len(context.images)  # type: ignore[attr-defined]  # as a local reader has it
    assert ChatGlyph(reader=reader).get_num_tokens_from_messages(said) == 8

    def refuse(_: Context) -> int:
        raise ReaderRefused("the chat template refuses these messages")

    reader.count_tokens = refuse  # type: ignore[attr-defined]  # as above
    part = [AIMessage("At 14:05.")]
    counted = ChatGlyph(reader=reader, model="zai-org/Glyph").get_num_tokens_from_messages(part)
    assert counted == chat.get_num_tokens_from_messages(part)
    with pytest.raises(ProfileError):
        ChatGlyph(reader=_script(), model="nobody-knows").get_num_tokens("x")


# With the rest of this package.

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


def test_an_agent_remembers_with_it(early: FoldPolicy) -> None:
    """The middleware finds model and window; its pages arrive as images, and the beginning stays what it was."""
    reader = ScriptedReader(lambda _: SAID, model="zai-org/Glyph", window_tokens=32_000)
    agent = create_agent(
        ChatGlyph(reader=reader),
        system_prompt="Be terse.",
        middleware=[GlyphMemoryMiddleware(policy=early)],
        checkpointer=InMemorySaver(),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", GlyphMemoryWarning)
        for number in range(16):
            asked: Any = {"messages": [("user", f"Where is order {number}?")]}
            found = agent.invoke(asked, WHERE)
    assert len(found["messages"]) == 32
    last = reader.contexts[-1]
    assert last.images
    assert last.messages[0].text == "Be terse."
    _check_prefixes(reader.contexts)


async def test_the_window_of_the_reader_counts() -> None:
    """However large the model's own is; awaited, too."""
    reader = ScriptedReader(lambda _: SAID * 3, model="zai-org/Glyph", window_tokens=4000)
    middleware = GlyphMemoryMiddleware()
    agent = create_agent(ChatGlyph(reader=reader), middleware=[middleware], checkpointer=InMemorySaver())
    for number in range(12):
        asked: Any = {"messages": [("user", f"Where is order {number}?")]}
        await agent.ainvoke(asked, WHERE)
    assert reader.contexts[-1].images
    options, _ = middleware._preparer.foldings.fit(ChatGlyph(reader=reader))
    assert options.window_tokens == 4000


def test_a_prompt_that_is_too_long_for_the_reader_is_folded_smaller() -> None:
    """As one that is too long for a server; the reader says how much it takes."""
    refusals = 0

    def answer(context: Context) -> Reading:
        nonlocal refusals
        if sum(len(message.text) for message in context.messages) > 24_000:
            refusals += 1
            raise ReaderOverflow("it does not fit into memory", window_tokens=6000, prompt_tokens=6100)
        return READING

    reader = ScriptedReader(answer, model="zai-org/Glyph")
    agent = create_agent(ChatGlyph(reader=reader), middleware=[GlyphMemoryMiddleware()])
    said = [(("user", "assistant")[number % 2], f"{number}: {SAID}") for number in range(61)]
    with pytest.warns(GlyphMemoryWarning, match="folded to 6,000 tokens"):
        asked: Any = {"messages": said}
        assert agent.invoke(asked)["messages"][-1].text == READING.text
    assert refusals == 1


def test_a_chain_and_a_chatbot_remember_with_it(early: FoldPolicy) -> None:
    """Pages that `fold_messages` makes arrive byte for byte; what a history keeps grows at its end alone."""
    reader = ScriptedReader(lambda _: SAID, model="zai-org/Glyph")
    chain = fold_messages(profile="glyph", policy=early) | ChatGlyph(reader=reader)
    history: list[BaseMessage] = []
    for number in range(12):
        history += [HumanMessage(f"Where is order {number}?")]
        history += [chain.invoke(history)]
    sent = [
        block["base64"]
        for message in fold_messages(history[:-1], profile="glyph", policy=early)
        for block in message.content
        if isinstance(block, dict) and block["type"] == "image"
    ]
    assert [image.base64 for image in reader.contexts[-1].images] == sent != []
    _check_prefixes(reader.contexts)

    reader = ScriptedReader(lambda _: SAID, model="zai-org/Glyph")
    kept = GlyphChatMessageHistory("1", ":memory:", profile="glyph", policy=early)
    bot = RunnableWithMessageHistory(ChatGlyph(reader=reader), lambda _: kept)
    for number in range(12):
        bot.invoke([HumanMessage(f"Where is order {number}?")], WHERE)
    assert reader.contexts[-1].images
    _check_prefixes(reader.contexts)


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
    chat = ChatGlyph(reader=_Silent())
    with pytest.raises(BadReading, match=r"^a reader answered None, which is no Reading"):
        chat.invoke("?")
    with pytest.raises(BadReading, match=r"^a reader answered None, which is no Reading"):
        await chat.ainvoke("?")
    with pytest.raises(BadReading, match="ended without a word"):
        list(chat.stream("?"))
    with pytest.raises(BadReading, match="ended without a word"):
        [chunk async for chunk in chat.astream("?")]


@pytest.mark.parametrize("wrong", [5, ScriptedReader, "reader"])
def test_what_is_no_reader_is_refused_when_it_is_made(wrong: object) -> None:
    """Not with the first question."""
    with pytest.raises(ReaderRefused, match="is no reader; give an object with a method read"):
        ChatGlyph(reader=wrong)


def test_no_messages_are_told_of() -> None:
    """In one line."""
    with pytest.raises(ReaderRefused, match=r"^there are no messages; ask something"):
        ChatGlyph(reader=_script()).invoke([])


def test_one_stop_text_is_a_text_and_not_its_letters() -> None:
    """When it is made, and for a call."""
    reader = ScriptedReader(lambda _: "mind the gap, ap")
    assert ChatGlyph(reader=reader, stop="ga").invoke("?").text == "mind the "
    assert ChatGlyph(reader=reader).invoke("?", stop="ga").text == "mind the "  # type: ignore[arg-type]  # what people write


# How it counts where its model has no known name.


class _Counting(ScriptedReader):
    """A reader that counts."""

    def count_tokens(self, context: Context) -> int:
        """Return 7 for each message."""
        return 7 * len(context.messages)


def test_a_model_without_a_known_name_is_counted_by_its_reader_or_a_profile() -> None:
    """And where there is neither, the line says what to give."""
    assert ChatGlyph(reader=_Counting([])).get_num_tokens("Who?") == 7
    by_name = ChatGlyph("/models/my-finetune", profile="glyph")
    assert dumpd(by_name)["kwargs"] == {"model": "/models/my-finetune", "token_profile": "glyph"}
    profile = ModelProfile.from_name("glyph")
    assert by_name.get_num_tokens("Who?") == profile.text_tokens("Who?")
    assert ChatGlyph("/models/my-finetune", profile=profile).get_num_tokens("Who?") == profile.text_tokens(
        "Who?"
    )
    assert trim_messages([HumanMessage("Who?")], max_tokens=50, token_counter=by_name) == [
        HumanMessage("Who?")
    ]
    unknown = ChatGlyph("/models/my-finetune")
    told = pytest.raises(ProfileError, match=r"'/models/my-finetune' cannot be counted: .* Give the profile")
    with told:
        unknown.get_num_tokens("Who?")
    with told:
        unknown.get_num_tokens_from_messages([HumanMessage("Who?")])


def test_the_readme_says_how_it_is_loaded() -> None:
    """With both keywords, as above."""
    readme = Path(__file__).parents[2] / "integrations/langchain/README.md"
    assert 'allowed_objects=[ChatGlyph], valid_namespaces=["langchain_glyph_memory"]' in readme.read_text(
        "utf-8"
    )

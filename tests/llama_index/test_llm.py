"""`GlyphOpenAILike` sends old messages as pages, whoever kept them, and words where a server takes no images."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import openai
import pytest
from llama_index.core.base.llms.types import ChatMessage, TextBlock
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai_like import OpenAILike
from llama_index.memory.glyph import GlyphMemory, GlyphOpenAILike, PageImageBlock
from llama_index_instrumentation import get_dispatcher
from llama_index_instrumentation.base import BaseEvent
from llama_index_instrumentation.event_handlers import BaseEventHandler

from glyph_memory import FoldPolicy, GlyphMemoryWarning, ModelProfile, PolicyError, ProfileError
from glyph_memory.testing import FakeVLMServer, Fault

Serve = Callable[..., FakeVLMServer]
Point = Callable[[FakeVLMServer], GlyphOpenAILike]
Wires = Callable[[FakeVLMServer], list[list[dict[str, Any]]]]
Pictures = Callable[[list[dict[str, Any]]], list[tuple[str, str]]]
Said = Callable[[Sequence[ChatMessage]], list[object]]


def test_its_defaults_work() -> None:
    """Unlike `OpenAILike`'s: a chat model that calls tools, with the window of its profile."""
    llm = GlyphOpenAILike(model="zai-org/Glyph", api_key="x")
    assert llm.profile == ModelProfile.from_name("glyph")
    assert llm.class_name() == "GlyphOpenAILike"
    told = llm.metadata
    assert (told.is_chat_model, told.is_function_calling_model, told.context_window) == (True, True, 131_072)
    stock = OpenAILike(model="zai-org/Glyph", api_key="x").metadata
    assert (stock.is_chat_model, stock.context_window) == (False, 3900)


def test_what_is_given_counts() -> None:
    """A smaller window narrows the policy, a longer answer is kept free, a model of another name has a profile."""
    llm = GlyphOpenAILike(
        model="mine",
        profile="qwen2.5-vl",
        context_window=20_000,
        max_tokens=4000,
        is_function_calling_model=False,
    )
    assert llm.metadata.context_window == 20_000
    assert not llm.metadata.is_function_calling_model
    policy = llm.folding().binder.policy
    assert policy.window_tokens <= 20_000
    assert policy.output_tokens == 4000
    assert llm.folding().binder.profile == ModelProfile.from_name("qwen2.5-vl")


def test_what_cannot_work_is_told_in_one_line_when_it_is_made() -> None:
    """An unknown model, a window that is too small."""
    with pytest.raises(ProfileError, match="no model profile 'mine'") as unknown:
        GlyphOpenAILike(model="mine")
    with pytest.raises(PolicyError, match="window_tokens=") as small:
        GlyphOpenAILike(context_window=100)
    assert "\n" not in f"{unknown.value}{small.value}"


def test_it_goes_through_json(policy: FoldPolicy) -> None:
    """As agents' and pipelines' configurations do."""
    llm = GlyphOpenAILike(model="mine", profile="glyph", policy=policy, context_window=9000, api_key="x")
    back = GlyphOpenAILike.from_dict(json.loads(json.dumps(llm.to_dict())))
    assert back.to_dict() == llm.to_dict()
    assert back.folding() is llm.folding()


async def test_each_way_to_ask_sends_the_same(
    serve: Serve, glyph_llm: Point, plain_llm: Callable[[FakeVLMServer], OpenAILike], talk: list[ChatMessage],
    wire: Wires, pictures: Pictures, check_wire: Callable[[object], None],
) -> None:  # fmt: skip
    """Whole or in pieces, sync or async: pages of what is old, the rest as it came, and the same answer."""
    server = serve(answer=lambda request: "Done.")
    llm = glyph_llm(server)
    answers = [llm.chat(talk).message.content, (await llm.achat(talk)).message.content]
    answers.append([piece.message.content for piece in llm.stream_chat(talk)][-1])
    answers.append([piece.message.content async for piece in await llm.astream_chat(talk)][-1])
    assert answers == ["Done."] * 4
    first, *others = wire(server)
    assert others == [first] * 3
    assert len(pictures(first)) > 3
    check_wire(first)
    plain_llm(server).chat(talk)
    assert server.requests[0].prompt_tokens < server.requests[-1].prompt_tokens * 2 / 3


def test_a_short_conversation_is_sent_as_it_is(
    serve: Serve, glyph_llm: Point, plain_llm: Callable[[FakeVLMServer], OpenAILike], wire: Wires
) -> None:
    """Nobody sees a difference to `OpenAILike`."""
    server = serve(answer=lambda request: "Done.")
    history = [ChatMessage(role="system", content="Be brief."), ChatMessage(role="user", content="Hello.")]
    glyph_llm(server).chat(history)
    plain_llm(server).chat(history)
    assert wire(server)[0] == wire(server)[1]


def test_what_is_asked_now_is_sent_as_it_is(serve: Serve, glyph_llm: Point, wire: Wires) -> None:
    """As long as it fits: a query engine's prompt is no history."""
    server = serve(answer=lambda request: "Done.")
    prompt = "What is it? " * 500
    glyph_llm(server).complete(prompt)
    glyph_llm(server).chat(
        [ChatMessage(role="system", content=prompt), ChatMessage(role="user", content=prompt)]
    )
    assert [message["content"] for request in wire(server) for message in request] == [prompt] * 3


def test_messages_are_not_changed(
    serve: Serve, glyph_llm: Point, talk: list[ChatMessage], said: Said
) -> None:
    """They belong to somebody else."""
    before = said(talk)
    glyph_llm(serve(answer=lambda request: "Done.")).chat(talk)
    assert said(talk) == before


def test_the_same_messages_are_sent_alike_by_another_process(
    serve: Serve, policy: FoldPolicy, talk: list[ChatMessage], wire: Wires
) -> None:
    """It keeps no history: what it remembers saves time alone."""
    from llama_index.memory.glyph.options import get_folding

    server = serve(answer=lambda request: "Done.")
    for end in (40, 80, 120):
        GlyphOpenAILike(api_base=server.base_url, api_key="x", policy=policy).chat(talk[:end])
    get_folding.cache_clear()
    GlyphOpenAILike(api_base=server.base_url, api_key="x", policy=policy).chat(talk)
    assert wire(server)[-1] == wire(server)[-2]


def test_what_follows_the_pages_of_a_memory_goes_on_from_them(
    serve: Serve,
    glyph_llm: Point,
    policy: FoldPolicy,
    talk: list[ChatMessage],
    wire: Wires,
    pictures: Pictures,
) -> None:
    """Nothing is folded twice: the memory's pages stay, byte for byte, and new ones follow under one note."""
    server = serve(answer=lambda request: "Done.")
    llm = glyph_llm(server)
    memory = GlyphMemory.from_defaults(llm=llm, chat_history=talk[1:61])
    system, run = talk[0], talk[61:90]
    llm.chat([system, *memory.get()])
    llm.chat([system, *memory.get(), *run])
    before, after = (pictures(request) for request in wire(server))
    assert after[: len(before)] == before
    assert len(after) > len(before) > 0
    assert repr(wire(server)[1]).count("The images below that are headed") == 1
    memory.put_messages(run)
    llm.chat([system, *memory.get()])
    assert wire(server)[2] == wire(server)[1]


def test_a_state_that_an_agent_wrote_into_the_newest_message_is_sent(
    serve: Serve, glyph_llm: Point, policy: FoldPolicy, talk: list[ChatMessage], wire: Wires
) -> None:
    """The history behind pages is taken as it is now, not as the memory had it."""
    server = serve(answer=lambda request: "Done.")
    llm = glyph_llm(server)
    memory = GlyphMemory.from_defaults(
        llm=llm, chat_history=[*talk, ChatMessage(role="user", content="And?")]
    )
    told = memory.get()
    last = told[-1].blocks[-1]
    assert isinstance(last, TextBlock)
    last.text = f"State: 7. {last.text}"
    llm.chat(told)
    assert "State: 7. And?" in repr(wire(server)[0][-1])
    assert "State" not in repr(memory.get_all())


def test_pages_of_unknown_origin_stay_and_what_follows_is_folded(
    serve: Serve, glyph_llm: Point, policy: FoldPolicy, talk: list[ChatMessage], wire: Wires, pictures: Pictures,
    check_wire: Callable[[object], None],
) -> None:  # fmt: skip
    """As those of the core's store: turns are numbered on, pages are added to the same message."""
    server = serve(answer=lambda request: "Done.")
    llm = glyph_llm(server)
    memory = GlyphMemory.from_store(":memory:", policy=policy)
    memory.put_messages(talk[:60])
    told = memory.get()
    llm.chat(told)
    llm.chat([*told, *talk[60:100]])
    first, second = wire(server)
    before, after = pictures(first), pictures(second)
    assert after[: len(before)] == before
    assert len(after) > len(before)
    check_wire(second)
    sealed = max(block.last_anchor for block in told[1].blocks if isinstance(block, PageImageBlock))
    assert sealed > 0
    new = [
        part["text"] for part in second[1]["content"][len(first[1]["content"]) :] if part["type"] == "text"
    ]
    assert any(text.startswith(f"§{sealed + 1}") for text in new)


def test_another_policy_than_the_memorys_folds_the_messages_themselves(
    serve: Serve, policy: FoldPolicy, talk: list[ChatMessage], wire: Wires, pictures: Pictures
) -> None:
    """As where the LLM serves several memories: what is sent is what that LLM would send of the history."""
    server = serve(answer=lambda request: "Done.")
    wide = GlyphOpenAILike(api_base=server.base_url, api_key="x")
    memory = GlyphMemory.from_defaults(policy=policy, chat_history=talk)
    wide.chat(memory.get())
    assert pictures(wire(server)[0]) == []
    assert len(wire(server)[0]) > len(talk) - 5


async def test_a_server_that_takes_no_images_is_sent_words_and_says_so(
    serve: Serve, glyph_llm: Point, talk: list[ChatMessage], wire: Wires
) -> None:
    """Once, audibly; then at once in words. Nothing is lost, pages of a memory included."""
    for ask in ("chat", "stream", "achat", "astream"):
        server = serve(answer=lambda request: "Done.", takes_images=False)
        llm = glyph_llm(server)
        memory = GlyphMemory.from_defaults(llm=llm, chat_history=talk)
        with pytest.warns(GlyphMemoryWarning, match="takes no images") as caught:
            match ask:
                case "chat":
                    answer = llm.chat(memory.get())
                case "achat":
                    answer = await llm.achat(memory.get())
                case "stream":
                    answer = [*llm.stream_chat(memory.get())][-1]
                case _:
                    answer = [piece async for piece in await llm.astream_chat(memory.get())][-1]
        assert len(caught) == 1
        assert answer.message.content == "Done."
        assert len(wire(server)) == 1
        for message in talk:
            assert (message.content or "")[:60] in "".join(str(one["content"]) for one in wire(server)[0])
        posts = len(server.paths)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            await llm.achat(memory.get())
        assert len(server.paths) == posts + 1


async def test_other_errors_are_told_as_they_are(
    serve: Serve, glyph_llm: Point, talk: list[ChatMessage]
) -> None:
    """One that is no matter of images or of the window is nobody's business here."""
    server = serve(answer=lambda request: "Done.", faults=[Fault.error(400, "unknown field")] * 4)
    llm = glyph_llm(server)
    with pytest.raises(openai.BadRequestError, match="unknown field"):
        llm.chat(talk)
    with pytest.raises(openai.BadRequestError, match="unknown field"):
        await llm.achat(talk)
    with pytest.raises(openai.BadRequestError, match="unknown field"):
        list(llm.stream_chat(talk))
    with pytest.raises(openai.BadRequestError, match="unknown field"):
        [piece async for piece in await llm.astream_chat(talk)]
    assert len(server.paths) == 4


@pytest.mark.parametrize("way", ["chat", "achat", "stream_chat", "astream_chat"])
async def test_a_prompt_too_long_is_folded_smaller_and_sent_once_more(
    serve: Serve, glyph_llm: Point, talk: list[ChatMessage], way: str
) -> None:
    """Told once; the next call knows it. What cannot be made smaller is told as it is."""
    server = serve(answer=lambda request: "Done.", window_tokens=1500)
    llm = glyph_llm(server)

    async def ask() -> object:
        match way:
            case "chat":
                return llm.chat(talk).message.content
            case "achat":
                return (await llm.achat(talk)).message.content
            case "stream_chat":
                return [piece.message.content for piece in llm.stream_chat(talk)][-1]
        return [piece.message.content async for piece in await llm.astream_chat(talk)][-1]

    with pytest.warns(
        GlyphMemoryWarning, match=r"folded to [\d,]+ tokens from now on; context_window= says so"
    ):
        assert await ask() == "Done."
    asked = len(server.paths)
    assert asked <= 4
    with warnings.catch_warnings():
        warnings.simplefilter("error", GlyphMemoryWarning)
        assert await ask() == "Done."
    assert len(server.paths) == asked + 1
    server.engine.window_tokens = 100
    with pytest.raises(openai.BadRequestError, match="maximum"):
        await ask()


def test_what_a_memory_folded_is_folded_smaller(
    serve: Serve, glyph_llm: Point, memory: GlyphMemory, talk: list[ChatMessage]
) -> None:
    """The messages behind its pages are known."""
    server = serve(answer=lambda request: "Done.", window_tokens=1500)
    llm = glyph_llm(server)
    memory.put_messages(talk)
    with pytest.warns(GlyphMemoryWarning, match="from now on"):
        assert llm.chat(memory.get()).message.content == "Done."


def test_tools_are_kept_free_for(serve: Serve, glyph_llm: Point, talk: list[ChatMessage]) -> None:
    """Their descriptions are part of the prompt: with long ones fewer pages are shown."""
    server = serve(answer=lambda request: "Done.")
    llm = glyph_llm(server)

    def look(what: str) -> str:
        return what

    tool = FunctionTool.from_defaults(look, description="Look at it. " * 1000)
    tokens = llm.folding().binder.count(json.dumps(tool.metadata.to_openai_tool(skip_length_check=True)))
    llm.chat(talk)
    llm.chat_with_tools([tool], chat_history=talk)
    without, within = (request.prompt_tokens for request in server.requests)
    assert within + tokens < 6000 - 500 < without + tokens


def test_handlers_see_messages_and_no_pages(
    serve: Serve, glyph_llm: Point, talk: list[ChatMessage], holds_pages: Callable[[object], bool]
) -> None:
    """LlamaIndex hands every handler the whole of what an LLM is asked; folding happens below that."""
    events: list[BaseEvent] = []

    class Handler(BaseEventHandler):
        @classmethod
        def class_name(cls) -> str:
            return "Handler"

        def handle(self, event: BaseEvent, **kwargs: object) -> None:
            events.append(event)

    server = serve(answer=lambda request: "Done.")
    dispatcher = get_dispatcher("root")
    dispatcher.add_event_handler(Handler())
    try:
        glyph_llm(server).chat(talk)
    finally:
        dispatcher.event_handlers.clear()
    assert server.requests[0].images
    names = {event.class_name() for event in events}
    assert {"GlyphFoldEvent", "LLMChatStartEvent", "LLMChatEndEvent"} <= names
    assert not any(holds_pages(event) for event in events)

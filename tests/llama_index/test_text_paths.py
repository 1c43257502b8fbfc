"""Where LlamaIndex takes a message's text alone: pages are not announced there, and what they say is told in words."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.agent.workflow import AgentWorkflow, FunctionAgent
from llama_index.core.base.llms.generic_utils import messages_to_history_str, messages_to_prompt
from llama_index.core.base.llms.types import ChatMessage, ImageBlock
from llama_index.core.chat_engine import CondensePlusContextChatEngine, CondenseQuestionChatEngine
from llama_index.core.chat_engine.types import BaseChatEngine
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.query_engine import CustomQueryEngine
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from llama_index.memory.glyph import GlyphMemory, GlyphMemoryBlock, PageImageBlock, structure_output
from pydantic import BaseModel

from glyph_memory import FoldPolicy, ToolCall
from glyph_memory.testing import FakeAnswer, FakeRequest, FakeVLMServer

Serve = Callable[..., FakeVLMServer]
Point = Callable[[FakeVLMServer], Any]
PagesOf = Callable[[Sequence[ChatMessage]], list[PageImageBlock]]
WIDE = FoldPolicy(
    window_tokens=40_000, tools_tokens=0, output_tokens=500, keep_recent_tokens=200, seal_tokens=200,
    trigger_tokens=600, max_run_tokens=800, pinned_tokens=100,
)  # fmt: skip
"""Folds early, with room for all of the talk as text."""


def check_nothing_is_announced(text: str) -> None:
    """Check that a text tells of no page."""
    assert "The images below" not in text
    assert "letter for letter" not in text
    assert ", page 1" not in text


@pytest.fixture(params=["chat store", "core store", "block"])
def remember(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., list[ChatMessage]]:
    """Return what a memory gives, over each kind of store."""

    def given(talk: Sequence[ChatMessage], policy: FoldPolicy) -> list[ChatMessage]:
        if request.param == "block":
            memory = GlyphMemoryBlock.memory(token_limit=1000, token_flush_size=400, policy=policy)
            memory.put_messages([*talk])
            return list(memory.get())
        if request.param == "core store":
            own = GlyphMemory.from_store(tmp_path / "chat.db", policy=policy)
        else:
            own = GlyphMemory.from_defaults(policy=policy)
        own.put_messages(talk)
        return own.get()

    return given


@pytest.mark.parametrize("write", [messages_to_history_str, messages_to_prompt])
def test_what_stands_on_pages_is_told_where_text_alone_is_taken(
    remember: Callable[..., list[ChatMessage]], talk: list[ChatMessage], pages_of: PagesOf,
    write: Callable[[Sequence[ChatMessage]], str],
) -> None:  # fmt: skip
    """All of it where it fits, in order, before the recent messages; to whoever takes pictures, pages as ever."""
    sent = remember(talk, WIDE)
    assert pages_of(sent)
    text = write(sent)
    check_nothing_is_announced(text)
    places = [text.index(str(message.content)[:40].splitlines()[0]) for message in talk if message.content]
    assert len(places) > 100
    assert text.count("as pages cannot be shown here:)") == 1
    assert places[:3] == sorted(places[:3])


def test_the_newest_that_fits_is_told_and_how_much_is_left_out(
    remember: Callable[..., list[ChatMessage]], talk: list[ChatMessage], policy: FoldPolicy
) -> None:
    """In the window that the request has; the user's request that is repeated beside pages is there in any case."""
    sent = remember(talk * 4, policy.with_window(4_000))
    text = messages_to_history_str(sent)
    check_nothing_is_announced(text)
    assert "are left out" in text
    assert len(text) < 4 * 4_000
    newest = next(block.text for block in sent[-1].blocks if hasattr(block, "text"))
    assert newest[:40] in text


def test_a_large_result_that_stands_on_pages_is_told_as_far_as_it_fits(policy: FoldPolicy) -> None:
    """And a user's own; with a line on the rest."""
    memory = GlyphMemory.from_defaults(policy=policy)
    memory.put(ChatMessage(role="user", content="Read. " + "".join(f"word{n} " for n in range(9_000))))
    with pytest.warns(UserWarning, match="§1"):
        sent = memory.get()
    text = messages_to_history_str(sent)
    assert "word0 word1 " in text
    assert "characters are left out" in text
    assert len(text) < 40_000


def test_copies_tell_the_same_and_a_pickle_what_it_shows(
    talk: list[ChatMessage], holds_pages: Callable[[object], bool]
) -> None:
    """The history behind pages stays in this process; the text of a message can still be set."""
    sent = GlyphMemory.from_defaults(policy=WIDE, chat_history=talk).get()
    (pages,) = [message for message in sent if holds_pages(message)]
    for copied in (copy.deepcopy(pages), pages.model_copy()):
        assert copied.content == pages.content
    loaded = pickle.loads(pickle.dumps(pages))  # noqa: S301 - made here
    assert loaded.content == "\n".join(block.text for block in loaded.blocks if hasattr(block, "text"))
    said = sent[-1]
    said.content = "Another."
    assert said.content == "Another."


class _Shelf(BaseRetriever):
    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return [NodeWithScore(node=TextNode(text="The mill opens at nine."))]


class _Asking(CustomQueryEngine):
    def custom_query(self, query_str: str) -> str:
        return f"{query_str} At nine."


@pytest.mark.parametrize("kind", ["condense plus context", "condense question"])
async def test_a_question_is_condensed_from_what_is_on_pages_too(
    serve: Serve, plain_llm: Point, talk: list[ChatMessage], kind: str
) -> None:
    """The engines write the history into a prompt, and drop pictures; the answer of the first of them sees pages."""

    def answer(request: FakeRequest) -> str:
        return "Which mill?" if "standalone question" in repr(request.body["messages"]) else "At nine."

    server = serve(answer=answer)
    memory = GlyphMemory.from_defaults(policy=WIDE, chat_history=talk)
    llm = plain_llm(server)
    engine: BaseChatEngine = (
        CondensePlusContextChatEngine.from_defaults(retriever=_Shelf(), llm=llm, memory=memory)
        if kind == "condense plus context"
        else CondenseQuestionChatEngine.from_defaults(query_engine=_Asking(), llm=llm, memory=memory)
    )
    assert str(await engine.achat("When?")).endswith("At nine.")
    condense, last = server.requests[0], server.requests[-1]
    text = " ".join(condense.texts)
    check_nothing_is_announced(text)
    assert not condense.images
    assert str(talk[1].content)[:40] in text
    assert bool(last.images) == (kind == "condense plus context")


def test_a_message_without_pages_says_what_it_says(png_block: ImageBlock) -> None:
    """A picture of a user's is no page: the message's text stays its own."""
    memory = GlyphMemory.from_defaults(policy=WIDE)
    memory.put(ChatMessage(role="user", blocks=[png_block]))
    memory.put(ChatMessage(role="assistant", content="A square."))
    assert [message.content for message in memory.get()][1] == "A square."


@pytest.fixture
def png_block() -> ImageBlock:
    """Return a small picture."""
    data = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
    return ImageBlock(url=f"data:image/png;base64,{data}")


class Answer(BaseModel):
    """What an agent found."""

    code: str


def fill_schema(request: FakeRequest) -> FakeAnswer | str:
    """Fill the schema where there is one."""
    names = [tool["function"]["name"] for tool in request.body.get("tools") or ()]
    if "Answer" not in names:
        return "It is 4711-B."
    return FakeAnswer(tool_calls=(ToolCall(name="Answer", arguments='{"code": "4711-B"}', id="c1"),))


@pytest.mark.parametrize("is_ours", [False, True])
async def test_structured_output_is_filled_from_pages(
    serve: Serve, plain_llm: Point, glyph_llm: Point, talk: list[ChatMessage], is_ours: bool
) -> None:
    """Of an agent, and of a workflow of agents."""
    server = serve(answer=fill_schema)
    point = glyph_llm(server) if is_ours else plain_llm(server)
    memory = GlyphMemory.from_defaults(policy=WIDE, chat_history=talk)
    fill = structure_output(point, Answer)
    agent = FunctionAgent(llm=point, structured_output_fn=fill, streaming=False)
    done: Any = await agent.run("The code?", memory=memory)
    assert done.structured_response == {"code": "4711-B"}
    assert server.requests[-1].images
    flow = AgentWorkflow(
        agents=[FunctionAgent(name="one", llm=point, streaming=False)], structured_output_fn=fill
    )
    again: Any = await flow.run(user_msg="Again?", memory=memory)
    assert again.structured_response == {"code": "4711-B"}


async def test_an_output_class_whose_pages_llamaindex_drops_is_warned_of(
    serve: Serve, glyph_llm: Point, talk: list[ChatMessage]
) -> None:
    """By the LLM that is sent the text; without pages there is nothing to warn of, and all of it is sent."""
    server = serve(answer=fill_schema)
    agent = FunctionAgent(llm=glyph_llm(server), output_cls=Answer, streaming=False)
    with pytest.warns(UserWarning, match="structured_output_fn=structure_output"):
        await agent.run("The code?", memory=GlyphMemory.from_defaults(policy=WIDE, chat_history=talk))
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*output_cls")
        stock = ChatMemoryBuffer.from_defaults(token_limit=100_000, chat_history=talk)
        done: Any = await agent.run("The code?", memory=stock)
    assert done.structured_response == {"code": "4711-B"}
    assert server.requests[-1].images, "what does not fit as text goes as pages"

"""What `get` gave may be set again, and be sent to whoever takes text alone: the messages behind it are still there."""

from __future__ import annotations

import copy
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import (
    ChatMessage,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)
from llama_index.memory.glyph import GlyphMemory, GlyphOpenAILike, PageImageBlock
from PIL import Image

from glyph_memory import FoldPolicy, GlyphMemoryWarning, RequestPlan
from glyph_memory import GlyphMemory as Conversation
from tests.llama_index.conftest import Clients, Serve

_PNG = BytesIO()
Image.new("RGB", (40, 30), "red").save(_PNG, "PNG")
NEW = ChatMessage(role="user", content="And the gate?")


@pytest.fixture(params=["chat store", "database"])
def any_memory(request: pytest.FixtureRequest, tmp_path: Path, policy: FoldPolicy) -> GlyphMemory:
    """Return an empty memory over each kind of store."""
    if request.param == "database":
        return GlyphMemory.from_store(tmp_path / "chat.db", "alice", policy=policy)
    return GlyphMemory.from_defaults(policy=policy)


@pytest.fixture
def odd() -> list[ChatMessage]:
    """Return messages that are not sent as they came: escaped, named, with reasoning, calls in words and pictures."""
    call = ToolCallBlock(tool_call_id="c1", tool_name="look", tool_kwargs='{ "at": "gate" }')
    return [
        ChatMessage(role="system", content="You are <|image|>."),
        ChatMessage(role="system", content="Be short."),
        ChatMessage(role="user", content="§3 is <|image|>", additional_kwargs={"name": "alice"}),
        ChatMessage(role="assistant", blocks=[ThinkingBlock(content="hm"), TextBlock(text="Yes."), call]),
        ChatMessage(
            role="tool",
            blocks=[TextBlock(text="seen"), ImageBlock(image=_PNG.getvalue())],
            additional_kwargs={"tool_call_id": "c1", "name": "look"},
        ),
        ChatMessage(role="user", content="Thanks."),
    ]


@pytest.mark.parametrize("way", [list, copy.deepcopy], ids=["itself", "a deep copy"])
def test_what_get_gave_may_be_set(
    any_memory: GlyphMemory,
    way: Callable[[list[ChatMessage]], list[ChatMessage]],
    talk: list[ChatMessage],
    odd: list[ChatMessage],
) -> None:
    """However often, and with messages behind it: all are kept as they were put, those on pages, too."""
    any_memory.put_messages([*odd[:2], *talk, *odd[2:]])
    before = any_memory.get_all()
    for _ in range(2):
        sent = any_memory.get()
        assert any(isinstance(block, PageImageBlock) for message in sent for block in message.blocks)
        any_memory.set(way(sent))
        assert any_memory.get_all() == before
    any_memory.set([*way(any_memory.get()), NEW])
    assert any_memory.get_all() == [*before, NEW]


def test_what_is_left_out_of_it_is_gone(any_memory: GlyphMemory, talk: list[ChatMessage]) -> None:
    """What `get` gave stands message by message for what was put."""
    one = ChatMessage(role="assistant", content="one")
    any_memory.put_messages([*talk, one, NEW])
    *rest, last = any_memory.get()
    assert last.content == NEW.content
    any_memory.set(rest)
    assert any_memory.get_all() == [*talk, one]


def test_what_an_agent_writes_into_the_newest_message_is_kept(any_memory: GlyphMemory) -> None:
    """Round the words as they came, not as they are sent."""
    any_memory.put(ChatMessage(role="user", content="§3 is open"))
    (sent,) = any_memory.get()
    (block,) = sent.blocks
    assert isinstance(block, TextBlock)
    assert block.text == "§\\3 is open"
    block.text = f"State: 1\n{block.text}"
    any_memory.set([sent])
    assert [message.content for message in any_memory.get_all()] == ["State: 1\n§3 is open"]


def test_words_are_escaped_once_on_their_way(
    any_memory: GlyphMemory, serve: Serve, clients: Clients, talk: list[ChatMessage]
) -> None:
    """By the memory or by the LLM, with pages and without."""
    server = serve()
    llm = GlyphOpenAILike(api_base=server.base_url, api_key="x", **clients())
    for history in ([], talk):
        any_memory.set([*history, ChatMessage(role="assistant", content="No."), *[NEW] * 2])
        any_memory.put(ChatMessage(role="user", content="§3 is <|image|>?"))
        llm.chat(any_memory.get())
        assert server.requests[-1].question.endswith("§\\3 is <\\|image|>?")


async def test_an_agent_that_is_given_the_request_as_history_keeps_all_of_it(
    any_memory: GlyphMemory, serve: Serve, clients: Clients, talk: list[ChatMessage]
) -> None:
    """`chat_history=memory.get()` sets it."""
    server = serve(answer=lambda request: "Open.")
    any_memory.put_messages(talk)
    agent = FunctionAgent(llm=GlyphOpenAILike(api_base=server.base_url, api_key="x", **clients()))
    await agent.run(NEW.content, chat_history=any_memory.get(), memory=any_memory)
    assert any_memory.get_all()[: len(talk)] == talk


def test_a_server_that_takes_no_images_is_sent_all_of_it_in_words(
    any_memory: GlyphMemory, serve: Serve, clients: Clients, talk: list[ChatMessage], policy: FoldPolicy
) -> None:
    """The messages themselves, and no line that announces a page."""
    server = serve(takes_images=False)
    llm = GlyphOpenAILike(api_base=server.base_url, api_key="x", policy=policy, **clients())
    any_memory.put_messages([*talk, NEW])
    with pytest.warns(GlyphMemoryWarning, match="in words from now on, all of it"):
        llm.chat(any_memory.get())
    sent = str(server.requests[-1].body["messages"])
    said = [message.content for message in talk if message.role == MessageRole.USER]
    assert all(repr(text)[1:-1] in sent for text in said if text)
    assert "images below" not in sent


def test_a_request_stands_for_what_was_there_whoever_adds_meanwhile(
    tmp_path: Path, policy: FoldPolicy, talk: list[ChatMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process adds right after the request was planned."""
    memory, other = (GlyphMemory.from_store(tmp_path / "chat.db", policy=policy) for _ in range(2))
    memory.put_messages(talk)
    plan_request = Conversation.plan_request

    def plan_and_add(conversation: Conversation) -> RequestPlan:
        plan = plan_request(conversation)
        other.put_messages([NEW, *talk[:8]])
        return plan

    monkeypatch.setattr(Conversation, "plan_request", plan_and_add)
    memory.set(memory.get())
    assert memory.get_all() == talk

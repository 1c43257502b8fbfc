"""Tools' calls as they are sent: arguments are an object, whichever way they came, and whoever kept them."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage, TextBlock, ToolCallBlock
from llama_index.memory.glyph import GlyphMemory, GlyphOpenAILike, PageImageBlock, message_of, turn_of
from llama_index.memory.glyph.history import restore_history

from glyph_memory import FoldPolicy, ToolCall, Turn
from glyph_memory.testing import FakeVLMServer

PagesOf = Callable[[Sequence[ChatMessage]], list[PageImageBlock]]
COMPACT = '{"at":["gate",{"n":1.50}],"why":"ü"}'
"""As some models spell it, and not as Python does."""


def hold(arguments: dict[str, Any] | str) -> list[ChatMessage]:
    """Return a talk with one call that has these arguments."""
    call = ToolCallBlock(tool_call_id="c1", tool_name="look", tool_kwargs=arguments)
    return [
        ChatMessage(role="user", content="Look."),
        ChatMessage(role="assistant", blocks=[TextBlock(text="Yes."), call]),
        ChatMessage(role="tool", content="All is well.", additional_kwargs={"tool_call_id": "c1"}),
    ]


def find_arguments(messages: Sequence[ChatMessage]) -> object:
    """Return the arguments of the only call in messages."""
    (call,) = [block for one in messages for block in one.blocks if isinstance(block, ToolCallBlock)]
    return call.tool_kwargs


@pytest.fixture(params=["chat store", "core store"])
def keep(request: pytest.FixtureRequest, policy: FoldPolicy, tmp_path: Path) -> GlyphMemory:
    """Return an empty memory, over LlamaIndex's store in memory or over our database."""
    if request.param == "core store":
        return GlyphMemory.from_store(tmp_path / "chat.db", policy=policy)
    return GlyphMemory.from_defaults(policy=policy)


@pytest.mark.parametrize("given", [COMPACT, json.loads(COMPACT), "{}", {}])
def test_arguments_are_sent_as_an_object_and_kept_as_they_came(
    keep: GlyphMemory, given: dict[str, Any] | str
) -> None:
    """Ollama, Gemini and others refuse a string, which OpenAI's servers gave."""
    keep.put_messages(hold(given))
    found = find_arguments(keep.get())
    assert isinstance(found, dict)
    assert found == (json.loads(given) if isinstance(given, str) else given)
    kept = find_arguments(keep.get_all())
    assert kept == given
    assert type(kept) is type(given)


@pytest.mark.parametrize("given", ["[1, 2", "[1]", '"a"', "look there"])
def test_arguments_that_are_no_object_are_sent_within_one(keep: GlyphMemory, given: str) -> None:
    """A server that parses them would refuse the whole request; what is kept stays as the model wrote it."""
    keep.put_messages(hold(given))
    assert find_arguments(keep.get()) == {"arguments": given}
    assert find_arguments(keep.get_all()) == given
    turn = Turn(role="assistant", tool_calls=(ToolCall(name="look", arguments=given, id="c1"),))
    assert find_arguments([message_of(turn)]) == given


def test_a_special_token_within_arguments_is_broken_however_deep(keep: GlyphMemory) -> None:
    """In keys and in values."""
    keep.put_messages(hold({"a": [{"<|user|>": "<|image|>"}], "b": 7}))
    sent = find_arguments(keep.get())
    assert isinstance(sent, dict)
    assert sent["b"] == 7
    assert "<|user|>" not in json.dumps(sent)
    assert "<|image|>" not in json.dumps(sent)
    assert "image" in json.dumps(sent)


def test_a_turn_of_a_store_gives_an_object(keep: GlyphMemory) -> None:
    """As for turns that came into the database another way."""
    turn = Turn(role="assistant", tool_calls=(ToolCall(name="look", arguments=COMPACT, id="c1"),))
    assert find_arguments([message_of(turn)]) == json.loads(COMPACT)
    assert turn_of(message_of(turn)) == turn


def test_what_was_sent_is_known_again_by_its_spelling(
    policy: FoldPolicy, pages_of: PagesOf, talk: list[ChatMessage]
) -> None:
    """An LLM that folds copies draws the memory's very pages; also of copies of copies."""
    said = [*hold(COMPACT), *talk[:2]]
    memory = GlyphMemory.from_defaults(policy=policy, chat_history=said)
    sent = memory.get()
    assert not pages_of(sent)
    for copied in (sent, copy.deepcopy(sent), pickle.loads(pickle.dumps(sent))):  # noqa: S301 - made here
        turns = [turn_of(message) for message in restore_history(copied).history]
        assert turns == [turn_of(message) for message in said]
    sent[1].blocks[-1].tool_kwargs["more"] = 1  # type: ignore[union-attr, index]  # an agent's own doing
    assert "more" in turn_of(sent[1]).tool_calls[0].arguments


def test_the_wire_has_json(
    serve: Callable[..., FakeVLMServer], glyph_llm: Callable[..., GlyphOpenAILike]
) -> None:
    """OpenAI's API wants a string; LlamaIndex writes one of the object."""
    server = serve()
    glyph_llm(server).chat([*hold(COMPACT), ChatMessage(role="user", content="And?")])
    (call,) = server.requests[0].body["messages"][1]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == json.loads(COMPACT)

"""Claims about how pictures are spelled for clients that hand blocks on as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain.agents.middleware import ModelRequest, ModelResponse
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_glyph_memory import (
    GlyphChatMessageHistory,
    GlyphLoader,
    GlyphMemoryMiddleware,
    fold_messages,
    to_content_blocks,
)

from glyph_memory import FoldPolicy, PolicyError

TALK: list[BaseMessage] = [
    HumanMessage("Where is the parcel? " * 60),
    AIMessage("Behind the ladder. " * 60),
] * 6
OWN: dict[str, Any] = {"type": "image", "url": "https://a.b/c.png"}


class ChatHuggingFace(FakeListChatModel):
    """Called as the client that hands blocks on."""


class Mine(ChatHuggingFace):
    """One of somebody's own, made of it."""


def kinds(messages: list[Any]) -> list[str]:
    """Return the kinds of all blocks but texts."""
    found = [block for message in messages if isinstance(message.content, list) for block in message.content]
    return [block["type"] for block in found if block["type"] != "text"]


def sent(model: Any, policy: FoldPolicy, **options: Any) -> list[Any]:
    """Return what middleware sends to a model."""
    seen: list[Any] = []

    def handler(request: Any) -> ModelResponse[Any]:
        seen.extend(request.messages)
        return ModelResponse(result=[AIMessage("Yes.")])

    last = HumanMessage([{"type": "text", "text": "This one?"}, OWN])
    request = ModelRequest(model=model, messages=[*TALK, last], state={"messages": []})  # type: ignore[list-item]  # any message
    GlyphMemoryMiddleware("glyph", policy=policy, **options).wrap_model_call(request, handler)
    return seen


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        (FakeListChatModel, {}, "image"),
        (ChatHuggingFace, {}, "image_url"),
        (Mine, {}, "image_url"),
        (ChatHuggingFace, {"image_blocks": "standard"}, "image"),
        (FakeListChatModel, {"image_blocks": "image_url"}, "image_url"),
    ],
)
def test_middleware_spells_pictures_as_the_client_wants_them(
    early: FoldPolicy, kind: Any, options: Any, expected: str
) -> None:
    """By its class, or as it is told: pages and the user's own alike, with data and by their address."""
    found = sent(kind(responses=["Yes."]), early, **options)
    assert set(kinds(found)) == {expected}
    assert len(kinds(found)) > 1
    addresses = [
        block["image_url"]["url"]
        for block in found[-1].content
        if isinstance(block, dict) and block["type"] == "image_url"
    ]
    if expected == "image_url":
        assert addresses[-1] == OWN["url"]
        assert str(found).count("data:image/png;base64,iVBOR") == len(kinds(found)) - 1


def test_a_chat_history_spells_them_so(early: FoldPolicy) -> None:
    """What is stored stays as it was."""
    with GlyphChatMessageHistory("alice", ":memory:", policy=early, image_blocks="image_url") as history:
        history.add_messages([*TALK, HumanMessage([OWN])])
        assert set(kinds(history.messages)) == {"image_url"}
        assert history.all_messages[-1].content == [OWN]


def test_documents_are_spelled_so() -> None:
    """Their text is what it is."""
    pages = GlyphLoader.from_text("It opens at nine.", source="museum.txt").load()
    text, picture = to_content_blocks(pages, image_blocks="image_url")
    assert text["type"] == "text"
    assert picture["image_url"]["url"].startswith("data:image/png;base64,iVBOR")
    assert picture.keys() == {"type", "image_url"}


@pytest.mark.parametrize(
    "make",
    [
        lambda: GlyphMemoryMiddleware("glyph", image_blocks="openai"),  # type: ignore[arg-type]
        lambda: fold_messages([("user", "Hello.")], image_blocks="openai"),  # type: ignore[call-overload]
        lambda: to_content_blocks([], image_blocks="openai"),  # type: ignore[arg-type]
        lambda: GlyphChatMessageHistory("ada", ":memory:", image_blocks="openai"),  # type: ignore[arg-type]
    ],
)
def test_another_spelling_is_refused(make: Callable[[], object]) -> None:
    """By whatever takes it, in one line."""
    with pytest.raises(PolicyError, match="image_blocks='openai' is neither 'standard' nor 'image_url'"):
        make()

"""Claims about the counter: what the model charges, whatever shape a message has, wherever LangChain counts."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from langchain.agents.middleware import ClearToolUsesEdit, ContextEditingMiddleware, SummarizationMiddleware
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
    trim_messages,
)
from langchain_core.tools import BaseTool
from langchain_glyph_memory import GlyphMemoryMiddleware, counting, glyph_token_counter
from langgraph.runtime import Runtime

from glyph_memory import Binder, FoldPolicy, GlyphMemoryWarning, ModelProfile, Page, ProfileError, typeset
from glyph_memory.testing import FakeVLMServer

GLYPH = ModelProfile.from_name("glyph")


@pytest.fixture(scope="module")
def page() -> Page:
    """A full page."""
    return next(iter(typeset("The parcel left the second floor at noon. " * 300)))


def _shapes(data: bytes) -> list[dict[str, Any]]:
    text = base64.b64encode(data).decode()
    url = f"data:image/png;base64,{text}"
    return [
        {"type": "image", "base64": text, "mime_type": "image/png"},
        {"type": "image", "source_type": "base64", "data": text, "mime_type": "image/png"},
        {"type": "image_url", "image_url": {"url": url}},
        {"type": "input_image", "image_url": url},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": text}},
        {"type": "file", "base64": text, "mime_type": "image/png"},
        {"type": "non_standard", "value": {"type": "input_image", "image_url": url}},
    ]


@pytest.mark.parametrize("shape", range(7))
def test_a_page_costs_what_the_model_charges_for_its_pixels(page: Page, shape: int) -> None:
    """LangChain's own counter charges 85 tokens for one, or a hundred thousand, by the block's shape."""
    count = glyph_token_counter("glyph")
    block = _shapes(page.png())[shape]
    text: dict[str, Any] = {"type": "text", "text": "Look:"}
    alone = count([HumanMessage([text])])
    assert count([HumanMessage([text, block])]) - alone == GLYPH.image_tokens(page.size)


def test_data_that_is_no_picture_is_never_counted_as_text() -> None:
    """What a recording of a megabyte costs is not known, and that is said."""
    sound = {"type": "audio", "base64": "A" * 1_000_000, "mime_type": "audio/wav"}
    with pytest.warns(GlyphMemoryWarning, match="tokens of 'audio/wav' cannot be counted"):
        assert glyph_token_counter("glyph")([HumanMessage([sound])]) < 60


def test_files_cost_what_is_in_them() -> None:
    """A PDF as a picture a page, a table as its text; neither its base64."""
    count, lines = glyph_token_counter("glyph"), "a,b,c\n" * 300
    pdf = base64.b64encode(b"%PDF-1.7 " + b"/Type /Page\n" * 3).decode()
    table = base64.b64encode(lines.encode()).decode()
    file: dict[str, Any] = {"type": "file", "base64": pdf, "mime_type": "application/pdf"}
    page_tokens = GLYPH.image_tokens((1024, 1024), images=1)
    assert 3 * page_tokens <= count([HumanMessage([file])]) < 3.1 * page_tokens
    file = {"type": "file", "base64": table, "mime_type": "text/csv"}
    assert 0 <= count([HumanMessage([file])]) - GLYPH.text_tokens(lines) < 20


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image", "url": "https://a.b/c.png"},
        {"type": "image", "file_id": "f"},
        {"type": "image", "base64": "AAAA"},
    ],
)
def test_a_picture_that_nobody_has_seen_is_charged_too(block: dict[str, Any]) -> None:
    """As one of 1024 × 1024 pixels: the server will load it."""
    assert glyph_token_counter("glyph")([HumanMessage([block])]) >= GLYPH.image_tokens((1024, 1024))


def test_tool_calls_count_whatever_stands_beside_them() -> None:
    """LangChain's own counter forgets them where the content is a list."""
    calls = [{"name": "look_up", "args": {"query": "parcel " * 200}, "id": "1"}]
    count = glyph_token_counter("glyph")
    as_text, as_list = count([AIMessage("", tool_calls=calls)]), count([AIMessage([], tool_calls=calls)])
    assert as_text == as_list > 200


def test_more_is_never_cheaper(look_up: BaseTool) -> None:
    """Messages of every spelling count, and so do tools."""
    count = glyph_token_counter(GLYPH)
    said: list[Any] = [
        ("system", "Be brief."),
        {"role": "user", "content": "Where?"},
        AIMessage("There."),
        "And?",
    ]
    costs = [count(said[:length]) for length in range(5)]
    assert costs[0] == 0
    assert costs == sorted(set(costs))
    assert count(iter(said)) == costs[-1]
    assert count(said, tools=[look_up]) > costs[-1]
    assert count(said, tools=None) == costs[-1]


def test_an_unknown_model_is_refused_at_once() -> None:
    """Not in the middle of an agent's run."""
    with pytest.raises(ProfileError, match="no model profile"):
        glyph_token_counter("no-such-model")


def _history(page: Page) -> list[BaseMessage]:
    block = _shapes(page.png())[0]
    return [
        SystemMessage("Be brief."),
        HumanMessage([{"type": "text", "text": "One."}, block]),
        AIMessage("Two."),
        HumanMessage([{"type": "text", "text": "Three."}, block]),
    ]


def test_trim_messages_keeps_as_many_pages_as_fit(page: Page) -> None:
    """With a budget for one page, one is kept."""
    budget = GLYPH.image_tokens(page.size) + 100
    kept = trim_messages(_history(page), max_tokens=budget, token_counter=glyph_token_counter("glyph"))
    assert [message.type for message in kept] == ["ai", "human"]
    assert len(trim_messages(_history(page), max_tokens=3 * budget, token_counter=glyph_token_counter())) == 4


def test_a_summarizer_triggers_by_what_pages_really_cost(
    page: Page, server: FakeVLMServer, chat: Any, agent: Any
) -> None:
    """It summarizes where the pages are over its limit, and leaves them alone where they are not."""
    cost = 2 * GLYPH.image_tokens(page.size)
    for limit, calls in ((cost, 1), (2 * cost, 0)):
        server.requests.clear()
        summarizer = SummarizationMiddleware(
            chat(server),
            trigger=("tokens", limit),
            keep=("messages", 1),
            token_counter=glyph_token_counter("glyph"),
        )
        agent(server, summarizer).invoke({"messages": _history(page)[1:]})
        assert len([one for one in server.requests if "tools" not in one.body]) == calls


def test_context_editing_clears_by_what_results_really_cost(
    page: Page, server: FakeVLMServer, agent: Any
) -> None:
    """A tool's result that is a picture is cleared where it is over the limit."""
    call = {"name": "look_up", "args": {"order": "1"}, "id": "1"}
    shown = ToolMessage([_shapes(page.png())[0]], tool_call_id="1")
    history = [HumanMessage("Look."), AIMessage("", tool_calls=[call]), shown]
    for limit, images in ((GLYPH.image_tokens(page.size), 0), (2 * GLYPH.image_tokens(page.size), 1)):
        edit = ClearToolUsesEdit(trigger=limit, keep=0)
        editing = ContextEditingMiddleware(edits=[edit], token_counter=glyph_token_counter("glyph"))
        agent(server, editing).invoke({"messages": history})
        assert len(server.requests[-1].images) == images


def test_a_message_is_counted_once_however_often_it_is_asked_for(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A summarizer asks some thirty times; copies and other counters of the model find the count, edits do not."""
    counted: list[str] = []
    anew = counting._count_anew

    def count_anew(message: BaseMessage, binder: Binder) -> tuple[int, bool]:
        counted.append(message.text)
        return anew(message, binder)

    monkeypatch.setattr(counting, "_count_anew", count_anew)
    said: list[Any] = [
        HumanMessage(
            [{"type": "text", "text": f"Never said before: {page.digest} {number}"}, _shapes(page.png())[0]]
        )
        for number in range(40)
    ]
    summarizer = SummarizationMiddleware(
        FakeListChatModel(responses=["Parcels."]),
        trigger=("tokens", 1_000),
        keep=("tokens", 2_000),
        token_counter=glyph_token_counter("glyph"),
    )
    assert summarizer.before_model({"messages": said}, Runtime())
    assert sum("Never said before" in text for text in counted) == len(said)
    asked = len(counted)
    first = glyph_token_counter("glyph")([message.model_copy(deep=True) for message in said])
    assert len(counted) == asked
    said[0] = said[0].model_copy(update={"content": "Now it says more than that. " * 900})
    assert glyph_token_counter("glyph")(said) > first
    assert len(counted) == asked + 1


def test_models_do_not_share_counts() -> None:
    """Another model charges another price for the same page."""
    said = [HumanMessage([{"type": "image", "url": "https://a.b/never-counted-before.png"}])]
    counts = {name: glyph_token_counter(name)(said) for name in ("glyph", "qwen3-vl", "glyph")}
    assert counts["glyph"] != counts["qwen3-vl"]


def test_what_cannot_be_counted_is_warned_of_each_time() -> None:
    """The second counter of the same recording has a user, too."""
    sound = HumanMessage([{"type": "audio", "base64": "AAAA" * 9, "mime_type": "audio/wav"}])
    for _ in range(2):
        with pytest.warns(GlyphMemoryWarning, match="cannot be counted"):
            glyph_token_counter("glyph")([sound])


def test_the_middlewares_counter_counts_recent_messages_once(
    early: FoldPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A history that grew by one message costs that one, and its pages nothing."""
    said = [HumanMessage(f"Never asked before: where is parcel {number}? " * 20) for number in range(30)]
    count = GlyphMemoryMiddleware("glyph", policy=early).token_counter
    before = count(said[:-1])
    counted, anew = list[BaseMessage](), counting._count_anew

    def count_anew(message: BaseMessage, binder: Binder) -> tuple[int, bool]:
        counted.append(message)
        return anew(message, binder)

    monkeypatch.setattr(counting, "_count_anew", count_anew)
    assert count(said[:-1]) == before
    assert counted == []
    assert count(said) > before
    assert len(counted) <= 2

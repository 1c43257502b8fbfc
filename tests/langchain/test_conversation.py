"""Claims about `fold_conversation`: a bookmark that the caller keeps, wherever that is."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Annotated, Any, TypedDict
from uuid import uuid4

import pytest
from langchain_core.messages import BaseMessage, HumanMessage, messages_from_dict, messages_to_dict
from langchain_glyph_memory import (
    FoldedConversation,
    afold_conversation,
    fold_conversation,
    fold_messages,
    folding,
    guarding,
)
from langchain_glyph_memory.messages import to_message
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.graph.message import add_messages

from glyph_memory import FoldPolicy, GlyphMemoryWarning
from glyph_memory.testing import FakeVLMServer, agent_conversation


@pytest.fixture
def small(early: FoldPolicy) -> FoldPolicy:
    """A window that a hundred turns fill, so that the oldest pages leave."""
    return replace(early, window_tokens=3_000)


@pytest.fixture
def history() -> list[BaseMessage]:
    """Ninety turns of an agent's work."""
    return [to_message(turn) for turn in agent_conversation(turns=90)]


def fold_anew(messages: Any, kept: Any = None, **options: Any) -> FoldedConversation:
    """Fold as a new process would, with what came over the wire: nothing is remembered but the bookmark."""
    folding._get_folding.cache_clear()
    guarding._get_guard.cache_clear()
    sent = messages_from_dict(json.loads(json.dumps(messages_to_dict(messages))))
    return fold_conversation(sent, json.loads(json.dumps(kept)), **options)


def images(folded: FoldedConversation) -> list[str]:
    """Return the pages that are sent."""
    blocks = [block for message in folded.messages for block in message.content if isinstance(block, dict)]
    return [block["base64"] for block in blocks if block["type"] == "image"]


def mint_ids(messages: list[BaseMessage]) -> list[BaseMessage]:
    """Return messages with ids of their own, as a server makes them that is sent no ids."""
    return [message.model_copy(update={"id": str(uuid4())}) for message in messages]


def no_warning(seen: pytest.WarningsRecorder) -> bool:
    """Return whether nobody was warned."""
    return not [one for one in seen if issubclass(one.category, GlyphMemoryWarning)]


def test_processes_that_pass_a_bookmark_on_send_what_one_process_sends(
    small: FoldPolicy, history: list[BaseMessage], recwarn: pytest.WarningsRecorder
) -> None:
    """Message for message, also once the oldest pages left, with ids minted anew on each call; nobody is warned."""
    kept: Any = None
    steps = range(15, len(history) + 1, 15)
    expected = []
    for length in steps:
        folded = fold_conversation(history[:length], kept, policy=small)
        kept = folded.bookmark
        expected.append((folded.messages, folded.report))
    kept = None
    for length, (messages, report) in zip(steps, expected, strict=True):
        folded = fold_anew(mint_ids(history[:length]), kept, policy=small)
        kept = folded.bookmark
        assert [one.content for one in folded.messages] == [one.content for one in messages]
        assert folded.report == report
    assert folded.report.evicted_turns > 20
    assert folded.report.generation > 1
    assert len(json.dumps(kept)) < 20_000
    assert no_warning(recwarn)


def test_a_short_history_has_no_bookmark_and_is_sent_as_it_is(history: list[BaseMessage]) -> None:
    """Nothing to keep, nothing changed; the report counts it."""
    folded = fold_conversation(history[:4])
    assert folded.bookmark is None
    assert all(one is before for one, before in zip(folded.messages, history[:4], strict=True))
    assert (folded.report.pages, folded.report.recent_turns, folded.report.sealed) == (0, 3, None)
    assert folded.report.prompt_tokens > 0


def test_without_a_bookmark_it_sends_what_fold_messages_sends(
    early: FoldPolicy, history: list[BaseMessage]
) -> None:
    """In whatever form the messages come."""
    said = [("system", "Be brief.")] + [
        (role, f"{number}: where is it? " * 20) for number in range(20) for role in ("user", "assistant")
    ]
    for messages in (history, said):
        folded = fold_conversation(messages, policy=early)
        assert folded.messages == fold_messages(messages, policy=early)
        assert folded.report.pages == len(images(folded)) > 2


def test_pictures_are_spelled_as_the_client_wants_them(early: FoldPolicy, history: list[BaseMessage]) -> None:
    """For clients that hand blocks on as they are; the bookmark is the same."""
    folded = fold_conversation(history, policy=early, image_blocks="image_url")
    kinds = {str(block["type"]) for block in folded.messages[1].content if isinstance(block, dict)}
    assert kinds == {"text", "image_url"}
    assert folded.messages == fold_messages(history, policy=early, image_blocks="image_url")
    assert folded.bookmark == fold_conversation(history, policy=early).bookmark


async def test_awaited_it_does_the_same(early: FoldPolicy, history: list[BaseMessage]) -> None:
    """Messages, bookmark, report."""
    before = fold_conversation(history[:80], policy=early)
    assert await afold_conversation(history[:80], policy=early) == before
    assert await afold_conversation(history, before.bookmark, policy=early) == fold_conversation(
        history, before.bookmark, policy=early
    )


@pytest.mark.parametrize("change", ["edited", "redacted", "removed", "cut"])
def test_a_history_that_changed_is_folded_anew_from_there(
    early: FoldPolicy, history: list[BaseMessage], change: str
) -> None:
    """Pages before the change stay, none shows what was there, and the user is told; a history cut short is fine."""
    before = fold_conversation(history, policy=early)
    place = 30
    changed = {
        "edited": [
            *history[:place],
            history[place].model_copy(update={"content": "Gone."}),
            *history[place + 1 :],
        ],
        "redacted": [message.model_copy(deep=True) for message in history],
        "removed": [*history[:place], *history[place + 2 :]],
        "cut": history[: place + 1],
    }[change]
    if change == "redacted":
        changed[place].content = "[redacted]"
    with pytest.warns(GlyphMemoryWarning, match=r"of \d+ seals no longer match"):
        after = fold_anew(changed, before.bookmark, policy=early)
    same = [one == other for one, other in zip(images(before), images(after), strict=False)]
    assert 0 < same.index(False) < 8 if change != "cut" else all(same)
    with_ours = fold_anew([*changed, HumanMessage("And now?")], after.bookmark, policy=early)
    assert images(with_ours)[: len(images(after))] == images(after)


@pytest.mark.parametrize("unreadable", [{}, [1], "x", {"seals": 3}, {"seals": [{}]}, 7])
def test_an_unreadable_bookmark_is_ignored_with_a_warning(
    early: FoldPolicy, history: list[BaseMessage], unreadable: Any
) -> None:
    """It is as if there were none."""
    with pytest.warns(GlyphMemoryWarning, match="the bookmark is none of this version"):
        folded = fold_conversation(history[:60], unreadable, policy=early)
    assert folded == fold_conversation(history[:60], policy=early)


@pytest.mark.parametrize(
    ("field", "damage"), [("pages", [{}]), ("anchors", ["x"]), ("tokens", []), ("ledger", [3]), ("calls", 3)]
)
def test_a_damaged_bookmark_is_ignored_with_a_warning_too(
    early: FoldPolicy, history: list[BaseMessage], field: str, damage: Any
) -> None:
    """Wherever the damage shows; no error is raised for it."""
    kept: Any = copy.deepcopy(fold_conversation(history[:60], policy=early).bookmark)
    kept["seals"][0][field] = damage
    with pytest.warns(GlyphMemoryWarning):
        folded = fold_anew(history[:60], kept, policy=early)
    assert images(folded) == images(fold_conversation(history[:60], policy=early))


def test_another_conversations_bookmark_is_told_and_shows_nothing_of_it(
    early: FoldPolicy, history: list[BaseMessage]
) -> None:
    """Every page is of the messages that were given."""
    other = [
        (role, f"{number}: The gate code is 4711-B. " * 20) for number in range(20) for role in ("user", "ai")
    ]
    kept = fold_conversation(other, policy=early).bookmark
    with pytest.warns(GlyphMemoryWarning, match="no longer match"):
        folded = fold_conversation(history, kept, policy=early)
    texts = [str(block.get("text")) for block in folded.messages[1].content if isinstance(block, dict)]
    assert "4711-B" not in " ".join(texts)
    assert set(images(folded)).isdisjoint(images(fold_conversation(other, policy=early)))


def test_what_is_wrong_without_a_bookmark_is_raised(history: list[BaseMessage]) -> None:
    """And with one, too: an error of the options is none of the bookmark's."""
    kept = {"seals": [], "evicted": [], "evicted_names": "", "highest_sealed_anchor": 9, "generation": 2}
    for mark in (None, kept):
        with pytest.raises(TypeError, match="says nothing"):
            fold_conversation([*history, BaseMessage("x", type="remove")], mark)


class ChatState(TypedDict):
    """What a graph of one's own keeps."""

    messages: Annotated[list[Any], add_messages]
    pages: dict[str, Any] | None


def test_a_graph_of_ones_own_keeps_the_bookmark_in_its_state(
    small: FoldPolicy, server: FakeVLMServer, chat: Any, holds_png: Any
) -> None:
    """The model sees pages, also of a thread that goes on in a new process; the checkpoint holds none."""
    model = chat(server)

    def call_model(state: ChatState) -> dict[str, Any]:
        folded = fold_conversation(state["messages"], state.get("pages"), policy=small)
        return {"messages": [model.invoke(folded.messages)], "pages": folded.bookmark}

    graph: Any = StateGraph(ChatState)
    graph.add_node("model", call_model)
    graph.add_edge(START, "model")
    saver = InMemorySaver()
    agent = graph.compile(checkpointer=saver)
    where = {"configurable": {"thread_id": "1"}}
    before: list[str] = []
    for number in range(8):
        folding._get_folding.cache_clear()
        asked = f"{number}: where is order ORD-{number}? The customer asks again. " * 12
        state = agent.invoke({"messages": [("user", asked)]}, where)
        shown = [image.digest for image in server.requests[-1].images]
        assert shown[: len(before)] == before
        before = shown
    assert len(before) >= 2
    assert len(state["messages"]) == 16
    assert not holds_png([saver.storage, saver.blobs, saver.writes])

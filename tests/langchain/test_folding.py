"""Claims about `fold_messages`: a function, or a step of a chain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_glyph_memory import (
    GlyphMemoryMiddleware,
    fold_conversation,
    fold_messages,
    glyph_token_counter,
)
from langchain_glyph_memory.messages import to_message

from glyph_memory import FoldPolicy, GlyphMemoryWarning
from glyph_memory.testing import FakeVLMServer, agent_conversation


@pytest.fixture
def history() -> list[BaseMessage]:
    """Sixty turns of an agent's work."""
    return [to_message(turn) for turn in agent_conversation(turns=60)]


def blocks(messages: list[BaseMessage]) -> list[dict[Any, Any]]:
    """Return the blocks of the message that holds the pages."""
    return [block for block in messages[1].content if isinstance(block, dict)]


def test_old_messages_become_pages_and_recent_ones_stay(
    early: FoldPolicy, history: list[BaseMessage]
) -> None:
    """Behind the system's message; what is recent are the objects that were given."""
    found = fold_messages(history, policy=early)
    assert found[0] is history[0]
    assert [block["type"] for block in blocks(found)].count("image") >= 2
    assert found[-1] is history[-1]
    assert len(found) < len(history) // 2


def test_pages_stay_what_they_are_while_the_history_grows(
    early: FoldPolicy, history: list[BaseMessage]
) -> None:
    """One by one or at once: the longer history's pages begin with the shorter one's, byte for byte."""
    before: list[dict[Any, Any]] = []
    for length in range(1, len(history) + 1):
        found = fold_messages(history[:length], policy=early)
        pages = [block for block in blocks(found) if block["type"] == "image"] if len(found) > 1 else []
        assert pages[: len(before)] == before
        before = pages
    fresh = fold_messages(history, policy=early, merge=False, captions="text")
    assert [block for block in blocks(fresh) if block["type"] == "image"] == before != []


async def test_as_a_step_of_a_chain_it_does_the_same(
    early: FoldPolicy, history: list[BaseMessage], server: FakeVLMServer, chat: Any
) -> None:
    """Called and awaited, behind a prompt's template, before a model."""
    step = fold_messages(policy=early)
    expected = fold_messages(history, policy=early)
    assert step.invoke(history) == await step.ainvoke(history) == expected
    prompt = ChatPromptTemplate.from_messages([("system", "Be brief."), ("placeholder", "{said}")])
    chain = prompt | step | chat(server)
    answers = chain.invoke({"said": history[1:]}), await chain.ainvoke({"said": history[1:]})
    assert answers[0].content == answers[1].content
    assert [len(request.images) for request in server.requests] == [len(server.requests[0].images)] * 2
    assert len(server.requests[0].images) >= 2


def test_whatever_langchain_takes_for_messages_is_taken() -> None:
    """Pairs, dictionaries, strings."""
    found = fold_messages(
        [("system", "Be brief."), {"role": "user", "content": "Hi."}, AIMessage("Hello."), "Bye."]
    )
    assert [message.type for message in found] == ["system", "human", "ai", "human"]


def test_an_empty_history_stays_empty() -> None:
    """Nothing is made up."""
    assert fold_messages([]) == []


def test_ids_that_are_missing_or_said_twice_do_no_harm(early: FoldPolicy) -> None:
    """A history is a sequence, not a table: each message counts by its place."""
    said = "The parcel left the second floor at noon and nobody has seen it since. " * 8
    named = [HumanMessage(f"{number}: {said}", id="same") for number in range(9)]
    nameless = [message.model_copy(update={"id": None}) for message in named]
    policy = replace(early, unseen="pages")
    found = fold_messages(named, policy=policy)
    assert [message.content for message in found] == [
        message.content for message in fold_messages(nameless, policy=policy)
    ]
    assert "image" in repr(found[0].content)


def test_an_edited_history_is_drawn_anew_from_there(early: FoldPolicy, history: list[BaseMessage]) -> None:
    """What comes before the edit keeps its pages; nothing old is shown of what was edited."""
    before = [block for block in blocks(fold_messages(history, policy=early)) if block["type"] == "image"]
    edited = [*history[:20], history[20].model_copy(update={"content": "Forget it."}), *history[21:]]
    after = [block for block in blocks(fold_messages(edited, policy=early)) if block["type"] == "image"]
    assert after[0] == before[0]
    assert after != before


def test_page_files_may_vanish(early: FoldPolicy, history: list[BaseMessage], tmp_path: Any) -> None:
    """They are drawn again, the same."""
    one = fold_messages(history, policy=early, pages=tmp_path / "one")
    files = [path for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert files
    for path in files:
        path.unlink()
    assert fold_messages(history, policy=early, pages=tmp_path / "one") == one
    assert fold_messages(history, policy=early, pages=tmp_path / "two") == one


def test_no_warning_is_given_for_what_is_fine(
    early: FoldPolicy, history: list[BaseMessage], recwarn: pytest.WarningsRecorder
) -> None:
    """A warning is for what the user should learn."""
    fold_messages(history, policy=early)
    assert not [one for one in recwarn if isinstance(one.message, GlyphMemoryWarning)]


def test_a_text_and_a_single_message_are_histories_as_for_chat_models() -> None:
    """A text is one message and not one a letter; the same for chains, bookmarks and counters."""
    said: Any = HumanMessage("Hello.")
    prompt = ChatPromptTemplate.from_messages([said]).invoke({})
    count = glyph_token_counter("glyph")
    for given in ("Hello.", said, [said], {"role": "user", "content": "Hello."}, prompt):
        assert [one.text for one in fold_messages(given, profile="glyph")] == ["Hello."]
        assert [one.text for one in fold_messages(profile="glyph").invoke(given)] == ["Hello."]
        assert [one.text for one in fold_conversation(given, profile="glyph").messages] == ["Hello."]
        assert count(given) == count([said]) == GlyphMemoryMiddleware("glyph").token_counter(given)


@pytest.mark.parametrize("given", [{"messages": []}, 5])
def test_what_is_no_history_is_refused_in_one_line_that_says_what_is(given: Any) -> None:
    """A whole state was taken for the messages that its keys spell."""
    for fold in (
        lambda: fold_messages(given),
        lambda: fold_messages(profile="glyph").invoke(given),
        lambda: fold_conversation(given),
        lambda: glyph_token_counter("glyph")(given),
    ):
        with pytest.raises(TypeError, match=r"is no history; give a list of messages, such as state\['mess"):
            fold()

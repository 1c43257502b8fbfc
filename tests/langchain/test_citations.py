"""Claims about what an answer cites: addresses reach the pages, and recent messages stay as they are."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_glyph_memory import fold_messages, turn_of
from langchain_glyph_memory.folding import make_folding

from glyph_memory import FoldPolicy, PageOptions

URL = "https://museum.example/hours?day=monday"


def answer(*blocks: dict[str, Any], id: str | None = None) -> AIMessage:  # what LangChain calls it
    """Return an answer of text blocks."""
    return AIMessage([{"type": "text", **block} for block in blocks], id=id)


@pytest.mark.parametrize(
    "block",
    [
        {"annotations": [{"type": "citation", "id": "lc_1", "url": URL, "title": "Hours"}]},
        {
            "annotations": [
                {"type": "url_citation", "url": URL, "title": "Hours", "start_index": 0, "end_index": 9}
            ]
        },
        {"annotations": [{"type": "url_citation", "url_citation": {"url": URL, "title": "Hours"}}]},
        {"annotations": [{"type": "non_standard_annotation", "value": {"url": URL, "title": " Hours\n"}}]},
        {
            "annotations": [
                {"type": "citation", "title": "Hours", "extras": {"location": {"web": {"url": URL}}}}
            ]
        },
        {
            "citations": [
                {"type": "web_search_result_location", "url": URL, "title": "Hours", "cited_text": "At"}
            ]
        },
        {
            "citations": [
                {"type": "search_result_location", "source": URL, "title": "Hours", "cited_text": "At"}
            ]
        },
    ],
)
def test_a_turn_names_what_the_answer_cites_whoever_wrote_it(block: dict[str, Any]) -> None:
    """In LangChain's standard shape, OpenAI's two, Anthropic's two, Bedrock's, and one that is none of them."""
    turn = turn_of(answer({"text": "It opens at nine.", **block}))
    assert turn.text == f"It opens at nine.\n(cited: Hours, {URL})"


def test_each_is_named_once_and_not_again_where_the_text_has_it() -> None:
    """Over all blocks; a longer address of the same beginning is another one; a document has its title alone."""
    cited = [{"type": "citation", "url": f"https://a.example/{name}"} for name in ("one", "two", "o")]
    paper = {"type": "char_location", "document_title": "Annual report", "cited_text": "At nine."}
    turn = turn_of(
        answer(
            {"text": "See https://a.example/one", "annotations": cited[:2]},
            {"text": ".", "annotations": cited, "citations": [paper]},
        )
    )
    told = "(cited: https://a.example/two; https://a.example/o; Annual report)"
    assert turn.text == f"See https://a.example/one.\n{told}"


@pytest.mark.parametrize("broken", [None, "x", {}, [None, 3, {}, {"url": 7}, {"title": " "}, {"value": "x"}]])
def test_broken_citations_do_no_harm(broken: Any) -> None:
    """The text is what it is."""
    assert turn_of(answer({"text": "Nine.", "annotations": broken, "citations": broken})).text == "Nine."


def test_pages_show_addresses_and_recent_answers_are_the_objects_that_they_are(early: FoldPolicy) -> None:
    """The text of the pages has them; what is sent of a recent answer has its annotations, and no line of ours."""
    said: list[BaseMessage] = []
    for number in range(12):
        cited = {"type": "citation", "url": f"https://a.example/{number}", "title": f"Page {number}"}
        said.append(HumanMessage(f"{number}: where is it?", id=f"q{number}"))
        said.append(answer({"text": "On the second floor. " * 12, "annotations": [cited]}, id=f"a{number}"))
    folded = make_folding(PageOptions(policy=early)).fold(said)
    assert "(cited: Page 0, https://a.example/0)" in folded.zoom("page 1").text
    sent = fold_messages(said, policy=early)
    assert sent[-1] is said[-1]
    assert "(cited:" not in str([message.content for message in sent[1:]])

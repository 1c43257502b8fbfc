"""What the benchmark of RAG tells is what arrived at the server."""

from __future__ import annotations

import asyncio

import pytest

import rag
from lib.rag_sides import OUTPUT_TOKENS, ask_langchain, ask_llama_index, make_chunks
from rag_tables import draw_rag


@pytest.fixture(autouse=True)
def no_loop_of_its_own() -> None:
    """Have LlamaIndex's synchronous verbs open a loop and close it, rather than leave one behind."""
    asyncio.set_event_loop(None)


def test_chunks_are_of_the_reference_and_as_many_as_asked_for() -> None:
    """Each of a size that a retriever gives."""
    chunks = make_chunks(20)
    assert len(chunks) == 20
    assert all(1_000 < len(chunk) < 6_000 for chunk in chunks)


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the frameworks leave their clients open
def test_pages_hold_more_in_one_call_than_text() -> None:
    """In a small window LlamaIndex asks twice with text; the count of chunks in the first call tells the same."""
    chunks = make_chunks(8)
    text, pages = (ask_llama_index(chunks, window=4096, is_pages=is_pages) for is_pages in (False, True))
    assert (text.images, pages.calls, pages.first) == (0, 1, 8)
    assert text.calls > 1
    assert text.first < 8
    assert pages.images > 0
    assert pages.tokens < text.tokens / 2


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_langchain_asks_once_and_what_fits_is_counted() -> None:
    """The answer's tokens are kept free."""
    asked = [ask_langchain(make_chunks(2)[:count], is_pages=False) for count in (1, 2)]
    assert [one.calls for one in asked] == [1, 1]
    assert [rag.count_fitting(asked, asked[1].tokens + OUTPUT_TOKENS - short) for short in (0, 1)] == [
        2,
        1,
    ]


def test_the_table_has_a_row_for_each_number_of_chunks() -> None:
    """Text beside pages, window by window; LangChain makes no second call."""
    row = {"text": 900, "pages": 300, "ratio": 3.0, "calls, text": 2, "calls, pages": 1}
    row |= {"in one call, text": 1, "in one call, pages": 2}
    rows = [
        {"framework": name, "chunks": 2, "window": window, **row}
        for name in ("LangChain", "LlamaIndex")
        for window in (10, 20)
    ]
    assert draw_rag({"rows": rows}).splitlines()[2:] == [
        "| LangChain, 2 | 900 | 300 | 3.00 | 1 / 2 | 1 / 2 | - |",
        "| LlamaIndex, 2 | 900 | 300 | 3.00 | 1 / 2 | 1 / 2 | 2 / 1 |",
    ]

"""`GlyphRetriever`: what was said, as documents."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from langchain_core.documents import Document
from langchain_core.load import dumps
from langchain_glyph_memory import GlyphDocumentCompressor, GlyphRetriever, to_content_blocks

from glyph_memory import FoldPolicy, GlyphMemory
from glyph_memory.testing import agent_conversation


@pytest.fixture
def memory(early: FoldPolicy) -> Iterator[GlyphMemory]:
    """A conversation, most of it on pages, that begins with a secret."""
    with GlyphMemory.open(":memory:", session="alice", policy=early) as memory:
        memory.add("user", "The code for the gate is 4711-B.")
        memory.extend(agent_conversation(turns=60, seed=3))
        yield memory


def test_a_document_is_a_passage_word_for_word_with_where_it_stands(memory: GlyphMemory) -> None:
    """Whoever cites it can say which turn, and on which page."""
    (found,) = GlyphRetriever(memory=memory, k=1).invoke("gate code 4711")
    assert found.page_content == "The code for the gate is 4711-B."
    score, time = found.metadata.pop("score"), found.metadata.pop("time")
    assert score > 0
    assert time.startswith("20")
    assert found.metadata == {
        "source": "§1 user", "anchor": 1, "role": "user", "place": "page", "page": 1, "start_index": 0,
    }  # fmt: skip


async def test_async_gives_what_sync_gives(memory: GlyphMemory) -> None:
    """Both are real."""
    retriever = GlyphRetriever(memory=memory)
    assert await retriever.ainvoke("gate code") == retriever.invoke("gate code")
    assert len(await retriever.ainvoke("the", k=2)) == 2


def test_nothing_found_is_an_empty_list(memory: GlyphMemory) -> None:
    """Not an error, and not something that fits nothing."""
    assert GlyphRetriever(memory=memory).invoke("xylophone") == []


def test_what_is_found_can_be_packed_onto_a_page(memory: GlyphMemory) -> None:
    """A memory's passages go the way of any retriever's documents, headed by their anchors."""
    found = GlyphRetriever(memory=memory).invoke("the")
    (page,) = GlyphDocumentCompressor(min_ratio=0).compress_documents(found, "the")
    assert [line for line in page.page_content.split("\n") if line.startswith("⟦")] == [
        f"⟦{place}⟧ {document.metadata['source']}" for place, document in enumerate(found, 1)
    ]
    assert [block["type"] for block in to_content_blocks([page], ledger_share=0)] == ["text", "text", "image"]


def test_documents_are_plain_json(memory: GlyphMemory) -> None:
    """Tracers, caches and stores take them; nothing in them is None, which some refuse."""
    found = GlyphRetriever(memory=memory).invoke("the")
    assert all(isinstance(value, str | int | float) for one in found for value in one.metadata.values())
    assert isinstance(dumps(Document(found[0].page_content, metadata=found[0].metadata)), str)

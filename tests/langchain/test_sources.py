"""Claims about sources: the list under an answer is the same, packed or not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.documents import Document
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import HumanMessage
from langchain_core.prompts import PromptTemplate, format_document
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from langchain_glyph_memory import (
    GlyphDocumentCompressor,
    GlyphLoader,
    PageFolder,
    list_sources,
    to_content_blocks,
)

LINE = "The parcel left the second floor at noon and nobody has seen it since. "


def found(count: int, *, repeat: int = 12) -> list[Document]:
    """Return what a retriever finds in a PDF: chunks of its pages."""
    return [
        Document(
            f"Part {number}. {LINE * repeat}",
            metadata={"source": "report.pdf", "page": number // 2, "start_index": 900 * number},
        )
        for number in range(count)
    ]


def test_a_packed_page_knows_the_page_of_the_file_that_each_excerpt_is_from() -> None:
    """In the order of its excerpts, by their numbers on the page; `page` alone is the packed page's."""
    chunks = found(9)
    (packed,) = GlyphDocumentCompressor().compress_documents(chunks, "")
    assert packed.metadata["excerpt_metadata"] == [chunk.metadata for chunk in chunks]
    assert [packed.metadata["excerpts"][5], packed.metadata["excerpt_metadata"][5]["page"]] == [6, 2]
    assert list_sources([packed]) == list_sources(chunks) == [chunk.metadata for chunk in chunks]
    json.dumps(packed.metadata)
    packed.metadata["excerpt_metadata"][0]["page"] = "changed"
    assert chunks[0].metadata["page"] == 0


def test_every_source_is_named_whatever_it_is_called_by() -> None:
    """A source, a title, an id; one that has none of them is an excerpt all the same."""
    text = LINE * 12
    chunks = [
        Document(text, metadata={"source": "a.txt"}),
        Document(text, metadata={"title": "Minutes"}),
        Document(text, id="d-17"),
        Document(text),
        Document(text, metadata={"source": "a.txt"}),
    ]
    (packed,) = GlyphDocumentCompressor().compress_documents(chunks, "")
    assert packed.metadata["sources"] == ["a.txt", "Minutes", "d-17"]
    assert packed.metadata["source"] == "a.txt, Minutes, d-17"
    assert packed.metadata["excerpts"] == [1, 2, 3, 4, 5]
    assert list_sources([packed]) == [{"source": "a.txt"}, {"title": "Minutes"}]


def test_what_was_packed_twice_names_what_was_found_first() -> None:
    """As where two compressors stand one behind the other."""
    compressor, chunks = GlyphDocumentCompressor(min_ratio=0), found(9)
    twice = compressor.compress_documents(compressor.compress_documents(chunks, ""), "")
    assert list_sources(twice) == [chunk.metadata for chunk in chunks]


def test_metadata_may_hold_arrays() -> None:
    """Which cannot be compared by one sign."""
    chunks = [
        Document(LINE, metadata={"source": name, "vector": np.array([number, 0.5])})
        for number, name in enumerate("aba")
    ]
    assert [source["source"] for source in list_sources(chunks)] == ["a", "b", "a"]
    assert len(list_sources([*chunks, chunks[0].model_copy(deep=True)])) == 3


def test_an_excerpt_on_two_pages_is_one_source() -> None:
    """It begins on one and ends on the other; both name it."""
    chunks = found(30, repeat=30)
    packed = GlyphDocumentCompressor().compress_documents(chunks, "")
    assert packed[0].metadata["excerpts"][-1] == packed[1].metadata["excerpts"][0]
    assert list_sources(packed) == [chunk.metadata for chunk in chunks]


def test_pages_of_a_loader_keep_all_but_the_note_of_their_picture(tmp_path: Path) -> None:
    """Packed or as they are, so that nothing of how they are drawn stands in a list of sources."""
    text = "\n".join(f"Line {number}. {LINE}" for number in range(900))
    pages = GlyphLoader.from_text(text, source="a.txt", store=PageFolder(tmp_path), style="glyph").load()
    packed = GlyphDocumentCompressor().compress_documents(pages[2:6], "")
    assert "glyph" in packed[0].metadata
    assert list_sources(packed) == list_sources(pages[2:6])
    assert [source["page"] for source in list_sources(packed)] == [2, 3, 4, 5]
    assert all("glyph" not in source for source in list_sources(packed))


def test_a_chain_shows_the_sources_of_its_answer() -> None:
    """Beside the answer, as LangChain's guides do; and by a prompt that names each document's source."""
    chunks = found(9)
    retrieve: Any = RunnableLambda(lambda _: GlyphDocumentCompressor().compress_documents(chunks, ""))
    write: Any = RunnableLambda(lambda told: [HumanMessage([*to_content_blocks(told["context"])])])
    answer = write | FakeListChatModel(responses=["In Oslo."])
    result = RunnablePassthrough.assign(context=retrieve).assign(answer=answer).invoke({"question": "Where?"})
    shown = sorted({(one["source"], one["page"] + 1) for one in list_sources(result["context"])})
    assert shown == [("report.pdf", page) for page in range(1, 6)]
    prompt = PromptTemplate.from_template("{page_content}\nSource: {source}")
    assert format_document(result["context"][0], prompt).endswith("\nSource: report.pdf")

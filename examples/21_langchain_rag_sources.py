"""RAG over long files with LangChain, with sources shown: an answer, and a list of files and pages under it.

What was found is packed onto few pages; which files and pages are on them is still known.

GLYPH_BASE_URL=http://127.0.0.1:8000/v1 GLYPH_MODEL=zai-org/Glyph python examples/21_langchain_rag_sources.py
"""

from __future__ import annotations

import math
import re
import tempfile
import zlib
from collections import Counter
from pathlib import Path
from pydoc_data.topics import topics

from langchain_core.embeddings import Embeddings
from langchain_core.messages import HumanMessage
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_glyph_memory import (
    GlyphDocumentCompressor,
    GlyphLoader,
    glyph_token_counter,
    list_sources,
    to_content_blocks,
)
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from glyph_memory.testing import FakeRequest, open_server

QUESTIONS = ("When is __exit__ called?", "What has __index__ to return?")


def list_words(text: str) -> set[str]:
    """Return the words of a text, each once."""
    return set(re.findall(r"\w+", text.lower()))


class WordEmbedding(Embeddings):
    """Stands in for a real embedding model: texts are near each other when they share rare words."""

    def __init__(self, texts: list[str]) -> None:
        often = Counter(word for text in texts for word in list_words(text))
        self.weights = {word: math.log(len(texts) / count) ** 2 for word, count in often.items()}

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a vector for each text."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return a vector with a place for each of 4,096 kinds of words."""
        vector = [0.0] * 4096
        for word in list_words(text):
            vector[zlib.crc32(word.encode()) % 4096] += self.weights.get(word, 0)
        return vector


def answer(request: FakeRequest) -> str:
    """What a fake model says."""
    return f"I was sent {len(request.images)} pages, {request.prompt_tokens:,} tokens."


def write_files(folder: Path) -> None:
    """Write Python's language reference as four files."""
    names = sorted(topics)
    for number in range(4):
        chapter = "\n\n".join(topics[name] for name in names[number::4])
        (folder / f"reference-{number + 1}.txt").write_text(chapter)


def main() -> None:
    """Load the files, and answer each question from the pages that are nearest to it."""
    count = glyph_token_counter("glyph")
    with tempfile.TemporaryDirectory() as folder, open_server(answer=answer) as server:
        write_files(Path(folder))
        documents = GlyphLoader(folder, profile="glyph").load()
        print(f"{len(documents)} pages of {len(list(Path(folder).iterdir()))} files")
        store = InMemoryVectorStore(WordEmbedding([document.page_content for document in documents]))
        store.add_documents(documents)
        model = ChatOpenAI(
            base_url=server.base_url, model=server.model, api_key=SecretStr("none"), use_responses_api=False
        )
        for question in QUESTIONS:
            found = store.similarity_search(question, k=4)
            packed = GlyphDocumentCompressor(profile="glyph").compress_documents(found, question)
            message = HumanMessage([*to_content_blocks(packed), {"type": "text", "text": question}])
            said = model.invoke([message])
            as_text = HumanMessage("\n\n".join(document.page_content for document in found) + question)
            print(f"\n{question}\n{said.text}")
            print(f"As text, they would take {count([as_text]):,}. Sources:")
            for source in list_sources(packed):
                print(f"  {Path(source['source']).name}, page {source['page'] + 1}")


if __name__ == "__main__":
    main()

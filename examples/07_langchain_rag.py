"""RAG over a long document with LangChain: pages are retrieved by their text, and read as pictures.

GLYPH_BASE_URL=http://127.0.0.1:8000/v1 GLYPH_MODEL=zai-org/Glyph python examples/07_langchain_rag.py
"""

from __future__ import annotations

import tempfile
from pydoc_data.topics import topics

from langchain_core.embeddings import Embeddings
from langchain_core.messages import HumanMessage
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_glyph_memory import (
    GlyphDocumentCompressor,
    GlyphLoader,
    glyph_token_counter,
    to_content_blocks,
)
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from glyph_memory.testing import open_server

QUESTION = "What does the with statement call when its block is left?"


class WordEmbedding(Embeddings):
    """Stands in for a real embedding model: texts are near each other when they share words."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """A dimension for each of 512 kinds of words."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Count the words of a text by kind; long words weigh more, as they are rarer."""
        vector = [0.0] * 512
        for word in text.lower().split():
            vector[sum(map(ord, word)) * len(word) % 512] += len(word)
        return vector


def main() -> None:
    """Load Python's language reference, find four pages about a question, pack them, and ask."""
    text = "\n\n".join(topics.values())
    with tempfile.TemporaryDirectory() as folder, open_server() as server:
        documents = GlyphLoader.from_text(text, source="topics.txt", store=folder).load()
        print(
            f"{len(text):,} characters are {len(documents)} documents, a page each; the first has "
            f"{documents[0].metadata}"
        )

        store = InMemoryVectorStore(WordEmbedding())
        store.add_documents(documents)  # text is embedded, pictures stay in the folder
        found = store.similarity_search(QUESTION, k=4)
        packed = GlyphDocumentCompressor().compress_documents(found, QUESTION)
        print(f"{len(found)} pages found, packed onto {len(packed)}")

        model = ChatOpenAI(
            base_url=server.base_url, model=server.model, api_key=SecretStr("none"), use_responses_api=False
        )
        message = HumanMessage([*to_content_blocks(packed), {"type": "text", "text": QUESTION}])
        count = glyph_token_counter("glyph")
        as_text = HumanMessage("\n\n".join(document.page_content for document in found) + QUESTION)
        print(f"{count([message]):,} tokens instead of {count([as_text]):,} as text")
        print(model.invoke([message]).text)


if __name__ == "__main__":
    main()

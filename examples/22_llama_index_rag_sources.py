"""RAG over long files with LlamaIndex, with sources shown: an answer, and a list of files and pages under it.

What was found is packed onto few pages; which files and pages are on them is still known.

GLYPH_BASE_URL=http://127.0.0.1:8000/v1 GLYPH_MODEL=zai-org/Glyph python examples/22_llama_index_rag_sources.py
"""

from __future__ import annotations

import math
import re
import tempfile
import zlib
from collections import Counter
from itertools import chain
from pathlib import Path
from pydoc_data.topics import topics

from llama_index.core import SimpleDirectoryReader, VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding
from llama_index.memory.glyph import GlyphOpenAILike, GlyphReader, PageNodeParser, PagePostprocessor

from glyph_memory.testing import FakeRequest, open_server

QUESTIONS = ("When is __exit__ called?", "What has __index__ to return?")


def list_words(text: str) -> set[str]:
    """Return the words of a text, each once."""
    return set(re.findall(r"\w+", text.lower()))


class WordEmbedding(BaseEmbedding):
    """Stands in for a real embedding model: texts are near each other when they share rare words."""

    weights: dict[str, float]

    @classmethod
    def of(cls, texts: list[str]) -> WordEmbedding:
        """Weigh the words of some texts."""
        often = Counter(word for text in texts for word in list_words(text))
        return cls(weights={word: math.log(len(texts) / count) ** 2 for word, count in often.items()})

    def _get_text_embedding(self, text: str) -> list[float]:
        """Return a vector with a place for each of 4,096 kinds of words."""
        vector = [0.0] * 4096
        for word in list_words(text):
            vector[zlib.crc32(word.encode()) % 4096] += self.weights.get(word, 0)
        return vector

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


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
    with tempfile.TemporaryDirectory() as folder, open_server(answer=answer) as server:
        files, pages = Path(folder) / "files", Path(folder) / "pages"
        files.mkdir()
        write_files(files)
        documents = SimpleDirectoryReader(str(files), file_extractor={".txt": GlyphReader()}).load_data()
        nodes = PageNodeParser(profile="glyph", pages_dir=pages)(documents)
        print(f"{len(nodes)} pages of {len(documents)} files")
        embedding = WordEmbedding.of([node.get_content() for node in nodes])
        llm = GlyphOpenAILike(model=server.model, api_base=server.base_url, api_key="none", profile="glyph")
        engine = VectorStoreIndex(nodes, embed_model=embedding).as_query_engine(
            llm=llm,
            multimodal=True,
            similarity_top_k=4,
            node_postprocessors=[PagePostprocessor(profile="glyph")],
        )
        for question in QUESTIONS:
            response = engine.query(question)
            print(f"\n{question}\n{response}")
            sources = [found.node.metadata["glyph_sources"].splitlines() for found in response.source_nodes]
            print("Sources:")
            for source in dict.fromkeys(
                chain.from_iterable(sources)
            ):  # one that begins on a page may end on the next
                print(f"  {source}")


if __name__ == "__main__":
    main()

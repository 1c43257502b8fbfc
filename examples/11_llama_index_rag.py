"""RAG over a long document with LlamaIndex: page nodes, packed after retrieval, and one call to the model.

GLYPH_BASE_URL=http://127.0.0.1:8000/v1 GLYPH_MODEL=zai-org/Glyph python examples/11_llama_index_rag.py
"""

from __future__ import annotations

import tempfile
from pydoc_data.topics import topics

from llama_index.core import Document, VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding, MockEmbedding
from llama_index.core.ingestion import IngestionPipeline
from llama_index.memory.glyph import GlyphOpenAILike, PageNodeParser, PagePostprocessor

from glyph_memory.testing import open_server

QUESTION = "What does the with statement call when its block is left?"


def main() -> None:
    """Ingest Python's language reference, ask about it."""
    embedding: BaseEmbedding = MockEmbedding(embed_dim=8)  # a real one finds the right pages
    document = Document(text="\n\n".join(topics.values()), metadata={"source": "topics.txt"})
    with tempfile.TemporaryDirectory() as folder, open_server() as server:
        pipeline = IngestionPipeline(transformations=[PageNodeParser(profile="glyph", pages_dir=folder)])
        nodes = pipeline.run(documents=[document])
        print(f"{len(document.text):,} characters are {len(nodes)} nodes, a page each")
        llm = GlyphOpenAILike(model=server.model, api_base=server.base_url, api_key="none", profile="glyph")
        index = VectorStoreIndex(nodes, embed_model=embedding)
        engine = index.as_query_engine(
            llm=llm,
            multimodal=True,
            similarity_top_k=4,
            node_postprocessors=[PagePostprocessor(profile="glyph")],
        )
        print(engine.query(QUESTION))
        if server.fake:
            print(f"{len(server.fake.requests)} call, {len(server.fake.requests[-1].images)} pages")


if __name__ == "__main__":
    main()

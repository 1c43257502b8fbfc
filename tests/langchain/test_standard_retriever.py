"""LangChain's standard tests for retrievers, as they come, on `GlyphRetriever`."""

from __future__ import annotations

from typing import Any

from langchain_glyph_memory import GlyphRetriever
from langchain_tests.integration_tests import RetrieversIntegrationTests

from glyph_memory import GlyphMemory

MEMORY = GlyphMemory.open(":memory:")
for _text in ("The gate is open.", "Which gate?", "The north gate.", "A gate, then."):
    MEMORY.add("user", _text)


class TestGlyphRetriever(RetrieversIntegrationTests):
    """A retriever that takes k at both doors."""

    @property
    def retriever_constructor(self) -> type[GlyphRetriever]:
        """The class."""
        return GlyphRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        """A memory with four turns."""
        return {"memory": MEMORY}

    @property
    def retriever_query_example(self) -> str:
        """What all four turns hold."""
        return "gate"

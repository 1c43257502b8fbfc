"""`GlyphRetriever`: what was said in a memory, as documents for a chain.

Knows memories and documents; knows nothing about models.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from glyph_memory import GlyphMemory, Passage


class GlyphRetriever(BaseRetriever):
    """Retrieves exact passages of what was said in a memory, shown or not.

    A document's `page_content` is the passage, word for word; its `metadata` holds `source` ("§42 user"), `anchor`,
    `role`, `place` ("text", "page", "evicted" or "head"), `page` where it stands on one (as numbered in captions),
    `start_index` of the passage in what the turn said, `score`, and `time`.

    Example:
        >>> with GlyphMemory.open(":memory:") as memory:
        ...     turn = memory.add("user", "The code for the gate is 4711-B.")
        ...     GlyphRetriever(memory=memory).invoke("gate code")[0].page_content
        'The code for the gate is 4711-B.'
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    memory: GlyphMemory
    """Whose turns are searched; it is bound to its session."""
    k: int = Field(default=5, ge=1)
    """How many passages at the most; `invoke(query, k=…)` overrides it."""

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        return self._documents(self.memory.recall(query, self.k if k is None else k))

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        return self._documents(await self.memory.arecall(query, self.k if k is None else k))

    @staticmethod
    def _documents(passages: Iterable[Passage]) -> list[Document]:
        return [_document(passage) for passage in passages]


def _document(passage: Passage) -> Document:
    turn = passage.turn
    metadata: dict[str, Any] = {
        "source": " ".join(filter(None, (f"§{passage.anchor}", turn.role, turn.name))),
        "anchor": passage.anchor,
        "role": turn.role,
        "place": passage.place,
        "start_index": passage.start,
        "score": passage.score,
    }
    # Left out where there is none: some stores refuse a None.
    more = {"page": passage.page, "time": turn.time.isoformat() if turn.time else None}
    metadata |= {name: value for name, value in more.items() if value is not None}
    return Document(page_content=passage.text, metadata=metadata)

"""Both sides of `rag.py`: retrieved chunks as text and as pages, through each framework's own client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pydoc_data.topics import topics
from typing import Any

from langchain_core.documents import Document as Found
from langchain_core.messages import HumanMessage
from langchain_glyph_memory import GlyphDocumentCompressor, to_content_blocks
from langchain_openai import ChatOpenAI
from llama_index.core import MockEmbedding, VectorStoreIndex
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.llms.openai_like import OpenAILike
from llama_index.memory.glyph import PagePostprocessor
from pydantic import SecretStr

from glyph_memory import ModelProfile
from glyph_memory.testing import FakeRequest, FakeVLMServer

PROFILE = "glyph"
OUTPUT_TOKENS = 512
"""Kept free for the answer."""
QUESTION = "What does the with statement call when its block is left?"

ANSWER = "It calls __exit__() of the context manager, with the exception's type, value and traceback if there was one."


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What a question came to at the server."""

    tokens: int
    """Prompt tokens of all calls."""
    calls: int
    """How often the model was asked."""
    images: int
    """How many images it was sent."""
    first: int = 0
    """How many chunks stood in the first call."""


def make_chunks(count: int) -> list[str]:
    """Return chunks of Python's language reference, of LlamaIndex's default size."""
    text = "\n\n".join(topics.values())
    return SentenceSplitter(chunk_overlap=0).split_text(text[: count * 8_000])[:count]


def ask_langchain(chunks: Sequence[str], *, is_pages: bool) -> Asked:
    """Ask with documents in a prompt, or with pages of them."""
    found = [
        Found(page_content=chunk, metadata={"source": _name(place)}) for place, chunk in enumerate(chunks)
    ]
    content: list[Any]
    if is_pages:
        content = [*to_content_blocks(GlyphDocumentCompressor().compress_documents(found, QUESTION))]
    else:
        context = "\n\n".join(f"{one.metadata['source']}:\n{one.page_content}" for one in found)
        content = [{"type": "text", "text": context}]
    with _make_server() as server:
        model = ChatOpenAI(
            base_url=server.base_url,
            model=server.model,
            api_key=SecretStr("none"),
            use_responses_api=False,
            max_retries=0,
        )
        model.invoke([HumanMessage([*content, {"type": "text", "text": QUESTION}])])
        return _sum_up(server.requests)


def ask_llama_index(chunks: Sequence[str], *, window: int, is_pages: bool) -> Asked:
    """Ask a query engine as it comes, or one that shows pages."""
    nodes = [
        TextNode(id_=_name(place), text=chunk, metadata={"file_name": _name(place)})
        for place, chunk in enumerate(chunks)
    ]
    with _make_server() as server:
        llm = OpenAILike(
            model=server.model,
            api_base=server.base_url,
            api_key="none",
            is_chat_model=True,
            context_window=window,
            max_tokens=OUTPUT_TOKENS,
            max_retries=0,
        )
        shown = {"multimodal": True, "node_postprocessors": [PagePostprocessor()]} if is_pages else {}
        index = VectorStoreIndex(nodes, embed_model=MockEmbedding(embed_dim=4))
        engine = index.as_query_engine(llm=llm, similarity_top_k=len(nodes), **shown)
        response = engine.query(QUESTION)
        first = _count_chunks(server.requests[0], response.source_nodes)
        return _sum_up(server.requests, first=first)


def _count_chunks(request: FakeRequest, shown: Sequence[NodeWithScore]) -> int:
    """Return how many chunks begin in a request: in its text, or on its pages."""
    named = {
        name for one in shown for name in str(one.metadata.get("glyph_nodes") or one.node_id).splitlines()
    }
    told = "\n".join(request.texts)
    pages = [one for one in shown if "glyph_nodes" in one.metadata][: len(request.images)]
    told += "\n".join(str(one.metadata["glyph_nodes"]) for one in pages)
    return sum(name in told for name in named)


def _make_server() -> FakeVLMServer:
    """Return a server that counts as the model does."""
    profile = ModelProfile.from_name(PROFILE)
    return FakeVLMServer(
        answer=lambda request: ANSWER,
        image_tokens=profile.image_tokens,
        text_tokens=profile.text_counter.count,
    )


def _name(place: int) -> str:
    return f"chunk-{place:02}.txt"


def _sum_up(requests: Sequence[FakeRequest], *, first: int = 0) -> Asked:
    return Asked(
        tokens=sum(request.prompt_tokens for request in requests),
        calls=len(requests),
        images=sum(len(request.images) for request in requests),
        first=first,
    )

"""Claims about answering from pages: through LlamaIndex's engines and its real client, to a fake server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from pydoc_data.topics import topics

import httpx
import pytest
from llama_index.core import MockEmbedding, Settings, VectorStoreIndex, get_response_synthesizer
from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.llms.types import ChatMessage, ImageBlock, TextBlock
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.prompts import PromptTemplate
from llama_index.core.query_engine import CitationQueryEngine, RetrieverQueryEngine
from llama_index.core.response_synthesizers import ResponseMode
from llama_index.core.schema import Document
from llama_index.llms.openai_like import OpenAILike
from llama_index.memory.glyph.documents import PageNodeParser
from llama_index.memory.glyph.packed import PackedPageNode
from llama_index.memory.glyph.postprocessor import PagePostprocessor
from llama_index.memory.glyph.prompt_helper import PagePromptHelper
from PIL import Image

from glyph_memory import ModelProfile
from glyph_memory.testing import FakeVLMServer

TEXT = "\n\n".join(list(topics.values())[:12])
SMALL_WINDOW = 4096


@pytest.fixture(autouse=True)
def no_loop_of_its_own(request: pytest.FixtureRequest) -> None:
    """Have LlamaIndex's synchronous verbs open a loop and close it, rather than leave one behind."""
    if not asyncio.iscoroutinefunction(request.function):
        asyncio.set_event_loop(None)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> VectorStoreIndex:
    """An index of a dozen page nodes with real lines."""
    # The mock finds all nodes equally near: ids decide which of them are retrieved.
    parser = PageNodeParser(
        pages_dir=tmp_path_factory.mktemp("pages"),
        style="glyph",
        id_func=lambda place, doc: f"{doc.node_id}-{place:02}",
    )
    nodes = parser([Document(id_="topics", text=TEXT, metadata={"file_name": "topics.txt"})])
    return VectorStoreIndex(nodes, embed_model=MockEmbedding(embed_dim=4))


@pytest.fixture
def server() -> Iterator[FakeVLMServer]:
    """A server that says how many pages it was shown."""
    with FakeVLMServer(answer=lambda request: f"{len(request.images)} pages") as fake:
        yield fake


@pytest.fixture
def llm(server: FakeVLMServer) -> Iterator[OpenAILike]:
    """LlamaIndex's own client, for a model with a small window."""
    with httpx.Client() as client:
        yield OpenAILike(
            model="glyph",
            api_base=server.base_url,
            api_key="none",
            is_chat_model=True,
            context_window=SMALL_WINDOW,
            max_tokens=256,
            http_client=client,
        )


@dataclass(frozen=True)
class Engines:
    """The ways there are to ask an index."""

    index: VectorStoreIndex
    llm: OpenAILike

    def retriever(self, post: list[BaseNodePostprocessor]) -> BaseQueryEngine:
        """The plain engine."""
        retriever = self.index.as_retriever(similarity_top_k=6)
        return RetrieverQueryEngine.from_args(
            retriever, llm=self.llm, multimodal=True, node_postprocessors=post
        )

    def of_index(self, post: list[BaseNodePostprocessor]) -> BaseQueryEngine:
        """What an index gives."""
        return self.index.as_query_engine(
            llm=self.llm, multimodal=True, similarity_top_k=6, node_postprocessors=post
        )

    def citation(self, post: list[BaseNodePostprocessor]) -> BaseQueryEngine:
        """The engine that numbers its sources."""
        return CitationQueryEngine.from_args(
            self.index, llm=self.llm, multimodal=True, similarity_top_k=6, node_postprocessors=post
        )


ENGINES: tuple[Callable[[Engines, list[BaseNodePostprocessor]], BaseQueryEngine], ...] = (
    Engines.retriever,
    Engines.of_index,
    Engines.citation,
)


@pytest.fixture
def counted() -> Iterator[None]:
    """LlamaIndex counts images as the model does, for the length of a test."""
    Settings.chat_prompt_helper = PagePromptHelper(context_window=SMALL_WINDOW, num_output=256)
    yield
    Settings._chat_prompt_helper = None


@pytest.mark.parametrize("engine", ENGINES[:2])
def test_six_pages_are_asked_about_once(
    engine: Callable[[Engines, list[BaseNodePostprocessor]], BaseQueryEngine],
    index: VectorStoreIndex,
    llm: OpenAILike,
    server: FakeVLMServer,
) -> None:
    """One request holds them all, in a user's message, within the window; without, it is six, as the control shows."""
    control = engine(Engines(index, llm), []).query("What is said?")
    assert [len(request.images) for request in server.requests] == [1] * 6
    assert len(control.source_nodes) == 6
    server.requests.clear()

    response = engine(Engines(index, llm), [PagePostprocessor()]).query("What is said?")
    (request,) = server.requests
    assert str(response) == f"{len(request.images)} pages"
    assert request.prompt_tokens + 256 <= SMALL_WINDOW
    assert [message["role"] for message in request.body["messages"]] == ["system", "user"]
    sizes = [f"{image.size[0]}x{image.size[1]}" for image in request.images]
    assert sizes == [page.metadata["glyph_size"] for page in response.source_nodes]
    costs = [page.metadata["glyph_tokens"] for page in response.source_nodes]
    assert costs == [ModelProfile.from_name("glyph").image_tokens(image.size) for image in request.images]


def test_pages_are_not_sent_as_text_too(
    index: VectorStoreIndex, llm: OpenAILike, server: FakeVLMServer
) -> None:
    """What stands on a page stands there alone, packed or not; an engine for text sends it, as the control shows."""
    control = index.as_query_engine(llm=llm, similarity_top_k=6).query("What is said?")
    phrase = max(control.source_nodes[0].node.get_content().splitlines(), key=len)
    assert any(phrase in text for request in server.requests for text in request.texts)
    server.requests.clear()
    Engines(index, llm).retriever([]).query("What is said?")
    assert not any(phrase in text for request in server.requests for text in request.texts)
    server.requests.clear()
    response = Engines(index, llm).retriever([PagePostprocessor()]).query("What is said?")
    assert not any(phrase in text for text in server.requests[0].texts)
    assert any(phrase in page.get_content() for page in response.source_nodes)


@pytest.mark.usefixtures("counted")
def test_cited_pages_are_asked_about_once(
    index: VectorStoreIndex, llm: OpenAILike, server: FakeVLMServer
) -> None:
    """A source a page; the engine takes pages apart, so that it needs a prompt helper that counts them."""
    response = Engines(index, llm).citation([PagePostprocessor()]).query("What is said?")
    (request,) = server.requests
    assert len(request.images) > 1
    said = [node.get_content().strip() for node in response.source_nodes]
    labels, ledgers = zip(*(text.partition(":")[::2] for text in said), strict=True)
    assert list(labels) == [f"Source {number}" for number in range(1, len(said) + 1)]
    assert sum(not ledger for ledger in ledgers) == len(request.images)
    assert all(text in "".join(request.texts) for text in said)


def test_cited_pages_are_counted_wrongly_without_a_prompt_helper(
    index: VectorStoreIndex, llm: OpenAILike, server: FakeVLMServer
) -> None:
    """The control of the claim above."""
    Engines(index, llm).citation([PagePostprocessor()]).query("What is said?")
    assert len(server.requests) > 1


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.usefixtures("counted")
async def test_asking_asynchronously_is_the_same(
    engine: Callable[[Engines, list[BaseNodePostprocessor]], BaseQueryEngine],
    index: VectorStoreIndex,
    llm: OpenAILike,
    server: FakeVLMServer,
) -> None:
    """The same pages in one request, byte for byte."""
    async with httpx.AsyncClient() as client:
        llm._async_http_client = client
        asked = engine(Engines(index, llm), [PagePostprocessor()])
        await asked.aquery("What is said?")
    await asyncio.to_thread(asked.query, "What is said?")
    first, second = server.requests
    assert [image.digest for image in first.images] == [image.digest for image in second.images]
    assert first.body == second.body


AT_ONCE = (
    ResponseMode.COMPACT,
    ResponseMode.TREE_SUMMARIZE,
    ResponseMode.SIMPLE_SUMMARIZE,
    ResponseMode.COMPACT_ACCUMULATE,
)
PAGE_BY_PAGE = (ResponseMode.REFINE, ResponseMode.ACCUMULATE)


@pytest.mark.parametrize("mode", [*AT_ONCE, *PAGE_BY_PAGE])
def test_every_way_to_synthesize_shows_the_pages(
    mode: ResponseMode, index: VectorStoreIndex, llm: OpenAILike, server: FakeVLMServer
) -> None:
    """Each page once, in order; the modes that go page by page do so."""
    found = index.as_retriever(similarity_top_k=6).retrieve("What is said?")
    pages = PagePostprocessor().postprocess_nodes(found)
    synthesizer = get_response_synthesizer(llm=llm, multimodal=True, response_mode=mode)
    synthesizer.synthesize("What is said?", pages)
    assert len(server.requests) == (len(pages) if mode in PAGE_BY_PAGE else 1)
    sizes = [f"{image.size[0]}x{image.size[1]}" for request in server.requests for image in request.images]
    assert sizes == [page.metadata["glyph_size"] for page in pages]


def test_whatever_is_cited_of_a_page_leads_to_what_stands_on_it(
    index: VectorStoreIndex, llm: OpenAILike, server: FakeVLMServer
) -> None:
    """LlamaIndex numbers each block of a page as a source: the page, and what is told of its signs and identifiers."""
    llm.context_window = 32_768
    cited = Engines(index, llm).citation([PagePostprocessor()]).query("What is said?").source_nodes
    (request,) = server.requests
    assert len(cited) >= len(request.images) > 1
    assert [found.node.get_content().split(":")[0] for found in cited] == [
        f"Source {number}" for number in range(1, len(cited) + 1)
    ]
    assert all(found.metadata["glyph_sources"] for found in cited)


def test_a_synthesizer_of_text_gets_the_same_excerpts_as_text(
    index: VectorStoreIndex, llm: OpenAILike, server: FakeVLMServer
) -> None:
    """Where `multimodal=True` was forgotten, no word is lost, and no image is sent."""
    found = index.as_retriever(similarity_top_k=1).retrieve("What is said?")
    (page,) = PagePostprocessor(min_ratio=0).postprocess_nodes(found)
    assert isinstance(page.node, PackedPageNode)
    get_response_synthesizer(llm=llm).synthesize("What is said?", [page])
    (request,) = server.requests
    assert request.images == ()
    assert any(found[0].get_content() in text for text in request.texts)


def test_a_prompt_helper_counts_plain_pages_too(
    index: VectorStoreIndex, llm: OpenAILike, server: FakeVLMServer
) -> None:
    """Six page nodes fit one request to a window of 8,192, where LlamaIndex makes several."""
    llm.context_window = 8192
    found = index.as_retriever(similarity_top_k=6).retrieve("What is said?")
    counts = []
    for helper in (None, PagePromptHelper(context_window=8192, num_output=256)):
        server.requests.clear()
        get_response_synthesizer(llm=llm, multimodal=True, chat_prompt_helper=helper).synthesize(
            "What?", found
        )
        counts.append(len(server.requests))
    assert counts[0] > 1
    assert counts[1] == 1


async def test_a_prompt_helper_looks_at_no_url_and_leaves_what_it_cannot_read(
    tmp_path: Path, server: FakeVLMServer
) -> None:
    """Nothing is fetched, nothing is changed in place, and a broken image is left for others to complain of."""
    picture = tmp_path / "picture.png"
    Image.new("L", (588, 840)).save(picture)
    far = ImageBlock(url=f"{server.base_url}/page.png")
    broken = ImageBlock(image=b"not an image", image_mimetype="image/png")
    message = ChatMessage(blocks=[TextBlock(text="x"), ImageBlock(path=picture), far, broken])
    helper = PagePromptHelper.from_dict(PagePromptHelper().to_dict())
    counted = helper._add_image_costs(message)
    assert [type(block).__name__ for block in message.blocks] == ["TextBlock", *["ImageBlock"] * 3]
    assert await counted.blocks[1].aestimate_tokens() == ModelProfile.from_name("glyph").image_tokens(
        (588, 840)
    )
    assert counted.blocks[2:] == [far, broken]
    assert server.paths == []
    assert counted.blocks[1].inline_url() == ImageBlock(path=picture).inline_url()  # type: ignore[union-attr]  # an image
    (kept,) = await helper.arepack(PromptTemplate("{context_messages}"), [ChatMessage(content="text alone")])
    assert kept.content == "text alone"

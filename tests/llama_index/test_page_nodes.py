"""Pages among LlamaIndex's nodes: other transformations take them, and so do engines for pictures and for text."""

from __future__ import annotations

import asyncio
import json
import pickle
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from pydoc_data.topics import topics

import pytest
from llama_index.core import MockEmbedding, VectorStoreIndex
from llama_index.core.base.llms.types import ImageBlock
from llama_index.core.chat_engine import CondensePlusContextChatEngine, ContextChatEngine
from llama_index.core.chat_engine.multi_modal_condense_plus_context import (
    MultiModalCondensePlusContextChatEngine,
)
from llama_index.core.chat_engine.multi_modal_context import MultiModalContextChatEngine
from llama_index.core.extractors import (
    KeywordExtractor,
    QuestionsAnsweredExtractor,
    SummaryExtractor,
    TitleExtractor,
)
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.llms import MockLLM
from llama_index.core.node_parser import (
    HierarchicalNodeParser,
    SemanticSplitterNodeParser,
    SentenceSplitter,
    SentenceWindowNodeParser,
    TokenTextSplitter,
)
from llama_index.core.query_engine import CitationQueryEngine
from llama_index.core.schema import (
    Document,
    ImageNode,
    MediaResource,
    Node,
    NodeWithScore,
    TextNode,
    TransformComponent,
)
from llama_index.llms.openai_like import OpenAILike
from llama_index.memory.glyph import GlyphMemory, PageNodeParser, PagePostprocessor
from llama_index.memory.glyph.packed import PackedPageNode

from glyph_memory import GlyphMemoryWarning, StoreError
from glyph_memory.testing import FakeVLMServer

TEXT = topics["with"] * 2
PlainLLM = Callable[[FakeVLMServer], OpenAILike]


@pytest.fixture(autouse=True)
def no_loop_of_its_own(request: pytest.FixtureRequest) -> None:
    """Have LlamaIndex's synchronous verbs open a loop and close it, rather than leave one behind."""
    if not asyncio.iscoroutinefunction(request.function):
        asyncio.set_event_loop(None)


@pytest.fixture
def parser(tmp_path: Path) -> PageNodeParser:
    """Return a parser that writes beside the test."""
    return PageNodeParser(pages_dir=tmp_path / "pages", style="glyph")


@pytest.fixture
def pages(parser: PageNodeParser) -> list[NodeWithScore]:
    """Return pages of two files, as a retriever gives them."""
    files = [
        Document(id_=name, text=TEXT, metadata={"file_name": f"{name}.txt", "author": "Guido"})
        for name in ("with", "also")
    ]
    return [NodeWithScore(node=node, score=0.5) for node in parser(files)]


@pytest.fixture
def server() -> Iterator[FakeVLMServer]:
    """A server that says how many pages it was shown."""
    with FakeVLMServer(answer=lambda request: f"{len(request.images)} pages") as fake:
        yield fake


def as_old(page: ImageNode) -> Node:
    """Return a page as earlier versions stored it."""
    return Node.model_validate(
        {
            "id_": page.node_id,
            "text_resource": MediaResource(text=page.text),
            "image_resource": MediaResource(path=Path(str(page.image_path)), mimetype="image/png"),
            "metadata": page.metadata,
            "excluded_llm_metadata_keys": page.excluded_llm_metadata_keys,
            "relationships": page.relationships,
        }
    )


# Other transformations.


@pytest.mark.parametrize(
    ("made", "key"),
    [
        (TitleExtractor, "document_title"),
        (KeywordExtractor, "excerpt_keywords"),
        (QuestionsAnsweredExtractor, "questions_this_excerpt_can_answer"),
        (SummaryExtractor, "section_summary"),
    ],
)
def test_extractors_take_pages(
    made: Callable[..., TransformComponent], key: str, parser: PageNodeParser
) -> None:
    """Each adds what it adds behind a splitter, and the page keeps its picture."""
    nodes = IngestionPipeline(transformations=[parser, made(llm=MockLLM())]).run(
        documents=[Document(text=TEXT)]
    )
    assert all(key in node.metadata for node in nodes)
    assert {type(node) for node in nodes} == {ImageNode}
    assert "".join(node.get_content() for node in nodes) == TEXT


SPLITTERS: tuple[Callable[[], TransformComponent], ...] = (
    lambda: SentenceSplitter(chunk_size=200, chunk_overlap=0),
    lambda: TokenTextSplitter(chunk_size=200, chunk_overlap=0),
    SentenceWindowNodeParser,
    lambda: HierarchicalNodeParser.from_defaults(chunk_sizes=[400, 200]),
    lambda: SemanticSplitterNodeParser(embed_model=MockEmbedding(embed_dim=4)),
)


@pytest.mark.parametrize("make", SPLITTERS)
def test_splitters_take_pages_and_chunks_are_text(
    make: Callable[[], TransformComponent], parser: PageNodeParser
) -> None:
    """A chunk names its page and where that is from; packed, it is an excerpt, and no page."""
    document = Document(id_="with", text=TEXT, metadata={"file_name": "with.txt"})
    pages = {node.metadata["glyph_page"]: " ".join(node.get_content().split()) for node in parser([document])}
    chunks = make()(parser([document]))
    assert {type(chunk) for chunk in chunks} == {TextNode}
    assert {chunk.metadata["glyph_page"] for chunk in chunks} == set(pages)
    for chunk in chunks:
        assert " ".join(chunk.get_content().split()) in pages[chunk.metadata["glyph_page"]]
    (packed, *_) = PagePostprocessor(min_ratio=0).postprocess_nodes([NodeWithScore(node=chunks[-1])])
    assert packed.node.metadata["glyph_sources"] == f"with.txt, part {len(pages)} of {len(pages)}"


def test_pages_that_earlier_versions_stored_are_pages(
    pages: list[NodeWithScore], parser: PageNodeParser
) -> None:
    """They are packed alike, drawn again where their file is gone, and keep their class."""
    nodes = [page.node for page in pages if isinstance(page.node, ImageNode)]
    old = [NodeWithScore(node=as_old(node), score=0.5) for node in nodes]
    packed = [PagePostprocessor().postprocess_nodes(one) for one in (pages, old)]
    assert [page.node.get_content_blocks() for page in packed[0]] == [
        page.node.get_content_blocks() for page in packed[1]
    ]
    for node in nodes:
        Path(str(node.image_path)).unlink(missing_ok=True)
    again = parser.redraw([page.node for page in old])
    assert {type(node) for node in again} == {Node}
    assert [type(node.get_content_blocks()[-1]) for node in again] == [ImageBlock] * len(nodes)
    (text, *_) = PagePostprocessor(min_ratio=1000).postprocess_nodes(old)
    assert not any(isinstance(block, ImageBlock) for block in text.node.get_content_blocks())


# What a packed page names.


def test_a_packed_page_names_its_files_documents_and_nodes(pages: list[NodeWithScore]) -> None:
    """Flat, as stores demand; `file_name` and `ref_doc_id` where there is one alone."""
    packed = PagePostprocessor(min_ratio=0).postprocess_nodes(pages)
    by_id = {page.node_id: page.node for page in pages}
    for page in packed:
        held = [by_id[name] for name in page.metadata["glyph_nodes"].splitlines()]
        assert [child.node_id for child in page.node.child_nodes or ()] == [node.node_id for node in held]
        documents = [*dict.fromkeys(node.ref_doc_id or "" for node in held)]
        assert page.metadata["glyph_documents"].splitlines() == documents
        assert page.metadata["glyph_sources"].splitlines()[0].startswith(f"{documents[0]}.txt, part ")
        assert {type(value) for value in page.metadata.values()} <= {str, int}
    (alone,) = PagePostprocessor(min_ratio=0).postprocess_nodes(pages[:1])
    assert (alone.metadata["file_name"], alone.node.ref_doc_id) == ("with.txt", "with")
    mixed = next(page for page in packed if "\n" in page.metadata["glyph_documents"])
    assert ("file_name" in mixed.metadata, mixed.metadata["author"], mixed.node.ref_doc_id) == (
        False,
        "Guido",
        None,
    )
    assert mixed.text == mixed.node.get_content()


def test_answers_name_what_they_are_from(
    pages: list[NodeWithScore], server: FakeVLMServer, plain_llm: PlainLLM
) -> None:
    """In `response.source_nodes` and `response.metadata`, and where an engine cites."""
    index = VectorStoreIndex([page.node for page in pages], embed_model=MockEmbedding(embed_dim=4))
    given = {"llm": plain_llm(server), "similarity_top_k": len(pages), "multimodal": True}
    for engine in (
        index.as_query_engine(node_postprocessors=[PagePostprocessor()], **given),
        CitationQueryEngine.from_args(index, node_postprocessors=[PagePostprocessor()], **given),
    ):
        response = engine.query("What is said?")
        named = [node.metadata["glyph_sources"] for node in response.source_nodes]
        assert {"with.txt, part 1 of", "also.txt, part 1 of"} <= {
            line.rpartition(" ")[0] for lines in named for line in lines.splitlines()
        }
        assert all("glyph_sources" in told for told in (response.metadata or {}).values())


# Chat engines.


TEXT_ENGINES = (ContextChatEngine, CondensePlusContextChatEngine)
PICTURE_ENGINES = (MultiModalContextChatEngine, MultiModalCondensePlusContextChatEngine)


@pytest.mark.parametrize("engine", TEXT_ENGINES)
async def test_an_engine_for_text_is_given_text_and_one_warning(
    engine: type[ContextChatEngine],
    pages: list[NodeWithScore],
    server: FakeVLMServer,
    plain_llm: PlainLLM,
) -> None:
    """No word is lost, however often it is asked; the warning says what to take."""
    index = VectorStoreIndex([page.node for page in pages], embed_model=MockEmbedding(embed_dim=4))
    chat = engine.from_defaults(
        index.as_retriever(similarity_top_k=len(pages)),
        llm=plain_llm(server),
        memory=GlyphMemory.from_defaults(),
        node_postprocessors=[PagePostprocessor()],
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            await chat.achat("What is said?")
    warned = [str(one.message) for one in caught if issubclass(one.category, GlyphMemoryWarning)]
    assert len(warned) == 1
    assert "go to the model as text" in warned[0]
    assert "MultiModalContextChatEngine" in warned[0]
    assert all(not request.images for request in server.requests)
    line = max(TEXT.splitlines(), key=len)
    assert any(line in text for request in server.requests for text in request.texts)


@pytest.mark.parametrize("engine", PICTURE_ENGINES)
@pytest.mark.parametrize("packer", [None, PagePostprocessor()])
async def test_a_chat_engine_for_pictures_shows_pages(
    engine: type[MultiModalContextChatEngine],
    packer: PagePostprocessor | None,
    pages: list[NodeWithScore],
    server: FakeVLMServer,
    plain_llm: PlainLLM,
    recwarn: pytest.WarningsRecorder,
) -> None:
    """Packed or as they were found, in a user's message, and not as text beside it."""
    index = VectorStoreIndex([page.node for page in pages], embed_model=MockEmbedding(embed_dim=4))
    chat = engine.from_defaults(
        retriever=index.as_retriever(similarity_top_k=len(pages)),
        multi_modal_llm=plain_llm(server),
        memory=GlyphMemory.from_defaults(),
        node_postprocessors=[packer] if packer else [],
    )
    response = await chat.achat("What is said?")
    request = server.requests[-1]
    assert len(request.images) == len(response.source_nodes) > 0
    assert (len(request.images) < len(pages)) == (packer is not None)
    assert max(TEXT.splitlines(), key=len) not in "".join(request.texts)
    assert not [one for one in recwarn if isinstance(one.message, GlyphMemoryWarning)]


def test_a_packed_page_is_as_short_in_json_as_its_text(pages: list[NodeWithScore]) -> None:
    """Its picture is in no dump and no `repr`; a pickle keeps it."""
    (page,) = PagePostprocessor(min_ratio=0).postprocess_nodes(pages[:1])
    assert isinstance(page.node, PackedPageNode)
    assert page.node.image
    for told in (page.to_json(), repr(page), str(page), json.dumps(page.node.to_dict())):
        assert page.node.image not in told
    again = pickle.loads(pickle.dumps(page.node))  # noqa: S301 - our own
    assert again.image == page.node.image
    assert again.get_content() == page.node.get_content()


# The folder.


def test_a_folder_that_cannot_take_pages_is_refused_at_once(tmp_path: Path) -> None:
    """In one line with what to give; nothing is made yet."""
    (tmp_path / "file").touch()
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    for name, why in {
        "file": "is a file",
        "file/pages": "Not a directory",
        "link": "is a link",
        "open": "everybody may write",
    }.items():
        with pytest.raises(StoreError, match=f"cannot write pages to .*{why}.*give a") as raised:
            PageNodeParser(pages_dir=tmp_path / name)
        assert "\n" not in str(raised.value)
    PageNodeParser(pages_dir=tmp_path / "new" / "pages")
    assert not (tmp_path / "new").exists()


def test_a_folder_without_the_right_to_write_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is there or is to be made; root may write everywhere, so the answer is set here."""
    monkeypatch.setattr("os.access", lambda path, mode: False)
    for folder in (tmp_path, tmp_path / "pages"):
        with pytest.raises(
            StoreError, match=r"cannot write pages to .*Permission denied: .*give a pages_dir"
        ):
            PageNodeParser(pages_dir=folder)


def test_a_parser_that_is_read_back_is_checked_when_it_is_used(tmp_path: Path) -> None:
    """A process that only looks things up must be able to load what another wrote."""
    parser = PageNodeParser(pages_dir=tmp_path / "pages")
    told, kept = parser.to_json(), pickle.dumps(parser)
    (tmp_path / "pages").touch()
    for again in (PageNodeParser.from_json(told), pickle.loads(kept)):  # noqa: S301 - our own
        assert again.pages_dir == str(tmp_path / "pages")
        with pytest.raises(StoreError, match="cannot write pages to"):
            again([Document(text="a")])

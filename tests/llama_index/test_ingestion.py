"""Claims about ingestion pipelines: caches, upserts, workers."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from pydoc_data.topics import topics

import pytest
from llama_index.core import MockEmbedding, StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.core.base.llms.types import ImageBlock
from llama_index.core.ingestion import DocstoreStrategy, IngestionCache, IngestionPipeline
from llama_index.core.schema import BaseNode, Document, ImageNode
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.core.storage.kvstore import SimpleKVStore
from llama_index.core.vector_stores import SimpleVectorStore
from llama_index.memory.glyph.documents import PageNodeParser
from llama_index.memory.glyph.packed import PackedPageNode
from llama_index.memory.glyph.postprocessor import PagePostprocessor
from llama_index.memory.glyph.reader import GlyphReader
from PIL import Image

from glyph_memory import ModelProfile, PageStyle, pixel_digest

TEXTS = list(topics.values())[:3]


@pytest.fixture
def documents() -> list[Document]:
    """Three documents of a page or more."""
    return [Document(id_=f"doc-{place}", text=text) for place, text in enumerate(TEXTS)]


def parsed_before(pipeline: IngestionPipeline, documents: list[Document], parser: PageNodeParser) -> bool:
    """Return whether a run with a parser finds the pipeline's cache filled: whether ids are those of before."""
    before = {node.node_id for node in pipeline.run(documents=documents)}
    other = IngestionPipeline(transformations=[parser], cache=pipeline.cache)
    return before == {node.node_id for node in other.run(documents=documents)}


def test_the_cache_knows_equal_parsers_and_no_others(documents: list[Document], tmp_path: Path) -> None:
    """Whatever a page depends on is in its key: style, typesetter, fonts, costs, folder."""
    pages = tmp_path / "pages"
    pipeline = IngestionPipeline(transformations=[PageNodeParser(pages_dir=pages)])
    assert parsed_before(pipeline, documents, PageNodeParser(pages_dir=str(pages), style=PageStyle.auto()))
    others = {
        "style": PageNodeParser(pages_dir=pages, style="dark"),
        "one parameter": PageNodeParser(pages_dir=pages, style=replace(PageStyle.auto(), font_size_pt=8.5)),
        "sides": PageNodeParser(pages_dir=pages, profile="qwen3-vl"),
        "cost": PageNodeParser(
            pages_dir=pages, profile=replace(ModelProfile.from_name("glyph"), wrap_tokens=5)
        ),
        "folder": PageNodeParser(pages_dir=tmp_path / "others"),
    }
    assert [name for name, other in others.items() if parsed_before(pipeline, documents, other)] == []
    told = PageNodeParser(pages_dir=pages).to_dict()
    assert (
        told["fingerprint"]
        == PageNodeParser(pages_dir=pages).fingerprint
        != others["style"].to_dict()["fingerprint"]
    )


def test_the_key_tells_fonts_apart_by_what_is_in_them(tmp_path: Path) -> None:
    """A style names a font; the fingerprint tells whether two machines mean the same by the name."""
    first, other, *_ = sorted((Path(__file__).parents[2] / "glyph_memory" / "fonts").glob("*.ttf"))
    prints = []
    for name, font in {"here.ttf": first, "there.ttf": first, "other.ttf": other}.items():
        shutil.copy(font, tmp_path / name)
        style = replace(PageStyle.glyph(), font=str(tmp_path / name))
        prints.append(PageNodeParser(pages_dir=tmp_path, style=style).to_dict()["fingerprint"])
    assert prints[0] == prints[1] != prints[2]


def test_a_persisted_cache_gives_page_nodes_back(documents: list[Document], tmp_path: Path) -> None:
    """Plain nodes with their images; where page files were deleted since, `redraw` draws them again."""
    parser = PageNodeParser(pages_dir=tmp_path / "pages")
    pipeline = IngestionPipeline(transformations=[parser])
    nodes = pipeline.run(documents=documents)
    pipeline.persist(str(tmp_path / "pipeline"))
    again = IngestionPipeline(transformations=[parser])
    again.load(str(tmp_path / "pipeline"))
    loaded = again.run(documents=documents)
    assert loaded == nodes
    shutil.rmtree(tmp_path / "pages")
    redrawn = parser.redraw(again.run(documents=documents))
    assert [node.node_id for node in redrawn] == [node.node_id for node in nodes]
    assert_whole(redrawn)


def assert_whole(nodes: Sequence[BaseNode]) -> None:
    """Every node's image is there, and has the pixels that the node promises."""
    for node in nodes:
        assert isinstance(node, ImageNode)
        with Image.open(node.resolve_image()) as image:
            assert pixel_digest(image) == node.metadata["glyph_digest"]


def test_a_changed_file_replaces_its_pages_and_no_others(tmp_path: Path) -> None:
    """The reader's ids are paths, so that a docstore's upserts see which file it is."""
    source, embed = tmp_path / "texts", MockEmbedding(embed_dim=3)
    source.mkdir()
    for name, text in zip(("a.txt", "b.txt"), TEXTS, strict=False):
        (source / name).write_text(text)
    store = SimpleVectorStore()
    pipeline = IngestionPipeline(
        transformations=[PageNodeParser(pages_dir=tmp_path / "pages"), embed],
        vector_store=store,
        docstore=SimpleDocumentStore(),
        docstore_strategy=DocstoreStrategy.UPSERTS,
    )
    first = pipeline.run(documents=GlyphReader().load_data(source))
    assert pipeline.run(documents=GlyphReader().load_data(source)) == []
    (source / "b.txt").write_text("Now it is short.")
    (changed,) = pipeline.run(documents=GlyphReader().load_data(source))
    assert changed.get_content() == "Now it is short."
    kept = {node.node_id for node in first if node.ref_doc_id == str(source / "a.txt")}
    assert set(store.data.embedding_dict) == kept | {changed.node_id}


def test_an_index_that_was_stored_answers_with_pages(documents: list[Document], tmp_path: Path) -> None:
    """From documents to a persisted index, loaded and asked, without the page files."""
    embed = MockEmbedding(embed_dim=3)
    index = VectorStoreIndex.from_documents(
        documents, transformations=[PageNodeParser(pages_dir=tmp_path / "pages")], embed_model=embed
    )
    index.storage_context.persist(str(tmp_path / "storage"))
    shutil.rmtree(tmp_path / "pages")
    context = StorageContext.from_defaults(persist_dir=str(tmp_path / "storage"))
    loaded = load_index_from_storage(context, embed_model=embed)
    found = loaded.as_retriever(similarity_top_k=3).retrieve("What is said?")
    packed = PagePostprocessor().postprocess_nodes(found)
    words = "".join(page.get_content() for page in packed)
    assert all(scored.get_content() in words for scored in found)
    assert all(isinstance(page.node, PackedPageNode) for page in packed)
    blocks = [block for page in packed for block in page.node.get_content_blocks()]
    assert sum(isinstance(block, ImageBlock) for block in blocks) == len(packed)


def test_workers_set_pages_in_processes_of_their_own(documents: list[Document], tmp_path: Path) -> None:
    """Spawned workers pickle the parser, write into one folder, and their cache entries come back."""
    parser = PageNodeParser(pages_dir=tmp_path / "pages")
    pipeline = IngestionPipeline(transformations=[parser], cache=IngestionCache(cache=SimpleKVStore()))
    nodes = pipeline.run(documents=documents, num_workers=2)
    expected = parser(documents)
    assert [node.metadata for node in nodes] == [node.metadata for node in expected]
    assert_whole(nodes)
    assert pipeline.cache.cache.get_all(collection=pipeline.cache.collection)


async def test_an_asynchronous_run_gives_the_same_pages(documents: list[Document], tmp_path: Path) -> None:
    """In this process, and from the cache that it filled."""
    parser = PageNodeParser(pages_dir=tmp_path / "pages")
    pipeline = IngestionPipeline(transformations=[parser])
    nodes = await pipeline.arun(documents=documents)
    assert [node.metadata for node in nodes] == [node.metadata for node in parser(documents)]
    assert await pipeline.arun(documents=documents) == nodes
    assert_whole(nodes)

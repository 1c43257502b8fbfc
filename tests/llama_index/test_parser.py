"""Claims about setting documents as page nodes."""

from __future__ import annotations

import asyncio
import doctest
import json
import pickle
import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

import pytest
from llama_index.core.base.llms.types import ImageBlock
from llama_index.core.schema import (
    BaseNode,
    Document,
    ImageNode,
    IndexNode,
    MediaResource,
    MetadataMode,
    Node,
    NodeRelationship,
    NodeWithScore,
    TextNode,
)
from llama_index.core.storage.docstore import SimpleDocumentStore
from llama_index.core.vector_stores.utils import metadata_dict_to_node, node_to_metadata_dict
from llama_index.memory.glyph import documents, postprocessor
from llama_index.memory.glyph.documents import PageNodeParser
from llama_index.memory.glyph.page_nodes import PAGE_KEYS, find_page_file
from PIL import Image
from pydantic import ValidationError

from glyph_memory import (
    GlyphMemoryWarning,
    ModelProfile,
    PageStyle,
    ProfileError,
    StoreError,
    explain_page,
    pixel_digest,
    style_fingerprint,
    typeset,
)

CODE = "".join("    " * (number % 5) + f"call_{number}({number})\n" for number in range(400))
TEXT = "\n\n".join(list(topics.values())[:6])


@pytest.fixture
def parser(tmp_path: Path) -> PageNodeParser:
    """A parser that writes beside the test."""
    return PageNodeParser(pages_dir=tmp_path / "pages")


@pytest.fixture
def document() -> Document:
    """A document of a few pages with a user's metadata."""
    return Document(
        id_="topics",
        text=TEXT,
        metadata={"author": "Guido", "page": "xi", "secret": 7},
        excluded_llm_metadata_keys=["secret"],
        excluded_embed_metadata_keys=["secret", "page"],
    )


def image_path(node: BaseNode) -> Path:
    """The file of a node's image."""
    path = find_page_file(node) if isinstance(node, ImageNode | Node) else None
    assert path is not None
    return path


def test_the_texts_of_the_pages_joined_are_the_document(parser: PageNodeParser, document: Document) -> None:
    """And each stands where it says."""
    nodes = parser.get_nodes_from_documents([document])
    assert len(nodes) > 2
    assert "".join(node.get_content() for node in nodes) == TEXT
    for node in nodes:
        start = node.metadata["glyph_start"]
        assert TEXT[start : start + len(node.get_content())] == node.get_content()


def test_a_page_is_an_image_node_and_its_file_is_the_core_s_page(
    parser: PageNodeParser, document: Document
) -> None:
    """Subclasses do not come back from stores; the file has the pixels that its name and the metadata promise."""
    nodes = parser([document])
    pages = typeset(TEXT, style=parser.style)
    assert [type(node) for node in nodes] == [ImageNode] * len(pages)
    for node, page in zip(nodes, pages, strict=True):
        with Image.open(image_path(node)) as image:
            assert (
                pixel_digest(image) == page.digest == node.metadata["glyph_digest"] == image_path(node).stem
            )
            assert node.metadata["glyph_size"] == f"{image.width}x{image.height}"
        assert node.metadata["glyph_tokens"] == ModelProfile.from_name("glyph").image_tokens(page.size)
        assert (node.metadata["glyph_page"], node.metadata["glyph_pages"]) == (page.number, len(pages))


def test_nodes_know_their_document_and_their_neighbours(parser: PageNodeParser, document: Document) -> None:
    """Source, previous and next, and none across documents."""
    nodes = parser([document, Document(id_="other", text="short")])
    assert [node.ref_doc_id for node in nodes[-2:]] == ["topics", "other"]
    assert all(node.source_node and node.source_node.hash == document.hash for node in nodes[:-1])
    for left, right in pairwise(nodes[:-1]):
        assert left.next_node and left.next_node.node_id == right.node_id
        assert right.prev_node and (right.prev_node.node_id, right.prev_node.hash) == (
            left.node_id,
            left.hash,
        )
    assert nodes[-1].prev_node is None
    assert nodes[-2].next_node is None


def test_a_document_s_metadata_stays_as_it_was(parser: PageNodeParser, document: Document) -> None:
    """Ours stand beside it under names of their own, and are shown to no model, where a page has real lines."""
    parser.style = PageStyle.glyph()
    for node in parser([document]):
        assert {"author": "Guido", "page": "xi", "secret": 7}.items() <= node.metadata.items()
        told = {
            "glyph_marks",
            "glyph_origin",
            "glyph_links",
            "glyph_way",
            "glyph_recipe",
        }  # nothing to tell of plain text
        assert set(node.metadata) - {"author", "page", "secret"} == set(PAGE_KEYS) - told
        assert node.get_metadata_str(MetadataMode.LLM) == "author: Guido\npage: xi"
        assert node.get_metadata_str(MetadataMode.EMBED) == "author: Guido"
    parser.include_metadata = False
    assert set(parser([document])[0].metadata) == set(PAGE_KEYS) - told


def test_page_nodes_survive_docstore_and_vector_store(
    parser: PageNodeParser, document: Document, tmp_path: Path
) -> None:
    """Image and all, flat metadata included; `remove_text` is what stores with a text column of their own do."""
    nodes = parser([document])
    store = SimpleDocumentStore()
    store.add_documents(nodes)
    store.persist(str(tmp_path / "docstore.json"))
    loaded = SimpleDocumentStore.from_persist_path(str(tmp_path / "docstore.json"))
    assert [loaded.get_document(node.node_id) for node in nodes] == nodes
    for node in nodes:
        told = json.loads(json.dumps(node_to_metadata_dict(node, remove_text=True, flat_metadata=True)))
        back = metadata_dict_to_node(told, text=node.get_content())
        assert back == node
        assert isinstance(back.get_content_blocks()[-1], ImageBlock)


async def test_what_the_pages_avoid_does_happen_to_others(parser: PageNodeParser, tmp_path: Path) -> None:
    """Positive controls: documents lose images in vector stores, bytes are never stored, a url cannot be persisted."""
    path = image_path(parser([Document(text="a page")])[0])
    lost = Document(text="a page", image_resource=MediaResource(path=path))
    back = metadata_dict_to_node(node_to_metadata_dict(lost))
    assert type(back) is TextNode
    assert not any(isinstance(block, ImageBlock) for block in back.get_content_blocks())

    hollow = Node(image_resource=MediaResource(data=path.read_bytes()))
    back = metadata_dict_to_node(node_to_metadata_dict(hollow))
    (block,) = back.get_content_blocks()
    with pytest.raises(ValueError, match="No valid source provided"):
        await block.aestimate_tokens()

    store = SimpleDocumentStore()
    # mypy: pydantic makes a url of it
    store.add_documents([Node(image_resource=MediaResource(url="https://example.org/a.png"))])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="AnyUrl is not JSON serializable"):
        store.persist(str(tmp_path / "docstore.json"))


def test_a_deleted_page_file_is_drawn_again(parser: PageNodeParser, document: Document) -> None:
    """Without it, LlamaIndex refuses to look at the node at all; a node that has its file stays the same object."""
    nodes = parser([document])
    image_path(nodes[1]).unlink()
    with pytest.raises(ValidationError, match="Path does not point to a file"):
        nodes[1].get_content_blocks()
    again = parser.redraw(nodes)
    assert [new is old for new, old in zip(again, nodes, strict=True)] == [
        number != 1 for number in range(len(nodes))
    ]
    assert again[1].node_id == nodes[1].node_id
    assert again[1].get_content() == nodes[1].get_content()
    assert again[1].metadata["glyph_start"] == nodes[1].metadata["glyph_start"]
    with Image.open(image_path(again[1])) as image:
        assert pixel_digest(image) == again[1].metadata["glyph_digest"] == image_path(again[1]).stem


def test_setting_a_document_again_draws_what_is_missing_alone(
    parser: PageNodeParser, document: Document
) -> None:
    """Files are named by their pixels, so whole ones are left as they are."""
    paths = [image_path(node) for node in parser([document])]
    written = [path.stat().st_mtime_ns for path in paths]
    paths[0].unlink()
    assert [image_path(node) for node in parser([document])] == paths
    assert [path.stat().st_mtime_ns == then for path, then in zip(paths, written, strict=True)] == [
        False,
        *[True] * (len(paths) - 1),
    ]


def test_page_files_are_whole_and_their_owner_s(parser: PageNodeParser, document: Document) -> None:
    """No half-written file is left over, and nobody else may read."""
    folder = image_path(parser([document])[0]).parent
    assert {path.suffix for path in folder.iterdir()} == {".png"}
    assert {path.stat().st_mode & 0o077 for path in [folder, *folder.iterdir()]} == {0}


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """With what to do about it."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot write pages to .*file/pages.*give a pages_dir"):
        PageNodeParser(pages_dir=tmp_path / "file" / "pages")([Document(text="a")])


def test_pictures_go_on_beside_the_pages(parser: PageNodeParser, tmp_path: Path) -> None:
    """A document's own image gets a node of its own; nodes that hold other things stay as they are."""
    picture = tmp_path / "picture.png"
    Image.new("L", (8, 8)).save(picture)
    both = Document(
        id_="both", text="seen below", image_resource=MediaResource(path=picture), metadata={"a": 1}
    )
    page, image = parser([both])
    assert page.get_content() == "seen below"
    assert image_path(image) == picture
    assert (image.ref_doc_id, image.metadata) == ("both", {"a": 1})
    kept: list[BaseNode] = [
        ImageNode(text="caption", image_path=str(picture)),
        IndexNode(text="x", index_id="i"),
    ]
    assert all(new is old for new, old in zip(parser(kept), kept, strict=True))


def test_a_document_of_nothing_has_no_pages_audibly(parser: PageNodeParser) -> None:
    """It is named, and the others go on."""
    with pytest.warns(GlyphMemoryWarning, match="'void' holds no text"):
        nodes = parser([Document(id_="void", text=""), Document(text="something")])
    assert [node.get_content() for node in nodes] == ["something"]


def test_nodes_of_another_parser_are_set_as_pages(parser: PageNodeParser, document: Document) -> None:
    """They keep their document as their source; a plain `Node` is taken, too."""
    chunks = [TextNode(text="one"), Node(text_resource=MediaResource(text="two"))]
    for chunk in chunks:
        chunk.relationships[NodeRelationship.SOURCE] = document.as_related_node_info()
    chunks.append(Node(id_="alone", text_resource=MediaResource(text="three")))
    nodes = parser(chunks)
    assert [node.get_content() for node in nodes] == ["one", "two", "three"]
    assert [node.ref_doc_id for node in nodes] == ["topics", "topics", "alone"]


def test_it_is_made_of_plain_keywords_pickled_and_read_back(tmp_path: Path) -> None:
    """As Ray's actors, spawned workers and serialised pipelines make it."""
    wishes: dict[str, Any] = {"profile": "qwen3-vl", "style": "dark", "pages_dir": str(tmp_path)}
    parser = PageNodeParser(**wishes)
    assert parser.style == PageStyle.dark().with_snap_px(32)
    again = PageNodeParser.from_dict(json.loads(parser.to_json()))
    pickled = pickle.loads(pickle.dumps(parser))  # noqa: S301 - our own
    assert str(parser.to_dict()) == str(again.to_dict()) == str(pickled.to_dict())
    assert again.fingerprint == style_fingerprint(PageStyle.dark().with_snap_px(32))
    assert [node.metadata for node in again([Document(text="x")])] == [
        node.metadata for node in pickled([Document(text="x")])
    ]


def test_the_profile_tells_sides_and_costs(tmp_path: Path) -> None:
    """A model that takes multiples of 32 px gets them, by default; a style that is given is taken as it is."""
    parser = PageNodeParser(profile="qwen3-vl", pages_dir=tmp_path)
    assert parser.style == PageStyle.auto(ModelProfile.from_name("qwen3-vl"))
    given = PageNodeParser(profile="qwen3-vl", style=PageStyle.code(), pages_dir=tmp_path)
    assert given.style == PageStyle.code()
    with pytest.raises(ProfileError, match="no model profile 'glpyh'"):
        PageNodeParser(profile="glpyh")


def test_a_profile_of_one_s_own_is_told_apart(tmp_path: Path) -> None:
    """What cannot be read back from JSON must still not share a cache's key with a known model."""
    own = replace(ModelProfile.from_name("glyph"), wrap_tokens=9)
    assert (
        PageNodeParser(profile=own, pages_dir=tmp_path).to_dict()
        != PageNodeParser(pages_dir=tmp_path).to_dict()
    )


def test_pages_go_to_llama_index_s_cache_unless_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where LLAMA_INDEX_CACHE_DIR says."""
    monkeypatch.setenv("LLAMA_INDEX_CACHE_DIR", str(tmp_path))
    assert PageNodeParser().pages_dir == str(tmp_path / "glyph_pages")


async def test_setting_pages_leaves_the_loop_alone(tmp_path: Path, document: Document) -> None:
    """`acall` sets in another thread, and gives what the synchronous call gives."""
    threads = set[int]()

    def watched(place: int, doc: BaseNode) -> str:
        threads.add(threading.get_ident())
        return f"{doc.node_id}-{place}"

    parser = PageNodeParser(pages_dir=tmp_path, id_func=watched)
    first, second = await asyncio.gather(
        parser.acall([document]), parser.aget_nodes_from_documents([document])
    )
    assert threading.get_ident() not in threads
    assert first == second == parser([document])


def test_the_examples_are_true() -> None:
    """What the docstrings show is what comes out."""
    assert doctest.testmod(documents) == (0, 3)
    assert doctest.testmod(postprocessor) == (0, 4)


def test_what_red_signs_mean_is_shown_to_the_llm_with_each_page_and_nobody_else(
    parser: PageNodeParser, tmp_path: Path
) -> None:
    """Whichever page is retrieved, and after a store; it is neither embedded nor drawn, nor shown beside text alone."""
    nodes = parser([Document(id_="code", text=CODE), Document(id_="plain", text="It opens at nine.")])
    said = explain_page(parser.style)
    for node in [*nodes, *(metadata_dict_to_node(node_to_metadata_dict(node)) for node in nodes)]:
        is_marked = node.ref_doc_id == "code"
        assert (said in node.get_content(MetadataMode.LLM)) == is_marked
        assert "red signs" not in node.get_content() + node.get_content(MetadataMode.EMBED)
    for node in nodes:
        image_path(node).unlink()
    assert [node.metadata for node in parser.redraw(nodes)] == [node.metadata for node in nodes]
    lined = PageNodeParser(style="glyph", pages_dir=tmp_path / "lined")
    short = nodes[0].model_copy(update={"text": "call_0()\n"})
    for node in nodes:
        image_path(node).unlink()
    assert "red signs" not in str(lined.redraw([short])[0].metadata)
    found = [NodeWithScore(node=node, score=0.5) for node in nodes]
    for ratio in (0, 1_000):
        packed = postprocessor.PagePostprocessor(min_ratio=ratio).postprocess_nodes(found)
        assert not any("red signs" in page.get_content(MetadataMode.LLM) for page in packed)

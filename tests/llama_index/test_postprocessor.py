"""Claims about packing what a retriever found."""

from __future__ import annotations

import asyncio
import copy
import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

import pytest
from llama_index.core.base.llms.types import ImageBlock, TextBlock
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import (
    Document,
    ImageNode,
    MediaResource,
    MetadataMode,
    Node,
    NodeRelationship,
    NodeWithScore,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.storage.docstore.utils import doc_to_json, json_to_doc
from llama_index.core.vector_stores.utils import metadata_dict_to_node, node_to_metadata_dict
from llama_index.memory.glyph.documents import PageNodeParser
from llama_index.memory.glyph.messages import PageImageBlock
from llama_index.memory.glyph.packed import PackedPageNode
from llama_index.memory.glyph.postprocessor import PagePostprocessor
from PIL import Image
from pydantic import ValidationError

from glyph_memory import GlyphMemoryWarning, ModelProfile, PageStyle, explain_page, pixel_digest, typeset

GLYPH = ModelProfile.from_name("glyph")


@pytest.fixture
def found(tmp_path: Path) -> list[NodeWithScore]:
    """Six page nodes with real lines, as a retriever gives them, best first."""
    text = "\n\n".join(list(topics.values())[:12])
    document = Document(id_="topics", text=text, metadata={"file_name": "topics.txt", "author": "Guido"})
    nodes = PageNodeParser(pages_dir=tmp_path / "pages", style="glyph")([document])
    return [NodeWithScore(node=node, score=1 - place / 10) for place, node in enumerate(nodes[:6])]


def block_of(scored: NodeWithScore) -> PageImageBlock:
    """A packed page's image, before its identifiers, and behind what is told of its signs, if there is any."""
    block, *ledger = scored.node.get_content_blocks(MetadataMode.LLM)
    if isinstance(block, TextBlock) and block.text.startswith("On pages red signs"):
        block, *ledger = ledger
    assert isinstance(block, PageImageBlock)
    assert all(
        isinstance(quoted, TextBlock) and quoted.text.startswith("Identifiers on") for quoted in ledger
    )
    return block


def size_of(block: ImageBlock) -> tuple[int, int]:
    """Width and height of an image as it is sent."""
    # mypy: typeshed has no read() for IOBase
    with Image.open(block.resolve_image()) as image:  # type: ignore[arg-type]
        return image.size


def children_of(node: NodeWithScore) -> list[RelatedNodeInfo]:
    """The nodes that stand on a page."""
    children = node.node.child_nodes
    assert children is not None
    return children


def test_retrieved_pages_share_fewer_pages_and_lose_no_word(found: list[NodeWithScore]) -> None:
    """Every node's text stands there whole, under its source and its number of page."""
    packed = PagePostprocessor().postprocess_nodes(found)
    assert len(packed) < len(found) / 2
    words = "".join(page.get_content() for page in packed)
    for number, scored in enumerate(found, 1):
        shown = scored.node.get_content(MetadataMode.LLM)
        pages = scored.node.metadata["glyph_pages"]
        assert f"⟦{number}⟧ topics.txt, part {number} of {pages}\n{shown}" in words
        assert shown.startswith("file_name: topics.txt\nauthor: Guido\n")


def test_a_packed_page_costs_what_the_profile_counts(found: list[NodeWithScore]) -> None:
    """The block's tokens are those of the image that is sent, and its text is not sent beside it."""
    for page in PagePostprocessor().postprocess_nodes(found):
        block = block_of(page)
        assert block.estimate_tokens() == GLYPH.image_tokens(size_of(block)) == page.metadata["glyph_tokens"]
        assert block.estimate_tokens() < 2125  # LlamaIndex's own sum


def test_identifiers_are_said_beside_the_page_letter_for_letter() -> None:
    """Within their share, in one block after the image; for a share of none there is none."""
    key = "550e8400-e29b-41d4-a716-446655440000"
    found = [NodeWithScore(node=TextNode(text=f"The key is {key}. " + "It opens the gate. " * 100))]
    (page,) = PagePostprocessor().postprocess_nodes(found)
    *_, ledger = page.node.get_content_blocks(MetadataMode.LLM)
    assert isinstance(ledger, TextBlock)
    assert ledger.text.splitlines()[1:] == [f'"{key}"']
    (bare,) = PagePostprocessor(ledger_share=0).postprocess_nodes(found)
    assert bare.node.get_content_blocks(MetadataMode.LLM)[-1] == block_of(bare)


def test_what_red_signs_mean_is_said_once_before_the_first_page(found: list[NodeWithScore]) -> None:
    """To a model that sees the page, not in its text; pages with real lines need no word. It counts as tokens."""
    said = explain_page(PageStyle.glyph().dense())
    packed = PagePostprocessor().postprocess_nodes(found)
    blocks = [block for page in packed for block in page.node.get_content_blocks(MetadataMode.LLM)]
    assert isinstance(blocks[0], TextBlock)
    assert blocks[0].text == f"{said}\n"
    assert len(packed) > 1
    assert sum(isinstance(block, TextBlock) and said in block.text for block in blocks) == 1
    assert not any("red signs" in page.get_content(mode) for page in packed for mode in MetadataMode)
    lines = PagePostprocessor(style="glyph", min_ratio=0).postprocess_nodes(found[:1])
    assert isinstance(lines[0].node.get_content_blocks(MetadataMode.LLM)[0], ImageBlock)
    one = PagePostprocessor(max_pages=1, ledger_share=0).postprocess_nodes
    with pytest.warns(GlyphMemoryWarning):
        (first,) = one(found)
    cost = block_of(first).estimate_tokens() + GLYPH.text_tokens(said)
    for tokens, pages in ((cost, 1), (cost - 1, 0)):
        with pytest.warns(GlyphMemoryWarning):
            limited = PagePostprocessor(max_tokens=tokens, ledger_share=0).postprocess_nodes(found)
        assert len(limited) == pages


def test_a_packed_page_knows_its_nodes_and_the_best_score(found: list[NodeWithScore]) -> None:
    """Children are the nodes on it; source and metadata are what they share."""
    packed = PagePostprocessor().postprocess_nodes(found)
    by_id = {scored.node_id: scored for scored in found}
    assert {child.node_id for page in packed for child in children_of(page)} == set(by_id)
    for page in packed:
        held = [by_id[child.node_id] for child in children_of(page)]
        assert page.score == max(scored.get_score() for scored in held)
        assert page.node.ref_doc_id == "topics"
        assert {"file_name": "topics.txt", "author": "Guido"}.items() <= page.metadata.items()
        assert children_of(page)[0].hash == held[0].node.hash
    strange = NodeWithScore(node=TextNode(text="word " * 300, metadata={"author": "Ada"}))
    (mixed,) = PagePostprocessor(min_ratio=0).postprocess_nodes([found[0], strange])
    assert (mixed.score, mixed.node.ref_doc_id, "author" in mixed.metadata) == (1, None, False)
    assert PagePostprocessor(min_ratio=0).postprocess_nodes([strange])[0].score is None


def test_deleted_page_files_make_no_difference(found: list[NodeWithScore], tmp_path: Path) -> None:
    """Pages are drawn from text; a plain node would fail, as the control shows."""
    before = PagePostprocessor().postprocess_nodes(found)
    shutil.rmtree(tmp_path / "pages")
    with pytest.raises(ValidationError, match="Path does not point to a file"):
        found[0].node.get_content_blocks()
    after = PagePostprocessor().postprocess_nodes(found)
    assert [block_of(page).image for page in after] == [block_of(page).image for page in before]


def test_what_has_no_room_is_said(found: list[NodeWithScore]) -> None:
    """The best nodes are drawn; a warning counts the others, and those that are cut off."""
    everything = PagePostprocessor().postprocess_nodes(found)
    assert len(everything) == 2
    with pytest.warns(
        GlyphMemoryWarning, match=r"of 6 retrieved nodes have no room on 1 of 2 pages, 1 of them cut"
    ):
        few = PagePostprocessor(max_pages=1).postprocess_nodes(found)
    assert block_of(few[0]).image == block_of(everything[0]).image
    cost, last = (page.metadata["glyph_tokens"] for page in everything)
    cost += GLYPH.text_tokens(explain_page(PageStyle.glyph().dense()))
    with pytest.warns(
        GlyphMemoryWarning, match=rf"all take {cost + last} tokens; raise max_tokens={cost}, or"
    ):
        assert len(PagePostprocessor(ledger_share=0, max_tokens=cost).postprocess_nodes(found)) == 1
    with pytest.warns(GlyphMemoryWarning, match="6 of 6 retrieved nodes have no room on 0 of 2 pages"):
        assert PagePostprocessor(ledger_share=0, max_tokens=1).postprocess_nodes(found) == []
    poor = replace(GLYPH, max_images=1)
    with pytest.warns(GlyphMemoryWarning, match="a request holds no more images; retrieve fewer"):
        assert len(PagePostprocessor(profile=poor).postprocess_nodes(found)) == 1
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        PagePostprocessor(max_pages=0)


def test_what_does_not_pay_stays_text(found: list[NodeWithScore]) -> None:
    """A short answer is cheaper as text; a page node goes on without the image that would say it twice."""
    short = NodeWithScore(node=TextNode(text="It opens at nine."), score=0.5)
    (same,) = PagePostprocessor(min_ratio=1000).postprocess_nodes([short])
    assert same is short
    (page,) = PagePostprocessor(min_ratio=1000).postprocess_nodes(found[:1])
    assert page.node.get_content() == found[0].node.get_content()
    assert page.node_id == found[0].node_id
    assert not any(isinstance(block, ImageBlock) for block in page.node.get_content_blocks())
    assert isinstance(found[0].node.get_content_blocks()[-1], ImageBlock)  # nothing was changed in place
    with pytest.warns(GlyphMemoryWarning, match="5 of 6 retrieved nodes have no room as text"):
        PagePostprocessor(min_ratio=1000, max_tokens=1500).postprocess_nodes(found)


def test_pictures_follow_as_they_are(found: list[NodeWithScore], tmp_path: Path) -> None:
    """What is more than text is not drawn: it would be gone."""
    picture = tmp_path / "picture.png"
    Image.new("L", (8, 8)).save(picture)
    kept = [
        NodeWithScore(
            node=Node(text_resource=MediaResource(text="x"), image_resource=MediaResource(path=picture))
        ),
        NodeWithScore(node=ImageNode(text="caption", image_path=str(picture))),
        NodeWithScore(node=TextNode(text="")),
    ]
    packed = PagePostprocessor().postprocess_nodes([kept[0], *found, *kept[1:]])
    assert all(new is old for new, old in zip(packed[-3:], kept, strict=True))
    assert all(isinstance(page.node, PackedPageNode) for page in packed[:-3])
    assert PagePostprocessor().postprocess_nodes(kept) == kept
    assert PagePostprocessor().postprocess_nodes([]) == []


def test_packing_twice_changes_nothing(found: list[NodeWithScore]) -> None:
    """A page is not drawn on a page."""
    packed = PagePostprocessor().postprocess_nodes(found)
    assert [a is b for a, b in zip(PagePostprocessor().postprocess_nodes(packed), packed, strict=True)] == [
        True
    ] * 2


def test_packed_pages_that_are_stored_come_back_as_text(found: list[NodeWithScore]) -> None:
    """The image does not survive, and no hollow one is left that would fail later; copies keep it."""
    (page, *_) = PagePostprocessor().postprocess_nodes(found)
    stored = json.loads(json.dumps(doc_to_json(page.node)))
    for back in (json_to_doc(stored), metadata_dict_to_node(node_to_metadata_dict(page.node))):
        assert type(back) is TextNode
        assert [type(block).__name__ for block in back.get_content_blocks(MetadataMode.LLM)] == ["TextBlock"]
        assert back.get_content() == page.get_content()
    assert block_of(copy.deepcopy(page)).image == block_of(page).image
    assert b"iVBOR" not in json.dumps(stored).encode()


def test_metadata_stands_on_the_page_and_not_beside_it(found: list[NodeWithScore]) -> None:
    """Nothing is said twice, neither to a model that reads images nor to one that reads text."""
    (page, *_) = PagePostprocessor().postprocess_nodes(found)
    assert page.get_content(MetadataMode.LLM) == page.get_content()
    assert page.get_content(MetadataMode.EMBED) == page.get_content()


def test_style_and_profile_are_as_asked(found: list[NodeWithScore]) -> None:
    """Line for line in a style of one's own; sides by the profile."""
    lines = PagePostprocessor(style="code", min_ratio=0).postprocess_nodes(found[:1])
    dense = PagePostprocessor(min_ratio=0).postprocess_nodes(found[:1])
    assert len(lines) > len(dense)
    pages = PagePostprocessor(profile="qwen3-vl", min_ratio=0).postprocess_nodes(found[:1])
    assert all(side % 32 == 0 for page in pages for side in size_of(block_of(page)))


def test_it_is_made_of_plain_keywords_and_read_back() -> None:
    """As serialised query pipelines make it."""
    wishes: dict[str, Any] = {
        "profile": "qwen3-vl",
        "style": "dark",
        "max_pages": 3,
        "max_tokens": 900,
        "min_ratio": 2,
    }
    told = json.loads(PagePostprocessor(**wishes).to_json())
    again = PagePostprocessor.from_dict(told)
    assert (again.profile.name, again.style, again.max_pages) == (
        "qwen3-vl",
        PageStyle.dark().with_snap_px(32),
        3,
    )
    assert json.loads(again.to_json()) == told
    assert PagePostprocessor.from_dict(PagePostprocessor().to_dict()).style is None


async def test_drawing_leaves_the_loop_alone(found: list[NodeWithScore]) -> None:
    """Two queries at once draw in threads of their own, and give what one alone gives."""
    threads = set[int]()

    class Watched(PagePostprocessor):
        def _postprocess_nodes(self, *args: Any, **more: Any) -> list[NodeWithScore]:
            threads.add(threading.get_ident())
            return super()._postprocess_nodes(*args, **more)

    watched = Watched(profile=GLYPH)
    first, second = await asyncio.gather(
        watched.apostprocess_nodes(found), watched.apostprocess_nodes(found, query_str="What?")
    )
    assert threading.get_ident() not in threads
    assert [block_of(page).image for page in first] == [block_of(page).image for page in second]
    assert [page.node_id for page in first] == [
        page.node_id for page in PagePostprocessor().postprocess_nodes(found)
    ]


def test_a_page_drawn_alone_is_the_core_s_page(found: list[NodeWithScore]) -> None:
    """The bytes on the block are a PNG of the pixels whose digest is told."""
    (page, *_) = PagePostprocessor(min_ratio=0).postprocess_nodes(found[:1])
    # mypy: typeshed has no read() for IOBase
    with Image.open(block_of(page).resolve_image()) as image:  # type: ignore[arg-type]
        assert pixel_digest(image) == page.metadata["glyph_digest"]
    assert page.metadata["glyph_digest"] not in {
        one.digest for one in typeset(page.get_content())
    }  # no fake heading


def test_relationships_hold_no_more_than_they_should(found: list[NodeWithScore]) -> None:
    """A page has children and, where they share one, a source; no neighbours."""
    (page, *_) = PagePostprocessor().postprocess_nodes(found)
    assert set(page.node.relationships) == {NodeRelationship.CHILD, NodeRelationship.SOURCE}


def test_a_chunk_of_a_page_that_stays_text_says_nothing_of_red_signs(tmp_path: Path) -> None:
    """There are none in text."""
    lines = "".join(f"  {number}: {number * 7}\n\n" for number in range(400))
    pages = PageNodeParser(pages_dir=tmp_path)([Document(text=lines)])
    chunks = SentenceSplitter(chunk_size=300, chunk_overlap=0)(pages)
    assert "red signs" in chunks[0].get_content(MetadataMode.LLM)
    found = [NodeWithScore(node=chunk, score=1.0) for chunk in chunks[:2]]
    for shown in PagePostprocessor(min_ratio=100).postprocess_nodes(found):
        assert "red signs" not in shown.node.get_content(MetadataMode.LLM)
        assert shown.node.ref_doc_id == chunks[0].ref_doc_id

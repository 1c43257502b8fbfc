"""`GlyphReader` and `PageNodeParser` on documents with structure: drawn by us, and text for every other parser."""

from __future__ import annotations

import json
import pickle
import warnings
from pathlib import Path

import pytest
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import BaseNode, Document, ImageNode, MetadataMode, NodeWithScore, TextNode
from llama_index.memory.glyph import GlyphReader, PageNodeParser, PagePostprocessor
from PIL import Image

from glyph_memory import Document as Text
from glyph_memory import DocumentError, GlyphMemoryWarning, PageStyle, pixel_digest
from glyph_memory.documents import Builder, Limits, Run, draw_pages

SMALL = PageStyle(page_width_pt=220, page_height_pt=120, snap_px=1, system_fonts=False)
LINK = "https://timber.example/oak?grade=A17"


def costs(rows: int = 40) -> Text:
    """Return a heading, a link and a table of costs."""
    builder = Builder(title="Costs of 2024", source="/files/costs.xlsx")
    builder.set_location(page=1)
    builder.add_heading(1, "Costs")
    builder.add_paragraph([Run("the list of prices", ("link",), LINK)])
    builder.set_location(sheet="Costs", cell="A1")
    cells = [["item", "EUR"], *([f"plank {number}", f"{number * 7919}"] for number in range(rows))]
    builder.add_table(cells, header_rows=1)
    return builder.build()


def read(text: Text) -> Document:
    """Return what the reader makes of a document."""
    (document,) = GlyphReader().convert([text])
    return document


@pytest.fixture
def parser(tmp_path: Path) -> PageNodeParser:
    """A parser whose page files go to a folder of its own."""
    return PageNodeParser(style=SMALL, pages_dir=tmp_path / "pages")


def picture(node: BaseNode) -> str:
    """Return the digest of a node's page file."""
    assert isinstance(node, ImageNode)
    with Image.open(node.resolve_image()) as image:
        return pixel_digest(image)


def test_pages_are_drawn_with_the_documents_structure(parser: PageNodeParser) -> None:
    """Pixel for pixel what the core draws; the text is whole, and each page says where it comes from."""
    nodes = parser([read(costs())])
    pages = [one.page for one in draw_pages(costs(), style=SMALL)]
    assert len(nodes) > 2
    assert [picture(node) for node in nodes] == [page.digest for page in pages]
    assert "".join(node.get_content() for node in nodes) == costs().text
    assert nodes[0].metadata["glyph_origin"].startswith("page 1; sheet 'Costs', cells A1 to B")
    assert (nodes[0].metadata["glyph_links"], nodes[0].metadata["page_label"]) == (LINK, "1")
    assert nodes[-1].metadata["glyph_origin"].endswith("to B41")
    assert {type(value) for node in nodes for value in node.metadata.values()} <= {str, int}


def test_no_model_is_shown_what_only_the_parser_needs(parser: PageNodeParser) -> None:
    """Neither the embedding model nor the LLM; a page's structure is a recipe of its own."""
    document = read(costs())
    assert "glyph_structure" in document.metadata
    for node in (document, *parser([document])):
        for mode in (MetadataMode.LLM, MetadataMode.EMBED):
            assert "glyph_" not in node.get_metadata_str(mode)
    assert "glyph_structure" not in parser([document])[0].metadata


def test_any_other_parser_takes_its_text(parser: PageNodeParser) -> None:
    """Chunks carry a digest of some characters, not the whole structure; pages of a chunk are plain, silently."""
    chunks = SentenceSplitter(chunk_size=120, chunk_overlap=0).get_nodes_from_documents([read(costs())])
    assert len(chunks) > 3
    assert all(len(json.dumps(chunk.metadata)) < 200 for chunk in chunks)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parser.get_nodes_from_documents(chunks[:1])  # type: ignore[arg-type]  # it takes nodes of any kind


def test_structure_goes_to_worker_processes(parser: PageNodeParser) -> None:
    """They get pickles."""
    document = pickle.loads(pickle.dumps(read(costs())))  # noqa: S301 - our own
    assert [picture(node) for node in parser([document])] == [
        one.page.digest for one in draw_pages(costs(), style=SMALL)
    ]


def test_structure_that_got_lost_is_told(parser: PageNodeParser) -> None:
    """LlamaIndex leaves bytes out of JSON; the text is drawn."""
    document = Document.from_dict(read(costs()).to_dict())
    with pytest.warns(GlyphMemoryWarning, match="has lost its headings, tables and pictures"):
        nodes = parser([document])
    assert "".join(node.get_content() for node in nodes) == costs().text


def test_a_changed_text_or_structure_is_another_document() -> None:
    """An ingestion pipeline tells by its hash and by the key of its cache."""
    builder = Builder(source="/files/costs.xlsx")
    builder.add_heading(1, "Costs")
    one = read(builder.build())
    builder = Builder(source="/files/costs.xlsx")
    builder.add_heading(2, "Costs")
    other = read(builder.build())
    assert one.text == other.text
    assert one.hash != other.hash
    assert one.metadata["glyph_structure"] != other.metadata["glyph_structure"]


def test_a_page_file_that_is_gone_is_drawn_again_with_its_structure(
    parser: PageNodeParser, tmp_path: Path
) -> None:
    """From the node alone, after any store: the header of its table is in its recipe."""
    nodes = [type(node).from_dict(node.to_dict()) for node in parser([read(costs())])]
    for file in (tmp_path / "pages").iterdir():
        file.unlink()
    again = parser.redraw(nodes)
    recipe = json.loads(again[-1].metadata["glyph_recipe"])
    assert json.loads(recipe["structure"])["blocks"][0]["t"]["x"] == [["item", "EUR"]]
    later = costs().cut(again[-1].metadata["glyph_start"], len(costs().text))
    assert picture(again[-1]) == next(iter(draw_pages(later, style=SMALL))).page.digest


@pytest.mark.parametrize("recipe", ["{", "[1]", '{"structure": "{"}', '{"path": "-", "number": 1}'])
def test_a_recipe_that_is_none_leaves_the_text(recipe: str, parser: PageNodeParser, tmp_path: Path) -> None:
    """It may come from anybody who can write to the store."""
    (node, *_) = parser([read(costs())])
    node.metadata["glyph_recipe"] = recipe
    for file in (tmp_path / "pages").iterdir():
        file.unlink()
    with pytest.warns(GlyphMemoryWarning, match="goes on as text"):
        (again,) = parser.redraw([node])
    assert again.get_content() == node.get_content()
    assert type(again) is TextNode


def test_parts_of_a_file_have_ids_of_their_own_that_stay() -> None:
    """So that an upsert finds each again; what was lost is told."""
    parts = [Text(text="one", source="a.xlsx"), Text(text="two", source="a.xlsx", part=2)]
    assert [document.id_ for document in GlyphReader().convert(parts)] == ["a.xlsx", "a.xlsx#2"]
    builder = Builder(source="a.xlsx")
    builder.add_defect("left out", "a macro is left out")
    builder.add_paragraph("Costs")
    with pytest.warns(GlyphMemoryWarning, match=r"a\.xlsx: a macro is left out"):
        read(builder.build())


def test_captions_name_the_place_in_the_file_and_links_stand_beside_pages(parser: PageNodeParser) -> None:
    """What was retrieved is packed; where its links lead is said as text."""
    (node, *_) = parser([read(costs())])
    packer = PagePostprocessor(style=SMALL, min_ratio=0, ledger_share=0.5)
    packed = packer.postprocess_nodes([NodeWithScore(node=node, score=1.0)])
    assert "Costs of 2024, page 1; sheet 'Costs', cells A1" in packed[0].node.get_content()
    assert LINK in packed[0].node.get_content_blocks()[1].text  # type: ignore[attr-defined]  # it is a text block


def test_a_reader_tells_its_options_as_json_but_for_a_password() -> None:
    """A pipeline's configuration is written to files."""
    word = "sesame"
    reader = GlyphReader(password=word, pages="3-9", limits=Limits(cells=7), allow_hosts=["wiki.intern"])
    told = reader.to_dict()
    assert word not in json.dumps(told)
    again = GlyphReader.from_dict(told)
    assert (again.pages, again.limits, again.allow_hosts) == ("3-9", Limits(cells=7), ["wiki.intern"])


def test_options_that_mean_nothing_are_refused_at_once() -> None:
    """Not with the first file."""
    with pytest.raises(DocumentError, match="is no list of pages"):
        GlyphReader(pages="three")


def test_pages_of_a_pipeline_are_cached_by_structure_too(parser: PageNodeParser) -> None:
    """The same words under another heading are drawn anew."""
    pipeline = IngestionPipeline(transformations=[parser])
    found = list[str]()
    for level in (1, 2):
        builder = Builder(source="/files/costs.xlsx")
        builder.add_heading(level, "Costs")
        (node,) = pipeline.run(documents=[read(builder.build())])
        found.append(str(node.metadata["glyph_recipe"]))
    assert found[0] != found[1]

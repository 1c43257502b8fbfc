"""`GlyphReader` and `PageNodeParser` on PDFs: typeset anew, or their own pages, which are drawn from the file."""

from __future__ import annotations

import io
import pickle
import shutil
from pathlib import Path

import fsspec
import pytest
from llama_index.core import SimpleDirectoryReader
from llama_index.core.base.llms.types import TextBlock
from llama_index.core.schema import BaseNode, Document, ImageNode, NodeWithScore, TextNode
from llama_index.memory.glyph import GlyphReader, PageNodeParser, PagePostprocessor
from llama_index.memory.glyph.messages import PageImageBlock
from llama_index.memory.glyph.packed import PackedPageNode
from PIL import Image

from glyph_memory import GlyphMemoryWarning, pixel_digest
from tests.documents.drawn_pdf import write_pdf

pytestmark = pytest.mark.filterwarnings("ignore:.*a drawing; its words alone are in the text")


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    """A PDF of two pages, a table and a drawing without text."""
    write_pdf(tmp_path / "costs.pdf")
    return tmp_path / "costs.pdf"


def picture(node: BaseNode) -> str:
    """Return the digest of a node's page file."""
    assert isinstance(node, ImageNode)
    with Image.open(node.resolve_image()) as image:
        return pixel_digest(image)


def test_a_directory_reader_takes_it_for_pdfs(pdf: Path) -> None:
    """LlamaIndex's own reader of PDFs is not asked; tables stay tables."""
    reader = SimpleDirectoryReader(pdf.parent, file_extractor={".pdf": GlyphReader()})
    (document,) = reader.load_data()
    assert "item\tEUR\noak\t12.50\nash\t7.00\n" in document.text
    assert document.metadata["title"] == "Costs of timber"
    (node, *_) = PageNodeParser(way="reflow", pages_dir=pdf.parent / "pages")([document])
    assert node.metadata["page_label"].startswith("1")
    assert picture(node) == node.metadata["glyph_digest"]


@pytest.mark.parametrize("path", ["/books/costs.pdf", "memory://books/costs.pdf"])
def test_own_pages_of_a_pdf_that_is_not_on_this_machine_are_drawn(path: str, tmp_path: Path) -> None:
    """It goes along with its text, through copies and pickles; JSON loses it, and that is told."""
    fs = fsspec.filesystem("memory")
    fs.pipe_file("/books/costs.pdf", write_pdf())
    (document,) = GlyphReader().load_data(path, fs=None if "://" in path else fs)
    assert document.metadata["file_path"] == path
    for one in (document, pickle.loads(pickle.dumps(document))):  # noqa: S301 - our own
        nodes = PageNodeParser(pages_dir=tmp_path)([one])
        assert "oak\t12.50" in nodes[0].get_content()
        assert [node.metadata["glyph_way"] for node in nodes] == ["reflow", "native"]
        assert picture(nodes[1]) == nodes[1].metadata["glyph_digest"]
    with pytest.warns(GlyphMemoryWarning, match="has lost its headings, tables and pictures"):
        PageNodeParser(pages_dir=tmp_path)([Document.from_dict(document.to_dict())])


def test_another_scan_under_the_same_name_is_read_anew(pdf: Path) -> None:
    """Its text is the same, letter for letter; a pipeline with a store goes by the hash."""
    (before,) = GlyphReader().load_data(pdf)
    (same,) = GlyphReader().load_data(pdf)
    write_pdf(pdf, radius=90)
    (after,) = GlyphReader().load_data(pdf)
    assert before.text == after.text
    assert before.hash == same.hash != after.hash


def test_pages_with_pictures_stay_whole_where_nodes_are_packed(pdf: Path) -> None:
    """A scan stands among the packed pages as it was drawn, in order, also where its page file is gone."""
    (pdf.parent / "long.md").write_text("Words of no weight. " * 900)
    parser = PageNodeParser(pages_dir=pdf.parent / "pages")
    (*texts,) = parser(GlyphReader().load_data(pdf.parent / "long.md"))
    (scan,) = [
        node for node in parser(GlyphReader().load_data(pdf)) if node.metadata["glyph_way"] == "native"
    ]
    for is_gone in (False, True):
        if is_gone:
            shutil.rmtree(pdf.parent / "pages")
        found = [NodeWithScore(node=node, score=1.0) for node in (scan, *texts)]
        first, *others = PagePostprocessor().postprocess_nodes(found)
        caption, image, *_ = first.node.get_content_blocks()
        assert isinstance(caption, TextBlock)
        assert isinstance(image, PageImageBlock)
        assert caption.text == "Costs of timber, page 2:\n"
        assert image.tokens == first.node.metadata["glyph_tokens"]
        with Image.open(io.BytesIO(image.resolve_image().read())) as shown:
            assert pixel_digest(shown) == scan.metadata["glyph_digest"]
        assert others
        assert all(isinstance(one.node, PackedPageNode) for one in others)
        with pytest.warns(GlyphMemoryWarning, match="no room on 1 of"):
            (only,) = PagePostprocessor(max_pages=1).postprocess_nodes(found)
        assert only.node.get_content() == scan.get_content()
    write_pdf(pdf, radius=90)
    with pytest.warns(GlyphMemoryWarning, match="goes on as text, .* the file has changed"):
        (first, *_) = PagePostprocessor(min_ratio=0).postprocess_nodes(found)
    assert scan.get_content().strip() in first.node.get_content()


def test_a_pdfs_own_pages_are_nodes_and_drawn_again_from_the_file(pdf: Path) -> None:
    """Also without a word of text; a file that has changed meanwhile is told."""
    parser = PageNodeParser(way="native", pages_dir=pdf.parent / "pages")
    nodes = parser(GlyphReader().load_data(pdf))
    assert [node.metadata["glyph_way"] for node in nodes] == ["native", "native"]
    found = [picture(node) for node in nodes]
    for file in (pdf.parent / "pages").iterdir():
        file.unlink()
    assert [picture(node) for node in parser.redraw(nodes)] == found
    for file in (pdf.parent / "pages").iterdir():
        file.unlink()
    write_pdf(pdf, radius=90)
    with pytest.warns(GlyphMemoryWarning, match="goes on as text, .* the file has changed"):
        again = parser.redraw(nodes)
    assert [type(node) for node in again] == [ImageNode, TextNode]


def test_a_pdf_that_is_gone_when_it_is_parsed_is_typeset(pdf: Path) -> None:
    """Its text was read; that its own pages are missing is told."""
    documents = GlyphReader().load_data(pdf)
    pdf.unlink()
    with pytest.warns(GlyphMemoryWarning, match="its text is typeset"):
        nodes = PageNodeParser(pages_dir=pdf.parent / "pages")(documents)
    assert "".join(node.get_content() for node in nodes) == documents[0].text


def test_an_encrypted_pdf_needs_its_password_twice(tmp_path: Path) -> None:
    """Once to be read, once for its own pages; neither is told by `to_dict`."""
    word = "sesame"
    write_pdf(tmp_path / "costs.pdf", password=word)
    documents = GlyphReader(password=word).load_data(tmp_path / "costs.pdf")
    parser = PageNodeParser(password=word, pages_dir=tmp_path / "pages")
    assert [node.metadata["glyph_way"] for node in parser(documents)] == ["reflow", "native"]
    assert word not in parser.to_json()
    with pytest.warns(GlyphMemoryWarning, match="its text is typeset"):
        nodes = PageNodeParser(pages_dir=tmp_path / "pages")(documents)
    assert "".join(node.get_content() for node in nodes) == documents[0].text

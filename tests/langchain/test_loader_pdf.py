"""`GlyphLoader` on PDFs: typeset anew, or their own pages, which are drawn again from the file."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_glyph_memory import GlyphDocumentCompressor, GlyphLoader, to_content_blocks
from PIL import Image

from glyph_memory import GlyphMemoryWarning, pixel_digest
from tests.documents.drawn_pdf import write_pdf

pytestmark = pytest.mark.filterwarnings("ignore:.*a drawing; its words alone are in the text")


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    """A PDF of two pages, a table and a drawing without text."""
    write_pdf(tmp_path / "costs.pdf")
    return tmp_path / "costs.pdf"


def kept(document: Document) -> str:
    """Return the digest that a document remembers."""
    return str(json.loads(document.metadata["glyph"])["digest"])


def digests(blocks: Sequence[dict[str, Any]]) -> list[str]:
    """Return the digest of every picture's pixels."""
    files = [base64.b64decode(block["base64"]) for block in blocks if block["type"] == "image"]
    return [pixel_digest(Image.open(io.BytesIO(file))) for file in files]


def test_a_pdfs_table_stays_a_table(pdf: Path) -> None:
    """Row by row in the text, with its page for citations."""
    document = GlyphLoader(pdf, way="reflow").load()[0]
    assert "item\tEUR\noak\t12.50\nash\t7.00\n" in document.page_content
    assert document.metadata["page_label"].startswith("1")
    assert (document.metadata["title"], document.metadata["way"]) == ("Costs of timber", "reflow")
    assert digests(to_content_blocks([document])) == [kept(document)]


def test_a_pdfs_own_page_is_drawn_again_from_the_file(pdf: Path) -> None:
    """Nothing but its path is kept; one without text is a page all the same."""
    documents = GlyphLoader(pdf, way="native").load()
    assert [document.metadata["way"] for document in documents] == ["native", "native"]
    assert [document.metadata["page_label"] for document in documents[:1]] == ["1"]
    assert documents[1].page_content.startswith("[page 2: ")
    assert digests(to_content_blocks(documents)) == [kept(document) for document in documents]


def test_the_way_is_chosen_page_by_page(pdf: Path) -> None:
    """A table is typeset, a drawing is drawn as it is."""
    documents = GlyphLoader(pdf).load()
    assert [document.metadata["way"] for document in documents] == ["reflow", "native"]


def test_a_page_whose_file_is_another_by_now_is_told_as_text(pdf: Path) -> None:
    """Rather than shown as something that it was not when it was found."""
    documents = GlyphLoader(pdf, way="native").load()
    write_pdf(pdf, radius=90)
    with pytest.warns(GlyphMemoryWarning, match="is not the page that was loaded"):
        blocks = to_content_blocks(documents)
    assert len(digests(blocks)) == 1
    pdf.unlink()
    with pytest.warns(GlyphMemoryWarning, match="is shown as text"):
        assert digests(to_content_blocks(documents)) == []


def test_own_pages_of_bytes_come_from_the_store(tmp_path: Path) -> None:
    """There is no file to draw them from."""
    loader = GlyphLoader.from_bytes(write_pdf(), name="costs.pdf", way="native", store=tmp_path / "pages")
    documents = loader.load()
    assert digests(to_content_blocks(documents, store=tmp_path / "pages")) == list(map(kept, documents))
    with pytest.warns(
        GlyphMemoryWarning,
        match=r"page 1 \(and 1 more of its pages\) is shown as text: .*; load the doc",
    ):
        assert digests(to_content_blocks(documents)) == []


def test_an_encrypted_pdf_is_loaded_with_its_password(tmp_path: Path) -> None:
    """Which no metadata holds: its own pages come from a store, or are told as text."""
    word = "sesame"
    write_pdf(tmp_path / "costs.pdf", password=word)
    loader = GlyphLoader(tmp_path / "costs.pdf", password=word, store=tmp_path / "pages")
    documents = loader.load()
    assert [document.metadata["way"] for document in documents] == ["reflow", "native"]
    assert word not in str(documents)
    assert digests(to_content_blocks(documents, store=tmp_path / "pages")) == list(map(kept, documents))
    with pytest.warns(GlyphMemoryWarning, match="is encrypted"):
        assert len(digests(to_content_blocks(documents))) == 1


def test_that_own_pages_will_not_be_drawn_again_is_told_when_they_are_loaded(tmp_path: Path) -> None:
    """Once for a document, with what to do; not where a store keeps them."""
    word = "sesame"
    write_pdf(tmp_path / "costs.pdf", password=word)
    for loader, why in (
        (GlyphLoader.from_bytes(write_pdf(), name="costs.pdf", way="native"), "no file of this machine"),
        (GlyphLoader(tmp_path / "costs.pdf", password=word, way="native"), "password is not remembered"),
    ):
        with pytest.warns(GlyphMemoryWarning) as told:
            documents = loader.load()
        (said,) = [str(one.message) for one in told if "drawn again" in str(one.message)]
        assert why in said
        assert "(store=)" in said
        with pytest.warns(GlyphMemoryWarning, match="keep its pictures") as told:
            to_content_blocks(documents)
        assert not any("as in load" in str(one.message) for one in told)


def test_pages_with_pictures_stay_whole_where_documents_are_packed(tmp_path: Path) -> None:
    """A scan stands among the packed pages as it was drawn, in order; links go on; limits count it."""
    link = "https://timber.example/list?grade=A17"
    (tmp_path / "long.md").write_text(f"See [the list]({link}).\n\n" + "Words of no weight. " * 900)
    write_pdf(tmp_path / "costs.pdf")
    (*_, scan) = GlyphLoader(tmp_path / "costs.pdf", way="native").load()
    pages = GlyphLoader(tmp_path / "long.md").load()
    packed = GlyphDocumentCompressor().compress_documents([*pages, scan], "q")
    assert packed[-1] is scan
    assert [one.metadata["excerpts"] for one in packed[:1]] == [
        [*range(1, packed[0].metadata["excerpts"][-1] + 1)]
    ]
    assert packed[0].metadata["links"] == link
    assert link in str([one for one in to_content_blocks(packed) if one["type"] == "text"])
    assert kept(scan) in digests(to_content_blocks(packed))
    packed = GlyphDocumentCompressor().compress_documents([scan, *pages], "q")
    assert packed[0] is scan
    with pytest.warns(GlyphMemoryWarning, match="had no room on 1 page"):
        assert GlyphDocumentCompressor(max_pages=1).compress_documents([scan, *pages], "q") == [scan]
    with pytest.warns(GlyphMemoryWarning, match="1 of 1 documents had no room on 0 pages"):
        assert GlyphDocumentCompressor(max_tokens=5).compress_documents([scan], "q") == []

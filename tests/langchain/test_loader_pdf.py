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
from langchain_glyph_memory import GlyphLoader, to_content_blocks
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
    with pytest.warns(GlyphMemoryWarning, match="stands in no file of this machine"):
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

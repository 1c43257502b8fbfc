"""The demo's texts are measured as the demo shows them."""

from __future__ import annotations

import savings
from glyph_memory import Document, ModelProfile, PageStyle


def test_a_dense_page_holds_more() -> None:
    """Short lines share one line of the page; the text stays the same."""
    profile, style = ModelProfile.from_name("glyph"), PageStyle.glyph()
    text = Document(text="a short line\n" * 2000)
    loose, dense = (savings.count(text, profile, look) for look in (style, style.dense()))
    assert loose.text_tokens == dense.text_tokens
    assert loose.pages > 2 * dense.pages
    assert loose.page_tokens > dense.page_tokens


def test_a_quick_run_takes_a_tenth() -> None:
    """Of both texts."""
    full, quick = savings.list_texts(), savings.list_texts(is_quick=True)
    assert len(full) == len(quick) == 2
    assert [str(name).startswith("Python") for name in quick] == [True, False]

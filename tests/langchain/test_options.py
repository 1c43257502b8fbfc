"""One bundle of page options for all of the adapter, as a value or as keywords."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_glyph_memory import (
    GlyphChatMessageHistory,
    GlyphDocumentCompressor,
    GlyphLoader,
    GlyphMemoryMiddleware,
    deepagents_memory,
    fold_messages,
    recall_tools,
)
from langchain_glyph_memory.pictures import PageNote

from glyph_memory import GlyphMemory, LetterCounts, PageOptions, PageStyle, ReadingLimits, StyleError

OPTIONS = PageOptions(profile="qwen3-vl", style="dark", captions="page")
DARK = PageStyle.dark().with_snap_px(32)


def test_middleware_takes_the_bundle_and_a_keyword_wins() -> None:
    """Both middlewares, in every spelling."""
    for middleware in (
        GlyphMemoryMiddleware(options=OPTIONS),
        GlyphMemoryMiddleware("qwen3-vl", style="dark", captions="page"),
        GlyphMemoryMiddleware(profile="qwen3-vl", style="dark", captions="page"),
        deepagents_memory("qwen3-vl", options=OPTIONS),
    ):
        assert middleware.folding.binder.options == OPTIONS
    assert GlyphMemoryMiddleware(options=OPTIONS, style="code").folding.binder.style.font == "mono"


def test_a_history_opens_its_memory_with_the_bundle() -> None:
    """A memory that is open has its own."""
    with GlyphChatMessageHistory("alice", ":memory:", options=OPTIONS, captions="text") as history:
        assert history.memory.options == PageOptions.merge(OPTIONS, {"captions": "text"})


def test_documents_are_drawn_as_the_bundle_says(tmp_path: Path) -> None:
    """A page's note tells its style; its picture goes to the options' folder."""
    options = PageOptions.merge(OPTIONS, {"pages": tmp_path})
    (page,) = GlyphLoader.from_text("It opens at nine.", options=options).load()
    (packed,) = GlyphDocumentCompressor(min_ratio=0, options=options).compress_documents(
        [Document("It rains.")], "?"
    )
    notes = [PageNote.read(document.metadata) for document in (page, packed)]
    assert [note and note.style for note in notes] == [DARK, DARK]
    assert all(note and Path(note.path).parent == tmp_path and Path(note.path).exists() for note in notes)


@pytest.mark.parametrize(
    "take",
    [
        GlyphMemoryMiddleware,
        deepagents_memory,
        fold_messages,
        recall_tools,
        GlyphDocumentCompressor,
        lambda **wrong: GlyphLoader("book.txt", **wrong),
        lambda **wrong: GlyphChatMessageHistory("alice", ":memory:", **wrong),
        lambda **wrong: recall_tools(GlyphMemory.open(), **wrong),
    ],
)
def test_a_misspelled_keyword_is_named(take: Any) -> None:
    """Nothing is passed on unseen."""
    with pytest.raises(
        TypeError, match=r"unexpected keyword 'stile'; page options are profile, style, policy"
    ):
        take(stile="dark")


def test_a_calibration_gives_pages_their_style(tmp_path: Path) -> None:
    """As a value or a file, also where documents would be packed denser; a style that is not read is refused."""
    read = PageStyle(font_size_pt=10, line_height_pt=12)
    letters = LetterCounts(alone=(("0", 90, 3),), words=(500, 1))
    limits = ReadingLimits(profile="glyph", floor=0.98, style=read, letters=letters)
    file = tmp_path / "calibration.json"
    file.write_text(json.dumps(limits.to_json()))
    assert GlyphMemoryMiddleware(calibration=file).folding.binder.options == PageOptions(calibration=limits)
    (packed,) = GlyphDocumentCompressor(min_ratio=0, calibration=limits).compress_documents(
        [Document("It rains.")], "?"
    )
    note = PageNote.read(packed.metadata)
    assert note is not None
    assert note.style == read
    with pytest.raises(StyleError, match="letters of 9 px are smaller than 10 px"):
        GlyphMemoryMiddleware(calibration=limits, style="glyph")

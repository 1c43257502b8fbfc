"""Page files in a folder do not outlive the messages that they show."""

from __future__ import annotations

from pathlib import Path

import pytest
from llama_index.core.base.llms.types import ChatMessage
from llama_index.memory.glyph import GlyphMemory, PageNodeParser

from glyph_memory import FoldPolicy, StoreError, purge_pages
from glyph_memory.context.bucket_cache import open_bucket
from tests import shelf


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where pages go."""
    return tmp_path / "pages"


def files(folder: Path) -> set[str]:
    """Return the digests of the page files."""
    return {path.stem for path in folder.glob("*.png")}


def made(folder: Path, policy: FoldPolicy, talk: list[ChatMessage]) -> GlyphMemory:
    """Return a memory that has shown a conversation."""
    memory = GlyphMemory.from_defaults(policy=policy, pages=folder, chat_history=talk)
    memory.get()
    return memory


def test_what_was_changed_is_on_no_page(folder: Path, policy: FoldPolicy, talk: list[ChatMessage]) -> None:
    """From the next call on."""
    memory = made(folder, policy, talk)
    before = files(folder)
    assert memory.bookmark is not None
    assert before == memory.bookmark.digests & before != set()
    memory.set([ChatMessage(role="user", content="[redacted] " * 300), *talk[1:]])
    with pytest.warns(UserWarning, match="no longer match|changed or removed"):
        memory.get()
    assert files(folder) <= memory.bookmark.digests
    assert not files(folder) & before


async def test_a_reset_memory_has_no_page(folder: Path, policy: FoldPolicy, talk: list[ChatMessage]) -> None:
    """In a loop and without one."""
    made(folder, policy, talk).reset()
    assert files(folder) == set()
    await made(folder, policy, talk).areset()
    assert files(folder) == set()


def test_what_left_the_prompt_left_the_folder(
    folder: Path, policy: FoldPolicy, talk: list[ChatMessage]
) -> None:
    """However long the conversation."""
    memory = made(folder, policy, [])
    for message in [*talk, *talk, *talk]:
        memory.put(message)
        memory.get()
    assert memory.bookmark is not None
    assert memory.bookmark.evicted
    assert files(folder) <= memory.bookmark.digests
    assert purge_pages(folder) > 0
    assert memory.get()


def test_pages_in_a_bucket_go_with_what_they_show(
    tmp_path: Path, policy: FoldPolicy, talk: list[ChatMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A memory that is reset leaves none, there or on this machine; one that is read back has the same address."""
    shelf.register()
    monkeypatch.setenv("GLYPH_MEMORY_PAGE_CACHE", str(tmp_path / "cache"))
    address = f"shelf://{tmp_path / 'bucket'}"
    memory = GlyphMemory.from_defaults(policy=policy, pages=address, chat_history=talk)
    memory.get()
    open_bucket(address).flush()
    assert files(tmp_path / "bucket")
    again = GlyphMemory.model_validate(memory.model_dump())
    assert again.pages == address
    memory.reset()
    open_bucket(address).flush()
    assert not [*tmp_path.rglob("*.png")]


def test_nodes_of_documents_want_a_folder() -> None:
    """In one line: they name their pages by paths."""
    with pytest.raises(StoreError, match="give pages_dir= a folder"):
        PageNodeParser(pages="s3://bucket/pages")

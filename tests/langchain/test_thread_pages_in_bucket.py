"""Page files in a bucket, by the adapter: what an agent's thread no longer shows goes; documents want a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import RemoveMessage
from langchain_glyph_memory import GlyphLoader, GlyphMemoryMiddleware
from langgraph.checkpoint.memory import InMemorySaver

from glyph_memory import FoldPolicy, StoreError
from glyph_memory.context.bucket_cache import open_bucket
from tests import shelf

WHERE: Any = {"configurable": {"thread_id": "1"}}


def test_what_a_thread_no_longer_shows_goes_from_the_bucket(
    tmp_path: Path, early: FoldPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its next call, a moment later; and all of a thread by `purge`, which counts them."""
    shelf.register()
    monkeypatch.setenv("GLYPH_MEMORY_PAGE_CACHE", str(tmp_path / "cache"))
    bucket, address = tmp_path / "bucket", f"shelf://{tmp_path / 'bucket'}"
    middleware = GlyphMemoryMiddleware("glyph", pages=address, policy=early)
    model = FakeListChatModel(responses=["The parcel left the second floor at noon. " * 8])
    agent: Any = create_agent(model, [], middleware=[middleware], checkpointer=InMemorySaver())
    for number in range(6):
        state = agent.invoke({"messages": [("user", f"{number}: my card is 4111-1111. " * 3)]}, WHERE)
    cache = open_bucket(address)
    cache.flush()
    before = {path.name for path in bucket.glob("*.png")}
    assert before
    agent.update_state(
        WHERE, {"messages": [RemoveMessage(id=message.id) for message in state["messages"][:4]]}
    )
    with pytest.warns(UserWarning, match="no longer match|changed or removed"):
        agent.invoke({"messages": [("user", "And now?")]}, WHERE)
    cache.flush()
    left = {path.name for path in bucket.glob("*.png")}
    assert not left & before
    assert middleware.purge("1") == len(left)
    assert not list(tmp_path.rglob("*.png"))


def test_pictures_of_documents_want_a_folder_or_a_byte_store() -> None:
    """In one line: a picture's path is told, and an address has none."""
    with pytest.raises(StoreError, match="not at an address; give store= a folder"):
        GlyphLoader("report.pdf", pages="s3://bucket/pages")

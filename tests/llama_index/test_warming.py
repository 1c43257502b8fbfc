"""A memory's pages are read before they are asked about; what is sent is the same with a warmer and without."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage
from llama_index.llms.openai_like import OpenAILike
from llama_index.memory.glyph import GlyphMemory

from glyph_memory import FoldPolicy, OpenAIReader, ReaderRefused, Warmer
from glyph_memory.testing import FakeVLMServer, ScriptedReader

Serve = Callable[..., FakeVLMServer]


def _spell(parts: Any) -> list[str]:
    """Return what a model sees of parts: clients differ in what they write beside it."""
    return [
        part["text"] if part["type"] == "text" else part["image_url"]["url"]
        for part in json.loads(json.dumps(parts))
    ]


@pytest.mark.parametrize("is_sql", [False, True])
def test_each_put_that_seals_has_pages_read_as_the_next_request_begins(
    is_sql: bool,
    serve: Serve,
    plain_llm: Callable[[FakeVLMServer], OpenAILike],
    policy: FoldPolicy,
    talk: list[ChatMessage],
    tmp_path: Path,
) -> None:
    """Part for part on the wire; and its tokens come from the cache."""
    server, seen = serve(), 0
    reader = OpenAIReader(server.base_url, model="glyph", image_uuids="never")
    with reader, Warmer(reader) as warmer:
        memory = (
            GlyphMemory.from_store(tmp_path / "chat.db", policy=policy, warmer=warmer)
            if is_sql
            else GlyphMemory.from_defaults(policy=policy, warmer=warmer)
        )
        for message in talk[:40]:
            before = len(server.requests)
            memory.put(message)
            assert warmer.wait(10)
            if len(server.requests) == before:
                continue
            seen += 1
            warmed = server.requests[-1]
            plain_llm(server).chat(memory.get())
            asked = server.requests[-1]
            *heads, last = warmed.body["messages"]
            there = asked.body["messages"]
            assert [one["content"] for one in there[: len(heads)]] == [one["content"] for one in heads]
            shown = _spell(last["content"])
            assert _spell(there[len(heads)]["content"][: len(shown)]) == shown
            assert asked.cached_tokens >= (warmed.prompt_tokens - 1) // 16 * 16
    assert seen > 2
    assert (warmer.failures, warmer.warmed) == (0, seen)


async def test_awaited_it_is_the_same(policy: FoldPolicy, talk: list[ChatMessage]) -> None:
    """And what is sent is what is sent without a warmer."""
    reader = ScriptedReader([])
    with Warmer(reader) as warmer:
        memory = GlyphMemory.from_defaults(policy=policy, warmer=warmer)
        plain = GlyphMemory.from_defaults(policy=policy)
        for message in talk[:40]:
            await memory.aput(message)
            await plain.aput(message)
            assert await memory.aget() == await plain.aget()
        assert warmer.wait(10)
    assert (warmer.failures, len(reader.warmed) > 0) == (0, True)


def test_copies_share_the_warmer_and_pickles_have_none(policy: FoldPolicy, talk: list[ChatMessage]) -> None:
    """Workflows copy and pickle what they carry; what they send is the same."""
    reader = ScriptedReader([])
    with Warmer(reader) as warmer:
        memory = GlyphMemory.from_defaults(policy=policy, warmer=warmer)
        copied, pickled = copy.deepcopy(memory), pickle.loads(pickle.dumps(memory))  # noqa: S301  our own
        for message in talk[:30]:
            pickled.put(message)
        assert warmer.wait(10)
        assert reader.warmed == []
        for message in talk[:30]:
            copied.put(message)
        assert warmer.wait(10)
    assert reader.warmed
    assert copied.get() == pickled.get()


def test_a_reader_in_place_of_a_warmer_is_refused(tmp_path: Path) -> None:
    """When the memory is made."""
    wrong: Any = ScriptedReader([])
    with pytest.raises(ReaderRefused, match="is no Warmer"):
        GlyphMemory.from_defaults(warmer=wrong)
    with pytest.raises(ReaderRefused, match="is no Warmer"):
        GlyphMemory.from_store(tmp_path / "chat.db", warmer=wrong)


def test_an_engines_system_prompt_is_read_before_the_pages(
    serve: Serve,
    plain_llm: Callable[[FakeVLMServer], OpenAILike],
    policy: FoldPolicy,
    talk: list[ChatMessage],
) -> None:
    """Else what was read is how no request begins."""
    server, system = serve(), "You are a kind assistant, and answer whatever you are asked."
    reader = OpenAIReader(server.base_url, model="glyph", image_uuids="never")
    with reader, Warmer(reader, system_prompt=system) as warmer:
        memory = GlyphMemory.from_defaults(policy=policy, warmer=warmer)
        memory.put_messages(talk[:40])
        assert warmer.wait(10)
        warmed = server.requests[-1]
        plain_llm(server).chat([ChatMessage(role="system", content=system), *memory.get()])
    assert server.requests[-1].cached_tokens >= (warmed.prompt_tokens - 1) // 16 * 16 > 0


def test_a_history_that_is_set_has_its_pages_read(policy: FoldPolicy, talk: list[ChatMessage]) -> None:
    """As one that was put."""
    reader = ScriptedReader([])
    with Warmer(reader) as warmer:
        GlyphMemory.from_defaults(talk[:40], policy=policy, warmer=warmer)
        assert warmer.wait(10)
    assert len(reader.warmed) == 1

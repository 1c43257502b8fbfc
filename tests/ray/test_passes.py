"""What a machine has no room for is drawn by the others; the cluster itself is not asked here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import cast

import pytest
from glyph_memory_ray import run

from glyph_memory.documents import Shard, ShardResult, ShardRun

SHARDS = tuple(Shard(name=name, sources=()) for name in ("a", "b", "c"))


def draw(monkeypatch: pytest.MonkeyPatch, *full: str) -> tuple[list[ShardResult], list[list[str]]]:
    """Return what came of shards, and which were asked for in each pass, on a cluster that is full in the first one.

    Args:
        monkeypatch: Puts a cluster in.
        *full: Shards that meet a machine without room in the first pass; `b!` in each.
    """
    passes = list[list[str]]()

    def run_shards(_: object, __: object, shards: Sequence[Shard], **___: object) -> Iterator[ShardResult]:
        passes.append([shard.name for shard in shards])
        for shard in shards:
            is_full = f"{shard.name}!" in full or (shard.name in full and len(passes) == 1)
            yield ShardResult(name=shard.name, trouble="it is full" if is_full else "")

    monkeypatch.setattr(run, "run_shards", run_shards)
    shards = cast("ShardRun", SimpleNamespace(shards=SHARDS, drawer=()))
    return [*run._draw(shards, None, {})], passes


def test_a_share_that_met_a_full_disk_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere, and that alone; nobody hears of it."""
    results, passes = draw(monkeypatch, "b")
    assert passes == [["a", "b", "c"], ["b"]]
    assert sorted(result.name for result in results if not result.trouble) == ["a", "b", "c"]


def test_where_nobody_has_room_it_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the run ends."""
    results, passes = draw(monkeypatch, "b!", "c")
    assert passes == [["a", "b", "c"], ["b", "c"], ["b"]]
    assert [result.name for result in results if result.trouble] == ["b"]

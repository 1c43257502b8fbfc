"""A memory that seals after a few turns."""

from __future__ import annotations

from pathlib import Path

from glyph_memory import FoldPolicy, GlyphMemory
from glyph_memory.testing import agent_conversation

POLICY = FoldPolicy(
    window_tokens=16_384, keep_recent_tokens=400, trigger_tokens=2_000, seal_tokens=800, min_ratio=1.0
)
TALK = agent_conversation(turns=60, seed=2).turns


def open_memory(folder: Path, name: str = "chat.db") -> GlyphMemory:
    """Return a memory in a folder."""
    return GlyphMemory.open(folder / name, policy=POLICY)


def find_sealing_turn(folder: Path) -> int:
    """Return the place of the first turn that has something sealed."""
    with open_memory(folder, "other.db") as memory:
        for place, turn in enumerate(TALK):
            memory.add(turn)
            if memory.fold().seals:
                return place
    raise AssertionError("nothing was sealed")

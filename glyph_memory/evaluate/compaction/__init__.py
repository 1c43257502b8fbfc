"""Pages beside Inspect's own ways of compaction, on the same agents; needs `pip install 'glyph-memory[inspect]'`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glyph_memory.evaluate.compaction.strategy import GlyphCompaction as GlyphCompaction


def __getattr__(name: str) -> object:
    """Import the strategy where it is asked for: Inspect takes a while to load, and need not be there."""
    if name != "GlyphCompaction":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from glyph_memory.evaluate.compaction.strategy import GlyphCompaction  # noqa: PLC0415

    return GlyphCompaction

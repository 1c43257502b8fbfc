"""What came of a call with input of any kind, as one word, so that a test can claim it."""

from __future__ import annotations

from collections.abc import Callable

from glyph_memory import GlyphMemoryError

Refusal = type[GlyphMemoryError] | tuple[type[GlyphMemoryError], ...]

FINE = {"done", "refused"}
"""What may come of any input."""


def outcome_of(call: Callable[[], bool], refusal: Refusal = GlyphMemoryError) -> str:
    """Return `done` where a call returns true, `refused` where it raises that error in one short line.

    Else what came instead; all other errors pass through.
    """
    try:
        return "done" if call() else "wrong"
    except refusal as error:
        return "refused" if is_short_line(str(error)) else f"an error without end: {error}"


def is_short_line(said: str) -> bool:
    """Return whether the words of an error are one line, and not endless."""
    return 0 < len(said) <= 1000 and "\n" not in said

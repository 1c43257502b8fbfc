"""What the tests of chats share: things to say, a model that echoes them, and what was stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from glyph_memory import GlyphMemory, Turn
from glyph_memory.testing import FakeAnswer, FakeRequest

Chat = Callable[..., "tuple[int, str, str]"]
"""Pipes messages into a chat."""
CITIES = [
    f"The deploy of {city} went out at 14:05 on port 8443; Ada signed it off after the canary was calm. " * 18
    for city in ("Oslo", "Lima", "Rome")
]
SMALL = ("--window", 8192, "--keep", 300)
"""So small a window that three long messages are more than may stay text."""


def echo(request: FakeRequest) -> FakeAnswer:
    """Answer with the last line that was said, and with how many pages were seen."""
    return FakeAnswer(
        text=f"{len(request.images)} pages; {request.question.splitlines()[-1][:40]}", reasoning="Hm."
    )


def stored(path: Path, session: str = "default") -> list[Turn]:
    """Return what a session holds."""
    with GlyphMemory.open(path, session=session) as memory:
        return list(memory.turns())


def said(path: Path, session: str = "default") -> list[tuple[str, str]]:
    """Return who said what in a session."""
    return [(turn.role, turn.text) for turn in stored(path, session)]

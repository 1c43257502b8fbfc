"""A reader that writes until it is stopped, and tells when it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

from glyph_memory import Context, Reader, Reading, ReadingDelta


class EndlessReader(Reader):
    """Writes until it is stopped."""

    def __init__(self) -> None:
        self.stopped = asyncio.Event()
        self.begun = asyncio.Event()
        self.is_closed = False

    def read(self, context: Context) -> Reading:
        """Fail: it is streamed."""
        raise AssertionError

    async def aread(self, context: Context) -> Reading:
        """Write until the task is cancelled."""
        return [delta async for delta in self.astream(context)][-1].reading or Reading(text="")

    def stream(self, context: Context) -> Iterator[ReadingDelta]:
        """Write until the stream is closed."""
        try:
            while True:
                yield ReadingDelta(text="more ")
        finally:
            self.is_closed = True

    async def astream(self, context: Context) -> AsyncIterator[ReadingDelta]:
        """Write until the stream is closed."""
        try:
            while True:
                self.begun.set()
                yield ReadingDelta(text="more ")
                await asyncio.sleep(0.001)
        finally:
            self.stopped.set()

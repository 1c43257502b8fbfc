"""`LateReader`: a reader that is made with its first question, so that naming a model loads nothing yet.

Knows readers; what it makes stands in a function that it is given.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from functools import partial
from typing import Any, Self, Unpack

from glyph_memory.context import Context
from glyph_memory.locks import ForkSafeLock
from glyph_memory.readers.reader import Reader, Reading, ReadingDelta, Usage
from glyph_memory.readers.sampling import SamplingFields, with_sampling

_lock = ForkSafeLock()
"""Readers are made one after the other: a model looks at the memory that is free before it is loaded."""


class LateReader(Reader):
    """A reader that makes another one when it is first asked, once, whoever asks.

    Copies share what was made. Pickled, it is what it was before: it makes its reader anew, where `make` can be
    pickled.

    Args:
        make: Makes the reader.

    Example:
        >>> from glyph_memory.testing import ScriptedReader
        >>> reader = LateReader(lambda: ScriptedReader(["14:05"]))
        >>> reader.is_made, reader.read(Context.of("When?", pages=[])).text, reader.is_made
        (False, '14:05', True)
    """

    def __init__(self, make: Callable[[], Reader]) -> None:
        self._make = make
        self._made: Reader | None = None

    @classmethod
    def of_model(cls, model: str, **options: object) -> Self:
        """Return one for a model in this process.

        Args:
            model: Folder or hub id.
            **options: Keywords of `TransformersReader`.

        Raises:
            TypeError: It has no such keyword.
        """
        from glyph_memory.readers.local.reader import TransformersReader  # noqa: PLC0415 - who gives a reader needs none

        known = [*inspect.signature(TransformersReader).parameters][1:]
        if unknown := [name for name in options if name not in known]:
            raise TypeError(
                f"unexpected keyword {unknown[0]!r}; those of TransformersReader are {', '.join(known)}"
            )
        keywords: dict[str, Any] = options
        return cls(partial(TransformersReader, model, **keywords))

    def __repr__(self) -> str:
        return f"LateReader({self._made if self._made is not None else '…'!r})"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[Callable[[], Reader]]]:
        return type(self), (self._make,)

    @property
    def is_made(self) -> bool:
        """Whether the reader was made yet."""
        return self._made is not None

    @property
    def reader(self) -> Reader:
        """The reader, made now where it was not yet."""
        if self._made is None:
            with _lock:
                if self._made is None:
                    self._made = self._make()
        return self._made

    def with_sampling(self, **sampling: Unpack[SamplingFields]) -> Reader:
        """Return the reader with other sampling, made when that is asked; see `with_sampling`."""
        if self._made is not None:
            return with_sampling(self._made, **sampling)
        return type(self)(partial(_change_sampling, self, sampling))

    def close(self) -> None:
        """Close the reader if it was made; the next question makes another one."""
        with _lock:
            made, self._made = self._made, None
        if made is not None and hasattr(made, "close"):
            made.close()

    def read(self, context: Context) -> Reading:
        """Make the reader, and ask it."""
        return self.reader.read(context)

    async def aread(self, context: Context) -> Reading:
        """Make the reader in a thread, and ask it."""
        return await (await self._amake()).aread(context)

    def stream(self, context: Context) -> Iterator[ReadingDelta]:
        """Make the reader, and ask it for a stream."""
        stream = self.reader.stream(context)
        try:
            yield from stream
        finally:
            if isinstance(stream, Generator):
                stream.close()

    async def astream(self, context: Context) -> AsyncIterator[ReadingDelta]:
        """Make the reader in a thread, and ask it for a stream."""
        stream = (await self._amake()).astream(context)
        try:
            async for delta in stream:
                yield delta
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()

    def warm(self, context: Context) -> Usage:
        """Have the reader read the unchanging part of a context, where it can."""
        return self.reader.warm(context)

    async def awarm(self, context: Context) -> Usage:
        """Make the reader in a thread, and have it read the unchanging part of a context."""
        return await (await self._amake()).awarm(context)

    async def _amake(self) -> Reader:
        import asyncio  # noqa: PLC0415 - only who awaits loads it

        return self._made if self._made is not None else await asyncio.to_thread(lambda: self.reader)


def _change_sampling(late: LateReader, sampling: SamplingFields) -> Reader:
    return with_sampling(late.reader, **sampling)

"""`ScriptedReader`: a reader that says what a test tells it to, without a server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from glyph_memory.context import Context
from glyph_memory.readers import Reader, Reading, ReadingDelta
from glyph_memory.testing.script import words

Script = Callable[[Context], "Reading | str"]


class ScriptedReader(Reader):
    """Answers from a list, one after the other, or by a function of the context.

    Args:
        script: Answers in order; an exception among them is raised in its turn. Or a function that answers.

    Raises:
        IndexError: More was asked than the list answers.

    Example:
        >>> reader = ScriptedReader(["14:05", "Ada"])
        >>> reader.read(Context.of("When?", pages=[])).text
        '14:05'
        >>> len(reader.contexts)
        1
    """

    def __init__(self, script: Iterable[Reading | str | Exception] | Script) -> None:
        self.contexts: list[Context] = []
        """What was asked, in order."""
        self._answer: Script | None = script if callable(script) else None
        self._script: list[Reading | str | Exception] = [] if callable(script) else list(script)

    def read(self, context: Context) -> Reading:
        """Return the next answer of the script."""
        self.contexts.append(context)
        said = self._answer(context) if self._answer else self._next()
        if isinstance(said, Exception):
            raise said
        return said if isinstance(said, Reading) else Reading(text=said, finish_reason="stop")

    def stream(self, context: Context) -> Iterator[ReadingDelta]:
        """Return the next answer of the script word by word."""
        reading = self.read(context)
        if reading.reasoning:
            yield ReadingDelta(reasoning=reading.reasoning)
        for word in words(reading.text):
            yield ReadingDelta(text=word)
        yield ReadingDelta(reading=reading)

    def _next(self) -> Reading | str | Exception:
        asked = len(self.contexts)
        if asked > len(self._script):
            raise IndexError(f"asked {asked} times, but the script has {len(self._script)} answers. Add one")
        return self._script[asked - 1]

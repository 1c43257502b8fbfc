"""Print an answer while it comes; keep what came, also of one that is stopped or breaks off."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from glyph_memory.cli import terminal
from glyph_memory.cli.interrupts import Interrupts
from glyph_memory.readers import Reading, ReadingDelta


class Waiting:
    """A word on the terminal as long as there is no answer."""

    def __init__(self) -> None:
        self._is_shown = sys.stdout.isatty() and sys.stderr.isatty()
        self._said = ""

    def say(self, word: str) -> None:
        """Show a word instead of the one before."""
        if self._is_shown and word != self._said:
            self.end()
            self._write(f"\033[2m{word}\033[0m")
            self._said = word

    def end(self) -> None:
        """Take the word away."""
        if self._said:
            self._write("\r\033[K")
            self._said = ""

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


@dataclass(kw_only=True)
class Answer:
    """What a model says, piece by piece."""

    interrupts: Interrupts
    """Lets Ctrl-C through while the answer comes."""
    parts: list[str] = field(default_factory=list)
    """What came so far."""
    reading: Reading | None = None
    """The whole of it, once it is there."""
    is_stopped: bool = False
    """Whether Ctrl-C stopped it."""

    waiting: Waiting = field(default_factory=Waiting)
    """What is said until it comes."""

    @property
    def text(self) -> str:
        """What it says, or said until it was stopped."""
        return self.reading.text if self.reading else "".join(self.parts)

    def take(self, deltas: Iterator[ReadingDelta]) -> None:
        """Print what comes until it ends, breaks off or is stopped; either way the line is ended.

        Raises:
            ReaderError: It broke off, or never came.
        """
        waiting = self.waiting
        try:
            with self.interrupts.allowed():
                waiting.say("reading …")
                for delta in deltas:
                    if delta.reasoning and not self.parts:
                        waiting.say("thinking …")
                    if delta.text:
                        waiting.end()
                        self._print(delta.text)
                    self.reading = delta.reading or self.reading
        except KeyboardInterrupt:
            self.is_stopped = self.reading is None
        finally:
            waiting.end()
            if self.parts and not self.parts[-1].endswith("\n"):
                self._write("\n")

    def told(self, done: int, total: int) -> None:
        """Say how many pages were read, and of how many."""
        self.waiting.say(f"reading … {terminal.count(done, 'page')} of {total:,}")

    def _print(self, text: str) -> None:
        self.parts.append(text)
        self._write(terminal.visible(text) if sys.stdout.isatty() else text)

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

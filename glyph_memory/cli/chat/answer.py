"""Print an answer while it comes; keep what came, also of one that is stopped or breaks off."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from glyph_memory.cli import terminal
from glyph_memory.cli.interrupts import Interrupts
from glyph_memory.readers import Reading, ReadingDelta


class WaitIndicator:
    """A word on the terminal until the answer begins."""

    def __init__(self) -> None:
        self._is_shown = sys.stdout.isatty() and sys.stderr.isatty()
        self._said = ""

    def show(self, word: str) -> None:
        """Show a word in place of the previous one."""
        if self._is_shown and word != self._said:
            self.clear()
            self._write(f"\033[2m{word}\033[0m")
            self._said = word

    def clear(self) -> None:
        """Remove the word from the terminal."""
        if self._said:
            self._write("\r\033[K")
            self._said = ""

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


@dataclass(kw_only=True)
class Answer:
    """A model's answer, collected piece by piece."""

    interrupts: Interrupts
    """Lets Ctrl-C through while the answer comes."""
    parts: list[str] = field(default_factory=list)
    """What came so far."""
    reading: Reading | None = None
    """The whole of it, once it is there."""
    is_stopped: bool = False
    """Whether Ctrl-C stopped it."""

    waiting: WaitIndicator = field(default_factory=WaitIndicator)
    """What is said until it comes."""

    @property
    def text(self) -> str:
        """The whole answer, or what came of it until it was stopped."""
        return self.reading.text if self.reading else "".join(self.parts)

    def print_stream(self, deltas: Iterator[ReadingDelta]) -> None:
        """Print the answer as it arrives; end its line, also where the answer breaks off or is stopped.

        Raises:
            ReaderError: It broke off, or never came.
        """
        waiting = self.waiting
        try:
            with self.interrupts.allow():
                waiting.show("reading …")
                for delta in deltas:
                    if delta.reasoning and not self.parts:
                        waiting.show("thinking …")
                    if delta.text:
                        waiting.clear()
                        self._print(delta.text)
                    self.reading = delta.reading or self.reading
        except KeyboardInterrupt:
            self.is_stopped = self.reading is None
        finally:
            waiting.clear()
            if self.parts and not self.parts[-1].endswith("\n"):
                self._write("\n")

    def show_progress(self, done: int, total: int) -> None:
        """Show how many pages were read, and of how many."""
        self.waiting.show(f"reading … {terminal.format_count(done, 'page')} of {total:,}")

    def _print(self, text: str) -> None:
        self.parts.append(text)
        self._write(terminal.escape_controls(text))  # into a pipe, too: it may lead to a terminal

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

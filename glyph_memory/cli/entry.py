"""Run the program: what goes wrong becomes one line and an exit code, and Ctrl-C is told when it may act.

0 is success, 1 one of our errors, 2 a command that was spelled wrong, 130 Ctrl-C.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

from glyph_memory.errors import GlyphMemoryError


class Interrupts:
    """Holds Ctrl-C back except inside `allow()`; use it with `with`, in the main thread.

    Example:
        >>> with Interrupts() as interrupts:
        ...     signal.raise_signal(signal.SIGINT)  # while something is stored
        ...     try:
        ...         with interrupts.allow():
        ...             print("never")
        ...     except KeyboardInterrupt:
        ...         print("stopped")
        stopped
    """

    def __init__(self) -> None:
        self._is_allowed = self._is_waiting = False

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *exception: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    @contextmanager
    def allow(self) -> Iterator[None]:
        """Let Ctrl-C through inside the block, also one that came before it.

        Raises:
            KeyboardInterrupt: It came.
        """
        self._is_allowed = True
        try:
            if self._is_waiting:
                self._is_waiting = False
                raise KeyboardInterrupt
            yield
        finally:
            self._is_allowed = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._is_allowed:
            raise KeyboardInterrupt
        self._is_waiting = True


def main() -> None:
    """Run the command line; never returns."""
    _escape_unencodable()
    sys.exit(_run())


def _run() -> int:
    # Imported here: Ctrl-C while typer loads should be as quiet as any other.
    try:
        from glyph_memory.cli.commands import app  # noqa: PLC0415

        try:
            app()
        finally:
            sys.stdout.flush()
    except GlyphMemoryError as error:
        return _print_error(str(error))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read us has seen enough, `| head` for one
        _discard_output()
        return 1
    except OSError as error:  # files are our errors by now; what is left is standard output, on a full disk
        _discard_output()
        return _print_error(f"cannot write to standard output: {error.strerror or error}; is the disk full?")
    return 0


def _print_error(message: str) -> int:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)  # noqa: T201
    return 1


def _discard_output() -> None:
    """Send what Python flushes at exit to nowhere, or it would fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _escape_unencodable() -> None:
    """Write characters that the terminal's encoding lacks as their number, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")

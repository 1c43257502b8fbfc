"""Hold Ctrl-C back while something is stored, and let it act while the program waits."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self


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

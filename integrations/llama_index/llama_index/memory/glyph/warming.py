"""Hand a memory's pages to a warmer, where there is one.

Knows who is given what; knows nothing about how it is folded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from glyph_memory import Context, ReaderRefused, Seal, Warmer


class PagesWarmer:
    """What a memory or a store has pages read by. Copies share it; what is pickled has none, and sends the same.

    Args:
        warmer: Has pages read; None where none need be.

    Raises:
        ReaderRefused: `warmer` is no `Warmer`.
    """

    def __init__(self, warmer: Warmer | None = None) -> None:
        if warmer is not None and not isinstance(warmer, Warmer):
            raise ReaderRefused(f"warmer={warmer!r} is no Warmer; give Warmer(reader), or None")
        self.warmer = warmer
        """Has pages read."""
        self._shown: tuple[Seal, ...] = ()

    def submit(self, write: Callable[[], Context | None], *, key: str) -> None:
        """Have pages read, which a call in the warmer's thread returns; see `Warmer.submit`."""
        if self.warmer is not None:
            self.warmer.submit(write, conversation=(self, key))

    def is_new(self, seals: tuple[Seal, ...]) -> bool:
        """Return whether these seals are others than the last time."""
        is_new, self._shown = seals != self._shown, seals
        return is_new

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[()]]:
        return type(self), ()

"""`PinRule`: which messages of a history are pinned: by a function, or by the names of tools.

Knows turns; messages only through the function that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Generic, TypeVar

from glyph_memory.errors import PolicyError, show_value
from glyph_memory.transcript import Turn

M = TypeVar("M")


class PinRule(Generic[M]):
    """Marks turns that are to stay readable as text for good.

    Of a tool, its calls and results are pinned, and the newest of those that are sealed count: a list that was written
    anew takes the place of the older one.

    Args:
        pin: A function of a message, or the names of tools, or one name; nothing is pinned unless given.

    Raises:
        PolicyError: It is none of these.
    """

    def __init__(self, pin: Callable[[M], bool] | Collection[str] | None) -> None:
        if isinstance(pin, str):
            pin = (pin,)
        if callable(pin):
            self._is_pinned: Callable[[M], bool] | None = pin
            self._tools = frozenset[str]()
        elif isinstance(pin, Collection | None) and all(isinstance(name, str) for name in pin or ()):
            self._is_pinned, self._tools = None, frozenset(pin or ())
        else:
            raise PolicyError(
                f"pin={show_value(pin)} is neither a function of a message nor names of tools; give one of them"
            )

    def extend(self, turn_of: Callable[[M], Turn]) -> Callable[[M], Turn]:
        """Return a function that gives a message's turn, pinned where it is to be."""
        is_pinned = self._is_pinned
        if is_pinned is None and not self._tools:
            return turn_of

        def mark(message: M) -> Turn:
            turn = turn_of(message)
            by_rule = is_pinned is not None and is_pinned(message)
            return replace(turn, pinned=True) if by_rule or self._find_tools(turn) else turn

        return mark

    def drop_older(self, pinned: Iterable[Turn]) -> tuple[Turn, ...]:
        """Return pinned turns without those of a tool that were followed by others of the same kind."""
        kept, seen = list[Turn](), set[tuple[str, str]]()
        for turn in reversed([*pinned]):
            named = {(turn.role, name) for name in self._find_tools(turn)}
            if not named or named - seen:
                kept.append(turn)
            seen |= named
        return tuple(reversed(kept))

    def _find_tools(self, turn: Turn) -> frozenset[str]:
        if not self._tools:
            return self._tools
        return self._tools & {
            turn.name if turn.role == "tool" else None,
            *(call.name for call in turn.tool_calls),
        }

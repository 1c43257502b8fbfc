"""The `Loss`: something that the model should have seen as it came, and was not sent so.

Every loss is told twice: in the request, where the model reads it, and to whoever made the request.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from glyph_memory.errors import warn
from glyph_memory.locks import ForkSafeLock

LossKind = Literal["pages", "cut", "scaled", "left out"]
"""What happened to it: drawn as pages before it was read as text; shown in parts; its picture shown smaller; not shown
at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """Something new that the model was not shown as it came.

    Example:
        >>> Loss(kind="cut", anchor=7, message="§7 is shown in parts").anchor
        7
    """

    kind: LossKind
    """What happened to it."""
    anchor: int | None
    """Of the turn; None where it is no turn's."""
    message: str
    """One line: what, how much, why, and the dial that changes it."""
    once: str = ""
    """Where every later request would say the same: what it is known by, so that it is warned of once."""


def warn_of_losses(losses: Iterable[Loss]) -> None:
    """Warn of each loss, with a `GlyphMemoryWarning`; of some only the first time, see `Loss.once`."""
    for loss in losses:
        if loss.once and _has_warned(loss.once):
            continue
        warn(loss.message)


_REMEMBERED = 4096
_warned: OrderedDict[str, None] = OrderedDict()
_lock = ForkSafeLock(is_brief=True)


def _has_warned(key: str) -> bool:
    """Return whether this process has warned of it, and remember that it has now."""
    with _lock:
        is_known = key in _warned
        _warned[key] = None
        _warned.move_to_end(key)
        if len(_warned) > _REMEMBERED:
            _warned.popitem(last=False)
    return is_known

"""The `SealWatch`: hands a session's pages to a warmer whenever what is sealed has changed.

Knows one session's fold; draws nothing before the warmer asks for it, so that whoever adds a turn does not wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glyph_memory.context import Binder, Context, write_prefix
from glyph_memory.errors import GlyphMemoryError, ReaderRefused, show_value
from glyph_memory.memory.session_fold import ConcurrentErasure, SessionFold

if TYPE_CHECKING:
    from glyph_memory.folding import Fold, Seal
    from glyph_memory.readers import Warmer

_Shown = tuple[int, int, tuple["Seal", ...]]


class SealWatch:
    """Watches a session's seals for a warmer; without one it does nothing.

    Args:
        warmer: Has pages read; None where none need be.
        session_fold: The session's fold.
        binder: The model's.

    Raises:
        ReaderRefused: `warmer` is something else, such as a reader.
    """

    def __init__(self, warmer: Warmer | None, session_fold: SessionFold, binder: Binder) -> None:
        if warmer is not None:
            from glyph_memory.readers import Warmer  # noqa: PLC0415 - readers are loaded where there is one

            if not isinstance(warmer, Warmer):
                raise ReaderRefused(f"warmer={show_value(warmer)} is no Warmer; give Warmer(reader), or None")
        self.warmer = warmer
        """Has pages read."""
        self.can_recall = False
        """Whether the last request was for a model with tools that find what is not shown."""
        self._session_fold, self._binder = session_fold, binder
        self._shown: _Shown | None = None
        self._is_closed = False
        if warmer is not None:  # a session that is opened again may have pages already
            warmer.submit(self._write_prefix, conversation=self)

    def look(self, fold: Fold) -> None:
        """Hand over the pages of a fold, unless they are those of the last one."""
        if self.warmer is None or not fold.seals:
            return
        if (shown := _tell_shown(fold)) != self._shown:
            self._shown = shown
            self.warmer.submit(self._write_prefix, conversation=self)

    def close(self) -> None:
        """Have nothing more read: the session is closed."""
        self._is_closed = True

    def _write_prefix(self) -> Context | None:
        """Return the pages that are shown now; None where the session is closed meanwhile, or turns are erased."""
        try:
            fold = self._session_fold.refresh()
            prefix = write_prefix(
                fold,
                binder=self._binder,
                parts_of=self._session_fold.parts,
                can_recall=self.can_recall,
            )
            self._shown = _tell_shown(fold)
            return prefix
        except ConcurrentErasure:
            return None
        except GlyphMemoryError:
            if self._is_closed:
                return None
            raise


def _tell_shown(fold: Fold) -> _Shown:
    """Return what two folds have in common that show the same pages."""
    return fold.generation, fold.oldest, fold.visible_seals

"""`PlanningSession`: an open session that plans requests; whoever writes one is begun anew where turns go meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from glyph_memory.context import JoinUsers, RequestPlan, plan_request, write_prefix
from glyph_memory.errors import FontError
from glyph_memory.folding import Fold
from glyph_memory.memory.session import OpenSession
from glyph_memory.memory.session_fold import ConcurrentErasure

if TYPE_CHECKING:
    from glyph_memory.readers import Reader, Usage

T = TypeVar("T")
_TRIES = 5
"""How often a request is begun anew because other processes erase turns meanwhile."""


class PlanningSession(OpenSession):
    """A session that says what a request is made of."""

    def plan_request(
        self,
        *,
        merge_pages: bool = True,
        join_users: JoinUsers = "all",
        hoist_pictures: bool = True,
        can_recall: bool = False,
    ) -> RequestPlan:
        """Return what a request is made of, for those who spell recent turns themselves, as adapters do.

        Args:
            merge_pages: Whether pages and the user's message that follows them become one: many chat templates insist
                that roles alternate.
            join_users: Which of the users' messages that follow each other become one.
            hoist_pictures: Whether pictures and attachments of anyone but a user are shown by a user: most servers take
                them from nobody else.
            can_recall: Whether the model has tools that search and reread the conversation.

        Raises:
            StoreError: The store cannot be read.
            FontError: A page cannot be drawn.
        """
        self._seal_watch.can_recall = can_recall
        return self._try_writing(
            lambda fold: plan_request(
                fold,
                binder=self._binder,
                parts_of=self._session_fold.parts,
                merge_pages=merge_pages,
                join_users=join_users,
                hoist_pictures=hoist_pictures,
                can_recall=can_recall,
            )
        )

    def warm(self, reader: Reader) -> Usage:
        """Have a reader read the pages that are shown now, so that the next question about them starts at once.

        Nothing is read where nothing is sealed. `open(warmer=…)` does so in the background, whenever something is.

        Returns:
            What was read, and in `cached_tokens` how much of it the reader had already, as far as it says.

        Raises:
            ReaderError: The reader could not; see `Reader.warm`.
            StoreError: The store cannot be read.
            FontError: A page cannot be drawn.
        """
        from glyph_memory.readers import Usage  # noqa: PLC0415 - readers are loaded where there is one

        prefix = self._try_writing(
            lambda fold: write_prefix(
                fold,
                binder=self._binder,
                parts_of=self._session_fold.parts,
                can_recall=self._seal_watch.can_recall,
            )
        )
        return Usage() if prefix is None else reader.warm(prefix)

    def _try_writing(self, write: Callable[[Fold], T]) -> T:
        """Return what is written of the fold, begun anew where others erase turns meanwhile."""
        for _ in range(_TRIES):
            fold = self._session_fold.refresh()
            try:
                return write(fold)
            except ConcurrentErasure:
                continue
            except FontError:
                if self._session_fold.refresh() is fold:
                    break
        # Fonts changed unseen: what was sealed cannot be drawn again as it was.
        return write(self._session_fold.redraw())

"""The `Schedule` of many questions: which context is asked next, so that each document's pages are read once.

Knows contexts and what they share; knows nothing about readers, threads and event loops, and asks nobody.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar, cast

from glyph_memory.context import Context

T = TypeVar("T")

_OPEN_DOCUMENTS = 2
"""While one document's first question is read, the next one's is, too; more would push each other out of a cache."""


@dataclass(kw_only=True, slots=True, eq=False)
class _Document:
    """The contexts that show the same pages."""

    waiting: deque[int] = field(default_factory=deque)
    """Places of those that are not asked yet."""
    is_read: bool = False
    """Whether one of them was answered, or failed: the others need not wait."""


class Schedule(Generic[T]):
    """Contexts, and their answers as they come. Not for several threads.

    Args:
        contexts: In any order; all are taken at once. Pages that several show are held once.

    Example:
        >>> schedule = Schedule[str]([Context.of("Who?", pages=[]), Context.of("When?", pages=[])])
        >>> place, context = schedule.begin()
        >>> schedule.end(place, "Ada")
        >>> schedule.done, schedule.total
        (1, 2)
    """

    def __init__(self, contexts: Iterable[Context]) -> None:
        self.done = 0
        """How many have an answer."""
        self._contexts: list[Context | None] = []
        self._documents: list[_Document] = []  # each context's
        known: dict[Context, tuple[Context, _Document]] = {}
        for place, context in enumerate(contexts):
            prefix = context.stable_prefix()
            if prefix is None:
                document = _Document()
            else:  # equal prefixes hold equal files: Python compares and hashes those, not where they lie
                first, document = known.setdefault(prefix, (prefix, _Document()))
                context = _share_pages(context, first)  # noqa: PLW2901 - the same context
            document.waiting.append(place)
            self._contexts.append(context)
            self._documents.append(document)
        self.total = len(self._contexts)
        """How many there are."""
        self._answers: list[T | None] = [None] * self.total
        self._coming = deque(dict.fromkeys(self._documents))
        self._open: list[_Document] = []  # begun, and not all of it asked

    @property
    def answers(self) -> list[T]:
        """The answers, in the order of the contexts; all have to be there."""
        return cast("list[T]", self._answers)

    def begin(self) -> tuple[int, Context] | None:
        """Return the place of the context to ask next, and the context; None while there is none to ask."""
        document = next((one for one in self._open if one.is_read), None)
        if document is None:
            if not self._coming or len(self._open) >= _OPEN_DOCUMENTS:
                return None
            document = self._coming.popleft()
            self._open.append(document)
        place = document.waiting.popleft()
        if not document.waiting:
            self._open.remove(document)
        context, self._contexts[place] = self._contexts[place], None
        return place, cast("Context", context)

    def end(self, place: int, answer: T) -> None:
        """Take in the answer to a context that was begun, or its failure."""
        self._answers[place] = answer
        self._documents[place].is_read = True
        self.done += 1


def _share_pages(context: Context, prefix: Context) -> Context:
    """Return a context that holds the very pages of a prefix that is equal to its own."""
    *before, shown = prefix.messages
    cut = context.messages[len(before)]
    whole = replace(cut, parts=(*shown.parts, *cut.parts[len(shown.parts) :]))
    return replace(context, messages=(*before, whole, *context.messages[len(before) + 1 :]))

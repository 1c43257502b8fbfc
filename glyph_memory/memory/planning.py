"""`PlanningSession`: an open session that plans requests; whoever writes one is begun anew where turns go meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from glyph_memory.checks import check_number, check_whole
from glyph_memory.context import (
    Context,
    JoinUsers,
    RequestPlan,
    find_codes,
    plan_request,
    warn_of_losses,
    write_context,
    write_prefix,
)
from glyph_memory.errors import FontError, PolicyError, ReaderRefused, show_value, warn
from glyph_memory.folding import Fold
from glyph_memory.memory.code_questions import ReadingCheck, add_usages, ask_codes, explain_no_codes
from glyph_memory.memory.fold_figures import report_context
from glyph_memory.memory.old_lines import focus_on_question
from glyph_memory.memory.reading_rate import FLOOR, ReadingRate, describe_fall
from glyph_memory.memory.session import OpenSession
from glyph_memory.memory.session_fold import ConcurrentErasure
from glyph_memory.secrets import without_locals
from glyph_memory.telemetry import open_span, trace_call

if TYPE_CHECKING:
    from glyph_memory.readers import Reader, Usage

T = TypeVar("T")
_TRIES = 5
"""How often a request is begun anew because other processes erase turns meanwhile."""


class PlanningSession(OpenSession):
    """A session that says what a request is made of."""

    @without_locals
    def context(
        self, question: str | None = None, *, can_recall: bool = False, focus_tokens: int = 0
    ) -> Context:
        """Return what to send now: the head, pages of old turns, and the recent turns as text.

        What the model has not answered yet is there as it came, as long as it fits; `Context.losses` and a
        `GlyphMemoryWarning` for each say what is not.

        Args:
            question: Asked after all that was said, without being stored.
            can_recall: Whether the model has tools that search and reread the conversation, so that it may be told of
                them where something is not shown.
            focus_tokens: What lines of old turns may cost that bear on the question, or on the user's latest words
                where none is given: they are repeated as text right before it, those of turns that are no longer shown,
                too. See `focus`.

        Raises:
            PolicyError: The head alone is more than the model takes, or `focus_tokens` is no count.
            StoreError: The store cannot be read.
            FontError: A page cannot be drawn.
        """
        check_whole("focus_tokens", focus_tokens, PolicyError)
        if question is not None:
            question = self._guard.guard_text(question, what="the question")
        self._seal_watch.can_recall = can_recall

        def write(fold: Fold) -> tuple[Fold, Context]:
            context = write_context(
                fold,
                binder=self._binder,
                parts_of=self._session_fold.parts,
                question=question,
                can_recall=can_recall,
            )
            return fold, context

        with open_span("memory.context") as span:
            fold, context = self._try_writing(write)
            report_context(span, fold, context)
            warn_of_losses(context.losses)
            if focus_tokens:
                context = focus_on_question(
                    context, question, fold=fold, session_store=self._session_store, binder=self._binder,
                    budget_tokens=focus_tokens,
                )  # fmt: skip
            return context

    @trace_call("memory.plan_request")
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

        prefix = self._try_writing(self._write_prefix)
        return Usage() if prefix is None else reader.warm(prefix)

    def check(self, reader: Reader, *, pages: int = 1, floor: float = FLOOR) -> ReadingCheck:
        """Ask a reader for the codes of pages that are shown now: does it still read them?

        Only with the option `canaries`. Each question is a request of its own: what is sealed, as in any other request,
        so that a server's cache has it already, and one line. Pages that were asked for least come first. Each sixth
        question is for a page without a code, so that a reader which guesses is found. Nothing is stored.

        A `GlyphMemoryWarning` tells when the rate of the latest 200 answers of this memory has fallen below the floor,
        by more than chance explains: once, and again only after it had come back.

        Args:
            reader: Who reads the pages.
            pages: How many pages are asked for; fewer where fewer carry a code.
            floor: How large a share of the answers has to be right: calibrate's, unless given.

        Returns:
            What the reader said, what that is worth, and the rates; or why there was nothing to ask.

        Raises:
            PolicyError: A number is out of range.
            ReaderRefused: `reader` is no reader. One that fails is told in the result.
            StoreError: The store cannot be read.
            FontError: A page cannot be drawn.
        """
        from glyph_memory.readers import Usage  # noqa: PLC0415 - readers are loaded where there is one

        check_whole("pages", pages, PolicyError, at_least=1)
        check_number("floor", floor, PolicyError, at_most=1, is_open=True)
        if not callable(getattr(reader, "read", None)):
            raise ReaderRefused(
                f"reader={show_value(reader)} is no reader; give one, such as OpenAIReader(url)"
            )
        every = self._binder.options.canaries
        prefix, codes = self._try_writing(
            lambda fold: (self._write_prefix(fold), find_codes(fold.visible_seals, every))
        )
        if (reason := explain_no_codes(codes, every)) or prefix is None:
            return ReadingCheck(recent=self._reading.rate, usage=Usage(), reason=reason)
        answers, usages = ask_codes(reader, prefix, codes, self._page_choice.choose(codes, pages))
        has_fallen = self._reading.add(answers, floor=floor)
        if has_fallen:
            what = f"pages of session {self.session!r} are read"
            warn(describe_fall(self._reading.rate, floor=floor, what=what))
        return ReadingCheck(
            answers=tuple(answers),
            recent=self._reading.rate,
            has_fallen=has_fallen,
            usage=add_usages(usages),
        )

    @property
    def reading_rate(self) -> ReadingRate:
        """The rate of the latest 200 answers that `check` had since the memory was opened."""
        return self._reading.rate

    def _write_prefix(self, fold: Fold) -> Context | None:
        """Return what stays of requests until the next seal."""
        return write_prefix(
            fold,
            binder=self._binder,
            parts_of=self._session_fold.parts,
            can_recall=self._seal_watch.can_recall,
        )

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

"""The `Examiner`: asks a reader questions about sheets, judges the answers, keeps them.

Knows readers; what is asked next is the search's business.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from glyph_memory.context import Context
from glyph_memory.errors import ReaderError, ReaderOverflow, ReaderRefused
from glyph_memory.evaluate.calibration.answers import Answer, AnswerBook
from glyph_memory.evaluate.calibration.drawing import Sheet, SheetDrawer
from glyph_memory.evaluate.calibration.judging import judge_answer
from glyph_memory.evaluate.calibration.ladder import Rung
from glyph_memory.evaluate.calibration.search import Ask, OutOfTime, Phase, RungRefused
from glyph_memory.locks import ForkSafeLock
from glyph_memory.readers import Reader, Reading

_SAID = 400
"""Characters of an answer that are kept: one that runs on is wrong anyway."""


class Examiner:
    """Asks a reader.

    Args:
        reader: Who is asked.
        drawer: Draws what is asked about.
        book: Keeps the answers; what stands there is not asked again.
        max_concurrent: Questions that are asked at a time.
        deadline_s: When to stop, by `time.monotonic`; None for never.
        told: Called with every new answer, one at a time.
    """

    def __init__(
        self,
        reader: Reader,
        drawer: SheetDrawer,
        book: AnswerBook,
        *,
        max_concurrent: int,
        deadline_s: float | None,
        told: Callable[[Answer], None],
    ) -> None:
        self._reader, self._drawer, self.book = reader, drawer, book
        self._max_concurrent, self._deadline_s, self._told = max_concurrent, deadline_s, told
        self._lock = ForkSafeLock()

    def ask_about(self, kind: str) -> Ask:
        """Return what asks about one kind of text."""
        return partial(self._ask, kind)

    def _ask(self, kind: str, rung: Rung, phase: Phase, first: int, count: int) -> Sequence[bool]:
        if self.book.is_refused(kind, rung.key):
            raise RungRefused(f"no request of {kind} can be sent at {rung.key}")
        numbers = range(first, first + count)
        missing = [one for one in numbers if self.book.find((kind, rung.key, phase, one)) is None]
        if missing:
            self.check_time()
            self._ask_reader(kind, rung, phase, missing)
        found = (self.book.find((kind, rung.key, phase, one)) for one in numbers)
        return [answer is not None and answer.outcome == "correct" for answer in found]

    def check_time(self) -> None:
        """Raise an error when the time is over.

        Raises:
            OutOfTime: It is.
        """
        if self._deadline_s is not None and time.monotonic() >= self._deadline_s:
            raise OutOfTime(f"the time is over after {len(self.book)} answers")

    def _ask_reader(self, kind: str, rung: Rung, phase: Phase, numbers: Sequence[int]) -> None:
        a_sheet = self._drawer.count_questions(kind, rung)
        sheets = {
            one: self._drawer.draw_sheet(kind, rung, phase, one)
            for one in dict.fromkeys(number // a_sheet for number in numbers)
        }
        places = dict[tuple[str, str], tuple[int, Sheet]]()
        contexts = list[Context]()
        for number in numbers:
            sheet = sheets[number // a_sheet]
            context = sheet.build_context(number % a_sheet)
            places[_name(context)] = number, sheet
            contexts.append(context)

        def keep(context: Context, reading: Reading) -> None:
            number, sheet = places[_name(context)]
            right = sheet.questions[number % a_sheet][1]
            outcome = judge_answer(reading.text, right, others=sheet.all_answers)
            self.keep(
                make_answer(
                    reading, kind=kind, rung=rung, phase=phase, number=number, outcome=outcome, right=right
                )
            )

        asked = _KeepingReader(self._reader, keep).read_many(contexts, max_concurrent=self._max_concurrent)
        for error in asked:
            if isinstance(error, ReaderOverflow) or (isinstance(error, ReaderRefused) and rung.pages):
                if not rung.pages:
                    raise error  # not even a page
                self.book.refuse(kind, rung.key)
                raise RungRefused(str(error)) from error
            if isinstance(error, ReaderError):
                with tell_what_is_kept(self.book):
                    raise error

    def keep(self, answer: Answer) -> None:
        """Keep an answer; several threads may."""
        with self._lock:
            self.book.add(answer)
            self._told(answer)


@contextmanager
def tell_what_is_kept(book: AnswerBook) -> Iterator[None]:
    """Add to a reader's error that what is answered need not be asked again."""
    try:
        yield
    except ReaderError as error:
        error.args = (
            f"{error} ({len(book):,} questions are answered; a run in the same folder goes on from there)",
        )
        raise


def make_answer(
    reading: Reading, *, kind: str, rung: Rung, phase: Phase, number: int, outcome: str, right: str = ""
) -> Answer:
    """Return what is kept of a reading."""
    timing = reading.timing
    return Answer(
        kind=kind,
        rung=rung.key,
        phase=phase,
        number=number,
        outcome=outcome,  # type: ignore[arg-type] # an outcome
        right=right,
        said=reading.text[:_SAID],
        is_cut_off=reading.is_cut_off,
        model=reading.model,
        prompt_tokens=reading.usage.prompt_tokens,
        cached_tokens=reading.usage.cached_tokens,
        seconds=timing.total_s if timing.first_token_s is None else timing.first_token_s,
    )


def _name(context: Context) -> tuple[str, str]:
    """Return what tells a context from others of a batch: its first page, and its question."""
    return context.images[0].digest, context.messages[-1].text


class _KeepingReader(Reader):
    """Keeps each answer when it comes: a process that is killed then has asked nothing for nothing."""

    def __init__(self, reader: Reader, keep: Callable[[Context, Reading], None]) -> None:
        self._reader, self._keep = reader, keep

    def read(self, context: Context) -> Reading:
        reading = self._reader.read(context)
        self._keep(context, reading)
        return reading

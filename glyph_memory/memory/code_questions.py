"""Ask a reader for the codes of pages: choose the pages, put the question behind what is sealed, judge the answers.

Knows contexts, codes and readers; knows nothing about sessions.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from glyph_memory.context import Context, Text, ask_page_code
from glyph_memory.errors import ReaderError
from glyph_memory.locks import ForkSafeLock
from glyph_memory.memory.reading_rate import CodeAnswer, ReadingRate, judge_code

if TYPE_CHECKING:
    from glyph_memory.readers import Reader, Reading, Usage

_CONTROL_EVERY, _FIRST_CONTROL = 6, 2
"""Of the questions each sixth, beginning with the third, is for a page without a code."""
_REMEMBERED = 10_000
"""Pages of which it is known how often they were asked for; after so many, counting begins anew."""
_SHOWN = 200
"""Characters that are kept of an answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingCheck:
    """What came of asking a reader for the codes of some pages; see `GlyphMemory.check`."""

    answers: tuple[CodeAnswer, ...] = ()
    """What it said, in the order in which it was asked."""
    recent: ReadingRate = field(default_factory=ReadingRate)
    """The rate of the latest 200 answers of this memory, these included."""
    has_fallen: bool = False
    """Whether with these answers the rate has fallen below the floor, by more than chance explains."""
    usage: Usage
    """What was read and written, as far as the reader says."""
    reason: str = ""
    """Why nothing was asked, where nothing was."""

    @property
    def rate(self) -> ReadingRate:
        """The rate of these answers alone."""
        return ReadingRate.of(self.answers)

    @property
    def wrong(self) -> tuple[CodeAnswer, ...]:
        """The answers that are not right, those that failed included."""
        return tuple(answer for answer in self.answers if answer.outcome != "correct")


class PageChoice:
    """Chooses the pages that are asked for, so that over time all are. Safe to share among threads.

    Args:
        seed: Of the choice among pages that were asked for as often as each other.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)  # noqa: S311 - which page comes first is no secret
        self._asked = Counter[tuple[int, str]]()
        self._questions = 0
        self._lock = ForkSafeLock()

    def choose(self, codes: Mapping[int, str], count: int) -> list[int]:
        """Return the numbers of the pages to be asked for: those that were asked for least, a control among them.

        Args:
            codes: The code of each page that is shown, by its number; empty where it has none.
            count: How many; fewer where there are fewer with a code.
        """
        with self._lock:
            if len(self._asked) > _REMEMBERED:
                self._asked.clear()
            left, chosen = dict(codes), list[int]()
            count = min(count, sum(map(bool, codes.values())))
            while len(chosen) < count:
                is_control = self._questions % _CONTROL_EVERY == _FIRST_CONTROL and not all(left.values())
                pages = [number for number, code in left.items() if bool(code) != is_control]
                fewest = min(self._asked[number, codes[number]] for number in pages)
                number = self._random.choice([one for one in pages if self._asked[one, codes[one]] == fewest])
                self._asked[number, left.pop(number)] += 1
                self._questions += 1
                chosen.append(number)
            return chosen


def ask_for_code(prefix: Context, number: int) -> Context:
    """Return a context that asks for a page's code behind what is sealed: its prefix is that of any other question."""
    *before, last = prefix.messages
    return replace(
        prefix, messages=(*before, replace(last, parts=(*last.parts, Text(ask_page_code(number)))))
    )


def ask_codes(
    reader: Reader, prefix: Context, codes: Mapping[int, str], numbers: Sequence[int]
) -> tuple[list[CodeAnswer], list[Usage]]:
    """Ask for the codes of pages, one after the other; a reader that fails is not asked again.

    Args:
        reader: Who is asked.
        prefix: What is sealed, with the pages.
        codes: The code of each page, by its number; empty where it has none.
        numbers: The pages, in order.
    """
    answers, usages = list[CodeAnswer](), list["Usage"]()
    for number in numbers:
        try:
            reading = reader.read(ask_for_code(prefix, number))
            error = describe_failure(reading)
            usages.append(reading.usage)
        except ReaderError as failure:
            error, reading = str(failure), None
        if error or reading is None:
            answers.append(
                CodeAnswer(page=number, code=codes[number], said="", outcome="failed", error=error)
            )
        else:
            said = reading.text.strip()
            outcome = judge_code(said, codes[number])
            answers.append(CodeAnswer(page=number, code=codes[number], said=said[:_SHOWN], outcome=outcome))
        if reading is None:
            break
    return answers, usages


def add_usages(usages: Sequence[Usage]) -> Usage:
    """Return what several requests come to; None where a reader did not say."""
    from glyph_memory.readers import Usage  # noqa: PLC0415 - readers are loaded where there is one

    def add(name: str) -> int | None:
        told = [count for usage in usages if (count := getattr(usage, name)) is not None]
        return sum(told) if told else None

    return Usage(
        prompt_tokens=add("prompt_tokens"),
        completion_tokens=add("completion_tokens"),
        cached_tokens=add("cached_tokens"),
        image_tokens=add("image_tokens"),
    )


def describe_failure(reading: Reading) -> str:
    """Return why an answer is none: it was cut off, or is empty; nothing where it is one."""
    what = "reasoning" if reading.reasoning and not reading.text.strip() else "answer"
    if reading.is_cut_off:
        return f"the {what} was cut off: it repeats itself, or max_tokens is too small"
    if not reading.text.strip():
        return f"the reader answered nothing{', though it reasoned' if reading.reasoning else ''}"
    return ""


def explain_no_codes(codes: Mapping[int, str], every: int | None) -> str:
    """Return why there is no code to ask for; nothing where there is one."""
    if every is None:
        return "no page carries a code: canaries are off. Open the memory with canaries=8, or another number"
    if not codes:
        return "no page is shown: nothing is sealed as pages yet"
    if not any(codes.values()):
        first = (max(codes) // every + 1) * every
        return (
            f"none of pages {min(codes)} to {max(codes)}, which are shown, carries a code: with canaries={every} "
            f"page {first} is the next one"
        )
    return ""

"""How well a reader reads pages, by the codes that it was asked for: `CodeAnswer`, `ReadingRate`, `ReadingRecord`.

Knows answers and codes; knows nothing about sessions, pages or readers.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from glyph_memory.context import CODE_LENGTH, CODE_LETTERS
from glyph_memory.locks import ForkSafeLock
from glyph_memory.shares import chance_of_at_most, share_interval

CodeOutcome = Literal["correct", "abstained", "silently wrong", "failed"]
"""What an answer is: right; no answer, and it says so; wrong without a word of doubt; or none, as the reader failed."""

FLOOR = 0.98
"""How large a share of answers has to be right, unless given: that of `calibrate`."""
_KEPT = 200
"""Answers that a rate is of. A reader that gets 9 of 10 right is found after some 56 of them, at a floor of 0.98."""
_CHANCE = 0.001
"""How unlikely a rate has to be at the floor. It is looked at after each answer: a reader that is just at the floor is
warned of in 2 of 100 runs of 1,000 answers."""
_CODE = re.compile(rf"(?<![A-Za-z0-9])[{CODE_LETTERS}]{{{CODE_LENGTH}}}(?![A-Za-z0-9])")
_NONE = re.compile(
    r"\bnone\b|\bno (?:such|page code|code|line)\b|\bnot have\b|\bnot (?:stated|there|found)\b", re.I
)
_UNREAD = re.compile(
    r"\bnot (?:legible|readable|visible|clear)\b|\b(?:illegible|unreadable|unclear)\b"
    r"|\b(?:cannot|can't|can not|could not|couldn't|unable to)\b",
    re.I,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeAnswer:
    """What a reader said when it was asked for the code of a page."""

    page: int
    """The page's number."""
    code: str
    """What is right; empty for a page without a code, of which "none" is right."""
    said: str
    """What it said; empty where it failed."""
    outcome: CodeOutcome
    """What that is worth."""
    error: str = ""
    """Why it failed: no answer came, none that ended, or an empty one."""

    @property
    def is_control(self) -> bool:
        """Whether the page has no code: asked now and then, so that a reader which guesses is found."""
        return not self.code


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingRate:
    """How often a reader was right, of some answers; those that failed are counted apart."""

    correct: int = 0
    """Answers that were right."""
    abstained: int = 0
    """Those that said that there is nothing, or nothing legible, where a code stands."""
    silently_wrong: int = 0
    """Those that gave another code, or one where there is none, without a word of doubt."""
    failed: int = 0
    """How often no answer came. It is no misreading, and is not in the rate."""

    @classmethod
    def of(cls, answers: Iterable[CodeAnswer]) -> ReadingRate:
        """Count answers."""
        outcomes = Counter(answer.outcome for answer in answers)
        return cls(
            correct=outcomes["correct"],
            abstained=outcomes["abstained"],
            silently_wrong=outcomes["silently wrong"],
            failed=outcomes["failed"],
        )

    @property
    def answers(self) -> int:
        """How many answers it is of."""
        return self.correct + self.abstained + self.silently_wrong

    @property
    def rate(self) -> float | None:
        """The share of answers that were right; None without any."""
        return self.correct / self.answers if self.answers else None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the rate, Wilson's; `(0, 1)` without an answer."""
        return share_interval(self.rate or 0.0, self.answers)

    def is_below(self, floor: float) -> bool:
        """Return whether a reader that is right as often as the floor says would hardly ever do so badly.

        Example:
            >>> ReadingRate(correct=0, silently_wrong=1).is_below(0.98)
            False
            >>> ReadingRate(correct=0, silently_wrong=2).is_below(0.98)
            True
        """
        return chance_of_at_most(self.correct, self.answers, floor) < _CHANCE


class ReadingRecord:
    """The latest answers of a reader, and whether somebody was told that they are bad. Safe to share among threads."""

    def __init__(self) -> None:
        self._answers = deque[CodeAnswer](maxlen=_KEPT)
        self._is_told = False
        self._lock = ForkSafeLock()

    @property
    def rate(self) -> ReadingRate:
        """Of the latest 200 answers."""
        with self._lock:
            return ReadingRate.of(self._answers)

    @property
    def is_low(self) -> bool:
        """Whether the rate has fallen, and has not come back to the floor since."""
        return self._is_told

    def add(self, answers: Iterable[CodeAnswer], *, floor: float) -> bool:
        """Keep answers; return whether the rate has fallen below the floor with them.

        True is returned once, and again only after the rate had come back to the floor.
        """
        with self._lock:
            for answer in answers:
                self._answers.append(answer)
            rate = ReadingRate.of(self._answers)
            if rate.rate is not None and rate.rate >= floor:
                self._is_told = False
            has_fallen = rate.is_below(floor) and not self._is_told
            self._is_told = self._is_told or has_fallen
            return has_fallen


def judge_code(said: str, code: str) -> CodeOutcome:
    """Return what an answer is worth: right is the code to the letter and no other one, or "none" where there is none.

    Args:
        said: The answer.
        code: What is right; empty where the page has no code.

    Example:
        >>> judge_code("The code is 493RJC.", "493RJC"), judge_code("493RJ0", "493RJC"), judge_code("none", "493RJC")
        ('correct', 'silently wrong', 'abstained')
        >>> judge_code("none", ""), judge_code("493RJC", "")
        ('correct', 'silently wrong')
    """
    found = set(_CODE.findall(said))
    if found:
        return "correct" if found == {code} else "silently wrong"
    if _UNREAD.search(said):
        return "abstained"
    if _NONE.search(said):
        return "abstained" if code else "correct"
    return "silently wrong"


def describe_fall(rate: ReadingRate, *, floor: float, what: str) -> str:
    """Return a line that tells that pages are no longer read as well as they have to be, and what to do.

    Args:
        rate: What was found.
        floor: How large a share of the answers has to be right.
        what: Who reads, such as "pages of session 'ops' are read".
    """
    low, high = rate.interval
    return (
        f"{what} too badly: {rate.correct} of the latest {rate.answers} answers about pages' codes were right "
        f"({rate.rate or 0.0:.0%}; 95 % interval {low:.0%} to {high:.0%}), {rate.silently_wrong} silently wrong, below "
        f"the floor of {floor:.0%}. Is it the same model and server as before? Calibrate again, or take a style with "
        "larger letters"
    )

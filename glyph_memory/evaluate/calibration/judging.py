"""What an answer to a small question is worth, and which letters were taken for which.

Knows answers; knows nothing about pages or readers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

from rapidfuzz import fuzz

from glyph_memory.evaluate.alignment import Alignment
from glyph_memory.evaluate.normalize import normalize_text
from glyph_memory.evaluate.tasks import Outcome, judge_found
from glyph_memory.ledger import find_words
from glyph_memory.style import LetterCounts

_OTHERS_AT_MOST = 3
"""Answers of other questions that may stand in one: a line or two beside it may be quoted, a page may not."""
_NEAR = 0.34
"""Share of an answer's letters that may differ where a misreading is told from another thing."""
_THOUSANDS = re.compile(r"(?<=\d)[,\u202f\u00a0 ](?=\d{3}(?!\d))")


def judge_answer(said: str, right: str, *, others: Collection[str] = ()) -> Outcome:
    """Return what an answer is worth.

    It is right where what is asked for stands in it to the letter, and not as a part of something longer. An answer
    that lists what stands all over the page answers nothing.

    Args:
        said: The answer.
        right: What is right; empty where the pages do not tell.
        others: What is right for other questions about the same pages.

    Example:
        >>> judge_answer("It is 4,711.", "4711"), judge_answer("14711", "4711"), judge_answer("Not stated.", "")
        ('correct', 'silently wrong', 'correct')
    """
    text = normalize_text(said)
    if not text:  # it does not even say that it is not stated
        return "abstained"
    is_found = bool(right) and _stands_in(_THOUSANDS.sub("", text) if right.isdigit() else text, right)
    beside = (other for other in others if other != right and other in text)
    if is_found and sum(_stands_in(text, other) for other in beside) > _OTHERS_AT_MOST:
        return "silently wrong"
    return judge_found(float(is_found), text, is_told=bool(right)).outcome


def _stands_in(text: str, value: str) -> bool:
    # Beside Chinese letters there are no spaces.
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])", text) is not None


def find_confusions(said: str, right: str) -> Counter[tuple[str, str]]:
    """Return which letters of an answer were taken for which; none where it is another thing altogether.

    Example:
        >>> find_confusions("The key is 7B0l.", "7B01")
        Counter({('1', 'l'): 1})
    """
    alignment = align_misread(said, right)
    return Counter() if alignment is None else alignment.confusions


def align_misread(said: str, right: str) -> Alignment | None:
    """Return what was read beside what is right; None where that is right, or another thing altogether."""
    text = normalize_text(said)
    nearest = fuzz.partial_ratio_alignment(right, text) if len(text) > len(right) else None
    heard = text if nearest is None else text[nearest.dest_start : nearest.dest_end]
    alignment = Alignment(normalize_text(right), normalize_text(heard))
    return alignment if 0 < alignment.edits <= _NEAR * len(right) else None


def count_letters(answers: Iterable[tuple[str, str, Outcome]]) -> LetterCounts:
    """Return how often letters were asked for, and how often they were misread.

    An answer that is none, or another thing altogether, tells nothing about letters.

    Args:
        answers: Of each question what was said, what is right, and what that is worth.

    Example:
        >>> count_letters([("7B0l", "7B01", "silently wrong"), ("7B01", "7B01", "correct")]).alone
        (('0', 2, 0), ('1', 2, 1), ('7', 2, 0), ('B', 2, 0))
    """
    asked, wrong = Counter[str](), Counter[str]()
    for said, right, outcome in answers:
        misread = align_misread(said, right) if outcome == "silently wrong" else None
        if not right or (outcome != "correct" and misread is None):
            continue
        truth = normalize_text(right)
        in_words = {place for start, stop in find_words(truth) for place in range(start, stop)}
        names = ["" if place in in_words else letter for place, letter in enumerate(truth)]
        asked.update(name for name, letter in zip(names, truth, strict=True) if not letter.isspace())
        if misread is not None:
            edits = zip(misread.kinds, misread.at.tolist(), strict=True)
            wrong.update(names[at] for kind, at in edits if kind != "insert" and not truth[at].isspace())
    alone = tuple((letter, asked[letter], wrong[letter]) for letter in sorted(asked) if letter)
    return LetterCounts(alone=alone, words=(asked[""], wrong[""]))

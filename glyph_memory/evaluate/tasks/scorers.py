"""How much of what is right is in an answer: the published scorers of RULER and MRCR, and stricter ones of our own.

Knows strings; knows nothing about tasks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from difflib import SequenceMatcher

_ALNUM = r"[^\W_]"
_COUNTED = "zero one two three four five six seven eight nine ten eleven twelve"


def match_all(answer: str, right: Sequence[str]) -> float:
    """Return the share of the right strings that stand in an answer, whatever the case.

    RULER's `string_match_all` for one sample (Hsieh et al. 2024, arXiv 2404.06654), from 0 to 1.

    Example:
        >>> match_all("They are 17 and 18.", ["17", "18", "19", "20"])
        0.5
    """
    return sum(one.lower() in answer.lower() for one in right) / len(right)


def match_any(answer: str, right: Sequence[str]) -> float:
    """Return 1 if any of the right strings stands in an answer, whatever the case, else 0.

    RULER's `string_match_part` for one sample, which it uses for questions about documents.

    Example:
        >>> match_any("In Normandy, France.", ["France", "French"])
        1.0
    """
    return float(any(one.lower() in answer.lower() for one in right))


def compare_after_code(answer: str, right: str, code: str) -> float:
    """Return how alike an answer and the right text are behind a code that both begin with; 0 if the answer does not.

    The scorer of OpenAI's MRCR (data set card, 2025): `difflib.SequenceMatcher`'s ratio of what follows the code.

    Example:
        >>> compare_after_code("x7Qabcd", "x7Qabce", "x7Q"), compare_after_code("abcd", "x7Qabcd", "x7Q")
        (0.75, 0.0)
    """
    if not answer.startswith(code):
        return 0.0
    return SequenceMatcher(None, answer.removeprefix(code), right.removeprefix(code)).ratio()


def name_only(answer: str, right: Collection[str], others: Collection[str]) -> float:
    """Return 1 if an answer names what is right, and nothing else that it could be taken for.

    Args:
        answer: The answer.
        right: Names of what is right, of which one is enough.
        others: Names of what is wrong.

    Example:
        >>> name_only("It was Ada.", ["Ada"], ["Bruno"]), name_only("Ada or Bruno.", ["Ada"], ["Bruno"])
        (1.0, 0.0)
    """
    wanted = {name.casefold() for name in right}
    names = sorted({*wanted, *(name.casefold() for name in others)}, key=lambda name: (-len(name), name))
    pattern = rf"(?<!{_ALNUM})(?:{'|'.join(map(re.escape, names))})(?!{_ALNUM})"
    found = set(re.findall(pattern, answer.casefold()))
    return float(bool(found) and found <= wanted)


def name_only_shape(answer: str, right: str, shape: re.Pattern[str]) -> float:
    """Return 1 if what is right is all of its shape that an answer holds, such as its only UUID.

    Case counts unless the shape ignores it.

    Example:
        >>> name_only_shape("due 2027-03-04", "2027-03-04", re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"))
        1.0
    """
    found = set(shape.findall(answer))
    if shape.flags & re.IGNORECASE:
        return float({one.lower() for one in found} == {right.lower()})
    return float(found == {right})


def count_only(answer: str, right: int) -> float:
    r"""Return 1 if an answer, or else its last line that has a number, has no number but the right one.

    Example:
        >>> count_only("Seven.", 7), count_only("2 here, 5 there\nTotal: 7", 7), count_only("6 or 7", 7)
        (1.0, 1.0, 0.0)
    """
    lines = [numbers for line in answer.splitlines() if (numbers := _read_numbers(line))]
    return float(bool(lines) and lines[-1] == {right})


def _read_numbers(line: str) -> set[int]:
    words = {word: number for number, word in enumerate(_COUNTED.split())}
    tokens = re.findall(rf"{_ALNUM}+", line.lower())
    return {int(one) if one.isdecimal() else words[one] for one in tokens if one.isdecimal() or one in words}

"""How MMLongBench-Doc scores a short answer: by the kind of answer that the question wants.

By its published rules (`eval_score`, arXiv 2407.01523). Knows strings and numbers.
"""

from __future__ import annotations

import ast
import re
from math import isclose

NOT_ANSWERABLE = "Not answerable"
"""What is right where a document does not tell."""
FORMATS = ("Str", "Int", "Float", "List", "None")
"""Kinds of answers; "None" are those that a document does not tell."""
_CLOSE = 0.5
"""How alike two texts are at least, to count at all."""
_EXACT = re.compile(
    r".*https://.*|.*\.py|.*ipynb|page.*|\d+(?:[-\s]\d+)?|.*[ap]\.m\..*|\d{4}[-\s]\d{2}(?:[-\s]\d{2})?"
    r"|[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}",
    re.IGNORECASE | re.DOTALL,
)
"""What has to be the same to the letter: addresses, names of files, pages, numbers, times and dates."""


def score_answer(right: str, answer: str, kind: str) -> float:
    """Return how good a short answer is, from 0 to 1.

    Example:
        >>> score_answer("18.29%", "0.1829", "Float"), score_answer("Less well-off", "less well off", "Str")
        (1.0, 0.9230769230769231)
    """
    if kind == "Int":
        return float(_read_whole(answer) == _read_whole(right) is not None)
    if kind == "Float":
        return float(_are_close(right, answer))
    if kind == "List":
        return _score_list(right, answer)
    return _score_text(_clean(right), _clean(answer))


def count_edits(one: str, other: str) -> int:
    """Return Levenshtein's distance: how many letters have to be put in, taken out or changed.

    Example:
        >>> count_edits("kitten", "sitting")
        3
    """
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        before, row = row, [number]
        for place, against in enumerate(other):
            row.append(min(before[place] + (letter != against), before[place + 1] + 1, row[place] + 1))
    return row[-1]


def _score_text(right: str, answer: str) -> float:
    if _EXACT.fullmatch(right):
        return float(right == answer)
    return _compare(right, answer)


def _score_list(right: str, answer: str) -> float:
    wanted, given = (sorted(_clean(one) for one in _read_list(text)) for text in (right, answer))
    if len(wanted) != len(given):
        return 0.0
    if not wanted:
        return 1.0
    if _read_number(wanted[0]) is not None or _EXACT.fullmatch(wanted[0]):
        return float(wanted == given)
    return min(_compare(one, other) for one, other in zip(wanted, given, strict=True))


def _compare(right: str, answer: str) -> float:
    longest = max(len(right), len(answer))
    alike = 1.0 if longest == 0 else 1 - count_edits(right, answer) / longest
    return alike if alike > _CLOSE else 0.0


def _are_close(right: str, answer: str) -> bool:
    """Return whether a number is the right one, within a hundredth of it, or by its rounding; also as per cent."""
    wanted, given = _read_number(_clean(right)), _read_number(_clean(answer))
    if wanted is None or given is None:
        return False
    for one in (wanted / 100, wanted, wanted * 100):
        digits = max(min(_count_digits(given), _count_digits(one)), 2)
        if isclose(one, given, rel_tol=0.01) or round(given, digits) == round(one, digits):
            return True
    return False


def _count_digits(number: float) -> int:
    spelled = str(number)
    return len(spelled.rsplit(".", maxsplit=1)[-1]) if "." in spelled else 3


def _read_whole(text: str) -> int | None:
    number = _read_number(text)
    return None if number is None else int(number)


def _read_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


def _read_list(text: str) -> list[str]:
    if text.startswith("["):
        try:
            found = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return [text]
        if isinstance(found, list):
            return [str(one) for one in found]
    return [text]


def _clean(text: str) -> str:
    """Return a text in small letters, without what stands in brackets, quotes round it, a dollar or per cent sign."""
    plain = re.sub(r"\s*\([^)]*\)", "", text.lower().strip()).strip()
    plain = re.sub(r"^['\"]|['\"]$", "", plain).strip()
    return plain.lstrip("$").strip().rstrip("%").strip()

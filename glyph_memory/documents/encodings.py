"""Guess how bytes spell text: by the mark at their beginning, or by what they look like.

Guesses are for advice in messages, marks are for reading. Knows bytes alone.
"""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: it begins with UTF-16's mark
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_SAMPLE = 4096
_FEWEST = 16
"""Bytes below which zeros are no pattern."""
_MOST = 0.8
_ZEROS = (
    ("utf-16-le", (False, True, False, True)),
    ("utf-16-be", (True, False, True, False)),
    ("utf-32-le", (False, True, True, True)),
    ("utf-32-be", (True, True, True, False)),
)
"""Which of four bytes are zero in Western text."""
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")


def detect_mark(head: bytes) -> str | None:
    """Return the encoding whose byte order mark stands at the beginning, if one does."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def is_utf8(encoding: str) -> bool:
    """Return whether an encoding is UTF-8, under any of its names."""
    try:
        return codecs.lookup(encoding).name in {"utf-8", "utf-8-sig"}
    except (LookupError, ValueError):
        return False


def find_zeros(head: bytes) -> str | None:
    """Return the encoding that a text's beginning looks like, if it is one with zeros in it: UTF-16 or UTF-32.

    Bytes of Western text in it are valid UTF-8, with a NUL at every other place, so that nothing else would tell.
    """
    sample = head[:_SAMPLE]
    if len(sample) < _FEWEST:
        return None
    zeros = [sample[place::4].count(0) / len(sample[place::4]) for place in range(4)]
    for name, wanted in _ZEROS:
        if all(
            share > _MOST if is_zero else share < 1 - _MOST
            for share, is_zero in zip(zeros, wanted, strict=True)
        ):
            return name
    return None


def guess_encoding(data: bytes, start: int, *, unlike: str) -> str:
    """Return an encoding worth trying for bytes that are not valid in another.

    Args:
        data: Bytes around the place.
        start: Where in them it broke.
        unlike: The encoding that failed.
    """
    sample = data[max(0, start - _SAMPLE) : start + _SAMPLE]
    zeros = [sample[offset::2].count(0) for offset in (0, 1)]
    if max(zeros) > len(sample) // 8:  # every other byte of western text in UTF-16 is zero
        odd = start > _SAMPLE and (start - _SAMPLE) % 2
        return "utf-16-le" if (zeros[1] > zeros[0]) != odd else "utf-16-be"
    candidates = [*_candidates(sample), "cp1252", "latin-1"]
    return next(name for name in candidates if name != unlike and _can_decode(sample, name))


def _candidates(sample: bytes) -> list[str]:
    runs = _HIGH_RUN.findall(sample)
    high = sum(map(len, runs))
    if high < 0.3 * len(sample):  # accents here and there
        return []
    if sample.count(0x82) + sample.count(0x83) > high // 10:  # what kana begin with
        return ["shift_jis"]
    # Chinese and Korean characters take two bytes each, Cyrillic letters one.
    if sum(len(run) % 2 for run in runs) > len(runs) // 4:
        return ["cp1251"]
    return ["gb18030", "euc-kr"]


def _can_decode(sample: bytes, encoding: str) -> bool:
    """Return whether an encoding reads the bytes, except a character cut in two at either end."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(sample[sample.find(b"\n") + 1 :])
    except UnicodeError:
        return False
    return True

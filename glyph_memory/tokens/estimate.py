"""Estimate how many tokens a text has, where no tokenizer is at hand.

Byte-pair tokenizers first split a text into words, numbers, marks and blanks, then spend one token on what is
common and several on what is rare. So do we, with array arithmetic over the characters' classes: what kind a
group of characters is, how long it is and what stands before it decide what it costs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

(_SPACE, _LINE, _LOWER, _UPPER, _DIGIT, _MARK) = range(6)
(_LATIN, _IDEOGRAPH, _KANA, _HANGUL, _GREEK, _SEMITIC, _SIGN, _OTHER) = range(6, 14)

_RANGES = (
    (0x0000, 0x0020, _SPACE),
    (0x0021, 0x007E, _MARK),
    (0x0030, 0x0039, _DIGIT),
    (0x0041, 0x005A, _UPPER),
    (0x0061, 0x007A, _LOWER),
    (0x00A0, 0x00BF, _SIGN),
    (0x00C0, 0x036F, _LATIN),
    (0x0370, 0x052F, _GREEK),
    (0x0590, 0x06FF, _SEMITIC),
    (0x1E00, 0x1EFF, _LATIN),
    (0x2000, 0x2BFF, _SIGN),
    (0x3000, 0x303F, _SIGN),
    (0x3040, 0x30FF, _KANA),
    (0x3400, 0x9FFF, _IDEOGRAPH),
    (0xAC00, 0xD7AF, _HANGUL),
    (0xF900, 0xFAFF, _IDEOGRAPH),
    (0xFF00, 0xFFEF, _SIGN),
    (0x20000, 0x3FFFF, _IDEOGRAPH),
)
"""First and last code point of a class; later rows win, and what is in none is `_OTHER`."""

CHUNK = 1 << 16
"""Characters after which a long text is cut at the next seam, to keep memory small."""
UNBROKEN = 1 << 14
"""Characters without a seam after which it is cut all the same; a group across that cut may cost a token more."""
_SEAM = re.compile(
    r"(?<=\n)(?=[^\s\x00-\x1f\xa0])|(?<=[ \t])(?=[A-Za-z])|(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])"
)
"""Where no group of characters is cut, and nothing after it depends on what stands before: after a blank or a line's
end, and between ideographs."""


@dataclass(frozen=True, slots=True)
class EstimateCounter:
    """Estimates token counts from the shape of the text alone.

    The costs were fitted once to OpenAI's `cl100k_base`; `benchmarks/tokens.py` prints how far off they are,
    by kind of text. Other tokenizers differ from that one by more than this estimate does, above all on
    Chinese and on digits.
    """

    name: str = "estimate"
    """Says that it is none of the real ones."""
    exact: bool = False
    """Never."""
    typical_error: float = 0.05
    """Usual distance from `cl100k_base`, as a share of the true count, over the benchmark's kinds of text."""

    def count(self, text: str) -> int:
        """Estimate the tokens of a text; 0 for an empty one, else at least 1."""
        features = sum((_count_features(chunk) for chunk in _cut(text)), np.zeros(len(_COSTS)))
        return ceil(float(features @ _COSTS))


def _cut(text: str) -> Iterator[str]:
    """Cut a text at seams, so that its parts have the features of the whole."""
    start = 0
    while len(text) - start > CHUNK + UNBROKEN:
        seam = _SEAM.search(text, start + CHUNK, start + CHUNK + UNBROKEN)
        stop = seam.start() if seam else start + CHUNK + UNBROKEN
        yield text[start:stop]
        start = stop
    if start < len(text):
        yield text[start:]


_COSTS = np.array(
    [
        *(0.89, 0.08),  # a word after a blank; each letter above 4
        *(0.60, 0.03),  # a word after a mark, which often becomes one token with it; each letter above 4
        *(0.50, 0.16),  # a word after a word, as in camelCase, or after anything else; each letter above 6
        *(0.76, 0.07),  # capitals; each above 3
        *(0.83, 1.36),  # letters in a group that looks random, as in hex and base64; each above 2
        1.02,  # three digits
        *(1.02, 0.09),  # marks; each above 2
        *(1.29, 0.72),  # a line's end, but after a mark; after a mark, which may take it along
        *(0.91, 0.65, 0.70),  # a space before a number; at a line's beginning; up to 64 spaces
        *(2.05, 1.08, 0.88, 1.05, 0.44, 0.86, 1.00, 2.75),  # a character, from `_LATIN` to `_OTHER`
    ]
)
"""Tokens for each thing `_shape` counts, from non-negative least squares of the relative error.

Of 14 kinds of text, those beyond ASCII were too short for that, but for `_LATIN`; their costs are plain
averages. An accent costs so much because the languages that write it are split finer than English.
"""


class _CharacterGroups(NamedTuple):
    """Groups of neighbouring characters of one class, one array element per group."""

    kind: NDArray[np.uint8]
    length: NDArray[np.int64]
    previous: NDArray[np.uint8]
    """Class of the character before the group."""
    following: NDArray[np.uint8]
    """Class of the group after it."""
    random: NDArray[np.bool_]
    """Whether it is part of a word in which letters, cases and digits change too often to be language."""


def _count_features(text: str) -> NDArray[np.float64]:
    """Count the things that cost tokens, in the order of `_COSTS`."""
    kinds = _classes()[np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)]
    characters = np.bincount(kinds, minlength=_OTHER + 1)[_LATIN:]
    kinds[kinds == _LATIN] = _LOWER
    groups = _group_characters(kinds)
    kind, length, previous = groups.kind, groups.length, groups.previous

    def count_chosen(chosen: NDArray[np.bool_], free: int) -> tuple[int, int]:
        return int(chosen.sum()), int(np.maximum(length[chosen] - free, 0).sum())

    letters = (kind == _LOWER) | (kind == _UPPER)
    word, after_blank, after_mark = (kind == _LOWER) & ~groups.random, previous <= _LINE, previous == _MARK
    line, space, single = kind == _LINE, kind == _SPACE, length == 1
    before_number = groups.following == _DIGIT
    return np.array(
        [
            *count_chosen(word & after_blank, 4),
            *count_chosen(word & after_mark, 4),
            *count_chosen(word & ~after_blank & ~after_mark, 6),
            *count_chosen((kind == _UPPER) & ~groups.random, 3),
            *count_chosen(letters & groups.random, 2),
            ((length[kind == _DIGIT] + 2) // 3).sum(),
            *count_chosen(kind == _MARK, 2),
            (line & ~after_mark).sum(),
            (line & after_mark).sum(),
            (space & single & before_number).sum(),
            (space & single & ~before_number & (previous == _LINE)).sum(),
            ((length[space & ~single] + 63) // 64).sum(),
            *characters,
        ],
        np.float64,
    )


def _group_characters(kinds: NDArray[np.uint8]) -> _CharacterGroups:
    before = np.concatenate((np.array([_LINE], np.uint8), kinds[:-1]))
    starts = kinds != before
    starts[0] = True
    # A capital belongs to the small letters after it: `HTTPServer` is `HTTP`, `Server`.
    small = np.flatnonzero(starts & (kinds == _LOWER) & (before == _UPPER))
    starts[small] = False
    starts[small - 1] = True
    start = np.flatnonzero(starts)
    length = np.diff(np.append(start, len(kinds)))
    kind = kinds[start + length - 1]
    solid = (kind == _LOWER) | (kind == _UPPER) | (kind == _DIGIT)
    joined = np.concatenate(([False], solid[:-1]))
    group = np.cumsum(solid & ~joined) * solid
    changes, characters = np.bincount(group), np.bincount(group, weights=length)
    random = solid & ((changes >= 4) & (characters < 3 * changes))[group]
    return _CharacterGroups(kind, length, before[start], np.append(kinds[start[1:]], np.uint8(_LINE)), random)


@lru_cache(maxsize=1)
def _classes() -> NDArray[np.uint8]:
    table = np.full(0x110000, _OTHER, np.uint8)
    for first, last, kind in _RANGES:
        table[first : last + 1] = kind
    table[[0x0A, 0x0D]] = _LINE
    return table

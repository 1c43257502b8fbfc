"""Porter's stemmer: English words without their endings, so that "planned" and "plans" count as one.

By M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980, with the additions that NLTK's stemmer makes
by default, which LoCoMo's and VTCBench's scorers use. Knows letters.
"""

from __future__ import annotations

import itertools
from functools import lru_cache

_VOWELS = frozenset("aeiou")
_IRREGULAR = {
    "sky": "sky", "skies": "sky", "dying": "die", "lying": "lie", "tying": "tie", "news": "news", "innings": "inning",
    "inning": "inning", "outings": "outing", "outing": "outing", "cannings": "canning", "canning": "canning",
    "howe": "howe", "proceed": "proceed", "exceed": "exceed", "succeed": "succeed",
}  # fmt: skip
_SECOND = {
    "ational": "ate", "tional": "tion", "enci": "ence", "anci": "ance", "izer": "ize", "bli": "ble", "alli": "al",
    "entli": "ent", "eli": "e", "ousli": "ous", "ization": "ize", "ation": "ate", "ator": "ate", "alism": "al",
    "iveness": "ive", "fulness": "ful", "ousness": "ous", "aliti": "al", "iviti": "ive", "biliti": "ble",
    "fulli": "ful",
}  # fmt: skip
_THIRD = {"icate": "ic", "ative": "", "alize": "al", "iciti": "ic", "ical": "ic", "ful": "", "ness": ""}
_FOURTH = (
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ou", "ism", "ate", "iti", "ous",
    "ive", "ize",
)  # fmt: skip


@lru_cache(maxsize=1 << 16)
def stem_word(word: str) -> str:
    """Return a word without its ending, in small letters.

    Example:
        >>> stem_word("relational"), stem_word("hopping"), stem_word("flies")
        ('relat', 'hop', 'fli')
    """
    word = word.lower()
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) <= 2:
        return word
    for step in (_drop_plural, _drop_past, _turn_y, _shorten_twice, _shorten, _drop_last, _drop_e):
        word = step(word)
    return word[:-1] if word.endswith("ll") and _measure(word[:-1]) > 1 else word


def _is_consonant(word: str, place: int) -> bool:
    if word[place] in _VOWELS:
        return False
    return word[place] != "y" or place == 0 or not _is_consonant(word, place - 1)


def _measure(stem: str) -> int:
    """Return how often a vowel is followed by a consonant: Porter's m."""
    kinds = [_is_consonant(stem, place) for place in range(len(stem))]
    return sum(not before and now for before, now in itertools.pairwise(kinds))


def _has_vowel(stem: str) -> bool:
    return any(not _is_consonant(stem, place) for place in range(len(stem)))


def _ends_short(word: str) -> bool:
    """Return whether a word ends as "hop" does, or is like "at"; the last consonant is none of w, x, y."""
    kinds = [_is_consonant(word, place) for place in range(len(word))]
    if len(word) == 2:
        return kinds == [False, True]
    return len(word) > 2 and kinds[-3:] == [True, False, True] and word[-1] not in "wxy"


def _drop_plural(word: str) -> str:
    if word.endswith("ies") and len(word) == 4:
        return word[:-1]
    if word.endswith(("sses", "ies")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _drop_past(word: str) -> str:
    if word.endswith("ied"):
        return word[:-1] if len(word) == 4 else word[:-2]
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    stem = next((word[: -len(end)] for end in ("ed", "ing") if word.endswith(end)), "")
    if not stem or not _has_vowel(stem):
        return word
    if stem.endswith(("at", "bl", "iz")):
        return stem + "e"
    if len(stem) > 1 and stem[-1] == stem[-2] and _is_consonant(stem, len(stem) - 1):
        return stem if stem[-1] in "lsz" else stem[:-1]
    return stem + "e" if _measure(stem) == 1 and _ends_short(stem) else stem


def _turn_y(word: str) -> str:
    if word.endswith("y") and len(word) > 2 and _is_consonant(word, len(word) - 2):
        return word[:-1] + "i"
    return word


def _shorten_twice(word: str) -> str:
    if word.endswith("alli") and _measure(word[:-4]) > 0:
        return _shorten_twice(word[:-2])
    if word.endswith("logi"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    return _replace_end(word, _SECOND)


def _shorten(word: str) -> str:
    return _replace_end(word, _THIRD)


def _replace_end(word: str, ends: dict[str, str]) -> str:
    for end in sorted(ends, key=len, reverse=True):
        if word.endswith(end):
            stem = word[: -len(end)]
            return stem + ends[end] if _measure(stem) > 0 else word
    return word


def _drop_last(word: str) -> str:
    for end in sorted((*_FOURTH, "ion"), key=len, reverse=True):
        if word.endswith(end):
            stem = word[: -len(end)]
            is_right = end != "ion" or stem.endswith(("s", "t"))
            return stem if is_right and _measure(stem) > 1 else word
    return word


def _drop_e(word: str) -> str:
    if word.endswith("e"):
        stem = word[:-1]
        if _measure(stem) > 1 or (_measure(stem) == 1 and not _ends_short(stem)):
            return stem
    return word

"""Find texts that share phrases with texts that a model is measured on: thirteen words in a row, unless told otherwise.

Knows words; knows nothing about pages. Thirteen words are what GPT-3's data was cleaned by (arXiv 2005.14165, appendix
C); a phrase is a hash of its words, in small letters, without punctuation, and with letters in Unicode's form NFKC.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from glyph_memory.checks import check_whole
from glyph_memory.errors import show_value
from glyph_memory.training.samples import TrainingError

WORDS = 13
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_WORDS_HELD = 1 << 18


@dataclass(frozen=True, slots=True)
class KeepOut:
    """Phrases that no training text may have.

    Example:
        >>> keep_out = KeepOut.of({"test": "one two three four"}, words=3)
        >>> keep_out.find("zero one two, THREE"), keep_out.find("one two 3 four")
        ('test', '')
    """

    words: int = WORDS
    """How many words in a row are a phrase."""
    names: tuple[str, ...] = ()
    """What is kept out."""
    hashes: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64), repr=False)
    """Of all phrases, in order."""
    owners: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32), repr=False)
    """Of each hash, whose it is: a place in `names`."""

    @classmethod
    def of(cls, texts: dict[str, str] | dict[str, Iterable[str]], *, words: int = WORDS) -> KeepOut:
        """Return the phrases of texts by name.

        Raises:
            TrainingError: `words` is out of range, or all texts of one name have fewer words, so that nothing would be
                kept out for it.
        """
        check_whole("words", words, TrainingError, at_least=1, at_most=1_000)
        names = tuple(texts)
        parts = list[NDArray[np.uint64]]()
        owners = list[NDArray[np.int32]]()
        for number, of in enumerate(texts.values()):
            first_part = len(parts)
            for text in [of] if isinstance(of, str) else of:
                found = np.unique(_hash_phrases(text, words))
                parts.append(found)
                owners.append(np.full(len(found), number, np.int32))
            if not sum(map(len, parts[first_part:])):
                raise TrainingError(
                    f"{show_value(names[number])} has no {words:,} words in a row, so nothing can be kept out for it; "
                    "give longer texts, or fewer words for a phrase (keep_out_words)"
                )
        hashes, first = np.unique(np.concatenate([np.zeros(0, np.uint64), *parts]), return_index=True)
        return cls(words, names, hashes, np.concatenate([np.zeros(0, np.int32), *owners])[first])

    @property
    def digest(self) -> str:
        """A digest of all phrases: another one keeps out other texts."""
        return hashlib.sha256(f"{self.words} ".encode() + self.hashes.tobytes()).hexdigest()[:32]

    def find(self, text: str) -> str:
        """Return the name of a text to keep out that shares a phrase with this one; empty where none does."""
        if not len(self.hashes):
            return ""
        phrases = _hash_phrases(text, self.words)
        places = np.minimum(np.searchsorted(self.hashes, phrases), len(self.hashes) - 1)
        same = np.flatnonzero(self.hashes[places] == phrases)
        return self.names[self.owners[places[same[0]]]] if len(same) else ""


class _WordNumbers(dict[str, int]):
    """A number for each word; the last ones are held, since most words come again."""

    def __missing__(self, word: str) -> int:
        if len(self) >= _WORDS_HELD:
            self.clear()
        # Not `hash`, which differs from process to process.
        self[word] = number = zlib.crc32(word.encode(errors="surrogatepass"))
        return number


_NUMBERS = _WordNumbers()


def _hash_phrases(text: str, words: int) -> NDArray[np.uint64]:
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    found = list(map(_NUMBERS.__getitem__, _WORD.findall(plain.lower())))
    numbers = np.array(found, np.uint64)
    count = len(numbers) - words + 1
    if count < 1:
        return np.zeros(0, np.uint64)
    phrases = np.zeros(count, np.uint64)
    for place in range(words):
        phrases = phrases * _FACTOR + numbers[place : place + count] + np.uint64(1)
    return phrases

"""Cut text into the words that are searched, and a query into the phrases that are looked for.

No case, no width; scripts without spaces between words are cut by the character. Knows turns and characters; knows
nothing about databases: every database gets the same words, so that a search finds the same turns in each.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from glyph_memory.transcript import Turn

UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x1100, 0x11FF),  # Hangul jamo
    (0x2E80, 0x31FF),  # radicals, kana, bopomofo, jamo
    (0x3400, 0x9FFF),  # Han
    (0xA960, 0xA97F),  # Hangul jamo
    (0xAC00, 0xD7FF),  # Hangul
    (0xF900, 0xFAFF),  # Han
    (0x1AFF0, 0x1B16F),  # kana
    (0x20000, 0x3FFFF),  # Han
)
"""Scripts without spaces between words, or with endings that nobody types: each character is a word."""


def is_unspaced(character: str) -> bool:
    """Return whether a character belongs to a script that puts no spaces between words."""
    return any(first <= ord(character) <= last for first, last in UNSPACED)


def casefold(text: str) -> str:
    """Return a text in a form that ignores case and width, for comparison."""
    if text.isascii():
        return text.casefold()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def extract_search_text(turn: Turn) -> str:
    """Return the text by which a turn is searched: its name, all of its content, what its attachments are called."""
    attached = (attachment.name for attachment in turn.attachments)
    return "\n".join(filter(None, (turn.name, turn.full_text, *attached)))


_LONGEST = 200
"""Characters of a word; longer runs are cut, since indexes take no words of any length. A phrase finds them whole."""
_MOST_PHRASES = 256
_PIECE = 1 << 16
"""Characters that are taken at a time, to keep memory small."""
_SEAM = re.compile("[\x00-\x7f\u4e00-\u9fff]")
"""Characters that join with none before them, in any normal form."""


class _CharacterMap(dict[int, str]):
    """Maps each character to what it becomes; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        part = " "
        if unicodedata.category(chr(code))[0] in "LNM":
            part = f" {chr(code)} " if is_unspaced(chr(code)) else chr(code)
        if len(self) < 100_000:
            self[code] = part
        return part


_PARTS = _CharacterMap()


def words(text: str) -> list[str]:
    """Return the words of a text: runs of letters and digits, without regard to case and width.

    Example:
        >>> words("Deploy_KEY=ﬁle-9, 東京")
        ['deploy', 'key', 'file', '9', '東', '京']
    """
    return _cut_long(casefold(text).translate(_PARTS).split())


def join_words(text: str) -> tuple[str, int]:
    """Return the words of a text with a space between them, and how many they are; a long text is taken in pieces.

    Example:
        >>> join_words("Deploy_KEY=ﬁle-9, 東京")
        ('deploy key file 9 東 京', 6)
    """
    joined, count, begun = list[str](), 0, ""
    for piece in _cut(text):
        spaced = begun + casefold(piece).translate(_PARTS)
        found, begun = spaced.split(), ""
        if found and not spaced.endswith(" "):  # the next piece may go on with the last word
            last = found.pop()
            begun = last[len(last) // _LONGEST * _LONGEST :]
            found += [last[: len(last) - len(begun)]] if len(last) > len(begun) else []
        found = _cut_long(found)
        count += len(found)
        joined += [" ".join(found)] if found else []
    return " ".join([*joined, begun] if begun else joined), count + bool(begun)


def _cut(text: str) -> Iterator[str]:
    """Cut a long text before characters that never change with what stands before them."""
    start = 0
    while len(text) - start > _PIECE and (seam := _SEAM.search(text, start + _PIECE)):
        yield text[start : seam.start()]
        start = seam.start()
    yield text[start:]


def _cut_long(words: list[str]) -> list[str]:
    """Cut the words of a list that are too long; mostly there are none, and the list is returned as it is."""
    if max(map(len, words), default=0) <= _LONGEST:
        return words
    return [word[start : start + _LONGEST] for word in words for start in range(0, len(word), _LONGEST)]


def phrases(query: str) -> tuple[str, ...]:
    """Return the phrases of a query: each piece between white space, as words that follow each other.

    Nothing in a query is syntax. A run of more than four characters of a script without spaces is looked for by its
    pairs as well, since it is rather a sentence than a word. At most 256 phrases.

    Example:
        >>> phrases('src/app.py OR "x"')
        ('src app py', 'or', 'x')
    """
    found: dict[str, None] = {}
    for piece in query.split():
        parts = words(piece)
        if parts:
            found[" ".join(parts)] = None
        single = [len(part) == 1 and is_unspaced(part) for part in parts]
        if sum(single) > 4:
            pairs = zip(pairwise(parts), pairwise(single), strict=True)
            found |= {f"{one} {two}": None for (one, two), are_single in pairs if all(are_single)}
        if len(found) >= _MOST_PHRASES:
            break
    return tuple(found)[:_MOST_PHRASES]

"""Find the signs in a text that could be taken for the beginning of a label, `§42 user`, by a reader without colours.

A label is the sign, a number, and a word for who speaks. What follows a sign decides, never where it stands: any line
may be wrapped there, so the answer holds for every width and style. Knows Unicode; knows nothing about fonts or pages.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LABEL_SIGN = "§"
"""Begins a label; in content it is escaped where a label could be read."""

_WORDS = (
    "system",
    "user",
    "assistant",
    "tool",
    "calls",
    "page",
    "human",
    "ai",
    "developer",
    "function",
    "model",
)
"""Second words of labels and of captions, and what other formats call those who speak."""
_BEGINNINGS = "|".join(sorted({word[:2] for word in _WORDS} | {"al"}))  # an l looks like an I
_PLAIN = rf"[ \xa0\u202f]?\d{{1,6}}[a-z]?[ \xa0\u202f](?!{_BEGINNINGS})[a-z]{{2}}"
"""What laws are full of, `§ 433 Abs.`: a number, and a word that no label has. No need to look closer."""
_SIGN = re.compile(rf"§(?!§|{_PLAIN})", re.ASCII | re.IGNORECASE)
_MARK = r"\u0300-\u036f\u0e31-\u0ebd\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_S_WITH_MARK = "ŚśŜŝŞşŠšȘșṠ-ṩ"
_MARKS = re.compile(f"[{_MARK}{_S_WITH_MARK}]")
_MARKED_S = re.compile(
    rf"(?<![A-Za-z\u00c0-\u024f])(?:[Ss$](?=[{_MARK}])|[{_S_WITH_MARK}])(?=\W{{0,64}}[\d\u2460-\u24ff\u2776-\u2793])"
)
"""In small print an S with marks looks like the sign. No other character of the shipped fonts does."""

_BLANK, _NARROW = " ", "\u200a"
_NARROW_BLANKS = "\u2005\u2006\u2008\u2009\u200a\u205f"
"""So narrow that a reader may see no blank there."""
_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"
_SEEN = 64
"""Characters that can be seen which are looked at: more than a number and the longest word have."""
_CUT = 16
"""Characters after a labels' word with which it may be wider than a line: no page worth reading has narrower ones."""
_RIGHT_TO_LEFT = re.compile(
    r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_NEAR = 64

_LOOKS = {
    "a": "аɑαᴀꓮᎪ@", "c": "сϲᴄꓚᏟ¢", "d": "ԁɗđᴅꓓᎠ", "e": "еҽεєᴇꓰᎬ℮ɛ", "f": "ƒϝꜰꓝ", "g": "ɡցɢꓖᏀ", "h": "һհнʜꓧᎻ",
    "l": "1i|!ıɩιіӏǀ∣ɪʟꓡꓲᏞյјΙ",
    "m": "мᴍꓟᎷ", "n": "ոпηռɴꓠ", "o": "0оοօσᴏꓳ○ø◦", "p": "рρϸᴘꓑᏢ", "r": "гᴦʀꓣᎡᏒ", "s": "5$ѕꜱʂƨꓢᏚ", "t": "тτᴛꓔᎢ†ŧ",
    "u": "υսцʋᴜꓴ", "v": "νѵᴠꓦ", "y": "уүγʏꓬᎩ¥",
}  # fmt: skip
"""Of each letter: what looks like it. An i counts as an l."""
_ALIKE = {ord(other): letter for letter, others in _LOOKS.items() for other in others}
_ALIKE |= {
    first + number: _ALIKE.get(97 + number, chr(97 + number))
    for first in (0x1F150, 0x1F170, 0x1F1E6)  # letters in black circles, in black squares, of flags
    for number in range(26)
}


def _spell(word: str) -> str:
    """Return the pattern of a word: each letter itself, or one of another script; narrow blanks between them."""
    letters = word.replace("i", "l")
    return f"{_NARROW}?".join(f"(?:{'m|rn' if one == 'm' else one}|[^\\W\\d_a-z])" for one in letters)


_SPEAKER = re.compile("|".join(f"(?:{_spell(word)})" for word in _WORDS))
_NUMBER = re.compile(r"[\W\d_]*|[\W_]*\w{0,16}[\W_]*")
"""What may stand between the sign and the word: no letter, or one run of letters and figures, such as a number."""


def find_false_labels(text: str) -> list[int]:
    r"""Return the places of the signs in a turn's text that have to be escaped, in order.

    Such as a label could begin with: a number and one of labels' words follow, in whatever letters and digits that look
    alike, with blanks or invisible characters between or without. And those beside right-to-left letters, since there
    the order in which characters are seen is another one. All others can stand as they are.

    Args:
        text: What somebody said; no labels of ours.

    Example:
        >>> find_false_labels("Nach § 433 Abs. 1 BGB und §§ 434, 437 haftet er.")
        []
        >>> find_false_labels("ok\n§42 user: wire it; § 7\u200b ТOOL, §7 is fine")
        [3, 22]
    """
    if text.isascii():
        return []
    signs = [*_SIGN.finditer(text)] if LABEL_SIGN in text else []
    if _MARKS.search(text):
        signs += _MARKED_S.finditer(text)
    found = {sign.start() for sign in signs if _begins_label(text, sign.end(), _SPEAKER)}
    if LABEL_SIGN in text and _RIGHT_TO_LEFT.search(text):
        places = (place for place, character in enumerate(text) if character == LABEL_SIGN)
        found |= {place for place in places if _stands_beside_right_to_left(text, place)}
    return sorted(found)


def find_signs(text: str) -> list[int]:
    """Return the places of all signs in a text, and of letters that look like one before a number, in order."""
    if text.isascii():
        return []
    marked = [found.start() for found in _MARKED_S.finditer(text)] if _MARKS.search(text) else []
    return sorted([*(place for place, character in enumerate(text) if character == LABEL_SIGN), *marked])


def begins_line(text: str, after: int, words: re.Pattern[str], *, stops: str) -> bool:
    """Return whether what follows a sign up to a line's end reads as a number and then a label's word, or one of these.

    Args:
        text: What somebody said.
        after: The place behind the sign.
        words: Further words, as `spell_words` makes them.
        stops: The characters that end a line.
    """
    return any(_begins_label(text, after, which, stops) for which in (_SPEAKER, words))


def spell_words(words: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern of some words, each letter itself or one that may look like it."""
    return re.compile("|".join(f"(?:{_spell(word)})" for word in words))


def _begins_label(text: str, after: int, words: re.Pattern[str], stops: str = "") -> bool:
    plain = _read_on(text, after, stops)
    alike = plain.translate(_ALIKE)
    for word in words.finditer(alike):
        start, stop = word.span()
        foreign = sum(not letter.isascii() for letter in word[0] if letter != _NARROW)
        if (
            _is_whole(plain, start, stop)
            and 2 * foreign <= len(word[0])
            and _NUMBER.fullmatch(plain, 0, start)
        ):
            return True
    return False


def _is_whole(plain: str, start: int, stop: int) -> bool:
    """Return whether a word is no part of a longer one; one so long that a line's end may cut it counts as two."""
    rest = plain[stop:].split(maxsplit=1)[0] if plain[stop : stop + 1].strip() else ""
    return not _is_letter(plain[:start][-1:]) and (not _is_letter(rest[:1]) or len(rest) > _CUT)


def _is_letter(character: str) -> bool:
    """Return whether a character makes a word longer: not so those of scripts that break lines anywhere."""
    return character.upper() != character.lower()


def _read_on(text: str, start: int, stops: str = "") -> str:
    """Return what a reader sees from here on, up to the next sign: what is invisible left out, blanks joined."""
    seen: list[str] = []
    for place in range(start, len(text)):
        character = text[place]
        if character == LABEL_SIGN or character in stops or len(seen) >= _SEEN:
            break
        if "!" <= character <= "~":
            seen.append(character.lower())
            continue
        kind = unicodedata.category(character)
        if character in _NARROW_BLANKS:
            seen.append(_NARROW)
        elif character.isspace() or kind[0] == "Z":
            if seen[-1:] != [_BLANK]:
                seen.append(_BLANK)
        elif kind[0] not in "CM" and character not in _FILLERS:
            whole = unicodedata.normalize("NFKD", character).casefold()
            seen += [part for part in whole if unicodedata.category(part)[0] not in "CM"]
    return "".join(seen)


def _stands_beside_right_to_left(text: str, place: int) -> bool:
    """Return whether the nearest letter on either side is one of a script that runs from right to left."""
    sides = (text[place + 1 : place + 1 + _NEAR], text[max(0, place - _NEAR) : place][::-1])
    return any(_find_direction(side) in {"R", "AL"} for side in sides)


def _find_direction(text: str) -> str | None:
    directions = map(unicodedata.bidirectional, text)
    return next((one for one in directions if one in {"L", "R", "AL"}), None)

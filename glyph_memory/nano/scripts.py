"""Give letters that look the same in several scripts the script they stand in, and tell which of them are guesses.

A page shows `a` where a text has the Latin or the Cyrillic one. Letters that only one script has tell which it is: in
the same part of a word, or in the words beside it. Where nothing tells, the letter stays a guess, and is named as one.
Knows letters; knows nothing about images or confidences.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from glyph_memory.nano.alphabet import CYRILLIC, CYRILLIC_TWINS, GREEK, GREEK_TWINS

LATIN_SCRIPT, GREEK_SCRIPT, CYRILLIC_SCRIPT = "Latin", "Greek", "Cyrillic"

_RARE = "sj"
"""Cyrillic has letters of their looks, but not in Russian or Ukrainian: they count as Latin."""
_GREEK_WRITES = (
    GREEK_TWINS | dict(zip("vuwóíúp", "νυωόίύρ", strict=True)) | {letter: letter for letter in GREEK}
)
"""How Greek writes each class that may be one of its letters; some are classes that only look nearly the same."""
_CYRILLIC_WRITES = {one: twin for one, twin in CYRILLIC_TWINS.items() if one not in _RARE} | {
    letter: letter for letter in CYRILLIC
}
_WRITES = {GREEK_SCRIPT: _GREEK_WRITES, CYRILLIC_SCRIPT: _CYRILLIC_WRITES}
_FOREIGN = re.compile(f"[{GREEK}{CYRILLIC}]")
_PART = re.compile(r"[^\W\d_]+")
_SIGNED_WORD = re.compile(r"\S+")
_WORDS = ("To", "to", "co", "ee")
"""Common words of Greek and Russian that have no letter of their own; others may be names of a program's."""
_CLEAR = 2
"""So many letters that Latin has not tell a part's script, whatever stands beside it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RestoredText:
    """A line whose letters have their scripts."""

    text: str
    """As long as the line that was read."""
    guessed: frozenset[int]
    """Places of characters that may as well be others that look the same."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """Letters of a word, between underscores, digits and other signs."""

    start: int
    stop: int
    scripts: frozenset[str]
    """Those that may have written all of it; none where letters of several meet."""
    own: Counter[str]
    """How many of its letters one script alone has, by script."""
    foreign: int
    """How many of its letters Latin has not."""

    @property
    def script(self) -> str | None:
        """The one that wrote it, where it tells that by itself."""
        if len(self.scripts) != 1:
            return None
        (script,) = self.scripts
        return script if script == LATIN_SCRIPT or self.foreign >= _CLEAR else None


@cache
def list_scripts(letter: str) -> frozenset[str]:
    """Return the scripts that have a letter of these looks; none for what is no letter of any.

    Example:
        >>> sorted(list_scripts("o")), sorted(list_scripts("t"))
        (['Cyrillic', 'Greek', 'Latin'], ['Latin'])
    """
    foreign = {script for script, writes in _WRITES.items() if letter in writes}
    is_latin = letter.isalpha() and ord(letter) < 0x2000 and letter not in GREEK and letter not in CYRILLIC
    return frozenset(foreign | ({LATIN_SCRIPT} if is_latin else set()))


def restore_scripts(lines: Sequence[str], rivals: Sequence[str] | None = None) -> list[RestoredText]:
    """Return the lines of a page with the letters of their scripts.

    Args:
        lines: As they were read: letters that look the same are the Latin ones.
        rivals: Of each line as many characters: what else each may well be, or itself. None is, unless given.

    Example:
        >>> (one,) = restore_scripts(["Mocκвa is Moscow"])
        >>> one.text.encode("ascii", "namereplace").count(b"CYRILLIC"), len(one.guessed)
        (6, 0)
    """
    if not any(_FOREIGN.search(line) for line in lines):
        return [RestoredText(text=line, guessed=frozenset()) for line in lines]
    rivals = rivals or lines
    mended = [_mend_signs(line, rival) for line, rival in zip(lines, rivals, strict=True)]
    found = [list(_find_parts(one.text)) for one in mended]
    counts = sum((part.own for parts in found for part in parts), Counter[str]())
    usual = max(counts, key=lambda script: counts[script], default=LATIN_SCRIPT)
    return [
        _LineScripts(line, rival, parts, usual).restore()
        for line, rival, parts in zip(mended, rivals, found, strict=True)
    ]


def _mend_signs(line: str, rivals: str) -> RestoredText:
    """Return a line with letters for the digits and signs that may well be some, beside letters of their script."""
    changed = dict[int, str]()
    for word in _SIGNED_WORD.finditer(line):
        told = [scripts for letter in word[0] if LATIN_SCRIPT not in (scripts := list_scripts(letter))]
        for place in range(*word.span()) if any(told) else ():
            sign, rival = line[place], rivals[place]
            if sign == rival or list_scripts(sign):
                continue
            beside = line[:place][-1:], line[place + 1 :][:1]
            is_number = sign.isdecimal() and any(one.isdecimal() for one in beside)
            if not is_number and any(list_scripts(rival) & scripts for scripts in told):
                changed[place] = rival
    text = "".join(changed.get(place, sign) for place, sign in enumerate(line))
    return RestoredText(text=text, guessed=frozenset(changed))


def _find_parts(line: str) -> Iterator[_Part]:
    """Yield the parts of a line that hold letters, in order; where scripts meet, parts end where small letters do."""
    for found in _PART.finditer(line):
        start, stop = found.span()
        if not any(map(list_scripts, found[0])):  # ideographs
            continue
        ends = [
            place for place in range(start + 1, stop) if line[place - 1].islower() and line[place].isupper()
        ]
        whole = _measure_part(line, start, stop)
        humps = [_measure_part(line, *span) for span in pairwise((start, *ends, stop))]
        split = not whole.scripts and all(hump.scripts for hump in humps)
        yield from humps if split else [whole]


def _measure_part(line: str, start: int, stop: int) -> _Part:
    of = [scripts for letter in line[start:stop] if (scripts := list_scripts(letter))]
    return _Part(
        start=start,
        stop=stop,
        scripts=frozenset.intersection(*of) if of else frozenset(),
        own=Counter(script for scripts in of if len(scripts) == 1 for script in scripts),
        foreign=sum(LATIN_SCRIPT not in scripts for scripts in of),
    )


class _LineScripts:
    """The letters of one line, as their scripts are told."""

    def __init__(self, line: RestoredText, rivals: str, parts: Sequence[_Part], usual: str) -> None:
        """Take a line.

        Args:
            line: As it was read, and what of it is a guess already.
            rivals: What else each character may be.
            parts: Its parts that hold letters.
            usual: The script of most of the page's letters that one script alone has.
        """
        self._line, self._rivals, self._parts, self._usual = line.text, rivals, parts, usual
        self._letters, self._guessed = list(line.text), set(line.guessed)

    def restore(self) -> RestoredText:
        """Return the line with its letters' scripts."""
        for number, part in enumerate(self._parts):
            around = self._look_around(number)
            script = self._choose(part, around)
            if script is None:
                self._mix(part)
            else:
                self._write(part, script)
        return RestoredText(text="".join(self._letters), guessed=frozenset(self._guessed))

    def _look_around(self, number: int) -> frozenset[str]:
        """Return the scripts of the nearest parts on both sides that tell theirs by themselves."""
        sides = (reversed(self._parts[:number]), self._parts[number + 1 :])
        near = (next((part.script for part in side if part.script), None) for side in sides)
        return frozenset(script for script in near if script)

    def _choose(self, part: _Part, around: frozenset[str]) -> str | None:
        """Return the script to write a part in, and note what of it is a guess; none where letters of several meet."""
        if not part.scripts:
            return self._find_main(part)
        places = range(part.start, part.stop)
        if part.script == LATIN_SCRIPT:
            foreign = around - {LATIN_SCRIPT} or ({self._usual} - {LATIN_SCRIPT} if not around else set())
            for script in sorted(foreign):
                if all(self._may_be(place, script) for place in places):
                    self._guessed.update(places)
                    return script
            return LATIN_SCRIPT
        if part.script is not None:
            return part.script
        chosen = self._guess_script(part, around)
        if around == {chosen} and self._is_word(part, chosen):
            return chosen
        self._guessed.update(place for place in places if len(list_scripts(self._line[place])) > 1)
        return None if LATIN_SCRIPT in around and chosen not in around else chosen

    def _guess_script(self, part: _Part, around: frozenset[str]) -> str:
        """Return the likeliest script of a part that may be of several: that of what stands around it."""
        fitting = around & part.scripts
        near = min(fitting) if len(fitting) == 1 else self._usual
        is_joined = any(one.isdecimal() or one == "_" for one in self._neighbours(part))
        if LATIN_SCRIPT in part.scripts and (is_joined or near not in part.scripts):
            return LATIN_SCRIPT
        return near if near in part.scripts else min(part.scripts)

    def _neighbours(self, part: _Part) -> tuple[str, str]:
        """Return the characters before and after a part; empty at a line's ends."""
        return self._line[: part.start][-1:], self._line[part.stop :][:1]

    def _is_word(self, part: _Part, script: str) -> bool:
        """Return whether a part that may be of several scripts is rather a word than a sign: a formula's, a name's."""
        text = self._line[part.start : part.stop]
        if script == LATIN_SCRIPT:
            return self._usual == LATIN_SCRIPT
        if part.own:
            return len(text) != 2 or not text[:1].isupper()
        is_alone = not any(one.strip() for one in self._neighbours(part))
        return is_alone and (text.islower() if len(text) == 1 else text in _WORDS)

    def _find_main(self, part: _Part) -> str | None:
        """Return the script of a word of which few letters are not, or all may be; none where several scripts meet."""
        for script in sorted(part.own.keys() - {LATIN_SCRIPT}):
            if all(self._may_be(place, script) for place in range(part.start, part.stop)):
                return script
        for script, most in part.own.items():
            if script != LATIN_SCRIPT and most >= max(_CLEAR, 2 * (part.own.total() - most)):
                return script
        return None

    def _may_be(self, place: int, script: str) -> bool:
        writes = _WRITES[script]
        return self._line[place] in writes or self._rivals[place] in writes

    def _write(self, part: _Part, script: str) -> None:
        """Write a part in a script; what that script lacks is what it may well be there, or stays, as a guess."""
        if script == LATIN_SCRIPT:
            return
        writes = _WRITES[script]
        for place in range(part.start, part.stop):
            letter, rival = self._line[place], self._rivals[place]
            if letter not in writes:
                self._letters[place] = writes.get(rival, letter)
                self._guessed.add(place)
            else:
                self._letters[place] = writes[letter]
                is_inner = place > part.start and self._letters[place - 1].islower()
                if letter.isupper() and is_inner:  # a small letter that looks like its capital
                    small = writes.get(rival, "")
                    self._letters[place] = small if small.islower() else self._letters[place]
                    self._guessed.add(place)

    def _mix(self, part: _Part) -> None:
        """Write letters of several scripts that meet; all are guesses, as one that is misread looks like this, too."""
        places = range(part.start, part.stop)
        self._guessed.update(places)
        told = {
            place: next(iter(may)) for place in places if len(may := list_scripts(self._line[place])) == 1
        }
        for place in places:
            before = [told[one] for one in told if one < place][-1:]
            after = [told[one] for one in told if one > place][:1]
            near = {*before, *after}
            script = near.pop() if len(near) == 1 else LATIN_SCRIPT
            if place not in told and script != LATIN_SCRIPT:
                self._letters[place] = _WRITES[script].get(self._line[place], self._line[place])

"""Make up the texts that pages are made of where none are given: prose, code, logs, records, languages, and a mix.

All is of the standard library's modules that are kept for training, or thrown by dice; what is measured on has other
modules and other seeds. The package's own fonts can draw all of it. Knows texts; knows nothing about pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from random import Random

from glyph_memory.nano.training.library import load_library
from glyph_memory.nano.training.records import make_identifiers, make_log, make_record
from glyph_memory.nano.training.scripts import make_languages
from glyph_memory.nano.training.texts import make_text
from glyph_memory.training.pages.sources import clean_text

_DRAWN = re.compile(r">>>|\.\.\. |[-=+|]{3}|\s- .*\s- ")

_OF_OTHER_FONTS = re.compile("[\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]")
"""What the package's fonts have not: a machine's would draw it, and a seed would make other pages elsewhere."""


def make_up_text(random: Random, characters: int) -> str:
    """Make up a text of at least so many characters, all of it of one kind."""
    while True:
        make = random.choices(list(_KINDS), list(_KINDS.values()))[0]
        text = clean_text(make(random, characters))
        if not _OF_OTHER_FONTS.search(text):
            return text


def _make_prose(random: Random, characters: int) -> str:
    paragraphs = _list_prose()
    return _take_in_order(paragraphs, random.randrange(len(paragraphs)), characters, "\n\n")


@cache
def _list_prose() -> list[str]:
    """Return the paragraphs that are sentences: examples and drawings lost their lines when they were joined."""
    return [one for one in load_library().paragraphs if not _DRAWN.search(one)]


def _make_code(random: Random, characters: int) -> str:
    sources = load_library().sources
    parts, length = list[str](), 0
    while length < characters:
        lines = random.choice(sources)
        part = _take_in_order(lines, random.randrange(len(lines)), characters - length, "\n", wrap=False)
        parts.append(re.sub(r"\n{3,}", "\n\n", part))
        length += len(part) + 1
    return "\n".join(parts)


def _take_in_order(pieces: list[str], start: int, characters: int, between: str, *, wrap: bool = True) -> str:
    taken, length = list[str](), 0
    while length < characters and (wrap or start < len(pieces)):
        taken.append(pieces[start % len(pieces)])
        length += len(taken[-1]) + len(between)
        start += 1
    return between.join(taken)


def _repeat(make: Callable[[Random], str], between: str) -> Callable[[Random, int], str]:
    def make_text_of_kind(random: Random, characters: int) -> str:
        parts, length = list[str](), 0
        while length < characters:
            parts.append(make(random))
            length += len(parts[-1]) + len(between)
        return between.join(parts)

    return make_text_of_kind


_KINDS: dict[Callable[[Random, int], str], float] = {
    _make_prose: 9, _make_code: 4, _repeat(make_log, "\n"): 2, _repeat(make_record, "\n"): 1,
    _repeat(make_identifiers, "\n"): 1, _repeat(make_languages, "\n"): 1, make_text: 2,
}  # fmt: skip
"""How each kind is made, and how often."""

"""Cut what was read into groups of sentences: a turn, or some lines of a long one or of a document.

Knows text and where it stands; knows nothing about questions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyph_memory.locks import cached_property
from glyph_memory.nano.lookup.search_text import Cut, SearchText, Spot
from glyph_memory.page import Box

_WHOLE = 12
"""A turn of so many lines is one group."""
_LINES = 8
"""Lines of a group of a longer one, or of a document; the next one begins half as many further on."""
_LONGEST = 5
"""Lines of a sentence; a longer one is cut."""
_LONG_LINE = 40
"""Characters of a line that an author may have broken because it was full."""
_PACKED = 25
"""A sentence without a blank in so many characters is data, such as compact JSON: it is cut behind a sign."""
_PART, _PART_END = 80, re.compile(r"[,;}\])>|](?![,;}\])>|])")
"""Characters of a part of data at the least, and what it ends with."""
_NAMES_VALUE = re.compile(r"\s*[\w.\[\]\"'-]+(?::| =) ")
"""How a line begins that gives a name a value, and continues no sentence."""
_END = re.compile(r"\n|(?<=[.!?。！？])[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[^\W_a-z])|(?<=[。！？])(?=\S)")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Sentence:
    """A sentence, or a line that ends for good, such as a log's; offsets are those of its source."""

    start: int
    """Of its first character."""
    stop: int
    """After its last."""
    rows: tuple[int, int]
    """The first and the last of the source's lines it stands on, of pages or of the text."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SentenceGroup:
    """Some sentences that follow each other in one turn or document; it may extend over a page's end."""

    source: SearchText
    """Where it stands."""
    sentences: tuple[Sentence, ...]
    """What it is made of; never empty."""
    anchor: str | None
    """What its turn is cited by, `§42 user`; None where that is not known."""

    @property
    def start(self) -> int:
        """Offset of its first character in the source."""
        return self.sentences[0].start

    @property
    def stop(self) -> int:
        """Offset after its last character."""
        return self.sentences[-1].stop

    @property
    def text(self) -> str:
        """Its characters; wrapped lines are joined by a blank."""
        return self.source.text[self.start : self.stop]

    @property
    def confidence(self) -> NDArray[np.float32]:
        """Shape (characters,): how likely each is right."""
        return self.source.confidence[self.start : self.stop]

    @cached_property
    def pages(self) -> tuple[int, ...]:
        """The numbers of the pages it stands on; none for a text."""
        return tuple(dict.fromkeys(spot.page for spot in self._spots if spot.page is not None))

    @cached_property
    def lines(self) -> tuple[int, int]:
        """The first of its lines on the page it begins on, and the last of them on the page it ends on, from 0."""
        return self._spots[0].line, self._spots[-1].line

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        """Where its lines stand, each on its page; none for a text."""
        return tuple(spot.read.box for spot in self._spots if spot.read is not None)

    @property
    def _spots(self) -> Sequence[Spot]:
        first, last = self.source.rows(self.start, self.stop)
        return self.source.spots[first : last + 1]


def group_sentences(source: SearchText) -> Iterator[SentenceGroup]:
    """Split a text into groups: never across turns, at paragraphs where possible, long turns overlapping."""
    turn: list[tuple[Sentence, bool]] = []
    anchor: str | None = None
    if not source.cuts:
        return
    for cut, stop in zip(
        source.cuts, [*(cut.start for cut in source.cuts[1:]), len(source.text)], strict=True
    ):
        if cut.is_turn:  # where one begins, the one before it is whole
            yield from _split_turn(source, turn, anchor)
            turn, anchor = [], cut.anchor
        for number, sentence in enumerate(_sentences(source, cut, stop)):
            turn.append((sentence, number == 0))
    yield from _split_turn(source, turn, anchor)


def _split_turn(
    source: SearchText, turn: Sequence[tuple[Sentence, bool]], anchor: str | None
) -> Iterator[SentenceGroup]:
    """Yield groups of some lines; one that has half of them ends where a paragraph does."""
    begin = 0
    if turn and anchor is not None and turn[-1][0].rows[1] - turn[0][0].rows[0] < _WHOLE:
        yield SentenceGroup(source=source, sentences=tuple(one for one, _ in turn), anchor=anchor)
        return
    while begin < len(turn):
        end, half = begin + 1, begin + 1
        first = turn[begin][0].rows[0]
        while end < len(turn) and turn[end][0].rows[1] - first < _LINES:
            lines = turn[end][0].rows[0] - first
            if turn[end][1] and lines >= _LINES // 2:
                break
            half = end if lines <= _LINES // 2 else half
            end += 1
        yield SentenceGroup(source=source, sentences=tuple(one for one, _ in turn[begin:end]), anchor=anchor)
        is_paragraphs_end = end < len(turn) and turn[end][1]
        begin = end if end == len(turn) or is_paragraphs_end else half


def _sentences(source: SearchText, cut: Cut, stop: int) -> Iterator[Sentence]:
    start = cut.content
    for found in _END.finditer(source.text, cut.content, stop):
        if found[0] == "\n" and _is_continued(source.text, found.start(), stop):
            continue
        yield from _split_long(source, start, found.start())
        start = found.end()
    yield from _split_long(source, start, stop)


def _is_continued(text: str, end: int, stop: int) -> bool:
    """Return whether a sentence continues in the next line: prose that its author has broken into lines."""
    line = text[text.rfind("\n", 0, end) + 1 : end]
    after = text[end + 1 : min(stop, end + 1 + _LONG_LINE)]
    indent, next_indent = (len(one) - len(one.lstrip(" ")) for one in (line, after))
    return (
        len(line) >= _LONG_LINE
        and indent == next_indent
        and (line[-1].isalnum() or line[-1] in ",\"')*")
        and not line.rstrip("\"')*").endswith((".", "!", "?"))
        and after.lstrip(" ")[:1].islower()
        and not _NAMES_VALUE.match(after)
        and line.split()[0] != after.split()[0]
    )


def _split_long(source: SearchText, start: int, stop: int) -> Iterator[Sentence]:
    """Yield a sentence without the blanks around it, in parts where it is long; nothing for mere rules."""
    text = source.text[start:stop]
    if not any(character.isalnum() for character in text):
        return
    start, stop = start + len(text) - len(text.lstrip()), stop - len(text) + len(text.rstrip())
    is_packed = text.count(" ") * _PACKED < len(text)
    while start < stop:
        first, last = source.lines(start, stop)
        ends = [int(end) for end in source.line_starts[first + 1 : min(last, first + _LONGEST) + 1]]
        end = ends[-1] if len(ends) == _LONGEST else stop
        if is_packed:
            found = _PART_END.search(source.text, start + _PART, end)
            end = found.end() if found else end
        last = source.lines(start, end)[1]
        yield Sentence(
            start=start, stop=end - (end < stop and source.text[end - 1] in " \n"), rows=(first, last)
        )
        start = end

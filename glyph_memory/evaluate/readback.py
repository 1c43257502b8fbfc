"""`PageCheck`: one page as it was read back, character by character, beside what stands there.

Knows a page and its transcription; knows nothing about who read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyph_memory.evaluate.alignment import Alignment
from glyph_memory.evaluate.errors import CharacterErrors, ReadCounts
from glyph_memory.evaluate.normalize import NormalizedText, collapse_spaces, compose_accents
from glyph_memory.ledger import IdentifierKind, find_identifiers
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.transcription import SURE, UNREADABLE, Transcription
from glyph_memory.typesetting import spell_characters

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, kw_only=True, slots=True)
class LineErrors:
    """A line that came back wrong."""

    page: int
    """The page's number."""
    line: int
    """The line's number on the page, from 1."""
    truth: str
    """What stands there, each row of white space as one space."""
    said: str
    """What was read there."""
    edits: int
    """Characters changed, left out or put in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MisreadIdentifier:
    """An identifier that came back as another."""

    page: int
    """The page's number."""
    kind: IdentifierKind
    """What it looks like, as the ledger says."""
    truth: str
    """What stands there."""
    said: str
    """What was read there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageCheck:
    """What came back of one page."""

    number: int
    """The page's number."""
    errors: CharacterErrors
    """All its characters."""
    confidence: float
    """The reader's own, 0 to 1: the mean over what it read."""
    counts: ReadCounts
    """Words and identifiers that came back to the letter, and what the reader doubted."""
    lines: tuple[LineErrors, ...] = ()
    """Those that came back wrong, from the top."""
    misread: tuple[MisreadIdentifier, ...] = ()
    """The identifiers that did not come back to the letter, from the top."""


def read_back(page: Page, transcription: Transcription, *, style: PageStyle | None = None) -> PageCheck:
    """Compare what was read off a page with what is drawn there.

    Args:
        page: The page.
        transcription: What a reader made of its picture.
        style: The one the page was typeset in; the page's own unless given.
    """
    truth, (said, unsure) = _truth(page, style), _join_lines(transcription)
    alignment = Alignment(truth.text, said.text)
    words = [alignment.is_exact(*word.span()) for word in _WORD.finditer(truth.text)]
    identifiers = list(_identifiers(page, truth, alignment))
    marked = _count_marked(alignment, unsure, page, transcription, _find_edit_lines(page, truth, alignment))
    misread = tuple(identifier for identifier in identifiers if identifier.said != identifier.truth)
    return PageCheck(
        number=page.number,
        errors=CharacterErrors(
            edits=alignment.edits, characters=len(truth.text), confusions=alignment.confusions
        ),
        confidence=transcription.confidence,
        counts=ReadCounts(
            unsure=int(unsure.sum()),
            marked=marked,
            silent=alignment.edits - marked,
            words=len(words),
            words_exact=sum(words),
            identifiers=len(identifiers),
            identifiers_exact=len(identifiers) - len(misread),
        ),
        lines=tuple(_lines(page, truth, alignment)),
        misread=misread,
    )


def _truth(page: Page, style: PageStyle | None) -> NormalizedText:
    """Return what is drawn; each character keeps its index in the page's text."""
    pieces = list(zip(spell_characters(page, style=style), range(len(page.text)), strict=True))
    for line in reversed(page.lines):
        end = line.stop - page.start
        pieces.insert(end, ("\n", end - 1))
    return collapse_spaces(pieces)


def _join_lines(transcription: Transcription) -> tuple[NormalizedText, NDArray[np.bool_]]:
    """Return what was read, and for each character whether the reader was unsure of it."""
    pieces, sure = list[str](), list[NDArray[np.bool_]]()
    for line in transcription.lines:
        pieces += [*compose_accents(line.text), "\n"]
        sure += [line.confidence >= SURE, np.ones(1, np.bool_)]
    said = collapse_spaces(zip(pieces, range(len(pieces)), strict=True))
    if not sure:
        return said, np.zeros(0, np.bool_)
    unreadable = np.array([character == UNREADABLE for character in said.text], np.bool_)
    return said, ~np.concatenate(sure)[said.source] | unreadable


def _find_edit_lines(page: Page, truth: NormalizedText, alignment: Alignment) -> NDArray[np.int64]:
    """Return the line of each edit; what was put in after a line's end belongs to that line."""
    if not len(truth.source):
        return np.zeros(len(alignment.at), np.int64)
    source = truth.source[np.minimum(alignment.at, len(truth.source) - 1)]
    return _find_line_indexes(page, source)


def _find_line_indexes(page: Page, source: NDArray[np.int64]) -> NDArray[np.int64]:
    starts = page.line_table[:, 0] - page.start
    return np.searchsorted(starts, source, "right").astype(np.int64) - 1


def _lines(page: Page, truth: NormalizedText, alignment: Alignment) -> Iterator[LineErrors]:
    line_of = _find_line_indexes(page, truth.source)
    numbers, edits = np.unique(_find_edit_lines(page, truth, alignment), return_counts=True)
    for number, count in zip(numbers.tolist(), edits.tolist(), strict=True):
        start, stop = (int(index) for index in np.searchsorted(line_of, [number, number + 1]))
        text = truth.text[start:stop].rstrip(" ")
        said = alignment.get_read_text(start, start + len(text))
        yield LineErrors(page=page.number, line=number + 1, truth=text, said=said.strip(), edits=count)


def _count_marked(
    alignment: Alignment,
    unsure: NDArray[np.bool_],
    page: Page,
    transcription: Transcription,
    line_of_edits: NDArray[np.int64],
) -> int:
    near = np.concatenate([[False], unsure, [False]])
    marked = 0
    for kind, at, line in zip(
        alignment.kinds, alignment.said_at.tolist(), line_of_edits.tolist(), strict=True
    ):
        if kind == "delete":
            box = page.lines[line].box
            marked += bool(near[at] or near[at + 1]) or any(
                _overlap(box, other) for other in transcription.unread
            )
        else:
            marked += bool(near[at + 1])
    return marked


def _overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _identifiers(page: Page, truth: NormalizedText, alignment: Alignment) -> Iterator[MisreadIdentifier]:
    """Return all identifiers of the page; where one contains another, the longer."""
    found = {identifier.text: identifier.kind for identifier in find_identifiers(page.text)}
    if not found:
        return
    longest_first = sorted(found, key=len, reverse=True)
    pattern = re.compile(rf"(?<![A-Za-z0-9_])(?:{'|'.join(map(re.escape, longest_first))})(?![A-Za-z0-9_])")
    for match in pattern.finditer(page.text):
        start, stop = (int(index) for index in np.searchsorted(truth.source, match.span()))
        text = truth.text[start:stop].strip(" ")
        said = (
            text
            if alignment.is_exact(start, start + len(text))
            else alignment.get_read_text(start, stop).strip()
        )
        yield MisreadIdentifier(page=page.number, kind=found[match[0]], truth=text, said=said)

"""Word an answer: the sentences found, where they stand, and what in them is not sure. It quotes, and does not reason.

`NanoReading` is what the nano reader says; `Quote` is what it says it with.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyph_memory.nano.lookup.groups import Sentence
from glyph_memory.nano.lookup.picking import NEAREST, NOTHING, SentenceMatch
from glyph_memory.nano.lookup.question import Question, Term
from glyph_memory.nano.lookup.search_text import ReadImage, SearchText, find_unsure_spans
from glyph_memory.page import Box
from glyph_memory.readers.reader import Reading
from glyph_memory.transcription import SURE, UNREADABLE

MODEL = "nano"
_QUOTES = 3
_LOOKED_AT = 12
LEFT_OUT = "…"
"""Stands for lines of a group that have no bearing."""
_NEARLY = 0.6
"""A further quote is given if it fits so well, the best one being 1."""
_HALF = 0.5
"""More than so much of a question, by weight, has to stand where an answer is quoted from."""
_HEAD = f"{NEAREST}, which hold no more than some words of what was asked:"
_ILLEGIBLE = 0.5
"""A page whose characters are right so rarely, by its own account, counts as one that could not be read."""
_NAMED = 3
_LONGEST = 80
_INDENT = re.compile(r"(?<=\n)[^\S\n]+")
"""Left out of quotes: the first line has none, either."""
_EDGES = " \n,;:.!?\"'`()[]{}<>“”‘’"
"""What is no part of a word that is named."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """Some words that bear on a question, as they were read."""

    text: str
    """One sentence, or up to three lines; a newline where a line ends for good."""
    page: int | None
    """The number of the page it begins on; None for a text, and for a picture that is no page."""
    anchor: str | None
    """What its turn is cited by, `§42 user`; None where there are no turns, its turn is not known, or it stands on a
    picture: whoever sent that may have drawn a label on it."""
    where: str
    """What people are told: `page 4`, `picture 2 that came with §7`, `as text`, `assistant, as text`."""
    image: int | None
    """Which of the context's images it stands on, from 0; None for a text."""
    lines: tuple[int, int]
    """Its first line and its last on that image, or in that text, counted from 0."""
    box: Box | None
    """Where it stands, in pixels of the image; None for a text."""
    confidence: float
    """The mean over its characters, 0 to 1; 1 for a text."""
    unsure: tuple[tuple[int, int], ...] = ()
    """Start and stop, in `text`, of the characters that are not sure."""

    @property
    def is_sure(self) -> bool:
        """Whether every character is, on a page or in a text; of what a picture shows nothing is."""
        return not self.unsure and not self.is_on_picture

    @property
    def is_on_picture(self) -> bool:
        """Whether it stands on a picture that somebody sent, and so is nobody's turn."""
        return self.image is not None and self.page is None

    @property
    def label(self) -> str:
        """Where it stands: `§22 tool, page 4`."""
        return f"{self.anchor}, {self.where}" if self.anchor else self.where

    @property
    def doubts(self) -> tuple[str, ...]:
        """The words that hold a character that is not sure, each once."""
        found: dict[str, None] = {}
        for start, stop in self.unsure:
            begin = max(self.text.rfind(blank, 0, start + 1) for blank in " \n") + 1
            ends = [end for blank in " \n" if (end := self.text.find(blank, max(begin, stop - 1))) >= 0]
            whole = self.text[begin : min(ends, default=len(self.text))]
            if word := whole.strip(_EDGES) or whole:
                found[word if len(word) <= _LONGEST else f"{word[:_LONGEST]}…"] = None
        return tuple(found)

    def __str__(self) -> str:
        shown = "\n".join(f"  {line}" for line in self.text.splitlines())
        if not self.unsure:
            return f"{self.label}:\n{shown}"
        named = ", ".join(f'"{word}"' for word in self.doubts[:_NAMED])
        more = f" and {len(self.doubts) - _NAMED} more" if len(self.doubts) > _NAMED else ""
        return f"{self.label}:\n{shown}\n  (not sure of: {named}{more} – look at the page)"


@dataclass(frozen=True, kw_only=True, slots=True)
class NanoReading(Reading):
    """What the nano reader found."""

    quotes: tuple[Quote, ...] = ()
    """The best first; none where nothing was found."""
    is_nearest: bool = False
    """Whether the quotes are the nearest passages, and hold too little of the question to be its answer."""
    pages_read: int = 0
    """Images that were looked at."""
    unreadable: tuple[str, ...] = ()
    """Those of them that could not be read: `page 3`."""


def choose_quotes(question: Question, found: Sequence[SentenceMatch]) -> tuple[tuple[Quote, ...], bool]:
    """Choose what is worth quoting, and tell whether it is no answer but the nearest that there is.

    An answer holds most of a question, and is not much worse than the best. Of a question about an identifier only what
    has the identifier is near; of what is no question, nothing is.
    """
    kept = [one for one in found if _is_answer(question, one)]
    is_nearest = not kept
    if is_nearest and not question.is_statement and not any(term.is_key for term in question.terms):
        kept = list(found)
    return _quote_best(kept), is_nearest and bool(kept)


def _quote_best(kept: Sequence[SentenceMatch]) -> tuple[Quote, ...]:
    return tuple(
        _quote(one)
        for one in kept[:_LOOKED_AT]
        if one.score >= _NEARLY * kept[0].score and (one.terms >= kept[0].terms or one.terms - kept[0].terms)
    )[:_QUOTES]


def _is_answer(question: Question, found: SentenceMatch) -> bool:
    keys = [term for term in question.terms if term.is_key]
    if keys:
        return any(term in found.terms for term in keys)
    total = sum(term.weight for term in question.terms)
    return sum(term.weight for term in found.terms) > _HALF * total


def _quote(found: SentenceMatch) -> Quote:
    source, start, stop = found.group.source, found.sentences[0].start, found.sentences[-1].stop
    first, last = source.rows(start, stop)
    spot, anchor = source.spots[first], found.group.anchor
    same = [one for one in source.spots[first : last + 1] if one.image == spot.image]
    if spot.image is None:
        where = "as text" if anchor is None or anchor.startswith("§") else f"{anchor}, as text"
    else:
        # By the number in its caption; one whose turn is not known, by its place among all images.
        sender = "" if spot.came_with is None else f" that came with §{spot.came_with}"
        number = spot.position or spot.image + 1
        where = f"page {spot.page}" if spot.page is not None else f"picture {number}{sender}"
    text, confidence = _join_sentences(source, found.sentences)
    is_blank = np.fromiter(map(str.isspace, text), bool, len(text))
    return Quote(
        text=text,
        page=spot.page,
        anchor=anchor if anchor is not None and anchor.startswith("§") else None,
        where=where,
        image=spot.image,
        lines=(spot.line, same[-1].line),
        box=source.box(start, stop),
        confidence=float(confidence.mean()),
        unsure=find_unsure_spans(np.where(is_blank, 1, confidence), SURE),
    )


def _join_sentences(source: SearchText, sentences: Sequence[Sentence]) -> tuple[str, NDArray[np.float32]]:
    """Return sentences as one text, and the confidence of its characters; dots stand for what is left out."""
    text, confidence = "", np.ones(0, np.float32)
    end: int | None = None
    for one in sentences:
        between = "" if end is None else source.text[end : one.start]
        is_left_out = any(character.isalnum() for character in between)
        gap = f"\n{LEFT_OUT}\n" if is_left_out else "\n" if "\n" in between else between
        words, is_kept = source.text[one.start : one.stop], np.ones(one.stop - one.start, np.bool_)
        for indent in _INDENT.finditer(words):
            is_kept[indent.start() : indent.end()] = False
        text += gap + _INDENT.sub("", words)
        sure = np.ones(len(gap), np.float32)
        confidence = np.concatenate([confidence, sure, source.confidence[one.start : one.stop][is_kept]])
        end = one.stop
    return text, confidence


def list_unreadable(leaves: Sequence[ReadImage]) -> tuple[str, ...]:
    """Return the names of the pages of which nothing, or too little, could be read; blank pages are not named."""
    return tuple(
        leaf.name
        for leaf in leaves
        if not leaf.read.is_blank
        and (leaf.read.confidence < _ILLEGIBLE or not leaf.read.text.replace(UNREADABLE, "").strip())
    )


def write_answer(
    question: Question,
    quoted: Sequence[Quote],
    *,
    missing: Sequence[Term],
    leaves: Sequence[ReadImage],
    texts: int,
    attachments: Sequence[str] = (),
    is_nearest: bool = False,
) -> str:
    """Return the answer's text: quotes, or that there are none; what was not found; what could not be read."""
    said = [_HEAD] if is_nearest else []
    said += [str(quote) for quote in quoted]
    if not quoted:
        said = [_report_nothing(question, missing, leaves=leaves, texts=texts)]
    if quoted and missing:
        said.append(f"({_list_terms(missing)} stands nowhere that I can read.)")
    failed = list_unreadable(leaves)
    if failed:
        said.append(f"({', '.join(failed)} could not be read.)")
    elif not quoted and (partly := [leaf.name for leaf in leaves if leaf.read.unread]):
        said.append(f"(Some of {', '.join(partly)} could not be read.)")
    if attachments:
        said.append(f"(The nano reader reads no attachments: {', '.join(attachments)}.)")
    return "\n".join(said)


def _report_nothing(
    question: Question, missing: Sequence[Term], *, leaves: Sequence[ReadImage], texts: int
) -> str:
    if question.is_statement:
        return (
            "That is no question; the nano reader looks up what stands on the pages. Ask for a word, a name or a "
            "number."
        )
    if not question.terms:
        return f"{NOTHING} to look for in {question.text!r}: name a word, a name or a number that stands on the pages."
    about = _list_terms([term for term in missing if term.is_key] or missing or question.terms)
    if not leaves and not texts:
        return f"{NOTHING} about {about}: there are no pages and no text to look in."
    pages = f"{len(leaves):,} page{'' if len(leaves) == 1 else 's'}" if leaves else ""
    where = " and ".join(filter(None, (pages, "what is there as text" if texts else "")))
    return (
        f"{NOTHING} about {about} on {where} (the nano reader looks things up; it does not reason: for that, give "
        "a server with --server)."
    )


def _list_terms(terms: Sequence[Term]) -> str:
    shown = ", ".join(f'"{term.text}"' for term in terms[:6])
    return f"{shown} …" if len(terms) > 6 else shown

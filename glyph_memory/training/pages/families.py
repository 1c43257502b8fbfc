"""Make a prompt and its answer of a text, for each family: what becomes pages, and what stays text.

Knows texts and styles; knows nothing about where texts come from. What an answer repeats of a page is what the page
shows: a character that no font has is its escape there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from glyph_memory.evaluate.tasks import NOT_STATED
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.training.pages.facts import make_facts
from glyph_memory.training.samples import Family, ImageSlot, SampleMessage, TrainingSample
from glyph_memory.transcript import Role, Transcript, Turn
from glyph_memory.typesetting import spell_characters, typeset

OTHERWISE = f'If the pages do not tell, answer "{NOT_STATED}".'
_LEAST = 80
"""Characters of a text that can be parted."""
_SHARE_NOT_STATED = 0.2
_TURN_CHARACTERS = (40, 200, 600)
"""How long turns are, at the least."""
_LINE_AT_MOST = 1_000
"""Characters of a turn's line."""

_UNSEEN = re.compile(r"[^\S\n]+$", re.MULTILINE)
"""Blanks at the end of a line: no page shows them."""

_OCR = (
    "Write out all the text of these pages.",
    "Transcribe the pages, word for word.",
    "What do these pages say? Give the whole text.",
    "Read the pages and type their text exactly as it stands.",
)
_GO_ON = ("Continue the text.", "Go on from here.", "Write what comes next.")
_NEXT = ("Write the page that comes next.", "The last page is missing. Write it.")
_BEFORE = ("Write the page that comes before these.", "The first page is missing. Write it.")


class UnusableText(Exception):
    """A text of which a family can make no sample."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What a family makes of a text."""

    parts: tuple[str | Page, ...]
    """Of the user's message, in order."""
    answer: str
    """The right answer."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What else is known."""

    def finish(self, family: Family, details: Mapping[str, Any]) -> TrainingSample:
        """Return the sample, its pages as PNG files."""
        pages = [part for part in self.parts if isinstance(part, Page)]
        numbers = iter(range(len(pages)))
        parts = tuple(ImageSlot(next(numbers)) if isinstance(part, Page) else part for part in self.parts)
        return TrainingSample(
            family=family,
            prompt=(SampleMessage(role="user", parts=parts),),
            images=tuple(page.png() for page in pages),
            answer=self.answer,
            details={**details, **self.details},
        )


def spell_text(pages: Sequence[Page]) -> str:
    r"""Return the text of pages as it can be read on them, line ends where the text has them, and no blanks before.

    Example:
        >>> spell_text(typeset("a\u200bb\nc"))
        'a\\u{200b}b\nc'
    """
    return _UNSEEN.sub("", "".join(_spell(page) for page in pages)).strip("\n")


def _spell(page: Page) -> str:
    if not page.escaped and page.text.isascii() and "\t" not in page.text:
        return page.text
    pieces = spell_characters(page)
    return "".join(
        "\n" if character == "\n" else piece for character, piece in zip(page.text, pieces, strict=True)
    )


def make_ocr(text: str, style: PageStyle, random: Random) -> Draft:
    """All text of the pages is to be written."""
    pages = typeset(text, style=style)
    return Draft(parts=(*pages, random.choice(_OCR)), answer=_require(spell_text(pages)))


def make_interleaved(text: str, style: PageStyle, random: Random) -> Draft:
    """Spans of a text are pages among text, and its end is to be written."""
    shares = (0.08, 0.5, 0.12, 0.2, 0.1) if random.random() < 0.5 else (0.7, 0.2, 0.1)
    pieces = _part(text, shares)
    first_is_page = len(shares) == 3
    parts: list[str | Page] = []
    for number, piece in enumerate(pieces[:-1]):
        parts += typeset(piece, style=style) if number % 2 == (0 if first_is_page else 1) else [piece]
    return Draft(parts=(*parts, random.choice(_GO_ON)), answer=_require(pieces[-1].strip("\n")))


def make_generation(text: str, style: PageStyle, random: Random) -> Draft:
    """Pages are missing at the beginning or at the end, and are to be written."""
    pages, at_end = typeset(text, style=style), random.random() < 0.5
    if len(pages) < 2:
        first, second = _part(text, (0.5, 0.5))
        shown, answer = (first, second) if at_end else (second, first)
        kept, answer = typeset(shown, style=style), spell_text(typeset(answer, style=style))
    elif at_end:
        kept, answer = pages[:-1], spell_text(pages[-1:])
    else:
        kept, answer = pages[1:], spell_text(pages[:1])
    return Draft(
        parts=(*kept, random.choice(_NEXT if at_end else _BEFORE)),
        answer=_require(answer),
        details={"missing": "end" if at_end else "beginning"},
    )


def make_question(text: str, style: PageStyle, random: Random) -> Draft:
    """A document tells facts among other lines; one is asked for, or one that it does not tell."""
    facts = make_facts(random, random.randint(2, 5))
    told, asked = facts[1:], facts[0]
    is_told = random.random() >= _SHARE_NOT_STATED
    lines = text.split("\n")
    for fact in [asked, *told] if is_told else told:
        lines.insert(random.randint(0, len(lines)), fact.sentence)
    pages = typeset("\n".join(lines), style=style)
    return Draft(
        parts=(*pages, f"{asked.question} Answer with that alone. {OTHERWISE}"),
        answer=asked.value if is_told else NOT_STATED,
        details={"kind": asked.kind, "told": is_told},
    )


_ANSWERING: tuple[Role, ...] = ("assistant", "assistant", "tool")


def make_conversation(text: str, style: PageStyle, random: Random) -> Draft:
    """A conversation's turns have labels; what one of them told is asked for, with its number, or who said it."""
    facts = make_facts(random, random.randint(2, 5))
    told, asked = facts[1:], facts[0]
    is_told = random.random() >= _SHARE_NOT_STATED
    texts = _cut_turns(text, random)
    for fact in [asked, *told] if is_told else told:
        place = random.randint(0, len(texts))
        beside = random.random() < 0.5 and place < len(texts)
        if beside:
            texts[place] = f"{texts[place]} {fact.sentence}"
        else:
            texts.insert(place, fact.sentence)
    anchor = random.choice((1, random.randrange(1, 100), random.randrange(1, 20_000)))
    turns = list[Turn]()
    for number, said in enumerate(texts):
        role: Role = "user" if number % 2 == 0 else random.choice(_ANSWERING)
        turns.append(Turn(role=role, text=said, anchor=anchor))
        anchor += random.choice((1, 1, 1, 2))
    pages = typeset(Transcript(tuple(turns)), style=style)
    where = next((turn for turn in turns if asked.sentence in turn.text), None)
    wants_role = random.random() < 0.25
    question, answer = _ask(asked.question, asked.sentence, asked.value, where, wants_role=wants_role)
    details = {"kind": asked.kind, "told": where is not None}
    if where is not None:
        details |= {"anchor": where.anchor, "role": where.role, "citation": f"§{where.anchor}"}
    return Draft(parts=(*pages, question), answer=answer, details=details)


def _ask(
    question: str, sentence: str, value: str, where: Turn | None, *, wants_role: bool
) -> tuple[str, str]:
    """Return the question and its answer: what was said and in which turn, or the turn and who spoke."""
    if wants_role:
        asked = f"In which turn, and by whom, was this said: “{sentence}” Answer as in: §7 user. {OTHERWISE}"
        return asked, NOT_STATED if where is None else f"§{where.anchor} {where.role}"
    asked = f"{question} Name the turn that says so, as in: the answer (§7). {OTHERWISE}"
    return asked, NOT_STATED if where is None else f"{value} (§{where.anchor})"


def _cut_turns(text: str, random: Random) -> list[str]:
    """Cut a text at line ends, and long lines at spaces, into what turns say."""
    turns, held, length = list[str](), list[str](), 0
    wanted = random.choice(_TURN_CHARACTERS)
    for line in (piece for one in text.split("\n") for piece in _cut_line(one)):
        if not line.strip() and not held:
            continue
        held.append(line)
        length += len(line)
        if length >= wanted:
            turns.append("\n".join(held).strip("\n"))
            held, length, wanted = [], 0, random.choice(_TURN_CHARACTERS)
    if held:
        turns.append("\n".join(held).strip("\n"))
    return turns


def _cut_line(line: str) -> Iterator[str]:
    while len(line) > _LINE_AT_MOST:
        stop = line.rfind(" ", _LINE_AT_MOST // 2, _LINE_AT_MOST)
        stop = stop if stop > 0 else _LINE_AT_MOST
        yield line[:stop]
        line = line[stop:].removeprefix(" ")
    yield line


def _part(text: str, shares: Sequence[float]) -> list[str]:
    """Cut a text into pieces of about these shares, at line ends, else at spaces, else anywhere.

    Raises:
        UnusableText: It is too short for that.
    """
    if len(text.strip()) < _LEAST:
        raise UnusableText("too short to be parted")
    pieces, start, share = list[str](), 0, 0.0
    for part in shares[:-1]:
        share += part
        aim, slack = int(len(text) * share), int(len(text) * part / 2)
        low = max(aim - slack, start + 1)
        place = text.rfind("\n", low, aim + slack // 2)
        place = text.rfind(" ", low, aim) if place < 0 else place
        stop = place + 1 if place >= 0 else max(aim, start + 1)
        pieces.append(text[start:stop])
        start = stop
    pieces.append(text[start:])
    if not all(piece.strip() for piece in pieces):
        raise UnusableText("too blank to be parted")
    return pieces


def _require(answer: str) -> str:
    if not answer.strip():
        raise UnusableText("nothing to answer")
    return answer


MAKERS: Mapping[Family, Callable[[str, PageStyle, Random], Draft]] = {
    "ocr": make_ocr,
    "interleaved": make_interleaved,
    "generation": make_generation,
    "conversation": make_conversation,
    "question": make_question,
}
"""How each family makes its samples."""

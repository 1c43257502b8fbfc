"""Draw a sheet: some pages of one kind of text in one style, and questions about what stands on them.

Knows styles and records; knows nothing about who reads them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

from glyph_memory.context import Context, Message, Parts
from glyph_memory.errors import StyleError
from glyph_memory.evaluate.calibration.ladder import Ladder, Rung
from glyph_memory.evaluate.calibration.search import Phase
from glyph_memory.evaluate.calibration.sheets import Record, make_records
from glyph_memory.evaluate.tasks import NOT_STATED
from glyph_memory.locks import cached_property
from glyph_memory.page import Page
from glyph_memory.tokens import ModelProfile
from glyph_memory.typesetting import iter_pages

_QUESTIONS_AT_MOST = 8
"""So many are asked about the same pages, which a server with a prefix cache reads once."""
_FIRST = "first page"
_SPARE = 1.3
_SAMPLE = 40_000
"""Characters of which the first page is drawn to learn what fits."""
_UNDRAWN_AT_MOST = 0.02
NOTE = (
    "Each picture is a page of text. Answer with what the question asks for and nothing else, copied from the pages "
    f"letter for letter. Where they do not tell, answer: {NOT_STATED}."
)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Pages, and what is asked about them."""

    pages: tuple[Page, ...]
    """In reading order."""
    questions: tuple[tuple[str, str], ...]
    """Each with its answer; an empty one where the pages do not tell."""
    on_pages: tuple[Record, ...]
    """What stands on the pages as a whole."""

    @cached_property
    def all_answers(self) -> frozenset[str]:
        """What is right for any question about these pages."""
        return frozenset(answer for record in self.on_pages for _, answer in record.questions)

    @cached_property
    def _shown(self) -> Parts:
        """The pages and what is told of them, encoded once."""
        return Context.of("", pages=self.pages, note=NOTE).messages[0].parts[:-1]

    def build_context(self, slot: int) -> Context:
        """Return the context that asks one of the questions."""
        return Context(messages=(Message(role="user", parts=(*self._shown, self.questions[slot][0])),))


class SheetDrawer:
    """Draws sheets, and tells what text costs in a style.

    Args:
        ladder: The styles.
        profile: Whose tokens are counted.
        seed: Another one makes other texts.
    """

    def __init__(self, ladder: Ladder, profile: ModelProfile, *, seed: int) -> None:
        self._ladder, self._profile, self._seed = ladder, profile, seed
        self._first = dict[tuple[str, Rung], Page]()
        self._questions = dict[tuple[str, Rung], int]()

    def draw_sheet(self, kind: str, rung: Rung, phase: Phase, number: int) -> Sheet:
        """Draw a sheet; the same one every time."""
        name = f"{self._seed}/{rung.key}/{phase}/{number}"
        dice = random.Random(f"{kind}/{name}/questions")  # noqa: S311  nothing here is secret
        count = self._ladder.get_pages(rung)
        needed = int(len(self._draw_first(kind, rung).text) * count * _SPARE) + 500
        made = make_records(kind, seed=name)
        records = list(_take(made, needed))
        text = "".join(record.text for record in records)
        pages = tuple(islice(iter_pages(text, style=self._ladder.build_style(rung)), count))
        whole, stop = list[Record](), 0
        for record in records:
            stop += len(record.text)
            if stop > pages[-1].stop:
                break
            whole.append(record)
        most = self.count_questions(kind, rung)
        asked = list(islice(made, most)) if phase == "not stated" else _spread(whole, most, dice)
        chosen = (dice.choice(record.questions) for record in asked)
        questions = tuple((question, "" if phase == "not stated" else answer) for question, answer in chosen)
        return Sheet(pages=pages, questions=questions, on_pages=tuple(whole))

    def count_questions(self, kind: str, rung: Rung) -> int:
        """Return how many questions are asked about a sheet: about half of what stands on it, each about other lines.

        Raises:
            StyleError: A page is too small for any.
        """
        key = (kind, rung)
        if key not in self._questions:
            self._questions[key] = self._count_questions(kind, rung)
        return self._questions[key]

    def _count_questions(self, kind: str, rung: Rung) -> int:
        text = self._draw_first(kind, rung).text
        records = sum(1 for _ in _take(make_records(kind, seed=_FIRST), len(text))) - 1
        if not records:
            raise StyleError(
                f"a page of {self._ladder.describe(rung)} holds {len(text)} characters, less than two lines of {kind}; "
                "take larger pages or smaller letters"
            )
        return max(1, min(_QUESTIONS_AT_MOST, records * self._ladder.get_pages(rung) // 2))

    def measure_cost(self, kind: str, rung: Rung) -> float:
        """Return what a character of a kind of text costs in a style, in tokens: of a full page."""
        page = self._draw_first(kind, rung)
        return self._profile.image_tokens(page.size, images=2) / max(1, len(page.text))

    def measure_ratio(self, kind: str, rung: Rung) -> float:
        """Return how many text tokens one page token stands for."""
        text = self._draw_first(kind, rung).text
        return self._profile.text_tokens(text) / max(1, len(text)) / self.measure_cost(kind, rung)

    def can_draw(self, kind: str) -> bool:
        """Return whether the fonts here have the letters of a kind of text."""
        page = self._draw_first(kind, Rung())
        undrawn = sum(escaped.count for escaped in page.escaped if escaped.reason == "no font")
        return undrawn <= _UNDRAWN_AT_MOST * len(page.text)

    def _draw_first(self, kind: str, rung: Rung) -> Page:
        """Return a full page of a kind in a style, whatever a request shows."""
        key = (kind, rung.move("pages", 0))
        if key not in self._first:
            text = "".join(record.text for record in _take(make_records(kind, seed=_FIRST), _SAMPLE))
            self._first[key] = next(iter_pages(text, style=self._ladder.build_style(rung)))
        return self._first[key]


def _take(records: Iterator[Record], characters: int) -> Iterator[Record]:
    """Yield records until they have so many characters."""
    for record in records:
        yield record
        characters -= len(record.text)
        if characters <= 0:
            return


def _spread(records: list[Record], count: int, dice: random.Random) -> list[Record]:
    """Return records from all over the pages: one of each of as many stretches of the same length."""
    bounds = [place * len(records) // count for place in range(count + 1)]
    return [records[dice.randrange(start, stop)] for start, stop in pairwise(bounds) if stop > start]

"""Make batches: pages with what stands in their cells, and conversations about pages. Each follows from seed and step.

Knows texts, pages and a tokenizer; knows nothing about networks. Loads torch for its tensors alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np
import torch
from torch import Tensor

from glyph_memory.training.tiny.cells import MOST_CHARACTERS, MOST_TOKENS, NOTHING, DrawnCells, draw_cells
from glyph_memory.training.tiny.layout import CELL_PX, CellLayout, fit_layout
from glyph_memory.training.tiny.network import Tokenizer
from glyph_memory.training.tiny.plan import TinyPlan
from glyph_memory.training.tiny.texts import (
    COPY_PROMPT,
    NOT_STATED,
    Words,
    make_fact_text,
    make_question,
    make_reading_text,
    make_unanswerable,
)

_DRAWN = 3
"""So many times as many samples are drawn as are taken."""
_ROUND = 16
"""Lengths are multiples of this: a CPU's library keeps a kernel for every size that it has seen."""
IGNORED = -100
"""A label that is not learned."""
_TEXTS = 4
"""Of the texts that a batch of pages is drawn from."""
_EASY = 8
"""Pages with more characters in a cell are drawn half as often."""
_COPIED = 0.4
"""Share of samples that copy their page."""
_UNANSWERABLE = 0.12
"""Share of questions that the page does not answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageBatch:
    """Pages, filled up to one width."""

    ink: Tensor
    """Shape (pages, 28, 28 * cells), uint8."""
    cells: Tensor
    """Shape (pages,): how many of them are there."""
    characters: Tensor
    """Shape (pages, cells, `MOST_CHARACTERS`), -1 for what is not learned."""
    tokens: Tensor
    """Shape (pages, cells, `MOST_TOKENS`), -1 for none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerBatch:
    """Conversations about pages: one page each."""

    pages: PageBatch
    """The pages."""
    ids: Tensor
    """Shape (samples, length): tokens; those of images where cells stand."""
    labels: Tensor
    """Shape (samples, length): what should be said there, `IGNORED` for what is not learned."""


class BatchMaker:
    """Makes the batches of a plan."""

    def __init__(self, plan: TinyPlan, tokenizer: Tokenizer) -> None:
        """Take a plan, and a tokenizer that has the tokens of images."""
        self.plan, self._tokenizer = plan, tokenizer
        ids = tokenizer.get_vocab()
        self.words = Words.from_vocabulary(ids)
        self._image = [ids["<|vision_start|>"], ids["<|image_pad|>"], ids["<|vision_end|>"]]
        self._user, self._assistant = (
            self._encode("<|im_start|>user\n"),
            self._encode("<|im_end|>\n<|im_start|>assistant\n"),
        )
        self._next, self._end = self._encode("\n<|im_start|>user\n"), self._encode("<|im_end|>")

    def make_pages(self, step: int, level: int, pages: int) -> PageBatch:
        """Return pages to read, in the plan's first layouts up to a level."""
        random = self._dice("pages", step)
        drawn = list[DrawnCells]()
        while len(drawn) < pages:
            layout = replace(self._choose_layout(random, level), cells=self.plan.cells)
            wanted = -(-pages // _TEXTS)
            text = make_reading_text(random, self.words, wanted * self.plan.cells * layout.characters)
            drawn += self.draw(text, layout)[:wanted]
        return collate_pages(drawn[:pages], self.plan.cells)

    def make_answers(self, step: int, level: int, samples: int) -> AnswerBatch:
        """Return conversations about pages: what stands there is copied, or asked for."""
        random = self._dice("answers", step)
        made = list[tuple[DrawnCells, list[int], list[int]]]()
        while len(made) < _DRAWN * samples:
            sample = self._make_sample(random, self._choose_layout(random, level))
            if sample is not None:
                made.append(sample)
        # Samples of about the same length, so that few of a batch's positions are empty.
        first = random.randrange((_DRAWN - 1) * samples + 1)
        made = sorted(made, key=lambda sample: len(sample[1]))[first : first + samples]
        length = -(-len(made[-1][1]) // _ROUND) * _ROUND
        ids = torch.full((samples, length), self._end[0])
        labels = torch.full((samples, length), IGNORED)
        for row, (_, given, said) in enumerate(made):
            ids[row, : len(given)], labels[row, : len(said)] = torch.tensor(given), torch.tensor(said)
        return AnswerBatch(
            pages=collate_pages([page for page, _, _ in made], max(page.cells for page, _, _ in made)),
            ids=ids,
            labels=labels,
        )

    def draw(self, text: str, layout: CellLayout) -> tuple[DrawnCells, ...]:
        """Return a text's pages."""
        encoded = self._tokenizer(text, return_offsets_mapping=True, add_special_tokens=False)
        spans = zip(encoded["input_ids"], encoded["offset_mapping"], strict=True)
        return draw_cells(text, layout, [(number, start, stop) for number, (start, stop) in spans])

    def _make_sample(
        self, random: Random, layout: CellLayout
    ) -> tuple[DrawnCells, list[int], list[int]] | None:
        """Return a page, tokens and labels; None where they come out too long."""
        is_copy = random.random() < _COPIED
        most = max(2, min(10, round(2 + 0.5 * layout.characters)))
        told = make_fact_text(random, self.words, facts=random.randint(2, 4 if is_copy else most), filler=0.2)
        pages = self.draw(told.text, fit_layout(told.text, layout))
        if len(pages) != 1:
            return None
        page = pages[0]
        start, pad, stop = self._image
        given = [*self._user, start, *[pad] * page.cells, stop]
        said = [IGNORED] * len(given)

        def add(tokens: Sequence[int], *, is_learned: bool = False) -> None:
            given.extend(tokens)
            said.extend(tokens if is_learned else [IGNORED] * len(tokens))

        turns = list[tuple[str, str]]()
        if is_copy:
            turns.append((COPY_PROMPT, told.text))
        else:
            for fact in random.sample(told.facts, k=min(4, len(told.facts))):
                if random.random() < _UNANSWERABLE:
                    turns.append((make_unanswerable(random, told, self.words), NOT_STATED))
                else:
                    turns.append((make_question(random, fact), fact.value))
        for number, (question, answer) in enumerate(turns):
            if number:
                add(self._next)
            add(self._encode(question))
            add(self._assistant)
            add(self._encode(answer) + self._end, is_learned=True)
        return (page, given, said) if len(given) <= self.plan.positions else None

    def _choose_layout(self, random: Random, level: int) -> CellLayout:
        known = self.plan.layouts[:level]
        return random.choices(known, [1.0 if one.characters <= _EASY else 0.5 for one in known])[0]

    def _dice(self, what: str, step: int) -> Random:
        return Random(f"{self.plan.seed} {what} {step}")  # noqa: S311 - no secret

    def _encode(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])


def collate_pages(pages: Sequence[DrawnCells], cells: int) -> PageBatch:
    """Return pages as tensors, filled up with paper to so many cells."""
    count = len(pages)
    ink = np.full((count, CELL_PX, CELL_PX * cells), 255, np.uint8)
    characters = np.full((count, cells, MOST_CHARACTERS), NOTHING, np.int64)
    tokens = np.full((count, cells, MOST_TOKENS), NOTHING, np.int64)
    for row, page in enumerate(pages):
        ink[row, :, : page.ink.shape[1]] = page.ink
        characters[row, : page.cells], tokens[row, : page.cells] = page.characters, page.tokens
    return PageBatch(
        ink=torch.from_numpy(ink),
        cells=torch.tensor([page.cells for page in pages]),
        characters=torch.from_numpy(characters),
        tokens=torch.from_numpy(tokens),
    )

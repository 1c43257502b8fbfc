"""Readers whose reading is known: right above a size of letters, wrong below it, each with a given chance."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from glyph_memory.context import Context
from glyph_memory.evaluate.calibration import Ladder, Rung
from glyph_memory.evaluate.calibration.search import Phase
from glyph_memory.readers import Reader, Reading, Usage
from glyph_memory.style import PageStyle

SMALL = PageStyle(page_width_pt=300, page_height_pt=140, snap_px=1)
"""Pages that are drawn in a moment."""
SIZES = (18, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6)
BY_SIZE = Ladder(
    base=SMALL,
    sizes_px=SIZES,
    letters=("plain",),
    pitches=(10 / 9,),
    columns=(1,),
    marks=(False,),
    pages=(1,),
)
"""A ladder of sizes alone."""


@dataclass
class Asked:
    """Answers by chance, without pages: what a search is given in a reader's place."""

    chance: Callable[[Rung], float]
    """Of a right answer in a style."""
    seed: object = 0
    """Other seeds answer otherwise."""
    times: Counter[tuple[Rung, Phase, int]] = field(default_factory=Counter)
    """How often each question was asked."""

    def __call__(self, rung: Rung, phase: Phase, first: int, count: int) -> Sequence[bool]:
        """Answer some questions; each has one answer."""
        numbers = range(first, first + count)
        self.times.update((rung, phase, number) for number in numbers)
        names = (f"{self.seed}/{rung.key}/{phase}/{number}" for number in numbers)
        return [random.Random(name).random() < self.chance(rung) for name in names]


@dataclass(frozen=True)
class Known:
    """What a test knows of a question that a reader is asked."""

    right: str
    kind: str
    rung: Rung
    phase: Phase
    number: int


class CliffReader(Reader):
    """Answers right with a chance that depends on the style, and otherwise wrong, or not at all.

    Args:
        known: The questions.
        chance: Of a right answer.
        misread: What is said in place of what is right.
        ends_after: After how many answers it raises, and what.
    """

    def __init__(
        self,
        known: dict[str, Known],
        chance: Callable[[Rung], float],
        *,
        misread: Callable[[str], str] = lambda right: right.replace("8", "B") + "x",
        ends_after: tuple[int, BaseException] | None = None,
    ) -> None:
        self._known, self._chance, self._misread, self._ends_after = known, chance, misread, ends_after
        self._lock = Lock()
        self.asked = Counter[tuple[str, str, str, int]]()

    def __repr__(self) -> str:
        return "CliffReader()"

    def read(self, context: Context) -> Reading:
        """Answer, the same to the same question."""
        question = context.messages[-1].text.splitlines()[-1]
        found = self._known.get(question)
        with self._lock:
            if self._ends_after is not None and sum(self.asked.values()) >= self._ends_after[0]:
                raise self._ends_after[1]
            if found is None:  # a prompt whose time is taken
                return Reading(text="yes", model="cliff", usage=Usage(prompt_tokens=1000, cached_tokens=10))
            self.asked[found.kind, found.rung.key, found.phase, found.number] += 1
        if not found.right:
            return Reading(text="Not stated.", model="cliff", finish_reason="stop")
        is_right = random.Random(question).random() < self._chance(found.rung)
        return Reading(
            text=found.right if is_right else self._misread(found.right), model="cliff", finish_reason="stop"
        )

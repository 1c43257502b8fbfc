"""The `PageRecipe`: what page data is made of, and how sample number n is planned and made from seed and n alone.

Knows families and styles; knows nothing about files or processes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import get_args

from glyph_memory.checks import check_number, check_whole
from glyph_memory.errors import DocumentError, FontError, StyleError, show_value
from glyph_memory.style import style_to_json
from glyph_memory.training.pages.distribution import DrawnStyle, StyleDistribution
from glyph_memory.training.pages.families import MAKERS, UnusableText
from glyph_memory.training.pages.keep_out import KeepOut
from glyph_memory.training.pages.made_texts import make_up_text
from glyph_memory.training.pages.sources import SourceFaults, TextPiece, read_strings
from glyph_memory.training.pages.spans import SpanCutter, SpanRoom, TextSpan
from glyph_memory.training.samples import Family, TrainingError, TrainingSample

DEFAULT_FAMILIES: Mapping[Family, float] = {
    "ocr": 4, "interleaved": 2, "generation": 1, "conversation": 2, "question": 2,
}  # fmt: skip
"""How often each family is made, unless weights are given."""
STYLE_RUN, STYLES_A_RUN = 256, 10
"""So many samples one after another share so many styles: a style's letters are measured and drawn once for all."""
_STYLE_TRIES = 12
_TEXT_TRIES = 20
_CHARACTERS_AT_MOST = 60_000
_ROOM_FOR_FACTS = 0.9


@dataclass(frozen=True, kw_only=True, slots=True)
class SamplePlan:
    """What sample number n will be, before it has a text."""

    number: int
    """Which sample."""
    family: Family
    """What it teaches."""
    pages: int
    """How many pages its text is to fill."""
    drawn: DrawnStyle
    """How they look."""
    room: SpanRoom
    """How much text that is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeSample:
    """A sample, and what happened on the way."""

    sample: TrainingSample
    """The sample."""
    theme: str
    """The theme of its style."""
    characters: int
    """How many its text has."""
    told: Mapping[str, int] = field(default_factory=dict)
    """How often something else was taken: a style that was refused, a family that could do nothing with the text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageRecipe:
    """What page data is made of.

    Raises:
        TrainingError: A family is unknown, or a number out of range.

    Example:
        >>> recipe = PageRecipe(seed=1, pages_per_sample=1)
        >>> sample = recipe.make(7).sample
        >>> sample.name == recipe.make(7).sample.name
        True
    """

    seed: int = 0
    """Another one makes other samples."""
    families: Mapping[Family, float] = field(default_factory=lambda: dict(DEFAULT_FAMILIES))
    """How often each family is made, against the others."""
    styles: StyleDistribution = field(default_factory=StyleDistribution.default)
    """How pages look."""
    pages_per_sample: int = 4
    """A sample's text fills 1 to so many pages, each number equally often; a line that wraps may need one more."""

    def __post_init__(self) -> None:
        check_whole("seed", self.seed, TrainingError)
        check_whole("pages_per_sample", self.pages_per_sample, TrainingError, at_least=1, at_most=64)
        for family, weight in self.families.items():
            if family not in get_args(Family):
                raise TrainingError(
                    f"no family {show_value(family)}; there are {', '.join(get_args(Family))}"
                )
            check_number(f"the weight of {family}", weight, TrainingError)
        if not sum(self.families.values()):
            raise TrainingError("no family has a weight above 0; give one, such as ocr=1")

    def to_json(self) -> dict[str, object]:
        """Return the recipe as plain values for JSON."""
        return {
            "seed": self.seed,
            "families": dict(self.families),
            "pages_per_sample": self.pages_per_sample,
            "styles": self.styles.to_json(),
        }

    def plan(self, number: int) -> SamplePlan:
        """Return what a sample will be, from the seed and its number alone."""
        random = self._roll("plan", number)
        (family,) = random.choices(list(self.families), list(self.families.values()))
        pages = random.randint(1, self.pages_per_sample)
        if family == "generation":
            pages = max(pages, min(2, self.pages_per_sample))
        drawn = self._draw_style(number, random.randrange(STYLES_A_RUN))
        return self._plan(number, family, pages, drawn)

    def _plan(self, number: int, family: Family, pages: int, drawn: DrawnStyle) -> SamplePlan:
        room = SpanRoom.of_style(drawn.style, pages)
        rows = max(int(room.rows * (_ROOM_FOR_FACTS if family in ("conversation", "question") else 1)), 1)
        rows = max(min(rows, _CHARACTERS_AT_MOST // room.columns), 1)
        room = SpanRoom(rows=rows, columns=room.columns, mark_columns=room.mark_columns)
        return SamplePlan(number=number, family=family, pages=pages, drawn=drawn, room=room)

    def _draw_style(self, number: int, slot: int, attempt: int = 0) -> DrawnStyle:
        """Return one of the styles that a run of samples share; together they have all themes, by weight."""
        run = number // STYLE_RUN
        place = (slot + self._roll("themes", run).random()) / STYLES_A_RUN
        return self.styles.draw_with_theme(self._roll("style", run, slot, attempt), place=place)

    def _roll(self, *what: object) -> Random:
        """Return the dice for one purpose; a string seeds them in the same way on every machine."""
        return Random("/".join(map(str, (self.seed, *what))))  # noqa: S311 - nothing here is secret

    def make(
        self, number: int, span: TextSpan | None = None, *, keep_out: KeepOut | None = None
    ) -> MadeSample:
        """Return a sample.

        Args:
            number: Which, from 0.
            span: The text that it is made of, as long as its plan says; one that is made up, from the seed and the
                number, unless given.
            keep_out: Texts that made up ones must not share phrases with.

        Raises:
            TrainingError: Twelve styles one after another could not draw the text.
        """
        plan, told = self.plan(number), Counter[str]()
        told.update(f"style refused: {reason}" for reason in plan.drawn.refused)
        if span is None:
            span = self._make_up(plan, keep_out, told)
        slot = self._roll("plan", number, "slot").randrange(STYLES_A_RUN)
        drawn, reason = plan.drawn, ""
        for attempt in range(1, _STYLE_TRIES + 1):
            try:
                return self._make(plan, drawn, span, told)
            except (StyleError, FontError, DocumentError) as error:
                reason = str(error)
                told[f"style not drawn: {reason[:120]}"] += 1
                drawn = self._draw_style(number, slot, attempt)
        raise TrainingError(
            f"sample {number} could not be drawn in {_STYLE_TRIES} styles, the last for: {reason}; give other styles"
        )

    def _make(self, plan: SamplePlan, drawn: DrawnStyle, span: TextSpan, told: Counter[str]) -> MadeSample:
        family, style = plan.family, drawn.style
        try:
            draft = MAKERS[family](span.text, style, self._roll("make", plan.number))
        except UnusableText as error:
            told[f"{family} became question: {error}"] += 1
            family = "question"
            draft = MAKERS[family](span.text, style, self._roll("make", plan.number))
        details = {
            "number": plan.number, "theme": drawn.theme, "style": style_to_json(style), "sources": list(span.sources),
            "characters": len(span.text),
        }  # fmt: skip
        sample = draft.finish(family, details)
        return MadeSample(sample=sample, theme=drawn.theme, characters=len(span.text), told=dict(told))

    def _make_up(self, plan: SamplePlan, keep_out: KeepOut | None, told: Counter[str]) -> TextSpan:
        for attempt in range(_TEXT_TRIES):
            random = self._roll("text", plan.number, attempt)
            text = make_up_text(random, plan.room.characters + 1)
            pieces = read_strings([text], SourceFaults())
            span = SpanCutter(pieces).cut(plan.room)
            if span is None:
                continue
            found = keep_out.find(span.text) if keep_out else ""
            if not found:
                return TextSpan(text=span.text, sources=("made up",))
            told[f"kept out: {found}"] += 1
        raise TrainingError(
            f"{_TEXT_TRIES} made up texts for sample {plan.number} all share phrases with texts to keep out; keep out "
            "fewer, or give texts"
        )


def cut_spans(
    recipe: PageRecipe, pieces: Iterable[TextPiece], keep_out: KeepOut, left_out: Counter[str]
) -> Iterator[TextSpan]:
    """Yield the span of each sample, from number 0 on, in the order of the texts.

    Args:
        recipe: Whose samples.
        pieces: The texts.
        keep_out: Texts that no span may share phrases with; a span that does is left out.
        left_out: Where is counted which.
    """
    cutter, number = SpanCutter(iter(pieces)), 0
    while (span := cutter.cut(recipe.plan(number).room)) is not None:
        if found := keep_out.find(span.text):
            left_out[found] += 1
            continue
        yield span
        number += 1

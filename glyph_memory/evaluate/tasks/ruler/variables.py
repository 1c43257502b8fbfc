"""Variable tracking: RULER's chain of variables that are all given one value, each from the one before."""

from __future__ import annotations

import string

from glyph_memory.evaluate.tasks.fitting import OR_NOT_STATED, SamplePlan, insert_at_depths, tell_depth
from glyph_memory.evaluate.tasks.ruler.base import NOISE, RulerTask
from glyph_memory.evaluate.tasks.sample import Sample
from glyph_memory.evaluate.tasks.texts import Dice


class Variables(RulerTask):
    """Asks for the five variables of a chain; a short example with its answer stands before the text, as in RULER."""

    least_lines = 5
    _hops = 4

    def write(self, plan: SamplePlan, lines: int, seed: int) -> Sample:
        """Return a sample with so many runs of sentences round the chain."""
        dice = plan.roll("chain")
        # The example's names are shorter, so that none of them is taken for one of the chain.
        example, shown, shown_value = self._write_chain(
            dice, letters=3, lines=4, depths=(0, 0.25, 0.5, 0.75, 1)
        )
        value = shown_value
        while value == shown_value:
            text, names, value = self._write_chain(dice, letters=5, lines=lines, depths=plan.depths(5))
        before = f"Example:\n{example}\nVariables with the value {shown_value}: {' '.join(shown)}\n\nText:\n"
        document = before + text
        return Sample(
            id=plan.id,
            question=f"Which variables have the value {value} in the text? Name all of them. {OR_NOT_STATED}",
            answers=names,
            document=document,
            kind="variables",
            more={"depth": tell_depth(document, f"VAR {names[0]} ="), "texts": self.source},
        )

    def _write_chain(
        self, dice: Dice, *, letters: int, lines: int, depths: tuple[float, ...]
    ) -> tuple[str, tuple[str, ...], str]:
        names = dict[str, None]()
        while len(names) <= self._hops:
            names[dice.letters(letters, string.ascii_uppercase)] = None
        value, chain = str(dice.number(10_000, 99_999)), tuple(names)
        given = [value, *(f"VAR {name}" for name in chain)]
        steps = [f"VAR {name} = {before}" for name, before in zip(chain, given, strict=False)]
        text = insert_at_depths([NOISE] * lines, list(zip(depths, steps, strict=True)))
        return "\n".join(text), chain, value

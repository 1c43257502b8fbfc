"""Code made from a seed: functions, classes and constants of a shop that does not exist. Knows words alone."""

from __future__ import annotations

from collections.abc import Iterator

from glyph_memory.evaluate.tasks.texts import words
from glyph_memory.evaluate.tasks.texts.dice import Dice

_VERBS = "load merge drop count split close parse price route send sign store trim".split()  # noqa: SIM905
_BLOCKS = (
    """\
def {verb}_{noun}(rows: list[Row], *, limit: int = {n}) -> int:
    total = 0
    for row in rows[:limit]:
        if row.{noun2} > {d}:
            total += row.{noun2} * {d}
    return total
""",
    """\
class {Noun}{Verb}Job(Worker):
    timeout_s = {n} / 10

    async def run(self) -> None:
        while {noun2} := await self.next():
            await self.{verb}({noun2}, at_most={n})
""",
    """\
def test_{verb}_{noun}_keeps_the_{noun2}() -> None:
    {noun2} = make_{noun2}({d})
    assert {verb}_{noun}({noun2}) == {n}
""",
    """\
# The {noun} is {adjective} before the {noun2} is, or {person}'s report counts it twice.
{verb}_{noun}({noun2}s, batch={n})
""",
    """\
QUERY_{NOUN} = (
    "SELECT {noun2}.id, sum(cents) FROM {noun2} "
    "WHERE {noun} < {n} GROUP BY 1 HAVING count(*) > {d}"
)
""",
)


def write_code(dice: Dice) -> Iterator[str]:
    """Yield blocks of code without end, a few lines each."""
    while True:
        noun, noun2 = dice.sample(words.NOUNS, 2)
        verb = dice.pick(_VERBS)
        blanks = {
            "noun": noun,
            "noun2": noun2,
            "Noun": noun.title(),
            "NOUN": noun.upper(),
            "verb": verb,
            "Verb": verb.title(),
            "adjective": dice.pick(words.ADJECTIVES),
            "person": dice.pick(words.PEOPLE),
            "n": str(dice.number(10, 980)),
            "d": str(dice.number(2, 9)),
        }
        yield dice.pick(_BLOCKS).format_map(blanks)

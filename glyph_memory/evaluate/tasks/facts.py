"""What a text says is not so, and what it does not say at all."""

from __future__ import annotations

from itertools import islice

from glyph_memory.evaluate.tasks.fitting import (
    OR_NOT_STATED,
    MadeTask,
    SamplePlan,
    insert_at_depths,
    tell_depth,
)
from glyph_memory.evaluate.tasks.sample import Judgement, Sample, judge_found
from glyph_memory.evaluate.tasks.scorers import name_only
from glyph_memory.evaluate.tasks.texts import Dice, write_sentences
from glyph_memory.evaluate.tasks.texts.words import ADJECTIVES, NOUNS, PEOPLE, PLACES, TRADES

_STATES = ("sealed", "insured", "painted", "listed", "booked", "paid for", "locked", "weighed")
_SO = ("The {thing} in {place} is {state}.", "In {place}, the {thing} has been {state}.")
_NOT_SO = (
    "The {thing} in {place} is not {state}.",
    "In {place}, the {thing} has not been {state}.",
    "The {thing} in {place} has never been {state}.",
)


class _Prose(MadeTask):
    """Puts sentences into prose. Judged by the word that is asked for, and no other that could be meant."""

    def judge(self, sample: Sample, answer: str) -> Judgement:
        """Return what an answer is worth: correct if it names what is right, and nothing that could be meant as well.

        Where the text does not tell, only who says so is correct.
        """
        if not sample.answers:
            return judge_found(0.0, answer, is_told=False)
        return judge_found(name_only(answer, sample.answers, sample.more["others"].split("\n")), answer)

    def _put_into_prose(self, plan: SamplePlan, lines: int, sentences: list[tuple[float, str]]) -> str:
        text = insert_at_depths(islice(write_sentences(plan.roll("prose")), lines), sentences)
        return "\n".join(" ".join(text[start : start + 6]) for start in range(0, len(text), 6))


class Negation(_Prose):
    """Asks which of four things is not so, or which is: one is, the others are not, or the other way round.

    Of things of the same names at other places the text says something else.
    """

    def write(self, plan: SamplePlan, lines: int, seed: int) -> Sample:
        """Return prose with so many sentences round the things."""
        dice = plan.roll("asked")
        noun, state = dice.pick(NOUNS), dice.pick(_STATES)
        looks = dice.sample(ADJECTIVES, 4)
        place, *places = dice.sample(PLACES, 3)
        is_so = dice.number(0, 1) == 0
        asked, *others = looks
        told = [
            self._tell(dice, f"{look} {noun}", place, state, is_so=is_so == (look == asked)) for look in looks
        ]
        inserts = list(zip(plan.depths(4), dice.shuffle(told), strict=True))
        for other in places:
            odd = dice.pick(others)
            so = [(look, (look == odd) == is_so) for look in looks]
            inserts += [
                (dice.share(), self._tell(dice, f"{look} {noun}", other, state, is_so=one))
                for look, one in so
            ]
        document = self._put_into_prose(plan, lines, inserts)
        verb = "is" if is_so else "is not"
        return Sample(
            id=plan.id,
            question=f"Which {noun} in {place} {verb} {state}? Answer with its adjective alone. {OR_NOT_STATED}",
            answers=(asked,),
            document=document,
            kind="affirmed" if is_so else "negated",
            more={
                "others": "\n".join(others),
                "depth": tell_depth(document, told[0]),
                "texts": self.source,
            },
        )

    def _tell(self, dice: Dice, thing: str, place: str, state: str, *, is_so: bool) -> str:
        return dice.pick(_SO if is_so else _NOT_SO).format(thing=thing, place=place, state=state)


class NotStated(_Prose):
    """Asks for something of a thing that the text tells, or that it does not: half of the samples each.

    The same is told of things that are called nearly the same, and other things are told of the one that is asked for.
    """

    def write(self, plan: SamplePlan, lines: int, seed: int) -> Sample:
        """Return prose with so many sentences round what is told of the things."""
        dice = plan.roll("asked")
        is_told = plan.number % 2 == 1
        (look, other_look), (noun, other_noun) = dice.sample(ADJECTIVES, 2), dice.sample(NOUNS, 2)
        place, other_place = dice.sample(PLACES, 2)
        thing = f"the {look} {noun} of {place}"
        near = (
            f"the {other_look} {noun} of {place}",
            f"the {look} {other_noun} of {place}",
            f"the {look} {noun} of {other_place}",
        )
        asked, *rest = dice.sample(tuple(_QUESTIONS), 4)
        value, *others = _make_values(dice, asked, 1 + len(near))
        told = [_tell(one, asked, of) for one, of in zip(near, others, strict=True)]
        told += [_tell(thing, attribute, *_make_values(dice, attribute, 1)) for attribute in rest]
        inserts = [(dice.share(), one) for one in told]
        answer = _tell(thing, asked, value)
        if is_told:
            inserts.append((plan.depths(1)[0], answer))
        document = self._put_into_prose(plan, lines, inserts)
        more = {"others": "\n".join(others), "texts": self.source}
        return Sample(
            id=plan.id,
            question=f"{_QUESTIONS[asked][0].format(thing=thing)} {OR_NOT_STATED}",
            answers=(value,) if is_told else (),
            document=document,
            kind="stated" if is_told else "not stated",
            more=more | ({"depth": tell_depth(document, answer)} if is_told else {}),
        )


_QUESTIONS = {
    "weight": (
        "How many kilograms does {thing} weigh? Answer with the number alone.",
        "{thing} weighs {value} kilograms.",
    ),
    "buyer": ("Who bought {thing}? Answer with the name alone.", "{value} is the one who bought {thing}."),
    "year": (
        "In which year was {thing} finished? Answer with the year alone.",
        "{thing} was finished in {value}.",
    ),
    "trade": (
        "What is the trade of whoever mended {thing}? Answer in one word.",
        "A {value} mended {thing}.",
    ),
    "room": (
        "In which room does {thing} stand? Answer with the number alone.",
        "{thing} stands in room {value}.",
    ),
}
"""Questions, and sentences that answer them."""


def _tell(thing: str, attribute: str, value: str) -> str:
    said = _QUESTIONS[attribute][1].format(thing=thing, value=value)
    return said[0].upper() + said[1:]


def _make_values(dice: Dice, attribute: str, count: int) -> list[str]:
    match attribute:
        case "buyer":
            return dice.sample(PEOPLE, count)
        case "trade":
            return dice.sample(TRADES, count)
        case "year":
            return [str(year) for year in dice.sample(range(1801, 2000), count)]
        case _:
            return [str(number) for number in dice.sample(range(101, 999), count)]

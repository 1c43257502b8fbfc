"""The latest value of a thing that changed: a conversation in which settings are set, and set again."""

from __future__ import annotations

from itertools import islice

from glyph_memory.evaluate.tasks.fitting import (
    OR_NOT_STATED,
    MadeTask,
    SamplePlan,
    insert_at_depths,
    split_into_runs,
)
from glyph_memory.evaluate.tasks.sample import Judgement, Sample, judge_found
from glyph_memory.evaluate.tasks.scorers import name_only
from glyph_memory.evaluate.tasks.texts import Dice, write_sentences
from glyph_memory.evaluate.tasks.texts.words import ADJECTIVES, NOUNS, PEOPLE, PLACES
from glyph_memory.transcript import Turn

_REPLIES = ("Noted.", "I will keep to that.", "Understood.", "All right.", "Done.")
_CHANGES = (
    "Something else: {thing} is {value} from now on.",
    "There was a change: {thing} is now {value}.",
    "Please note that {thing} has become {value}.",
    "We decided this morning that {thing} will be {value}.",
)


class LatestValue(MadeTask):
    """Asks for what a thing is in the end. It changes two to five times; things like it change as well, and later."""

    def write(self, plan: SamplePlan, lines: int, seed: int) -> Sample:
        """Return a conversation with so many sentences about nothing that is asked."""
        dice = plan.roll("asked")
        attribute = dice.pick(tuple(_ATTRIBUTES))
        asked, *others = dice.sample(NOUNS, 4)
        thing = _name_thing(attribute, asked)
        values = dict[str, None]()
        while len(values) < 6:
            values[_make_value(dice, attribute)] = None
        value, *old = list(values)[: dice.number(3, 6)]
        last = plan.depths(1)[0]
        changes = [(last * (step + 0.5) / len(old), one) for step, one in enumerate(old)]
        inserts = [(depth, _tell(dice, thing, one)) for depth, one in [*changes, (last, value)]]
        for other in others:
            for depth in (dice.share(), dice.share(), last + (1 - last) * dice.share()):
                # None of them is a value that the thing ever had.
                while (another := _make_value(dice, attribute)) in values:
                    pass
                inserts.append((depth, _tell(dice, _name_thing(attribute, other), another)))
        talk = split_into_runs(
            list(islice(write_sentences(plan.roll("talk")), lines)), plan.roll("lengths"), 2, 6
        )
        pairs = insert_at_depths([_talk(run) for run in talk], inserts)
        return Sample(
            id=plan.id,
            question=f"What is {thing} now, at the end? Answer with the value alone. {OR_NOT_STATED}",
            answers=(value,),
            turns=tuple(turn for pair in pairs for turn in pair),
            kind="state",
            more={"depth": f"{last:.2f}", "before": "\n".join(old), "texts": self.source},
        )

    def judge(self, sample: Sample, answer: str) -> Judgement:
        """Return what an answer is worth: correct if it says the latest value, and none that was before."""
        return judge_found(name_only(answer, sample.answers, sample.more["before"].split("\n")), answer)


_ATTRIBUTES = {
    "the port of the {noun} service": "port",
    "the owner of the {noun} plan": "person",
    "the place of the {noun} meeting": "place",
    "the code name of the {noun} release": "name",
    "the day of the {noun} review": "date",
}


def _name_thing(attribute: str, noun: str) -> str:
    return attribute.format(noun=noun)


def _make_value(dice: Dice, attribute: str) -> str:
    match _ATTRIBUTES[attribute]:
        case "port":
            return str(dice.number(1024, 9999))
        case "person":
            return dice.pick(PEOPLE)
        case "place":
            return dice.pick(PLACES)
        case "name":
            return f"{dice.pick(ADJECTIVES)} {dice.pick(NOUNS)}"
        case _:
            return f"{dice.number(2027, 2031)}-{dice.number(1, 12):02d}-{dice.number(1, 28):02d}"


def _tell(dice: Dice, thing: str, value: str) -> tuple[Turn, Turn]:
    said = dice.pick(_CHANGES).format(thing=thing, value=value)
    return Turn(role="user", text=said), Turn(role="assistant", text=dice.pick(_REPLIES))


def _talk(sentences: list[str]) -> tuple[Turn, Turn]:
    half = max(len(sentences) // 2, 1)
    reply = " ".join(sentences[half:]) or "I see."
    return Turn(role="user", text=" ".join(sentences[:half])), Turn(role="assistant", text=reply)

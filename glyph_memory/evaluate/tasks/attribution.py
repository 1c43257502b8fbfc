"""Who said it: a person of a meeting, or a role of a conversation."""

from __future__ import annotations

import json
from itertools import islice

from glyph_memory.evaluate.tasks.fitting import (
    OR_NOT_STATED,
    MadeTask,
    SamplePlan,
    insert_at_depths,
    split_into_runs,
    tell_depth,
)
from glyph_memory.evaluate.tasks.sample import Judgement, Sample, judge_found
from glyph_memory.evaluate.tasks.scorers import name_only
from glyph_memory.evaluate.tasks.texts import Dice, write_sentences
from glyph_memory.evaluate.tasks.texts.words import ADJECTIVES, NOUNS, PEOPLE, PLACES
from glyph_memory.transcript import Role, ToolCall, Turn

_ROLES: dict[Role, tuple[str, ...]] = {
    "user": ("user", "human"),
    "assistant": ("assistant", "agent", "AI", "model"),
    "tool": ("tool", "notebook", "read_notebook"),
}
"""What each is called."""
_SPEAKERS = 6


class Attribution(MadeTask):
    """Asks who said something, once of a meeting's minutes, once of a conversation.

    Somebody else speaks of the same thing right after, and others say the like of other things.
    """

    def write(self, plan: SamplePlan, lines: int, seed: int) -> Sample:
        """Return a text with so many sentences about nothing that is asked."""
        sentences = list(islice(write_sentences(plan.roll("talk")), lines))
        runs = list(split_into_runs(sentences, plan.roll("lengths"), 1, 5))
        return self._write_roles(plan, runs) if plan.number % 2 else self._write_minutes(plan, runs)

    def judge(self, sample: Sample, answer: str) -> Judgement:
        """Return what an answer is worth: correct if it names who said it, and nobody else who was there."""
        return judge_found(name_only(answer, sample.answers, sample.more["others"].split("\n")), answer)

    def _write_minutes(self, plan: SamplePlan, runs: list[list[str]]) -> Sample:
        dice = plan.roll("asked")
        speaker, next_speaker, *others = dice.sample(PEOPLE, _SPEAKERS)
        everybody = [speaker, next_speaker, *others]
        (thing, place), *like = _name_things(dice, 4)
        said = f"{speaker}: The {thing} should go to {place}."
        depth = plan.depths(1)[0]
        inserts = [
            (depth, said),
            (depth, f"{next_speaker}: I have my doubts about the {thing}, and about {place}."),
        ]
        inserts += [
            (dice.share(), f"{dice.pick(others)}: The {one} should go to {where}.") for one, where in like
        ]
        talk = plan.roll("speakers")
        texts = [f"{talk.pick(everybody)}: {' '.join(run)}" for run in runs]
        document = "\n".join(insert_at_depths(texts, inserts))
        return Sample(
            id=plan.id,
            question=f"Who said that the {thing} should go to {place}? Answer with the name alone. {OR_NOT_STATED}",
            answers=(speaker,),
            document=document,
            kind="people",
            more={
                "others": "\n".join(everybody[1:]),
                "depth": tell_depth(document, said),
                "texts": self.source,
            },
        )

    def _write_roles(self, plan: SamplePlan, runs: list[list[str]]) -> Sample:
        dice = plan.roll("asked")
        roles = tuple(_ROLES)
        role = dice.pick(roles)
        (thing, place), *like = _name_things(dice, 4)
        depth = plan.depths(1)[0]
        said, doubt = (
            f"The {thing} should go to {place}.",
            f"I have my doubts about the {thing}, and about {place}.",
        )
        inserts = [(depth, _exchange(dice, role, said, doubt))]
        inserts += [
            (dice.share(), _exchange(dice, dice.pick(roles), f"The {one} should go to {where}."))
            for one, where in like
        ]
        exchanges = [_exchange(dice, "user", " ".join(run)) for run in runs]
        turns = tuple(turn for exchange in insert_at_depths(exchanges, inserts) for turn in exchange)
        names = [name for other in roles if other != role for name in _ROLES[other]]
        return Sample(
            id=plan.id,
            question=(
                f"In which role of this conversation was it said that the {thing} should go to {place}? "
                f"Answer with the role alone. {OR_NOT_STATED}"
            ),
            answers=_ROLES[role],
            turns=turns,
            kind="roles",
            more={"others": "\n".join(names), "depth": f"{depth:.2f}", "texts": self.source},
        )


def _name_things(dice: Dice, count: int) -> list[tuple[str, str]]:
    things = zip(dice.sample(ADJECTIVES, count), dice.sample(NOUNS, count), strict=True)
    return list(zip((" ".join(thing) for thing in things), dice.sample(PLACES, count), strict=True))


def _exchange(dice: Dice, role: Role, said: str, reply: str = "") -> list[Turn]:
    """Return an exchange that begins with a user's turn, and in which one role says something; another one replies."""
    reply = reply or dice.pick(("I see.", "Go on.", "Thank you.", "Very well."))
    if role == "user":
        return [Turn(role="user", text=said), Turn(role="assistant", text=reply)]
    if role == "assistant":
        return [Turn(role="user", text=reply), Turn(role="assistant", text=said)]
    call = ToolCall(
        name="read_notebook", arguments=json.dumps({"page": dice.number(1, 400)}), id=f"call_{dice.hex(12)}"
    )
    return [
        Turn(role="user", text="What does the notebook say?"),
        Turn(role="assistant", tool_calls=(call,)),
        Turn(role="tool", text=said, name=call.name, tool_call_id=call.id),
        Turn(role="assistant", text=reply),
    ]

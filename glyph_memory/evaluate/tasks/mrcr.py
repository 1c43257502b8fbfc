"""MRCR: one of several answers to the same request, told apart only by which of them came when.

By the published format of OpenAI's MRCR (data set card "openai/mrcr", 2025; after Vodrahalli et al. 2024, arXiv
2409.12640): a long conversation in which a user asks for pieces of writing, some requests more than once; at the end
the reader repeats the n-th answer to one of them, behind a code. The conversations are our own.
"""

from __future__ import annotations

from glyph_memory.evaluate.tasks.fitting import MadeTask, SamplePlan, insert_at_depths, split_into_runs
from glyph_memory.evaluate.tasks.sample import Judgement, Sample, judge_found
from glyph_memory.evaluate.tasks.scorers import compare_after_code
from glyph_memory.evaluate.tasks.texts import Dice, write_sentences
from glyph_memory.evaluate.tasks.texts.words import NOUNS, PLACES
from glyph_memory.transcript import Turn

_FORMS = (
    "poem",
    "short story",
    "letter",
    "speech",
    "riddle",
    "blog post",
    "fairy tale",
    "news report",
    "diary page",
)
_ORDINALS = "1st 2nd 3rd 4th 5th 6th 7th 8th".split()  # noqa: SIM905  as they are said
_NEEDED = 0.95
"""How alike a correct answer is; another answer to the same request is far less so."""


class Mrcr(MadeTask):
    """Asks for one of 2, 4 or 8 answers to the same request, in a conversation."""

    def __init__(self, name: str, title: str, *, needles: int) -> None:
        super().__init__(name, title)
        self._needles = needles

    def write(self, plan: SamplePlan, lines: int, seed: int) -> Sample:
        """Return a conversation with so many sentences in answers to other requests."""
        dice = plan.roll("needles")
        form, topic = dice.pick(_FORMS), dice.pick(NOUNS)
        needles = [self._write(dice, form, topic, dice.number(4, 6)) for _ in range(self._needles)]
        inserts = list(zip(plan.depths(self._needles), needles, strict=True))
        pairs = insert_at_depths(self._write_others(plan, lines, form, topic), inserts)
        which = plan.number % self._needles
        code = dice.key(10)
        return Sample(
            id=plan.id,
            question=(
                f"Prepend {code} to the {_ORDINALS[which]} (counted from 1) {form} about the {topic}, "
                "word for word. Answer with nothing else."
            ),
            answers=(code + needles[which][1],),
            turns=tuple(turn for asked, said in pairs for turn in _make_turns(asked, said)),
            more={
                "code": code,
                "needle": f"{which + 1}/{self._needles}",
                "depth": f"{pairs.index(needles[which]) / (len(pairs) - 1):.2f}",
                "texts": self.source,
            },
        )

    def judge(self, sample: Sample, answer: str) -> Judgement:
        """Return what an answer is worth; its score is MRCR's, and 0.95 of it makes it correct."""
        found = compare_after_code(answer, sample.answers[0], sample.more["code"])
        return judge_found(found, answer, needed=_NEEDED)

    def _write_others(self, plan: SamplePlan, lines: int, form: str, topic: str) -> list[tuple[str, str]]:
        """Return other requests and answers; some are asked for twice, some share the form or the topic."""
        dice = plan.roll("others")
        topics = [topic, *dice.sample([noun for noun in NOUNS if noun != topic], 7)]
        wanted = [(one, about) for one in _FORMS for about in topics if (one, about) != (form, topic)]
        runs = split_into_runs(range(lines), plan.roll("lengths"), 2, 7)
        return [self._write(dice, *dice.pick(wanted), len(run)) for run in runs]

    def _write(self, dice: Dice, form: str, topic: str, sentences: int) -> tuple[str, str]:
        asked = f"Write a {form} about the {topic}."
        written = write_sentences(dice, about=topic)
        text = [next(written) for _ in range(sentences)]
        if form == "letter":
            return asked, "\n".join((f"Dear friends in {dice.pick(PLACES)},", " ".join(text)))
        return asked, ("\n" if form in {"poem", "riddle"} else " ").join(text)


def _make_turns(asked: str, said: str) -> tuple[Turn, Turn]:
    return Turn(role="user", text=asked), Turn(role="assistant", text=said)

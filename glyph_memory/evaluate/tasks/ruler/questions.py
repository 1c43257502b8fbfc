"""Questions about documents: RULER's two QA tasks, on data of NVIDIA's package or on made-up people."""

from __future__ import annotations

from itertools import chain, islice
from typing import Literal

from glyph_memory.evaluate.tasks.fitting import OR_NOT_STATED, SamplePlan, insert_at_depths, tell_depth
from glyph_memory.evaluate.tasks.ruler.base import RulerTask
from glyph_memory.evaluate.tasks.ruler.package import RulerFiles
from glyph_memory.evaluate.tasks.sample import Judgement, Sample, judge_found
from glyph_memory.evaluate.tasks.scorers import match_any
from glyph_memory.evaluate.tasks.texts import Dice, mend_articles
from glyph_memory.evaluate.tasks.texts.words import NOUNS, PEOPLE, PLACES, TRADES

_FACTS = 4


class _Questions(RulerTask):
    """Judged by `match_any`: correct if one of the right answers is in the answer."""

    def judge(self, sample: Sample, answer: str) -> Judgement:
        """Return what an answer is worth; its score is RULER's."""
        return judge_found(match_any(answer, sample.answers), answer)


class PackageQuestions(_Questions):
    """Asks SQuAD's or HotpotQA's questions; no more of them than the package has."""

    def __init__(
        self, name: str, title: str, *, dataset: Literal["SQuAD 2.0", "HotpotQA"], files: RulerFiles
    ) -> None:
        super().__init__(name, title)
        self.source = files.questions_source(dataset)
        self._read = files.read_squad if dataset == "SQuAD 2.0" else files.read_hotpotqa

    def count_samples(self) -> int:
        """Return how many questions there are."""
        return len(self._read()[0])

    def count_lines(self) -> int:
        """Return how many documents there are beside those of any question."""
        questions, documents = self._read()
        return len(documents) - max(len(one.documents) for one in questions)

    def write(self, plan: SamplePlan, lines: int, seed: int) -> Sample:
        """Return a sample with so many documents round those of the question."""
        questions, documents = self._read()
        order = Dice(f"{self.name}/{seed}/questions").walk(range(len(questions)), plan.number + 1)
        asked = questions[list(order)[-1]]
        own = {*asked.documents, *asked.near}
        far = (one for one in plan.roll("documents").walk(range(len(documents))) if one not in own)
        hay = plan.roll("order").shuffle(list(islice(chain(asked.near, far), lines)))
        bearing = zip(
            plan.depths(len(asked.documents)), plan.roll("own").shuffle(asked.documents), strict=True
        )
        texts = [documents[one] for one in insert_at_depths(hay, list(bearing))]
        document = "\n\n".join(f"Document {number}:\n{text}" for number, text in enumerate(texts, 1))
        return Sample(
            id=plan.id,
            question=f"{asked.text} Answer from the documents, in as few words as you can. {OR_NOT_STATED}",
            answers=asked.answers,
            document=document,
            more={"depth": tell_depth(document, documents[asked.documents[0]]), "texts": self.source},
        )


class MadeQuestions(_Questions):
    """Asks about people who do not exist, each with a document: of one document, or of two with `hops=2`."""

    least_lines = 2 * _FACTS

    def __init__(self, name: str, title: str, *, hops: Literal[1, 2]) -> None:
        super().__init__(name, title)
        self._hops = hops

    def write(self, plan: SamplePlan, lines: int, seed: int) -> Sample:
        """Return a sample with so many sentences about others."""
        dice = plan.roll("asked")
        names = _pick_names(dice, self._hops)
        *before, place = dice.sample(PLACES, self._hops)
        told = zip(names, [*names[1:], ""], [*before, place], strict=True)
        asked = [_describe(dice, name, teacher, born) for name, teacher, born in told]
        others = _write_others(plan.roll("others"), lines, names)
        inserts = list(zip(plan.depths(self._hops), dice.shuffle(asked), strict=True))
        texts = insert_at_depths(others, inserts)
        document = "\n\n".join(f"Document {number}:\n{text}" for number, text in enumerate(texts, 1))
        whose = names[0] if self._hops == 1 else f"the person who taught {names[0]}"
        return Sample(
            id=plan.id,
            question=f"Where was {whose} born? Answer with the place alone. {OR_NOT_STATED}",
            answers=(place,),
            document=document,
            more={"depth": tell_depth(document, asked[-1]), "texts": self.source},
        )


def _pick_names(dice: Dice, count: int) -> list[str]:
    picked = dict[str, None]()
    while len(picked) < count:
        picked[
            f"{dice.pick(PEOPLE)} {dice.pick(NOUNS).title()}{dice.pick(('', 'man', 'well', 'ford', 'son'))}"
        ] = None
    return list(picked)


def _write_others(dice: Dice, lines: int, names: list[str]) -> list[str]:
    """Return documents of so many sentences in all; the last may have fewer."""
    documents = list[str]()
    others = [name for name in _pick_names(dice, -(-lines // _FACTS) + len(names) + 1) if name not in names]
    for start, name, teacher in zip(range(0, lines, _FACTS), others, others[1:], strict=False):
        facts = _describe(dice, name, teacher, dice.pick(PLACES)).split("\n")
        documents.append("\n".join(islice(facts, lines - start)))
    return dice.shuffle(documents)


def _describe(dice: Dice, name: str, teacher: str, birthplace: str) -> str:
    """Return four sentences about a person. Nobody else is taught by the same one."""
    town, trade = dice.pick([place for place in PLACES if place != birthplace]), dice.pick(TRADES)
    taught = f"{teacher} taught {name} the trade." if teacher else f"{name} learned the trade alone."
    facts = (
        f"{name} was a {trade} of {town}, known for a {dice.pick(NOUNS)} and a {dice.pick(NOUNS)}.",
        f"{name} was born in {birthplace} in {dice.number(1801, 1899)}.",
        taught,
        f"The workshop of {name} in {town} had {dice.number(2, 40)} hands.",
    )
    return mend_articles("\n".join(facts))

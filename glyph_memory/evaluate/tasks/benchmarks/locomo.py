"""LoCoMo: questions about what two people told each other over months.

By its published format and scorer (Maharana et al. 2024, arXiv 2402.17753; github.com/snap-research/locomo). What is
asked is worded by us: the published way offers two choices for a question that cannot be answered, and here nobody is
told which those are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from glyph_memory.evaluate.tasks.benchmarks.about import Benchmark
from glyph_memory.evaluate.tasks.benchmarks.fields import Record
from glyph_memory.evaluate.tasks.benchmarks.outcomes import judge_scored, judge_words
from glyph_memory.evaluate.tasks.benchmarks.task import FileTask, Part
from glyph_memory.evaluate.tasks.benchmarks.words import (
    has_words,
    score_listed_f1,
    score_stemmed_f1,
    split_stems,
)
from glyph_memory.evaluate.tasks.sample import Judgement, Sample, is_abstention

_CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}
_LISTED, _TEMPORAL, _OPEN, _ADVERSARIAL = 1, 2, 3, 5


class LoCoMo(FileTask):
    """Asks LoCoMo's questions, from its JSON list of ten conversations."""

    about = Benchmark(
        name="locomo",
        title="questions about what two people told each other over months",
        address="https://github.com/snap-research/locomo",
        licence="CC BY-NC 4.0",
        size="1,986 questions about 10 conversations",
        format="a JSON list of conversations with their questions",
        file="data/locomo10.json",
        subsets=", ".join(_CATEGORIES.values()),
        scorer='as published: F1 of stems by category. "Not stated" and the like count as its "not mentioned". '
        "Pictures are not in the file, their captions are shown",
    )

    def list_parts(self, record: Record) -> Iterator[Part]:
        """Yield a conversation's questions."""
        talk = record.record("conversation")
        for name in ("speaker_a", "speaker_b"):
            talk.text(name)
        if not list(_list_sessions(talk)):
            raise talk.refuse("session_1", None, "list of what was said")
        for number, asked in enumerate(record.records("qa")):
            category = asked.whole("category")
            if category not in _CATEGORIES:
                raise asked.refuse("category", category, "category from 1 to 5")
            asked.text("question")
            if category != _ADVERSARIAL:
                asked.text("answer")
            yield Part(id=f"{record.text('sample_id')}/{number}", labels=(_CATEGORIES[category],))

    def make_sample(self, record: Record, place: int) -> Sample:
        """Return one of a conversation's questions."""
        asked = list(record.records("qa"))[place]
        category = asked.whole("category")
        hint = " Where it asks when, answer with a date." if category == _TEMPORAL else ""
        return Sample(
            id="",
            question=(
                f"{asked.text('question')}\nAnswer with a few words, those of the conversation where you can.{hint} If "
                'the conversation does not tell, answer "not mentioned".'
            ),
            answers=() if category == _ADVERSARIAL else (asked.text("answer"),),
            document="\n\n".join(
                _write_session(*session) for session in _list_sessions(record.record("conversation"))
            ),
            kind=_CATEGORIES[category],
            more={"category": str(category), "evidence": ", ".join(_list_evidence(asked))},
        )

    def judge(self, sample: Sample, answer: str) -> Judgement:
        """Return what an answer is worth; its score is LoCoMo's for the question's category."""
        category = int(sample.more["category"])
        if category == _ADVERSARIAL:
            return judge_scored(float(says_not_mentioned(answer)), answer, is_told=False)
        right = sample.answers[0]
        if category == _OPEN:
            right = right.split(";")[0].strip()
        score = score_listed_f1 if category == _LISTED else score_stemmed_f1
        words = split_stems(answer)
        # Of a list, each part has to be there.
        parts = [split_stems(part) for part in (right.split(",") if category == _LISTED else [right])]
        whole = [words] if all(has_words(words, part) for part in parts) else []
        return judge_words(score(answer, right), answer, words=words, right=whole)


def says_not_mentioned(answer: str) -> bool:
    """Return whether an answer says, in LoCoMo's words or in ours, that the conversation does not tell.

    Example:
        >>> says_not_mentioned("No information available."), says_not_mentioned("In May.")
        (True, False)
    """
    said = answer.lower()
    return "no information available" in said or "not mentioned" in said or is_abstention(answer)


def _list_sessions(talk: Record) -> Iterator[tuple[str, Record, str]]:
    """Yield when each session was, the conversation, and the session's name, in the order of their numbers."""
    numbers = sorted(int(found[1]) for name in talk.values if (found := re.fullmatch(r"session_(\d+)", name)))
    for number in numbers:
        name = f"session_{number}"
        if talk.list(name):
            yield talk.text(f"{name}_date_time"), talk, name


def _write_session(date: str, talk: Record, name: str) -> str:
    return "\n".join([date, *(_write_turn(said) for said in talk.records(name))])


def _write_turn(said: Record) -> str:
    shown = f" [shares a picture: {said.text('blip_caption')}]" if said.has("blip_caption") else ""
    return f"{said.text('speaker')}: {said.text('text')}{shown}"


def _list_evidence(asked: Record) -> tuple[str, ...]:
    return asked.texts("evidence") if asked.has("evidence") else ()

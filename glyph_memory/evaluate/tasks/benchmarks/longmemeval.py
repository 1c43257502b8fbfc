"""LongMemEval: what an assistant still knows of a user after many sessions.

By its published format (Wu et al. 2024, arXiv 2410.10813; github.com/xiaowu0162/LongMemEval). Its scorer is a model as
judge, with a rule for each type of question; the rules are here in words of our own.
"""

from __future__ import annotations

from collections.abc import Iterator

from glyph_memory.evaluate.tasks.benchmarks.about import Benchmark
from glyph_memory.evaluate.tasks.benchmarks.fields import Record
from glyph_memory.evaluate.tasks.benchmarks.judge import ask_yes_or_no
from glyph_memory.evaluate.tasks.benchmarks.outcomes import judge_scored
from glyph_memory.evaluate.tasks.benchmarks.task import FileTask, Part
from glyph_memory.evaluate.tasks.benchmarks.words import find_stems
from glyph_memory.evaluate.tasks.sample import Judgement, Sample, judge_found
from glyph_memory.transcript import Role, Turn

_STAND_IN = 0.8
"""The share of the right answer's words from which an answer is taken for correct where there is no judge."""
_CONTAINS = (
    "Does the response contain the right answer? Yes if it says the same in other words, or has every step that leads "
    "to it. No if it has only a part of what the right answer has."
)
_RULES = {
    "single-session-user": _CONTAINS,
    "single-session-assistant": _CONTAINS,
    "multi-session": _CONTAINS,
    "temporal-reasoning": f"{_CONTAINS} A count of days, weeks or months that is off by one is still right.",
    "knowledge-update": "Does the response contain the right answer, which is the latest? Yes also if it tells what "
    "was so before, as long as it gives the right answer as what is so now.",
    "single-session-preference": "The right answer here tells what a response that suits this user would be like. Does "
    "the response remember the user's own facts and use them rightly? It need not meet every point.",
}
_ABSTENTION = (
    "The question cannot be answered, and the right answer here explains why. Does the response see that it cannot be "
    "answered? Yes if it says that this is not known, or that only something else is."
)


class LongMemEval(FileTask):
    """Asks LongMemEval's questions about a user's sessions, from its JSON lists."""

    about = Benchmark(
        name="longmemeval",
        title="what an assistant knows of a user after many dated sessions",
        address="https://huggingface.co/datasets/xiaowu0162/longmemeval-cleaned",
        licence="MIT, by its repository; see the data set's card",
        size="500 samples; of about 115 thousand tokens (s) or 500 sessions (m) each",
        format="a JSON list",
        file="longmemeval_s_cleaned.json, longmemeval_m_cleaned.json or longmemeval_oracle.json",
        subsets="a question type, such as temporal-reasoning, or abstention",
        scorer="with a judge as published, in words of ours. Without one a stand-in that is no published score: the "
        "share of the right answer's words that the answer has, by their stems; from 0.8 on it is correct",
        judge="says yes or no to every answer; without one, single-session-preference is left out",
    )

    def list_parts(self, record: Record) -> Iterator[Part]:
        """Yield a record's question."""
        kind = record.text("question_type")
        if kind not in _RULES:
            raise record.refuse("question_type", kind, f"type of question: {', '.join(_RULES)}")
        for name in ("question", "answer", "question_date"):
            record.text(name)
        sessions, dates = record.list("haystack_sessions"), record.list("haystack_dates")
        if len(sessions) != len(dates):
            raise record.refuse("haystack_dates", dates, "list of a date for each session")
        name = record.text("question_id")
        labels = ("abstention", kind) if _is_unanswerable(name) else (kind,)
        needs_judge = kind == "single-session-preference" and not _is_unanswerable(name)
        yield Part(id=name, labels=labels, needs_judge=needs_judge)

    def make_sample(self, record: Record, place: int) -> Sample:
        """Return a record's question, with its sessions by their dates; the first turn of each tells its date."""
        sessions = zip(record.texts("haystack_dates"), record.list("haystack_sessions"), strict=True)
        kind, name = record.text("question_type"), record.text("question_id")
        turns = [
            turn
            for date, session in sorted(sessions, key=lambda one: one[0])
            for turn in _make_turns(date, record.with_values({"haystack_sessions": session}))
        ]
        is_told = not _is_unanswerable(name)
        return Sample(
            id="",
            question=f"Today is {record.text('question_date')}. {record.text('question')}",
            answers=(record.text("answer"),) if is_told else (),
            turns=tuple(turns),
            kind=kind if is_told else "abstention",
            more={
                "asked": record.text("question"),
                "right": record.text("answer"),
                "type": kind,
                "scorer": "a judge"
                if self.judge_reader
                else "words, in place of a judge: no published score",
            },
        )

    def judge(self, sample: Sample, answer: str) -> Judgement:
        """Return what an answer is worth: 1 if the judge says yes; without a judge see the benchmark's `scorer`.

        Raises:
            ReaderError: The judge says nothing, or neither yes nor no.
        """
        is_told = bool(sample.answers)
        if self.judge_reader is None:
            found = find_stems(answer, sample.more["right"]) if is_told else 0.0
            return judge_found(found, answer, needed=_STAND_IN, is_told=is_told)
        rule = _RULES[sample.more["type"]] if is_told else _ABSTENTION
        said_yes = ask_yes_or_no(
            self.judge_reader,
            f"You judge a response to a question.\nQuestion: {sample.more['asked']}\n"
            f"Right answer: {sample.more['right']}\nResponse: {answer}\n{rule}\nSay yes or no, and nothing else.",
        )
        if said_yes:
            return Judgement(outcome="correct", score=1.0)
        if not is_told:
            return Judgement(outcome="silently wrong", score=0.0)
        return judge_scored(0.0, answer)


def _is_unanswerable(name: str) -> bool:
    return "_abs" in name


def _make_turns(date: str, session: Record) -> Iterator[Turn]:
    head = f"[{date}]\n"
    for said in session.records("haystack_sessions"):
        role = said.text("role")
        if role not in ("user", "assistant"):
            raise said.refuse("role", role, "user or assistant")
        text = said.text("content")
        if text.strip():
            speaker: Role = "user" if role == "user" else "assistant"
            yield Turn(role=speaker, text=head + text)
            head = ""

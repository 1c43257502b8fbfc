"""LongBench v2: questions with four choices over texts of 8 thousand to 2 million words.

By its published format and way to read an answer (Bai et al. 2024, arXiv 2412.15204; github.com/THUDM/LongBench). What
is asked is worded by us.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from glyph_memory.evaluate.tasks.benchmarks.about import Benchmark
from glyph_memory.evaluate.tasks.benchmarks.fields import Record
from glyph_memory.evaluate.tasks.benchmarks.task import FileTask, Part
from glyph_memory.evaluate.tasks.sample import Judgement, Sample, judge_found

_LETTERS = "ABCD"


class LongBenchV2(FileTask):
    """Asks LongBench v2's questions, from its one JSON list."""

    about = Benchmark(
        name="longbench-v2",
        title="questions with four choices that take understanding, over very long texts",
        address="https://huggingface.co/datasets/THUDM/LongBench-v2",
        licence="Apache-2.0, by its data set card",
        size="503 samples of 8 thousand to 2 million words",
        format="a JSON list; JSON Lines as well",
        file="data.json",
        subsets="a domain, sub-domain, difficulty (easy, hard) or length (short, medium, long)",
        scorer='as published: the letter behind "The correct answer is"; without it, wrong',
    )

    def list_parts(self, record: Record) -> Iterator[Part]:
        """Yield a record's question."""
        for name in ("question", "context", *(f"choice_{letter}" for letter in _LETTERS)):
            record.text(name)
        if record.text("answer") not in _LETTERS:
            raise record.refuse("answer", record.value("answer"), "letter from A to D")
        labels = tuple(record.text(name) for name in ("domain", "sub_domain", "difficulty", "length"))
        yield Part(id=record.text("_id"), labels=labels)

    def make_sample(self, record: Record, place: int) -> Sample:
        """Return a record's question."""
        choices = "\n".join(f"({letter}) {record.text(f'choice_{letter}').strip()}" for letter in _LETTERS)
        return Sample(
            id="",
            question=(
                f"{record.text('question').strip()}\n{choices}\n"
                'One of them is right. Answer in this form, with its letter for X: "The correct answer is (X)".'
            ),
            answers=(record.text("answer"),),
            document=record.text("context").strip(),
            kind=record.text("domain"),
            more={name: record.text(name) for name in ("difficulty", "length", "sub_domain")},
        )

    def judge(self, sample: Sample, answer: str) -> Judgement:
        """Return what an answer is worth: 1 if it names the right letter in the form that was asked for."""
        return judge_found(float(read_choice(answer) == sample.answers[0]), answer)


def read_choice(answer: str) -> str | None:
    """Return the letter that an answer chooses, as LongBench v2 reads it; None where it chooses none.

    Example:
        >>> read_choice("The correct answer is **(B)**."), read_choice("It is B.")
        ('B', None)
    """
    plain = answer.replace("*", "")
    said = re.search(r"The correct answer is \(([A-D])\)", plain) or re.search(
        r"The correct answer is ([A-D])", plain
    )
    return said[1] if said else None

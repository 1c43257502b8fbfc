"""OpenAI's MRCR from its own files: one of several answers to the same request, told apart by which came when.

By its data set card ("openai/mrcr", 2025), scorer included; what is asked is in the file. The tasks `mrcr_2`, `mrcr_4`
and `mrcr_8` make conversations of the same kind from a seed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from glyph_memory.evaluate.tasks.benchmarks.about import Benchmark
from glyph_memory.evaluate.tasks.benchmarks.fields import Record
from glyph_memory.evaluate.tasks.benchmarks.task import FileTask, Part
from glyph_memory.evaluate.tasks.sample import Judgement, Sample, judge_found
from glyph_memory.evaluate.tasks.scorers import compare_after_code
from glyph_memory.transcript import Role, Turn

_NEEDED = 0.95
_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "system": "system"}


class MrcrFile(FileTask):
    """Asks MRCR's questions, from its files."""

    about = Benchmark(
        name="mrcr",
        title="one of 2, 4 or 8 answers to the same request, word for word",
        address="https://huggingface.co/datasets/openai/mrcr",
        licence="MIT, by its data set card",
        size="2,400 samples of 4 thousand to 1 million tokens",
        format="Parquet",
        file="one of its Parquet files (needs pyarrow), or the same rows as JSON Lines",
        subsets="2, 4 or 8, the number of answers to choose from",
        scorer="as published: 0 without the code in front, else difflib's ratio; from 0.95 on it is correct",
    )
    columns = ("prompt", "answer", "random_string_to_prepend", "n_needles")

    def list_parts(self, record: Record) -> Iterator[Part]:
        """Yield a record's question."""
        *before, asked = _list_messages(record)
        if not before or asked.text("role") != "user":
            raise record.refuse(
                "prompt", record.value("prompt"), "conversation that ends with a user's request"
            )
        if not record.text("answer").startswith(record.text("random_string_to_prepend")):
            raise record.refuse("answer", record.value("answer"), "text behind its code")
        needles = str(record.whole("n_needles"))
        digest = hashlib.sha256(repr(record.value("prompt")).encode("utf-8", "replace")).hexdigest()[:12]
        yield Part(id=f"{needles}/{digest}", labels=(needles,))

    def make_sample(self, record: Record, place: int) -> Sample:
        """Return a record's question."""
        *before, asked = _list_messages(record)
        return Sample(
            id="",
            question=asked.text("content"),
            answers=(record.text("answer"),),
            turns=tuple(Turn(role=_read_role(one), text=one.text("content")) for one in before),
            more={"code": record.text("random_string_to_prepend"), "needles": str(record.whole("n_needles"))},
        )

    def judge(self, sample: Sample, answer: str) -> Judgement:
        """Return what an answer is worth; its score is MRCR's, and 0.95 of it makes it correct."""
        found = compare_after_code(answer, sample.answers[0], sample.more["code"])
        return judge_found(found, answer, needed=_NEEDED)


def _list_messages(record: Record) -> list[Record]:
    value = record.value("prompt")
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise record.refuse("prompt", value, "list of messages, as JSON") from error
    messages = list(record.with_values({"prompt": value}).records("prompt"))
    if not messages:
        raise record.refuse("prompt", value, "list of messages")
    return messages


def _read_role(message: Record) -> Role:
    role = message.text("role")
    if role not in _ROLES:
        raise message.refuse("role", role, "user, assistant or system")
    return _ROLES[role]

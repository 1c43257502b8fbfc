"""BEAM: ten abilities of a long-term memory, asked about conversations of 100 thousand to 10 million tokens.

By its published format and rubric (Tavakoli et al. 2025, arXiv 2510.27246; github.com/mohammadtavakoli78/BEAM). A
judge gives every point of a question's rubric 0, 0.5 or 1; the rules are here in words of our own. How conversations of
10 million tokens are laid out could not be confirmed: turns are taken in the order in which they stand, however deep.
"""

from __future__ import annotations

import ast
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from glyph_memory.errors import DocumentError
from glyph_memory.evaluate.tasks.benchmarks.about import Benchmark
from glyph_memory.evaluate.tasks.benchmarks.fields import Record
from glyph_memory.evaluate.tasks.benchmarks.judge import ask_for_score
from glyph_memory.evaluate.tasks.benchmarks.outcomes import HALF, judge_scored
from glyph_memory.evaluate.tasks.benchmarks.records import Records, map_records
from glyph_memory.evaluate.tasks.benchmarks.task import FileTask, Part
from glyph_memory.evaluate.tasks.benchmarks.words import find_stems
from glyph_memory.evaluate.tasks.sample import Judgement, Sample, judge_found
from glyph_memory.transcript import Role, Turn

_ABSTENTION = "abstention"
_BY_WORDS = frozenset(
    {
        _ABSTENTION,
        "information_extraction",
        "knowledge_update",
        "multi_session_reasoning",
        "temporal_reasoning",
    }
)
"""Abilities of which words tell something; the others take a judge."""
_BY_JUDGE = frozenset(
    {
        "contradiction_resolution",
        "event_ordering",
        "instruction_following",
        "preference_following",
        "summarization",
    }
)
_STAND_IN = 0.8
_RIGHT = ("answer", "ideal_response", "ideal_answer", "ideal_summary", "expected_compliance")
"""Names of the field with the right answer, which differ by ability."""


class Beam(FileTask):
    """Asks BEAM's probing questions, from a row for each conversation or from its repository's folder."""

    about = Benchmark(
        name="beam",
        title="ten abilities of a long-term memory, in very long conversations",
        address="https://huggingface.co/datasets/Mohammadta/BEAM",
        licence="CC BY-SA 4.0, by its data set card",
        size="2,000 questions about 100 conversations of 100 thousand to 10 million tokens",
        format="Parquet, a row for each conversation; in its repository a folder for each",
        file="a Parquet file (needs pyarrow), the same rows as JSON Lines, or the folder chats/100K of "
        "github.com/mohammadtavakoli78/BEAM",
        subsets=", ".join(sorted(_BY_WORDS | _BY_JUDGE)),
        scorer="with a judge the mean of its rubric's points. The published code counts half a point as none for nine "
        "abilities, and scores event_ordering by the order as well; here half counts, and the order is the judge's. "
        "Without one a stand-in that is no published score: the share of the rubric's words in the answer; from 0.8 on "
        "it is correct",
        judge="gives each point of the rubric 0, 0.5 or 1; without one, five of the ten abilities are left out",
    )
    columns = ("conversation_id", "chat", "probing_questions")

    @contextmanager
    def open_records(self) -> Iterator[Records]:
        """Open the file, or a folder of the repository: either a conversation's or one with several of them."""
        if not self.path.is_dir():
            with super().open_records() as records:
                yield records
            return
        chats = sorted(self.path.glob("chat.json")) or sorted(self.path.glob("*/chat.json"))
        if not chats:
            raise DocumentError(
                f"{str(self.path)!r} has no chat.json, and no folder with one; give a folder such as chats/100K"
            )
        with tempfile.TemporaryFile() as whole:
            for chat in chats:
                row = {
                    "conversation_id": chat.parent.name,
                    "chat": _load(chat),
                    "probing_questions": _load(chat.parent / "probing_questions" / "probing_questions.json"),
                }
                whole.write(json.dumps(row).encode() + b"\n")
            whole.flush()
            with map_records(whole, self.path) as records:
                yield records

    def list_parts(self, record: Record) -> Iterator[Part]:
        """Yield a conversation's questions."""
        if next(_list_turns(record.value("chat"), record), None) is None:
            raise record.refuse(
                "chat", record.value("chat"), "conversation with turns that have a role and content"
            )
        for ability, number, asked in _list_questions(record):
            if ability not in _BY_WORDS | _BY_JUDGE:
                raise record.refuse("probing_questions", ability, "ability of BEAM's ten")
            asked.text("question")
            if not asked.texts("rubric"):
                raise asked.refuse("rubric", [], "list of points")
            name = f"{record.text('conversation_id')}/{ability}/{number}"
            yield Part(id=name, labels=(ability,), needs_judge=ability in _BY_JUDGE)

    def make_sample(self, record: Record, place: int) -> Sample:
        """Return one of a conversation's questions."""
        ability, _, asked = list(_list_questions(record))[place]
        right = next((asked.text(name) for name in _RIGHT if asked.has(name)), "")
        return Sample(
            id="",
            question=asked.text("question"),
            answers=() if ability == _ABSTENTION else (right,),
            turns=tuple(_list_turns(record.value("chat"), record)),
            kind=ability,
            more={
                "rubric": "\n".join(" ".join(point.split()) for point in asked.texts("rubric")),
                "scorer": "a judge"
                if self.judge_reader
                else "words, in place of a judge: no published score",
            },
        )

    def judge(self, sample: Sample, answer: str) -> Judgement:
        """Return what an answer is worth: the mean of its rubric's points; half of it makes it correct.

        Raises:
            ReaderError: The judge says nothing, or something else than a score.
        """
        points = sample.more["rubric"].split("\n")
        is_told = bool(sample.answers)
        if self.judge_reader is None:
            found = [find_stems(answer, point.split(": ", 1)[-1]) for point in points] if is_told else [0.0]
            return judge_found(sum(found) / len(found), answer, needed=_STAND_IN, is_told=is_told)
        scores = [ask_for_score(self.judge_reader, _write_prompt(sample, point, answer)) for point in points]
        score = sum(scores) / len(scores)
        if not is_told:  # whether it abstains, its rubric asks
            return Judgement(outcome="correct" if score >= HALF else "silently wrong", score=score)
        return judge_scored(score, answer)


def _write_prompt(sample: Sample, point: str, answer: str) -> str:
    return (
        f"You judge a response to a question by one point alone.\nQuestion: {sample.question}\nPoint: {point}\n"
        f"Response: {answer}\n"
        "Give 1 if the response meets the point in full, in whatever words; 0.5 if in part, or with a small error; 0 "
        "if not. Where the point forbids something, give 1 if it is not there. A response that does not bear on the "
        'question gets 0. Answer with JSON and nothing else: {"score": 1}'
    )


def _list_questions(record: Record) -> Iterator[tuple[str, int, Record]]:
    """Yield each ability with its questions and their numbers; the data set has them as a text."""
    value = record.value("probing_questions")
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            try:
                value = ast.literal_eval(value)
            except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
                raise record.refuse(
                    "probing_questions", value, "object, as JSON or as Python writes it"
                ) from error
    whole = record.with_values({"probing_questions": value}).record("probing_questions")
    for ability in whole.values:
        for number, asked in enumerate(whole.records(ability)):
            yield ability, number, asked


def _list_turns(value: object, record: Record) -> Iterator[Turn]:
    """Yield all turns, in the order in which they stand, however deep."""
    if isinstance(value, list):
        for one in value:
            yield from _list_turns(one, record)
    elif isinstance(value, dict) and "role" in value:
        said = record.with_values(value)
        role = said.text("role")
        if role not in ("user", "assistant"):
            raise said.refuse("role", role, "user or assistant")
        speaker: Role = "user" if role == "user" else "assistant"
        text = said.text("content")
        if said.has("time_anchor"):
            text = f"[{said.text('time_anchor')}]\n{text}"
        if text.strip():
            yield Turn(role=speaker, text=text)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _list_turns(one, record)


def _load(path: Path) -> Any:  # noqa: ANN401  whatever JSON holds
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise DocumentError(
            f"{str(path)!r} cannot be opened: {error.strerror or error}; give a whole folder"
        ) from error
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{str(path)!r} is no JSON ({error}); get it again") from error

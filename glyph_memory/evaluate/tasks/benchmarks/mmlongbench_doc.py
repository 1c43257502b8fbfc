"""MMLongBench-Doc: questions about PDF files with tables, charts and pictures.

By its published format and rules (Ma et al. 2024, arXiv 2407.01523; github.com/mayubo2333/MMLongBench-Doc). Its second
step is a model's, which takes the short answer out of a long one. Here the text of the PDF files is asked about, as the
document loader reads it: what only a picture shows cannot be answered.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from glyph_memory.documents import load
from glyph_memory.errors import DocumentError
from glyph_memory.evaluate.tasks.benchmarks.about import Benchmark
from glyph_memory.evaluate.tasks.benchmarks.document_answers import FORMATS, NOT_ANSWERABLE, score_answer
from glyph_memory.evaluate.tasks.benchmarks.fields import Record
from glyph_memory.evaluate.tasks.benchmarks.judge import ask_judge
from glyph_memory.evaluate.tasks.benchmarks.outcomes import judge_scored
from glyph_memory.evaluate.tasks.benchmarks.task import FileTask, Part
from glyph_memory.evaluate.tasks.sample import NOT_STATED, Judgement, Sample, is_abstention

_ASKED = {
    "Int": "Answer with a whole number alone.",
    "Float": "Answer with a number alone.",
    "Str": "Answer with a few words alone.",
    "List": "Answer with a list alone, as in ['one', 'two'].",
}


class MMLongBenchDoc(FileTask):
    """Asks MMLongBench-Doc's questions, from `samples.json` with the PDF files beside it."""

    about = Benchmark(
        name="mmlongbench-doc",
        title="questions about long PDF files with tables and charts",
        address="https://github.com/mayubo2333/MMLongBench-Doc",
        licence="CC BY-NC 4.0 for research, by its README; the PDF files are their owners'",
        size="1,062 questions about 130 PDF files, of 49 pages each on average",
        format="a JSON list; PDF files",
        file="data/samples.json, with the PDF files in documents/ beside it, or in the same folder",
        subsets="an answer format (Str, Int, Float, List, None), a document type or a PDF's name",
        scorer="as published, from a short answer. With a judge a model takes that out of the answer, as published; "
        "without one the answer's last line is taken, which is no published step. Charts and pictures are not shown",
        judge="takes the short answer out of a long one",
    )

    def list_parts(self, record: Record) -> Iterator[Part]:
        """Yield a record's question."""
        name, kind = record.text("doc_id"), record.text("answer_format")
        if kind not in FORMATS:
            raise record.refuse("answer_format", kind, f"format: {', '.join(FORMATS)}")
        record.text("answer")
        named = hashlib.sha256(record.text("question").encode("utf-8", "replace")).hexdigest()[:12]
        yield Part(id=f"{name}/{named}", labels=(kind, record.text("doc_type"), name))

    def make_sample(self, record: Record, place: int) -> Sample:
        """Return a record's question, with the text of its PDF."""
        kind = record.text("answer_format")
        right = record.text("answer")
        # The format "None" would tell that there is no answer.
        wanted = _ASKED.get(kind, _ASKED["Str"])
        return Sample(
            id="",
            question=f'{record.text("question")}\n{wanted} If the document does not tell, answer "not answerable".',
            answers=() if right == NOT_ANSWERABLE else (right,),
            document=_read_text(self._find_document(record)),
            kind=record.text("doc_type"),
            more={
                "asked": record.text("question"),
                "right": right,
                "format": kind,
                "pages": record.text("evidence_pages") if record.has("evidence_pages") else "",
                "extraction": "a judge's" if self.judge_reader else "the last line, in place of a model's",
            },
        )

    def judge(self, sample: Sample, answer: str) -> Judgement:
        """Return what an answer is worth; its score is the published one of the short answer.

        Raises:
            ReaderError: The judge says nothing.
        """
        short = self._extract(sample, answer)
        score = score_answer(sample.more["right"], short, sample.more["format"])
        said = NOT_STATED if short == NOT_ANSWERABLE else short
        return judge_scored(score, said, is_told=bool(sample.answers))

    def _extract(self, sample: Sample, answer: str) -> str:
        if self.judge_reader is not None:
            said = ask_judge(
                self.judge_reader,
                "Take the short answer out of a long one, and change nothing about what it says.\n"
                f"Question: {sample.more['asked']}\nLong answer: {answer}\n"
                "Answer with one line, Short answer: …, with a whole number, a number, a few words, or a list such as "
                "['one', 'two']. If the long answer says that the document does not tell, write Short answer: "
                f"{NOT_ANSWERABLE}",
            )
            found = re.findall(r"Short answer:[ \t]*(.+)", said, re.IGNORECASE)
            short = found[-1] if found else said
        else:
            lines = [line for line in answer.splitlines() if line.strip()] or [""]
            short = re.sub(r"^\W*(?:the )?(?:final )?answer(?: is)?\W+", "", lines[-1], flags=re.IGNORECASE)
        short = short.strip().removesuffix(".").strip()
        return NOT_ANSWERABLE if _is_unanswered(short) else short

    def _find_document(self, record: Record) -> Path:
        name = record.text("doc_id")
        if Path(name).name != name:
            raise record.refuse("doc_id", name, "name of a file")
        folders = (self.path.parent / "documents", self.path.parent)
        if found := next((folder / name for folder in folders if (folder / name).is_file()), None):
            return found
        raise DocumentError(
            f"{record.place} asks about {name!r}, which is neither in {str(folders[0])!r} nor beside {self.path.name}; "
            "put the PDF files there"
        )


def _is_unanswered(short: str) -> bool:
    return "not answerable" in short.lower() or is_abstention(short)


@lru_cache(maxsize=32)
def _read_text(path: Path) -> str:
    return "\n\n".join(document.text for document in load(str(path)))

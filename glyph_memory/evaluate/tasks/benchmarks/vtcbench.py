"""VTCBench: retrieval, reasoning and memory over long texts that are shown as pictures of pages.

By its published format and scorers (arXiv 2512.15649, 2025; github.com/Moenupa/VTCBench, and the fields of its
static set, VTCBench-Wild). Its own pictures are not shown: the arms show the same text in their own ways, which is what
is compared here.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator

from glyph_memory.evaluate.tasks.benchmarks.about import Benchmark
from glyph_memory.evaluate.tasks.benchmarks.fields import Record
from glyph_memory.evaluate.tasks.benchmarks.outcomes import judge_scored, judge_words
from glyph_memory.evaluate.tasks.benchmarks.rouge import list_stems, score_rouge_stems
from glyph_memory.evaluate.tasks.benchmarks.task import FileTask, Part
from glyph_memory.evaluate.tasks.sample import Judgement, Sample

_SPLITS = ("retrieval", "reasoning", "memory")
_SHORT = "Answer with what is asked for, and nothing else."


class VTCBench(FileTask):
    """Asks VTCBench's questions, from a file of one of its three parts."""

    about = Benchmark(
        name="vtcbench",
        title="retrieval, reasoning and memory over texts that are shown as pages",
        address="https://huggingface.co/datasets/MLLM-CL/VTCBench",
        licence="CC BY-NC 4.0; parts of it come from RULER, NoLiMa and LoCoMo, with licences of their own",
        size="2,200 samples of 1 to 32 thousand tokens",
        format="Parquet with the fields problem, answers, images and _context, a file for each part",
        file="a part's Parquet file (needs pyarrow), or its rows as JSON Lines; images may be left out",
        subsets="retrieval, reasoning or memory; needed where the file's name does not tell",
        scorer="as published: the share of right answers that stand in the answer; for memory ROUGE-L as the package "
        "rouge-score has it. Its pictures are not shown, but its text, without HTML tags, in the arms' own ways",
    )
    columns = ("problem", "answers", "_context")

    def list_parts(self, record: Record) -> Iterator[Part]:
        """Yield a record's question."""
        record.text("_context")
        if not record.texts("answers"):
            raise record.refuse("answers", [], "list with an answer in it")
        named = hashlib.sha256(
            repr((record.text("problem"), record.text("_context"))).encode("utf-8", "replace")
        )
        split = self._find_split(record)
        yield Part(id=f"{split}/{named.hexdigest()[:12]}", labels=(split, split.capitalize()))

    def make_sample(self, record: Record, place: int) -> Sample:
        """Return a record's question."""
        split = self._find_split(record)
        return Sample(
            id="",
            question=f"{record.text('problem').strip()}\n{_SHORT}",
            answers=tuple(one.strip() for one in record.texts("answers")),
            document=_strip_tags(record.text("_context")),
            kind=split,
            more={"split": split},
        )

    def judge(self, sample: Sample, answer: str) -> Judgement:
        """Return what an answer is worth: all right answers in it make it correct; for memory one of them."""
        said = re.sub(r"<think>.*?</think>", "", answer, flags=re.DOTALL).strip()
        if sample.more["split"] == "memory":
            score = max(score_rouge_stems(said, right) for right in sample.answers)
            right = [list_stems(one) for one in sample.answers]
            return judge_words(score, said, words=list_stems(said), right=right)
        return judge_scored(
            sum(right in said for right in sample.answers) / len(sample.answers), said, needed=1.0
        )

    def _find_split(self, record: Record) -> str:
        name = f"{self.subset} {self.path.name}".lower()
        if found := next((split for split in _SPLITS if split in name), None):
            return found
        raise record.refuse(
            "problem",
            self.path.name,
            "part that its file's name tells; add #retrieval, #reasoning or #memory",
        )


def _strip_tags(text: str) -> str:
    lines = re.sub(r"<(?:br|/p|/div|/h[1-6]|/li)\b[^>]*>", "\n", text, flags=re.IGNORECASE)
    plain = html.unescape(re.sub(r"</?[a-zA-Z][^<>]*>", "", lines))
    return "\n".join(" ".join(line.split()) for line in plain.split("\n")).strip()

"""LongBench: 21 data sets of long texts in English and Chinese, each with a scorer of its own.

By its published format and scorers (Bai et al. 2023, arXiv 2308.14508; github.com/THUDM/LongBench). What is asked is
worded by us, so that figures are near the published ones and not the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from glyph_memory.errors import DocumentError
from glyph_memory.evaluate.tasks.benchmarks.about import Benchmark
from glyph_memory.evaluate.tasks.benchmarks.fields import Record
from glyph_memory.evaluate.tasks.benchmarks.outcomes import SUMMARY, judge_scored, judge_words
from glyph_memory.evaluate.tasks.benchmarks.rouge import score_rouge_chinese, score_rouge_sentences
from glyph_memory.evaluate.tasks.benchmarks.task import FileTask, Part
from glyph_memory.evaluate.tasks.benchmarks.words import (
    describe_cutting,
    score_classes,
    score_code_line,
    score_f1,
    score_f1_chinese,
    score_numbers,
    split_chinese,
    split_words,
)
from glyph_memory.evaluate.tasks.sample import Judgement, Sample, is_abstention

Metric = Literal[
    "qa_f1",
    "qa_f1_zh",
    "rouge",
    "rouge_zh",
    "classification",
    "retrieval",
    "retrieval_zh",
    "count",
    "code_sim",
]
_DATASETS: dict[str, Metric] = {
    "narrativeqa": "qa_f1", "qasper": "qa_f1", "multifieldqa_en": "qa_f1", "multifieldqa_zh": "qa_f1_zh",
    "hotpotqa": "qa_f1", "2wikimqa": "qa_f1", "musique": "qa_f1", "dureader": "rouge_zh", "gov_report": "rouge",
    "qmsum": "rouge", "multi_news": "rouge", "vcsum": "rouge_zh", "trec": "classification", "triviaqa": "qa_f1",
    "samsum": "rouge", "lsht": "classification", "passage_retrieval_en": "retrieval", "passage_count": "count",
    "passage_retrieval_zh": "retrieval_zh", "lcc": "code_sim", "repobench-p": "code_sim",
}  # fmt: skip
_FIRST_LINE = frozenset({"trec", "triviaqa", "samsum", "lsht"})
"""Of these, the published scorer reads an answer's first line alone."""
_SCORERS: dict[Metric, Callable[[str, str], float]] = {
    "qa_f1": score_f1, "qa_f1_zh": score_f1_chinese, "rouge": score_rouge_sentences, "rouge_zh": score_rouge_chinese,
    "count": score_numbers, "code_sim": score_code_line,
}  # fmt: skip
_NEEDED: dict[Metric, float] = {"rouge": SUMMARY, "rouge_zh": SUMMARY, "code_sim": 0.9, "count": 1, "retrieval": 1,
                                "retrieval_zh": 1, "classification": 1}  # fmt: skip
_SPLITTERS: dict[Metric, Callable[[str], list[str]]] = {"qa_f1": split_words, "qa_f1_zh": split_chinese}
_SHORT = "Answer in as few words as you can, and explain nothing."
_SHORT_CHINESE = "请用尽可能少的字回答，不要解释。"
_ASKED = {
    "narrativeqa": f"{{}}\n{_SHORT}", "multifieldqa_en": f"{{}}\n{_SHORT}", "hotpotqa": f"{{}}\n{_SHORT}",
    "2wikimqa": f"{{}}\n{_SHORT}", "musique": f"{{}}\n{_SHORT}",
    "qasper": f"{{}}\n{_SHORT} To a yes-or-no question say so. Where the article does not tell, say unanswerable.",
    "multifieldqa_zh": f"{{}}\n{_SHORT_CHINESE}", "dureader": "{}\n请根据文章回答。",
    "gov_report": "Sum up the report on one page.", "multi_news": "Sum up all of the news on one page.",
    "qmsum": "{}\nAnswer from the meeting in a few sentences.", "vcsum": "请总结这次会议的内容。",
    "trec": "Go on after these examples: name the type of the last question, with a name that the examples use.\n{}",
    "triviaqa": f"Go on after these examples. {_SHORT}\n{{}}",
    "samsum": "Go on after these examples: sum up the last dialogue in one to three sentences.\n{}",
    "lsht": "请仿照以上例子，写出最后一篇新闻的类别。\n{}",
    "passage_retrieval_en": 'Which paragraph does this abstract sum up? Answer as in "Paragraph 1".\n{}',
    "passage_retrieval_zh": "下面的摘要出自哪一段？请按“段落1”的格式回答。\n{}",
    "passage_count": "Some paragraphs stand there twice. How many different ones are there? Answer with the number.",
    "lcc": "Write the next line of the code, and nothing else.",
    "repobench-p": "{}\nWrite the next line of the code, and nothing else.",
}  # fmt: skip
_KINDS: dict[Metric, str] = {
    "code_sim": "code",
    "count": "counts",
    "rouge": "summaries",
    "rouge_zh": "summaries",
}


class LongBench(FileTask):
    """Asks LongBench's questions, from a data set's JSON Lines or the published zip of all."""

    about = Benchmark(
        name="longbench",
        title="questions, summaries, examples and code over long texts, 21 data sets",
        address="https://huggingface.co/datasets/THUDM/LongBench",
        licence="see its page: its data sets have licences of their own",
        size="4,750 samples, mostly of 5 to 15 thousand words",
        format="JSON Lines, a file for each data set, in data.zip",
        file="data.zip with the data set behind it, as in longbench:data.zip#hotpotqa; or one of its files",
        subsets="a data set: hotpotqa, qasper, lcc, …",
        scorer="as published. Chinese is cut by jieba where that is installed, else into characters. ROUGE-L as the "
        "package rouge has it, code as fuzzywuzzy without python-Levenshtein",
    )

    def list_parts(self, record: Record) -> Iterator[Part]:
        """Yield a record's question."""
        dataset = _name_dataset(record)
        for name in ("input", "context", "language", "length"):
            record.value(name)
        if not record.texts("answers"):
            raise record.refuse("answers", [], "list with an answer in it")
        if _DATASETS[dataset] == "classification":
            record.texts("all_classes")
        yield Part(id=f"{dataset}/{record.text('_id')}", labels=(dataset,))

    def make_sample(self, record: Record, place: int) -> Sample:
        """Return a record's question."""
        dataset = _name_dataset(record)
        metric = _DATASETS[dataset]
        answers = record.texts("answers")
        more = {"dataset": dataset, "metric": metric}
        if metric == "classification":
            more["classes"] = "\n".join(record.texts("all_classes"))
        if metric.endswith("_zh"):
            more["cut into"] = describe_cutting()
        return Sample(
            id="",
            question=_ASKED[dataset].format(record.text("input").strip("\n")),
            answers=answers,
            document=record.text("context"),
            kind=_KINDS.get(metric, "prose"),
            more=more,
        )

    def judge(self, sample: Sample, answer: str) -> Judgement:
        """Return what an answer is worth: its score is the best of those against each right answer."""
        metric: Metric = sample.more["metric"]  # type: ignore[assignment]  # written above
        read = answer.lstrip("\n").split("\n")[0] if sample.more["dataset"] in _FIRST_LINE else answer
        is_told = sample.answers != ("unanswerable",)
        if not is_told and is_abstention(read):
            read = "unanswerable"  # which "not stated" says as well
        score = max(self._score(sample, metric, read, right) for right in sample.answers)
        if split := _SPLITTERS.get(metric):
            right_words = [split(right) for right in sample.answers]
            return judge_words(score, answer, words=split(read), right=right_words, is_told=is_told)
        return judge_scored(score, answer, needed=_NEEDED[metric], is_told=is_told)

    def _score(self, sample: Sample, metric: Metric, answer: str, right: str) -> float:
        if metric == "classification":
            return score_classes(answer, right, sample.more["classes"].split("\n"))
        if metric in ("retrieval", "retrieval_zh"):
            return score_numbers(answer, "".join(filter(str.isdecimal, right)))
        return _SCORERS[metric](answer, right)


def _name_dataset(record: Record) -> str:
    dataset = record.text("dataset").removesuffix("_e")
    if dataset not in _DATASETS:
        raise DocumentError(
            f"{record.place} is of the data set {dataset!r}, which LongBench v1 does not have; give a file of its 21"
        )
    return dataset

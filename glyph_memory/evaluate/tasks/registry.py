"""All tasks by name. Knows which there are, and where their texts come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from glyph_memory.errors import DocumentError, show_value
from glyph_memory.evaluate.tasks.agent_logs import Identifiers
from glyph_memory.evaluate.tasks.attribution import Attribution
from glyph_memory.evaluate.tasks.benchmarks import BENCHMARKS, open_task
from glyph_memory.evaluate.tasks.counting import Counting
from glyph_memory.evaluate.tasks.facts import Negation, NotStated
from glyph_memory.evaluate.tasks.mrcr import Mrcr
from glyph_memory.evaluate.tasks.ruler import (
    CommonWords,
    FrequentWords,
    MadeQuestions,
    Needles,
    PackageQuestions,
    RulerFiles,
    Variables,
    find_ruler_files,
)
from glyph_memory.evaluate.tasks.sample import Task
from glyph_memory.evaluate.tasks.state import LatestValue
from glyph_memory.readers import Reader


def list_ruler_tasks(files: RulerFiles | None) -> Iterator[Task]:
    """Yield RULER's thirteen tasks; essays and questions are of NVIDIA's package where its files are given.

    What each has of keys, values and queries is what RULER's `synthetic.yaml` has.
    """
    yield Needles("niah_single_1", "a number in a text that repeats itself", haystack="noise")
    yield Needles("niah_single_2", "a number in prose", files=files)
    yield Needles("niah_single_3", "a UUID in prose", are_values_uuids=True, files=files)
    yield Needles("niah_multikey_1", "a number in prose, by one of four keys", keys=4, files=files)
    yield Needles("niah_multikey_2", "a number among nothing but numbers", haystack="needles")
    yield Needles(
        "niah_multikey_3",
        "a UUID by a UUID, among nothing but UUIDs",
        haystack="needles",
        are_keys_uuids=True,
        are_values_uuids=True,
    )
    yield Needles("niah_multivalue", "all four numbers of a key in prose", values=4, files=files)
    yield Needles("niah_multiquery", "the numbers of four keys in prose", queries=4, files=files)
    yield Variables("vt", "the variables of a chain that have one value")
    yield CommonWords("cwe", "the ten most common words of a list")
    yield FrequentWords("fwe", "the three most frequent words of a coded text")
    if files:
        yield PackageQuestions("qa_1", "questions about one document", dataset="SQuAD 2.0", files=files)
        yield PackageQuestions("qa_2", "questions about two documents", dataset="HotpotQA", files=files)
    else:
        yield MadeQuestions("qa_1", "questions about one document", hops=1)
        yield MadeQuestions("qa_2", "questions about two documents", hops=2)


def _list_tasks() -> Iterator[Task]:
    yield from list_ruler_tasks(find_ruler_files())
    for needles in (2, 4, 8):
        yield Mrcr(
            f"mrcr_{needles}", f"one of {needles} answers to the same request, word for word", needles=needles
        )
    yield Identifiers("identifiers", "UUIDs, digests, keys, paths, numbers and dates in an agent's logs")
    yield Negation("negation", "which thing is so, or is not")
    yield Attribution("attribution", "who said it")
    yield NotStated("not_stated", "what a text tells, or does not tell")
    yield Counting("counting", "how often something stands in a log")
    yield LatestValue("latest_value", "what a thing is that changed")


TASKS: Mapping[str, Task] = MappingProxyType({task.name: task for task in _list_tasks()})
"""All tasks by their names."""


def find_task(name: str, *, judge: Reader | None = None) -> Task:
    """Return a task by its name, or that of a benchmark's file, as in `longbench:data.zip#hotpotqa`.

    Args:
        name: One of `TASKS`; or one of `BENCHMARKS`, a colon, a path, and where only a part is asked a # and its name.
        judge: Who judges answers of benchmarks that want a model for that; others need none.

    Raises:
        DocumentError: There is none of that name; the message lists near ones, or all.

    Example:
        >>> find_task("mrcr_4").title
        'one of 4 answers to the same request, word for word'
    """
    if ":" in name or name in BENCHMARKS:
        return open_task(name, judge=judge)
    if name not in TASKS:
        near = get_close_matches(name.lower(), [*TASKS, *BENCHMARKS], n=3, cutoff=0.5) or TASKS
        raise DocumentError(f"no task is named {show_value(name)}; try {', '.join(near)}")
    return TASKS[name]

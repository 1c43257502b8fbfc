"""RULER's tasks are what they are defined to be: their texts, solved by rule, give their answers."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from glyph_memory.errors import DocumentError
from glyph_memory.evaluate.tasks import Sample, find_ruler_files, list_ruler_tasks
from tests.evaluate.tasks.helpers import MADE, count_letters, take_samples

NEEDLE = re.compile(r"One of the magic \w+ of ([\w-]+) is ([\w-]+)\.")


def find_asked(sample: Sample) -> list[str]:
    """Return the values of all keys that a question names."""
    keys = re.findall(r"[\w-]+", sample.question)
    return [value for key, value in NEEDLE.findall(sample.document) if key in keys]


@pytest.mark.parametrize(
    ("name", "needles", "answers", "kind"),
    [
        ("niah_single_1", 1, 1, "numbers"),
        ("niah_single_2", 1, 1, "numbers"),
        ("niah_single_3", 1, 1, "identifiers"),
        ("niah_multikey_1", 4, 1, "numbers"),
        ("niah_multikey_2", None, 1, "numbers"),
        ("niah_multikey_3", None, 1, "identifiers"),
        ("niah_multivalue", 4, 4, "numbers"),
        ("niah_multiquery", 4, 4, "numbers"),
    ],
)
def test_needles_are_as_many_as_defined(name: str, needles: int | None, answers: int, kind: str) -> None:
    """Keys, values and queries as in `synthetic.yaml`; where all is needles, every line is one."""
    for sample in take_samples(MADE[name], 5):
        found = NEEDLE.findall(sample.document)
        assert len(found) == (needles or sample.document.count("\n") + 1)
        assert sorted(find_asked(sample)) == sorted(sample.answers)
        assert (len(sample.answers), sample.kind) == (answers, kind)
        shape = r"[0-9a-f-]{36}" if kind == "identifiers" else r"[1-9][0-9]{6}"
        assert all(re.fullmatch(shape, value) for _, value in found)


def test_part_of_what_is_asked_for_is_not_correct_but_counts() -> None:
    """Three of four: a score of 0.75, and silently wrong, for nothing says that one is missing."""
    task, (sample, *_) = MADE["niah_multivalue"], take_samples(MADE["niah_multivalue"], 1)
    judged = task.judge(sample, ", ".join(sample.answers[:3]))
    assert (judged.outcome, judged.score) == ("silently wrong", 0.75)


@pytest.mark.parametrize("name", ["niah_multikey_2", "niah_multikey_3"])
def test_a_neighbouring_needle_is_silently_wrong(name: str) -> None:
    """It is the same but for the key."""
    task, (sample, *_) = MADE[name], take_samples(MADE[name], 1)
    values = [value for _, value in NEEDLE.findall(sample.document)]
    place = values.index(sample.answers[0])
    assert task.judge(sample, values[place - 1]).outcome == "silently wrong"


def test_a_chain_of_variables_leads_to_the_answers() -> None:
    """Five of them, each from the one before; the example's are others."""
    for sample in take_samples(MADE["vt"], 5):
        (value,) = re.findall(r"[0-9]{5}", sample.question)
        has = {value}
        for name, given in re.findall(r"VAR (\w+) = (?:VAR )?(\w+)", sample.document):
            if given in has:
                has.add(name)
        assert has - {value} == set(sample.answers)
        assert len(sample.answers) == 5


@pytest.mark.parametrize(("tokens", "often", "seldom"), [(2000, 6, 1), (5000, 30, 3)])
def test_common_words_are_the_ten_most_common(tokens: int, often: int, seldom: int) -> None:
    """30 times and 3 times; 6 times and once where the text is short."""
    (sample,) = take_samples(MADE["cwe"], 1, tokens=tokens)
    listed = sample.document.split("List: ")[1]
    words = Counter(re.findall(r"[0-9]+\. (\w+)", listed))
    assert {word for word, _ in words.most_common(10)} == set(sample.answers)
    assert {words.pop(word) for word in sample.answers} == {often}
    assert set(words.values()) == {seldom}


def test_there_are_words_enough_for_long_lists() -> None:
    """Joined of two where single ones run out; among the common ones, too."""
    (sample,) = take_samples(MADE["cwe"], 1, tokens=60_000)
    words = Counter(re.findall(r"[0-9]+\. (\w+)", sample.document.split("List: ")[1]))
    assert len(words) > 2000
    assert {word for word, _ in words.most_common(10)} == set(sample.answers)


def test_frequent_words_follow_zipfs_law() -> None:
    """The first is dots; the k-th of N words is there N / (k² ζ(2)) times, so that ratios are squares."""
    (sample,) = take_samples(MADE["fwe"], 1, tokens=20_000)
    ranked = Counter(sample.document.split()).most_common(5)
    assert ranked[0][0] == "..."
    assert tuple(word for word, _ in ranked[1:4]) == sample.answers
    assert [round(ranked[0][1] / times) for _, times in ranked] == [1, 4, 9, 16, 25]


@pytest.mark.parametrize("name", ["qa_1", "qa_2"])
def test_questions_about_made_up_people_are_answered_by_their_documents(name: str) -> None:
    """By one, or by the one of whom it leads to; nobody stands in two."""
    for sample in take_samples(MADE[name], 5):
        documents = re.split(r"\n*Document [0-9]+:\n", sample.document)[1:]
        born = dict(re.findall(r"(\w+ \w+) was born in (\w+) in", sample.document))
        taught = {
            student: teacher
            for teacher, student in re.findall(r"(\w+ \w+) taught (\w+ \w+) the", sample.document)
        }
        assert len({text.split(" was ")[0] for text in documents}) == len(documents)
        (name_asked,) = re.findall(r"(?:was|who taught) ((?!the )\w+ \w+?) ?born|$", sample.question)[:1]
        who = taught[name_asked] if name == "qa_2" else name_asked
        assert born[who] == sample.answers[0]
        assert name == "qa_1" or born[name_asked] != sample.answers[0]


def test_data_of_the_package_are_used_where_it_is_installed() -> None:
    """All thirteen are made from them, or from texts of our own where it has none."""
    pytest.importorskip("long_context_eval")
    files = find_ruler_files()
    assert files is not None
    for task in list_ruler_tasks(files):
        (sample,) = take_samples(task, 1, tokens=6000)
        assert task.judge(sample, " ".join(sample.answers)).outcome == "correct"
        assert ("nvidia" in task.source) == (task.name[:2] == "qa" or "essays" in task.source)


def test_no_package_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its data are not looked for on the network."""
    monkeypatch.setattr("glyph_memory.evaluate.tasks.ruler.package.find_spec", lambda name: None)
    assert find_ruler_files() is None


def test_lists_too_short_for_their_question_are_refused() -> None:
    """As with any task."""
    with pytest.raises(DocumentError, match="'fwe' needs"):
        next(MADE["fwe"].samples(tokens=50, seed=0, count=count_letters))

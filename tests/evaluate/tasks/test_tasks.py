"""What holds for every task: lengths, seeds, answers that stand in the text, and what answers are worth."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from glyph_memory import RuleFinder
from glyph_memory.errors import DocumentError
from glyph_memory.evaluate.tasks import TASKS, Sample, count_sample_tokens, find_task, is_abstention
from tests.evaluate.tasks.helpers import MADE, count_letters, count_words, read_text, take_samples

ROOT = Path(__file__).parents[3]
NAMES = list(MADE)
ASKED_IN_PROSE = [
    name for name in NAMES if not name.startswith(("vt", "cwe", "fwe", "mrcr", "counting", "niah_multi"))
]


def answer_well(sample: Sample) -> str:
    """Return a perfect answer."""
    if not sample.answers:
        return "Not stated."
    if "code" in sample.more:
        return sample.answers[0]
    return ", ".join(sample.answers) if len(sample.answers) > 1 else f"{sample.answers[0]}."


def digest_samples(name: str) -> str:
    """Return a digest of all that a task's first samples say and ask."""
    taken = take_samples(MADE[name], 2, tokens=1500, seed=3)
    told = json.dumps([[one.id, one.question, one.answers, read_text(one), dict(one.more)] for one in taken])
    return hashlib.sha256(told.encode()).hexdigest()


def test_there_are_the_thirteen_of_ruler_and_others() -> None:
    """By the names that people know."""
    assert [*TASKS][:13] == [
        "niah_single_1", "niah_single_2", "niah_single_3", "niah_multikey_1", "niah_multikey_2", "niah_multikey_3",
        "niah_multivalue", "niah_multiquery", "vt", "cwe", "fwe", "qa_1", "qa_2",
    ]  # fmt: skip
    assert [*TASKS][13:] == [
        "mrcr_2", "mrcr_4", "mrcr_8",
        "identifiers", "negation", "attribution", "not_stated", "counting", "latest_value",
    ]  # fmt: skip
    assert all(task.name == name and task.title and task.source for name, task in TASKS.items())


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("niah_singel_1", "niah_single_1"),
        ("MRCR_4", "mrcr_4"),
        ("latest", "latest_value"),
        ("ähm", "niah_single_1, "),
    ],
)
def test_an_unknown_task_is_told_with_near_names(name: str, near: str) -> None:
    """In one line; with all names where none is near."""
    with pytest.raises(DocumentError, match=rf"^no task is named '{name}'; try .*{near}"):
        find_task(name)


@pytest.mark.parametrize("tokens", [2000, 12_000])
@pytest.mark.parametrize("count", [count_letters, count_words], ids=["letters", "words"])
@pytest.mark.parametrize("name", NAMES)
def test_samples_are_as_long_as_asked_for(name: str, count: Callable[[str], int], tokens: int) -> None:
    """Never longer, and less than a twentieth below, whatever counts."""
    samples = MADE[name].samples(tokens=tokens, seed=1, count=count)
    for sample in (next(samples), next(samples)):
        assert 0.95 * tokens < count_sample_tokens(sample, count) <= tokens


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_stays_the_same_and_no_two_are(name: str) -> None:
    """By its task, length, seed and number, which its id names."""
    first = take_samples(MADE[name], 3)
    assert take_samples(MADE[name], 3) == first
    assert [sample.id for sample in first] == [f"{name}/2000/0/{number}" for number in range(3)]
    others = [*first, *take_samples(MADE[name], 3, seed=1), *take_samples(MADE[name], 3, tokens=2001)]
    assert len({(read_text(sample), sample.question) for sample in others}) == 9


def test_another_process_makes_the_same_samples() -> None:
    """Nothing hangs on hashes, times or the order of a set."""
    program = (
        "import json; from tests.evaluate.tasks.test_tasks import *; "
        "print(json.dumps({n: digest_samples(n) for n in NAMES}))"
    )
    env = {**os.environ, "PYTHONHASHSEED": "7"}
    made = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=env, cwd=ROOT
    )
    assert json.loads(made.stdout) == {name: digest_samples(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_samples_are_the_same_on_every_machine_and_stay_so(name: str) -> None:
    """People compare results by the ids of samples. Who changes a task on purpose writes down its digest anew."""
    assert digest_samples(name)[:12] == DIGESTS[name]


@pytest.mark.parametrize("name", NAMES)
def test_answers_are_worth_what_they_are(name: str) -> None:
    """A perfect one is correct, "not stated" abstains unless it is right, anything else is silently wrong."""
    task = MADE[name]
    for sample in take_samples(task, 4):
        good, none = task.judge(sample, answer_well(sample)), task.judge(sample, "The text does not say.")
        assert (good.outcome, good.score) == ("correct", 1.0)
        assert none.outcome == ("abstained" if sample.answers else "correct")
        assert task.judge(sample, "").outcome == none.outcome
        wrong = task.judge(sample, "It is Xylophonia, 31337.")
        assert (wrong.outcome, wrong.score) == ("silently wrong", 0.0)


@pytest.mark.parametrize("name", NAMES)
def test_no_question_holds_its_answer(name: str) -> None:
    """Else it could be answered without the text."""
    for sample in take_samples(MADE[name], 8):
        asked = set(re.findall(r"[\w-]+", sample.question.lower()))
        assert not {answer.lower() for answer in sample.answers} & asked
        assert all(answer not in sample.question for answer in sample.answers if len(answer) > 4)


@pytest.mark.parametrize("name", ASKED_IN_PROSE)
def test_an_answer_stands_in_its_text(name: str) -> None:
    """Word for word; where it is a role, a turn has it."""
    for sample in take_samples(MADE[name], 6):
        text = read_text(sample) + "".join(turn.role for turn in sample.turns)
        assert not sample.answers or any(answer in text for answer in sample.answers)


@pytest.mark.parametrize("name", NAMES)
def test_no_text_is_taken_for_an_abstention_or_a_secret(name: str) -> None:
    """A copied sentence is no abstention; the secret guard would mask what is asked for."""
    for sample in take_samples(MADE[name], 6):
        assert not is_abstention(read_text(sample))
        assert [*RuleFinder().find(read_text(sample))] == []


@pytest.mark.parametrize("name", NAMES)
def test_conversations_are_what_servers_take(name: str) -> None:
    """A user begins, an assistant ends, results follow their calls, and nobody says nothing."""
    for sample in take_samples(MADE[name], 4):
        assert bool(sample.document) != bool(sample.turns)
        pairs = list(zip(sample.turns, sample.turns[1:], strict=False))
        allowed = {("user", "assistant"), ("assistant", "user"), ("assistant", "tool"), ("tool", "assistant")}
        assert all((one.role, other.role) in allowed for one, other in pairs)
        assert all(bool(one.tool_calls) == (other.role == "tool") for one, other in pairs)
        assert all(other.tool_call_id == one.tool_calls[0].id for one, other in pairs if one.tool_calls)
        assert all(turn.full_text.strip() for turn in sample.turns)
        if sample.turns:
            assert (sample.turns[0].role, sample.turns[-1].role) == ("user", "assistant")


DIGESTS = {
    "niah_single_1": "4d17795db95e",
    "niah_single_2": "8fa88953509a",
    "niah_single_3": "59004b4e79a9",
    "niah_multikey_1": "7263e5117121",
    "niah_multikey_2": "d8fc166a68dc",
    "niah_multikey_3": "28e2f25036a7",
    "niah_multivalue": "65a78634b9fd",
    "niah_multiquery": "8874c357cebf",
    "vt": "5a0c46dff9b4",
    "cwe": "78c98b839c53",
    "fwe": "650785fdece9",
    "qa_1": "21d65c485c3f",
    "qa_2": "67b69172de5a",
    "mrcr_2": "961a47699490",
    "mrcr_4": "d1dbcc412429",
    "mrcr_8": "4cd1193d3caf",
    "identifiers": "dbe39e211b49",
    "negation": "41e81b61788e",
    "attribution": "a55a907408bb",
    "not_stated": "d1767090c890",
    "counting": "0e7ba36864fd",
    "latest_value": "074e199530d5",
}

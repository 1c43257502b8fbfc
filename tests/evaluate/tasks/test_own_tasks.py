"""Our own tasks: their texts, solved by rule, give their answers, and what is near an answer is silently wrong."""

from __future__ import annotations

import re
from itertools import islice

import pytest

from glyph_memory.evaluate.tasks.texts import (
    FIELDS,
    Dice,
    write_code,
    write_logs,
    write_prose,
    write_sentences,
)
from tests.evaluate.tasks.helpers import MADE, read_text, take_samples


def judge(name: str, number: int, answer: str) -> str:
    """Return the outcome of an answer to one of a task's samples."""
    return MADE[name].judge(take_samples(MADE[name], number + 1)[number], answer).outcome


def test_identifiers_are_of_six_kinds_with_a_twin_beside_them() -> None:
    """The twin differs in one character, belongs to another job, and is silently wrong; so are both together."""
    task, samples = MADE["identifiers"], take_samples(MADE["identifiers"], 12)
    assert [sample.kind for sample in samples] == [*FIELDS, *FIELDS]
    for sample in samples:
        right, twin, text = sample.answers[0], sample.more["neighbour"], read_text(sample)
        assert sum(one != other for one, other in zip(right, twin, strict=True)) == 1
        assert text.count(f"={right}") == text.count(f"={twin}") == 1
        (job,) = re.findall(r"job ([a-z-]+)", sample.question)
        assert [line for line in text.splitlines() if f"job {job} " in line] == [
            line for line in text.splitlines() if line.endswith(f"={right}")
        ]
        assert task.judge(sample, twin).outcome == "silently wrong"
        assert task.judge(sample, f"{right} or {twin}").outcome == "silently wrong"
        assert task.judge(sample, f"The one of {job} is `{right}`.").outcome == "correct"
        assert task.judge(sample, "I cannot read it.").outcome == "abstained"


def test_how_an_identifier_is_written_matters_only_where_it_does() -> None:
    """A UUID in capitals is the same, a key is not; a number may have commas."""
    samples = {sample.kind: sample for sample in take_samples(MADE["identifiers"], 6)}
    judged = MADE["identifiers"].judge
    assert judged(samples["uuid"], samples["uuid"].answers[0].upper()).outcome == "correct"
    assert judged(samples["key"], samples["key"].answers[0].swapcase()).outcome == "silently wrong"
    assert judged(samples["number"], f"{int(samples['number'].answers[0]):,}").outcome == "correct"


def test_a_log_says_as_often_as_is_right() -> None:
    """From two to twelve times; it runs as well, and others fail."""
    samples = take_samples(MADE["counting"], 12)
    assert len({sample.answers for sample in samples}) > 4
    for sample in samples:
        (job,) = re.findall(r"job ([a-z-]+)", sample.question)
        assert len(re.findall(f"job {job} failed", sample.document)) == int(sample.answers[0])
        assert f"job {job} finished" in sample.document
        assert len(re.findall(r" failed ", sample.document)) > int(sample.answers[0])
        assert MADE["counting"].judge(sample, str(int(sample.answers[0]) + 1)).outcome == "silently wrong"


def test_the_latest_value_is_the_last_that_is_told() -> None:
    """Those before are silently wrong; other things are told of after it."""
    later = 0
    for sample in take_samples(MADE["latest_value"], 10):
        (thing,) = re.findall(r"What is (.*) now, at the end", sample.question)
        told = [turn.text for turn in sample.turns if thing in turn.text]
        before = sample.more["before"].split("\n")
        assert 2 <= len(before) <= 5
        assert sample.answers[0] in told[-1]
        assert all(value in text for value, text in zip(before, told, strict=False))
        assert len(told) == len(before) + 1
        assert {MADE["latest_value"].judge(sample, value).outcome for value in before} == {"silently wrong"}
        texts = [turn.text for turn in sample.turns]
        later += any(" release " in text or " the " in text for text in texts[texts.index(told[-1]) + 1 :])
    assert later > 5


@pytest.mark.parametrize("number", range(6))
def test_who_said_it_is_who_did_and_no_one_near(number: int) -> None:
    """In minutes by name, in a conversation by role; whoever answers with somebody else is silently wrong."""
    sample = take_samples(MADE["attribution"], 6)[number]
    (said,) = re.findall(r"that (the .* should go to \w+)", sample.question)
    if sample.kind == "people":
        (line,) = [line for line in sample.document.splitlines() if said in line.replace("The", "the")]
        assert line.startswith(f"{sample.answers[0]}: ")
    else:
        (turn,) = [turn for turn in sample.turns if said in turn.text.replace("The", "the")]
        assert turn.role == sample.answers[0]
    for other in sample.more["others"].split("\n"):
        assert judge("attribution", number, other) == "silently wrong"


def test_every_role_is_asked_for() -> None:
    """None can be guessed."""
    assert {sample.answers[0] for sample in take_samples(MADE["attribution"], 24)} >= {
        "user",
        "assistant",
        "tool",
    }


def test_one_of_four_is_or_is_not() -> None:
    """Read by rule, the text has one thing that is so, or one that is not; at other places it is another."""
    samples = take_samples(MADE["negation"], 12)
    assert {sample.kind for sample in samples} == {"affirmed", "negated"}
    for sample in samples:
        asked = re.match(r"Which (\w+) in (\w+) (is(?: not)?) (.*?)\?", sample.question)
        assert asked is not None
        noun, place, verb, state = asked.groups()
        told = re.findall(
            rf"(?:The (\w+) {noun} in {place}|In {place}, the (\w+) {noun}) (?:is|has)([\w ]*?)(?: been)? {state}\.",
            sample.document,
        )
        assert len(told) == 4
        fitting = [one or other for one, other, said in told if bool(said.strip()) == (verb == "is not")]
        assert fitting == [sample.answers[0]]
        for other in sample.more["others"].split("\n"):
            assert MADE["negation"].judge(sample, other).outcome == "silently wrong"


def test_half_of_it_is_not_stated_and_the_like_is() -> None:
    """What things of nearly the same name have is silently wrong; who says nothing of what is told has abstained."""
    samples = take_samples(MADE["not_stated"], 20)
    assert sum(sample.answers == () for sample in samples) == 10
    for sample in samples:
        (thing,) = re.findall(r"the \w+ \w+ of [A-Z]\w+", sample.question)
        told = [
            line for line in re.split(r"(?<=\.) |\n", sample.document) if thing in line.replace("The", "the")
        ]
        assert len(told) == 3 + len(sample.answers)
        for other in sample.more["others"].split("\n"):
            assert other in sample.document
            assert MADE["not_stated"].judge(sample, other).outcome == "silently wrong"


@pytest.mark.parametrize("needles", [2, 4, 8])
def test_mrcr_asks_for_each_of_the_answers_to_one_request(needles: int) -> None:
    """In turn; the others to the same request are silently wrong, and so is the right one without its code."""
    task = MADE[f"mrcr_{needles}"]
    samples = take_samples(task, needles, tokens=3000)
    for which, sample in enumerate(samples):
        code, place, form, topic = re.findall(
            r"^Prepend (\w+) to the (\d)\w\w \(counted from 1\) (.*) about the (\w+), word", sample.question
        )[0]
        assert int(place) == which + 1
        asked = f"Write a {form} about the {topic}."
        said = [
            other.text
            for one, other in zip(sample.turns, sample.turns[1:], strict=False)
            if one.text == asked and one.role == "user"
        ]
        assert len(said) == needles
        assert sample.answers == (code + said[which],)
        wrong = [code + text for number, text in enumerate(said) if number != which]
        assert all(task.judge(sample, text).outcome == "silently wrong" for text in [*wrong, said[which]])
        assert task.judge(sample, f"{code}{said[which][:-1]}").outcome == "correct"


def test_what_is_asked_of_is_told_of_once_where_names_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """With so few names, all others would soon be called the same, and have the same values."""
    for module in ("ruler.needles", "agent_logs"):
        monkeypatch.setattr(f"glyph_memory.evaluate.tasks.{module}.ADJECTIVES", ("red", "old", "shy", "wet"))
        monkeypatch.setattr(f"glyph_memory.evaluate.tasks.{module}.NOUNS", ("oak", "elm", "fig", "ash"))
    for name in ("PEOPLE", "PLACES"):
        monkeypatch.setattr(
            f"glyph_memory.evaluate.tasks.state.{name}", ("Ada", "Bo", "Cy", "Di", "Ed", "Flo", "Gus")
        )
    for sample in take_samples(MADE["niah_multikey_2"], 4):
        (key,) = re.findall(r"\w+-\w+", sample.question)
        assert sample.document.count(f" of {key} is ") == 1
    for sample in take_samples(MADE["identifiers"], 6):
        (job,) = re.findall(r"job (\w+-\w+)", sample.question)
        assert read_text(sample).count(f"job {job} ") == 1
    for sample in take_samples(MADE["latest_value"], 12):
        (thing,) = re.findall(r"What is (.*) now, at the end", sample.question)
        told = [turn.text for turn in sample.turns if re.search(r"\bthe [a-z ]+ of the \w+ \w+\b", turn.text)]
        others = [text for text in told if thing not in text and thing.split()[1] in text.split()[:9]]
        assert not [text for text in others if re.search(rf"\b{sample.answers[0]}\b", text)]


def test_texts_do_not_repeat_themselves() -> None:
    """Of what 131,072 tokens hold, hardly a sentence, line or block is there twice."""
    sentences = list(islice(write_sentences(Dice("a")), 8000))
    assert sum(map(len, sentences)) > 4.2 * 131_072
    assert len(set(sentences)) > 0.99 * len(sentences)
    paragraphs = list(islice(write_prose(Dice("a")), 100))
    assert len(set(paragraphs)) == 100
    blocks = list(islice(write_code(Dice("a")), 2000))
    assert len(set(blocks)) > 0.99 * len(blocks)
    lines = [line.text for line in islice(write_logs(Dice("a")), 2000)]
    assert len(set(lines)) > 0.9 * len(lines)


def test_prose_is_spelled_as_english_is() -> None:
    """Articles before vowels, plurals."""
    text = " ".join(islice(write_prose(Dice("b")), 300))
    assert not re.search(r"\b[Aa] [aeiou]|\b[Aa]n [^aeiou“]|[^aeiou]ys\b|(?:sh|ch|x|ss)s\b|\{|\}", text)

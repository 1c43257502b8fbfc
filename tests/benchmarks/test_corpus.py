"""The texts of the benchmarks are the same at every call, and the reference pipeline can draw them."""

from __future__ import annotations

from lib import corpus, dice
from lib.chinese import chinese


def test_dice_throw_the_same_on_every_python() -> None:
    """Only `random.random` is promised to stay as it is, so nothing else may be used."""
    throw = dice.Dice(7)
    assert [throw.number(1, 6) for _ in range(10)] == [2, 1, 4, 1, 4, 3, 1, 4, 1, 3]


def test_texts_that_quote_nothing_are_the_same_everywhere() -> None:
    """Random words and Chinese depend on no version of Python; figures for them can be compared across."""
    digests = {text.name: text.digest for text in corpus.texts()}
    assert digests["random words"] == "a504f73927f6"
    assert digests["chinese"] == "c99912ff3dc8"


def test_texts_are_made_alike_twice() -> None:
    """A benchmark of today is a benchmark of tomorrow."""
    assert corpus.mixed_documents() == corpus.mixed_documents()
    assert corpus.agent_log() == corpus.agent_log()


def test_texts_are_long_and_of_six_kinds() -> None:
    """Five English texts and a Chinese one, long enough to time."""
    lengths = {text.name: len(text.text) for text in corpus.texts()}
    assert len(lengths) == 6
    assert all(16_000 <= length <= 250_000 for length in lengths.values())


def test_texts_hold_nothing_the_reference_refuses() -> None:
    """Control characters are no XML, and reportlab reads XML."""
    for text in corpus.texts():
        assert not {character for character in text.text if character < " "} - {"\n"}, text.name


def test_chinese_has_the_marks_that_line_breaking_is_about() -> None:
    """Marks that may not begin a line, brackets, Latin words, numbers, paragraphs of varying length."""
    text = chinese()
    assert set("，。、；：？！“”（）《》09P") <= set(text)
    lengths = [len(paragraph) for paragraph in text.split("\n")]
    assert min(lengths) < 100
    assert max(lengths) > 500

"""An answer is right to the letter, says that nothing is stated, or is silently wrong."""

from __future__ import annotations

from collections import Counter

import pytest

from glyph_memory.evaluate.calibration.judging import find_confusions, judge_answer


@pytest.mark.parametrize(
    ("said", "right", "outcome"),
    [
        ("8f0c2d1e", "8f0c2d1e", "correct"),
        ('The key is "8f0c2d1e".', "8f0c2d1e", "correct"),
        ("8f0c2dle", "8f0c2d1e", "silently wrong"),
        ("8f0c2d1e7", "8f0c2d1e", "silently wrong"),
        ("8F0C2D1E", "8f0c2d1e", "silently wrong"),
        ("81,983 crates", "81983", "correct"),
        ("it took 24895ms", "24895", "silently wrong"),
        ("由张伟明签收", "张伟明", "correct"),
        ("", "81983", "abstained"),
        ("Not stated.", "81983", "abstained"),
        ("I cannot read it.", "81983", "abstained"),
        ("Not stated.", "", "correct"),
        (" \n", "", "abstained"),
        ("81983", "", "silently wrong"),
    ],
)
def test_an_answer_is_worth_what_it_says(said: str, right: str, outcome: str) -> None:
    """Quotes and words round it are no matter; other letters are."""
    assert judge_answer(said, right) == outcome


def test_a_page_that_is_recited_answers_nothing() -> None:
    """A line or two beside what is asked for may be quoted."""
    others = {f"{number:05}" for number in range(40)}
    assert judge_answer("00007, beside 00008", "00007", others=others) == "correct"
    assert judge_answer(" ".join(sorted(others)), "00007", others=others) == "silently wrong"


@pytest.mark.parametrize(
    ("said", "right", "pairs"),
    [
        ("7B0l", "7B01", {("1", "l"): 1}),
        ("Service cache has the key 8f0c2dle.", "8f0c2d1e", {("1", "l"): 1}),
        ("8f0c2d1e", "8f0c2d1e", {}),
        ("55123", "90876", {}),
    ],
)
def test_letters_that_were_taken_for_others_are_found(
    said: str, right: str, pairs: dict[tuple[str, str], int]
) -> None:
    """In what is near to the answer; another line's answer is no misreading."""
    assert find_confusions(said, right) == Counter(pairs)

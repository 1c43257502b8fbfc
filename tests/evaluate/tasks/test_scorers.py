"""Scorers return what the published formulas return, and the stricter ones take no neighbour for what is right."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

import pytest

from glyph_memory.evaluate.tasks import compare_after_code, match_all, match_any
from glyph_memory.evaluate.tasks.scorers import count_only, name_only, name_only_shape

UUID = "7f1c9d1e-55a0-4c1b-9c57-0f4f5ae1d3b2"


@pytest.mark.parametrize(
    ("answer", "right", "score"),
    [
        ("The numbers are 1234567, 7654321.", ["1234567", "7654321"], 1.0),
        ("1234567", ["1234567", "7654321", "1111111", "2222222"], 0.25),
        ("abcde ABCDE", ["ABCDE", "VWXYZ"], 0.5),  # case is the same to it
        ("12345678", ["1234567"], 1.0),  # and so is what stands around
        ("", ["1234567"], 0.0),
    ],
)
def test_match_all_is_the_share_of_what_is_found(answer: str, right: list[str], score: float) -> None:
    """RULER's string_match_all: the mean over references of whether each is a substring, in small letters."""
    assert match_all(answer, right) == score


def test_match_any_is_content_with_one() -> None:
    """RULER's string_match_part: the best over references."""
    assert match_any("It happened in the 10th century.", ["11th century", "10th Century"]) == 1.0
    assert match_any("In France", ["Denmark", "Norway"]) == 0.0


def test_mrcr_wants_the_code_first_and_compares_what_follows() -> None:
    """Ratio is twice the characters that match by all characters: of "abcd" and "bcde" 2 * 3 / 8."""
    assert compare_after_code("K7abcd", "K7bcde", "K7") == 0.75
    assert compare_after_code("K7abcd", "K7abcd", "K7") == 1.0
    assert compare_after_code(" K7abcd", "K7abcd", "K7") == 0.0
    assert compare_after_code("abcd", "K7abcd", "K7") == 0.0
    assert compare_after_code("K7", "K7abcd", "K7") == 0.0
    one, other = "The amber kettle sang. " * 20, "The amber fiddle slept. " * 20
    assert compare_after_code("Z" + one, "Z" + other, "Z") == SequenceMatcher(None, one, other).ratio() < 0.95


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("Ada", 1.0),
        ("**ada**", 1.0),
        ("_Ada_ said it.", 1.0),
        ("Adam", 0.0),
        ("Ada or Bruno", 0.0),
        ("Bruno", 0.0),
        ("", 0.0),
    ],
)
def test_only_who_is_asked_for_may_be_named(answer: str, score: float) -> None:
    """As a whole word, in any case."""
    assert name_only(answer, ["Ada"], ["Bruno", "Clara"]) == score


def test_a_longer_name_is_not_its_beginning() -> None:
    """Names that hold other names are found whole."""
    assert name_only("1234", ["123"], ["1234"]) == 0.0
    assert name_only("the deep blue sea", ["deep blue sea"], ["deep blue"]) == 1.0


def test_of_a_shape_only_what_is_right_may_be_there() -> None:
    """Whatever else is said; case counts unless the shape ignores it."""
    shape = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
    assert name_only_shape(f"It is `{UUID.upper()}`.", UUID, shape) == 1.0
    assert name_only_shape(f"{UUID} or {UUID[:-1]}3", UUID, shape) == 0.0
    assert name_only_shape(UUID[:-1] + "3", UUID, shape) == 0.0
    assert name_only_shape("aB", "ab", re.compile("[a-zA-Z]{2}")) == 0.0


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("7", 1.0),
        ("Seven times.", 1.0),
        ("17", 0.0),
        ("1, 2, 3\nThat makes 7.", 1.0),
        ("7 of 9", 0.0),
        ("none", 0.0),
    ],
)
def test_a_count_is_the_only_number_of_its_line(answer: str, score: float) -> None:
    """In digits or in words, in the last line that has one."""
    assert count_only(answer, 7) == score

"""How something is said: thoughts once, citations that lead somewhere, pages to the letter, length."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from glyph_memory.training import TrainingError
from glyph_memory.training.rewards import FormatReward, LengthPenalty, OcrReward
from tests.training.rewards.samples import make_sample


@pytest.mark.parametrize(
    ("said", "worth"),
    [
        ("<think>It is on page 2.</think>K-4417", 1),
        (" <think>\nIt is.\n</think>\n\nK-4417\n", 1),
        ("K-4417", 0),
        ("<think></think>K-4417", 0),
        ("<think>It is.</think>", 0),
        ("<think>It is.", 0),
        ("It is.</think>K-4417", 0),
        ("Well, <think>It is.</think>K-4417", 0),
        ("<think>It is.</think><think>Or not.</think>K-4417", 0),
        ("<think>It is.</think>K-4417</think>K-4417", 0),
    ],
)
def test_the_format_is_a_thought_and_an_answer_once_each(said: str, worth: float) -> None:
    """Neither may be empty, and nothing stands before."""
    assert FormatReward().score(make_sample("K-4417"), said) == worth


@pytest.mark.parametrize(
    ("details", "answer", "worth"),
    [
        ({"anchors": [3, 4]}, "K-4417 §3", 1),
        ({"anchors": ["§3 user", "§4"]}, "K-4417 (§3, §4)", 1),
        ({"anchors": [3, 4]}, "K-4417", 0.5),
        ({"anchors": [3, 4]}, "K-4417 §3 §9", 0.5),
        ({"anchors": [3, 4], "citation": "§4"}, "K-4417 §4", 1),
        ({"anchors": [3, 4], "citation": "§4"}, "K-4417 §3", 0.5),
        ({"citation": "§4"}, "K-4417 (§4)", 1),
        ({"citation": "§4"}, "K-4417 (§40)", 0.5),
    ],
)
def test_a_citation_leads_to_an_anchor_that_is_there(
    details: dict[str, Any], answer: str, worth: float
) -> None:
    """Half of the reward is for it, where a sample has anchors."""
    sample = make_sample("K-4417", **details)
    assert FormatReward().score(sample, f"<think>It is.</think>{answer}") == worth
    assert FormatReward().score(sample, answer) == worth - 0.5


def test_an_answer_that_nothing_is_stated_cites_nothing() -> None:
    """But what it cites is there."""
    sample = make_sample("not stated", anchors=[3])
    assert FormatReward().score(sample, "<think>No.</think>Not stated.") == 1
    assert FormatReward().score(sample, "<think>No.</think>Not stated. §9") == 0.5


@pytest.mark.parametrize(
    ("right", "said", "worth"),
    [
        ("abcdefghij", "abcdefghij", 1),
        ("abcdefghij", "abcdefghiX", 0.9),
        ("abcdefghij", "abcde", 0.5),
        ("abcdefghij", "<think>What?</think>abcdefghij", 1),
        ("abcdefghij", "abcdefghijabcdefghij", 0),
        ("abcdefghij", "abcdefghij" * 50, 0),
        ("abcdefghij", "", 0),
        ("one  line\nand another", " one line and\tanother\n", 1),
        ("Ab", "ab", 0.5),
        ("caf\u00e9", "cafe\u0301", 1),
    ],
)
def test_pages_are_read_to_the_letter(right: str, said: str, worth: float) -> None:
    """1 less edits by characters of the right text, white space as one space, and never below 0."""
    assert OcrReward().score(make_sample(right, family="ocr"), said) == pytest.approx(worth)


@given(st.text(alphabet="ab c", min_size=1, max_size=12), st.text(alphabet="ab c", max_size=30))
def test_the_reward_for_reading_is_levenshteins_distance(right: str, said: str) -> None:
    """Clipped at 0; the cut that saves time changes nothing."""
    wanted, heard = " ".join(right.split()), " ".join(said.split())
    expected = max(0.0, 1 - Levenshtein.distance(wanted, heard) / len(wanted)) if wanted else float(not heard)
    assert OcrReward().score(make_sample(right, family="ocr"), said) == pytest.approx(expected)


def test_length_costs_more_and_more() -> None:
    """Nothing at first, and never more than 1."""
    penalty = LengthPenalty(free_characters=10, longest_characters=20)
    assert [penalty.score(make_sample("a"), "x" * length) for length in (0, 10, 15, 20, 900)] == [
        0,
        0,
        -0.5,
        -1,
        -1,
    ]
    with pytest.raises(TrainingError, match="longest_characters=10 is below 11"):
        LengthPenalty(free_characters=10, longest_characters=10)

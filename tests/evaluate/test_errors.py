"""Errors are counted as everybody counts them, and the interval says how far that may be trusted."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.evaluate.alignment import Alignment, align_characters
from glyph_memory.evaluate.errors import CharacterErrors, character_errors, rate_interval
from glyph_memory.evaluate.normalize import compose_accents, normalize_text

TEXT = st.text(st.sampled_from("ab l1\n\té\u0301中"), max_size=40)


@pytest.mark.parametrize(
    ("said", "truth", "edits"),
    [
        ("sitting", "kitten", 3),
        ("", "four", 4),
        ("four", "", 4),
        ("same", "same", 0),
        ("a  b\n", "\ta\nb", 0),
        ("cafe\u0301", "café", 0),
        ("ab", "a b", 1),
    ],
)
def test_edits_are_the_fewest_that_mend_it(said: str, truth: str, edits: int) -> None:
    """White space counts as one space, and accents are composed."""
    assert character_errors(said, truth).edits == edits


def test_the_rate_is_of_the_truths_characters() -> None:
    """Three of six; a text of nothing has a rate, too."""
    assert character_errors("sitting", "kitten").rate == 0.5
    assert character_errors("", "").rate == 0
    assert character_errors("abc", "").rate == 3


def test_confusions_say_what_was_taken_for_what() -> None:
    """Changed, left out, put in."""
    assert character_errors("1eve1", "level").confusions == {("l", "1"): 2}
    assert character_errors("leve", "level").confusions == {("l", ""): 1}
    assert character_errors("levels", "level").confusions == {("", "s"): 1}


def test_errors_of_several_texts_add_up() -> None:
    """Edits, characters, confusions."""
    total = CharacterErrors.total([character_errors("1o", "lo"), character_errors("1a", "la")])
    assert (total.edits, total.characters, total.confusions) == (2, 4, {("l", "1"): 2})


def test_what_was_read_for_a_stretch_holds_what_was_put_in_at_its_ends() -> None:
    """A digit too many makes a number wrong."""
    alignment = Alignment("id 1234 end", "id 12345 end")
    assert alignment.get_read_text(3, 7) == "12345"
    assert not alignment.is_exact(3, 7)
    assert alignment.is_exact(8, 11)


def test_a_space_too_many_beside_it_leaves_an_identifier_exact() -> None:
    """What counts are its own characters."""
    assert Alignment("(1234)", "(1234 )").is_exact(1, 5)


@given(TEXT, TEXT)
def test_edits_confusions_and_pairs_agree(truth: str, said: str) -> None:
    """Whatever the texts; and the pairs hold both of them whole."""
    alignment = Alignment(truth, said)
    assert alignment.edits == sum(alignment.confusions.values())
    assert alignment.edits == sum(left != right for left, right in align_characters(truth, said))
    assert "".join(left for left, _ in align_characters(truth, said)) == truth
    assert "".join(right for _, right in align_characters(truth, said)) == said
    assert alignment.get_read_text(0, len(truth)) == said


@given(TEXT)
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    """And accents keep their places, empty."""
    assert normalize_text(normalize_text(text)) == normalize_text(text)
    assert len(compose_accents(text)) == len(text)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 4000)), min_size=1, max_size=8))
def test_the_interval_brackets_the_rate(pages: list[tuple[int, int]]) -> None:
    """For any pages."""
    low, high = rate_interval(pages)
    rate = sum(edits for edits, _ in pages) / sum(characters for _, characters in pages)
    assert 0 <= low <= rate <= high


def test_no_error_is_no_proof_of_none() -> None:
    """The upper end stays above nought, the lower the more was read."""
    few, many = rate_interval([(0, 1000)]), rate_interval([(0, 1000)] * 10)
    assert few[0] == many[0] == 0
    assert few[1] > many[1] > 0
    assert rate_interval([]) == (0, 1)


def test_errors_that_come_together_widen_the_interval() -> None:
    """Pages are what is independent: one bad page among good ones says less than errors spread over all."""
    spread, together = rate_interval([(10, 1000)] * 8), rate_interval([(80, 1000)] + [(0, 1000)] * 7)
    assert together[1] - together[0] > 2 * (spread[1] - spread[0])


def test_the_interval_holds_the_true_rate_about_as_often_as_it_says() -> None:
    """Of 200 made-up readers with a rate of 1 %, nine in ten at least."""
    dice = random.Random(1)
    held = 0
    for _ in range(200):
        pages = [(sum(dice.random() < 0.01 for _ in range(300)), 300) for _ in range(8)]
        low, high = rate_interval(pages)
        held += low <= 0.01 <= high
    assert held >= 180

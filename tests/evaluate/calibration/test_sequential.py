"""The tests stop early, and are wrong no more often than they say."""

from __future__ import annotations

import random

import pytest

from glyph_memory.evaluate.calibration.sequential import Probe, Proof, count_fixed_questions, share_risk


def make_answers(share: float, count: int, seed: int) -> list[bool]:
    """Return answers that are right with a chance."""
    dice = random.Random(seed)
    return [dice.random() < share for _ in range(count)]


def test_a_share_at_the_floor_is_proven_no_more_often_than_the_risk_says() -> None:
    """The worst share that must not be proven, looked at after every answer: 10 % of 300 runs, by chance a few more."""
    proof = Proof(floor=0.9, risk=0.1)
    proven = sum(proof.decide(make_answers(0.9, 300, seed)).verdict == "kept" for seed in range(300))
    assert (
        3 <= proven <= 43
    )  # 30 and two and a half standard deviations; 0 would be a test that proves nothing


def test_a_share_above_the_floor_is_called_below_it_no_more_often_than_the_risk_says() -> None:
    """Two in a hundred at the most."""
    proof = Proof(floor=0.9, risk=0.1)
    refuted = sum(proof.decide(make_answers(0.9, 300, seed)).verdict == "missed" for seed in range(300))
    assert refuted <= 6


@pytest.mark.parametrize(
    ("share", "verdict", "most"), [(1.0, "kept", 200), (0.6, "missed", 12), (0.9, "missed", 100)]
)
def test_a_proof_ends_soon_where_it_is_clear(share: float, verdict: str, most: int) -> None:
    """Right every time takes some two hundred; a style that is misread, a few."""
    proof = Proof(floor=0.98, risk=0.025)
    decisions = [proof.decide(make_answers(share, 1000, seed)) for seed in range(30)]
    assert {decision.verdict for decision in decisions} == {verdict}
    assert sorted(decision.used for decision in decisions)[15] <= most


def test_answers_in_parts_tell_the_same_as_all_at_once() -> None:
    """What was open before need not be looked at again."""
    proof, answers = Proof(floor=0.98, risk=0.05), make_answers(0.999, 400, 3)
    whole = proof.decide(answers)
    known = proof.decide(answers[:100]).used
    assert known == 100
    assert proof.decide(answers, known=known) == whole


def test_a_proof_without_hope_is_given_up() -> None:
    """Where right answers alone, up to the most, could not prove it any more."""
    proof = Proof(floor=0.98, risk=0.05, at_most=200)
    assert not proof.is_hopeless([True] * 10)
    assert proof.is_hopeless([True] * 100 + [False])


def test_a_probe_tells_legible_from_illegible_with_few_questions() -> None:
    """Right 998 times of a thousand passes, a half does not."""
    probe = Probe(floor=0.98)
    good = [probe.decide(make_answers(0.998, 120, seed)) for seed in range(200)]
    bad = [probe.decide(make_answers(0.5, 120, seed)) for seed in range(200)]
    assert sum(decision.verdict == "kept" for decision in good) >= 198
    assert sum(decision.verdict == "missed" for decision in bad) == 200
    assert sum(decision.used for decision in good + bad) / 400 < 20


def test_risks_of_all_tries_add_up_to_what_is_allowed() -> None:
    """However many there are."""
    for tries in (1, 2, 3, 7):
        risks = [share_risk(0.95, place, of=tries) for place in range(1, tries + 1)]
        assert sum(risks) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("floor", "errors", "questions"), [(0.98, 0, 149), (0.95, 0, 59), (0.9, 0, 29), (0.95, 1, 93)]
)
def test_a_fixed_test_has_the_published_lengths(floor: float, errors: int, questions: int) -> None:
    """Those of zero- and one-failure plans at 95 %: 59 and 93 for a share of 95 %."""
    assert count_fixed_questions(floor, errors=errors) == questions

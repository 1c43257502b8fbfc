"""Steps are filled by tokens: every sample is seen as often as it should be, and none is cut."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.training import TrainingError
from glyph_memory.training.sft.plan import Plan, plan_steps

LENGTHS = st.lists(st.integers(1, 50), min_size=1, max_size=30)


def _plan(lengths: list[int], **options: Any) -> Plan:
    sizes: dict[str, Any] = {"tokens_per_step": 60, "tokens_per_forward": 40, **options}
    return plan_steps(lambda number: lengths[number], range(len(lengths)), **sizes)


def _list(plan: Plan) -> list[int]:
    return [number for step in plan.steps for forward in step.forwards for number in forward]


def test_known_steps() -> None:
    """Samples of 10 tokens, two a step of 25, one at a time through the model."""
    plan = plan_steps(lambda _: 10, range(4), tokens_per_step=25, tokens_per_forward=10)
    assert [[len(forward) for forward in step.forwards] for step in plan.steps] == [[1, 1], [1, 1]]
    assert [step.tokens for step in plan.steps] == [20, 20]


@given(LENGTHS, st.integers(1, 3), st.integers(0, 5))
def test_every_sample_is_seen_once_in_every_pass(lengths: list[int], passes: int, seed: int) -> None:
    """The last of a pass and the first of the next may share a step."""
    seen = _list(_plan(lengths, passes=passes, seed=seed))
    assert sorted(seen) == sorted(list(range(len(lengths))) * passes)


@given(LENGTHS, st.integers(0, 5))
def test_a_step_has_no_more_tokens_than_asked_unless_one_sample_does(lengths: list[int], seed: int) -> None:
    """And it could not have taken the next sample."""
    plan = _plan(lengths, seed=seed, tokens_per_step=40)
    for step in plan.steps:
        numbers = [number for forward in step.forwards for number in forward]
        assert step.tokens == sum(lengths[number] for number in numbers)
        assert step.tokens <= 40 or len(numbers) == 1


@given(LENGTHS, st.integers(0, 5))
def test_what_goes_through_the_model_at_once_is_bounded_with_its_padding(
    lengths: list[int], seed: int
) -> None:
    """Unless one sample alone is longer."""
    for step in _plan(lengths, seed=seed).steps:
        for forward in step.forwards:
            assert len(forward) == 1 or max(lengths[number] for number in forward) * len(forward) <= 40


def test_samples_come_again_until_the_steps_are_taken() -> None:
    """In another order each time, and the same for the same seed."""
    plan = _plan([20] * 6, steps=10, seed=3)
    assert len(plan.steps) == 10
    seen = _list(plan)
    assert sorted(seen[:6]) == sorted(seen[6:12]) == list(range(6))
    assert _list(_plan([20] * 6, steps=10, seed=3)) == seen
    assert _list(_plan([20] * 6, steps=10, seed=4)) != seen


def test_long_samples_are_left_out_and_counted() -> None:
    """Each once, however often they would have come."""
    plan = _plan([10, 99, 10, 98], passes=3, max_tokens=50)
    assert set(_list(plan)) == {0, 2}
    assert plan.too_long == 2


def test_samples_that_are_all_too_long_are_refused() -> None:
    """With the shortest there is, and also where steps would be asked for without end."""
    for options in ({"passes": 2}, {"steps": 5}):
        with pytest.raises(TrainingError, match=r"longer than 50 tokens, the shortest 98"):
            _plan([99, 98], max_tokens=50, **options)


def test_the_share_that_is_mixed_in_is_kept() -> None:
    """As close as whole samples allow, all along the run."""
    plan = plan_steps(
        lambda _: 10, range(90), range(100, 103), share=0.25, tokens_per_step=10, tokens_per_forward=10
    )
    seen = _list(plan)
    assert sorted(number for number in seen if number < 100) == list(range(90))
    for end in range(4, len(seen), 4):
        assert sum(number >= 100 for number in seen[:end]) == end // 4

"""Samples come near to their length from below, and what is asked for lies at depths that are spread evenly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.errors import DocumentError
from glyph_memory.evaluate.tasks import TASKS, Sample, find_task
from glyph_memory.evaluate.tasks.fitting import SamplePlan, fit_lines, insert_at_depths, tell_depth
from glyph_memory.evaluate.tasks.texts import Dice
from tests.evaluate.tasks.helpers import MADE, count_letters, take_samples


@given(per_line=st.integers(1, 40), frame=st.integers(0, 50), tokens=st.integers(400, 100_000))
def test_as_many_lines_are_found_as_fit(per_line: int, frame: int, tokens: int) -> None:
    """Within 2 % or a line, and never one too many, in a few tries."""
    tries = []

    def measure(lines: int) -> int:
        tries.append(lines)
        return frame + per_line * lines

    lines, size = fit_lines(measure, tokens, least=(1, frame + per_line), most=8 * tokens)
    assert size == frame + per_line * lines <= tokens
    assert size >= min(0.98 * tokens, tokens - per_line)
    assert len(tries) < 12


def test_a_counter_that_never_grows_ends_the_search() -> None:
    """A counter may be wrong; nothing goes on for ever."""
    lines, size = fit_lines(lambda lines: 7, 1000, least=(1, 7), most=8000)
    assert (lines, size) == (8000, 7)


def test_what_is_put_between_items_stands_in_order() -> None:
    """Of one depth, too."""
    assert insert_at_depths("ab", [(0.5, "1"), (0.5, "2"), (0.0, "0")]) == ["0", "a", "1", "2", "b"]
    assert insert_at_depths("", [(0.9, "1"), (0.1, "0")]) == ["0", "1"]


def test_depths_are_spread_evenly_over_the_samples() -> None:
    """Of 50 samples, each tenth of the text has five, give or take one; and of several, each part has one."""
    depths = [SamplePlan(id="x", number=n, tokens=1, offset=0.3).depths(1)[0] for n in range(50)]
    assert all(4 <= sum(int(depth * 10) == tenth for depth in depths) <= 6 for tenth in range(10))
    four = SamplePlan(id="x", number=3, tokens=1, offset=0.3).depths(4)
    assert [int(depth * 4) for depth in four] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "name", ["niah_single_1", "niah_single_2", "niah_single_3", "niah_multikey_2", "niah_multikey_3"]
)
def test_a_needle_lies_where_its_sample_says(name: str) -> None:
    """In twenty samples, once in each, and four of them in each fifth."""
    samples = take_samples(MADE[name], 20, tokens=1500)
    found = [sample.document.index(sample.answers[0]) / len(sample.document) for sample in samples]
    assert all(sample.document.count(sample.answers[0]) == 1 for sample in samples)
    assert all(
        abs(depth - float(one.more["depth"])) < 0.06 for depth, one in zip(found, samples, strict=True)
    )
    assert all(2 <= sum(int(depth * 5) == fifth for depth in found) <= 6 for fifth in range(5))


def test_depth_is_told_by_characters() -> None:
    """From the beginning to the last place that there is."""
    assert [tell_depth("xxabxx", "ab"), tell_depth("abxxxx", "ab"), tell_depth("xxxxab", "ab")] == [
        "0.50",
        "0.00",
        "1.00",
    ]


def test_too_few_tokens_are_refused_with_how_many_it_takes() -> None:
    """In one line."""
    with pytest.raises(
        DocumentError, match=r"^task 'mrcr_8' needs [0-9]+ tokens for a question, not 200; ask for more$"
    ):
        next(find_task("mrcr_8").samples(tokens=200, seed=0, count=count_letters))


def test_samples_are_made_one_by_one() -> None:
    """The first is there before any other is made."""
    made = iter(TASKS["counting"].samples(tokens=1000, seed=0, count=count_letters))
    assert isinstance(next(made), Sample)


def test_dice_fall_the_same_on_every_machine() -> None:
    """Numbers that never change, as Python promises of `random()`."""
    dice = Dice("glyph")
    assert [dice.number(0, 99) for _ in range(5)] == [40, 44, 13, 10, 35]
    assert Dice("glyph").uuid() == "672152b3-7ecd-4200-a75a-beeb47f4ef93"
    assert sorted(Dice("glyph").shuffle(range(50))) == list(range(50))
    assert Dice("glyph").sample(range(10_000), 3) == [4072, 4455, 1391]

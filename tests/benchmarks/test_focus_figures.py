"""The scripted reader of the focus benchmark is what it says: right in text, and erring at a rate on pages."""

from __future__ import annotations

from dataclasses import replace

import pytest

import focus
from glyph_memory.evaluate.arms import PagesArm
from glyph_memory.evaluate.tasks import find_task
from glyph_memory.tokens import ModelProfile
from lib.focus_arms import RATES, Pair, Row, compare_arms, read_scripted

PROFILE = ModelProfile.from_name("glyph")


def test_the_scripted_reader_errs_at_its_rate_on_pages_and_never_in_text() -> None:
    """Known answers: 200 identifiers on pages; the same with the answer as text; and one that is not shown."""
    task, arm = find_task("niah_single_3"), PagesArm(size_pt=6)
    sample = next(iter(task.samples(tokens=600, seed=0, count=PROFILE.text_tokens)))
    prompt = arm.build(sample, budget_tokens=1_000, profile=PROFILE)
    many = [replace(sample, id=str(number)) for number in range(200)]
    right = sum(
        task.judge(one, read_scripted(one, prompt, arm, PROFILE, 6)).outcome == "correct" for one in many
    )
    assert right / 200 == pytest.approx(RATES[6][0], abs=0.1)
    focused = PagesArm(size_pt=6, has_focus=True).build(sample, budget_tokens=1_000, profile=PROFILE)
    assert all(sample.answers[0] in read_scripted(one, focused, arm, PROFILE, 6) for one in many)
    elsewhere = replace(sample, answers=("never-shown-1",))
    assert read_scripted(elsewhere, prompt, arm, PROFILE, 6) == "It is not stated."


def test_a_row_counts_pairs() -> None:
    """A known answer."""
    pairs = [
        Pair(task="a", without=False, focused=True, tokens=(10, 12)),
        Pair(task="a", without=True, focused=True, tokens=(10, 12)),
        Pair(task="b", without=True, focused=False, tokens=(10, 12)),
    ]
    row = Row(size=6, budget=0.4, arm="pages", tasks="identifiers", pairs=tuple(pairs))
    assert (row.without, row.focused, row.gained, row.lost, row.fell) == (2 / 3, 2 / 3, 1, 1, ["b"])
    assert row.as_figures()["tokens with"] == 12


def test_every_arm_is_asked_the_same_samples() -> None:
    """A group for each size and ledger."""
    rows = compare_arms(["niah_single_3"], PROFILE, samples=2, tokens=2_000, budgets=(0.6,))
    assert [(row.size, row.arm, len(row.pairs)) for row in rows] == [
        (size, arm, 2) for size in RATES for arm in ("pages", "pages+ledger")
    ]
    assert all(row.focused == 1 for row in rows)


def test_the_cache_loses_no_more_than_is_added() -> None:
    """On a short conversation."""
    row = focus.compare_prefixes("heavy", 60, 300, PROFILE)
    assert row["with lines"]
    assert 0 <= int(row["lost"]) <= int(row["added"])
    assert row["cached with"] < row["cached without"]  # type: ignore[operator]  # shares

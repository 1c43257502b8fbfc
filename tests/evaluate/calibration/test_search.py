"""The search finds a known cliff, asks little, and never calls a style proven that is below the floor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from glyph_memory.evaluate.calibration import Ladder, Rung, count_fixed_questions
from glyph_memory.evaluate.calibration.search import Phase, RungRefused, prove_rung, search_rungs
from tests.evaluate.calibration.fakes import BY_SIZE, SIZES, Asked

FLOOR = 0.98


def get_saving(rung: Rung) -> float:
    """Return a cost that each step on each axis lowers."""
    return 0.9 ** sum((rung.size, rung.letters > 0, rung.pitch, rung.columns, 2 * rung.marks))


def find(ladder: Ladder, asked: Asked, cost: Callable[[Rung], float] = get_saving) -> Rung | None:
    """Return the rung that a search and its proof end at."""
    return prove_rung(search_rungs(ladder, asked, cost=cost, floor=FLOOR).way, asked, floor=FLOOR).rung


@pytest.mark.parametrize(("high", "low"), [(0.998, 0.6)])
def test_a_known_cliff_is_found_by_a_third_of_the_questions_of_a_grid(high: float, low: float) -> None:
    """In 95 of 100 seeded runs at the least, cliffs at every size; never below; no question twice."""
    found = below = questions = 0
    for run in range(100):
        cliff = SIZES[run % len(SIZES)]
        asked = Asked(lambda rung, cliff=cliff: high if BY_SIZE.get_size_px(rung) >= cliff else low, run)  # type: ignore[misc]
        rung = find(BY_SIZE, asked)
        found += rung is not None and BY_SIZE.get_size_px(rung) == cliff
        below += rung is not None and BY_SIZE.get_size_px(rung) < cliff
        questions += asked.times.total()
        assert set(asked.times.values()) == {1}
    grid = len(SIZES) * count_fixed_questions(FLOOR)
    print(f"found in {found} of 100 runs; {questions / 100:.0f} questions a run, a full grid has {grid:,}")  # noqa: T201 - shown with -s
    assert found >= 95
    assert below == 0
    assert questions / 100 < grid / 3


def test_a_style_just_below_the_floor_is_seldom_proven() -> None:
    """A model that reads nothing well enough: in 40 runs no more than the two that 95 % allow."""
    sizes = replace(BY_SIZE, sizes_px=(12, 9))
    proven = sum(find(sizes, Asked(lambda _: 0.975, run)) is not None for run in range(40))
    assert proven <= 2


def test_every_axis_is_gone_down_as_far_as_it_is_read() -> None:
    """Sizes to the fourth, a tighter pitch, no columns, marks, four pages in a request."""
    limits = Rung(size=3, pitch=1, marks=1, pages=1)
    ladder = Ladder(letters=("plain",))

    def read(rung: Rung) -> float:
        return float(
            all(
                rung.get_place(axis) <= limits.get_place(axis)
                for axis in ("size", "pitch", "columns", "marks", "pages")
            )
        )

    asked = Asked(read)
    assert find(ladder, asked) == limits
    assert asked.times.total() < ladder.count_styles() * count_fixed_questions(FLOOR) / 30


def test_what_helps_letters_a_size_smaller_is_found() -> None:
    """In a font of one width, two sizes more are read."""
    ladder = Ladder(pitches=(1.1,), columns=(1,), marks=(False,), pages=(1,))

    def read(rung: Rung) -> float:
        least = 8 if ladder.get_letters(rung) == "mono" else 10
        return float(ladder.get_size_px(rung) >= least)

    rung = find(ladder, Asked(read))
    assert rung is not None
    assert ladder.describe(rung) == "8 px, pitch 1.1, mono"


def test_nothing_is_asked_of_a_style_that_saves_nothing() -> None:
    """Columns that leave a page as full as it was are not looked at."""
    asked = Asked(lambda _: 1.0)
    ladder = Ladder(letters=("plain",), pages=(1,))
    rung = find(ladder, asked, cost=lambda rung: 0.9**rung.pitch)
    assert rung == Rung(size=8, pitch=1)
    assert all(not (one.columns or one.marks) for one, _, _ in asked.times)


def test_a_request_that_the_server_does_not_take_is_no_style() -> None:
    """Twelve pages are too many for it."""

    def ask(rung: Rung, phase: Phase, first: int, count: int) -> Sequence[bool]:
        if rung.pages > 1:
            raise RungRefused("at most 4 images")
        return [True] * count

    way = search_rungs(Ladder(letters=("plain",)), ask, cost=get_saving, floor=FLOOR).way
    assert way[-1] == Rung(size=8, pitch=1, marks=1, pages=1)
    assert prove_rung(way, ask, floor=FLOOR).rung == way[-1]


def test_a_model_that_reads_nothing_costs_few_questions() -> None:
    """Large letters are tried, and it ends there."""
    asked = Asked(lambda _: 0.1)
    assert find(Ladder(), asked) is None
    assert asked.times.total() < 60


def test_a_style_that_only_seemed_to_be_read_is_gone_back_from() -> None:
    """The proof finds out what a probe of thirty questions cannot."""
    wrong = Rung(size=6)

    def ask(rung: Rung, phase: Phase, first: int, count: int) -> Sequence[bool]:
        return [phase == "probe" or rung.size < wrong.size for _ in range(count)]

    way = [Rung(size=size) for size in range(7)]
    proven = prove_rung(way, ask, floor=FLOOR)
    assert proven.tried == ((Rung(size=6), "missed"), (Rung(size=5), "kept"))

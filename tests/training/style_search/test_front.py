"""Fronts, crowding, hypervolumes, looks and bounds: known answers first, then properties."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.cli.look import Look
from glyph_memory.errors import StyleError
from glyph_memory.style import PRESETS, PageStyle, is_style_file, write_style_file
from glyph_memory.tokens import ModelProfile
from glyph_memory.training.pages import StyleDistribution, find_clash
from glyph_memory.training.style_search import Aim, Candidate, Score, find_front, measure_hypervolume
from glyph_memory.training.style_search.breeding import Parents
from glyph_memory.training.style_search.forecast import Forecast
from glyph_memory.training.style_search.front import dominates, measure_crowding, rank_points
from glyph_memory.training.style_search.genes import StyleSpace, list_genes, name_style
from glyph_memory.training.style_search.racing import ERROR, bound_chance, find_reason, list_looks

_POINTS = st.lists(
    st.tuples(st.integers(0, 10).map(lambda one: one / 10), st.integers(1, 9).map(float)), max_size=12
)


def _make(
    number: int, scores: tuple[float, ...], rho: float, stopped: str = "", **fields: float
) -> Candidate:
    score = Score(scores=scores, text_tokens=round(100 * rho), page_tokens=100, stopped=stopped)
    style = PageStyle(**fields)  # type: ignore[arg-type]  # numbers all
    return Candidate(number=number, generation=0, style=style, origin="drawn", score=score)


def test_ranks_and_hypervolume_of_a_known_set() -> None:
    """Two steps of the front, and a point behind each."""
    points = [(1.0, 2.0), (0.5, 4.0), (0.9, 1.0), (0.4, 3.0), (0.3, 0.5)]
    assert rank_points(points) == [0, 0, 1, 1, 2]
    assert measure_hypervolume(points) == 1.0 * 2.0 + 0.5 * 2.0
    assert rank_points([(0.9, 3.0), (0.9, 2.0), (0.8, 3.0), (0.9, 3.0)]) == [
        0,
        1,
        1,
        0,
    ]  # as good in one is worse
    assert measure_crowding([(0.1, 3.0), (0.5, 2.0), (0.9, 1.0)]) == [math.inf, 2.0, math.inf]


@given(_POINTS)
def test_the_front_is_what_none_dominates_and_carries_the_whole_volume(
    points: list[tuple[float, float]],
) -> None:
    """And every point behind it is dominated by one of it."""
    made = [_make(number, (one[0],), one[1]) for number, one in enumerate(points)]
    front = [(one.result.accuracy, one.result.rho) for one in find_front(made)]
    assert not any(dominates(one, other) for one in front for other in front)
    assert all(point in front or any(dominates(one, point) for one in front) for point in points)
    assert math.isclose(measure_hypervolume(points), measure_hypervolume(front), abs_tol=1e-12)
    assert [rho for _, rho in front] == sorted(rho for _, rho in front)


def test_the_pick_is_the_densest_whole_one_above_the_floor() -> None:
    """One that was stopped is none, however dense."""
    made = [
        _make(0, (1.0, 1.0), 1.0), _make(1, (1.0, 0.9), 2.0), _make(2, (1.0, 0.0), 3.0),
        _make(3, (1.0,), 4.0, stopped="clearly worse"),
    ]  # fmt: skip
    best = Aim(floor=0.95).pick(made)
    assert (
        best is made[1] and Aim(floor=0.99).pick(made) is made[0] and Aim(floor=0.99).pick(made[2:]) is None
    )


def test_bounds_are_exact_for_right_and_wrong_and_hold_for_shares() -> None:
    """Two of ten at 0.9: 3.7e-7 by the binomial distribution; a share's bound is never below what is exact."""
    assert math.isclose(bound_chance([1.0] * 2 + [0.0] * 8, 0.9), 3.736e-7, rel_tol=1e-3)
    assert bound_chance([0.95] * 10, 0.9) == 1.0
    assert bound_chance([0.2, 0.21] * 5, 0.9) > bound_chance([1.0] * 2 + [0.0] * 8, 0.9)
    assert bound_chance([0.5], 1.0) == 0.0


@given(st.integers(0, 10_000))
def test_a_style_at_the_floor_is_rarely_stopped(seed: int) -> None:
    """Over all looks together as rarely as promised: the sum of what each look allows."""
    looks = list_looks(80)
    assert looks == (6, 12, 24, 48, 80) and list_looks(3) == (3,)
    random = Random(seed)
    scores = [float(random.random() < 0.9) for _ in range(80)]
    stops = [bool(find_reason(scores[:look], 1.0, (), Aim(floor=0.9), looks=len(looks))) for look in looks]
    if any(stops):  # then so few right answers that the bound itself says how unlikely that is
        first = looks[stops.index(True)]
        assert bound_chance(scores[:first], 0.9) < ERROR / 2 / len(looks)


def test_a_style_is_raced_against_the_most_accurate_one_that_is_as_dense() -> None:
    """On the same questions; one that is less dense, or was stopped, is no rival."""
    right = (1.0,) * 12
    aim = Aim(weight=1)
    assert "clearly worse than 0" in find_reason((0.0,) * 12, 2.0, [_make(0, right, 2.0)], aim, looks=3)
    assert not find_reason((0.0,) * 12, 2.1, [_make(0, right, 2.0)], aim, looks=3)
    assert not find_reason((0.0,) * 12, 2.0, [_make(0, right, 2.0, stopped="so")], aim, looks=3)
    assert not find_reason((1.0,) * 9 + (0.0,) * 3, 2.0, [_make(0, right, 2.0)], aim, looks=3)


def test_changed_and_crossed_styles_can_be_drawn_and_follow_the_rules() -> None:
    """From any style of the distribution, whatever its values are."""
    space, random = StyleSpace(genes=list_genes(), snap_px=32, rule=find_clash), Random(1)
    source = StyleDistribution.default()
    for _ in range(40):
        first, second = source.draw(random), source.draw(random)
        for made in (space.mutate(first, random), space.cross(first, second, random)):
            assert made is None or (made.snap_px == 32 and find_clash(made) == "")
        changed = space.mutate(first, random)
        assert changed is not None and name_style(changed) != name_style(first)


def test_a_guess_learns_where_letters_become_too_small() -> None:
    """From sizes that were read and such as were not; one lucky style among bad ones is not believed."""
    tried = [
        _make(number, (float(size >= 8),) * 20, 1.0, font_size_pt=size, line_height_pt=size * 1.2)
        for number, size in enumerate((5, 6, 7, 8, 9, 10, 11, 12))
    ]  # fmt: skip
    guess = Forecast(tried)
    small, large = (PageStyle(font_size_pt=size, line_height_pt=1.2 * size) for size in (6.5, 10.5))
    assert guess.guess(small) < 0.3 and guess.guess(large) > 0.9
    lucky = _make(9, (1.0,) * 20, 1.0, font_size_pt=6, line_height_pt=7.2)
    assert guess.blend(lucky) < 0.6
    assert Forecast([]).guess(small) == 0.5


def test_a_guess_is_the_share_that_was_seen_where_sizes_tell_nothing() -> None:
    """Four of five right at every size: about 0.8 anywhere; and a guessed ρ is near the measured one."""
    tried = [
        _make(number, (1.0, 1.0, 1.0, 1.0, 0.0) * 4, 36 / size**2, font_size_pt=size, line_height_pt=1.2 * size)
        for number, size in enumerate((5, 6, 7, 8, 9, 10, 11, 12))
    ]  # fmt: skip
    forecast = Forecast(tried)
    for one in tried:
        assert abs(forecast.guess(one.style) - 0.8) < 0.02
        assert math.isclose(forecast.guess_rho(one.style), one.result.rho, rel_tol=0.05)


def test_parents_are_chosen_by_rank() -> None:
    """Of two that are drawn the one of lower rank: the worst is a parent only where it is drawn twice."""
    made = [_make(number, (1.0,), 1.0 + number) for number in range(4)]
    parents, random = Parents(made, Aim(weight=1)), Random(0)
    chosen = [parents.choose(random).number for _ in range(400)]
    assert chosen.count(3) > chosen.count(2) > chosen.count(1) > chosen.count(0)
    assert chosen.count(0) < 50


def test_a_candidate_survives_json() -> None:
    """Style, parents, reason and scores; colours of roles as well."""
    candidate = replace(
        _make(3, (1.0, 0.25), 2.5, stopped="so"), style=PageStyle.dark(), parents=(1, 2), reason="θ"
    )
    assert Candidate.from_json(candidate.to_json()) == candidate


def test_a_style_file_is_the_style_and_the_command_line_takes_it(tmp_path: Path) -> None:
    """Every preset comes back as it was; through --style, too."""
    for name in PRESETS:
        write_style_file(tmp_path / "style.json", PageStyle.from_name(name), about={"reader": "me"})
        assert PageStyle.from_file(tmp_path / "style.json") == PageStyle.from_name(name)
    write_style_file(tmp_path / "style.json", PageStyle.dark(), about={})
    assert (
        Look(style=str(tmp_path / "style.json")).build_style(ModelProfile.from_name("glyph"))
        == PageStyle.dark()
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "it is no JSON object"),
        ('{"dpi": 96}', "of format None"),
        ('{"style_format": 9}', "of format 9"),
        ('{"style_format": 1, "style": 7}', "7 is no style"),
        ('{"style_format": 1, "style": {"kerning": 1}}', "no style has 'kerning'"),
        ("[" * 100_000, "holds no style"),
    ],
)
def test_a_file_of_something_else_is_no_style(tmp_path: Path, text: str, reason: str) -> None:
    """In one line, with the file's name."""
    (tmp_path / "style.json").write_text(text)
    assert is_style_file(tmp_path / "style.json") == text.startswith('{"style_format')
    with pytest.raises(StyleError, match=reason):
        PageStyle.from_file(tmp_path / "style.json")


def test_a_style_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A folder stands there."""
    with pytest.raises(StyleError, match="give another place"):
        write_style_file(tmp_path, PageStyle(), about={})

"""How many questions does the search for a page style need, beside random search and Optuna?

The reader is scripted: how accurate it is follows from θ alone, by rules in which no setting counts for itself, with
noise and a cliff (`lib/planted_style.py`). So the best style is known. Every way has the same budget of questions, the
same parts of θ, and the same reader:

* *bred*: `search_style` without a language model;
* *proposed*: the same with a scripted language model, which knows what somebody who read the literature would try;
* *random*: styles of the distribution of page data, which is where the first two begin, too;
* *Optuna NSGA-II*, *Optuna TPE*: its multi-objective samplers.

The last three ask every style all questions. A way has found the best style when one of those that it tried truly keeps
the floor and has 90 % of the best ρ. Settings of the search were chosen on other seeds than are measured here.

Each way keeps a fifth of its questions for fresh ones, and all name their style by the same rule (`confirm_pick`). So
the table tells how often what is named truly keeps the floor, beside what would have been named without them.

    python benchmarks/search.py [--quick]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median

from scipy.stats import mannwhitneyu

from glyph_memory.style import PageStyle
from glyph_memory.training.pages import StyleDistribution
from glyph_memory.training.style_search import (
    Aim,
    Candidate,
    Score,
    SearchBudget,
    SearchPlan,
    measure_hypervolume,
    search_style,
)
from glyph_memory.training.style_search.confirming import confirm_pick
from lib.optuna_style import run_optuna
from lib.planted_style import FLOOR, QUESTIONS, PlantedExam, draw_style, find_accuracy, find_best, find_rho
from lib.report import print_table
from lib.results import write_results
from lib.scripted_llm import ScriptedProposer

STYLES = 100
"""Styles that are tried by those that ask each all questions."""
SEEDS = range(100, 120)
FRESH = 200
"""Fresh questions, of which a style is asked as many as the budget allows."""
_FRESH_SHARE = 0.2
_FRESH_SEED = 1_000_003
_AIM = Aim(floor=FLOOR)
_CLOSE = 0.9
_MARKS = (0.25, 0.5, 1.0)
_MEMORY = Path("/dev/shm")  # noqa: S108  a disk of memory, where there is one: every answer is flushed


@dataclass(frozen=True, kw_only=True)
class Named:
    """A style that a way names, by the truth."""

    accuracy: float
    """Its true accuracy; 0 where none is named."""
    rho: float
    """Its ρ."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one way did with one seed, before it is judged."""

    tried: tuple[tuple[PageStyle, int], ...]
    """Styles, and how many questions each was asked."""
    found: PageStyle | None
    """What would be taken by the search's own questions."""
    taken: PageStyle | None
    """What is taken after fresh ones."""
    confirmed: str
    """How."""


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What one way did with one seed."""

    found: int | None
    """After how many questions the best style was found."""
    rhos: tuple[float, ...]
    """The best ρ that keeps the floor, as a share of the best there is, at each mark."""
    volumes: tuple[float, ...]
    """The hypervolume by true accuracies, as a share of the whole budget's best way, at each mark."""
    styles: int
    """How many styles were tried."""
    pick: Named
    """What would be named without fresh questions."""
    named: Named
    """What is named."""
    is_confirmed: bool
    """Whether the interval of fresh answers keeps the floor."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, write the numbers."""
    parser = argparse.ArgumentParser(description="Search for a planted style in several ways.")
    parser.add_argument("--quick", action="store_true", help="three seeds, 40 styles")
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given)
    warnings.simplefilter("ignore")
    seeds, styles = (range(100, 103), 40) if options.quick else (SEEDS, STYLES)
    best = find_rho(find_best())
    ways: dict[str, Callable[[int, int], Run]] = {
        "bred": lambda seed, count: _search(seed, count, is_proposed=False),
        "proposed": lambda seed, count: _search(seed, count, is_proposed=True),
        "random": _draw,
        "Optuna NSGA-II": lambda seed, count: _ask_optuna("Optuna NSGA-II", seed, count),
        "Optuna TPE": lambda seed, count: _ask_optuna("Optuna TPE", seed, count),
    }
    traces = {
        name: [_follow(way(seed, styles), styles, best) for seed in seeds] for name, way in ways.items()
    }
    rows = [_sum_up(name, traces[name], traces["bred"], styles) for name in ways]
    print_table(
        f"{len(seeds)} seeds, {styles * QUESTIONS:,} questions each; best ρ {best:.3f} with an accuracy of {FLOOR}",
        tuple(rows[0]),
        [tuple(str(value) if isinstance(value, list) else value for value in row.values()) for row in rows],
    )
    figures = {
        "seeds": len(seeds),
        "questions": styles * QUESTIONS,
        "best rho": best,
        "floor": FLOOR,
        "ways": rows,
    }
    write_results("search", figures, arguments=given)


def _search(seed: int, styles: int, *, is_proposed: bool) -> Run:
    place = str(_MEMORY) if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        report = search_style(
            PlantedExam(seed),
            out=folder,
            fresh=_make_fresh(seed),
            aim=_AIM,
            llm=ScriptedProposer() if is_proposed else None,  # type: ignore[arg-type]  # it reads, and that is all
            budget=SearchBudget(
                candidates=10 * styles, questions=styles * QUESTIONS, fresh_share=_FRESH_SHARE
            ),
            plan=SearchPlan(seed=seed, patience=10_000),
        )
    pick = _AIM.pick(report.candidates)
    return Run(
        tried=tuple((one.style, one.result.asked) for one in report.candidates),
        found=_get_style(pick),
        taken=_get_style(report.best),
        confirmed=report.confirmed,
    )


def _draw(seed: int, styles: int) -> Run:
    source, random = StyleDistribution.default(), Random(seed)
    return _confirm([draw_style(source, random) for _ in range(_count_searched(styles))], seed, styles)


def _ask_optuna(name: str, seed: int, styles: int) -> Run:
    tried = run_optuna(name, PlantedExam(seed), seed=seed, styles=_count_searched(styles))
    return _confirm(tried, seed, styles)


def _count_searched(styles: int) -> int:
    return round(styles * (1 - _FRESH_SHARE))


def _make_fresh(seed: int) -> PlantedExam:
    return PlantedExam(seed + _FRESH_SEED, questions=FRESH)


def _confirm(tried: Sequence[PageStyle], seed: int, styles: int) -> Run:
    """Name a style of those that were asked everything, as the search does, by as many fresh questions."""
    exam, fresh, candidates = PlantedExam(seed), _make_fresh(seed), list[Candidate]()
    for number, style in enumerate(tried):
        cost = exam.measure(style)
        scores = tuple(exam.ask(style, question).score for question in range(exam.size))
        score = Score(scores=scores, text_tokens=cost.text_tokens, page_tokens=cost.page_tokens)
        candidates.append(Candidate(number=number, generation=0, style=style, origin="drawn", score=score))
    done = confirm_pick(
        candidates, aim=_AIM, size=fresh.size, budget=round(styles * QUESTIONS * _FRESH_SHARE),
        ask=lambda one, numbers: [fresh.ask(one.style, number) for number in numbers],
    )  # fmt: skip
    pick = _AIM.pick(candidates)
    return Run(
        tried=tuple((style, QUESTIONS) for style in tried),
        found=_get_style(pick),
        taken=_get_style(done.best),
        confirmed=done.confirmed,
    )


def _get_style(candidate: Candidate | None) -> PageStyle | None:
    return None if candidate is None else candidate.style


def _judge(style: PageStyle | None, best: float) -> Named:
    if style is None:
        return Named(accuracy=0.0, rho=0.0)
    return Named(accuracy=find_accuracy(style), rho=find_rho(style) / best)


def _follow(run: Run, styles: int, best: float) -> Trace:
    """Return what a way had after how many questions, by the truth and not by what it was told."""
    marks = [int(mark * styles * QUESTIONS) for mark in _MARKS]
    asked, most, found = 0, 0.0, None
    points, rhos, volumes = list[tuple[float, float]](), list[float](), list[float]()
    for style, questions in run.tried:
        asked += questions
        while len(rhos) < len(marks) and asked > marks[len(rhos)]:
            rhos.append(most)
            volumes.append(measure_hypervolume(points))
        accuracy, rho = find_accuracy(style), find_rho(style)
        points.append((accuracy, rho))
        if accuracy >= FLOOR:
            most = max(most, rho / best)
        if found is None and most >= _CLOSE:
            found = asked
    while len(rhos) < len(marks):
        rhos.append(most)
        volumes.append(measure_hypervolume(points))
    return Trace(
        found=found,
        rhos=tuple(rhos),
        volumes=tuple(volumes),
        styles=len(run.tried),
        pick=_judge(run.found, best),
        named=_judge(run.taken, best),
        is_confirmed=run.confirmed == "interval",
    )


def _sum_up(name: str, traces: Sequence[Trace], ours: Sequence[Trace], styles: int) -> dict[str, object]:
    """Return a row: medians, 95 % intervals of medians by the bootstrap, and Mann-Whitney's test against ours."""
    never = styles * QUESTIONS + 1
    waits = [never if one.found is None else one.found for one in traces]
    shares = [one.rhos[-1] for one in traces]
    is_ours = traces is ours
    test = None if is_ours else mannwhitneyu(shares, [one.rhos[-1] for one in ours]).pvalue
    test_waits = (
        None
        if is_ours
        else mannwhitneyu(waits, [never if one.found is None else one.found for one in ours]).pvalue
    )
    return {
        "way": name,
        "found": sum(one.found is not None for one in traces),
        "questions": None if median(waits) == never else int(median(waits)),
        "styles": int(median(one.styles for one in traces)),
        **{
            f"ρ at {mark:.0%}": median(one.rhos[place] for one in traces) for place, mark in enumerate(_MARKS)
        },
        "interval": _interval(shares),
        **{
            f"volume at {mark:.0%}": median(one.volumes[place] for one in traces)
            for place, mark in enumerate(_MARKS)
        },
        "pick kept": sum(one.pick.accuracy >= FLOOR for one in traces),
        "pick accuracy": median(one.pick.accuracy for one in traces),
        "pick ρ": median(one.pick.rho for one in traces),
        "named": sum(one.named.accuracy > 0 for one in traces),
        "confirmed": sum(one.is_confirmed for one in traces),
        "kept": sum(one.named.accuracy >= FLOOR for one in traces),
        "accuracy": median(one.named.accuracy for one in traces),
        "least accuracy": min((one.named.accuracy for one in traces if one.named.accuracy), default=0.0),
        "ρ": median(one.named.rho for one in traces),
        "p of ρ": None if test is None else float(test),
        "p of questions": None if test_waits is None else float(test_waits),
    }


def _interval(values: Sequence[float]) -> list[float]:
    random = Random(0)
    medians = sorted(median(random.choices(values, k=len(values))) for _ in range(2_000))
    return [medians[50], medians[1_949]]


if __name__ == "__main__":
    main()

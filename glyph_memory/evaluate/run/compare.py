"""Compare two arms, or two runs, on the same samples: which one is right where the other is not.

Knows results; knows nothing about files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import Any

from glyph_memory.errors import PolicyError, show_value
from glyph_memory.evaluate.run.result import Result
from glyph_memory.evaluate.run.table import Share, rank_label

TEST = "McNemar's exact test, two-sided, on the samples that exactly one of the two answers correctly"
"""What the p-values are of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Two ways on the same samples, within the same budget."""

    first: str
    """What is compared."""
    second: str
    """With what."""
    budget: str
    """What the prompts might cost."""
    task: str
    """The task; empty where it is all of them together."""
    both: int
    """Samples that both answer correctly."""
    first_only: int
    """Samples that the first alone does."""
    second_only: int
    """Samples that the second alone does."""
    neither: int
    """Samples that none of them does."""
    unpaired: int
    """Samples that only one of the two has an answer to judge for; they are not compared."""
    first_tokens: float
    """What the first sent, on average."""
    second_tokens: float
    """What the second did."""

    @property
    def pairs(self) -> int:
        """How many samples are compared."""
        return self.both + self.first_only + self.second_only + self.neither

    @property
    def first_correct(self) -> Share:
        """What the first answers correctly."""
        return Share(count=self.both + self.first_only, of=self.pairs)

    @property
    def second_correct(self) -> Share:
        """What the second does."""
        return Share(count=self.both + self.second_only, of=self.pairs)

    @property
    def p_value(self) -> float:
        """How likely so large a difference is, in either direction, if there is none; see `measure_chance`."""
        return measure_chance(self.first_only, self.second_only)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return {
            "first": self.first,
            "second": self.second,
            "budget": self.budget,
            "task": self.task,
            "pairs": self.pairs,
            "both": self.both,
            "first_only": self.first_only,
            "second_only": self.second_only,
            "neither": self.neither,
            "unpaired": self.unpaired,
            "first_correct": self.first_correct.to_json(),
            "second_correct": self.second_correct.to_json(),
            "first_tokens": round(self.first_tokens, 1),
            "second_tokens": round(self.second_tokens, 1),
            "p_value": self.p_value,
        }


def measure_chance(first_only: int, second_only: int) -> float:
    """Return the p-value of McNemar's exact test: a coin that falls so unevenly, or more so, on either side.

    Source: McNemar, Psychometrika 12 (1947); exact by the binomial distribution of the pairs that differ.

    Args:
        first_only: Samples that the first alone answers correctly.
        second_only: Samples that the second alone does.

    Example:
        >>> measure_chance(0, 5), measure_chance(1, 9), measure_chance(4, 4)
        (0.0625, 0.021484375, 1.0)
    """
    differing, fewer = first_only + second_only, min(first_only, second_only)
    tail: int = sum(comb(differing, count) for count in range(fewer + 1))
    return float(min(1.0, 2 * tail / 2**differing))


def compare_arms(results: Iterable[Result], first: str, second: str) -> tuple[Comparison, ...]:
    """Return how two arms of a run compare, within each budget: over all tasks together, then by task.

    Args:
        results: Of the run.
        first: An arm's name.
        second: Another's.

    Raises:
        PolicyError: The run has no results of one of them, or none on the same samples.
    """
    every = tuple(results)
    arms = dict.fromkeys(result.arm for result in every)
    if unknown := next((name for name in (first, second) if name not in arms), None):
        known = ", ".join(arms) or "none"
        raise PolicyError(f"the run has no results of an arm {show_value(unknown)}; it has {known}")
    return _compare(
        {(one.budget, one.task, one.sample): one for one in every if one.arm == first},
        {(one.budget, one.task, one.sample): one for one in every if one.arm == second},
        first,
        second,
    )


def compare_runs(
    first: Iterable[Result], second: Iterable[Result], *, names: tuple[str, str]
) -> tuple[Comparison, ...]:
    """Return how two runs compare, as of two models, where they asked the same samples in the same way: arm by arm.

    Args:
        first: The results of one.
        second: Those of the other.
        names: What to call them; with the arm behind it, where both have several.

    Raises:
        PolicyError: They have nothing in common that was judged.
    """
    runs = [[one for one in run if one.outcome is not None] for run in (first, second)]
    arms = [arm for arm in dict.fromkeys(one.arm for one in runs[0]) if _share_samples(runs, arm)]
    if not arms:
        raise _make_nothing_common(*names)
    found = list[Comparison]()
    for arm in arms:  # together they would count a sample once an arm, as if those were independent
        sides = [{(one.budget, one.task, one.sample): one for one in run if one.arm == arm} for run in runs]
        told = names if len(arms) == 1 else tuple(f"{name}, {arm}" for name in names)
        found += _compare(sides[0], sides[1], told[0], told[1])
    return tuple(found)


def _share_samples(runs: Sequence[Sequence[Result]], arm: str) -> bool:
    first, second = ({(one.budget, one.sample) for one in run if one.arm == arm} for run in runs)
    return bool(first & second)


def _make_nothing_common(first: str, second: str) -> PolicyError:
    return PolicyError(
        f"{first!r} and {second!r} have no judged sample in common; compare others, or ask more"
    )


def _compare(
    one: Mapping[Any, Result], other: Mapping[Any, Result], first: str, second: str
) -> tuple[Comparison, ...]:
    judged = [
        {key: result for key, result in side.items() if result.outcome is not None} for side in (one, other)
    ]
    if not judged[0].keys() & judged[1].keys():
        raise _make_nothing_common(first, second)
    keys = list(dict.fromkeys([*judged[0], *judged[1]]))
    budgets = sorted({key[0] for key in keys}, key=lambda name: rank_label("budget", name))
    found = list[Comparison]()
    for budget in budgets:
        tasks = sorted({key[1] for key in keys if key[0] == budget})
        for task in ["", *(tasks if len(tasks) > 1 else ())]:
            chosen = [key for key in keys if key[0] == budget and task in ("", key[1])]
            if any(key in judged[0] and key in judged[1] for key in chosen):
                found.append(_count(chosen, judged, names=(first, second), budget=budget, task=task))
    return tuple(found)


def _count(
    keys: Sequence[Any],
    judged: Sequence[Mapping[Any, Result]],
    *,
    names: tuple[str, str],
    budget: str,
    task: str,
) -> Comparison:
    paired = [key for key in keys if key in judged[0] and key in judged[1]]
    right = [[side[key].outcome == "correct" for key in paired] for side in judged]
    seen = list(zip(*right, strict=True))
    tokens = [sum(side[key].prompt_tokens or 0 for key in paired) / len(paired) for side in judged]
    return Comparison(
        first=names[0],
        second=names[1],
        budget=budget,
        task=task,
        both=seen.count((True, True)),
        first_only=seen.count((True, False)),
        second_only=seen.count((False, True)),
        neither=seen.count((False, False)),
        unpaired=len(keys) - len(paired),
        first_tokens=tokens[0],
        second_tokens=tokens[1],
    )

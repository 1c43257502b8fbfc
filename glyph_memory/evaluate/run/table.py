"""Results counted: correct, abstained, silently wrong, with their intervals, by whatever tells them apart.

Knows results; knows nothing about files, terminals or plots.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal, get_args

from glyph_memory.errors import PolicyError, show_value
from glyph_memory.evaluate.arms.names import ARMS
from glyph_memory.evaluate.run.budgets import Budget
from glyph_memory.evaluate.run.result import Result
from glyph_memory.evaluate.tasks.sample import Outcome
from glyph_memory.shares import share_interval

Label = Literal["task", "kind", "arm", "length", "budget"]
"""What results can be told apart by."""
_FEWEST, _MOST = 0.8, 1.1
"""Of a server's tokens for one of ours."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
"""What an answer can be, the best first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """How many of some answers are something."""

    count: int
    """So many."""
    of: int
    """Of so many that were judged."""

    @property
    def share(self) -> float | None:
        """0 to 1; None of none."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval; see `share_interval`."""
        return share_interval(self.count / self.of if self.of else 0.0, self.of)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        low, high = self.interval
        share = None if self.share is None else round(self.share, 4)
        return {
            "count": self.count,
            "of": self.of,
            "share": share,
            "low": round(low, 4),
            "high": round(high, 4),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """Results that have something in common."""

    labels: Mapping[Label, str]
    """What they have in common."""
    outcomes: Mapping[Outcome, int]
    """How many answers are what."""
    faults: Mapping[str, int]
    """How many questions have no answer to judge, and why."""
    score: float | None
    """The mean of the tasks' own scores; None where nothing was judged."""
    prompt_tokens: float | None
    """The mean of what was sent, by the model's own count; None where nothing was."""
    text_share: float | None
    """The mean of that as a share of what the whole text costs."""
    server_tokens: float | None
    """The mean of what was sent as the server counted it; None where it never did."""
    cached_share: float | None
    """How much of that its prefix cache had; None where it never said."""
    making_tokens: float | None
    """The mean of what it took to make the prompts."""
    seconds: float | None
    """The mean time of an answer."""

    @property
    def judged(self) -> int:
        """How many answers were judged."""
        return sum(self.outcomes.values())

    def count(self, outcome: Outcome) -> Share:
        """Return how many of the answers are correct, abstained or silently wrong."""
        return Share(count=self.outcomes[outcome], of=self.judged)

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain values for JSON."""
        told: dict[str, Any] = {str(label): name for label, name in self.labels.items()}
        told |= {outcome: self.count(outcome).to_json() for outcome in OUTCOMES}
        numbers = {
            "score": self.score,
            "prompt_tokens": self.prompt_tokens,
            "text_share": self.text_share,
            "server_tokens": self.server_tokens,
            "cached_share": self.cached_share,
            "making_tokens": self.making_tokens,
            "seconds": self.seconds,
        }
        rounded = {name: None if value is None else round(value, 4) for name, value in numbers.items()}
        return told | {"faults": dict(self.faults)} | rounded


def summarize(results: Iterable[Result], *, by: Sequence[Label] = ("budget", "arm")) -> tuple[Row, ...]:
    """Return a row for each group of results: short texts first, large budgets first, arms as `ARMS` has them.

    Args:
        results: Of one run, or of several.
        by: What tells groups apart.

    Raises:
        PolicyError: Results are told apart by nothing of the kind.

    Example:
        >>> summarize([])
        ()
    """
    if unknown := next((label for label in by if label not in get_args(Label)), None):
        raise PolicyError(
            f"results are not told apart by {show_value(unknown)}; there are {', '.join(get_args(Label))}"
        )
    groups: dict[tuple[str, ...], list[Result]] = {}
    for result in results:
        groups.setdefault(tuple(str(getattr(result, label)) for label in by), []).append(result)
    keys = sorted(groups, key=lambda names: [rank_label(*one) for one in zip(by, names, strict=True)])
    return tuple(_count(dict(zip(by, names, strict=True)), groups[names]) for names in keys)


def find_miscounts(results: Iterable[Result]) -> dict[str, float]:
    """Return the arms whose prompts the server counts otherwise, with how many of its tokens one of ours is.

    Ours have the most that a chat template adds, and text may be estimated: from a fifth fewer to a tenth more is
    usual. Beyond, the profile is another model's, and budgets that are equal here are not equal there.

    Args:
        results: Of a run.
    """
    sums: dict[str, list[int]] = {}
    for one in results:
        if one.prompt_tokens and one.server_tokens:
            counted = sums.setdefault(one.arm, [0, 0])
            counted[0] += one.server_tokens
            counted[1] += one.prompt_tokens
    ratios = {arm: server / ours for arm, (server, ours) in sums.items()}
    return {arm: ratio for arm, ratio in ratios.items() if not _FEWEST <= ratio <= _MOST}


def rank_label(label: Label, name: str) -> tuple[float, str]:
    """Return by what groups are put in order: results come as they are answered, and tables are to look the same."""
    if label == "length":
        return float(name), name
    if label == "budget":
        budget = Budget.of(name)
        return -(budget.percent or 0) - (budget.tokens or 0), name
    known = list(ARMS)
    what = name.partition("@")[0]
    return float(known.index(what) if label == "arm" and what in known else len(known)), name


def _count(labels: Mapping[Label, str], group: Sequence[Result]) -> Row:
    sent = [one for one in group if one.prompt_tokens is not None]
    on_server = [one for one in sent if one.server_tokens]
    told = [one for one in on_server if one.cached_tokens is not None]
    counted = Counter(one.outcome for one in group)
    return Row(
        labels=labels,
        outcomes={outcome: counted[outcome] for outcome in OUTCOMES},
        faults=dict(Counter(one.fault for one in group if one.fault is not None)),
        score=_mean(one.score for one in group),
        prompt_tokens=_mean(one.prompt_tokens for one in sent),
        text_share=_mean((one.prompt_tokens or 0) / one.text_tokens for one in sent if one.text_tokens),
        server_tokens=_mean(one.server_tokens for one in on_server),
        cached_share=sum(one.cached_tokens or 0 for one in told) / sum(one.server_tokens or 0 for one in told)
        if told
        else None,
        making_tokens=_mean(one.making_tokens for one in sent),
        seconds=_mean(one.seconds for one in group),
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def keep_common(results: Iterable[Result]) -> tuple[Result, ...]:
    """Return the judged results on samples that all arms of a budget have answered, so that arms can be compared.

    An arm that has answered nothing within a budget, as the whole text where it does not fit, is left out there.

    Args:
        results: Of one run.
    """
    judged = [result for result in results if result.outcome is not None]
    groups: dict[tuple[str, int, str], dict[str, set[str]]] = {}
    for result in judged:
        arms = groups.setdefault((result.task, result.length, result.budget), {})
        arms.setdefault(result.arm, set()).add(result.sample)
    common = {key: set.intersection(*arms.values()) for key, arms in groups.items()}
    return tuple(
        result for result in judged if result.sample in common[result.task, result.length, result.budget]
    )


def write_markdown(rows: Sequence[Row]) -> str:
    """Return rows as a Markdown table; shares in per cent, with their 95 % intervals."""
    if not rows:
        return ""
    labels = list(rows[0].labels)
    heads = [
        *labels,
        *(f"{outcome}, %" for outcome in OUTCOMES),
        "judged",
        "no answer to judge",
        "prompt tokens",
        "of the text",
    ]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for row in rows:
        cells = [row.labels[label].replace("|", "\\|") for label in labels]
        cells += [format_share(row.count(outcome)) for outcome in OUTCOMES]
        cells += [
            f"{row.judged:,}",
            format_faults(row),
            format_number(row.prompt_tokens),
            format_percent(row.text_share),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def format_share(share: Share) -> str:
    """Return a share in per cent with its interval: `95 (76–99)`.

    Example:
        >>> format_share(Share(count=19, of=20)), format_share(Share(count=0, of=0))
        ('95 (76–99)', '–')
    """
    if share.share is None:
        return "–"
    low, high = share.interval
    return f"{100 * share.share:.0f} ({100 * low:.0f}–{100 * high:.0f})"


def format_faults(row: Row) -> str:
    """Return how many questions have no answer to judge, and why: `20 does not fit`."""
    return ", ".join(f"{count:,} {fault}" for fault, count in row.faults.items()) or "–"


def format_number(value: float | None) -> str:
    """Return a mean without its fraction."""
    return "–" if value is None else f"{value:,.0f}"


def format_percent(value: float | None) -> str:
    """Return a share in per cent."""
    return "–" if value is None else f"{100 * value:.0f} %"

"""What a search came to: `SearchReport`, as values, as JSON and as Markdown. Knows candidates; knows no files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from glyph_memory.style import style_to_json
from glyph_memory.training.style_search.candidate import Candidate, Score
from glyph_memory.training.style_search.confirming import Confirmation, Confirmed
from glyph_memory.training.style_search.front import Aim, measure_hypervolume, to_point
from glyph_memory.training.style_search.proposing import ProposalCounts


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchProgress:
    """How far a search is, after each style."""

    candidate: Candidate
    """The style that was just tried; with `fresh` where it was just asked fresh questions."""
    best: Candidate | None
    """The one that would be taken now."""
    front: tuple[Candidate, ...]
    """Those that none dominates, the densest last."""
    tried: int
    """How many styles were tried."""
    of: int
    """How many there will be at the most."""
    asked: int
    """How many questions were asked in this run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchReport:
    """What a search came to."""

    candidates: tuple[Candidate, ...]
    """All styles that were tried, in order."""
    front: tuple[Candidate, ...]
    """Those that none dominates, the densest last."""
    best: Candidate | None
    """θ*, the style that is taken; None where none will do. Its `fresh` is what fresh questions said of it."""
    confirmed: Confirmed
    """How fresh questions confirm it."""
    aim: Aim
    """By which rule."""
    hypervolumes: tuple[float, ...]
    """What the front covered after each generation."""
    stopped: str
    """Why the search ended."""
    is_unanswered: bool
    """Whether it ended because nobody answered any more."""
    asked: int
    """Questions that were asked in this run."""
    known: int
    """Questions that were answered before."""
    questions: int
    """Questions of the exam."""
    fresh_questions: int
    """How many fresh ones there are; 0 where there are none."""
    refused: int
    """Styles that were made and could not be drawn."""
    proposals: ProposalCounts
    """What came of asking a language model."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What all answers depend on besides styles."""
    notes: tuple[str, ...] = ()
    """What should be known of the result, in sentences."""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return {
            "aim": self.aim.name,
            "settings": dict(self.settings),
            "best": None if self.best is None else self.best.to_json(),
            "confirmed": self.confirmed,
            "front": [one.number for one in self.front],
            "hypervolume": measure_hypervolume([to_point(one) for one in self.candidates]),
            "hypervolumes": list(self.hypervolumes),
            "stopped": self.stopped,
            "asked": self.asked,
            "known": self.known,
            "questions": self.questions,
            "fresh questions": self.fresh_questions,
            "refused": self.refused,
            "language model": {
                "calls": self.proposals.calls,
                "failures": self.proposals.failures,
                "accepted": self.proposals.accepted,
                "refused": self.proposals.refused,
                "surplus": self.proposals.surplus,
                "reasons": list(self.proposals.reasons),
            },
            "notes": list(self.notes),
            "candidates": [one.to_json() for one in self.candidates],
        }


def list_notes(
    candidates: Sequence[Candidate], aim: Aim, done: Confirmation, fresh_questions: int
) -> tuple[str, ...]:
    """Return what should be known of a result, in sentences.

    Args:
        candidates: All that were tried.
        aim: What was looked for.
        done: What came of fresh questions.
        fresh_questions: How many there are.
    """
    notes = list[str]()
    if candidates and all(one.result.accuracy == 1 for one in candidates):
        notes.append(
            "every style answered every question right, so these questions tell none apart; ask harder ones, or about "
            "longer texts"
        )
    if candidates and done.best is None:
        notes.append(_tell_none(candidates, aim, done))
    elif done.best is not None and done.confirmed == "no":
        why = done.stopped or (
            "the budget of fresh questions ended" if fresh_questions else "there were no fresh ones"
        )
        partly = " The answers that there are do not settle it." if done.best.fresh is not None else ""
        notes.append(
            f"style {done.best.number} is not confirmed by fresh questions: {why}.{partly} It was chosen among many, "
            "and a part of its accuracy is luck; search on with a larger budget, or ask it new questions before it is "
            "trusted"
        )
    elif done.best is not None and done.confirmed == "accuracy" and aim.floor is not None:
        low, high = done.best.fresh.interval if done.best.fresh is not None else (0.0, 1.0)
        notes.append(
            f"of the best style's accuracy fresh questions say {low:.3f} to {high:.3f}, which reaches below "
            f"{aim.floor:g}; more of them would tell"
        )
    return tuple(notes)


def _tell_none(candidates: Sequence[Candidate], aim: Aim, done: Confirmation) -> str:
    most = max(candidates, key=lambda one: (one.result.accuracy, one.result.rho))
    if done.asked:
        return (
            f"fresh questions refuted all {len(done.asked)} styles that seemed to keep the aim, {aim.name}. Lower the "
            "floor, ask easier questions, or search on"
        )
    return (
        f"no style keeps the aim, {aim.name}; the most accurate is {most.number} with {most.result.accuracy:.3f}. "
        "Lower the floor, ask easier questions, or search on"
    )


def list_shown(report: SearchReport) -> tuple[Candidate, ...]:
    """Return the styles that a table shows: the front, and those that were asked fresh questions; the densest last."""
    front = {one.number for one in report.front}
    shown = [one for one in report.candidates if one.number in front or one.fresh is not None]
    return tuple(sorted(shown, key=lambda one: (one.result.rho, one.number)))


def describe_confirmation(report: SearchReport) -> str:
    """Return in words how the style that is taken is confirmed."""
    if report.best is None or report.confirmed == "no" or report.best.fresh is None:
        return "not confirmed"
    score = report.best.fresh
    low, high = score.interval
    questions = "question" if score.asked == 1 else "questions"
    told = f"confirmed by {score.asked} fresh {questions}: accuracy {score.accuracy:.3f} ({low:.3f} to {high:.3f})"
    if report.aim.floor is None:
        return told
    which = "the interval" if report.confirmed == "interval" else "the accuracy, but not its interval,"
    return f"{told}; {which} keeps {report.aim.floor:g}"


def write_markdown(report: SearchReport) -> str:
    """Return a report as Markdown: what is taken, the front, and what was done."""
    best = report.best
    lines = [
        "# Search for a page style",
        "",
        f"Aim: {report.aim.name}. {len(report.candidates)} styles, {report.asked + report.known} answers of "
        f"{report.questions} questions a style at the most; {report.stopped}.",
        "",
        "## The style that is taken",
        "",
        "None keeps the aim." if best is None else f"{_tell(best)} It is {describe_confirmation(report)}.",
        "",
        *(f"- Note: {note}." for note in report.notes),
        *([""] if report.notes else []),
        "## The front",
        "",
        "With the styles that were asked fresh questions."
        if report.fresh_questions
        else "By the same questions.",
        "",
        "| style | accuracy | 95 % | questions | fresh | ρ | from | not the default |",
        "|---|---|---|---|---|---|---|---|",
        *(_write_row(one) for one in list_shown(report)),
        "",
    ]
    told = report.proposals
    if told.calls:
        lines += [
            f"A language model was asked {told.calls} times and gave no answer {told.failures} times; {told.accepted} "
            f"of its styles were tried, {told.refused} were refused.",
            "",
        ]
    return "\n".join(lines)


def _tell(candidate: Candidate) -> str:
    score = candidate.result
    low, high = score.interval
    return (
        f"Style {candidate.number}: found with an accuracy of {score.accuracy:.3f} ({low:.3f} to {high:.3f}), "
        f"ρ {score.rho:.2f}, {candidate.origin} in generation {candidate.generation}."
    )


def describe_fresh(score: Score | None) -> str:
    """Return what fresh questions said, in a few words; empty where none were asked."""
    if score is None:
        return ""
    told = f"{score.accuracy:.1%} of {score.asked}"
    return told if score.is_whole else f"{told}, stopped"


def _write_row(candidate: Candidate) -> str:
    score = candidate.result
    low, high = score.interval
    asked = f"{score.asked}{'' if score.is_whole else ' (stopped)'}"
    style = ", ".join(
        f"{name}={value!r}".replace("|", "\\|")
        for name, value in style_to_json(candidate.style).items()
        if name != "role_colors"
    )
    return (
        f"| {candidate.number} | {score.accuracy:.3f} | {low:.3f} to {high:.3f} | {asked} | "
        f"{describe_fresh(candidate.fresh)} | {score.rho:.2f} | "
        f"{candidate.origin} | {style or 'nothing'} |"
    )

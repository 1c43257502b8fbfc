"""Samples as text: the whole of it, or the newest part that fits.

Knows texts and turns; draws nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from glyph_memory.context import Context, Text
from glyph_memory.evaluate.arms.prompt import (
    Arm,
    Prompt,
    ask_about,
    ask_about_turns,
    count_context,
    plain_binder,
    refuse_budget,
)
from glyph_memory.evaluate.tasks.sample import Sample
from glyph_memory.readers import Reader
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import Turn


class TextArm(Arm):
    """The whole sample as text; refused where it does not fit."""

    name = "text"

    def build(
        self, sample: Sample, *, budget_tokens: int, profile: ModelProfile, reader: Reader | None = None
    ) -> Prompt:
        """Return the whole sample as text; see `Arm.build`."""
        context = write_text(sample, profile)
        tokens = count_context(context, profile)
        if tokens > budget_tokens:
            raise refuse_budget(f"the whole text of {sample.id!r}", tokens, budget_tokens)
        return Prompt(context=context, tokens=tokens)


class WindowArm(Arm):
    """The newest part of the sample that fits, as text: what a sliding window keeps."""

    name = "window"

    def build(
        self, sample: Sample, *, budget_tokens: int, profile: ModelProfile, reader: Reader | None = None
    ) -> Prompt:
        """Return the newest part as text; see `Arm.build`."""
        if sample.turns:
            return fit_turns(sample, sample.turns, budget_tokens=budget_tokens, profile=profile)[0]
        return fit_document(sample, budget_tokens=budget_tokens, profile=profile)[0]


def write_text(sample: Sample, profile: ModelProfile) -> Context:
    """Return the context of a whole sample as text."""
    if sample.turns:
        return ask_about_turns(sample, sample.turns, profile)
    return ask_about(sample, [Text(sample.document)] if sample.document else [])


def fit_turns(
    sample: Sample,
    turns: Sequence[Turn],
    *,
    budget_tokens: int,
    profile: ModelProfile,
    before: Sequence[Turn] = (),
) -> tuple[Prompt, Sequence[Turn]]:
    """Return the newest of some turns that fit, behind leading system turns and turns that are always shown.

    Args:
        sample: Whose question is asked.
        turns: The turns, oldest first.
        budget_tokens: The most that the prompt may cost.
        profile: The model that counts.
        before: Shown before them, and never left out.

    Returns:
        The prompt, and the turns that it leaves out.

    Raises:
        PolicyError: Not even the question fits beside what is always shown.
    """
    led = next((place for place, turn in enumerate(turns) if turn.role != "system"), len(turns))
    head, rest = turns[:led], turns[led:]

    def write(left_out: int) -> tuple[Context, int]:
        context = ask_about_turns(sample, (*head, *before, *rest[left_out:]), profile)
        return context, count_context(context, profile)

    count = plain_binder(profile).counts.count_message
    left_out = count_leading(
        map(count, reversed(rest)), of=len(rest), room=budget_tokens - write(len(rest))[1]
    )
    left_out = adjust_count(left_out, of=len(rest), fits=lambda number: write(number)[1] <= budget_tokens)
    context, tokens = write(left_out)
    if tokens > budget_tokens:
        raise refuse_budget(f"the question of {sample.id!r} alone", tokens, budget_tokens)
    told = f"the oldest {left_out:,} of {len(rest):,} turns" if left_out else ""
    return Prompt(context=context, tokens=tokens, left_out=told), rest[:left_out]


def fit_document(
    sample: Sample, *, budget_tokens: int, profile: ModelProfile, before: Sequence[Text] = ()
) -> tuple[Prompt, str]:
    """Return the newest part of a sample's document that fits, cut where a line begins, or a word of a long one.

    Args:
        sample: Whose document it is.
        budget_tokens: The most that the prompt may cost.
        profile: The model that counts.
        before: Texts that are shown before it, and never left out.

    Returns:
        The prompt, and the text that it leaves out.

    Raises:
        PolicyError: Not even the question fits beside what is always shown.
    """
    pieces, count = cut_pieces(sample.document), profile.text_tokens

    def write(left_out: int) -> tuple[Context, int]:
        shown = "".join(pieces[left_out:])
        context = ask_about(sample, [*before, *([Text(shown)] if shown else [])])
        return context, count_context(context, profile)

    room = budget_tokens - write(len(pieces))[1]
    left_out = count_leading(map(count, reversed(pieces)), of=len(pieces), room=room)
    left_out = adjust_count(left_out, of=len(pieces), fits=lambda number: write(number)[1] <= budget_tokens)
    context, tokens = write(left_out)
    if tokens > budget_tokens:
        raise refuse_budget(f"the question of {sample.id!r} alone", tokens, budget_tokens)
    rest = "".join(pieces[:left_out])
    told = f"the first {len(rest):,} of {len(sample.document):,} characters" if rest else ""
    return Prompt(context=context, tokens=tokens, left_out=told), rest


def count_leading(newest_first: Iterable[int], *, of: int, room: int) -> int:
    """Return how many of the oldest have to go, so that the newest fit into a room.

    Args:
        newest_first: What each costs; only as many are taken as matter.
        of: How many there are.
        room: What the newest may cost together.

    Example:
        >>> count_leading([10, 20, 30, 40], of=4, room=35)
        2
    """
    for place, cost in enumerate(newest_first):
        room -= cost
        if room < 0:
            return of - place
    return 0


def adjust_count(guess: int, *, of: int, fits: Callable[[int], bool]) -> int:
    """Return how many of the oldest have to go for the rest to fit, from a guess that is nearly right.

    Args:
        guess: About how many.
        of: How many there are.
        fits: Whether the rest fits once so many are gone.
    """
    while guess < of and not fits(guess):
        guess += 1
    step = 1
    while guess and fits(max(0, guess - step)):
        guess, step = max(0, guess - step), 2 * step
    while step > 1:
        step //= 2
        if step <= guess and fits(guess - step):
            guess -= step
    return guess


_LONGEST = 400
"""Characters of a piece; a longer line is cut between words."""


def cut_pieces(text: str) -> list[str]:
    r"""Return a text in pieces, lines with their ends, long ones cut between words; joined, they are the text.

    Example:
        >>> cut_pieces("one\ntwo"), len(cut_pieces("word " * 100))
        (['one\n', 'two'], 2)
    """
    pieces = list[str]()
    for line in text.splitlines(keepends=True):
        start = 0
        while len(line) - start > _LONGEST:
            stop = line.rfind(" ", start + _LONGEST // 2, start + _LONGEST) + 1 or start + _LONGEST
            pieces.append(line[start:stop])
            start = stop
        pieces.append(line[start:])
    return pieces

"""Samples as a summary that the reader itself writes, and the newest part as text: what most agents do today.

Knows texts and one question of its own; draws nothing.
"""

from __future__ import annotations

from dataclasses import replace

from glyph_memory.context import Context, Message, Text
from glyph_memory.errors import BadReading, ReaderRefused
from glyph_memory.evaluate.arms.prompt import Arm, Prompt, count_context, refuse_budget
from glyph_memory.evaluate.arms.text import (
    TextArm,
    count_leading,
    cut_pieces,
    fit_document,
    fit_turns,
    write_text,
)
from glyph_memory.evaluate.tasks.sample import Sample
from glyph_memory.readers import Reader
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import Turn

NOTES_SHARE = 1 / 4
"""How much of the budget the summary may take; the newest text takes the rest."""
_WORDS_A_TOKEN = 0.6
_ASKED = (
    "Rewrite the notes below so that they also hold what matters of the text that follows them: names, numbers, "
    "identifiers letter for letter, decisions, and what changed. Write at most {words:,} words, and nothing but the "
    "notes."
)
_NOTES = "Notes until here:\n{notes}"
_NEXT = "What comes next:\n{text}"
_SHOWN = "Notes on all that came before:\n{notes}"


class SummaryArm(Arm):
    """A summary of the older part, rewritten piece by piece by the reader, and the newest part as text.

    The summary is written before the question is known, as a memory's is. No prompt that it takes is longer than the
    budget; what they cost together is `Prompt.making_tokens`.
    """

    name = "summary"

    def build(
        self, sample: Sample, *, budget_tokens: int, profile: ModelProfile, reader: Reader | None = None
    ) -> Prompt:
        """Return a summary and the newest part; see `Arm.build`."""
        if count_context(write_text(sample, profile), profile) <= budget_tokens:
            return TextArm().build(sample, budget_tokens=budget_tokens, profile=profile)
        if reader is None:
            raise ReaderRefused("a summary is written by the reader, and none is given; give reader=")
        kept = int(budget_tokens * NOTES_SHARE)
        old = _find_old(sample, budget_tokens - kept, profile)
        notes, spent = _summarize(
            old, reader, budget_tokens=budget_tokens, notes_tokens=kept, profile=profile
        )
        return replace(_show(sample, notes, budget_tokens, profile), making_tokens=spent)


def _find_old(sample: Sample, budget_tokens: int, profile: ModelProfile) -> str:
    """Return what a window of some tokens does not show."""
    if not sample.turns:
        return fit_document(sample, budget_tokens=budget_tokens, profile=profile)[1]
    _, old = fit_turns(sample, sample.turns, budget_tokens=budget_tokens, profile=profile)
    return "\n".join(f"[{turn.role}] {turn.full_text}" for turn in old)


def _summarize(
    text: str, reader: Reader, *, budget_tokens: int, notes_tokens: int, profile: ModelProfile
) -> tuple[str, int]:
    """Return notes on a text, and what the prompts cost that they took.

    Raises:
        BadReading: The reader wrote no notes, or was cut off before they had the length that was asked for.
    """
    notes, spent, pieces = "", 0, cut_pieces(text)
    words = max(1, int(notes_tokens * _WORDS_A_TOKEN))

    def ask(number: int) -> Context:
        parts = (
            _ASKED.format(words=words),
            _NOTES.format(notes=notes or "(none yet)"),
            _NEXT.format(text="".join(pieces[:number])),
        )
        return Context(messages=(Message(role="user", parts=["\n\n".join(parts)]),))

    while pieces:
        room = budget_tokens - count_context(ask(0), profile)
        behind = count_leading(map(profile.text_tokens, pieces), of=len(pieces), room=room)
        number = len(pieces) - behind
        while number and count_context(ask(number), profile) > budget_tokens:
            number -= 1
        if not number:
            raise refuse_budget("a prompt for the summary", count_context(ask(1), profile), budget_tokens)
        asked = ask(number)
        spent += count_context(asked, profile)
        reading = reader.read(asked)
        written = reading.text.strip()
        # One that is longer than was asked for is shortened anyway, wherever it was cut off.
        is_short = reading.is_cut_off and profile.text_tokens(written) < notes_tokens
        if is_short or not written:
            what = "was cut off" if reading.is_cut_off else "is empty"
            raise BadReading(f"the summary {what}; raise max_tokens, or leave the arm 'summary' out")
        notes, pieces = _shorten(written, notes_tokens, profile), pieces[number:]
    return notes, spent


def _shorten(notes: str, tokens: int, profile: ModelProfile) -> str:
    """Return the beginning of notes that is no longer than asked for: a model that was told a length may exceed it."""
    pieces = cut_pieces(notes)
    behind = count_leading(map(profile.text_tokens, pieces), of=len(pieces), room=tokens)
    return "".join(pieces[: len(pieces) - behind])


def _show(sample: Sample, notes: str, budget_tokens: int, profile: ModelProfile) -> Prompt:
    said = _SHOWN.format(notes=notes)
    if sample.turns:
        told = Turn(role="user", text=said)
        shown, _ = fit_turns(
            sample, sample.turns, before=(told,), budget_tokens=budget_tokens, profile=profile
        )
    else:
        shown, _ = fit_document(sample, before=(Text(said),), budget_tokens=budget_tokens, profile=profile)
    return replace(shown, left_out=f"{shown.left_out}, but for a summary" if shown.left_out else "")

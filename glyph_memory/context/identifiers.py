"""Choose the identifiers that are quoted beside the pages of a run, by what its model misreads where that was measured.

Knows turns and counters; knows nothing about pages.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from glyph_memory.context.cleaning import TextCleaner
from glyph_memory.style import LetterCounts
from glyph_memory.transcript import Turn

if TYPE_CHECKING:
    from glyph_memory.ledger import Ledger

Occurrences = Callable[[Collection[str], int], Mapping[str, int]]
"""How often identifiers were said up to and including the turn with an anchor."""


def choose_identifiers(
    turns: Sequence[Turn],
    budget_tokens: int,
    *,
    cleaner: TextCleaner,
    occurrences: Occurrences,
    count: Callable[[str], int],
    letters: LetterCounts | None,
) -> Ledger:
    """Return the identifiers of turns that are quoted within a budget.

    Args:
        turns: The turns, with their anchors.
        budget_tokens: What all lines together may cost.
        cleaner: Spells what is drawn of a turn.
        occurrences: How often identifiers were said so far.
        count: Counts the tokens of a line.
        letters: How often the model misread which letters; a formula stands in where that was not counted.
    """
    # Loaded with the first run that is drawn: its patterns take a while to compile.
    from glyph_memory.ledger import find_risk, mentions, write_ledger  # noqa: PLC0415

    found = mentions([(turn.anchor or 0, cleaner.show_turn(turn).full_text) for turn in turns])
    return write_ledger(
        found,
        occurrences=occurrences([one.identifier.text for one in found], turns[-1].anchor or 0),
        budget_tokens=budget_tokens,
        count=count,
        risk=find_risk(letters),
    )

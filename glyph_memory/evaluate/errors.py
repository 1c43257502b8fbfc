"""Count what a reader got wrong: rates with their intervals, by kind of character, and the pairs that are confused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from glyph_memory.evaluate.alignment import Alignment
from glyph_memory.evaluate.normalize import normalize_text
from glyph_memory.shares import share_interval


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadCounts:
    """Counts of what was read, of one page or of many."""

    unsure: int = 0
    """Characters that the reader marked as unsure, or as unreadable."""
    marked: int = 0
    """How many of the edits are among those: changed or put in where it was unsure, left out beside an unsure
    character or where it said that there is ink it could not read."""
    silent: int = 0
    """How many of the edits are not: wrong, and the reader was sure, which is the worst that it can do."""
    words: int = 0
    """What stands between white space."""
    words_exact: int = 0
    """How many of them came back to the letter."""
    identifiers: int = 0
    """Identifiers, as often as they stand there."""
    identifiers_exact: int = 0
    """How many of them came back to the letter."""

    @staticmethod
    def total(parts: Iterable[ReadCounts]) -> ReadCounts:
        """Add counts up."""
        rows = list(parts)
        return ReadCounts(
            unsure=sum(row.unsure for row in rows),
            marked=sum(row.marked for row in rows),
            silent=sum(row.silent for row in rows),
            words=sum(row.words for row in rows),
            words_exact=sum(row.words_exact for row in rows),
            identifiers=sum(row.identifiers for row in rows),
            identifiers_exact=sum(row.identifiers_exact for row in rows),
        )

    def to_json(self) -> dict[str, int]:
        """Return the counts as plain values for JSON."""
        return asdict(self)


_RESAMPLES = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class CharacterErrors:
    """What was read wrong in a text."""

    edits: int
    """Characters changed, left out or put in, at the least: the Levenshtein distance."""
    characters: int
    """Of the truth."""
    confusions: Counter[tuple[str, str]]
    """How often which was taken for which: `("l", "1")`; `("l", "")` was left out, `("", "l")` put in."""

    @property
    def rate(self) -> float:
        """Edits per character of the truth; more than 1 is possible where much was put in."""
        return self.edits / max(self.characters, 1)

    @staticmethod
    def total(parts: Iterable[CharacterErrors]) -> CharacterErrors:
        """Add up the errors of several texts."""
        edits = characters = 0
        confusions: Counter[tuple[str, str]] = Counter()
        for part in parts:
            edits, characters = edits + part.edits, characters + part.characters
            confusions.update(part.confusions)
        return CharacterErrors(edits=edits, characters=characters, confusions=confusions)


def character_errors(said: str, truth: str) -> CharacterErrors:
    """Compare what was read with what stands there.

    In both, runs of white space are one space, and there is none at the ends; accents are composed (NFC).

    Args:
        said: What was read.
        truth: What stands there; of a page, `spell_page`.

    Example:
        >>> character_errors("sitting", "kitten").edits
        3
    """
    alignment = Alignment(normalize_text(truth), normalize_text(said))
    return CharacterErrors(
        edits=alignment.edits, characters=len(alignment.truth), confusions=alignment.confusions
    )


def rate_interval(pages: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """Return the 95 % confidence interval of an error rate.

    Pages are the independent unit, as errors of one page come together: they are drawn anew 2000 times, always the
    same way (bootstrap, percentiles). That says too little where there is one page or no error, so the interval
    reaches at least as far as Wilson's, which takes characters for independent.

    Args:
        pages: Of each page, its edits and its characters.

    Example:
        >>> low, high = rate_interval([(0, 1000), (0, 1000)])
        >>> low, round(high, 4)
        (0.0, 0.0019)
    """
    counts = np.array(pages, np.float64).reshape(-1, 2)
    edits, characters = counts.sum(axis=0).tolist()
    if not characters:
        return 0.0, 1.0
    chosen = np.random.default_rng(0).integers(len(counts), size=(_RESAMPLES, len(counts)))
    drawn = counts[chosen].sum(axis=1)
    rates = drawn[:, 0] / np.maximum(drawn[:, 1], 1)
    low, high = np.quantile(rates, [0.025, 0.975]).tolist()
    wilson_low, wilson_high = share_interval(min(edits / characters, 1.0), characters)
    return min(low, wilson_low), max(high, wilson_high)

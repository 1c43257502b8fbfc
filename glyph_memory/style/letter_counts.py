"""`LetterCounts`: how often letters were read as what they are. Knows counts; knows nothing about who reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterCounts:
    """How often letters were asked for, and how often they were read as others, or not at all.

    Example:
        >>> counts = LetterCounts(alone=(("0", 120, 9), ("1", 110, 0)), words=(3000, 2))
        >>> LetterCounts.from_json(counts.to_json()) == counts
        True
    """

    alone: tuple[tuple[str, int, int], ...]
    """Each character that no word predicts: how often it was asked for, and how often it was not read."""
    words: tuple[int, int]
    """The same of all letters of words together, which a model completes by itself."""

    def to_json(self) -> dict[str, object]:
        """Return the counts as plain values for JSON."""
        return {
            "alone": {character: [asked, wrong] for character, asked, wrong in self.alone},
            "words": [*self.words],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> LetterCounts:
        """Return the counts of what `to_json` returned.

        Raises:
            KeyError: Something is missing.
            TypeError: Something is of another kind.
            ValueError: Something cannot be.
        """
        alone = tuple((str(one), *_read_pair(pair)) for one, pair in value["alone"].items())
        return cls(alone=alone, words=_read_pair(value["words"]))


def _read_pair(value: Any) -> tuple[int, int]:  # noqa: ANN401 - whatever the JSON holds
    asked, wrong = (int(one) for one in value)
    if not 0 <= wrong <= asked:
        raise ValueError(f"{wrong} of {asked} letters cannot be misread")
    return asked, wrong

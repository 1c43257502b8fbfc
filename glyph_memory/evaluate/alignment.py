"""The `Alignment`: the fewest edits between what stands somewhere and what was read there.

Knows two texts; knows nothing about pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein


class Alignment:
    """Two texts, character by character.

    Args:
        truth: What stands there.
        said: What was read.

    Example:
        >>> alignment = Alignment("an ill word", "an i11 word")
        >>> alignment.edits, alignment.get_read_text(3, 6), alignment.confusions
        (2, 'i11', Counter({('l', '1'): 2}))
    """

    def __init__(self, truth: str, said: str) -> None:
        self.truth, self.said = truth, said
        found = list(Levenshtein.editops(truth, said))
        self.at: NDArray[np.int64] = np.array([edit.src_pos for edit in found], np.int64)
        """Of each edit: the index in `truth` of the character that was changed or left out, or before which one came
        in; ascending."""
        self.said_at: NDArray[np.int64] = np.array([edit.dest_pos for edit in found], np.int64)
        """Of each edit: the index in `said` of the character that came instead, or before which one is missing."""
        self.kinds: tuple[str, ...] = tuple(edit.tag for edit in found)
        """Of each edit: `replace`, `delete` or `insert`."""
        came, left = (np.zeros(len(truth) + 1, np.int64) for _ in range(2))
        for edit in found:
            came[edit.src_pos] += edit.tag == "insert"
            left[edit.src_pos] += edit.tag == "delete"
        kept = 1 - left[:-1]
        self._before = np.concatenate([[0], np.cumsum(kept + came[:-1])])
        self._after = self._before + came

    @property
    def edits(self) -> int:
        """How many characters were changed, left out or put in: the Levenshtein distance."""
        return len(self.kinds)

    @property
    def confusions(self) -> Counter[tuple[str, str]]:
        """How often which character was taken for which: `("l", "1")`; `("l", "")` was left out, `("", "l")` put in."""
        return Counter(
            (
                "" if kind == "insert" else self.truth[at],
                "" if kind == "delete" else self.said[said_at],
            )
            for kind, at, said_at in zip(self.kinds, self.at.tolist(), self.said_at.tolist(), strict=True)
        )

    def get_read_text(self, start: int, stop: int) -> str:
        """Return what was read for `truth[start:stop]`, with what was put in at either end."""
        return self.said[int(self._before[start]) : int(self._after[stop])]

    def is_exact(self, start: int, stop: int) -> bool:
        """Return whether `truth[start:stop]` was read exactly, with nothing put in at either end."""
        return self.get_read_text(start, stop).strip() == self.truth[start:stop]


def align_characters(truth: str, said: str) -> Iterator[tuple[str, str]]:
    """Return two texts side by side, character by character; an empty string where one has none.

    Example:
        >>> list(align_characters("ab", "b"))
        [('a', ''), ('b', 'b')]
    """
    for block in Levenshtein.opcodes(truth, said):
        left = truth[block.src_start : block.src_end]
        right = said[block.dest_start : block.dest_end]
        for index in range(max(len(left), len(right))):
            yield left[index : index + 1], right[index : index + 1]

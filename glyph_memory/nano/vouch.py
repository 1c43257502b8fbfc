"""Whether the reader can vouch for a page: what it shows itself when it sees letters that it was not trained on.

On a page like those of its training hardly a character is read with less than an even chance; of another font's, some
are. `benchmarks/lib/vouching.py` measures both, and with new weights the limits below are set anew by it. Knows what
was read, knows nothing about images.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from glyph_memory.transcription import SURE, UNREADABLE, ReadLine, Transcription

LOST, LOST_AT_MOST = 0.5, 0.002
"""A character is lost below this confidence, and no larger share of a page's is where it can be vouched for."""
UNSURE_AT_MOST = 0.2
"""Nor is a larger share of them not sure."""
SCRIPT = 0.03
"""Characters beyond ASCII are judged by themselves where they are so large a share."""
OTHERS_TIMES = 6.0
"""So many times the share of them may be lost: accents are small, and ideographs many."""
SMALLEST_PX = 6.0
"""Letters of a smaller font are not told apart."""
_CAPPED = 0.89
_FEW = 40
"""Fewer characters tell little of the page: the size of their font is a guess."""
_DEVIATIONS = 1.5
"""A count is taken to be so many standard deviations lower than it is: on a short page a few may be chance."""
_SAY_NOTHING = frozenset(f" {UNREADABLE}_")
"""Spaces are hardly ever unsure, what is unreadable is said to be, and rules of underscores are counted by guess."""

_UNLIKE = "its letters are unlike those that this reader knows: {:.1%} of them are read with less than an even chance"
_UNCLEAR = "{:.0%} of its letters are not clear to this reader"
_SMALL = "its letters are too small: a font of about {:.0f} px"
_NOTHING = "no line of text was found in its ink"


@dataclass(frozen=True, kw_only=True, slots=True)
class Doubt:
    """How many characters of a page there are, and how many of them the network is in doubt about."""

    count: int
    """Of those that tell something."""
    unsure: int
    """How many are not sure."""
    lost: int
    """How many are read with less than an even chance."""

    @classmethod
    def of(cls, confidence: Sequence[float]) -> Doubt:
        """Count characters by their confidence."""
        values = np.array(confidence)
        return cls(count=len(values), unsure=int((values < SURE).sum()), lost=int((values < LOST).sum()))

    def explain(self, times: float = 1.0) -> str:
        """Return why characters like these cannot be vouched for; empty where they can.

        Args:
            times: How many times as many as of plain ones may be lost.
        """
        if _bound_share(self.lost, self.count) > times * LOST_AT_MOST:
            return _UNLIKE.format(self.lost / self.count)
        if self.count >= _FEW and _bound_share(self.unsure, self.count) > times**0.5 * UNSURE_AT_MOST:
            return _UNCLEAR.format(self.unsure / self.count)
        return ""


def measure_doubt(lines: Sequence[ReadLine]) -> tuple[Doubt, Doubt]:
    """Measure the doubt about a page's plain characters, and about those of other scripts.

    Returns:
        Both. A few odd characters count as plain ones: that is what plain letters of a strange font are taken for.
    """
    plain, other = list[float](), list[float]()
    for line in lines:
        for sign, value in zip(line.text, line.confidence.tolist(), strict=True):
            if sign not in _SAY_NOTHING:
                (plain if sign.isascii() else other).append(value)
    if len(other) < SCRIPT * (len(plain) + len(other)):
        plain, other = plain + other, []
    return Doubt.of(plain), Doubt.of(other)


def vouch(read: Transcription, *, size_px: float) -> Transcription:
    """Return what was read with the reason why it cannot be vouched for, if there is one.

    The kind of character that most of the page is made of decides. If the other kind alone is unclear, only those
    characters are made unsure.

    Args:
        read: What was read.
        size_px: Of its letters.
    """
    plain, other = measure_doubt(read.lines)
    if not plain.count + other.count:
        return replace(read, reason=_NOTHING) if read.unread else read
    if plain.count + other.count >= _FEW and size_px < SMALLEST_PX:
        return replace(read, reason=_SMALL.format(size_px))
    reasons, is_plain = (plain.explain(), other.explain(OTHERS_TIMES)), plain.count >= other.count
    if main := reasons[0 if is_plain else 1]:
        return replace(read, reason=main)
    if not reasons[1 if is_plain else 0]:
        return read
    lines = tuple(_cap(line, [sign.isascii() != is_plain for sign in line.text]) for line in read.lines)
    return replace(read, lines=lines)


def withhold_trust(read: Transcription) -> Transcription:
    """Return what was read with no character that is sure, if there is a reason not to vouch for it."""
    if read.is_vouched:
        return read
    lines = tuple(_cap(line, [True] * len(line.text)) for line in read.lines)
    anchors = tuple(replace(anchor, confidence=min(anchor.confidence, _CAPPED)) for anchor in read.anchors)
    return replace(read, lines=lines, anchors=anchors)


def _cap(line: ReadLine, is_unsure: Sequence[bool]) -> ReadLine:
    capped = np.where(is_unsure, np.minimum(line.confidence, np.float32(_CAPPED)), line.confidence)
    return replace(line, confidence=capped.astype(np.float32))


def list_unvouched(pages: Iterable[tuple[str, Transcription]]) -> str:
    """Return a line that names the pages that nobody vouches for, and why; empty where there are none.

    Args:
        pages: What each is called, and what was read on it.
    """
    named = [(name, read.reason) for name, read in pages if read.lines and not read.is_vouched]
    if not named:
        return ""
    (name, reason), more = named[0], len(named) - 1
    others = f", nor for {more} more like it" if more else ""
    return f"I cannot vouch for {name}{others}: {reason}. Look at the page before you rely on a word of it."


def _bound_share(count: int, whole: int) -> float:
    """Return the least share that a count speaks for."""
    return max(0.0, count - _DEVIATIONS * math.sqrt(count)) / max(whole, 1)

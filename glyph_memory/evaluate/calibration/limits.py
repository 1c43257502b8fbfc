"""Make what a memory takes of a calibration. Knows rungs and styles; knows nothing about files."""

from __future__ import annotations

from collections.abc import Sequence

from glyph_memory.evaluate.calibration.ladder import Ladder
from glyph_memory.evaluate.calibration.results import KindCalibration
from glyph_memory.style import KindLimit, LetterCounts, ReadingLimits


def make_limits(
    kinds: Sequence[KindCalibration],
    ladder: Ladder,
    *,
    profile: str,
    model: str | None,
    floor: float,
    letters: LetterCounts | None,
) -> ReadingLimits:
    """Return the styles of some kinds of text, and the one for all of them, where each of them has one."""
    rungs = [one.rung for one in kinds if one.rung is not None]
    is_read = bool(rungs) and len(rungs) == len(kinds)
    return ReadingLimits(
        profile=profile,
        model=model,
        floor=floor,
        style=ladder.build_style(ladder.join(rungs)) if is_read else None,
        kinds=tuple(
            KindLimit(
                kind=one.kind,
                style=None if one.rung is None else ladder.build_style(one.rung),
                is_proven=one.is_proven,
                fingerprint=one.fingerprint,
            )
            for one in kinds
        ),
        letters=letters,
    )

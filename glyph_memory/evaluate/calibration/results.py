"""What came of a calibration, by kind of text and style: `Tally`, `Measured`, `KindCalibration`.

Knows counts and rungs; knows nothing about files or models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, get_args

from glyph_memory.errors import show_value
from glyph_memory.evaluate.calibration.ladder import Rung
from glyph_memory.evaluate.calibration.sequential import Verdict
from glyph_memory.shares import share_interval


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """How many answers were what.

    Example:
        >>> Tally(correct=48, abstained=1, silently_wrong=1).share
        0.96
    """

    correct: int = 0
    """Right."""
    abstained: int = 0
    """None, and they say so."""
    silently_wrong: int = 0
    """Wrong without a word of doubt."""

    @property
    def asked(self) -> int:
        """All of them."""
        return self.correct + self.abstained + self.silently_wrong

    @property
    def share(self) -> float:
        """Of right ones; 0 where nothing was asked."""
        return self.correct / self.asked if self.asked else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of that share, as if their number had been fixed before."""
        return share_interval(self.share, self.asked)


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What came of one style of one kind of text."""

    rung: Rung
    """Where it stands on the ladder."""
    looked_at: Tally
    """Answers while a style was looked for."""
    proof: Tally
    """Answers while it was to be proven; none of those above is among them."""
    verdict: Verdict
    """Whether the floor is kept: "kept" and "missed" of a style that was only looked at are a guess."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KindCalibration:
    """What a model reads of one kind of text."""

    kind: str
    """Which."""
    rung: Rung | None
    """The densest style that keeps the floor; None where none on the ladder could be proven to."""
    is_proven: bool
    """Whether that holds with the calibration's confidence; otherwise the time was over."""
    pages: int
    """Most pages in a request with which it was proven."""
    ratio: float
    """How many text tokens one page token stands for in that style."""
    fingerprint: str
    """Of that style, as `style_fingerprint` gives it, with the fonts and libraries of the machine."""
    measured: tuple[Measured, ...]
    """Every style that was asked about, from sharp to dense."""

    @property
    def tally(self) -> Tally:
        """The answers that proved the style; of one that is not proven, those while it was looked for."""
        for one in self.measured:
            if one.rung == self.rung:
                return one.proof if one.proof.asked else one.looked_at
        return Tally()


def kind_to_json(one: KindCalibration) -> dict[str, object]:
    """Return what a model reads of a kind of text, as plain values for JSON."""
    return {
        "kind": one.kind,
        "rung": None if one.rung is None else one.rung.key,
        "is_proven": one.is_proven,
        "pages": one.pages,
        "ratio": round(one.ratio, 4),
        "fingerprint": one.fingerprint,
        "measured": [
            {
                "rung": measured.rung.key,
                "looked_at": asdict(measured.looked_at),
                "proof": asdict(measured.proof),
                "verdict": measured.verdict,
            }
            for measured in one.measured
        ],
    }


def kind_from_json(value: Mapping[str, Any]) -> KindCalibration:
    """Return what `kind_to_json` returned.

    Raises:
        KeyError: Something is missing.
        TypeError: Something is of another kind.
        ValueError: Something cannot be.
    """
    return KindCalibration(
        kind=str(value["kind"]),
        rung=None if value["rung"] is None else Rung.from_key(value["rung"]),
        is_proven=bool(value["is_proven"]),
        pages=int(value["pages"]),
        ratio=float(value["ratio"]),
        fingerprint=str(value["fingerprint"]),
        measured=tuple(map(_measured_from_json, value["measured"])),
    )


def _measured_from_json(value: Mapping[str, Any]) -> Measured:
    if value["verdict"] not in get_args(Verdict):
        raise ValueError(f"{show_value(value['verdict'])} is no verdict")
    return Measured(
        rung=Rung.from_key(value["rung"]),
        looked_at=Tally(**value["looked_at"]),
        proof=Tally(**value["proof"]),
        verdict=value["verdict"],
    )

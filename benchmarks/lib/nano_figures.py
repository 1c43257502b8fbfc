"""The nano reader's figures, gathered and printed as they come."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from glyph_memory.nano.transcribe import transcribe
from lib.report import print_table

Interval = tuple[float, float]


class NanoFigures:
    """The measured figures, with the target of each."""

    def __init__(self, weights: Path) -> None:
        self.read = partial(transcribe, weights=weights)
        self.rows: list[dict[str, object]] = []

    def add(
        self,
        figure: str,
        asked: str,
        measured: str,
        interval: Interval | None,
        of: str,
        value: float,
        confusions: Sequence[Sequence[object]] = (),
    ) -> None:
        """Add one figure and print it; intervals are shares, confusions are what was taken for what, and how often."""
        between = f"{interval[0]:.3%} to {interval[1]:.3%}" if interval else ""
        self.rows.append(
            {
                "figure": figure,
                "asked": asked,
                "measured": measured,
                "interval": between,
                "of": of,
                "value": value,
            }
            | ({"confused": list(confusions)} if confusions else {})
        )
        print(
            f"  {figure}: {measured} {f'({between})' if between else ''} of {of}; asked: {asked or '-'}",
            flush=True,
        )

    def print_all(self) -> None:
        """Print all figures as a table."""
        head = ["figure", "asked", "measured", "95 % interval", "of"]
        print_table("The nano reader, one core", head, [list(row.values())[:5] for row in self.rows])

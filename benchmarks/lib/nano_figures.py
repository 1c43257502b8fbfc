"""The nano reader's figures, gathered and printed as they come."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from glyph_memory.evaluate import CheckReport
from glyph_memory.nano.claims import ALPHABETS
from glyph_memory.nano.transcribe import transcribe
from lib.report import print_table

Interval = tuple[float, float]


class NanoFigures:
    """The measured figures, with the target of each."""

    def __init__(self, weights: Path) -> None:
        self.read = partial(transcribe, weights=weights)
        self.read_unlimited = partial(transcribe, weights=weights, claimed=ALPHABETS)
        """Reads as if every alphabet were claimed: what tells which are."""
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
        silent: float | None = None,
    ) -> None:
        """Add one figure and print it.

        Args:
            figure: Its name.
            asked: What is aimed at.
            measured: As it is shown.
            interval: A share's.
            of: How many, and of what.
            value: As a number.
            confusions: What was taken for what, and how often.
            silent: The share of characters that came back wrong though the reader was sure.
        """
        between = f"{interval[0]:.3%} to {interval[1]:.3%}" if interval else ""
        self.rows.append(
            {
                "figure": figure,
                "asked": asked,
                "measured": measured,
                "silent": "" if silent is None else f"{silent:.3%}",
                "interval": between,
                "of": of,
                "value": value,
            }
            | ({"confused": list(confusions)} if confusions else {})
        )
        print(
            f"  {figure}: {measured} {f'({between})' if between else ''} of {of}; asked: {asked or '-'}"
            f"{'' if silent is None else f'; silent: {silent:.3%}'}",
            flush=True,
        )

    def add_report(
        self, figure: str, asked: str, report: CheckReport, *, of: str = "", has_confusions: bool = False
    ) -> None:
        """Add the error rate of pages that were read back, wrong and silent."""
        errors = report.errors
        self.add(
            figure, asked, f"{errors.rate:.3%}", report.interval,
            f"{errors.characters:,} characters on {len(report.pages)} pages{of}", errors.rate,
            [[*pair, count] for pair, count in errors.confusions.most_common(12)] if has_confusions else (),
            report.counts.silent / max(1, errors.characters),
        )  # fmt: skip

    def print_all(self) -> None:
        """Print all figures as a table."""
        head = ["figure", "asked", "measured", "silent", "95 % interval", "of"]
        print_table("The nano reader, one core", head, [list(row.values())[:6] for row in self.rows])

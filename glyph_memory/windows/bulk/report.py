"""How far a run that asks about many documents is, and what came of it.

Knows rows and counts; asks nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from glyph_memory.documents import BulkFailure
from glyph_memory.windows.bulk.tables import Row


@dataclass(frozen=True, kw_only=True, slots=True)
class AskResult:
    """What came of a shard."""

    name: str
    """The shard's."""
    answered: int = 0
    """Questions about documents that have all their answers; several answers where a document was asked in parts."""
    failures: tuple[BulkFailure, ...] = ()
    """Documents that were not answered, or not as a whole."""
    requests: int = 0
    """That were answered for these."""
    cut_off: int = 0
    """Answers whose end is missing."""
    prompt_tokens: int = 0
    """What was sent, as the server counts it; as counted here where it does not say."""
    completion_tokens: int = 0
    """What was written."""
    refusal: str = ""
    """Why nothing can be asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AskReport:
    """How far a run is, and at its end what came of it."""

    total: int
    """Questions about documents, and documents that have no pages since they could not be drawn."""
    answered: int = 0
    """How many were answered now."""
    unchanged: int = 0
    """How many an earlier run answered, and were not asked again."""
    failures: tuple[BulkFailure, ...] = ()
    """Those without an answer, or where one of several is missing."""
    requests: int = 0
    """Requests that were answered now."""
    cut_off: int = 0
    """Answers of now whose end is missing, as `answer_tokens` were used up."""
    prompt_tokens: int = 0
    """What was sent for these."""
    completion_tokens: int = 0
    """What was written for these."""
    seconds: float = 0.0
    """Since the run began."""

    @property
    def done(self) -> int:
        """How many are dealt with."""
        return self.answered + self.unchanged + len(self.failures)


def sum_up(shard: str, rows: Iterable[Row]) -> AskResult:
    """Return what came of a shard, by its rows."""
    units = dict[tuple[str, str], list[Row]]()
    for row in rows:
        units.setdefault((row["document"], row["unit"]), []).append(row)
    failed = {
        unit: next((row["error"] for row in held if row.get("error")), "") for unit, held in units.items()
    }
    new = [row for held in units.values() for row in held if not row.get("error") and not row.get("reused")]
    return AskResult(
        name=shard,
        answered=sum(not why for why in failed.values()),
        failures=tuple(BulkFailure(source=unit[0], message=why) for unit, why in failed.items() if why),
        requests=len(new),
        cut_off=sum(bool(row.get("is_cut_off")) for row in new),
        prompt_tokens=sum(row.get("prompt_tokens") or row["counted_tokens"] for row in new),
        completion_tokens=sum(row.get("completion_tokens") or 0 for row in new),
    )

"""`ReadingStatus`: how well the models behind the proxy read their pages, for the metrics, `/healthz` and the log.

Knows answers and names of models; knows nothing about conversations. Holds no text.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable

from glyph_memory.memory.reading_rate import FLOOR, CodeAnswer, ReadingRecord, describe_fall

_MODELS = 100
"""Of so many models a rate is kept: names are whatever clients write."""

logger = logging.getLogger("glyph_memory.serve")


class ReadingStatus:
    """How well models read, by the codes that they were asked for. Belongs to one event loop.

    Args:
        floor: How large a share of the answers has to be right.
    """

    def __init__(self, floor: float = FLOOR) -> None:
        self._floor = floor
        self._is_failing = False
        self._records = OrderedDict[tuple[str, str], ReadingRecord]()
        self.listeners: list[Callable[[str, float | None], None]] = []
        """Called with the outcome of each question, and with the lowest rate of a model; None where none answered."""

    @property
    def lowest_rate(self) -> float | None:
        """The rate of the model that reads worst; None before one has answered."""
        rates = (record.rate.rate for record in self._records.values())
        return min((rate for rate in rates if rate is not None), default=None)

    @property
    def word(self) -> str:
        """How it is: "not asked yet", "ok", or "below the floor" by more than chance explains."""
        if self.lowest_rate is None:
            return "not asked yet"
        return "below the floor" if any(record.is_low for record in self._records.values()) else "ok"

    def add(self, upstream: str, model: str, answer: CodeAnswer) -> None:
        """Add an answer of a model; a rate that has fallen is logged."""
        key = upstream, model
        record = self._records.pop(key, None) or ReadingRecord()
        self._records[key] = record
        if len(self._records) > _MODELS:
            self._records.popitem(last=False)
        if record.add([answer], floor=self._floor):
            logger.warning(
                "%s", describe_fall(record.rate, floor=self._floor, what=f"the model {model!r} reads pages")
            )
        if (is_failing := answer.outcome == "failed") and not self._is_failing:  # told once in a row
            logger.warning("a check whether the model %r reads pages had no answer: %s", model, answer.error)
        self._is_failing = is_failing
        self._tell(answer.outcome)

    def add_interruption(self) -> None:
        """Count a question that a client's request cut short."""
        self._tell("interrupted")

    def _tell(self, outcome: str) -> None:
        for listener in self.listeners:
            listener(outcome, self.lowest_rate)

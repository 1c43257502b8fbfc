"""Counters and histograms: count what happened, measure how long it took. Made when they are first used.

Knows the table of metrics; never raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from glyph_memory.telemetry.fields import Fields
from glyph_memory.telemetry.names import METRICS, MetricKey
from glyph_memory.telemetry.providers import find_meter, note_failure
from glyph_memory.telemetry.values import spell_labels

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter


class _Made:
    """The instruments of the meter that was used last."""

    of: tuple[object, dict[str, Any]] = (None, {})


def count(key: MetricKey, amount: int = 1, /, **fields: Unpack[Fields]) -> None:
    """Add to a counter; nothing where nobody counts.

    Args:
        key: Its row in `METRICS`.
        amount: How many.
        **fields: Its attributes.
    """
    meter = find_meter()
    if meter is None or amount <= 0:
        return
    try:
        _get(meter, key).add(amount, spell_labels(fields))
    except Exception as failure:
        note_failure(failure)


def measure(key: MetricKey, value: float | None, /, **fields: Unpack[Fields]) -> None:
    """Record a value in a histogram; nothing where nobody measures, or where it is None.

    Args:
        key: Its row in `METRICS`.
        value: In the row's unit.
        **fields: Its attributes.
    """
    meter = find_meter()
    if meter is None or value is None:
        return
    try:
        _get(meter, key).record(value, spell_labels(fields))
    except Exception as failure:
        note_failure(failure)


def _get(meter: Meter, key: MetricKey) -> Any:  # noqa: ANN401 - a counter or a histogram
    """Return an instrument; two threads may make it twice, which the SDK takes for one."""
    of, made = _Made.of
    if of is not meter:
        made = {}
        _Made.of = meter, made
    instrument = made.get(key)
    if instrument is None:
        row = METRICS[key]
        if row.buckets:
            try:
                instrument = meter.create_histogram(
                    row.name, row.unit, row.about, explicit_bucket_boundaries_advisory=row.buckets
                )
            except TypeError:  # an API before 1.30: the SDK's own buckets are better than none
                instrument = meter.create_histogram(row.name, row.unit, row.about)
        else:
            instrument = meter.create_counter(row.name, row.unit, row.about)
        made[key] = instrument
    return instrument

"""Take times on a device, and keep to a budget of minutes. Knows clocks; knows nothing about what is timed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

_Result = TypeVar("_Result")


def time_call(call: Callable[[], object]) -> float:
    """Return the seconds that one call takes, by the clock on the wall."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


@dataclass(frozen=True, kw_only=True, slots=True)
class Stopwatch:
    """Times calls; on a GPU it waits until what was asked of it is done."""

    synchronize: Callable[[], object]
    """Waits for the device."""
    most: int = 3
    """Calls that count."""
    enough_s: float = 10.0
    """No further call is made once calls have taken so long, but one counts at the least."""
    clock: Callable[[], float] | None = None
    """Seconds of any beginning: of this process alone, where others share the cores; of the wall unless given."""

    def time(self, call: Callable[[], _Result]) -> tuple[_Result, float]:
        """Return what one call returns, and its seconds."""
        self.synchronize()
        clock = self.clock or time.perf_counter
        began = clock()
        result = call()
        self.synchronize()
        return result, clock() - began

    def median(self, call: Callable[[], object], *, is_warm: bool = False) -> float:
        """Return the median seconds of several calls; the first warms up, unless it takes so long that it is enough."""
        spent, times = 0.0, list[float]()
        while len(times) < self.most and (not times or spent < self.enough_s):
            seconds = self.time(call)[1]
            spent += seconds
            if is_warm or seconds >= self.enough_s:
                times.append(seconds)
            is_warm = True
        return statistics.median(times)


@dataclass(kw_only=True, slots=True)
class Budget:
    """So many minutes, and a guess at what comes next."""

    minutes: float
    """In all."""
    clock: Callable[[], float] = time.monotonic
    """Seconds of any beginning."""
    began: float = field(init=False)
    """When it was made."""

    def __post_init__(self) -> None:
        """Begin now."""
        self.began = self.clock()

    @property
    def spent_s(self) -> float:
        """Seconds since the beginning."""
        return self.clock() - self.began

    def has_room(self, seconds: float) -> bool:
        """Return whether so many seconds are left."""
        return self.spent_s + seconds <= 60 * self.minutes

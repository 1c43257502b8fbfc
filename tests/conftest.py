"""What holds for every test: nothing is asserted about time, hypothesis' deadlines included.

How long each door is fuzzed is said here, too: seconds with `make test`, on the same inputs; hours with `make fuzz`.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

_LARGE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
_how_long = os.environ.get("FUZZ", "")
if _how_long == "hours":
    settings.register_profile("fuzz", deadline=None, max_examples=100_000, suppress_health_check=_LARGE)
elif _how_long.isdecimal():  # so many inputs, by --hypothesis-seed: see benchmarks/fuzz.py
    settings.register_profile(
        "fuzz", deadline=None, max_examples=int(_how_long), database=None, suppress_health_check=_LARGE
    )
else:
    settings.register_profile(
        "fuzz",
        deadline=None,
        max_examples=60,
        derandomize=True,
        database=None,
        suppress_health_check=_LARGE,
    )

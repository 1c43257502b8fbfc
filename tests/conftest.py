"""What holds for every test: nothing is asserted about time, hypothesis' deadlines included."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

"""Tell what is to be known of a calibration when a memory begins to use it. Knows styles; knows nothing about turns."""

from __future__ import annotations

from glyph_memory.errors import warn
from glyph_memory.style import CALIBRATE_AGAIN, ReadingLimits
from glyph_memory.typesetting import style_fingerprint


def warn_of_calibration(limits: ReadingLimits | None) -> None:
    """Warn of styles that are not proven, of other fonts than those that were measured, and of letters not counted.

    Args:
        limits: What the model was found to read; nothing is told of None.
    """
    if limits is None:
        return
    if unproven := [one.kind for one in limits.kinds if not one.is_proven]:
        warn(
            f"the style for {', '.join(unproven)} with {limits.name!r} is not proven: the time was over; "
            f"{CALIBRATE_AGAIN}"
        )
    if any(one.style and one.fingerprint not in {"", style_fingerprint(one.style)} for one in limits.kinds):
        warn(
            f"this calibration of {limits.name!r} was measured with other fonts or drawing libraries than "
            f"those here, and pages may be read otherwise; {CALIBRATE_AGAIN} on this machine"
        )
    if limits.letters is None:
        warn(
            f"this calibration of {limits.name!r} does not say how often letters are misread, so a formula orders "
            f"the identifiers beside pages; {CALIBRATE_AGAIN}"
        )

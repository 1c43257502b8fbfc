"""What a door says of an input: that it was taken or refused, or that it is a finding."""

from __future__ import annotations

_LONGEST = 1000


class Broken(Exception):
    """A property does not hold."""


def require(holds: bool, said: str) -> None:
    """Raise `Broken` where a property does not hold."""
    if not holds:
        raise Broken(said)


def check_line(error: Exception) -> None:
    """Raise `Broken` where an error is not one line that can be printed, and not endless."""
    said = str(error)
    require(0 < len(said) <= _LONGEST, f"an error of {len(said):,} characters: {said[:80]!r}")
    require(
        "\n" not in said and said.isprintable(), f"an error that is not one line to print: {said[:200]!r}"
    )

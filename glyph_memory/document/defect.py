"""What was lost or guessed when a file was read. Knows sentences; knows nothing about documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DefectKind = Literal["left out", "damaged", "guessed", "refused"]
"""What is wrong: something of the file is not in the text; it was broken, and read as far as it goes; something had to
be guessed, such as the encoding; something was not done for safety, such as a macro."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Defect:
    """What was lost or guessed when a file was read."""

    kind: DefectKind
    """What is wrong."""
    message: str
    """What, which and why, in one sentence without its full stop."""

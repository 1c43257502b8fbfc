"""Return what an identifier is: a value that has to be read to the letter, such as a UUID, a path or a phone number.

Knows nothing about how one is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

IdentifierKind = Literal["uuid", "hash", "key", "url", "email", "path", "number", "version", "date", "name"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Identifier:
    """Something whose every character counts."""

    text: str
    """Verbatim."""
    kind: IdentifierKind
    """What it looks like; hosts and addresses are of kind `url`, tickets and tokens of kind `key`."""
    count: int = 1
    """How often it stands in the text it was found in."""

"""Read from a stored seal what erasing has to know of it, also where it comes from another version or is broken.

Knows how seals are spelled as JSON; knows nothing about folding.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glyph_memory.store import SealRecord

_IMAGE_NAME = re.compile(r"[0-9a-f]{64}")
"""What images are named by."""


def find_images(record: SealRecord) -> list[str]:
    """Return the names of a stored seal's page images, and other digests, which name none; of a broken seal, too."""
    return _IMAGE_NAME.findall(record.body)


def find_range(record: SealRecord) -> tuple[int, int] | None:
    """Return the first and the last anchor of a stored seal's turns, `None` where it cannot be read."""
    try:
        anchors = json.loads(record.body)["anchors"]
        return int(anchors[0]), int(anchors[-1])
    except (TypeError, KeyError, ValueError, IndexError, RecursionError):
        return None

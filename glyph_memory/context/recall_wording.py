"""What a model reads beside passages that were found again for it. Knows words; knows nothing about searching."""

from __future__ import annotations

RECALLED = "recalled, as it is no longer shown"
"""Remark on a passage of an evicted turn that is sent again beside a new message."""

"""Identifiers are found whole, in any kind of text, and words are left alone."""

from __future__ import annotations

from glyph_memory.ledger import find_identifiers


def test_each_is_listed_once_in_order_of_first_mention() -> None:
    """Counts say how often it stands there."""
    found = find_identifiers("ORD-482913-K, then 5c2a3ce, then ORD-482913-K again.")
    assert [(i.kind, i.text, i.count) for i in found] == [("key", "ORD-482913-K", 2), ("hash", "5c2a3ce", 1)]

"""Whether an HTML table only places what is in it, as newsletters do. Knows elements; knows nothing about documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

Attributes = dict[str, str | None]

_DATA = frozenset(("th", "thead", "caption"))
"""Elements that only a table of data has."""
_BLOCKS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "hr", "blockquote", "pre"))
"""Elements that cells of data seldom hold."""
_BORDER = re.compile(r"(?:^|;)\s*border(?:-(?:top|right|bottom|left|width|style))?\s*:\s*(?!\s*(?:0|none))")
_BUTTON = re.compile(r"\bbutton\b|\bbtn\b|background|padding")
_SEEN = 400
"""Cells after which it is known what a table is."""


def is_layout(node: LexborNode, attributes: Attributes) -> bool:
    """Return whether a table only places what is in it.

    It says so; or it has a single cell; or nothing calls it data, and it has a single row or column, or half of its
    cells hold headings, pictures, several paragraphs, buttons, tables.
    """
    if (attributes.get("role") or "") in {"presentation", "none"}:
        return True
    rows, blocks, paragraphs, number = list[int](), set[int](), 0, 0
    filled, is_data = set[int](), attributes.get("role") in {"table", "grid"} or _has_border(attributes)
    for one in _iter_own(node):
        name = one.tag or ""
        if name == "tr":
            rows.append(0)
        elif name in {"td", "th"}:
            number, paragraphs = number + 1, 0
            if number > _SEEN or (is_data and number > 1):
                break
        elif number and (not one.is_text_node or (one.text_content or "").strip()):
            paragraphs += name == "p"
            if _is_block(one, name) or paragraphs > 1:
                blocks.add(number)
            if number not in filled and (one.is_text_node or number in blocks):
                filled.add(number)
                rows[-1:] = [rows[-1] + 1 if rows else 1]
        is_data = is_data or name in _DATA or (name == "td" and _has_border(one.attributes))
    if number <= 1:
        return True
    is_single = sum(1 for cells in rows if cells) <= 1 or max(rows) <= 1
    return not is_data and (is_single or 2 * len(blocks) >= len(filled))


def _iter_own(table: LexborNode) -> Iterator[LexborNode]:
    """Yield the elements and texts of a table in order, without those of tables in it."""
    waiting = [table.child]
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        waiting.append(node.next)
        if node.is_element_node or node.is_text_node:
            yield node
        if node.is_element_node and node.tag != "table":
            waiting.append(node.child)


def _has_border(attributes: Attributes) -> bool:
    if (attributes.get("border") or "0").strip() != "0" or attributes.get("rules"):
        return True
    return _BORDER.search((attributes.get("style") or "").lower()) is not None


def _is_block(node: LexborNode, name: str) -> bool:
    if name == "img":
        return node.attributes.get("width") not in {"0", "1"}
    if name == "a":
        given = node.attributes
        return _BUTTON.search(f"{given.get('class') or ''} {given.get('style') or ''}".lower()) is not None
    return name in _BLOCKS

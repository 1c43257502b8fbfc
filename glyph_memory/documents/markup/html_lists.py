"""Lists of a page and the numbers of their items. Knows numbers; knows nothing about text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glyph_memory.documents.markup.html_values import read_count

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

Attributes = dict[str, str | None]


@dataclass(kw_only=True, slots=True)
class ItemCount:
    """The items of one list so far."""

    is_numbered: bool = False
    """Whether they have numbers, and not bullets."""
    number: int = 0
    """That of the last item."""
    step: int = 1
    """From one to the next; -1 in a list that counts down."""
    style: str = "1"
    """How numbers are written: `1`, `a`, `A`, `i`, `I`."""

    def next_marker(self, value: str | None) -> str:
        """Return what stands before the next item.

        Args:
            value: The number that it claims to have.
        """
        self.number = read_count(value, otherwise=self.number + self.step)
        return f"{name_number(self.number, self.style)}." if self.is_numbered else "•"


def begin_count(name: str, attributes: Attributes, count: int) -> ItemCount:
    """Return the count of a list that begins.

    Args:
        name: `ol`, `ul`, `dl`.
        attributes: Of the list.
        count: How many items it has, where it counts down; else 0.
    """
    step = -1 if count else 1
    start = read_count(attributes.get("start"), otherwise=count or 1)
    style = attributes.get("type") or "1"
    return ItemCount(is_numbered=name == "ol", number=start - step, step=step, style=style)


def count_items(node: LexborNode, attributes: Attributes) -> int:
    """Return how many items a list has, where it counts down."""
    if "reversed" not in attributes:
        return 0
    count, child = 0, node.child
    while child is not None:
        count, child = count + (child.tag == "li"), child.next
    return count


def name_number(number: int, style: str) -> str:
    """Return a list's number as its type writes it: `1`, `a`, `A`, `i`, `I`.

    Example:
        >>> name_number(4, "i"), name_number(28, "A"), name_number(7, "1")
        ('iv', 'AB', '7')
    """
    if number < 1 or style not in {"a", "A", "i", "I"} or (style in "iI" and number > 3999):
        return str(number)
    if style in "aA":
        name = ""
        while number:
            number, letter = divmod(number - 1, 26)
            name = chr(97 + letter) + name
    else:
        name = ""
        for value, roman in _ROMAN:
            name += roman * (number // value)
            number %= value
    return name.upper() if style.isupper() else name


_ROMAN = tuple(
    zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ["m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"],
        strict=True,
    )
)

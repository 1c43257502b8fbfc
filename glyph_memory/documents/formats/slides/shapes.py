"""The shapes of a slide in reading order: the title first, then from top to bottom and from left to right.

A placeholder may leave its place to the slide's layout, and that to the master. Knows places and names of shapes; knows
nothing about what they say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from glyph_memory.documents.formats.office.names import find_path, number, unfold
from glyph_memory.errors import DocumentError

TITLES = frozenset({"title", "ctrTitle"})
_LIKE = {"ctrTitle": "title", "subTitle": "body", "obj": "body", "": "body"}
"""Which kind of the master's placeholders a kind of the slide's follows."""
_SHAPES = frozenset({"p:sp", "p:pic", "p:graphicFrame", "p:grpSp", "p:cxnSp"})
_FRAMES = ("p:spPr/a:xfrm", "p:xfrm", "p:grpSpPr/a:xfrm")


@dataclass(frozen=True, kw_only=True, slots=True)
class Placeholder:
    """Which part of a layout a shape fills."""

    kind: str
    """`title`, `body`, `pic`; empty for one that takes anything."""
    index: str
    """Its number in the layout."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """A shape of a slide."""

    element: Element
    """As the file has it."""
    placeholder: Placeholder | None
    """What it fills; None for one that stands by itself."""
    left: int
    """Its left edge, in EMU; of a shape in a group, as the group counts."""
    top: int
    """Its upper edge."""
    height: int
    """How high it is."""


def find_placeholder(element: Element) -> Placeholder | None:
    """Return what a shape fills; None where it stands by itself."""
    properties = next((child for child in element if child.tag.startswith("p:nv")), None)
    found = find_path(properties, "p:nvPr/p:ph") if properties is not None else None
    return Placeholder(kind=found.get("type", ""), index=found.get("idx", "0")) if found is not None else None


def find_pattern(pattern: Element | None, wanted: Placeholder, *, is_master: bool) -> Element | None:
    """Return the shape of a layout or master that a placeholder follows; None where there is none.

    Args:
        pattern: The root of the layout or master.
        wanted: The placeholder.
        is_master: Masters are followed by kind, layouts by number.
    """
    if pattern is None:
        return None
    known = [(one, found) for one in pattern.iter("p:sp") if (found := find_placeholder(one)) is not None]
    if not is_master and (same := next((one for one, found in known if found == wanted), None)) is not None:
        return same
    if not is_master and wanted.index != "0":
        by_index = (one for one, found in known if found.index == wanted.index)
        if (same := next(by_index, None)) is not None:
            return same
    kind = _LIKE.get(wanted.kind, wanted.kind)
    return next((one for one, found in known if _LIKE.get(found.kind, found.kind) == kind), None)


def order_shapes(
    tree: Element, patterns: tuple[Element | None, Element | None], *, depth: int, shown: str
) -> list[Shape]:
    """Return the shapes of a slide in reading order, those of groups among them.

    Args:
        tree: A `p:spTree`.
        patterns: The roots of the slide's layout and of its master.
        depth: How deep groups may be nested.
        shown: The file's name for messages.

    Raises:
        DocumentError: Groups are nested deeper.
    """
    ordered = [*_walk(tree, patterns, depth, shown)]
    titles = [shape for shape in ordered if _is_title(shape)]
    return titles + [shape for shape in ordered if not _is_title(shape)]


def _is_title(shape: Shape) -> bool:
    return shape.placeholder is not None and shape.placeholder.kind in TITLES


def _walk(
    tree: Element, patterns: tuple[Element | None, Element | None], depth: int, shown: str
) -> Iterator[Shape]:
    if depth < 0:
        raise DocumentError(
            f"{shown} has groups of shapes nested too deep; raise Limits.depth, if it is honest"
        )
    shapes = [_place(element, patterns) for element in unfold(tree, {}) if element.tag in _SHAPES]
    for row in _list_rows(shapes):
        for shape in sorted(row, key=lambda one: one.left):
            if shape.element.tag == "p:grpSp":
                yield from _walk(shape.element, patterns, depth - 1, shown)
            else:
                yield shape


def _list_rows(shapes: list[Shape]) -> Iterator[list[Shape]]:
    """Yield rows of shapes from top to bottom: those that begin in the upper half of the row's first one."""
    row = list[Shape]()
    for shape in sorted(shapes, key=lambda one: one.top):
        if row and shape.top > row[0].top + min(row[0].height, shape.height) // 2:
            yield row
            row = []
        row.append(shape)
    if row:
        yield row


def _place(element: Element, patterns: tuple[Element | None, Element | None]) -> Shape:
    placeholder = find_placeholder(element)
    candidates: list[Element | None] = [element]
    if placeholder is not None:
        layout, master = patterns
        candidates += [
            find_pattern(layout, placeholder, is_master=False),
            find_pattern(master, placeholder, is_master=True),
        ]
    for one in candidates:
        frame = next(
            (found for path in _FRAMES if one is not None and (found := find_path(one, path)) is not None),
            None,
        )
        offset = frame.find("a:off") if frame is not None else None
        if frame is not None and offset is not None:
            size = frame.find("a:ext")
            return Shape(
                element=element,
                placeholder=placeholder,
                left=number(offset.get("x")),
                top=number(offset.get("y")),
                height=number(size.get("cy")) if size is not None else 0,
            )
    return Shape(element=element, placeholder=placeholder, left=0, top=0, height=0)

"""Charts and diagrams of Office files as what they say: a table of numbers, a list. Knows neither axes nor shapes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from xml.etree.ElementTree import Element

from glyph_memory.documents.builder import Builder
from glyph_memory.documents.formats.office.names import find_path, number
from glyph_memory.documents.formats.office.package import Package
from glyph_memory.errors import show_value

_POINTS_AT_MOST = 100_000
"""Of all series of a chart together: what is beyond is told."""


def add_chart(package: Package, part: str, identifier: str, builder: Builder) -> None:
    """Add a chart as its title and a table: a row for each category, a column for each series.

    Args:
        package: The Office file.
        part: The part that shows it.
        identifier: Of the relation to it.
        builder: Gets the table.
    """
    root = _find_part(package, part, identifier, builder, "chart")
    if root is None:
        return
    if title := _read_words(find_path(root, "c:chart/c:title")):
        builder.add_paragraph(title)
    charts = find_path(root, "c:chart/c:plotArea")
    for group in charts if charts is not None else ():
        series = group.findall("c:ser")
        if series:
            _add_series(series, builder)


def _add_series(series: list[Element], builder: Builder) -> None:
    names = [_read_name(one, place) for place, one in enumerate(series, start=1)]
    columns = [_read_points(_first(one, "c:val", "c:yVal")) for one in series]
    sizes = [_read_points(one.find("c:bubbleSize")) for one in series]
    labels = [_read_points(_first(one, "c:cat", "c:xVal")) for one in series]
    if all(label == labels[0] or not label for label in labels):  # one column of categories, as nearly always
        table = [labels[0], *columns]
        head = ["", *names]
    else:
        table = [points for pair in zip(labels, columns, strict=True) for points in pair]
        head = [text for name in names for text in ("", name)]
    for name, size in zip(names, sizes, strict=True):
        if size:
            table.append(size)
            head.append(f"{name} (size)")
    if sum(map(len, table)) > _POINTS_AT_MOST:
        builder.add_defect(
            "left out", f"a chart of more than {_POINTS_AT_MOST:,} points, {show_value(names[0])}"
        )
        return
    places = sorted({place for column in table for place in column})
    builder.add_table(
        [head, *([column.get(place, "") for column in table] for place in places)], header_rows=1
    )


def _first(parent: Element, *names: str) -> Element | None:
    return next((found for name in names if (found := parent.find(name)) is not None), None)


def _read_name(series: Element, place: int) -> str:
    name = series.find("c:tx")
    texts = [found.text or "" for found in name.iter("c:v")] if name is not None else []
    return " ".join(" ".join(texts).split()) or f"series {place}"


def _read_points(element: Element | None) -> dict[int, str]:
    """Return the values of a series by their place; of categories in several levels, the levels joined."""
    found = dict[int, str]()
    if element is None:
        return found
    levels = [*element.iter("c:lvl")] or [element]
    for level in reversed(levels):  # the last one is the outermost
        last = ""
        is_date = level is element and _is_date_format(
            next((one.text or "" for one in level.iter("c:formatCode")), "")
        )
        points = {
            number(one.get("idx")): _write_date(text) if is_date else text
            for one in level.iter("c:pt")
            for text in [(one.findtext("c:v") or "").strip()]
        }
        if level is levels[0]:
            for place, text in points.items():
                found[place] = f"{found.get(place, '')} {text}".strip()
            continue
        inner = sorted({number(one.get("idx")) for one in levels[0].iter("c:pt")})
        for place in inner:  # an outer category stands once, where it begins
            last = points.get(place, last)
            found[place] = f"{found.get(place, '')} {last}".strip()
    return found


def _is_date_format(code: str) -> bool:
    """Return whether a format of numbers writes dates: it has the letters of years and days outside of quotes."""
    plain = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", code).lower()
    return "y" in plain or "d" in plain


def _write_date(text: str) -> str:
    """Return the date of a number of days, as Office counts them from the end of 1899; the text where it is none."""
    try:
        return (datetime(1899, 12, 30) + timedelta(days=float(text))).isoformat(" ").removesuffix(" 00:00:00")
    except (ValueError, OverflowError):
        return text


def _read_words(element: Element | None) -> str:
    if element is None:
        return ""
    return " ".join("".join(text.text or "" for text in element.iter() if text.tag in {"a:t", "c:v"}).split())


def add_diagram(package: Package, part: str, identifier: str, builder: Builder) -> None:
    """Add a diagram ("SmartArt") as a list, nested as its shapes belong to each other.

    Args:
        package: The Office file.
        part: The part that shows it.
        identifier: Of the relation to its data.
        builder: Gets the list.
    """
    root = _find_part(package, part, identifier, builder, "diagram")
    if root is None:
        return
    points = {one.get("modelId", ""): one for one in root.iter("dgm:pt")}
    inner = dict[str, list[tuple[int, str]]]()
    held = set[str]()
    for link in root.iter("dgm:cxn"):
        if link.get("type", "parOf") == "parOf":
            inner.setdefault(link.get("srcId", ""), []).append(
                (number(link.get("srcOrd")), link.get("destId", ""))
            )
            held.add(link.get("destId", ""))
    outer = [name for name in points if name not in held]
    before, seen = builder.indent, set[str]()
    for depth, name in _walk(outer, inner, points, seen):
        builder.indent = before + depth
        _add_point(points[name], builder)
    builder.indent = before
    for name in points.keys() - seen:  # in a circle, which no program writes
        _add_point(points[name], builder)


def _walk(
    outer: list[str], inner: dict[str, list[tuple[int, str]]], points: dict[str, Element], seen: set[str]
) -> Iterator[tuple[int, str]]:
    stack = [(0, name) for name in reversed(outer)]
    while stack:
        depth, name = stack.pop()
        if name in seen or name not in points:
            continue
        seen.add(name)
        yield max(depth - 1, 0), name  # the document itself is the outermost point, and says nothing
        stack += [(depth + 1, one) for _, one in sorted(inner.get(name, ()), reverse=True)]


def _add_point(point: Element, builder: Builder) -> None:
    if point.get("type", "node") not in {"node", "asst", "doc"}:
        return
    lines = ("".join(text.text or "" for text in line.iter("a:t")).strip() for line in point.iter("a:p"))
    if words := "\n".join(line for line in lines if line):
        builder.add_item(words)


def _find_part(package: Package, part: str, identifier: str, builder: Builder, name: str) -> Element | None:
    relation = package.list_relations(part).get(identifier)
    if relation is None or relation.is_external or relation.target not in package.archive:
        builder.add_defect(
            "damaged", f"a {name} of the file is missing: {show_value(identifier)} leads nowhere"
        )
        return None
    return package.parse(relation.target)

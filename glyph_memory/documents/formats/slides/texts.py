"""The text of a shape: paragraphs in marked pieces, each with the bullet that a slide shows before it.

A bullet may be told by the paragraph, its shape, the slide's layout or the master: the first that says so decides.
Knows DrawingML text; knows nothing about where shapes stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from glyph_memory.document import SpanKind
from glyph_memory.documents.formats.office.math import write_latex
from glyph_memory.documents.formats.office.names import number, unfold, value, value_of
from glyph_memory.documents.formats.office.numerals import write_number
from glyph_memory.documents.formats.office.package import Relation
from glyph_memory.documents.formats.office.symbols import write_bullet
from glyph_memory.documents.inline import Run
from glyph_memory.documents.scripts import move_script

_FORMS = {
    "arabic": "decimal",
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
}
_AUTOMATIC = re.compile(r"(arabic|alphaLc|alphaUc|romanLc|romanUc)\w*?(ParenBoth|ParenR|Period|Plain|Minus|)")
_AROUND = {"ParenBoth": "({})", "ParenR": "{})", "Period": "{}.", "Minus": "- {} -"}
_BULLETS = frozenset({"a:buNone", "a:buChar", "a:buAutoNum", "a:buBlip"})
_LEVELS = 9


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A paragraph of a shape."""

    runs: list[Run]
    """Its text; newlines are line breaks."""
    marker: str
    """What stands before it; empty where it is no item of a list."""
    level: int
    """How many lists it stands in beyond the first."""
    is_formula: bool
    """Whether it is one formula and nothing else."""


def read_lines(
    body: Element, styles: Sequence[Element | None], relations: Mapping[str, Relation]
) -> Iterator[Line]:
    """Yield the paragraphs of a text body that have any text.

    Args:
        body: A `p:txBody` or `a:txBody`.
        styles: Where bullets are told, beyond the body itself: `a:lstStyle` of layout and master, in this order.
        relations: Of the part: where links lead.
    """
    counts = dict[int, int]()
    for paragraph in body.findall("a:p"):
        properties = paragraph.find("a:pPr")
        level = min(max(number(value(properties, "lvl", "0")), 0), _LEVELS - 1)
        runs = read_runs(paragraph, relations)
        if not "".join(run.text for run in runs).strip():
            continue
        bullet = _find_bullet(properties, level, [body.find("a:lstStyle"), *styles])
        for deeper in [place for place in counts if place > level]:
            del counts[deeper]
        if bullet is None or bullet.tag != "a:buAutoNum":
            counts.pop(level, None)
        else:
            counts[level] = counts.get(level, number(bullet.get("startAt"), 1) - 1) + 1
        is_formula = all(run.kinds == ("formula",) or not run.text.strip() for run in runs)
        marker = _write_marker(bullet, counts.get(level, 1), properties)
        yield Line(runs=runs, marker=marker, level=level, is_formula=is_formula)


def _find_bullet(properties: Element | None, level: int, styles: Sequence[Element | None]) -> Element | None:
    told = [properties] + [one.find(f"a:lvl{level + 1}pPr") for one in styles if one is not None]
    return next((child for one in told if one is not None for child in one if child.tag in _BULLETS), None)


def _write_marker(bullet: Element | None, count: int, properties: Element | None) -> str:
    if bullet is None or bullet.tag == "a:buNone":
        return ""
    if bullet.tag == "a:buChar":
        font = value_of(properties, "a:buFont", "typeface")
        return write_bullet(bullet.get("char", ""), font) or "•"
    found = _AUTOMATIC.fullmatch(bullet.get("type", ""))
    if bullet.tag == "a:buBlip":
        return "•"
    if found is None:
        return f"{count}."
    return _AROUND.get(found[2], "{}").format(write_number(count, _FORMS[found[1]]))


def read_runs(paragraph: Element, relations: Mapping[str, Relation]) -> list[Run]:
    """Return a paragraph's text in pieces.

    Args:
        paragraph: An `a:p`.
        relations: Of the part: where links lead.
    """
    runs = list[Run]()
    for child in unfold(paragraph, {"a14:m": None, "m:oMathPara": None}):
        if child.tag == "a:br":
            runs.append(Run("\n"))
        elif child.tag == "m:oMath":
            runs.append(Run(write_latex(child), ("formula",)))
        elif child.tag in {"a:r", "a:fld"}:
            properties = child.find("a:rPr")
            text = (child.findtext("a:t") or "").replace("\u00ad", "").replace("\v", "\n")
            raised = number(value(properties, "baseline", "0"))
            place = "superscript" if raised > 0 else "subscript" if raised < 0 else ""
            kinds, target = _find_marks(properties, relations)
            runs.append(Run(move_script(text, place), kinds, target))
    return runs


def _find_marks(
    properties: Element | None, relations: Mapping[str, Relation]
) -> tuple[tuple[SpanKind, ...], str]:
    if properties is None:
        return (), ""
    link = properties.find("a:hlinkClick")
    relation = relations.get(link.get("r:id", "")) if link is not None else None
    target = relation.target if relation is not None else ""
    marks: tuple[tuple[bool, SpanKind], ...] = (
        (properties.get("b", "0") in {"1", "true"}, "strong"),
        (properties.get("i", "0") in {"1", "true"}, "emphasis"),
        (properties.get("strike", "noStrike") != "noStrike", "struck"),
        (bool(target), "link"),
    )
    return tuple(kind for held, kind in marks if held), target


def read_flat(body: Element, relations: Mapping[str, Relation]) -> list[Run]:
    """Return a text body as one text, its paragraphs on lines of their own: that of a table's cell.

    Args:
        body: An `a:txBody`.
        relations: Of the part: where links lead.
    """
    joined = list[Run]()
    for line in read_lines(body, (), relations):
        runs = [Run(f"{line.marker} "), *line.runs] if line.marker else line.runs
        joined += [Run("\n"), *runs] if joined else runs
    return [Run(run.text.replace("\t", " "), run.kinds, run.target) for run in joined]

"""Pictures of Office files: their bytes, their words, their width. Knows files of pictures; decodes none."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from glyph_memory.document import Defect
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.formats.office.names import number
from glyph_memory.documents.formats.office.package import Package
from glyph_memory.documents.options import LoadOptions
from glyph_memory.errors import show_value

EMU_PER_PT = 12_700
"""English Metric Units, in which Office files measure."""
_PICTURE_BYTES = 100_000_000


def describe_picture(properties: Element | None) -> str:
    """Return the words that an author gave to a picture; its automatic name, `Picture 1`, is none.

    Args:
        properties: `wp:docPr` or `p:cNvPr`.
    """
    if properties is None:
        return ""
    texts = (properties.get("descr", ""), properties.get("title", ""))
    return next((" ".join(text.split()) for text in texts if text.strip()), "")


def measure_width(extent: Element | None) -> float | None:
    """Return a picture's width in points, from the element that has its size; None where none is given."""
    emu = number(extent.get("cx")) if extent is not None else 0
    return round(emu / EMU_PER_PT, 1) if emu > 0 else None


def read_picture(
    package: Package, part: str, identifier: str, *, builder: Builder, options: LoadOptions
) -> bytes | None:
    """Return the file of a picture; None where its words have to stand for it, and why is reported.

    Args:
        package: The Office file.
        part: The part that shows it.
        identifier: Of the relation to it.
        builder: Gets the report.
        options: Whether pictures are wanted, and how large ones.
    """
    if not options.pictures or not identifier:
        return None
    relation = package.list_relations(part).get(identifier)
    problem: Defect | None = None
    data = None
    if relation is None or not (relation.is_external or relation.target in package.archive):
        name = identifier if relation is None else relation.target
        problem = Defect(kind="damaged", message=f"the picture {show_value(name)} is missing in the file")
    elif relation.is_external:
        message = f"the picture {show_value(relation.target)} lies outside the file and was not fetched"
        problem = Defect(kind="refused", message=message)
    else:
        data, trouble = _read_checked(package, relation.target)
        if trouble:
            problem = Defect(kind="left out", message=f"the picture {show_value(relation.target)} {trouble}")
    if problem is not None:
        builder.add_defect(problem.kind, problem.message)
    return data


def _read_checked(package: Package, name: str) -> tuple[bytes | None, str]:
    """Return a picture's file, or None and why it is not read. Whether it can be drawn is for the `Builder` to say."""
    if package.archive.size(name) > _PICTURE_BYTES:
        return None, f"has more than {_PICTURE_BYTES:,} bytes"
    return package.archive.read(name), ""

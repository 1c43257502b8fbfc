"""What a workbook's archive holds besides the values of cells, so that it can be told. Knows members of archives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from glyph_memory.document import Defect
from glyph_memory.documents.archives import Archive
from glyph_memory.documents.options import Limits
from glyph_memory.documents.spreadsheets.far_cells import drop_far_cells
from glyph_memory.documents.spreadsheets.ods_scan import CONTENT, scan_ods
from glyph_memory.documents.spreadsheets.xlsb_scan import scan_xlsb
from glyph_memory.documents.spreadsheets.xlsx_scan import SheetFacts, scan_sheets
from glyph_memory.errors import DocumentError

_LEFT_OUT = (
    ("xl/comments", "comments"),
    ("xl/threadedcomments/", "threaded comments"),
    ("xl/charts/", "charts"),
    ("xl/media/", "pictures"),
    ("pictures/", "pictures"),
    ("object 1/", "charts"),
)
_DRAWING_BYTES = 50_000_000
_MACROS = Defect(kind="refused", message="the workbook has macros; they are neither run nor read")


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What is known of a workbook before calamine opens it."""

    sheets: Mapping[str, SheetFacts] = field(default_factory=dict)
    """What the XML of each sheet holds, of XLSX."""
    copy: BinaryIO | None = None
    """The workbook without what costs too much, where that is needed."""
    defects: tuple[Defect, ...] = ()
    """What is left out of it, or not run."""


def describe_old(errors: int, *, has_macros: bool) -> Contents:
    """Return what is told of an XLS file."""
    told = ([_MACROS] if has_macros else []) + ([_tell_errors(errors)] if errors else [])
    return Contents(defects=tuple(told))


def find_contents(archive: Archive, limits: Limits) -> Contents:
    """Return what a workbook's archive holds.

    Raises:
        DocumentError: It is no workbook, or one that no honest program writes.
    """
    names = [name.lower() for name in archive.names]
    defects = list[Defect]()
    if any(name.endswith("vbaproject.bin") or name.startswith("basic/") for name in names):
        defects.append(_MACROS)
    for beginning, what in _LEFT_OUT:
        if any(name.startswith(beginning) for name in names):
            defects.append(Defect(kind="left out", message=f"the workbook's {what} are not read"))
    facts, copy = dict[str, SheetFacts](), None
    if "xl/workbook.xml" in archive:
        facts = scan_sheets(archive, limits)
        copy = drop_far_cells(archive, facts, limits.cells)
        if any(_has_words(archive, name) for name in archive.names if name.startswith("xl/drawings/drawing")):
            defects.append(Defect(kind="left out", message="the workbook's text boxes are not read"))
    elif "xl/workbook.bin" in archive:
        if errors := scan_xlsb(archive, limits):
            defects.append(_tell_errors(errors))
    elif CONTENT in archive:
        facts, told = scan_ods(archive, limits)
        defects += told
    else:
        raise DocumentError(
            f"{archive.shown} has no sheets in it; is it a workbook, or an archive of another kind?"
        )
    return Contents(sheets=facts, copy=copy, defects=tuple(dict.fromkeys(defects)))


def _has_words(archive: Archive, name: str) -> bool:
    try:
        return b"<a:t>" in archive.read(name, at_most=_DRAWING_BYTES)
    except DocumentError:  # broken, or too large: it may have some
        return True


def _tell_errors(count: int) -> Defect:
    return Defect(
        kind="left out",
        message=f"{count:,} cells hold an error such as #DIV/0!, which is not told apart: they are empty",
    )

"""An Office file as parts that relate to each other: which part is which, and what it links to.

Each part is read when it is asked for, long ones piece by piece; links out of the file are never followed. Knows parts
and relations; knows nothing about what they say.
"""

from __future__ import annotations

import io
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from xml.etree.ElementTree import Element

from glyph_memory.documents.archives import open_archive
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.formats.office.names import ShortNames
from glyph_memory.documents.formats.old_office import OLE, describe_old_office
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.safe_xml import read_events
from glyph_memory.documents.source import Source
from glyph_memory.errors import DocumentError, show_value

_PART_BYTES = 200_000_000
"""Of a part that is held whole, such as a slide or all footnotes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Relation:
    """What a part links to."""

    kind: str
    """The last word of its type: `image`, `hyperlink`, `slide`."""
    target: str
    """The part's name in the archive; of an external one, the address as it stands."""
    is_external: bool
    """Whether it leads out of the file."""


class Package:
    """An Office file; to be used in a `with`."""

    def __init__(self, source: Source, options: LoadOptions) -> None:
        """Open the file.

        Args:
            source: The file.
            options: Their limits hold.

        Raises:
            DocumentError: It is no sound zip file, or an Office file of before 2007.
        """
        if source.head.startswith(OLE):
            raise describe_old_office(source)
        self.archive = open_archive(source, options)
        self.shown = source.shown
        """The file's name for messages, quoted."""
        self._depth = (
            10 * options.limits.depth
        )  # a paragraph in a cell in a box stands in some thirty elements
        self._names = ShortNames()
        self._relations = dict[str, dict[str, Relation]]()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file.

        Raises:
            DocumentError: What was read inside is nested too deep.
        """
        self.archive.close()
        if isinstance(error, RecursionError):
            raise DocumentError(f"{self.shown} is nested too deep to be read; save it anew") from error

    def find_main(self, default: str) -> str:
        """Return the name of the part that all others belong to.

        Args:
            default: Where it is, if the file does not say so.
        """
        named = self.find_related("", "officeDocument")
        return named if named is not None else default

    def find_related(self, part: str, kind: str) -> str | None:
        """Return the name of the first part of a kind that a part links to; None where there is none."""
        related = self.list_relations(part).values()
        targets = (one.target for one in related if one.kind == kind and not one.is_external)
        return next((target for target in targets if target in self.archive), None)

    def list_relations(self, part: str) -> dict[str, Relation]:
        """Return what a part links to, by id; nothing where the file does not say.

        Args:
            part: Its name; empty for the file as a whole.
        """
        if part not in self._relations:
            folder, name = posixpath.split(part)
            where = posixpath.join(folder, "_rels", f"{name}.rels")
            found = dict[str, Relation]()
            for one in self.parse(where) if where in self.archive else ():
                is_external = one.get("TargetMode", "").lower() == "external"
                target = one.get("Target", "")
                kind = one.get("Type", "").rpartition("/")[2]
                if not is_external:
                    target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                found[one.get("Id", "")] = Relation(kind=kind, target=target, is_external=is_external)
            self._relations[part] = found
        return self._relations[part]

    def parse(self, part: str) -> Element:
        """Return the root of a part, held whole, with short names.

        Raises:
            DocumentError: There is no such part, it is broken, or too long.
        """
        data = self.archive.read(part, at_most=_PART_BYTES)
        root: Element | None = None
        for event, element in read_events(io.BytesIO(data), shown=self._show(part), depth=self._depth):
            if event == "start":
                self._shorten(element)
                root = element if root is None else root
        if root is None:
            raise DocumentError(f"{self._show(part)} is empty; get the file again")
        return root

    def stream(self, part: str, container: str) -> Iterator[Element]:
        """Yield what stands in an element of a part, one by one, each whole and with short names, and forget it then.

        Args:
            part: Its name.
            container: The element, as `w:body`.

        Raises:
            DocumentError: There is no such part, or it is broken; while reading on, too.
        """
        parent: Element | None = None
        level = found_at = 0
        with self.archive.open(part) as file:
            for event, element in read_events(file, shown=self._show(part), depth=self._depth):
                if event == "start":
                    level += 1
                    self._shorten(element)
                    if parent is None and element.tag == container:
                        parent, found_at = element, level
                    continue
                if parent is not None and level == found_at + 1:
                    yield element
                    parent.clear()
                level -= 1

    def contains(self, part: str, needle: bytes) -> bool:
        """Return whether bytes stand in a part, without parsing it."""
        before = b""
        with self.archive.open(part) as file:
            while block := file.read(1 << 16):
                if needle in before + block:
                    return True
                before = block[-len(needle) :]
        return False

    def find_title(self) -> str:
        """Return the title that the file gives itself; empty where it gives none."""
        part = self.find_related("", "core-properties") or "docProps/core.xml"
        if part not in self.archive:
            return ""
        return " ".join((self.parse(part).findtext("dc:title") or "").split())

    def report_refusals(self, builder: Builder) -> None:
        """Report what the file brings along that is never run or opened: macros, controls, embedded objects."""
        for name in self.archive.names:
            small = name.lower()
            if small.endswith("vbaproject.bin"):
                builder.add_defect("refused", f"the macros in {show_value(name)} were not run")
            elif "/activex/" in small and small.endswith(".xml"):
                builder.add_defect("refused", f"the control {show_value(name)} was not run")
            elif "/embeddings/" in small and small.endswith(".bin"):
                builder.add_defect("refused", f"the embedded object {show_value(name)} was not opened")

    def _shorten(self, element: Element) -> None:
        names = self._names
        element.tag = names[element.tag]
        if element.attrib:
            element.attrib = {names[name]: text for name, text in element.attrib.items()}

    def _show(self, part: str) -> str:
        return f"{show_value(part)} in {self.shown}"

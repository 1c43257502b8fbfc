"""Read a presentation slide by slide: its title as a heading, its shapes in reading order, then its notes.

Hidden slides are read and told; what stands on every slide, such as its footer, is told once as left out. Knows
PresentationML; shapes, texts and charts are other modules' work.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from glyph_memory.document import Document, Merge
from glyph_memory.documents.archives import recognize_archive
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.formats.format import Format
from glyph_memory.documents.formats.office.charts import add_chart, add_diagram
from glyph_memory.documents.formats.office.names import OFF, find_path, number, unfold, value
from glyph_memory.documents.formats.office.package import Package
from glyph_memory.documents.formats.office.pictures import describe_picture, measure_width, read_picture
from glyph_memory.documents.formats.slides.shapes import (
    TITLES,
    Placeholder,
    Shape,
    find_pattern,
    find_placeholder,
    order_shapes,
)
from glyph_memory.documents.formats.slides.texts import read_flat, read_lines
from glyph_memory.documents.inline import Run
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.source import Source
from glyph_memory.errors import DocumentError, show_value

_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_MAIN = "ppt/presentation.xml"
_CONTENT = tuple(
    f"{kind}.main+xml"
    for kind in (
        "presentationml.presentation",
        "presentationml.slideshow",
        "presentationml.template",
        "ms-powerpoint.presentation.macroEnabled",
        "ms-powerpoint.slideshow.macroEnabled",
        "ms-powerpoint.template.macroEnabled",
    )
)
_MARGINS = frozenset({"dt", "ftr", "hdr", "sldNum", "sldImg"})
_COLUMNS_AT_MOST = 1_000


def read_slides(source: Source, options: LoadOptions) -> Iterator[Document]:
    """Yield a presentation, a long one in parts; `LoadOptions.pages` says which slides.

    Raises:
        DocumentError: It is no sound presentation; while reading on, too.
    """
    with Package(source, options) as package:
        yield from _Reader(source, package, options).read()


class _Reader:
    """Reads one presentation."""

    def __init__(self, source: Source, package: Package, options: LoadOptions) -> None:
        self._main = package.find_main(_MAIN)
        if self._main not in package.archive:
            raise DocumentError(f"{source.shown} has no presentation in it; is it of another format?")
        self._package, self._options = package, options
        self._builder = Builder(
            title=package.find_title() or source.name, source=source.path, media_type=_TYPE
        )
        self._patterns = dict[str, Element]()
        self._slide, self._number = "", 0

    def read(self) -> Iterator[Document]:
        """Yield the presentation in parts."""
        self._package.report_refusals(self._builder)
        relations = self._package.list_relations(self._main)
        slides = find_path(self._package.parse(self._main), "p:sldIdLst")
        listed = [
            one.get("r:id", "") for one in (slides if slides is not None else ()) if one.tag == "p:sldId"
        ]
        if len(listed) > self._options.limits.pages:
            raise DocumentError(
                f"{self._package.shown} has {len(listed):,} slides, more than {self._options.limits.pages:,}; raise "
                "Limits.pages"
            )
        for place, identifier in enumerate(listed, start=1):
            if not self._options.wants_page(place):
                continue
            relation = relations.get(identifier)
            self._number = place
            if relation is None or relation.target not in self._package.archive:
                self._builder.add_defect("damaged", f"slide {place} is listed and not in the file")
                continue
            self._slide = relation.target
            self._read_slide()
            yield from self._builder.pop_part(self._options.part_characters)
        if not self._builder.is_empty:
            yield self._builder.build()

    def _read_slide(self) -> None:
        builder, package = self._builder, self._package
        builder.set_location(page=self._number)
        root = package.parse(self._slide)
        if root.get("show", "1") in OFF:
            builder.add_defect("guessed", f"slide {self._number} is hidden; it is read all the same")
        layout, master = self._find_patterns()
        tree = find_path(root, "p:cSld/p:spTree")
        depth = self._options.limits.depth
        shapes = (
            order_shapes(tree, (layout, master), depth=depth, shown=package.shown) if tree is not None else []
        )
        if builder.size and not any(self._is_title(shape) for shape in shapes):
            builder.add_rule()  # a title parts slides, or else a line
        for shape in shapes:
            self._add_shape(shape, layout, master)
        self._add_notes()
        for relation in package.list_relations(self._slide).values():
            if relation.kind == "comments":
                builder.add_defect("left out", f"the comments on slide {self._number}")
            elif relation.is_external and relation.kind not in {"hyperlink", "image"}:
                target = show_value(relation.target)
                builder.add_defect("refused", f"the link to {target} ({relation.kind}) was not followed")

    @staticmethod
    def _is_title(shape: Shape) -> bool:
        is_filled = any((text.text or "").strip() for text in shape.element.iter("a:t"))
        return shape.placeholder is not None and shape.placeholder.kind in TITLES and is_filled

    def _find_patterns(self) -> tuple[Element | None, Element | None]:
        """Return the roots of the slide's layout and master, each parsed once."""
        name = self._package.find_related(self._slide, "slideLayout")
        master = self._package.find_related(name, "slideMaster") if name else None
        return (self._parse_pattern(name) if name else None, self._parse_pattern(master) if master else None)

    def _parse_pattern(self, name: str) -> Element:
        if name not in self._patterns:
            root = self._patterns[name] = self._package.parse(name)
            fixed = (one for one in root.iter("p:sp") if find_placeholder(one) is None)
            text = " ".join("".join(text.text or "" for text in one.iter("a:t")) for one in fixed)
            self._report_margin(text, "pattern")
        return self._patterns[name]

    def _report_margin(self, text: str, name: str) -> None:
        if text := " ".join(text.split()):
            self._builder.add_defect("left out", f"the {name} of the slides, {show_value(text, at_most=400)}")

    def _add_shape(self, shape: Shape, layout: Element | None, master: Element | None) -> None:
        element, placeholder = shape.element, shape.placeholder
        if element.tag == "p:pic":
            self._add_picture(element)
        elif element.tag == "p:graphicFrame":
            self._add_frame(element)
        elif placeholder is not None and placeholder.kind in _MARGINS:
            if placeholder.kind in {"ftr", "dt"}:
                self._report_margin("".join(text.text or "" for text in element.iter("a:t")), "footer")
        elif (body := element.find("p:txBody")) is not None:
            styles = self._list_styles(placeholder, layout, master) if placeholder is not None else []
            self._add_text(body, styles, is_title=self._is_title(shape))

    @staticmethod
    def _list_styles(
        placeholder: Placeholder, layout: Element | None, master: Element | None
    ) -> list[Element | None]:
        followed = (
            find_pattern(layout, placeholder, is_master=False),
            find_pattern(master, placeholder, is_master=True),
        )
        styles = [find_path(one, "p:txBody/a:lstStyle") if one is not None else None for one in followed]
        kind = "title" if placeholder.kind in TITLES else "body"
        return [*styles, find_path(master, f"p:txStyles/p:{kind}Style") if master is not None else None]

    def _add_text(self, body: Element, styles: list[Element | None], *, is_title: bool = False) -> None:
        builder, relations = self._builder, self._package.list_relations(self._slide)
        lines = [*read_lines(body, styles, relations)]
        if is_title:
            runs = [run for line in lines for run in (Run(" "), *line.runs)][1:]
            builder.add_heading(1, [Run(run.text.replace("\n", " "), run.kinds, run.target) for run in runs])
            return
        for line in lines:
            if line.marker:
                builder.indent = line.level
                builder.add_item(line.runs, marker=line.marker)
                builder.indent = 0
            elif line.is_formula:
                builder.add_formula("".join(run.text for run in line.runs))
            else:
                builder.add_paragraph(line.runs)

    def _add_picture(self, element: Element) -> None:
        builder, properties = self._builder, find_path(element, "p:nvPicPr/p:cNvPr")
        if any(one.tag in {"a:videoFile", "a:audioFile"} for one in element.iter()):
            builder.add_defect(
                "left out", f"a film or sound on slide {self._number}; its picture stands for it"
            )
        blip = find_path(element, "p:blipFill/a:blip")
        identifier = (blip.get("r:embed") or blip.get("r:link") or "") if blip is not None else ""
        data = read_picture(self._package, self._slide, identifier, builder=builder, options=self._options)
        width = measure_width(find_path(element, "p:spPr/a:xfrm/a:ext"))
        builder.add_picture(describe_picture(properties), data, width_pt=width)

    def _add_frame(self, element: Element) -> None:
        builder, package = self._builder, self._package
        data = find_path(element, "a:graphic/a:graphicData")
        for one in unfold(data, {}) if data is not None else ():
            if one.tag == "a:tbl":
                self._add_table(one)
            elif one.tag == "c:chart":
                add_chart(package, self._slide, one.get("r:id", ""), builder)
            elif one.tag == "dgm:relIds":
                add_diagram(package, self._slide, one.get("r:dm", ""), builder)
            elif one.tag == "p:oleObj":
                name = show_value(one.get("progId", ""))
                builder.add_defect(
                    "refused", f"the embedded object {name} on slide {self._number} was not opened"
                )
                if (picture := one.find("p:pic")) is not None:
                    self._add_picture(picture)
            else:
                builder.add_defect(
                    "left out", f"a drawing on slide {self._number} of a kind that is not read"
                )

    def _add_table(self, table: Element) -> None:
        relations = self._package.list_relations(self._slide)
        rows, merges = list[list[list[Run]]](), list[Merge]()
        for row in table.findall("a:tr"):
            cells = row.findall("a:tc")
            if len(cells) > _COLUMNS_AT_MOST:
                raise DocumentError(
                    f"{self._package.shown} has a table of more than {_COLUMNS_AT_MOST:,} columns on slide "
                    f"{self._number}; save it as a sheet"
                )
            for place, cell in enumerate(cells):
                across, down = number(cell.get("gridSpan"), 1), number(cell.get("rowSpan"), 1)
                is_covered = any(cell.get(name, "0") in {"1", "true"} for name in ("hMerge", "vMerge"))
                if not is_covered and (across > 1 or down > 1):
                    merges.append(Merge(row=len(rows), column=place, rows=down, columns=across))
            bodies = [cell.find("a:txBody") for cell in cells]
            rows.append([read_flat(body, relations) if body is not None else [] for body in bodies])
        is_headed = value(table.find("a:tblPr"), "firstRow", "0") in {"1", "true"} and len(rows) > 1
        columns = max(map(len, rows), default=0)
        fitting = [
            one
            for one in merges
            if one.row + one.rows <= len(rows)
            and one.column + one.columns <= columns
            and min(one.rows, one.columns) > 0
        ]
        self._builder.add_table(rows, header_rows=int(is_headed), merges=fitting)

    def _add_notes(self) -> None:
        part = self._package.find_related(self._slide, "notesSlide")
        if part is None:
            return
        root = self._package.parse(part)
        relations = self._package.list_relations(part)
        shapes = [(one, find_placeholder(one)) for one in root.iter("p:sp")]
        lines = list[list[Run]]()
        for shape, placeholder in shapes:
            body = shape.find("p:txBody")
            if body is not None and (placeholder is None or placeholder.kind not in _MARGINS):
                lines += (line.runs for line in read_lines(body, (), relations))
        if lines:
            self._builder.set_location(page=self._number, file=part)
            self._builder.add_heading(4, "Notes")
            for runs in lines:
                self._builder.add_paragraph(runs)


def _recognize(source: Source) -> bool:
    return recognize_archive(source, needed=_MAIN, content=_CONTENT)


SLIDES = Format(
    name="a presentation",
    read=read_slides,
    media_type=_TYPE,
    recognizes=_recognize,
    suffixes=(".pptx", ".pptm", ".ppsx", ".ppsm", ".potx"),
)

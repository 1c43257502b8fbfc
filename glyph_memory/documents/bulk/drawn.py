"""Draw one source, and make the rows that tell of its pages: what every bulk run does, wherever it writes.

Knows documents and rows; knows nothing about folders.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

from glyph_memory.addresses import is_address, is_in_store, show_address
from glyph_memory.document import Document, SourceSpan
from glyph_memory.documents.drawing import DocumentPage
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.page_run import PageRun
from glyph_memory.documents.tree import TreeFault
from glyph_memory.errors import DocumentError, show_value
from glyph_memory.style import DocumentLook, PageStyle
from glyph_memory.tokens import ModelProfile, build_page_style
from glyph_memory.typesetting import style_fingerprint

Row = dict[str, Any]
"""A line of an index, as JSON has it."""
PAGES = "pages"
"""The folder of pages in an output folder."""
_WAYS = ("auto", "reflow", "native")
_LAYOUT = 2
"""Goes up whenever the same file and options would give other rows than before."""
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawingPlan:
    """How all sources of a run are read and drawn."""

    load: LoadOptions
    """How files are read."""
    style: PageStyle
    """How pages look."""
    style_digest: str
    """The style's fingerprint."""
    look: DocumentLook | None
    """How headings, tables and code look."""
    profile: ModelProfile
    """The model that will read."""
    way: Literal["auto", "reflow", "native"]
    """How pages are made."""
    max_pages: int | None
    """How many pages of each document there may be."""
    options_digest: str
    """A digest of all that changes what comes out, besides file and style."""

    @classmethod
    def make(
        cls,
        load: LoadOptions | None = None,
        *,
        style: PageStyle | str | None = None,
        look: DocumentLook | None = None,
        profile: ModelProfile | str = "glyph",
        way: Literal["auto", "reflow", "native"] = "auto",
        max_pages: int | None = None,
    ) -> Self:
        """Return a plan, with the digests by which finished work is found again.

        Raises:
            DocumentError: Options, look or way are none.
            StyleError: The style cannot be drawn.
        """
        for name, given, kind in (("options", load, LoadOptions), ("look", look, DocumentLook)):
            if given is not None and not isinstance(given, kind):
                raise DocumentError(
                    f"{name}={show_value(given)} is no {kind.__name__}; give one, or leave it out"
                )
        if way not in _WAYS:
            raise DocumentError(f"way={show_value(way)} is none of auto, reflow and native; give one")
        options, model = load or LoadOptions(), ModelProfile.of(profile)
        page_style = build_page_style(style, model)
        # Neither secrets nor who may be asked changes what comes out.
        read = {
            name: value for name, value in asdict(options).items() if name not in {"password", "allow_hosts"}
        }
        counted = (model.name, model.text_counter.name)
        everything = json.dumps(
            [_LAYOUT, read, asdict(look or DocumentLook.of_style(page_style)), counted, way, max_pages],
            sort_keys=True,
        )
        return cls(
            load=options,
            style=page_style,
            style_digest=style_fingerprint(page_style),
            look=look,
            profile=model,
            way=way,
            max_pages=max_pages,
            options_digest=hashlib.sha256(everything.encode()).hexdigest(),
        )


class DrawnSource:
    """One source, drawn page by page.

    Args:
        documents: What was read of it.
        source: Its path or address.
        digest: Of its bytes.
        plan: How it is drawn.
    """

    def __init__(self, documents: Iterable[Document], *, source: str, digest: str, plan: DrawingPlan) -> None:
        self._source, self._digest, self._plan = source, digest, plan
        self._run = PageRun(
            documents=documents,
            style=plan.style,
            look=plan.look,
            profile=plan.profile,
            way=plan.way,
            password=plan.load.password,
            max_pages=plan.max_pages,
        )
        self._totals = dict.fromkeys(("pages", "text_tokens", "characters"), 0)
        self._sizes = list[tuple[int, int]]()

    def draw(self) -> Iterator[tuple[DocumentPage, Row]]:
        """Yield each page with its row, once.

        Raises:
            GlyphMemoryError: The source cannot be read or drawn; while drawing on, too.
        """
        for page in self._run.draw():
            row = _make_row(page, self._source, self._digest, self._plan)
            self._totals["pages"] += 1
            self._totals["text_tokens"] += row["text_tokens"]
            self._totals["characters"] += len(page.page.text)
            self._sizes.append(page.page.size)
            yield page, row

    def make_record(self) -> Row:
        """Return what is told of the whole source, once all pages are drawn."""
        run = self._run
        return {
            "document": name_source(self._source),
            "digest": self._digest,
            "title": clean_text(run.first.title if run.first else ""),
            "media_type": run.first.media_type if run.first else "",
            "encoding": run.first.encoding if run.first else "",
            "parts": run.parts,
            **self._totals,
            "tokens": self._plan.profile.pages_tokens(self._sizes),
            "defects": [
                {"kind": defect.kind, "message": clean_text(defect.message)} for defect in run.defects
            ],
            "style": self._plan.style_digest,
            "options": self._plan.options_digest,
        }


def name_source(source: str) -> str:
    r"""Return a source's name as text that any reader of JSON takes, without secrets: odd bytes as `\xe9`.

    Two keys of an object store that differ in what is hidden alone stay two.
    """
    shown = show_address(source) if is_address(source) else source
    if "***" in shown and "***" not in source and is_in_store(source):
        shown += f"#{hashlib.sha256(source.encode(errors='surrogateescape')).hexdigest()[:8]}"
    return os.fsencode(shown).decode("utf-8", "backslashreplace")


def find_namesakes(sources: Iterable[str]) -> dict[str, TreeFault]:
    """Return the sources that are called as one before them is: only one can be told by the name, and kept."""
    first, faults = dict[str, str](), dict[str, TreeFault]()
    for source in sources:
        name = name_source(source)
        if first.setdefault(name, source) != source:
            why = f"{name!r} is the name of two sources, once secrets and odd bytes are written as text"
            error = DocumentError(f"{why}; rename this one, or draw it into another folder")
            faults[source] = TreeFault(
                path=Path(name), error=error, address=name if is_address(source) else ""
            )
    return faults


def clean_text(text: str) -> str:
    """Return a text that any reader of JSON takes: halves of surrogate pairs become U+FFFD, one character each."""
    return _SURROGATE.sub("\ufffd", text)


def _make_row(page: DocumentPage, source: str, digest: str, plan: DrawingPlan) -> Row:
    drawn, document = page.page, page.document
    place = next(iter(page.source_map), SourceSpan(start=0, stop=0))
    return {
        "document": name_source(source),
        "document_digest": digest,
        "title": clean_text(document.title),
        "part": document.part,
        "page": drawn.number,
        "digest": drawn.digest,
        "width": drawn.size[0],
        "height": drawn.size[1],
        "tokens": page.tokens,
        "text_tokens": plan.profile.text_tokens(drawn.text),
        "start": document.offset + drawn.start,
        "stop": document.offset + drawn.stop,
        "text": clean_text(drawn.text),
        "way": page.way,
        "source_file": clean_text(place.file),
        "source_page": place.page or 0,
        "source_sheet": clean_text(place.sheet),
        "source_cell": place.cell,
        "source_line": place.line or 0,
        "place": clean_text(page.place),
        "links": "\n".join(clean_text(link.replace("\n", "%0A")) for link in page.links),
        "marks": page.marks,
        "style": plan.style_digest,
    }

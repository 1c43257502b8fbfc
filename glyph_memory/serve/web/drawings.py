"""Documents drawn as pages for the web page: held while there is room, drawn again when they are asked for.

Where words stand on pages is found here, too. Knows documents, looks and pages; knows nothing about questions.
"""

from __future__ import annotations

import hashlib
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from glyph_memory.context import ReuseCache
from glyph_memory.documents import Document, PageRun
from glyph_memory.locks import cached_property
from glyph_memory.page import Page
from glyph_memory.report import Figures, Tally, broken_limits
from glyph_memory.serve.spelling import spell_for_readers
from glyph_memory.serve.web.bodies import Look
from glyph_memory.serve.web.faults import WebFault
from glyph_memory.serve.web.looks import build_look, build_style
from glyph_memory.serve.web.shared_files import SharedFiles
from glyph_memory.serve.web.shelf import Upload
from glyph_memory.serve.web.work import Stop
from glyph_memory.tokens import ModelProfile

_PAGES_AT_MOST = 100
"""Pages that are drawn at a time."""
_PIXELS_AT_MOST = 120_000_000
"""Of all of them together."""
_HELD_BYTES = 256 << 20

Boxes = list[list[int]]
"""Left, top, width and height of each, in pixels of a page."""


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A document's pages in one look."""

    key: str
    """What they are asked for by."""
    pages: tuple[Page, ...]
    """The pages, numbered from 1."""
    tokens: tuple[int, ...]
    """What each costs the model."""
    figures: Figures
    """What the text on them costs, both ways."""
    layout: str
    """How most of them are laid out."""
    notes: tuple[str, ...]
    """What the user should learn."""
    seconds: float
    """How long it took."""

    @cached_property
    def text(self) -> str:
        """What stands on all of them, joined."""
        return "".join(page.text for page in self.pages)

    @cached_property
    def _begins(self) -> list[int]:
        return list(accumulate((len(page.text) for page in self.pages), initial=0))

    def find(self, text: str, *, near: int = 0) -> tuple[int, int] | None:
        """Return start and stop of some words in `text`, the nearest to an offset; None where they are not there."""
        after, before = self.text.find(text, near), self.text.rfind(text, 0, near + len(text))
        found = [place for place in (after, before) if place >= 0]
        place = min(found, key=lambda one: abs(one - near), default=None)
        return None if place is None or not text else (place, place + len(text))

    def locate(self, start: int, stop: int) -> tuple[int, Boxes]:
        """Return the number of the page that a stretch of `text` begins on, and where on it the stretch stands."""
        place = min(bisect_right(self._begins, start) - 1, len(self.pages) - 1)
        page, moved = self.pages[place], self.pages[place].start - self._begins[place]
        lines = [line for line in page.lines if line.start < stop + moved and line.stop > start + moved]
        return page.number, [spell_box(line.box) for line in lines]

    def offset_of(self, number: int, top: int, bottom: int) -> int:
        """Return the offset in `text` of the first line of a page whose middle lies between two heights."""
        page = self.pages[number - 1]
        inside = (line.start for line in page.lines if top <= (line.box[1] + line.box[3]) / 2 <= bottom)
        return self._begins[number - 1] + next(inside, page.start) - page.start

    def to_json(self, address: str) -> dict[str, object]:
        """Return what is told of it.

        Args:
            address: Where its pages are asked for, without a number.
        """
        figures = self.figures
        return {
            "key": self.key,
            "pages": [
                {
                    "number": page.number,
                    "width": page.size[0],
                    "height": page.size[1],
                    "tokens": tokens,
                    "url": f"{address}/{page.number}.png",
                    "lines": len(page.line_table),
                }
                for page, tokens in zip(self.pages, self.tokens, strict=True)
            ],
            "page_tokens": figures.page_tokens,
            "text_tokens": figures.text_tokens,
            "ratio": round(figures.ratio, 3),
            "layout": self.layout,
            "notes": list(self.notes),
            "seconds": round(self.seconds, 3),
        }


class Drawings:
    """Draws documents, and holds the pages that were asked for last. Safe to share among threads.

    Args:
        at_most_bytes: What those pages may take.
        shared: Where other workers find what the keys of pages stand for.
    """

    def __init__(self, *, at_most_bytes: int = _HELD_BYTES, shared: SharedFiles | None = None) -> None:
        self._shared = shared or SharedFiles(None)
        self._held = ReuseCache[tuple[str, str], Drawing](at_most=at_most_bytes)

    def draw(
        self, upload: Upload, look: Look, profile: ModelProfile, stop: Stop, *, is_plain: bool = False
    ) -> Drawing:
        """Return a document's pages.

        Args:
            upload: The document.
            look: How they look.
            profile: The model that will read.
            stop: Asked between pages.
            is_plain: Whether only the text is drawn: the nano reader knows plain pages, not tables with rules.

        Raises:
            StyleError: It cannot be drawn so.
            FontError: A font is missing.
        """
        is_plain = is_plain and any(one.blocks or one.original is not None for one in upload.documents)
        key = name_drawing(look, profile, is_plain=is_plain)
        known = self._held.get((upload.id, key))
        if known is None:
            known = _draw(upload, look, profile, stop, key=key, is_plain=is_plain)
            self._held.put((upload.id, key), known, weight=sum(len(page.pixels) for page in known.pages))
        if key not in upload.looks:
            self._shared.put((look, profile, is_plain), upload.id, key)
        upload.remember(key, look, profile, is_plain=is_plain)
        return known

    def find(self, upload: Upload, key: str, stop: Stop) -> Drawing:
        """Return pages that were drawn before, drawn again where they are no longer held.

        Raises:
            WebFault: No pages of the document have that key.
        """
        asked = upload.looks.get(key) or self._shared.get(upload.id, key)
        if not isinstance(asked, tuple):
            raise WebFault("these pages are no longer here; draw the document again", status=404, field="key")
        look, profile, is_plain = asked
        return self.draw(upload, look, profile, stop, is_plain=is_plain)


def name_drawing(look: Look, profile: ModelProfile, *, is_plain: bool) -> str:
    """Return the key of a document's pages: the same look and profile have the same."""
    named = f"{look.model_dump_json()}\n{profile.name}\n{is_plain}"
    return hashlib.blake2b(named.encode(), digest_size=12).hexdigest()


def spell_box(box: Sequence[int]) -> list[int]:
    """Return left, top, width and height of a box."""
    left, top, right, bottom = box
    return [left, top, right - left, bottom - top]


def _draw(
    upload: Upload, look: Look, profile: ModelProfile, stop: Stop, *, key: str, is_plain: bool
) -> Drawing:
    began = time.perf_counter()
    style = build_style(look, profile)
    documents = map(_drop_structure, upload.documents) if is_plain else upload.documents
    run = PageRun(
        documents=documents,
        style=style,
        look=build_look(look, style),
        profile=profile,
        max_pages=_PAGES_AT_MOST,
    )
    tally = Tally(profile=profile, style=look.preset)
    pages, tokens, layouts, pixels = list[Page](), list[int](), Counter[str](), 0
    notes = list[str]()
    for drawn in tally.watch(run.draw()):
        stop.check()
        pixels += drawn.page.size[0] * drawn.page.size[1]
        if pages and pixels > _PIXELS_AT_MOST:
            notes.append(
                f"drawn up to page {len(pages):,}: more pixels are not drawn at a time; smaller pages show more"
            )
            break
        pages.append(drawn.page)
        tokens.append(drawn.tokens)
        layouts[drawn.layout or drawn.way] += 1
    read = {defect for document in upload.documents for defect in document.defects}
    notes += [f"{one.kind}: {spell_for_readers(one.message)}" for one in run.defects if one not in read]
    figures = tally.figures()
    return Drawing(
        key=key,
        pages=tuple(pages),
        tokens=tuple(tokens),
        figures=figures,
        layout=layouts.most_common(1)[0][0] if layouts else "",
        notes=(*notes, *broken_limits(figures, profile)),
        seconds=time.perf_counter() - began,
    )


def _drop_structure(document: Document) -> Document:
    """Return a document's text alone; one that has pages of its own but no text keeps them."""
    return replace(document, blocks=(), original=None) if document.text.strip() else document

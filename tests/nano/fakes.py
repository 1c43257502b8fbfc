"""A transcriber that does not look: it knows what stands on the pages that tests typeset, and how sure to seem."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np
from PIL import Image

from glyph_memory.nano import ReadAnchor, ReadLine, Transcription
from glyph_memory.nano.sight.image import Source, load
from glyph_memory.page import Page, pixel_digest
from glyph_memory.style import PageStyle
from glyph_memory.typesetting.marks import find_runs

_LABEL = re.compile(r"§(\d+)(?: (system|user|assistant|tool)\b|$)")
_ROLE = re.compile(r"system|user|assistant|tool")


def read_page(page: Page, *, doubtful: Mapping[str, str] | None = None) -> Transcription:
    """Read a page perfectly, but for words that are read as others of the same length, and not sure where they differ.

    Args:
        page: The page.
        doubtful: What stands there, and what is read; the same for the first letter of it to be not sure.
    """
    lines, anchors = list[ReadLine](), list[ReadAnchor]()
    for place, line in enumerate(page.lines):
        text, is_mark = draw_marks(line.text, page.style)
        confidence = np.full(len(text), 0.99, np.float32)
        for word, misread in (doubtful or {}).items():
            if (at := text.find(word)) >= 0:
                text = text.replace(word, misread, 1)
                changed = [at + n for n, (a, b) in enumerate(zip(word, misread, strict=True)) if a != b]
                confidence[changed or [at]] = 0.4
        left, top, right, bottom = line.box
        edges = np.linspace(left, right, len(text), endpoint=False, dtype=np.float32)
        lines.append(
            ReadLine(
                text=text, box=line.box, confidence=confidence, left=edges, is_mark=np.array(is_mark, bool)
            )
        )
        below = "".join(one.text for one in page.lines[place + 1 : place + 2])
        for found in _LABEL.finditer(text):
            role = found[2] or ("" if (spoken := _ROLE.match(below)) is None else spoken[0])
            end = int(edges[found.end()]) if found.end() < len(text) else right
            box = (int(edges[found.start()]), top, end, bottom)
            if role:
                anchors.append(
                    ReadAnchor(number=int(found[1]), role=role, line=place, box=box, confidence=0.99)
                )
    return Transcription(size=page.size, lines=tuple(lines), anchors=tuple(anchors))


def draw_marks(text: str, style: PageStyle | None) -> tuple[str, list[bool]]:
    """Return what is seen of a line, without the blanks at its end, and which of its characters are red."""
    drawn, is_mark, at = "", list[bool](), 0
    for run in find_runs(text, style.newline_mark) if style and style.count_runs else ():
        for part, is_red in ((text[at : run.start], False), (run.mark, True)):
            drawn += part
            is_mark += [is_red and sign != " " for sign in part]
        at = run.stop
    drawn = (drawn + text[at:]).rstrip("\n ")
    return drawn, [*is_mark, *[False] * len(drawn)][: len(drawn)]


def unreadable(size: tuple[int, int] = (100, 100)) -> Transcription:
    """Return a page of noise."""
    return Transcription(size=size, lines=(), unread=((0, 0, *size),))


class KnownPages:
    """Reads pages it has been told of, from whatever shows their pixels, and keeps what it was handed."""

    def __init__(self, pages: Iterable[Page], *, doubtful: Mapping[str, str] | None = None) -> None:
        self.asked: list[Source] = []
        self.known = {page.digest: read_page(page, doubtful=doubtful) for page in pages}

    def __call__(self, source: Source) -> Transcription:
        """Read one."""
        self.asked.append(source)
        return self.known[pixel_digest(Image.fromarray(load(source)))]

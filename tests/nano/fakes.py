"""A transcriber that does not look: it knows what stands on the pages that tests typeset, and how sure to seem."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np
from PIL import Image

from glyph_memory.nano import ReadAnchor, ReadLine, Transcription
from glyph_memory.nano.sight.image import Source, load
from glyph_memory.page import Page, pixel_digest

_LABEL = re.compile(r"§(\d+) (system|user|assistant|tool)\b")


def read_page(page: Page, *, doubtful: Mapping[str, str] | None = None) -> Transcription:
    """Read a page perfectly, but for words that are read as others of the same length, and not sure where they differ.

    Args:
        page: The page.
        doubtful: What stands there, and what is read; the same for the first letter of it to be not sure.
    """
    lines, anchors = list[ReadLine](), list[ReadAnchor]()
    for place, line in enumerate(page.lines):
        text = line.text.rstrip("\n ")
        confidence = np.full(len(text), 0.99, np.float32)
        for word, misread in (doubtful or {}).items():
            if (at := text.find(word)) >= 0:
                text = text.replace(word, misread, 1)
                changed = [at + n for n, (a, b) in enumerate(zip(word, misread, strict=True)) if a != b]
                confidence[changed or [at]] = 0.4
        left, top, right, bottom = line.box
        edges = np.linspace(left, right, len(text), endpoint=False, dtype=np.float32)
        lines.append(ReadLine(text=text, box=line.box, confidence=confidence, left=edges))
        for found in _LABEL.finditer(text):
            end = int(edges[found.end()]) if found.end() < len(text) else right
            box = (int(edges[found.start()]), top, end, bottom)
            anchors.append(
                ReadAnchor(number=int(found[1]), role=found[2], line=place, box=box, confidence=0.99)
            )
    return Transcription(size=page.size, lines=tuple(lines), anchors=tuple(anchors))


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

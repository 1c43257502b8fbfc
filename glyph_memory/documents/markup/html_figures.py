"""Pictures of a page with their captions. Knows attributes and builders; knows nothing about HTML's tree."""

from __future__ import annotations

from collections.abc import Callable

from glyph_memory.documents.builder import Builder
from glyph_memory.documents.inline import Run
from glyph_memory.documents.markup.html_flow import Flow
from glyph_memory.documents.markup.html_values import read_count
from glyph_memory.documents.markup.pictures import FindPicture

Attributes = dict[str, str | None]
_PT = 0.75
"""Points of a pixel in a style sheet."""
_ICON_PX = 32
"""How wide a picture may be that stands for a word."""


class Figures:
    """Writes pictures; those of a figure wait for its caption."""

    def __init__(self, builder: Builder, flow: Flow, find_picture: FindPicture | None) -> None:
        """Begin a page; see `write_html`."""
        self._builder, self._flow, self._find = builder, flow, find_picture
        self._held = list[tuple[list[Run], bytes | None, float | None]]()
        self._depth = 0

    def add_image(self, attributes: Attributes) -> None:
        """Add a picture where its file is at hand and there is room, else its caption."""
        flow = self._flow
        alternative = " ".join((attributes.get("alt") or attributes.get("title") or "").split())
        address = attributes.get("src") or attributes.get("data-src") or ""
        width = read_count(attributes.get("width"), otherwise=0)
        if 0 < width <= _ICON_PX or not flow.has_room():
            if self._find is not None:
                message = "pictures in headings and tables, and icons, are their captions alone"
                self._builder.add_defect("left out", message)
            flow.add(alternative)
            return
        data = self._find(address) if address and self._find is not None else None
        if data is None and not self._depth:
            flow.add(alternative)
            return
        flow.end_text()
        if data is not None or alternative:
            caption = [Run(alternative)] if alternative else []
            self._held.append((caption, data, width * _PT or None))
        if not self._depth:
            self._write([])

    def begin_figure(self) -> Callable[[], None]:
        """Begin a figure; return what ends it."""
        self._flow.flush()
        self._depth += 1

        def end() -> None:
            self._flow.flush()
            self._depth -= 1
            self._write([])

        return end

    def begin_caption(self) -> Callable[[], None]:
        """Begin the caption of a figure; return what ends it."""
        self._flow.flush()

        def end() -> None:
            if self._held and self._flow.has_room():
                self._write(self._flow.take())
            else:
                self._flow.flush()

        return end

    def _write(self, caption: list[Run]) -> None:
        """Write the pictures held; the last one, if it has no other text of its own, with the figure's caption."""
        held, self._held = self._held, []
        for place, (own, data, width) in enumerate(held):
            runs = own
            if caption and place == len(held) - 1 and (not own or _join(own) == _join(caption)):
                runs, caption = caption, []
            self._flow.locate(self._flow.line)
            self._builder.add_picture(runs, data, width_pt=width)
            self._flow.has_written = True
        self._builder.add_paragraph(caption)


def _join(runs: list[Run]) -> str:
    return "".join(run.text for run in runs)

"""Typeset: text, a document or a transcript in, pages out.

A transcript becomes one text first: each turn begins with its anchor and role, `§42 user`, in the role's colour.
Content is never coloured, and a sign in it that a label could be read from is escaped, so nobody can write a fake turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glyph_memory.document import Document
from glyph_memory.errors import DocumentError
from glyph_memory.messages import AnyMessage, read_messages
from glyph_memory.page import Page, unpack
from glyph_memory.style import DocumentLook, PageStyle
from glyph_memory.transcript import Transcript, Turn
from glyph_memory.typesetting.fit import ImageTokens
from glyph_memory.typesetting.labels import LABEL_SIGN, find_false_labels
from glyph_memory.typesetting.place import ColorSpan
from glyph_memory.typesetting.stream import stream_pages


@dataclass(frozen=True, slots=True)
class Composition:
    """A transcript as one text."""

    text: str
    """What is typeset; pages' offsets refer to it."""
    labels: tuple[ColorSpan, ...]
    """Where the labels stand, and their colours."""
    turns: tuple[tuple[int, int], ...]
    """Start and stop of each turn, label included."""
    reserved: tuple[int, ...]
    """Offsets of the characters of content that are escaped, since a label could be read there."""


def compose(transcript: Transcript, *, style: PageStyle) -> Composition:
    """Turn a transcript into text.

    Args:
        transcript: The turns. A turn without an anchor has its place in the transcript for one, counted from 1.
        style: For the labels' colours.
    """
    colors = dict(style.role_colors)
    parts: list[str] = []
    labels: list[ColorSpan] = []
    turns: list[tuple[int, int]] = []
    reserved: list[int] = []
    offset = 0

    def write(text: str) -> None:
        nonlocal offset
        parts.append(text)
        offset += len(text)

    def write_content(
        text: str,
    ) -> None:  # what follows it is a label of ours, or nothing: no false one goes on there
        reserved.extend(offset + place for place in find_false_labels(text))
        write(text)

    def label(text: str, role: str) -> None:
        start = offset
        write(text)
        labels.append(ColorSpan(start, offset, colors[role]))

    for place, turn in enumerate(transcript, 1):
        begin, anchor = offset, place if turn.anchor is None else turn.anchor
        label(f"{LABEL_SIGN}{anchor} {turn.role}", turn.role)
        write_content(_content(turn))
        for call in turn.tool_calls:
            write("\n")
            label(f"{LABEL_SIGN}{anchor} calls", turn.role)
            write_content(f" {call.name} {call.arguments}")
        write("\n")
        turns.append((begin, offset))
    return Composition("".join(parts), tuple(labels), tuple(turns), tuple(reserved))


def _content(turn: Turn) -> str:
    name = f" {turn.name}:" if turn.name else ""
    text = f" {turn.text}" if turn.text else ""
    return "".join([name, text, *(f" {remark}" for remark in turn.beside)])


_GLYPH = PageStyle.glyph()


def typeset(
    source: str | Document | Transcript | Sequence[str | AnyMessage],
    *,
    style: PageStyle | str = _GLYPH,
    look: DocumentLook | None = None,
    first_page: int = 1,
    progress: Callable[[Page], None] | None = None,
) -> list[Page]:
    """Turn text into pages.

    Args:
        source: A text, whole or in pieces; a document; or a transcript, or a list of turns or others' messages, of
            which `compose` gives the text that offsets refer to.
        style: How it looks, as a `PageStyle` or by the name of a preset such as "dark"; the released Glyph model's
            style unless another is given.
        look: How headings, tables and code of a document with blocks look; what goes with the style unless given.
        first_page: Number of the first page.
        progress: Called with every page when it is done.

    Returns:
        Pages in order. Every character of the text stands on exactly one of them, as itself or as its escape.

    Raises:
        DocumentError: There is no text.
        FontError: A font is missing or cannot be drawn.
        StyleError: The page is too narrow for a single character.

    Example:
        >>> [page.size for page in typeset("Hello, page.")]
        [(84, 56)]
    """
    pages = []
    for page in iter_pages(source, style=style, look=look, first_page=first_page):
        pages.append(page)
        if progress is not None:
            progress(page)
    return pages


def iter_pages(
    source: str | Iterable[str] | Document | Transcript | Sequence[str | AnyMessage],
    *,
    style: PageStyle | str = _GLYPH,
    look: DocumentLook | None = None,
    first_page: int = 1,
    image_tokens: ImageTokens | None = None,
) -> Iterator[Page]:
    """Turn text into pages as they fill, in memory that does not grow with the text.

    Args:
        source: As for `typeset`, or the text in pieces: a generator, an open text file. Where pieces are cut makes no
            difference to the pages.
        style: How it looks, as for `typeset`.
        look: As for `typeset`.
        first_page: Number of the first page.
        image_tokens: What an image of a width and height costs the model, where the style's layout is "auto"; in
            proportion to its area unless given.

    Raises:
        DocumentError: There is no text.
        FontError: A font is missing or cannot be drawn.
        StyleError: The page is too narrow for a single character.
    """
    style = PageStyle.of(style)
    if isinstance(source, list | tuple) and source and not isinstance(source[0], str):
        source = read_messages(source)
    if isinstance(source, Transcript):
        composed = compose(source, style=style)
        return stream_pages(
            [composed.text],
            style,
            first_page=first_page,
            spans=composed.labels,
            reserved=composed.reserved,
            image_tokens=image_tokens,
        )
    if isinstance(source, Document):
        if not style.reference and any(block.kind != "text" for block in source.blocks):
            from glyph_memory.typesetting.blocks import stream_document  # noqa: PLC0415 - few texts have blocks

            return stream_document(source, style, look=look, first_page=first_page, image_tokens=image_tokens)
        source = source.text
    pieces = [source] if isinstance(source, str) else _check_pieces(source)
    return stream_pages(pieces, style, first_page=first_page, image_tokens=image_tokens)


def _check_pieces(pieces: object) -> Iterator[str]:
    """Return the pieces of a text; of anything else, say what it is."""
    if isinstance(pieces, bytes | Turn | Mapping) or not isinstance(pieces, Iterable):
        raise DocumentError(
            f"no text is {pieces!r:.80}; give a string, a Document, or a list of turns, and read_document of a file"
        )
    return map(_check_piece, pieces)


def _check_piece(piece: object) -> str:
    if not isinstance(piece, str):
        raise DocumentError(f"a piece of a text is {piece!r:.80}; give strings, or a list of turns alone")
    return piece


_MARGIN_PT = 4


def add_caption(page: Page, caption: str, *, style: PageStyle) -> Page:
    """Return a page with a caption line above it, in the text's colour.

    What stands on the page, and where, stays as it is; lines only move down. Sides stay multiples of `style.snap_px`.

    Args:
        page: A page of that style.
        caption: One short line. It may show the sign that begins labels, which content cannot.
        style: The page's style.

    Raises:
        FontError: The caption cannot be drawn.
    """
    return insert_line(page, caption, top=0, style=style)


def insert_line(page: Page, words: str, *, top: int, style: PageStyle) -> Page:
    """Return a page with a line of other words across it; what stands below only moves down.

    The words are no part of the page's text, nor of its lines. Sides stay multiples of `style.snap_px`.

    Args:
        page: A page of that style.
        words: One short line. It may show the sign that begins labels, which content cannot.
        top: The row above which it is put; no line of the page may cross it. The page's height for its end.
        style: The page's style.

    Raises:
        FontError: The words cannot be drawn.
    """
    line_style = replace(
        style,
        margin_y_pt=_MARGIN_PT,
        columns=1,
        crop_width=True,
        crop_last_page=True,
        newline_mark="",
        count_runs=False,
        layout="fixed",
        reference=False,
    )
    line = typeset(words, style=line_style)[0]
    width, height = max(line.size[0], page.size[0]), line.size[1]
    plane, indices = np.zeros((height + page.size[1], width), np.uint8), _indices(page)
    plane[:top, : page.size[0]] = indices[:top]
    plane[top : top + height, : line.size[0]] = _indices(line)
    plane[top + height :, : page.size[0]] = indices[top:]
    table = page.line_table.copy()
    table[table[:, 3] >= top, 3:6:2] += height
    colored = next((part for part in (page, line) if part.depth == 8), None)
    return replace(
        page,
        size=(width, plane.shape[0]),
        line_table=table,
        pixels=plane.tobytes() if colored else _pack_pixels(plane),
        depth=8 if colored else 4,
        palette=colored.palette if colored else page.palette,
    )


def _indices(page: Page) -> NDArray[np.uint8]:
    """Return a page's palette indices, shape (height, width)."""
    rows = np.frombuffer(page.pixels, np.uint8).reshape(page.size[1], -1)
    return rows if page.depth == 8 else unpack(rows, page.size[0])


def _pack_pixels(plane: NDArray[np.uint8]) -> bytes:
    """Pack two pixels into a byte, the left one in the high half; an odd last one is padded with paper."""
    even = np.pad(plane, ((0, 0), (0, plane.shape[1] % 2)))
    return (even[:, 0::2] << 4 | even[:, 1::2]).tobytes()

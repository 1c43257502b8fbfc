"""Spell chosen lines as parts of a message: as text, or as one page in larger letters.

Knows lines, words and styles; counts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from glyph_memory.context import Context, ImagePart, Parts, Text, TextCleaner
from glyph_memory.context.escaping import escape_anchors
from glyph_memory.context.focus_wording import (
    CUT,
    END_ENLARGED_DOCUMENT,
    HEAD_DOCUMENT,
    HEAD_ENLARGED_DOCUMENT,
    LEFT_OUT,
    end_enlarged_focus,
    head_document_page,
    head_enlarged_focus,
    head_focus,
    remark_page,
)
from glyph_memory.context.wording import head_turn
from glyph_memory.focusing.choice import FocusLine, is_together
from glyph_memory.focusing.lines import SourceLine
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.transcript import Transcript, Turn
from glyph_memory.typesetting import typeset


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownPages:
    """Which pages a context shows."""

    numbers: frozenset[int]
    """Their numbers."""
    spans: tuple[tuple[int, int, int], ...]
    """The first turn, the last turn and the number of those that show turns, in order."""
    is_told: bool
    """Whether it is known of every page which turns it shows, so that it can be told what stands on none."""

    @classmethod
    def of(cls, context: Context) -> ShownPages:
        """Return the pages of a context."""
        pages = [one for one in context.images if one.kind == "page" and one.number is not None]
        spans = [(*one.anchors, one.number) for one in pages if one.anchors is not None]
        return cls(
            numbers=frozenset(one.number for one in pages if one.number is not None),
            spans=tuple((first, last, number) for first, last, number in spans if number is not None),
            is_told=len(spans) == sum(one.kind == "page" for one in context.images),
        )

    def find_page(self, anchor: int) -> int | None:
        """Return the number of the first page that shows a turn; None where none does."""
        return next((number for first, last, number in self.spans if first <= anchor <= last), None)


class LineSpeller:
    """Spells lines as parts of a message.

    Args:
        cleaner: Spells text as it is sent.
        shown: The pages that the context shows.
        is_defused: Whether special tokens are broken already in what the context holds, and so have to be here.
    """

    def __init__(self, cleaner: TextCleaner, shown: ShownPages, *, is_defused: bool) -> None:
        self._cleaner, self._shown, self._is_defused = cleaner, shown, is_defused

    def spell_text(self, lines: Sequence[FocusLine]) -> Parts:
        """Return lines as text: a heading, then each turn or page under a line of its own."""
        turns = _list_anchors(lines)
        heading = head_focus(turns[0], turns[-1]) if turns else HEAD_DOCUMENT
        blocks = []
        for source, group in _group(lines):
            head = self._head(source)
            texts = [f"  {self._clean(text, source)}" for text in _mark_gaps(group)]
            blocks.append("\n".join([head, *texts] if head else texts))
        text = "\n".join(blocks)
        return Text(heading, kind="note"), Text(f"{text}\n\n", kind="repeated")

    def spell_line(self, line: SourceLine) -> tuple[str, ...]:
        """Return how a line may stand in a context's text: as it is, or behind the name of who said it."""
        text = self._clean(line.text, line).strip()
        return (text, f"{line.name}: {text}") if line.name else (text,)

    def draw(self, lines: Sequence[FocusLine], *, style: PageStyle) -> Parts | None:
        """Return lines as one page between lines that say what it is; None where they take more than one."""
        turns = _list_anchors(lines)
        pages = _draw_turns(lines, style) if turns else self._draw_document(lines, style)
        if len(pages) != 1:
            return None
        image = replace(ImagePart.of(pages[0]), kind="picture", number=None, digest="")
        head, end = HEAD_ENLARGED_DOCUMENT, END_ENLARGED_DOCUMENT
        if turns:
            head = head_enlarged_focus(turns[0], turns[-1])
            end = end_enlarged_focus(turns[0], turns[-1])
        return Text(head, kind="note"), image, Text(end, kind="caption")

    def _draw_document(self, lines: Sequence[FocusLine], style: PageStyle) -> Sequence[Page]:
        blocks = []
        for source, group in _group(lines):
            head = self._head(source)
            blocks.append("\n".join([*([head] if head else []), *_mark_gaps(group)]))
        return typeset("\n".join(blocks), style=style)

    def _clean(self, text: str, line: SourceLine) -> str:
        """Return a text of a line as it is sent; a reader breaks special tokens where they are not broken already."""
        escaped = text if line.anchor is None else escape_anchors(text)
        return self._cleaner.clean(escaped) if self._is_defused else escaped

    def _head(self, line: SourceLine) -> str:
        """Return the line above those of a turn or a page."""
        if line.anchor is not None:
            page = line.page if line.page is not None else self._shown.find_page(line.anchor)
            remark = "" if page is None and not self._shown.is_told else remark_page(page)
            return head_turn(line.anchor, line.role or "user", self._clean(line.name, line), remark)
        if line.page is not None:
            return head_document_page(line.page, is_shown=line.page in self._shown.numbers)
        return ""


def _draw_turns(lines: Sequence[FocusLine], style: PageStyle) -> Sequence[Page]:
    turns = [
        Turn(
            role=source.role or "user",
            text="\n".join(_mark_gaps(group)),
            name=source.name or None,
            anchor=source.anchor,
        )
        for source, group in _group(lines)
        if source.anchor is not None
    ]
    return typeset(Transcript(tuple(turns)), style=style)


def _group(lines: Sequence[FocusLine]) -> Iterator[tuple[SourceLine, list[FocusLine]]]:
    """Yield lines by the turn or the page that they come from."""
    group = list[FocusLine]()
    for line in lines:
        if group and not is_together(group[-1].source, line.source):
            yield group[0].source, group
            group = []
        group.append(line)
    if group:
        yield group[0].source, group


def _list_anchors(lines: Sequence[FocusLine]) -> list[int]:
    """Return the turns that lines come from, in order; none where some come from no turn."""
    anchors = [line.source.anchor for line in lines if line.source.anchor is not None]
    return sorted(anchors) if len(anchors) == len(lines) else []


def _mark_gaps(lines: Sequence[FocusLine]) -> Iterator[str]:
    """Yield lines with a mark where lines between them, or parts of them, are left out."""
    for place, line in enumerate(lines):
        if place and line.place - lines[place - 1].place > 1:
            yield LEFT_OUT
        before, after = line.is_cut
        yield f"{CUT if before else ''}{line.text}{CUT if after else ''}"

"""`RecallWriter`: what was found in a conversation, as text that a model may read.

Knows passages, turns and how long an answer may be; knows nothing about tools' frameworks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from glyph_memory.context import recall_wording
from glyph_memory.context.recall_wording import (
    describe_end,
    describe_nothing_found,
    describe_rest,
    format_quote,
)
from glyph_memory.errors import StoreError
from glyph_memory.memory.recall import Passage, ZoomResult, parse_target
from glyph_memory.transcript import Turn

_TOOLS = frozenset({"recall", "zoom"})
_PASSAGES = 20
_CHARACTERS = 8_000
"""What one look gives at the most: some two thousand tokens."""
_NAMED_TURN = re.compile(r"§\\{0,9} ?([0-9]{1,18})\b")
_NAMED_PAGE = re.compile(r"\bpage ([0-9]{1,18})\b", re.IGNORECASE)
_WHOLE = re.compile(r"\s*([0-9]{1,18})\.0*\s*")
"""A whole number as JSON may spell it."""


class SearchableHistory(Protocol):
    """A memory, or a folded history."""

    def recall(self, query: str, k: int = 5) -> Sequence[Passage]:
        """Return the passages that fit a query."""
        ...

    def zoom(self, what: int | str) -> ZoomResult:
        """Return the turns of an anchor or a page."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoomExcerpt:
    """As much of a turn's or a page's text as one answer holds."""

    pieces: tuple[tuple[Turn, int, str], ...] = field(repr=False)
    """Of each turn: the turn, where its piece begins, and the piece as it was said."""
    total: int
    """Characters of all of it."""
    stop: int
    """Where the excerpt ends; to go on, start there."""


@dataclass(frozen=True, slots=True)
class RecallWriter:
    """Writes what was found as text for a model.

    Text is exact but for what `clean` breaks; each line of what was said is indented, so that nothing in it can pass
    for another turn. What an earlier `recall` or `zoom` gave is not found again.

    Example:
        >>> from glyph_memory.memory import GlyphMemory
        >>> with GlyphMemory.open(":memory:") as memory:
        ...     turn = memory.add("user", "The gate code is 4711-B.")
        ...     print(RecallWriter(str).recall(memory, "gate", 5))
        [§1 user]
          The gate code is 4711-B.
    """

    RECALL_TOOL: ClassVar[str] = recall_wording.RECALL_TOOL
    """What a model is told of a tool that calls `recall`."""
    ZOOM_TOOL: ClassVar[str] = recall_wording.ZOOM_TOOL
    """What a model is told of a tool that calls `zoom`."""
    QUERY: ClassVar[str] = recall_wording.QUERY
    """And of their arguments: what to look for,"""
    WHAT: ClassVar[str] = recall_wording.WHAT
    """what to read,"""
    START: ClassVar[str] = recall_wording.START
    """and where to go on."""
    clean: Callable[[str], str]
    """Breaks the model's special tokens, and what could be taken for a line of ours: `TextCleaner.clean_and_escape`."""

    def find(self, history: SearchableHistory, query: str, k: int) -> tuple[Passage, ...]:
        """Return up to `k` passages that fit, at most 20; what the model has before it as text comes last."""
        k = min(max(k, 1), _PASSAGES)
        # More than asked for: some of it may be what the tools themselves said before.
        found = [passage for passage in history.recall(query, 2 * k + 10) if not _is_of_tools(passage.turn)]
        # Such as the question it was just asked.
        found.sort(key=lambda passage: passage.place in {"text", "head"})
        return tuple(found[:k])

    def recall(self, history: SearchableHistory, query: str, k: int) -> str:
        """Return what `find` finds as text."""
        return self.write_passages(self.find(history, query, k), query)

    def write_passages(self, passages: Sequence[Passage], query: str) -> str:
        """Return passages as text; a sentence where there are none."""
        if not passages:
            return describe_nothing_found(self.clean(query))
        return "\n\n".join(self._write(found.turn, found.text, found.start, found.page) for found in passages)

    def cut(self, history: SearchableHistory, what: str, start: int) -> ZoomExcerpt:
        """Return what a turn or a page says from a place on, as much as one answer holds.

        Raises:
            StoreError: There is no such turn or page, or it ends before that place.
        """
        turns = history.zoom(_read_place(what)).turns
        total = sum(len(turn.full_text) for turn in turns)
        if start and start >= total:
            raise StoreError(describe_end(repr(what), total=total))
        pieces = tuple(_cut_pieces(turns, start))
        return ZoomExcerpt(pieces=pieces, total=total, stop=start + sum(len(piece) for _, _, piece in pieces))

    def write_excerpt(self, excerpt: ZoomExcerpt, what: str) -> str:
        """Return an excerpt as text, and how to go on where there is more."""
        text = "\n\n".join(self._write(turn, piece, begin, None) for turn, begin, piece in excerpt.pieces)
        left = excerpt.total - excerpt.stop
        return text + describe_rest(what, left=left, start=excerpt.stop) if left > 0 else text

    def zoom(self, history: SearchableHistory, what: str, start: int) -> str:
        """Return what a turn or a page says from a place on, as text; or why it cannot be had."""
        try:
            return self.write_excerpt(self.cut(history, what, start), what)
        except StoreError as error:
            return self.clean(str(error))

    def _write(self, turn: Turn, text: str, start: int, page: int | None) -> str:
        whole = len(turn.full_text)
        return format_quote(
            self.clean(text),
            anchor=turn.anchor or 0,
            role=turn.role,
            name=self.clean(" ".join(turn.name.split())) if turn.name else "",
            page=page,
            part=None if len(text) == whole else (start, start + len(text), whole),
            beside="".join(f"\n  {self.clean(remark)}" for remark in turn.beside),
        )


def _read_place(what: str) -> str:
    """Return a turn or a page as it is asked for: models copy whole captions, and headings of what `recall` gave.

    Such as "§3–§9, page 2 (a1b2c3)", a page, and "[§7 tool read_log, page 2]", a turn. A caption that is sent as text
    has a backslash behind its "§".
    """
    if parse_target(what) is not None:
        return what
    anchors, pages = ({found[1] for found in named.finditer(what)} for named in (_NAMED_TURN, _NAMED_PAGE))
    if len(anchors) == 1:
        return f"§{anchors.pop()}"
    if len(pages) == 1:
        return f"page {pages.pop()}"
    number = _WHOLE.fullmatch(what)
    return f"§{number[1]}" if number else what


def _cut_pieces(turns: Sequence[Turn], start: int) -> Iterator[tuple[Turn, int, str]]:
    """Yield the pieces that fit into one answer, from a place on: each turn, its piece's beginning, and the piece."""
    room = _CHARACTERS
    for turn in turns:
        said = turn.full_text
        if start and start >= len(said):
            start -= len(said)
            continue
        piece = said[start : start + room]
        yield turn, start, piece
        room, start = room - len(piece), 0
        if room <= 0:
            return


def _is_of_tools(turn: Turn) -> bool:
    """Return whether a turn only calls `recall` and `zoom`, or is a result of one."""
    if turn.role == "tool":
        return turn.name in _TOOLS
    calls = {call.name for call in turn.tool_calls}
    return bool(calls) and calls <= _TOOLS and not turn.text.strip()

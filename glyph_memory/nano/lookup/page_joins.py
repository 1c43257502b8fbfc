"""Join pages that were read into one `SearchText`: the text as it was typeset, with its turns and paragraphs.

Red marks are spelled back first. Knows lines, labels and gaps; knows nothing about questions.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest

import numpy as np

from glyph_memory.nano.lookup.dense_joins import DenseJoints, Joint
from glyph_memory.nano.lookup.line_joins import choose_joint, count_columns, find_wrap_edges
from glyph_memory.nano.lookup.search_text import Cut, ReadImage, SearchText, SearchTextWriter, Spot
from glyph_memory.transcription import ReadLine, spell_line

LINE_MARK = "⏎"
"""Stands on dense pages where a line of the text ends; where its colour cannot be told, it is taken for one."""
_WIDE_GAP = 1.6
"""A paragraph begins where lines stand so many times further apart than they mostly do."""
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Sheet:
    """An image and its lines, marks spelled out."""

    leaf: ReadImage
    """The image."""
    lines: tuple[ReadLine, ...]
    """All of its lines, captions of ours, too."""
    is_dense: bool
    """Whether marks say where lines of the text end, and not the lines of the page."""

    @classmethod
    def from_image(cls, leaf: ReadImage) -> _Sheet:
        lines = tuple(map(spell_line, leaf.read.lines))
        is_dense = any("\n" in line.text for line in lines)
        if not is_dense:
            lines = tuple(replace(line, text=line.text.replace(LINE_MARK, "\n")) for line in lines)
        return cls(leaf=leaf, lines=lines, is_dense=is_dense)

    @property
    def content(self) -> Iterator[tuple[int, ReadLine]]:
        """Each line that is no caption of ours, with its place."""
        start, stop = self.leaf.skipped, self.leaf.stop
        return zip(range(start, stop), self.lines[start:stop], strict=True)


class _Joints:
    """Chooses what joins the lines of some images, each by how it is laid out."""

    def __init__(self, sheets: Sequence[_Sheet]) -> None:
        self._edges = find_wrap_edges([sheet.leaf.read for sheet in sheets if not sheet.is_dense])
        self._dense = DenseJoints(line for one in sheets if one.is_dense for _, line in one.content)

    def choose(self, above: tuple[_Sheet, ReadLine], below: tuple[_Sheet, ReadLine]) -> Joint:
        (upper, before), (lower, after) = above, below
        if _LABEL_BEGINS.search(before.text) and _LABEL_ENDS.match(after.text):
            return Joint(" ")
        if upper.is_dense and lower.is_dense:
            return self._dense.choose(before, after)
        if before.text.endswith(("\n", " ")):
            return Joint("")
        return Joint(choose_joint(before, after, edges=self._edges, columns=count_columns(lower.leaf.read)))


def join_pages(leaves: Sequence[ReadImage]) -> SearchText:
    """Join pages that follow each other: a turn may continue from one to the next."""
    sheets = [_Sheet.from_image(leaf) for leaf in leaves]
    writer, anchor, joints = SearchTextWriter(), None, _Joints(sheets)
    before: tuple[_Sheet, ReadLine] | None = None
    for sheet, after in zip_longest(sheets, sheets[1:]):
        leaf = sheet.leaf
        anchor = _inherit_anchor(anchor, leaf)
        apart = _find_paragraphs(sheet)
        labels = sorted([*_find_labels(sheet), *_find_calls(sheet, after)])
        for index, line in sheet.content:
            if before:
                joint = joints.choose(before, (sheet, line))
                writer.write_joint(joint.text, is_certain=joint.is_certain)
            start = writer.length
            writer.spots.append(
                Spot(
                    start=start,
                    line=index,
                    page=leaf.page,
                    image=leaf.image,
                    read=line,
                    came_with=leaf.came_with,
                    position=leaf.position,
                )
            )
            writer.write(line.text, line.confidence)
            is_apart = index in apart
            if is_apart or not writer.cuts or (index == leaf.skipped and anchor != writer.cuts[-1].anchor):
                writer.add_cut(start, start, anchor, is_turn=not is_apart)
            for place, begin, end, label in labels:
                if place == index:
                    is_call = label == _CALLS
                    anchor = anchor if is_call else label or None
                    writer.add_cut(start + begin, start + end, anchor, is_turn=not is_call)
            before = sheet, line
    return _cut_at_blank_lines(writer.build())


def _cut_at_blank_lines(source: SearchText) -> SearchText:
    """Return a text with paragraphs where blank lines end: pages with marks have no others."""
    found = [found.end() for found in _BLANK_LINES.finditer(source.text) if found.end() < len(source.text)]
    if not found:
        return source
    starts = [cut.start for cut in source.cuts]
    cuts = [*source.cuts]
    for place in found:
        last = source.cuts[bisect_right(starts, place) - 1]
        if last.content < place:
            cuts.append(Cut(start=place, content=place, anchor=last.anchor, is_turn=False))
    return replace(source, cuts=tuple(sorted(cuts, key=lambda cut: cut.start)))


def _inherit_anchor(anchor: str | None, leaf: ReadImage) -> str | None:
    """Return whose turn a page begins with: that of the page before, unless its caption says otherwise."""
    if not leaf.is_ours:
        return None
    if leaf.anchors is None:
        return anchor
    first = f"§{leaf.anchors[0]}"
    return anchor if anchor is not None and anchor.split()[0] == first else first


_CALLS = "calls"
_CALL = re.compile(r"§\d+ (?=calls \w)")
_LABEL_BEGINS = re.compile(r"§\d+$")
_LABEL_ENDS = re.compile(r"(?:system|user|assistant|tool|calls)\b")
"""A label may be broken: its number ends a line, and its word begins the next."""


def _find_labels(sheet: _Sheet) -> Iterator[tuple[int, int, int, str]]:
    """Yield the labels of turns: line, start and stop in it, anchor; no anchor where that cannot be.

    Pages have some. What looks like one on somebody's picture is part of the picture. Of one that is broken the stop is
    behind the line's end.
    """
    leaf = sheet.leaf
    for anchor in leaf.read.anchors if leaf.is_ours else ():
        line = sheet.lines[anchor.line]
        begin, end = np.searchsorted(line.left, [anchor.box[0] - 1, anchor.box[2] - 1]).tolist()
        if _LABEL_BEGINS.search(line.text[:end]) and end == len(line.text):
            end += len(f" {anchor.role}")
        known = leaf.anchors is None or leaf.anchors[0] <= anchor.number <= leaf.anchors[1]
        yield anchor.line, begin, end, f"§{anchor.number} {anchor.role}" if known else ""


def _find_calls(sheet: _Sheet, after: _Sheet | None) -> Iterator[tuple[int, int, int, str]]:
    """Yield the labels of calls, which belong to a turn, and one that the page's end breaks.

    Only on pages with turns, where what reads like a label is one.

    Args:
        sheet: The page.
        after: The one that follows.
    """
    if not (sheet.leaf.is_ours and (sheet.leaf.read.anchors or sheet.leaf.anchors)):
        return
    lines = [*sheet.content]
    next_page = [line for _, line in after.content][:1] if after and after.leaf.is_ours else []
    below = [*(line.text for _, line in lines[1:]), *(line.text for line in next_page)]
    for place, (index, line) in enumerate(lines):
        for found in _CALL.finditer(line.text):
            yield index, found.start(), found.end(), _CALLS
        begun = _LABEL_BEGINS.search(line.text)
        word = _LABEL_ENDS.match(below[place]) if begun and place < len(below) else None
        if begun and word and word[0] == _CALLS:
            yield index, begun.start(), begun.end() + 1, _CALLS
        elif begun and word and place == len(lines) - 1:
            yield index, begun.start(), begun.end() + 1 + len(word[0]), f"{begun[0]} {word[0]}"


def _find_paragraphs(sheet: _Sheet) -> set[int]:
    """Return which lines stand further from the one above than is usual: those between which nothing is drawn."""
    lines = dict(sheet.content)
    gaps = {
        below: lines[below].box[1] - lines[above].box[1]
        for above, below in pairwise(lines)
        if lines[above].column == lines[below].column
    }
    if sheet.is_dense or not gaps:
        return set()
    pitch = float(np.median([*gaps.values()]))
    return {index for index, gap in gaps.items() if gap > _WIDE_GAP * pitch}

"""A line's words as runs: bold, code, links, raised and lowered characters. Knows fonts; knows nothing about blocks."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from glyph_memory.document import SpanKind
from glyph_memory.documents.inline import Run
from glyph_memory.documents.pdf.lines import Piece
from glyph_memory.documents.pdf.word import HYPHEN, Word
from glyph_memory.documents.scripts import move_script

_LEADERS = re.compile(r"(?:\s?[.·…_]){5,}\s*")
"""The dots between a heading and its page number."""
_NOTE = re.compile(r"\d{1,3}|[*†‡§¶]{1,2}")
_ASCII_HYPHEN = re.compile(r"[A-Za-z\u00c0-\u024f]{2,}-$")
_OPEN = re.compile(r"[a-z\u00df-\u00ff]{2,}")
_CJK = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_KEPT = frozenset(
    (
        "self",
        "non",
        "well",
        "high",
        "low",
        "long",
        "short",
        "half",
        "multi",
        "cross",
        "semi",
        "all",
        "ex",
        "anti",
        "pre",
        "co",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "ten",
    )
)
"""Words that keep their hyphen, where it ends a line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InlineContext:
    """What the runs of a page depend on."""

    labels: Collection[str] = ()
    """Of its footnotes."""
    vocabulary: Collection[str] = ()
    """Words of the document, in small letters: a joined word that is one of them is sure."""
    is_bold: bool = False
    """Whether all around is bold, so that bold marks nothing."""
    is_italic: bool = False
    """Whether all around is slanted."""


def make_runs(lines: Sequence[Piece], context: InlineContext, ends: Collection[int] = ()) -> list[Run]:
    """Return the runs of a paragraph; words that hyphens divide at the ends of lines are joined.

    Args:
        lines: Of the paragraph.
        context: What its runs depend on.
        ends: The numbers of lines that keep their newline.
    """
    runs = list[Run]()
    for number, line in enumerate(lines):
        for place, word in enumerate(line.words):
            gap = "" if not runs or (place and word.glued) else " "
            if gap and not place and number - 1 in ends and not runs[-1].text.endswith(HYPHEN):
                gap = "\n"
            elif gap and not place:
                gap = _end_line(runs, line.words[0].text, context.vocabulary)
            _append(runs, _make_run(word, line, context), gap)
    return _finish(runs)


def _make_run(word: Word, line: Piece, context: InlineContext) -> Run:
    kinds, text = list[SpanKind](), word.text
    if word.size < 0.86 * line.size:
        lift = (line.baseline - word.baseline) / line.size
        if lift > 0.15 and _NOTE.fullmatch(text) and text in context.labels:
            return Run(f"[{text}]", ("note",))
        text = move_script(text, "superscript" if lift > 0.15 else "subscript" if lift < -0.06 else "")
    if word.font.mono:
        kinds.append("code")
    if word.font.bold and not context.is_bold:
        kinds.append("strong")
    if word.font.italic and not context.is_italic and not word.font.math:
        kinds.append("emphasis")
    if word.target:
        kinds.append("link")
    return Run(text, tuple(kinds), word.target)


def _append(runs: list[Run], run: Run, gap: str) -> None:
    """Append a run; one that is marked as the last one is takes it over, with the gap between them."""
    if runs and (runs[-1].kinds, runs[-1].target) == (run.kinds, run.target) and "note" not in run.kinds:
        runs[-1] = Run(runs[-1].text + gap + run.text, run.kinds, run.target)
        return
    if gap:
        if runs and not runs[-1].kinds:
            runs[-1] = Run(runs[-1].text + gap)
        elif not run.kinds:
            run = Run(gap + run.text)
        else:
            runs.append(Run(gap))
    runs.append(run)


def _end_line(runs: list[Run], following: str, vocabulary: Collection[str]) -> str:
    """Return what stands between two lines, once a hyphen at the end of the first is judged."""
    last = runs[-1]
    before = last.text.rpartition(" ")[2]
    if last.text.endswith(HYPHEN):
        stem = before[:-1]
        keeps = not _OPEN.match(following) or _keeps_hyphen(stem, following, vocabulary)
        runs[-1] = Run(last.text[:-1] + ("-" if keeps else ""), last.kinds, last.target)
        return ""
    if _ASCII_HYPHEN.search(before):
        if _OPEN.match(following) and not _keeps_hyphen(before[:-1], following, vocabulary):
            runs[-1] = Run(last.text[:-1], last.kinds, last.target)
        return ""
    if last.text and following and _CJK.match(last.text[-1]) and _CJK.match(following[0]):
        return ""
    return " "


def _keeps_hyphen(stem: str, following: str, vocabulary: Collection[str]) -> bool:
    start = stem.lower().lstrip("([\"'“‘")
    end = following.lower().rstrip(".,;:!?)]\"'”’")
    if start + end in vocabulary:
        return False
    return f"{start}-{end}" in vocabulary or "-" in start or start in _KEPT or not start.isalpha()


def _finish(runs: list[Run]) -> list[Run]:
    """Return runs without soft hyphens and rows of dots."""
    return [
        Run(_LEADERS.sub(" … ", run.text.replace(HYPHEN, "-")), run.kinds, run.target)
        if HYPHEN in run.text or "...." in run.text or ". . ." in run.text
        else run
        for run in runs
    ]

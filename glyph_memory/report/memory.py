"""The `MemorySection` of a report: a conversation as a model is shown it, pages, ledgers and recent text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Self

from glyph_memory.folding import Seal
from glyph_memory.memory import GlyphMemory, MemoryReport, Passage
from glyph_memory.report.parts import (
    Plate,
    card,
    escape_and_mark,
    escape_text,
    fact_list,
    figure,
    paragraph,
    render_missing_pages,
)
from glyph_memory.transcript import Turn


def compile_query(query: str) -> re.Pattern[str] | None:
    """Return a pattern that finds a query's words in any case; None for a query without words."""
    pieces = {re.sub(r"^\W+|\W+$", "", piece) for piece in query.split()} - {""}
    longest_first = sorted(pieces, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE) if pieces else None


@dataclass(frozen=True, kw_only=True, slots=True)
class SealView:
    """A seal, with its pages or its turns, as the report shows it."""

    seal: Seal
    """The seal."""
    plates: Sequence[Plate] = ()
    """Its pages."""
    turns: Sequence[Turn] = field(default=(), repr=False)
    """Its turns, where it is shown as text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MemorySection:
    """A conversation's memory in a report."""

    title: str
    """What the conversation is."""
    report: MemoryReport
    """Where everything is, and what it costs."""
    runs: Sequence[SealView]
    """The seals that are shown, or the first of them, oldest first."""
    recent: Sequence[Turn] = field(repr=False)
    """The turns that are still text, or the last of them."""
    recalled: Sequence[tuple[str, Passage]] = ()
    """Queries, and a passage that each found."""
    note: str = ""
    """A sentence below the title."""

    @classmethod
    def of(
        cls,
        memory: GlyphMemory,
        *,
        title: str,
        note: str = "",
        recalled: Sequence[tuple[str, Passage]] = (),
        seals: int | None = None,
        recent: int | None = None,
    ) -> Self:
        """Return a section on what a memory shows now.

        Args:
            memory: The conversation.
            title: What to call it.
            note: A sentence below that.
            recalled: Queries, and a passage that each found.
            seals: How many seals to show at most; all of them unless given.
            recent: How many recent turns to show at most, the last ones; all of them unless given.
        """
        fold, pages = memory.fold(), memory.pages()
        runs = []
        for seal in fold.visible_seals[:seals]:
            plates = [Plate.of(page) for page in islice(pages, len(seal.pages))]
            turns = _turns(memory, seal) if seal.kind == "text" else ()
            runs.append(SealView(seal=seal, plates=plates, turns=turns))
        tail = [one.turn for one in fold.tail]
        return cls(
            title=title,
            report=memory.report(),
            runs=runs,
            recent=tail[-recent:] if recent else tail,
            recalled=recalled,
            note=note,
        )

    def html(self, *, heading: str) -> Iterator[str]:
        """Return the section as HTML in pieces; `heading` is HTML already."""
        yield self._card(heading)
        for run in self.runs:
            yield from _render_seal(run)
        yield render_missing_pages(self.report.pages - sum(len(run.plates) for run in self.runs))
        if self.recent:
            before = self.report.recent_turns - len(self.recent)
            more = f"; {before:,} before these are not in this file" if before else ""
            yield f"<h3>Recent turns, sent as text{more}</h3>\n{_turn_list(self.recent)}"
        for query, passage in self.recalled:
            yield _passage(query, passage)

    def _card(self, heading: str) -> str:
        report, about = self.report, "" if self.report.plain_exact else "≈ "
        return card(
            head=heading + paragraph(self.note),
            ratio=report.plain_tokens / max(1, report.context_tokens),
            meaning="fewer tokens than everything as plain text"
            if report.saved_tokens > 0
            else "nothing saved: too little is on pages yet",
            bars=(
                (f"{about}{report.plain_tokens:,} as plain text", "text", report.plain_tokens),
                (f"{report.context_tokens:,} as it is sent", "pages", report.context_tokens),
            ),
            facts=fact_list(_facts(report)),
        )


def _facts(report: MemoryReport) -> Iterator[tuple[str, str]]:
    yield "Turns", f"{report.turns:,} <small>{report.head_turns:,} of them the head</small>"
    yield "On pages", f"{report.page_turns:,} <small>on {_pages(report.pages)}</small>"
    yield "Recent, as text", f"{report.recent_turns:,}"
    evicted = f"{report.evicted_turns:,} <small>recall finds them</small>"
    yield "No longer shown", evicted if report.evicted_turns else "0"
    listed = (
        f"{report.identifiers_listed:,} <small>{report.identifiers_omitted:,} more on pages alone</small>"
    )
    yield "Identifiers as text", listed
    yield "Escaped characters", f"{report.escapes:,}"
    yield "Generation", f"{report.generation:,}"
    yield "Model profile", escape_text(report.profile)
    yield "Chosen", f"{report.choice.shows} <small>{escape_text(report.choice.reason)}</small>"
    if report.quoted_turns:
        yield "Sealed as text", f"{report.quoted_turns:,}"
    if report.pictures_missing:
        yield "Pictures not shown", f"{report.pictures_missing:,}"
    if report.attachments_left_out:
        yield "Attachments no longer sent", f"{report.attachments_left_out:,}"
    if report.uncounted:
        yield "Tokens not counted", ", ".join(report.uncounted)
    if report.pinned_left_out:
        yield "Pinned, no room", " ".join(f"§{anchor}" for anchor in report.pinned_left_out)
    if report.damaged:
        yield "Damaged in the database", " ".join(f"§{anchor}" for anchor in report.damaged)


def _render_seal(run: SealView) -> Iterator[str]:
    seal = run.seal
    span = _span(seal.anchors[0], seal.anchors[-1])
    if seal.kind == "text":
        yield f"<h3>{span}, sealed as text: pages would not have paid</h3>\n{_turn_list(run.turns)}"
        return
    cost = f"{seal.tokens:,} tokens for {seal.text_tokens:,} of text"
    yield f'<h3>{span} on {_pages(len(seal.pages))} <small>{cost}</small></h3>\n<div class="plates">\n'
    for sealed, plate in zip(seal.pages, run.plates, strict=True):
        yield figure(plate, about=_span(*sealed.anchors))
    yield "</div>\n"
    if seal.ledger:
        omitted = f"; {seal.ledger_omitted:,} more stand on the pages alone" if seal.ledger_omitted else ""
        lines = "\n".join(map(escape_and_mark, seal.ledger))
        yield (
            '<details class="ledger" open>'
            f"<summary>Its ledger: identifiers letter for letter{omitted}</summary>"
            f"<pre>\n{lines}</pre></details>\n"
        )


def _turn_list(turns: Sequence[Turn]) -> str:
    shown = "".join(
        f"<dt>{_label(turn)}</dt><dd><pre>\n{escape_and_mark(turn.full_text)}</pre>{_remarks(turn)}</dd>\n"
        for turn in turns
    )
    return f'<dl class="turns">\n{shown}</dl>\n'


def _remarks(turn: Turn) -> str:
    return "".join(f"<p>{escape_and_mark(remark)}</p>" for remark in turn.beside)


def _passage(query: str, passage: Passage) -> str:
    where = f"page {passage.page}" if passage.page else passage.place
    return (
        f'<h3>Recalled: “{escape_text(query)}” <small>{where}</small></h3>\n<dl class="turns">\n'
        f"<dt>{_label(passage.turn)}</dt><dd><pre>\n{_highlight_words(passage.text, query)}</pre></dd>\n</dl>\n"
    )


def _highlight_words(text: str, query: str) -> str:
    """Escape a text, and mark a query's words in it."""
    words = compile_query(query)
    if words is None:
        return escape_and_mark(text)
    shown, at = [], 0
    for found in words.finditer(text):
        shown += [
            escape_and_mark(text[at : found.start()]),
            f'<mark class="hit">{escape_and_mark(found[0])}</mark>',
        ]
        at = found.end()
    return "".join([*shown, escape_and_mark(text[at:])])


def _label(turn: Turn) -> str:
    return escape_text(" ".join(filter(None, (f"§{turn.anchor}", turn.role, turn.name))))


def _turns(memory: GlyphMemory, seal: Seal) -> list[Turn]:
    wanted = set(seal.anchors)
    run = islice(memory.turns(after=seal.anchors[0] - 1), seal.anchors[-1] - seal.anchors[0] + 1)
    return [turn for turn in run if turn.anchor in wanted]


def _pages(count: int) -> str:
    return f"{count:,} page{'' if count == 1 else 's'}"


def _span(first: int, last: int) -> str:
    return f"§{first}" if first == last else f"§{first} to §{last}"

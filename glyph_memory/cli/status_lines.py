"""What a chat says by the way, on standard error: what was sent, what it cost, what has just been sealed."""

from __future__ import annotations

from glyph_memory.cli import terminal
from glyph_memory.folding import Fold, Seal
from glyph_memory.memory import MemoryReport
from glyph_memory.nano import NanoReading
from glyph_memory.readers import Reading


def greeting(place: str, report: MemoryReport) -> str:
    """Return one line on the state of the conversation that is continued."""
    turns = f"{terminal.format_count(report.turns, 'turn')} so far, {report.page_turns:,} of them on pages"
    return f"{place} · {turns if report.turns else 'begins'} · /help lists commands"


def describe_request(report: MemoryReport, reading: Reading) -> str:
    """Return one line on what the model was shown, what the server counted, and what that saves.

    Args:
        report: Of the memory when the model was asked.
        reading: What came.
    """
    usage = reading.usage
    in_words = report.recent_turns + report.quoted_turns
    shown = [f"{terminal.format_count(in_words, 'turn')} as text"] if in_words else []
    if report.page_turns:
        turns = f"{report.page_turns:,}" if in_words else terminal.format_count(report.page_turns, "turn")
        shown.append(f"{turns} on {terminal.format_count(report.pages, 'page')}")
    if report.request_is_repeated:
        shown.append("the sealed request as text, too")
    if report.evicted_turns:
        shown.append(f"{report.evicted_turns:,} no longer shown")
    parts = [", ".join(shown)]
    if isinstance(reading, NanoReading):
        return " · ".join(filter(None, (*parts, describe_nano_reading(reading))))
    if usage.prompt_tokens is not None:
        cached = usage.cached_tokens
        share = f", {cached / max(1, usage.prompt_tokens):.0%} cached" if cached is not None else ""
        parts.append(f"{usage.prompt_tokens:,} prompt tokens{share}")
    if report.saved_tokens > 0:
        parts.append(f"{'' if report.text_exact else '≈ '}{report.saved_tokens:,} saved")
    return " · ".join(parts)


def describe_nano_reading(reading: NanoReading) -> str:
    """Return one line on who read, how many pages, and how long that took."""
    seconds = f"{reading.timing.total_s:.1f} s" if reading.timing.total_s is not None else ""
    return " · ".join(
        filter(None, ("nano reader", f"{terminal.format_count(reading.pages_read, 'page')} read", seconds))
    )


def describe_changes(before: Fold, after: Fold) -> list[str]:
    """Return a sentence for each change to old turns between two folds."""
    known = {seal.digest for seal in before.seals}
    notes = [
        _describe_seal(seal)
        for seal in after.seals
        if seal.digest not in known and seal.generation == after.generation
    ]
    if after.generation == before.generation:
        return notes
    if after.evicted_seals and len(after.evicted_seals) > len(before.evicted_seals):
        last = after.evicted_seals[-1].anchors[-1]
        gone = f"turns up to §{last} are no longer shown; they are kept, and /recall finds them"
        return [*notes, f"Generation {after.generation} begins: {gone}."]
    return [f"Generation {after.generation} begins: old turns were drawn anew."]


def _describe_seal(seal: Seal) -> str:
    first, last = seal.anchors[0], seal.anchors[-1]
    span = f"§{first}" if first == last else f"§{first} to §{last}"
    if seal.kind == "text":
        return f"Sealed: {span} stay text, since pages would not have paid."
    pages = terminal.format_count(len(seal.pages), "page")
    return f"Sealed: {span} became {pages}, {seal.tokens:,} tokens for {seal.text_tokens:,} of text."

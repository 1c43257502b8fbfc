"""`RecallCall`: a call of one of the two tools, and what it is answered. Knows histories; knows no dialect."""

from __future__ import annotations

import json
from dataclasses import dataclass

from glyph_memory.context.recall_wording import describe_bad_call
from glyph_memory.memory import RecallWriter
from glyph_memory.memory.history import FoldedHistory
from glyph_memory.serve.dialects.units import Unit
from glyph_memory.serve.recall.tools import RECALL

_PASSAGES = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class RecallCall:
    """A call of `recall` or `zoom`."""

    id: str
    """What its result refers to."""
    name: str
    """Which of the two."""
    arguments: str
    """As the model wrote them."""


def answer_call(call: RecallCall, folded: FoldedHistory[Unit]) -> str:
    """Return what a call is answered: text for the model, also where the call makes no sense."""
    writer = RecallWriter(folded.folding.binder.cleaner.clean_and_escape)
    try:
        given = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        given = None
    name = "query" if call.name == RECALL else "what"
    asked = given.get(name) if isinstance(given, dict) else None
    if isinstance(asked, int) and not isinstance(asked, bool):
        asked = str(asked)
    if not isinstance(asked, str) or not asked.strip() or not isinstance(given, dict):
        return describe_bad_call(name)
    if call.name == RECALL:
        return writer.recall(folded, asked, _PASSAGES)
    start = given.get("start")
    return writer.zoom(folded, asked, start if isinstance(start, int) and start > 0 else 0)

"""`RecallCall`: a call of one of the two tools, and what it is answered. Knows histories; knows no dialect."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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

    @property
    def given(self) -> dict[str, Any]:
        """The arguments as an object, which every server takes back; what a model wrote that is none stands in one."""
        try:
            found = json.loads(self.arguments or "{}")
        except (ValueError, RecursionError):
            found = None
        return found if isinstance(found, dict) else {"arguments": self.arguments}


def name_calls(calls: Sequence[RecallCall], *, rounds: int) -> list[str]:
    """Return an id for each call that no other has: the model's own, where it gave one.

    Args:
        calls: Those of one answer.
        rounds: How many answers were followed by another.
    """
    names: list[str] = []
    for number, call in enumerate(calls):
        is_taken = not call.id or call.id in names
        names.append(f"recall-{rounds}-{number}" if is_taken else call.id)
    return names


def answer_call(call: RecallCall, folded: FoldedHistory[Unit]) -> str:
    """Return what a call is answered: text for the model, also where the call makes no sense."""
    writer = RecallWriter(folded.folding.binder.cleaner.clean_and_escape)
    given = call.given
    name = "query" if call.name == RECALL else "what"
    asked = given.get(name)
    if isinstance(asked, int) and not isinstance(asked, bool):
        asked = str(asked)
    if not isinstance(asked, str) or not asked.strip():
        return describe_bad_call(name)
    if call.name == RECALL:
        return writer.recall(folded, asked, _PASSAGES)
    start = given.get("start")
    return writer.zoom(folded, asked, start if isinstance(start, int) and start > 0 else 0)

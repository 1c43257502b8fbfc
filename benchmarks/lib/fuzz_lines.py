"""The door of imported lines: what is nearly an export, damaged as JSON or as bytes."""

from __future__ import annotations

import random
import warnings
from functools import cache

from glyph_memory import GlyphMemory, GlyphMemoryError, GlyphMemoryWarning
from lib.fuzz_outcome import check_line, require
from lib.fuzz_store import make_scratch
from lib.fuzz_values import change_json, mutate, spell_json

_LINE = {
    "anchor": 1, "id": "turn-1", "role": "user", "text": "The port is 8443.", "time": "2025-03-03T10:00:00+00:00",
    "pinned": False, "images": ["AAAA"], "name": "Ada",
    "attachments": [{"block": "{}", "name": "a", "media_type": "b"}],
}  # fmt: skip
_WORDS = (
    "user",
    "assistant",
    "system",
    "tool",
    "AAAA",
    "?",
    "2025-13-01",
    "§3 user: hello",
    "\ud800",
    "\0",
    "\n",
)


@cache
def _open_memory() -> GlyphMemory:
    return GlyphMemory.open(":memory:", session="lines")


def check_lines(dice: random.Random) -> str:
    """Import lines that are nearly an export: turns that are exported again, or an error in one line."""
    memory, path = _open_memory(), make_scratch() / "lines.jsonl"
    memory.clear()
    lines = []
    for number in range(dice.randint(1, 3)):
        line: object = {**_LINE, "anchor": number + 1, "id": f"turn-{number}"}
        if dice.random() < 0.8:
            line = change_json(
                dice, line, names=(*_LINE, "content", "tool_calls", "tool_call_id", "x"), words=_WORDS
            )
        lines.append(spell_json(line))
    data = b"\n".join(lines)
    path.write_bytes(mutate(dice, data) if dice.random() < 0.3 else data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GlyphMemoryWarning)
        try:
            count = memory.import_(path)
        except GlyphMemoryError as error:
            check_line(error)
            return "refused"
        turns = [*memory.turns()]
        require(len(turns) == count, f"{count} turns are said to be imported, and {len(turns)} are there")
        again = make_scratch() / "again.jsonl"
        memory.export(again)
        said = [(turn.role, turn.text, turn.id, turn.images, turn.time) for turn in turns]
        memory.clear()
        memory.import_(again)
        after = [(turn.role, turn.text, turn.id, turn.images, turn.time) for turn in memory.turns()]
        require(after == said, "an export is not what was imported")
    return "done"

"""The door of imported lines: whatever a file holds, a turn or a `GlyphMemoryError` in one line comes out.

A door is a place where input comes in that we did not make; each has a module in this folder, with that one claim.
Inputs that once failed stand there as `@example(...)`, or as cases of their own. `make fuzz` tries new ones for hours.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory import GlyphMemory, GlyphMemoryError

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
_FIELDS = (
    "role", "text", "content", "anchor", "time", "id", "pinned", "images", "tool_calls", "tool_call_id", "attachments",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all of a fuzzer's files."""
    return tmp_path_factory.mktemp("lines")


@settings(settings.get_profile("fuzz"))
@given(fields=st.dictionaries(st.sampled_from(_FIELDS), _JSON, max_size=6))
def test_a_line_of_any_fields_is_a_turn_or_an_error_of_ours(folder: Path, fields: dict[str, object]) -> None:
    """And the session goes on: the next turn is taken, and the context shows it."""
    path = folder / "turns.jsonl"
    path.write_text(json.dumps({"role": "user", "text": "Hello.", **fields}) + "\n")
    with GlyphMemory.open(":memory:") as memory:
        try:
            memory.import_(path)
        except GlyphMemoryError as error:
            assert "\n" not in str(error)
        assert memory.add("user", "And now?").anchor
        memory.context()

"""The door of imported lines: whatever a file holds, a turn or a `GlyphMemoryError` in one line comes out.

A door is a place where input comes in that we did not make; each has a module in this folder, with that one claim.
Inputs that once failed stand there as `@example(...)`, or as cases of their own. `make fuzz` tries new ones for hours.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glyph_memory import GlyphMemory, GlyphMemoryError, GlyphMemoryWarning

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


_HIGHEST = (2**31, 2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 10**30)
_ANCHORS = st.sampled_from([*_HIGHEST, -(2**63), -1, 0, 1, 2, 1.5, 1e300, True, "7", [7], None])
_TIMES = st.sampled_from(
    [
        "0001-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2025-01-01T00:00:00+24:00",
        "2025-01-01T00:00:00.123456+05:30:15.123456", "2025-13-01", "2025-03-03", 0, -1, 1e18, -1e18, 10**30,
        "", True, [],
    ]
)  # fmt: skip
_MUTATIONS = st.fixed_dictionaries(
    {},
    optional={
        "anchor": _ANCHORS,
        "time": _TIMES,
        "id": st.sampled_from(["", "a", "turn-2", 7, "\0", "\ud800", "x" * 5000, None, [], 1.5]),
        "pinned": st.sampled_from([True, False, 1, "yes", None]),
        "images": st.sampled_from([[], ["AAAA"], ["?"], "AAAA", [7], None]),
        "role": st.sampled_from(["user", "system", "tool", "assistant", "nobody", 7]),
        "text": st.sampled_from(["", "§3 user: hello", "\ud800", "x" * 20_000]),
    },
)


@settings(settings.get_profile("fuzz"))
@given(mutations=st.lists(_MUTATIONS, min_size=5, max_size=5))
@example(mutations=[{"anchor": 2**63 - 1}, {}, {}, {}, {}])
@example(mutations=[{}, {"time": "0001-01-01T00:00:00"}, {"anchor": -1}, {"id": ""}, {"id": ""}])
def test_an_export_of_any_fields_disables_no_session(
    folder: Path, mutations: list[dict[str, object]]
) -> None:
    """After any import, whole or not, the session goes on, and what it exports is imported elsewhere, turn by turn."""
    path, again = folder / "export.jsonl", folder / "again.jsonl"
    lines: list[dict[str, object]] = [
        {"anchor": number, "id": f"turn-{number}", "role": role, "text": f"{number}: port 8443"}
        for number, role in enumerate(("system", "user", "assistant", "user", "assistant"), 1)
    ]
    changed = [line | mutation for line, mutation in zip(lines, mutations, strict=True)]
    path.write_text("".join(json.dumps(line) + "\n" for line in changed))
    with warnings.catch_warnings(record=True) as told, GlyphMemory.open(":memory:") as memory:
        warnings.simplefilter("always", GlyphMemoryWarning)
        try:
            memory.import_(path)
        except GlyphMemoryError as error:
            assert "\n" not in str(error)
        else:
            kept = {turn.id: turn.anchor for turn in memory.turns()}
            is_renumbered = any(
                type(line["anchor"]) is int and kept.get(str(line["id"]), line["anchor"]) != line["anchor"]
                for line in changed
            )
            assert not is_renumbered or any("other numbers" in str(one.message) for one in told)
        assert memory.add("user", "And now, port 8443?").anchor
        memory.context()
        assert memory.recall("8443")
        assert memory.sessions()
        memory.export(again)
        with GlyphMemory.open(":memory:", session="copy") as copy:
            assert copy.import_(again) == memory.report().turns
            said = [(turn.role, turn.text, turn.time, turn.id, turn.images) for turn in copy.turns()]
            assert said == [
                (turn.role, turn.text, turn.time, turn.id, turn.images) for turn in memory.turns()
            ]

"""What the benchmark of imports counts."""

from __future__ import annotations

from imports import run_import


def test_a_process_of_its_own_tells_its_time_and_its_modules() -> None:
    """Whatever is imported is counted, and nothing that this process has loaded."""
    nothing_s, few = run_import("pass")
    json_s, more = run_import("import json.tool")
    assert nothing_s > 0
    assert json_s > 0
    assert more > few

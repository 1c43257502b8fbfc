"""What vLLM answers to every request of the table, kept in `tests/readers/recorded` for the fast tests.

`make servers RECORD=1` writes the file anew; without it, the answers must have the recorded shapes.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.servers.probes import PROBES, Probe, describe, send, shorten

RECORDED = Path(__file__).parents[1] / "readers" / "recorded" / "vllm.json"


@pytest.fixture(scope="module")
def answers(vllm: str) -> dict[str, dict[str, Any]]:
    """Return what the real server answers, in the table's order."""
    with httpx2.Client(base_url=vllm, timeout=300.0) as client:
        return {probe.name: send(client, probe) for probe in PROBES}


@pytest.mark.skipif("RECORD" not in os.environ, reason="writes what is recorded: make servers RECORD=1")
def test_the_answers_are_recorded(answers: dict[str, dict[str, Any]]) -> None:
    """One file, long lists cut."""
    RECORDED.parent.mkdir(exist_ok=True)
    text = json.dumps(shorten(answers), indent=1, ensure_ascii=True)
    RECORDED.write_text(f"{text}\n", encoding="utf-8")
    assert set(json.loads(RECORDED.read_text(encoding="utf-8"))) == {probe.name for probe in PROBES}


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_the_server_answers_as_recorded(answers: dict[str, dict[str, Any]], probe: Probe) -> None:
    """Another version of vLLM that answers otherwise is seen here first."""
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    assert describe(shorten(answers[probe.name])) == describe(recorded[probe.name])

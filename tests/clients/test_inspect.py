"""Inspect's own agent loop, with pages beside the strategies that Inspect brings, in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import llama_index.core
import pytest

from lib.results import ROOT

SCRIPT = Path(__file__).parent / "inspect_agents.py"


@pytest.fixture(scope="session")
def results(clients_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """Return what one agent was sent under each strategy."""
    # Inspect counts with tiktoken, which would ask for its vocabulary over the network.
    vocabularies = Path(llama_index.core.__file__).parent / "_static" / "tiktoken_cache"
    ours = os.pathsep.join([str(ROOT), str(ROOT / "benchmarks")])
    ended = subprocess.run(
        [
            clients_root / ".venv-clients" / "inspect" / "bin" / "python",
            SCRIPT,
            tmp_path_factory.mktemp("logs"),
        ],
        env={**os.environ, "TIKTOKEN_CACHE_DIR": str(vocabularies), "PYTHONPATH": ours},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    told: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return told


def test_an_agent_goes_on_with_pages_and_nothing_it_read_is_gone(results: Mapping[str, Any]) -> None:
    """What the model no longer sees as text is on pages, or named; the originals ride along, every one."""
    pages = results["pages"]
    assert (pages["status"], pages["files"], pages["unpaired"]) == ("success", 60, 0)
    assert pages["images"] > 0
    assert pages["begins"] == ["system", "user", "user"]


def test_strategies_of_inspects_own_lose_what_was_read(results: Mapping[str, Any]) -> None:
    """On the same agent: so the comparison shows something."""
    assert results["trim"]["status"] == results["edit"]["status"] == "success"
    assert max(results["trim"]["files"], results["edit"]["files"]) < 60


def test_between_two_compactions_the_prefix_stays(results: Mapping[str, Any]) -> None:
    """Of 61 requests all but a few go on from the one before."""
    assert 0 < results["pages"]["changes"] <= 4


def test_what_a_provider_joined_is_taken_apart_again(results: Mapping[str, Any]) -> None:
    """The vLLM provider makes one message of the input and the pages, and of what a user says behind them."""
    joined = results["pages"]["joined"]
    assert joined["joined"] == 1
    assert joined["front"][-1] == "Read all files and remember the keys."
    assert joined["messages"] >= 120
    assert joined["after"] == "And now?"


def test_originals_come_back_however_they_were_shown(results: Mapping[str, Any]) -> None:
    """Shown in parts, with a picture between lines of ours, with a tool's error, joined to others that are."""
    for name, talk in results["talks"].items():
        assert (talk["lost"], talk["messages"], talk["changed"]) == (0, True, 0), name
    fronts = {name.split(",")[0]: talk["front"] for name, talk in results["talks"].items()}
    assert fronts == {"one": ["Read."], "two": ["Read.", "All\nfiles."], "unmarked": ["Read."]}


def test_a_threshold_that_is_a_share_is_one_of_the_models_window(results: Mapping[str, Any]) -> None:
    """Inspect ends a run that comes to more: half of 16,000 here."""
    assert 0 < results["share"] <= 8000

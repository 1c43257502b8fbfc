"""`glyph-memory train grpo` trains, goes on, tells each step, and says in one line what cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyph_memory.testing import FakeVLMServer, build_tiny_model
from glyph_memory.training.pages.shards import encode_shard
from lib.one_letter import make_sample

if TYPE_CHECKING:
    from tests.cli.conftest import Run

pytest.importorskip("trl")

SMALL = (
    *("--prompts", 2, "--prompts-at-once", 2, "--group-size", 4, "--completions-per-pass", 8),
    *("--max-new-tokens", 4, "--save-every", 1, "--learning-rate", 1e-3, "--device", "cpu", "--offline"),
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tiny model."""
    return build_tiny_model(tmp_path_factory.mktemp("model") / "tiny", "qwen2.5-vl")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a shard of four samples."""
    read = make_sample("black", family="ocr", answer="some text of a page")
    asked = [
        make_sample(colour, question=f"Question {number}?")
        for number, colour in enumerate(("black", "white"))
    ]
    long = make_sample("black", pages=2, question="long " * 80)
    path = tmp_path_factory.mktemp("data") / "samples.parquet"
    path.write_bytes(encode_shard(enumerate([read, *asked, long]), "parquet").getvalue())
    return path


def test_a_judge_makes_the_reward_and_training_goes_on_with_more_steps(
    run: Run, model: Path, data: Path, tmp_path: Path
) -> None:
    """A line a step on standard error, JSON on standard output, and the long prompt is counted."""
    said = iter(range(10_000))
    command = ("train", "grpo", model, data, "--out", tmp_path / "out", "--reward", "judge=1,ocr=0.5", *SMALL)
    with FakeVLMServer(answer=lambda _: "yes" if next(said) % 2 else "no") as server:
        judged = (
            *command,
            "--judge-server",
            server.base_url,
            "--max-prompt-tokens",
            150,
            "--judge-patience",
            0,
        )

        first = run(*judged, "--steps", 1)
        assert first.code == 0, first.err
        assert "1 of 4 samples left out: a prompt of more than 150 tokens" in first.err
        assert "step 1/1: reward " in first.err
        assert str(tmp_path / "out" / "model") in first.out
        second = run(*judged, "--steps", 2, "--json")
    assert "going on from" in second.err
    assert [step["step"] for step in second.json["steps"]] == [1, 2]
    assert second.json["left_out"] == {"a prompt of more than 150 tokens": 1}
    assert (tmp_path / "out" / "model" / "adapter_config.json").is_file()


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (("--reward", "bleu=1"), "no reward 'bleu'; there are answer"),
        (("--reward", "judge=1"), "the reward 'judge' needs a judge; name its server with --judge-server"),
        (("--passes", 2, "--save-every", 3), "save_every=3 is no multiple of passes=2"),
        (("--reward", "exact=1"), "none'"),
    ],
)
def test_what_cannot_be_is_one_line(
    run: Run, data: Path, tmp_path: Path, typed: tuple[object, ...], message: str
) -> None:
    """The last names a model that is not there."""
    result = run("train", "grpo", tmp_path / "none", data, "--out", tmp_path / "out", *SMALL, *typed)
    assert message in result.error


def test_help_lists_every_reward_that_can_be_typed(run: Run) -> None:
    """So that nobody has to look into the code."""
    from glyph_memory.training.rewards import REWARDS

    told = run("train", "grpo", "--help").out
    assert all(name in told for name in REWARDS)


def test_the_layers_that_lora_trains_are_named(run: Run, model: Path, data: Path, tmp_path: Path) -> None:
    """The adapter says which, and what they are multiplied by; a name that no layer has is refused."""
    command = ("train", "grpo", model, data, "--reward", "length=1", "--steps", 1, *SMALL)
    done = run(*command, "--out", tmp_path / "out", "--targets", "q_proj, v_proj", "--rank", 2, "--alpha", 6)
    assert done.code == 0, done.err
    adapter = json.loads((tmp_path / "out" / "model" / "adapter_config.json").read_text())
    assert (adapter["r"], adapter["lora_alpha"]) == (2, 6)
    assert all("q_proj" in name or "v_proj" in name for name in adapter["target_modules"])
    assert "nose" in run(*command, "--out", tmp_path / "other", "--targets", "nose").error

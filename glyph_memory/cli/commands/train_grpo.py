"""`glyph-memory train grpo`: a model, trained on what its answers earn, with a line a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.text import Text

from glyph_memory.cli import terminal
from glyph_memory.cli.commands.evaluate_judge import open_judge
from glyph_memory.cli.commands.train_weights import Weights
from glyph_memory.cli.server import Server
from glyph_memory.training import TrainingError, open_samples
from glyph_memory.training.grpo import GrpoResult, GrpoSettings, GrpoStep, train_grpo
from glyph_memory.training.rewards import JudgeReward, RewardMix, parse_rewards

_CONCURRENT = 16
_SEVERAL = 10
"""Steps whose mean is told at the beginning and at the end."""


def run(
    model: str,
    data: Sequence[str],
    *,
    out: Path,
    rewards: str | None,
    judge: Server,
    patience_s: float,
    settings: Mapping[str, Any],
    weights: Weights,
    is_offline: bool,
    as_json: bool,
) -> None:
    """Train; tell each step, and what came of it.

    Raises:
        TrainingError: An option is not understood, or training stopped by itself; the reason says how to go on.
        ReaderError: The judge's server is not there: then nothing is begun.
    """
    chosen = GrpoSettings(**settings)
    table = open_samples(data)
    with _open_rewards(rewards or _choose_rewards(table.families), judge, patience_s) as mix:
        result = train_grpo(
            model,
            table,
            reward=mix,
            out=out,
            settings=chosen,
            model_settings=weights.read(),
            is_offline=is_offline,
            tell=terminal.print_note,
            on_step=_show_step,
        )
    if as_json:
        terminal.print_json(_to_json(result))
    else:
        _print(result)


def _choose_rewards(given: Sequence[str]) -> str:
    families = set(given)
    asked = ["answer=1", "format=0.2"] if families & {"question", "conversation"} else []
    return ",".join([*asked, *(["ocr=0.5"] if "ocr" in families else [])]) or "answer=1"


@contextmanager
def _open_rewards(typed: str, server: Server, patience_s: float) -> Iterator[RewardMix]:
    with open_judge(replace(server, max_tokens=None)) as (reader, _):
        if reader is None:
            yield parse_rewards(typed)
            return
        judge = JudgeReward(reader, concurrent=_CONCURRENT, patience_s=patience_s, tell=terminal.print_note)
        mix = parse_rewards(typed, judge=judge)
        if judge.name not in mix.names:
            raise TrainingError(
                f"a judge is given, and --reward {typed!r} does not name it; write it as in judge=1"
            )
        yield mix


def _show_step(step: GrpoStep) -> None:
    terminal.print_note(step.line)


def _mean(steps: Sequence[GrpoStep]) -> float | None:
    rewards = [step.reward for step in steps if step.reward is not None]
    return sum(rewards) / len(rewards) if rewards else None


def _to_json(result: GrpoResult) -> dict[str, object]:
    return {
        "model": str(result.model),
        "reward_first": _mean(result.steps[:_SEVERAL]),
        "reward_last": _mean(result.steps[-_SEVERAL:]),
        "left_out": result.left_out,
        "steps": [asdict(step) for step in result.steps],
    }


def _print(result: GrpoResult) -> None:
    first, last = _mean(result.steps[:_SEVERAL]), _mean(result.steps[-_SEVERAL:])
    several = min(_SEVERAL, len(result.steps))
    risen = (
        f"; reward {first:.3f} in the first {terminal.format_count(several, 'step')}, {last:.3f} in the last"
        if first is not None and last is not None
        else ""
    )
    done = f"{terminal.format_count(len(result.steps), 'step')}{risen}: {terminal.escape_line(str(result.model))}"
    terminal.console().print(Text(done), soft_wrap=True)

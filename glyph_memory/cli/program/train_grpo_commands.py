"""`glyph-memory train grpo` as it is typed; what it does stands in a module of its name."""

from __future__ import annotations

from glyph_memory.cli import options
from glyph_memory.cli.program import evaluate_options, train_options
from glyph_memory.cli.program import train_grpo_options as grpo_options
from glyph_memory.cli.root import TRAINING, register_command, train


@register_command(
    TRAINING,
    (
        "Questions about pages, and pages to be read",
        "glyph-memory train grpo my-model pages --out run --reward answer=1,format=0.2,ocr=0.5",
    ),
    (
        "With a judge, who knows other words for the same",
        "glyph-memory train grpo my-model pages --out run --reward judge=1,format=0.2 --judge-server "
        "http://127.0.0.1:8000/v1",
    ),
    (
        "A small trial on one GPU",
        "glyph-memory train grpo my-model pages --out trial --group-size 8 --prompts 4 --steps 50 --learning-rate 1e-5",
    ),
    group=train,
)
def train_grpo(
    *,
    model: train_options.Model,
    data: grpo_options.Data,
    out: grpo_options.Out,
    reward: grpo_options.Reward = None,
    judge_server: grpo_options.JudgeServer = None,
    judge_model: evaluate_options.JudgeModel = None,
    judge_api_key: evaluate_options.JudgeKey = None,
    judge_patience: grpo_options.Patience = 600.0,
    steps: grpo_options.Steps = 500,
    group_size: grpo_options.GroupSize = 16,
    prompts: grpo_options.Prompts = 32,
    learning_rate: grpo_options.LearningRate = 1e-6,
    epsilon_low: grpo_options.EpsilonLow = 0.2,
    epsilon_high: grpo_options.EpsilonHigh = 0.28,
    beta: grpo_options.Beta = 0.001,
    temperature: grpo_options.Temperature = 1.0,
    passes: grpo_options.Passes = 1,
    ocr_share: grpo_options.OcrShare = 0.2,
    max_new_tokens: grpo_options.MaxNewTokens = 2048,
    max_prompt_tokens: grpo_options.MaxPromptTokens = None,
    prompts_at_once: grpo_options.PromptsAtOnce = 1,
    completions_per_pass: grpo_options.CompletionsPerPass = 1,
    flat_steps: grpo_options.FlatSteps = 10,
    save_every: train_options.SaveEvery = 25,
    seed: grpo_options.Seed = 0,
    full: train_options.Full = False,
    rank: train_options.Rank = 16,
    alpha: train_options.Alpha = 32,
    targets: train_options.Targets = "",
    vision: train_options.Vision = False,
    recompute: train_options.Recompute = True,
    device: train_options.Device = "auto",
    dtype: train_options.Dtype = "auto",
    offline: train_options.Offline = False,
    as_json: options.Json = False,
) -> None:
    """Train a vision-language model on what its answers earn, by GRPO.

    For each prompt the model writes a group of completions; those that earn more than the others of their group become
    likelier. Begin with a model that was fine-tuned: what it never does cannot be rewarded.

    Each step is told in a line, and kept in log.jsonl. A run that was stopped, or killed, goes on with the same command
    from its last checkpoint, as if it had not been stopped; with more --steps it goes on from its end. It stops by
    itself where nothing is learned: every group got one reward, a loss is no number, a judge stays away.

    Prompts that are too long are left out and counted, never cut.
    """
    from glyph_memory.cli.commands import train_grpo as command  # noqa: PLC0415  loaded when it runs
    from glyph_memory.cli.commands.train_weights import Weights  # noqa: PLC0415
    from glyph_memory.cli.server import Server  # noqa: PLC0415

    command.run(
        model,
        data,
        out=out,
        rewards=reward,
        judge=Server(url=judge_server, model=judge_model, api_key=judge_api_key),
        patience_s=judge_patience,
        settings={
            "steps": steps,
            "group_size": group_size,
            "prompts_per_step": prompts,
            "learning_rate": learning_rate,
            "epsilon_low": epsilon_low,
            "epsilon_high": epsilon_high,
            "beta": beta,
            "temperature": temperature,
            "passes": passes,
            "ocr_share": ocr_share,
            "max_new_tokens": max_new_tokens,
            "max_prompt_tokens": max_prompt_tokens,
            "prompts_at_once": prompts_at_once,
            "completions_per_pass": completions_per_pass,
            "flat_steps": flat_steps,
            "save_every": save_every,
            "seed": seed,
        },
        weights=Weights(
            full=full, rank=rank, alpha=alpha, targets=targets, vision=vision, recompute=recompute, device=device,
            dtype=dtype, seed=seed,
        ),
        is_offline=offline,
        as_json=as_json,
    )  # fmt: skip

"""The command `glyph-memory train sft` as it is typed; what it does stands in a module of its name."""

from __future__ import annotations

from glyph_memory.cli.options import Json
from glyph_memory.cli.program import train_options
from glyph_memory.cli.program import train_sft_options as options
from glyph_memory.cli.root import TRAINING, register_command, train


@register_command(
    TRAINING,
    (
        "Train an adapter on page data, on one GPU",
        "glyph-memory train sft zai-org/Glyph pages/ --out run --tokens-per-step 65536",
    ),
    (
        "See what it brings",
        "glyph-memory train sft ./model pages/ --out run --steps 500 --eval-task identifiers --eval-every 100",
    ),
    (
        "Train a small model whole, with a fifth of reading practice",
        "glyph-memory train sft ./model pages/ --out run --full --vision --ocr-share 0.2 --passes 2",
    ),
    group=train,
)
def train_sft(
    *,
    model: train_options.Model,
    data: options.Data,
    out: options.Out,
    full: train_options.Full = False,
    rank: train_options.Rank = 16,
    alpha: train_options.Alpha = 32,
    targets: train_options.Targets = "",
    vision: train_options.Vision = False,
    reasoning: options.Reasoning = True,
    ocr_share: options.OcrShare = None,
    steps: options.Steps = None,
    passes: options.Passes = None,
    tokens_per_step: options.TokensPerStep = 32_768,
    tokens_per_forward: options.TokensPerForward = None,
    max_tokens: options.MaxTokens = None,
    learning_rate: options.LearningRate = None,
    recompute: train_options.Recompute = True,
    seed: options.Seed = 0,
    device: train_options.Device = "auto",
    dtype: train_options.Dtype = "auto",
    offline: train_options.Offline = False,
    workers: options.Workers = 0,
    save_every: train_options.SaveEvery = 50,
    keep: options.Keep = 2,
    resume: options.Resume = True,
    eval_task: options.EvalTask = None,
    eval_every: options.EvalEvery = None,
    eval_arms: options.EvalArms = "pages",
    eval_lengths: options.EvalLengths = "4096",
    eval_samples: options.EvalSamples = 20,
    eval_max_tokens: options.EvalMaxTokens = 512,
    as_json: Json = False,
) -> None:
    """Fine-tune a vision-language model on samples: pages and questions in, reasoning and answers out.

    Loss is taken of what the model should write alone. Lengths are counted in tokens, and no sample is cut: what is too
    long is left out and counted. The same command goes on where a run was stopped, and comes to the same weights; with
    other settings it is refused.

    FOLDER/model is what was trained: with LoRA an adapter, which peft and vLLM load beside the model, else a model that
    everything loads that loads the one it was made from.
    """
    from glyph_memory.cli.commands import train_sft as command  # noqa: PLC0415
    from glyph_memory.cli.commands.train_weights import Weights  # noqa: PLC0415

    command.run(
        model,
        data,
        out,
        weights=Weights(
            full=full, rank=rank, alpha=alpha, targets=targets, vision=vision, recompute=recompute, device=device,
            dtype=dtype, seed=seed,
        ),
        course=command.Course(
            steps=steps, passes=passes, tokens_per_step=tokens_per_step, tokens_per_forward=tokens_per_forward,
            max_tokens=max_tokens, with_reasoning=reasoning, ocr_share=ocr_share, learning_rate=learning_rate,
            save_every=save_every, keep=keep, workers=workers, seed=seed,
        ),
        asked=command.Asked(
            tasks=eval_task or (), every=eval_every, arms=eval_arms, lengths=eval_lengths, samples=eval_samples,
            max_tokens=eval_max_tokens,
        ),
        resume=resume,
        is_offline=offline,
        as_json=as_json,
    )  # fmt: skip

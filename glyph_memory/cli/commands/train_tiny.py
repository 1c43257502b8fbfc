"""`glyph-memory train tiny`: train a small model of one's own, and tell where it is."""

from __future__ import annotations

from pathlib import Path

from glyph_memory.cli import terminal
from glyph_memory.training.tiny import TinyPlan, train_tiny


def run(out: Path, *, minutes: float, language_model: str | None, seed: int, as_json: bool) -> None:
    """Train, with a line to stderr now and then.

    Raises:
        TrainingError: Something is missing, or the loss is no number.
    """
    try:
        model = train_tiny(
            out,
            TinyPlan.for_minutes(minutes, seed=seed),
            language_model=language_model,
            say=terminal.print_note,
        )
    except KeyboardInterrupt:
        terminal.print_note("Stopped; the same command goes on from the last checkpoint.")
        raise
    if as_json:
        terminal.print_json({"model": str(model), "minutes": minutes, "seed": seed})
    else:
        terminal.console().print(f"The model is in {model}", markup=False, highlight=False, soft_wrap=True)

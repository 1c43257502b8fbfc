"""Train both networks of the nano reader and put their weights into one file."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file, save

from glyph_memory.files import write_atomic
from glyph_memory.nano.training.dataset import Plan
from glyph_memory.nano.training.ideographs import train_glance
from glyph_memory.nano.training.model import export_glance
from glyph_memory.nano.training.train import Say, Training


def train_reader(folder: Path, plan: Plan, *, say: Say) -> Path:
    """Train, or continue from what is in the folder.

    Args:
        folder: Holds `checkpoint.pt`, `network.safetensors`, `glance.safetensors`, and in the end `nano.safetensors`.
        plan: What to do.
        say: Told how it goes, a line now and then.

    Returns:
        Where the weights are.

    Raises:
        GlyphMemoryError: The folder's checkpoint is of another plan.
    """
    training = Training(folder, plan, say=say)
    training.train()
    glance = folder / "glance.safetensors"
    if plan.glance_steps and not glance.exists():
        trained = export_glance(train_glance(plan, say=say))
        write_atomic(glance, save(trained))
    together = load_file(training.weights) | (load_file(glance) if glance.exists() else {})
    weights = folder / "nano.safetensors"
    write_atomic(weights, save(together, metadata={"format": "pt"}))
    return weights

"""Write the card of a trained tiny model: what it is, what it was taught, what it can and cannot."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path

from glyph_memory.files import write_atomic
from glyph_memory.training.tiny.plan import TinyPlan

_CARD = """\
---
license: apache-2.0
library_name: transformers
pipeline_tag: image-text-to-text
---
# A tiny model that reads pages

Qwen2.5-VL's architecture: a vision tower of {depth} blocks and width {hidden}, trained from random weights, in front of
the language model it was assembled with (SmolLM2-135M-Instruct unless another was given; its licence is Apache-2.0).
It reads pages one cell of 28 pixels high, in the package's monospaced font, as `glyph_memory.training.tiny` draws them.
It reads no other pages, no photographs and no language but English.

- Seed {seed}, {minutes:.0f} minutes on {device}, {date}.
- Taught with texts that are made while training: facts about words of the tokenizer, and prose of the standard
  library's docstrings. Nothing was downloaded.
- Rotated positions of an image follow its columns (`mrope_section` [0, 0, half a head]).

## How many questions it answered

{table}
"""


def write_card(folder: Path, plan: TinyPlan, rows: Sequence[Mapping[str, object]], *, minutes: float) -> Path:
    """Write `README.md` beside a model, and return its path.

    Args:
        folder: Of the model.
        plan: What it was trained by.
        rows: Of the examination; each has the same keys.
        minutes: How long it was trained.
    """
    lines = []
    if rows:
        head = list(rows[0])
        lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
        lines += [
            f"| {' | '.join('' if row[key] is None else str(row[key]) for key in head)} |" for row in rows
        ]
    text = _CARD.format(
        depth=plan.tower.depth,
        hidden=plan.tower.hidden,
        seed=plan.seed,
        minutes=minutes,
        device=plan.device,
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        table="\n".join(lines) or "It was not asked.",
    )
    path = folder / "README.md"
    write_atomic(path, text.encode())
    return path

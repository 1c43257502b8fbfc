"""Write the model card: what was trained on what, for how long, and every figure that was measured."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

from glyph_memory.errors import GlyphMemoryError
from glyph_memory.files import write_atomic
from glyph_memory.nano.alphabet import CLASSES, IDEOGRAPHS, ROWS, SIZES_PX
from glyph_memory.nano.training.faces import list_faces
from glyph_memory.nano.training.foreign import RASTERISERS
from glyph_memory.nano.training.model import FIRST_PX, LAYERS
from glyph_memory.nano.training.scripts import LANGUAGES
from glyph_memory.nano.training.styles import list_families

_CARD = """\
# The nano reader

A small network that reads text lines off page images, made for pages that glyph-memory typesets. It runs on numpy, on
a CPU. It tells characters, where they stand, and how sure it is of each; it does not reason, and knows no words.

## What it is
- One text line at a time, a strip {rows} rows high: convolutions over columns ({first} px, then {layers} cells of
  2 px), and for every second column whether a character begins there, and which of {classes}. {ideographs:,} ideographs
  are told apart in a second look at {rows} × 16 px. {parameters:,} numbers in half precision, {megabytes:.1f} MB.
- Letters of {smallest} to {largest} px are read as they are, others are resampled first.

## What it was trained on
- Three pages in five are the typesetter's in the default style, the presets, and random fonts, sizes (7 to 14 px),
  pitches and colours; one in seven is dense, with newlines, indentation and runs as marks with counts in a paler ink;
  one in four is drawn as other programs do. It is known which character begins where on each.
{programs}
- Two in five are resampled by 0.8 to 1.3 (to the nearest pixel, bilinear, bicubic, Lanczos); some are blurred,
  compressed, noisy, or turned by up to 0.3°, and lines are cut a pixel too high or too low.
{fonts}
- Text: docstrings and sources of the standard library's modules (but the quarter that is kept for measuring), made-up
  JSON, logs, identifiers, numbers, tables, boxes, leaders, runs of one sign, chats, random words and characters.
{scripts}
- {steps:,} steps of 128 strips of 320 px, seed {seed}, {minutes:.0f} minutes on {device}; then {glance_steps:,} of
  ideographs. Muon and AdamW; the mean of the weights over the last steps is what is kept.
- Again: `{command}`.

## What was measured
{figures}
"""


def write_card(folder: Path, *, figures: Path | None) -> Path:
    """Write `CARD.md` into a training's folder.

    Args:
        folder: Of the training.
        figures: JSON that `benchmarks/nano.py` wrote; without, the card says that nothing was measured.

    Raises:
        GlyphMemoryError: There is no training in the folder, or no figures in the file.
    """
    try:
        plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
        size = (folder / "nano.safetensors").stat().st_size
        measured = json.loads(figures.read_text(encoding="utf-8")) if figures else None
        card = _card(plan, size, measured)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GlyphMemoryError(
            f"no card can be written of {str(folder)!r}: {error}; train there first"
        ) from error
    path = folder / "CARD.md"
    write_atomic(path, card.encode())
    return path


def _card(plan: dict[str, Any], size: int, measured: dict[str, Any] | None) -> str:
    folder = plan.get("fonts", "")
    installed = [name for name in list_families() if not name.startswith("DejaVu")]
    told = [f"of those installed {', '.join(installed)}"] if installed else []
    told += [f"of `--fonts` {', '.join(list_faces(folder))}"] if folder else []
    return _CARD.format(
        rows=ROWS,
        first=FIRST_PX,
        layers=", ".join(str(cells) for _, _, cells in LAYERS),
        classes=len(CLASSES),
        ideographs=len(IDEOGRAPHS),
        parameters=size // 2,
        megabytes=size / 1e6,
        smallest=SIZES_PX[0],
        largest=SIZES_PX[1],
        programs=_wrap_item(
            f"Other programs: {', '.join(RASTERISERS)}; letters of 8.5 to 17 px, on whole pixels or quarters, some "
            "with ligatures, kerning, stretched spaces, rules under lines."
        ),
        fonts=_wrap_item(f"Fonts: the package's own, {'; '.join(told) or 'and no others'}."),
        scripts=_wrap_item(
            f"Scripts: a quarter is made-up words of {', '.join(LANGUAGES)}; Japanese; common Chinese characters. "
            "Other scripts, emoji and other ideographs are there to be called unreadable."
        ),
        steps=plan["step"],
        seed=plan["seed"],
        minutes=plan["spent_s"] / 60,
        device=plan["device"],
        glance_steps=plan["glance_steps"],
        command=_spell_command(plan),
        figures=_figures(measured)
        if measured
        else "Nothing yet: run `python benchmarks/nano.py`, then this again.",
    )


def _wrap_item(text: str) -> str:
    return textwrap.fill(f"- {text}", 120, subsequent_indent="  ")


def _spell_command(plan: dict[str, Any]) -> str:
    fonts = " --fonts FONTS" if plan.get("fonts") else ""
    options = f"--steps {plan['step']} --glance-steps {plan['glance_steps']} --seed {plan['seed']}"
    return f"python -m glyph_memory.nano.training FOLDER{fonts} {options}"


def _figures(measured: dict[str, Any]) -> str:
    head = "| figure | asked | measured | silent | 95 % interval | of |\n|---|---|---|---|---|---|\n"
    rows = (
        f"| {row['figure']} | {row['asked']} | {row['measured']} | {row.get('silent') or ''} | {row['interval']} "
        f"| {row['of']} |\n"
        for row in measured["figures"]
    )
    return f"{head}{''.join(rows)}\nBy `python benchmarks/nano.py`, on text that was never trained on."

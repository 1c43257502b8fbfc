"""Build a vision-language model so small that a test can load it: a real architecture with random weights.

Knows the families that can be built; torch and transformers are loaded when one is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from glyph_memory.errors import GlyphMemoryError, show_value

TinyFamily = Literal["glm4v", "qwen2.5-vl", "qwen3-vl"]
"""Architectures that can be built: that of zai-org/Glyph and GLM-4.1V, of Qwen2.5-VL, of Qwen3-VL."""
TinySize = Literal["tiny", "small"]
"""`tiny` has some 200,000 parameters, for tests; `small` has some six million, for benchmarks."""


def build_tiny_model(
    folder: str | Path,
    family: TinyFamily = "glm4v",
    *,
    seed: int = 0,
    size: TinySize = "tiny",
    dtype: str = "float32",
) -> Path:
    """Write a model folder that transformers loads as it loads a real one, offline; return the folder.

    It holds a config, weights, a byte-level tokenizer with the family's special tokens and a chat template, the
    settings of its image processor, and the tokens that end an answer. Its answers are noise, and depend on every
    token and pixel of the prompt. It needs the extra `transformers`, and no torchvision.

    Args:
        folder: Where to write it; made where it is missing.
        family: The architecture.
        seed: Of the weights; the same seed gives the same weights.
        size: How large it is.
        dtype: In which type the weights are written: `float32`, `bfloat16` or `float16`.

    Raises:
        GlyphMemoryError: The family, the size or the type is unknown, or torch or transformers are missing.
    """
    for name, value, known in (
        ("family", family, get_args(TinyFamily)),
        ("size", size, get_args(TinySize)),
        ("dtype", dtype, ("float32", "bfloat16", "float16")),
    ):
        if value not in known:
            raise GlyphMemoryError(
                f"{name}={show_value(value)} cannot be built; give one of {', '.join(known)}"
            )
    try:
        from glyph_memory.readers.local.quiet import load_quietly  # noqa: PLC0415 - torch takes seconds to load
        from glyph_memory.testing.tiny_vlm import write_model  # noqa: PLC0415 - likewise
    except ImportError as error:
        raise GlyphMemoryError(
            f"a model is built with torch and transformers ({error}). Try: pip install 'glyph-memory[transformers]'"
        ) from error
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    with load_quietly():
        write_model(path, family, seed=seed, size=size, dtype=dtype)
    return path

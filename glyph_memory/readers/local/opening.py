"""Put a loaded model, its caches and its thread together. Knows all of `local`; knows nothing about contexts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from glyph_memory.errors import ReaderRefused
from glyph_memory.readers.local import attention as segment_attention
from glyph_memory.readers.local.engine import Engine
from glyph_memory.readers.local.features import PictureReader
from glyph_memory.readers.local.forward import Forward, free_memory
from glyph_memory.readers.local.loading import LoadedModel, load_model
from glyph_memory.readers.local.need import free_bytes
from glyph_memory.readers.local.prompt import PromptEncoder
from glyph_memory.readers.local.segments import PrefixTree
from glyph_memory.readers.local.worker import Worker

_MOST_PREFIX_BYTES = 8 << 30
_FEATURE_BYTES = 1 << 30
_FEWEST_BATCH_TOKENS = 16_384
_CHUNK_TOKENS = {"cuda": 4096, "mps": 2048, "cpu": 1024}


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineOptions:
    """How a model is run; `None` leaves a size to what the device has."""

    prefix_cache_bytes: int | None = None
    """Most bytes of keys and values that are kept."""
    feature_cache_bytes: int | None = None
    """Most bytes of pictures' features that are kept."""
    max_batch_tokens: int | None = None
    """Most tokens of keys and values of answers that are written side by side."""
    prefill_chunk_tokens: int | None = None
    """How many tokens of a prompt are read at a time."""
    cache_folder: Path | None = None
    """Where keys and values of pages are kept between runs."""
    compiles: bool = False
    """Whether the model's layers are compiled."""

    def __post_init__(self) -> None:
        for name, least in (
            ("prefix_cache_bytes", 0), ("feature_cache_bytes", 0), ("max_batch_tokens", 1), ("prefill_chunk_tokens", 1),
        ):  # fmt: skip
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
                raise ReaderRefused(f"{name}={value!r} cannot work. It is a whole number, {least} at least")

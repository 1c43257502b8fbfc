"""Choose where and how a model computes: device, number type, attention.

Knows what torch sees of this machine; knows nothing about models by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import torch

from glyph_memory.errors import ReaderRefused, show_value
from glyph_memory.readers.local.extra import check_quantization

Quantization = Literal["4bit", "8bit"]
"""Weights of 4 or of 8 bits, by bitsandbytes."""
TOWERS = ("text", "vision")
"""The parts of a model that attend, each with an implementation of its own."""

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
_ATTENTION = ("sdpa", "eager", "flash_attention_2", "flash_attention_3")
_HOPPER = (9, 0)
"""The GPUs that flash-attn 3 is written for."""


def choose_device(device: str | torch.device) -> torch.device:
    """Return the device; for `auto` the first GPU, else Apple's, else the CPU.

    Raises:
        ReaderRefused: This machine has no such device.
    """
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", torch.cuda.current_device())
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        chosen = torch.device(device)
    except (RuntimeError, TypeError, ValueError) as error:
        raise ReaderRefused(
            f"device={show_value(device)} is none that torch knows. Give 'auto', 'cpu', 'cuda', 'cuda:1' or 'mps'"
        ) from error
    if chosen.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if count == 0:
            raise ReaderRefused(
                f"device={str(device)!r}, and torch {torch.__version__} sees no GPU here. Check nvidia-smi and that "
                "torch is built for CUDA, or give device='cpu'"
            )
        if chosen.index is not None and chosen.index >= count:
            raise ReaderRefused(
                f"device={str(device)!r}, and this machine has {count} GPUs; give 'cuda:0' to 'cuda:{count - 1}'"
            )
        return torch.device("cuda", torch.cuda.current_device() if chosen.index is None else chosen.index)
    if chosen.type == "mps" and not torch.backends.mps.is_available():
        raise ReaderRefused("device='mps', and torch sees no Apple GPU here. Give device='cpu'")
    if chosen.type not in {"cpu", "mps"}:
        raise ReaderRefused(f"device={str(device)!r} is not supported. Give 'auto', 'cpu', 'cuda' or 'mps'")
    if chosen.index:
        raise ReaderRefused(f"device={str(device)!r}, and there is one {chosen.type}. Give {chosen.type!r}")
    return torch.device(chosen.type)


def choose_dtype(dtype: str | torch.dtype, device: torch.device) -> torch.dtype:
    """Return the number type; for `auto` bfloat16 on GPUs that have it, float16 on others, float32 on the CPU.

    Raises:
        ReaderRefused: It is unknown.
    """
    if dtype == "auto":
        if device.type == "cuda":
            return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
        return torch.float16 if device.type == "mps" else torch.float32
    chosen = _DTYPES.get(dtype.removeprefix("torch.")) if isinstance(dtype, str) else dtype
    if chosen is None or chosen not in _DTYPES.values():
        raise ReaderRefused(
            f"dtype={show_value(dtype)} is unknown; give 'auto', {', '.join(map(repr, _DTYPES))}"
        )
    return chosen


def choose_attention(
    attention: str | Mapping[str, str], device: torch.device, dtype: torch.dtype
) -> dict[str, str]:
    """Return the implementation for each tower; for `auto` flash attention where it is installed and can run.

    Raises:
        ReaderRefused: It is unknown, is not installed, or cannot run on this device or with these numbers.
    """
    asked = dict(attention) if isinstance(attention, Mapping) else dict.fromkeys(TOWERS, attention)
    if unknown := [tower for tower in asked if tower not in TOWERS]:
        raise ReaderRefused(
            f"attention names the tower {show_value(unknown[0])}; give {' and '.join(map(repr, TOWERS))}"
        )
    auto = find_flash(device, dtype) or "sdpa"
    chosen = {tower: asked.get(tower, "auto") for tower in TOWERS}
    for name in chosen.values():
        _check_attention(name, device, dtype)
    return {tower: auto if name == "auto" else name for tower, name in chosen.items()}


def find_flash(device: torch.device, dtype: torch.dtype) -> str | None:
    """Return the flash attention that is installed and can run, if any."""
    from transformers.utils.import_utils import (  # noqa: PLC0415 - slow to load
        is_flash_attn_2_available,
        is_flash_attn_3_available,
    )

    if device.type != "cuda" or dtype not in {torch.float16, torch.bfloat16}:
        return None
    if torch.cuda.get_device_capability(device) == _HOPPER and is_flash_attn_3_available():
        return "flash_attention_3"
    return "flash_attention_2" if is_flash_attn_2_available() else None


def check_quantization_choice(quantization: str | None, device: torch.device) -> None:
    """Raise an error for a quantization that is unknown, or that this machine lacks the software for.

    Raises:
        ReaderRefused: It says which, and what to do.
    """
    if quantization is None:
        return
    if quantization not in get_args(Quantization):
        raise ReaderRefused(
            f"quantization={show_value(quantization)} is unknown; give None, '4bit' or '8bit'"
        )
    if device.type == "mps":
        raise ReaderRefused("quantization needs bitsandbytes, which does not run on Apple GPUs; give None")
    check_quantization()


def _check_attention(name: str, device: torch.device, dtype: torch.dtype) -> None:
    if name not in ("auto", *_ATTENTION):
        raise ReaderRefused(
            f"attention={show_value(name)} is unknown; give 'auto', {', '.join(map(repr, _ATTENTION))}"
        )
    if not name.startswith("flash") or find_flash(device, dtype) == name:
        return
    if device.type != "cuda":
        raise ReaderRefused(
            f"attention={name!r} runs on NVIDIA GPUs, and the model is on {str(device)!r}. Give 'auto'"
        )
    if dtype == torch.float32:
        raise ReaderRefused(
            f"attention={name!r} computes in half precision, and dtype is float32. Give 'auto' for one"
        )
    from transformers.utils.import_utils import (  # noqa: PLC0415 - slow to load
        is_flash_attn_2_available,
        is_flash_attn_3_available,
    )

    installed = is_flash_attn_2_available() if name == "flash_attention_2" else is_flash_attn_3_available()
    if not installed:
        how = (
            "pip install 'glyph-memory[flash]'"
            if name == "flash_attention_2"
            else "build flash-attn 3 from its source"
        )
        raise ReaderRefused(f"attention={name!r} is not installed. Give 'auto', or: {how}")

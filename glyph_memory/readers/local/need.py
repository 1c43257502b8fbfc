"""Work out how much memory a model and a prompt need, and compare it with what is free, before anything is run.

Arithmetic on sizes; knows nothing about what is computed. torch is asked for one thing: what a GPU has free.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glyph_memory.errors import ReaderOverflow
from glyph_memory.readers.local.weights import Weights

if TYPE_CHECKING:
    import torch

_WHOLE = ("visual", "vision", "embed", "lm_head", "norm", "merger", "projector")
"""Words in the names of tensors that stay whole in a quantized model."""
_QUANTIZED_BYTES = {"4bit": 0.5625, "8bit": 1.0}
"""Bytes a value: four bits and, for each 64 values, a scale of four bytes; or eight bits."""
_GIB = 1024**3
_SPARE = 0.02
"""Of what is free, the part that allocators leave unused."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelShape:
    """The widths of a model that memory depends on."""

    kv_bytes_per_token: int
    """Keys and values of one token, over all layers that keep them."""
    text_bytes_per_token: int
    """What one token holds while a layer of the text tower works on it."""
    vision_bytes_per_patch: int
    """What one patch of an image holds while a layer of the vision tower works on it, its pixels included."""
    logit_bytes: int
    """One row of logits, in single precision, and a copy for the sampler."""

    @classmethod
    def of(cls, config: Any, *, dtype_bytes: int) -> ModelShape:  # noqa: ANN401 - a config has the fields of its family
        """Return the widths that a model's config says."""
        text = config.get_text_config()
        heads = text.num_attention_heads
        kv_heads = getattr(text, "num_key_value_heads", None) or heads
        head = getattr(text, "head_dim", None) or text.hidden_size // heads
        kinds = getattr(text, "layer_types", None) or ["full_attention"] * text.num_hidden_layers
        keeping = sum("linear" not in kind and "mamba" not in kind for kind in kinds)
        feed = getattr(text, "intermediate_size", None) or 4 * text.hidden_size
        experts = getattr(text, "num_experts_per_tok", None) or 1
        feed = max(feed, experts * (getattr(text, "moe_intermediate_size", None) or 0))
        # Inputs and outputs; queries, keys and values before, while and after they are turned; keys and values once for
        # each head that shares them; in all, a little more than was measured on small models of three families.
        attending = 4 * text.hidden_size + 3 * (heads + 2 * kv_heads) * head + 2 * heads * head
        return cls(
            kv_bytes_per_token=2 * keeping * kv_heads * head * dtype_bytes,
            text_bytes_per_token=(2 * text.hidden_size + 8 * head + max(attending, 3 * feed)) * dtype_bytes,
            vision_bytes_per_patch=_count_patch_bytes(getattr(config, "vision_config", None), dtype_bytes),
            logit_bytes=2 * 4 * text.vocab_size,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryNeed:
    """The bytes that a prompt needs beside the weights.

    Example:
        >>> MemoryNeed(keys_values=3 * 1024**3, activations=1024**3, features=0).total
        4294967296
    """

    keys_values: int
    """Keys and values of the prompt and of the answer, over all prompts that run together."""
    activations: int
    """The largest that is held at once while one chunk of the prompt, or one group of images, goes through."""
    features: int = 0
    """What the vision tower saw, until it is used."""

    @property
    def total(self) -> int:
        """All together."""
        return self.keys_values + self.activations + self.features


def estimate_need(
    shape: ModelShape,
    *,
    new_tokens: int,
    chunk_tokens: int,
    patches: int = 0,
    feature_bytes: int = 0,
    rows: int = 1,
) -> MemoryNeed:
    """Return what a prompt needs.

    Args:
        shape: The model's.
        new_tokens: Tokens whose keys and values are not there yet, those to be written included.
        chunk_tokens: Tokens that go through the text tower at once.
        patches: Patches of the images that go through the vision tower at once.
        feature_bytes: What is kept of the images until the text tower takes it.
        rows: Prompts that are answered together.
    """
    text = min(chunk_tokens, new_tokens) * shape.text_bytes_per_token + rows * shape.logit_bytes
    return MemoryNeed(
        keys_values=new_tokens * shape.kv_bytes_per_token,
        activations=max(text, patches * shape.vision_bytes_per_patch),
        features=feature_bytes,
    )


def check_fits(need: MemoryNeed, free: int | None, *, what: str = "the prompt") -> None:
    """Raise an error for a need that is more than what is free.

    Raises:
        ReaderOverflow: With the numbers, and what would make it fit.
    """
    if free is None or need.total <= free * (1 - _SPARE):
        return
    raise ReaderOverflow(
        f"{what} needs {show_gib(need.total)} ({show_gib(need.keys_values)} keys and values, "
        f"{show_gib(need.activations)} to compute, {show_gib(need.features)} page features) and {show_gib(free)} are "
        "free. Send fewer pages, lower max_tokens, prefill_chunk_tokens or prefix_cache_bytes, or load with "
        "quantization='8bit'"
    )


def estimate_weights(weights: Weights, *, dtype_bytes: int, quantization: str | None = None) -> int:
    """Return the bytes of weights once they are loaded; of files that do not say, their size."""
    if not weights.tensors:
        return weights.file_bytes
    small = dtype_bytes if quantization is None else _QUANTIZED_BYTES[quantization]
    total = 0.0
    for name, count in weights.tensors:
        is_whole = any(word in name for word in _WHOLE)
        total += count * (dtype_bytes if is_whole else small)
    return int(total)


def check_weights_fit(
    weights: Weights, free: int | None, *, dtype_bytes: int, quantization: str | None, name: str
) -> None:
    """Raise an error for weights that are more than what is free, before they are loaded.

    Raises:
        ReaderOverflow: With the numbers, and what would make them fit.
    """
    need = estimate_weights(weights, dtype_bytes=dtype_bytes, quantization=quantization)
    if free is None or need <= free:
        return
    fitting = [
        kind
        for kind in ("8bit", "4bit")
        if estimate_weights(weights, dtype_bytes=dtype_bytes, quantization=kind) < min(free, need)
    ]
    advice = (
        f"Try quantization={fitting[0]!r}"
        if fitting
        else "Free memory, or give a smaller model or another device"
    )
    raise ReaderOverflow(
        f"the weights of {name!r} take {show_gib(need)} and {show_gib(free)} are free. {advice}"
    )


def free_bytes(device: torch.device) -> int | None:
    """Return what is free on a device; `None` where that cannot be told."""
    if device.type == "cuda":
        import torch  # noqa: PLC0415 - arithmetic needs none

        held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + held
    if device.type == "mps":
        import torch  # noqa: PLC0415 - likewise

        return int(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    known = [size for size in (_read_available(), _read_cgroup()) if size is not None]
    return min(known, default=None)


def show_gib(size: float) -> str:
    """Return a size in GiB, as in "5.2 GiB"; small ones with a digit that says something.

    Example:
        >>> show_gib(5.2 * 1024**3)
        '5.2 GiB'
    """
    return f"{size / _GIB:.1f} GiB" if size >= _GIB / 10 or size == 0 else f"{size / _GIB:.2g} GiB"


def _count_patch_bytes(vision: Any, dtype_bytes: int) -> int:  # noqa: ANN401 - likewise
    if vision is None:
        return 0
    hidden = getattr(vision, "hidden_size", None) or getattr(vision, "embed_dim", None) or 1024
    feed = max(
        getattr(vision, "intermediate_size", None) or 4 * hidden,
        getattr(vision, "out_hidden_size", None) or 0,
    )
    side, frames = getattr(vision, "patch_size", 14), getattr(vision, "temporal_patch_size", 1)
    pixels = 3 * frames * side * side
    return 4 * pixels + dtype_bytes * (pixels + 2 * hidden + max(6 * hidden, 3 * feed))


def _read_available(file: Path = Path("/proc/meminfo")) -> int | None:
    try:
        lines = file.read_text("ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _read_cgroup(folder: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Return what a container's limit leaves, of either version of cgroups."""
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            most, now = (
                (folder / limit).read_text("ascii").strip(),
                (folder / used).read_text("ascii").strip(),
            )
            return (
                max(0, int(most) - int(now) + _count_reclaimable(folder / limit)) if most != "max" else None
            )
        except (OSError, ValueError):
            continue
    return None


def _count_reclaimable(limit: Path) -> int:
    """Return the file cache that counts as used, and that the kernel gives back when it is needed."""
    lines = (limit.parent / "memory.stat").read_text("ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("inactive_file ", "active_file ")))

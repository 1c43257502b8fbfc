"""Work out what a window of pages asks of a server: pictures, bytes of caches, memory of GPUs.

Pure arithmetic of a model's profile. Knows nothing about engines and their options.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from glyph_memory.errors import ReaderError, show_value
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile, Size

GIB = 1 << 30
CONVERSATIONS = 3
"""So many conversations' windows, full of pages, the caches of pictures hold."""

_CELL_PX = 28 * 28
_BYTES_PER_PX = 3 * 2 * 4  # three colours, a still as two frames, float32: GLM's and Qwen's processors
_FEATURE_BYTES = 4096 * 2  # a token's vision features in bf16, for a hidden size of 4,096
_WORK_GIB = 3.0
_USABLE = 0.9
_LEAST_WINDOW = 8192
_QUANTIZED = (
    "fp8",
    "awq",
    "gptq",
    "int4",
    "int8",
    "w4a16",
    "w8a8",
    "nf4",
    "bnb",
    "gguf",
    "4bit",
    "8bit",
    "nvfp4",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PageLoad:
    """A window full of pages."""

    window_tokens: int
    """The window."""
    pages: int
    """How many pages fill it, or how many a request may hold."""
    size: Size
    """A page's width and height in pixels, in the default style."""
    tokens: int
    """What a page costs."""

    @property
    def prepared_bytes(self) -> int:
        """Bytes of all pages as the model's processor prepares them: pixels as float32, a still as two frames."""
        width, height = self.size
        return self.pages * max(width * height, self.tokens * _CELL_PX) * _BYTES_PER_PX

    @property
    def feature_bytes(self) -> int:
        """Bytes of all pages as the vision tower encodes them, for a hidden size of 4,096 in bf16."""
        return self.pages * self.tokens * _FEATURE_BYTES

    @property
    def decoded_bytes(self) -> int:
        """Bytes of all pages as decoded pictures, as vLLM counts them: four a pixel."""
        width, height = self.size
        return self.pages * width * height * 4


def measure_load(profile: ModelProfile, window_tokens: int) -> PageLoad:
    """Return what a window full of pages in the default style is for a model."""
    size = PageStyle.glyph().with_snap_px(profile.snap_px).page_px
    tokens = profile.image_tokens(size, images=2)
    most = window_tokens // tokens if profile.max_images is None else profile.max_images
    return PageLoad(
        window_tokens=window_tokens,
        pages=max(1, min(window_tokens // tokens, most)),
        size=size,
        tokens=tokens,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """A model's numbers that memory and tensor parallelism depend on, from its published `config.json`."""

    weights_gib: float
    """Weights in bf16."""
    kv_kib: float
    """Keys and values of a token in bf16, in KiB."""
    heads: int
    """Attention heads; tensor parallelism divides them evenly."""
    kv_heads: int
    """Heads of keys and values; more GPUs than these keep copies."""

    def count_room(self, *, gpus: int, gpu_memory_gib: float) -> int:
        """Return how many tokens' keys and values fit beside the weights; below 0 where not even those fit.

        An estimate: nine tenths of the memory are used, 3 GiB of them on each GPU for the work itself.
        """
        free = gpu_memory_gib * _USABLE - _WORK_GIB - self.weights_gib / gpus
        return math.floor(free * (1 << 20) * min(gpus, self.kv_heads) / self.kv_kib)


_GLM_9B = Network(weights_gib=19.2, kv_kib=40, heads=32, kv_heads=2)
_NETWORKS: tuple[tuple[str, str, Network], ...] = (
    ("glyph", "glyph", _GLM_9B),
    ("glm-4.1v", "4.1v-9b", _GLM_9B),
    ("qwen2.5-vl", "7b", Network(weights_gib=15.4, kv_kib=56, heads=28, kv_heads=4)),
    ("qwen3-vl", "8b", Network(weights_gib=16.3, kv_kib=144, heads=32, kv_heads=8)),
)
"""By profile, and by what the model's name has in it."""


def find_network(profile: ModelProfile | None, model: str) -> Network | None:
    """Return a model's numbers; None where they are not known, as for quantized copies."""
    name = model.lower()
    if profile is None or any(mark in name for mark in _QUANTIZED):
        return None
    rows = (row for owner, mark, row in _NETWORKS if owner == profile.name and mark in name)
    return next(rows, None)


def fit_window(wanted: int, network: Network, *, gpus: int, gpu_memory_gib: float) -> int:
    """Return the window that the GPUs have room for: the wanted one, or less in whole 1,024 tokens.

    Raises:
        ReaderError: They have no room for the weights and a window of 8,192 tokens.
    """
    room = network.count_room(gpus=gpus, gpu_memory_gib=gpu_memory_gib)
    if room >= wanted:
        return wanted
    if room < min(wanted, _LEAST_WINDOW):
        raise ReaderError(
            f"{show_value(gpu_memory_gib)} GiB on each of {gpus} GPU{'s' * (gpus > 1)} do not hold "
            f"{network.weights_gib} GiB of weights and a window of {_LEAST_WINDOW:,} tokens. Name more GPUs, or take a "
            "quantized model"
        )
    return room // 1024 * 1024

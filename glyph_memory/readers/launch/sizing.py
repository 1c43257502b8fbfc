"""Work out what a window of pages asks of a server: pictures, bytes of caches, memory of GPUs.

Arithmetic of a model's profile and numbers. Knows what an engine keeps on each GPU; knows nothing about its options.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from glyph_memory.errors import ReaderError, show_value
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile, Size

GIB = 1 << 30
CONVERSATIONS = 3
"""So many conversations' windows, full of pages, the caches of pictures hold."""

_CELL_PX = 28 * 28
_BYTES_PER_PX = 3 * 2 * 4  # three colours, a still as two frames, float32: GLM's and Qwen's processors
_FEATURE_BYTES = 4096 * 2  # a token's vision features in bf16, for a hidden size of 4,096
_DEEPSTACK_LEVELS = {"qwen3_vl": 3}  # by family: each level's features stand beside the last one's, as wide
_WORK_GIB = 3.0
_USABLE = 0.9
_LEAST_WINDOW = 8192
_GGUF_BITS = {
    "2": 3.4,
    "3": 4.0,
    "4": 4.9,
    "5": 5.7,
    "6": 6.6,
    "7": 7.6,
    "8": 8.5,
}  # of the largest common kinds
ENCODER_COPIES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "vllm": frozenset(
            {
                *("glm4v", "glm46v", "qwen2_vl", "qwen2_5_vl", "qwen3_vl", "internvl", "dots_ocr", "kimi_vl"),
                *("kimi_k25", "minicpmv4_6"),
            }
        ),
        "sglang": frozenset({"qwen2_5_vl", "qwen3_vl", "internvl"}),
    }
)
"""Families whose tower each GPU can have whole: for vLLM those whose class says `supports_encoder_tp_data` in 0.32 (for
others it warns, and divides the tower), for SGLang as its documentation lists."""
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
    levels: int = 0
    """How many inner layers of the vision tower give features, too (DeepStack)."""

    @property
    def prepared_bytes(self) -> int:
        """Bytes of all pages as the model's processor prepares them: pixels as float32, a still as two frames."""
        width, height = self.size
        return self.pages * max(width * height, self.tokens * _CELL_PX) * _BYTES_PER_PX

    @property
    def feature_bytes(self) -> int:
        """Bytes of all pages as the vision tower encodes them, for a hidden size of 4,096 in bf16."""
        return self.pages * self.page_feature_bytes

    @property
    def page_feature_bytes(self) -> int:
        """Bytes of one page as the vision tower encodes it."""
        return self.tokens * _FEATURE_BYTES * (1 + self.levels)

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
        levels=_DEEPSTACK_LEVELS.get(profile.family, 0),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """A model's numbers that memory and tensor parallelism depend on, from its published `config.json`."""

    weights_gib: float
    """All weights, in bf16 unless `assumed` says otherwise."""
    vision_gib: float
    """Those of the vision tower among them, in bf16."""
    kv_kib: float
    """Keys and values of a token in bf16, in KiB."""
    heads: int
    """Attention heads; tensor parallelism divides them evenly."""
    kv_heads: int
    """Heads of keys and values; more GPUs than these keep copies."""
    copies_tower: bool = False
    """Whether each GPU has the whole vision tower."""
    by_layers: bool = False
    """Whether GPUs share whole layers, as llama.cpp's do, and no heads."""
    assumed: str | None = None
    """What was assumed of the weights."""

    def can_share(self, gpus: int) -> bool:
        """Return whether so many GPUs can divide the heads, and divide or copy those of keys and values."""
        few, many = sorted((gpus, self.kv_heads))
        return self.heads % gpus == 0 and many % few == 0

    def count_room(self, *, gpus: int, gpu_memory_gib: float) -> int:
        """Return how many tokens' keys and values fit beside the weights; below 0 where not even those fit.

        An estimate: nine tenths of the memory are used, 3 GiB of them on each GPU for the work itself.
        """
        copied = self.vision_gib if self.copies_tower else 0.0
        free = gpu_memory_gib * _USABLE - _WORK_GIB - copied - (self.weights_gib - copied) / gpus
        return math.floor(
            free * (1 << 20) * (gpus if self.by_layers else min(gpus, self.kv_heads)) / self.kv_kib
        )


_GLM_9B = Network(weights_gib=19.2, vision_gib=1.66, kv_kib=40, heads=32, kv_heads=2)
_NETWORKS: tuple[tuple[str, str, Network], ...] = (
    ("glyph", "glyph", _GLM_9B),
    ("glm-4.1v", "4.1v-9b", _GLM_9B),
    ("qwen2.5-vl", "7b", Network(weights_gib=15.4, vision_gib=1.26, kv_kib=56, heads=28, kv_heads=4)),
    ("qwen3-vl", "8b", Network(weights_gib=16.3, vision_gib=1.07, kv_kib=144, heads=32, kv_heads=8)),
)
"""By profile, and by what the model's name has in it."""


def find_network(
    profile: ModelProfile | None, model: str, *, engine: str = "vllm", gpus: int = 1
) -> Network | None:
    """Return a model's numbers as an engine uses them; None where they are not known, as for quantized copies.

    llama.cpp's weights have as many bits as the name says.
    """
    name, is_gguf = model.lower(), engine == "llama.cpp"
    if profile is None or (not is_gguf and any(mark in name for mark in _QUANTIZED)):
        return None
    rows = (row for owner, mark, row in _NETWORKS if owner == profile.name and mark in name)
    found = next(rows, None)
    if found is None:
        return None
    if is_gguf:
        return _quantize(found, name)
    return replace(found, copies_tower=gpus > 1 and profile.family in ENCODER_COPIES[engine])


def _quantize(network: Network, name: str) -> Network:
    """Return the numbers of a GGUF file: fewer bits of the language model, 16 of the mmproj and of keys and values."""
    found = re.search(r"(?<![a-z0-9])(i?q[2-8]|bf16|f16|f32)(?![0-9])", name)
    if found is not None:
        label, why = found[1], "as its name says"
    elif name.endswith(".gguf"):
        label, why = "f16", "its name does not say"
    else:
        label, why = "q4", "llama.cpp fetches it where the name says none"
    bits = float(label[-2:]) if label.endswith(("16", "32")) else _GGUF_BITS[label[-1]]
    return replace(
        network,
        weights_gib=network.vision_gib + (network.weights_gib - network.vision_gib) * bits / 16,
        copies_tower=True,
        by_layers=True,
        assumed=f"{bits:g} bits a weight ({label.upper()}: {why}), an mmproj in F16, keys and values in F16",
    )


def fit_window(wanted: int, network: Network, *, gpus: int, gpu_memory_gib: float) -> int:
    """Return the window that the GPUs have room for: the wanted one, or less in whole 1,024 tokens.

    Raises:
        ReaderError: They have no room for the weights and the wanted window, or one of 8,192 tokens.
    """
    room = network.count_room(gpus=gpus, gpu_memory_gib=gpu_memory_gib)
    if room >= wanted:
        return wanted
    if room < min(wanted, _LEAST_WINDOW):
        raise ReaderError(
            f"{show_value(gpu_memory_gib)} GiB on each of {gpus} GPU{'s' * (gpus > 1)} do not hold "
            f"{network.weights_gib:.1f} GiB of weights and a window of {min(wanted, _LEAST_WINDOW):,} tokens"
            f"{'' if network.assumed is None else f' (assumed: {network.assumed})'}. Name more GPUs, or take a "
            f"{'' if network.assumed is None else 'more '}quantized model"
        )
    return room // 1024 * 1024

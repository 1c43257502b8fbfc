"""List the settings of each server: vLLM, SGLang, llama.cpp.

The options are those of vLLM 0.33, SGLang 0.5.23 and llama.cpp of 2026. Knows what each is for; knows nothing about
shells, and nothing about how a model's name is found.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass

from glyph_memory.readers.launch.command import Setting
from glyph_memory.readers.launch.sizing import CONVERSATIONS, ENCODER_COPIES, GIB, PageLoad
from glyph_memory.tokens import ModelProfile

VLLM_ON_RAY = "https://docs.vllm.ai/en/latest/serving/parallelism_scaling/"

_IMAGES = 999  # vLLM's own limit, which profiles assume
_DECODE_BYTES = 715_827_880  # vLLM's default for all pictures of a request: 178,956,970 pixels of four bytes
_BATCHED_TOKENS = 16_384
_SMALL_GPU_GIB = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What was asked for, checked and filled up."""

    model: str
    """A hub's id, a folder or a file."""
    profile: ModelProfile | None
    """The model's profile; None where it is unknown."""
    load: PageLoad
    """A window full of pages."""
    gpus: int
    """How many GPUs share the model."""
    devices: tuple[str, ...]
    """Which ones; none where the server may choose."""
    gpu_memory_gib: float | None
    """Memory of each GPU, where it was told."""
    pages_folder: str | None
    """Where the client keeps page files that the server may open."""
    host: str
    """Who is listened to."""
    port: int
    """Where it listens."""
    mmproj: str | None
    """llama.cpp's file that reads pictures."""


def list_vllm(wish: Wish) -> Iterator[Setting]:
    """Yield vLLM's settings."""
    load = wish.load
    yield from _list_devices(wish)
    if load.decoded_bytes > _DECODE_BYTES:
        yield Setting(
            name="VLLM_MAX_MEDIA_REQUEST_DECODE_BYTES",
            value=str(load.decoded_bytes),
            why=f"{load.pages} pages of {_show_size(load)} are more pixels than vLLM decodes for one request by "
            "default. The memory stays below that default; a profile with a larger max_request_px uses this.",
            is_variable=True,
        )
    yield from _list_names(wish, served="--served-model-name")
    yield Setting(
        name="--max-model-len",
        value=str(load.window_tokens),
        why=f"Prompt and answer together: {load.pages} pages of {load.tokens} tokens each fill it.",
    )
    yield Setting(
        name="--enable-prefix-caching",
        why="Pages that come again at the same place are neither encoded nor read again. It is the default; said, so "
        "that no recipe turns it off.",
    )
    yield Setting(
        name="--mm-processor-cache-gb",
        value=str(max(4, math.ceil(CONVERSATIONS * load.prepared_bytes / GIB))),
        why=f"RAM for prepared pictures: {CONVERSATIONS} conversations' windows full of pages, "
        f"{load.prepared_bytes / load.pages / 1e6:.1f} MB a page at the most. With 0, a picture cannot be sent by its "
        "uuid alone.",
    )
    yield Setting(
        name="--limit-mm-per-prompt",
        value=json.dumps({"image": max(_IMAGES, load.pages), "video": 0}),
        why="Pictures a request may hold; no memory is set aside for video.",
    )
    yield Setting(
        name="--max-num-batched-tokens",
        value=str(_choose_batched_tokens(wish)),
        why=f"Tokens of a step, and of pages that are encoded at once: {_choose_batched_tokens(wish) // load.tokens} "
        "pages. More needs more GPU memory.",
    )
    yield Setting(
        name="--enable-prompt-tokens-details",
        why="The server tells how many tokens came from its cache.",
    )
    if wish.pages_folder is not None:
        yield Setting(
            name="--allowed-local-media-path",
            value=wish.pages_folder,
            why="A request may name page files below this folder instead of sending them. Everybody who reaches the "
            "server can read what lies there.",
        )
    if wish.gpus > 1:
        yield Setting(
            name="--tensor-parallel-size",
            value=str(wish.gpus),
            why="The model is divided among so many GPUs of this machine.",
        )
        if wish.profile is not None and wish.profile.family in ENCODER_COPIES["vllm"]:
            yield Setting(
                name="--mm-encoder-tp-mode",
                value="data",
                why="Each GPU has the whole vision tower and encodes pages of its own: faster than dividing it.",
            )
    yield from _list_parser(wish)


def list_sglang(wish: Wish) -> Iterator[Setting]:
    """Yield SGLang's settings."""
    load = wish.load
    cache = max(4096, math.ceil(CONVERSATIONS * load.feature_bytes / 2**20))
    yield from _list_devices(wish)
    yield Setting(
        name="SGLANG_VLM_CACHE_SIZE_MB",
        value=str(cache),
        why=f"Keeps encoded pictures, {load.page_feature_bytes / 1e6:.1f} MB a page for a hidden size of 4,096: "
        f"{CONVERSATIONS} conversations' windows full of pages. The default is 100.",
        is_variable=True,
    )
    yield Setting(name="--model-path", value=wish.model, why="The model: a hub's id or a folder.")
    yield from _list_names(wish, served="--served-model-name")
    yield Setting(
        name="--context-length",
        value=str(load.window_tokens),
        why=f"Prompt and answer together: {load.pages} pages of {load.tokens} tokens each fill it.",
    )
    yield Setting(
        name="--enable-cache-report",
        why="The server tells how many tokens came from its cache (radix cache).",
    )
    if wish.gpus > 1:
        yield Setting(name="--tp", value=str(wish.gpus), why="The model is divided among so many GPUs.")
        if wish.profile is not None and wish.profile.family in ENCODER_COPIES["sglang"]:
            yield Setting(
                name="--mm-enable-dp-encoder",
                why="Each GPU has the whole vision tower and encodes pages of its own: faster than dividing it.",
            )
    yield from _list_parser(wish)


def list_llama_cpp(wish: Wish) -> Iterator[Setting]:
    """Yield llama.cpp's settings."""
    yield from _list_devices(wish)
    if wish.mmproj is None:
        yield Setting(
            name="-hf", value=wish.model, why="A repository with GGUF files; fetches the mmproj, too."
        )
    else:
        yield Setting(name="-m", value=wish.model, why="The model as a GGUF file.")
        yield Setting(
            name="--mmproj", value=wish.mmproj, why="What reads pictures. Without it there are none."
        )
    yield from _list_names(wish, served="--alias")
    yield Setting(
        name="--ctx-size",
        value=str(wish.load.window_tokens),
        why=f"Prompt and answer together: {wish.load.pages} pages of {wish.load.tokens} tokens each fill it.",
    )
    yield Setting(
        name="--parallel",
        value="1",
        why="One slot: one conversation has the whole window, and its prompt stays cached (that is the default).",
    )
    yield Setting(
        name="--cache-ram",
        value="8192",
        why="MiB of RAM for the prompts of other conversations, pictures included.",
    )
    yield Setting(
        name="--n-gpu-layers", value="99", why="All layers on the GPU. Lower it where they do not fit."
    )


def _list_devices(wish: Wish) -> Iterator[Setting]:
    if wish.devices:
        yield Setting(
            name="CUDA_VISIBLE_DEVICES",
            value=",".join(wish.devices),
            why="The GPUs that the server sees.",
            is_variable=True,
        )


def _list_names(wish: Wish, *, served: str) -> Iterator[Setting]:
    if wish.profile is not None:
        yield Setting(
            name=served,
            value=wish.profile.name,
            why="What clients call the model; glyph-memory finds its profile by that name.",
        )
    yield Setting(
        name="--host",
        value=wish.host,
        why="Who may ask: 127.0.0.1 is this machine alone, 0.0.0.0 everybody who reaches it.",
    )
    yield Setting(name="--port", value=str(wish.port), why="Its address ends in this port, and /v1.")


def _list_parser(wish: Wish) -> Iterator[Setting]:
    if (parser := _find_parser(wish)) is not None:
        yield Setting(
            name="--reasoning-parser",
            value=parser,
            why="The model thinks before it answers; this keeps its thoughts out of the answer.",
        )


def _find_parser(wish: Wish) -> str | None:
    """Return the name of the parser of a family that thinks; vLLM and SGLang call it alike."""
    family = "" if wish.profile is None else wish.profile.family
    name = wish.model.lower()
    if family in {"glm4v", "glm46v"} and "ocr" not in name:
        return "glm45"
    if family.startswith("qwen3") and ("thinking" in name or "qwen3.5" in name or "qwen3.6" in name):
        return "qwen3"
    return None


def _choose_batched_tokens(wish: Wish) -> int:
    is_small = wish.gpu_memory_gib is not None and wish.gpu_memory_gib < _SMALL_GPU_GIB
    return max(2048, min(_BATCHED_TOKENS // 2 if is_small else _BATCHED_TOKENS, wish.load.window_tokens))


def _show_size(load: PageLoad) -> str:
    return f"{load.size[0]}×{load.size[1]} px"

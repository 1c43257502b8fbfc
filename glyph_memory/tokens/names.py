"""Read a model's name out of what hubs, servers and files call it.

Hub ids, Ollama's `qwen2.5vl:7b`, GGUF files, folders, quantized copies, names with a provider before them. Knows
spellings; knows nothing about models.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_VERSION = re.compile(r"\d{1,3}(\.\d+)?(-|$)")
"""What makes `llava-onevision-1.5-8b` no `llava-onevision`, where `gemma-3-27b-it` is a `gemma-3`; a budget of tokens
such as that of `gemma-4-140`, too."""
_SAYS_NOTHING = re.compile(
    r"([0-9a-f]{12,64}|sha256-.*|snapshots|blobs|main|latest|final|merged|hf|gguf|model|models|weights|"
    r"ggml-model.*|model-\d.*|checkpoint-\d+)"
)
"""The last part of a path that names no model, as a snapshot's hash does: the folder above it does."""
_FILE = re.compile(r"(-\d{5}-of-\d{5})?\.(gguf|ggml|bin|safetensors|mlx)$")
_QUANT = re.compile(r"\.(i1-)?(i?q\d|bf16|f16|f32)[a-z0-9_]*$")
"""How a GGUF file's bits are parted from its name with a dot: `Glyph.Q4_K_M.gguf`."""
_MAKER = re.compile(
    r"^(hosted-vllm|openai|azure|ollama|lm-studio|openrouter|qwen|google|mistralai|zai-org|thudm|opengvlab|huggingfacetb|"
    r"deepseek-ai|paddlepaddle|unsloth|llava-hf|openbmb|moonshotai|tencent|lightonai|rednote-hilab|baidu|minimaxai|"
    r"mlx-community)[-.]"
)


def find_name(name: str, known: Iterable[str]) -> str | None:
    """Return the longest known name that a model's name is, or begins with up to a hyphen; `None` where none is.

    Args:
        name: However it is spelled.
        known: Names in lower case.

    Example:
        >>> find_name("unsloth/Qwen2.5-VL-7B-Instruct-bnb-4bit", ["qwen2.5-vl", "qwen2-vl"])
        'qwen2.5-vl'
    """
    names = list(known)
    for key in list_spellings(name):
        matches = [
            row
            for row in names
            if key == row or (key.startswith(f"{row}-") and not _VERSION.match(key[len(row) + 1 :]))
        ]
        if matches:
            return max(matches, key=len)
    return None


def list_spellings(name: str) -> Iterator[str]:
    """Yield what a name may stand for, in lower case, the likeliest first."""
    for part in reversed(re.split(r"[/\\]+", name.strip().strip("'\"").rstrip("/\\"))):
        # A hub's cache names its folders models--Qwen--Qwen2.5-VL-7B-Instruct; `transformers serve` adds @main.
        key = _QUANT.sub("", _FILE.sub("", part.rpartition("--")[2].partition("@")[0].lower()))
        key = re.sub(r"[_:\s+]+", "-", key).strip("-")
        yield key
        while (shorter := _MAKER.sub("", key)) != key:
            key = shorter
            yield key
        if not _SAYS_NOTHING.fullmatch(key):
            return

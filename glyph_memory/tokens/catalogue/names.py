"""Other spellings of the rows' names, and names that begin like a row's and are no such model.

Knows names; knows nothing about what the models charge.
"""

from __future__ import annotations

import re
from types import MappingProxyType

ALIASES = MappingProxyType(
    {
        "glm4v": "glm-4.1v",
        "glm46v": "glm-4.6v",
        "glm-4.5v": "glm-4.1v",
        "glm-ocr": "glm-4.6v",
        "glm5-next": "glm-5.3-flash",
        "qwen2-5-vl": "qwen2.5-vl",
        "qwen2vl": "qwen2-vl",
        "qwen2.5vl": "qwen2.5-vl",
        "qwen3vl": "qwen3-vl",
        "qwen3-5": "qwen3.5",
        "qwen3.6": "qwen3.5",
        "qwen3-6": "qwen3.5",
        "internvl3.5": "internvl3",
        "internvl3-5": "internvl3",
        "gemma3": "gemma-3",
        "gemma4": "gemma-4",
        "gemma-4-280": "gemma-4",
        "mistral-small-3.1": "mistral3",
        "mistral-small-3.2": "mistral3",
        "mistral-small3.1": "mistral3",
        "mistral-small3.2": "mistral3",
        "deepseek-ocr-gundam": "deepseek-ocr",
        "smolvlm2-2.2b": "smolvlm",
        "smolvlm2-500m": "smolvlm-500m",
        "smolvlm2-256m": "smolvlm-256m",
        "lightonocr-1": "lightonocr",
        "lightonocr-2": "lightonocr",
        "lighton-ocr": "lightonocr",
        "dots-ocr": "dots.ocr",
        "dotsocr": "dots.ocr",
        "dots.mocr": "dots.ocr",
        "ernie4.5-vl": "ernie-4.5-vl",
        "ernie4-5-vl": "ernie-4.5-vl",
        "minimax-m3-vl": "minimax-m3",
        "hunyuanocr": "hunyuan-ocr",
        "hunyuanocr-1.5": "hunyuan-ocr-1.5",
        "hy4": "hy4-vl",
        "hy-v4-vl": "hy4-vl",
        "kimi-k2.6": "kimi-k2.5",
        "kimi-k2.7": "kimi-k2.5",
        "kimi-k25": "kimi-k2.5",
        "kimi-k2p5": "kimi-k2.5",
        "kimi-k2p6": "kimi-k2.5",
        "kimi-k2-5": "kimi-k2.5",
        "kimi-k2-6": "kimi-k2.5",
        "kimi-k2-7": "kimi-k2.5",
        "minicpm-v4.6": "minicpm-v-4.6",
        "minicpm-v-4-6": "minicpm-v-4.6",
        "minicpmv4-6": "minicpm-v-4.6",
    }
)
"""Other spellings of a row's name, all lower case."""

NO_READERS = (
    *("gemma-3-1b", "gemma-3-270m", "gemma3-1b", "gemma3-270m", "hy4-preview"),
    *("qwen3-vl-embedding", "qwen3-vl-reranker", "gemma-4-e2b-it-assistant", "gemma-4-e4b-it-assistant"),
    *("o1-mini", "o1-preview", "o3-mini", "glyph-sdxl", "glyph-byt5", "gemma-4-270m", "gemma-4-1b"),
)
"""Models that take no image or answer nothing about one, though a row's name is the beginning of theirs."""

TEXT_WORDS = re.compile(
    r"-(embedding|embed|reranker|rerank|tts|asr|text-only|text(?=-it\b|-gguf|-q\d|$))(-|$)"
    r"|^(gpt|o\d).*-(audio|realtime|transcribe|search)(-|$)"
    r"|^qwen3[.-][56].*-coder(-|$)"
)
"""What says of any row's relative that it answers nothing about images: `gemma-3-4b-it-text-only`."""

OTHER_RULES = re.compile(r"^internvl.*-flash(-|$)")
"""Relatives of a row that charge by a rule of their own: InternVL 3.5 Flash drops tokens of dull tiles."""

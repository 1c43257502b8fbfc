"""Read what a model's config says: its kind, its window, the tokens that end an answer, what its forward pass takes.

Knows transformers' configs and classes; loads no weights.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import torch
from transformers import (
    CONFIG_MAPPING,
    MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING,
    AutoConfig,
    AutoModelForImageTextToText,
    PreTrainedConfig,
    PreTrainedModel,
)

from glyph_memory.errors import ReaderRefused, show_value
from glyph_memory.readers.local.folder import ModelFolder

_GRID_FAMILIES = frozenset(
    {"glm4v", "glm4v_moe", "glm46v", "glm_ocr", "qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe"}
)
"""Families whose processors put one token for each square of patches, as read in transformers 5.23; others add breaks
between rows or tags of tiles."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageSupport:
    """What a model's code offers to whoever feeds it pages by hand."""

    has_features: bool
    """Whether `get_image_features` computes what the vision tower sees."""
    has_rope_index: bool
    """Whether `get_rope_index` computes positions in three dimensions."""
    takes_features: bool
    """Whether its forward pass takes such features in `mm_encoder_outputs`."""
    has_deepstack: bool
    """Whether features of several layers go into the text tower (Qwen3-VL)."""
    has_grid: bool
    """Whether its images become a grid of patches, of which each square is one token, and nothing else."""
    attends_fully: bool
    """Whether every layer of the text tower keeps the keys and values of every token."""

    @property
    def is_direct(self) -> bool:
        """Whether prompts can be put together token by token; else the family's own processor has to."""
        return self.has_features and self.has_grid and self.takes_features and self.attends_fully


def read_config(folder: ModelFolder) -> PreTrainedConfig:
    """Return the config of a model that takes images.

    Raises:
        ReaderRefused: transformers does not know the architecture, or it takes no images.
    """
    kind = folder.config.get("model_type")
    if kind not in CONFIG_MAPPING:
        if "auto_map" in folder.config:
            raise ReaderRefused(
                f"{folder.name!r} brings code of its own (model_type {show_value(kind)}), which is never run here. "
                "Serve it with vLLM --trust-remote-code, and ask the server with OpenAIReader"
            )
        raise ReaderRefused(
            f"{folder.name!r} has the architecture {show_value(kind)}, which this transformers does not know. Try: pip "
            "install -U transformers, or serve it with vLLM and ask the server with OpenAIReader"
        )
    try:
        config = AutoConfig.from_pretrained(folder.path, trust_remote_code=False, local_files_only=True)
        window = find_window(config)
    except Exception as error:  # configs of anybody, read by code of anybody
        raise ReaderRefused(
            f"the config of {folder.name!r} cannot be used: {str(error).rstrip('.')}. Download it again"
        ) from error
    if type(config) not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING:
        raise ReaderRefused(
            f"{folder.name!r} ({kind}) takes no images, and so it cannot read pages. Give a vision-language model, "
            "such as 'zai-org/Glyph'"
        )
    if window is not None and window < 1:
        raise ReaderRefused(
            f"the config of {folder.name!r} says that the model takes {window} tokens. Correct max_position_embeddings "
            "in config.json, or download it again"
        )
    return cast("PreTrainedConfig", config)


def find_window(config: PreTrainedConfig) -> int | None:
    """Return how many tokens the model takes, a stretched window included; `None` where its config does not say."""
    text = config.get_text_config()
    window: int | None = getattr(text, "max_position_embeddings", None)
    rope = getattr(text, "rope_parameters", None) or {}
    original, factor = rope.get("original_max_position_embeddings"), rope.get("factor")
    if rope.get("rope_type") == "yarn" and original and factor:
        return max(window or 0, int(original * factor))
    if rope.get("rope_type") in {"linear", "dynamic"} and window and factor:
        return int(window * factor)
    return window


def find_stop_ids(*sources: object, vocabulary: int) -> frozenset[int]:
    """Return the tokens that end an answer, from what configs and tokenizers say: a number, several, or none."""
    found: set[int] = set()
    for source in sources:
        ids = source if isinstance(source, Iterable) else [source]
        found.update(one for one in ids if isinstance(one, int) and 0 <= one < vocabulary)
    return frozenset(found)


def find_image_token(config: PreTrainedConfig) -> int | None:
    """Return the token that stands for a part of an image; `None` where the config does not say."""
    for name in ("image_token_id", "image_token_index"):
        if isinstance(token := getattr(config, name, None), int):
            return token
    return None


def find_support(model: PreTrainedModel, image_processor: object) -> PageSupport:
    """Return what a model's code offers."""
    vision, text = getattr(model.config, "vision_config", None), model.config.get_text_config()
    kinds = getattr(text, "layer_types", None) or ["full_attention"]
    base = getattr(model, "model", model)
    return PageSupport(
        has_features=hasattr(model, "get_image_features"),
        has_rope_index=hasattr(base, "get_rope_index"),
        takes_features="mm_encoder_outputs" in inspect.signature(base.forward).parameters,
        has_deepstack=bool(getattr(vision, "deepstack_visual_indexes", None)),
        has_grid=model.config.model_type in _GRID_FAMILIES and hasattr(image_processor, "merge_size"),
        attends_fully=set(kinds) == {"full_attention"},
    )


def find_whole_modules(config: PreTrainedConfig) -> list[str]:
    """Return the modules that are not quantized: whatever sees, and what chooses the next token."""
    with torch.device("meta"):
        model = AutoModelForImageTextToText.from_config(config)
    seeing = type(getattr(config, "vision_config", None))
    names = [
        name
        for name, module in model.named_modules()
        if isinstance(module, PreTrainedModel) and name and type(module.config) is seeing
    ]
    tops = [name for name in names if not any(name.startswith(f"{other}.") for other in names)]
    head = model.get_output_embeddings()
    return tops + [name for name, module in model.named_modules() if head is not None and module is head]

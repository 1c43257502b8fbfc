"""The tiny models themselves: configs, tokenizers and weights of GLM-4.1V, Qwen2.5-VL and Qwen3-VL.

Knows transformers' classes; knows nothing about readers. Imported only where a model is built, since torch is slow to
load.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    AutoModelForImageTextToText,
    GenerationConfig,
    Glm4vConfig,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen3VLConfig,
)
from transformers.models.glm4v.image_processing_pil_glm4v import Glm4vImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from glyph_memory.testing.templates import GLM_TEMPLATE, QWEN_TEMPLATE

END = "<|endoftext|>"
_CALLS = ("<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>")
_GLM = (
    *("[MASK]", "[gMASK]", "[sMASK]", "<sop>", "<eop>"),
    *("<|system|>", "<|user|>", "<|assistant|>", "<|observation|>"),
    *("<|begin_of_image|>", "<|end_of_image|>", "<|begin_of_video|>", "<|end_of_video|>"),
    *("<|image|>", "<|video|>", "<answer>", "</answer>", *_CALLS),
    *("<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>"),
)
_QWEN = (
    *("<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>"),
    *("<|image_pad|>", "<|video_pad|>", *_CALLS),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shape:
    """How large a net is."""

    hidden: int
    """Width of the text tower; of its feed-forward layers, twice that."""
    layers: int
    """Of the text tower."""
    heads: int
    """Its attention heads; two of them hold keys and values."""
    vision_hidden: int
    """Width of the vision tower."""
    vision_layers: int
    """Of the vision tower."""

    @property
    def head(self) -> int:
        """Width of a head of the text tower."""
        return self.hidden // self.heads


_SHAPES = {
    "tiny": _Shape(hidden=64, layers=3, heads=4, vision_hidden=32, vision_layers=2),
    "small": _Shape(hidden=256, layers=8, heads=8, vision_hidden=128, vision_layers=4),
}


def write_model(folder: Path, family: str, *, seed: int, size: str, dtype: str) -> None:
    """Write a model, its tokenizer and the settings of its image processor into a folder that is there."""
    is_glm, shape = family == "glm4v", _SHAPES[size]
    tokenizer = (
        _build_tokenizer(_GLM, GLM_TEMPLATE, END) if is_glm else _build_tokenizer(_QWEN, QWEN_TEMPLATE)
    )
    ids: dict[str, int] = tokenizer.get_vocab()
    config: PreTrainedConfig
    stops: tuple[str, ...]
    if is_glm:
        config, stops = _configure_glm(shape, ids), (END, "<|user|>", "<|observation|>", "</answer>")
    else:
        config = (_configure_qwen2_5 if family == "qwen2.5-vl" else _configure_qwen3)(shape, ids)
        stops = ("<|im_end|>", END)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = AutoModelForImageTextToText.from_config(config)
        with torch.no_grad():
            for weights in model.parameters():
                if weights.ndim > 1:  # the usual 0.02 makes a net this narrow say the same to everything
                    weights.normal_(0, weights[0].numel() ** -0.5)
    model.generation_config = GenerationConfig(
        do_sample=False, pad_token_id=ids[END], eos_token_id=[ids[token] for token in stops]
    )
    model.to(getattr(torch, dtype)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    _choose_image_processor(family).save_pretrained(folder)


def _build_tokenizer(
    special: tuple[str, ...], template: str, end: str = "<|im_end|>"
) -> PreTrainedTokenizerFast:
    """Return a tokenizer of 256 bytes and the special tokens."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    text = Tokenizer(models.BPE(vocab={byte: number for number, byte in enumerate(alphabet)}, merges=[]))
    text.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    text.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=text,
        eos_token=end,
        pad_token=END,
        extra_special_tokens=[token for token in special if token != end],
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = template
    return tokenizer


def _choose_image_processor(family: str) -> Glm4vImageProcessorPil | Qwen2VLImageProcessorPil:
    """Return the image rule of the published checkpoint."""
    if family == "glm4v":
        return Glm4vImageProcessorPil(size={"shortest_edge": 12_544, "longest_edge": 9_633_792})
    if family == "qwen2.5-vl":
        return Qwen2VLImageProcessorPil(size={"shortest_edge": 3_136, "longest_edge": 12_845_056})
    return Qwen2VLImageProcessorPil(patch_size=16, size={"shortest_edge": 65_536, "longest_edge": 16_777_216})


def _configure_glm(shape: _Shape, ids: Mapping[str, int]) -> PreTrainedConfig:
    # Half of each head is rotated, and the class's own default does not fit its own head size.
    rope = {"rope_theta": 10_000.0, "partial_rotary_factor": 0.5, "mrope_section": _split(shape.head // 4)}
    return Glm4vConfig(
        text_config=_configure_text(shape, ids, rope, window=131_072),
        vision_config={**_configure_vision(shape, patch_px=14), "image_size": 336},
        image_token_id=ids["<|image|>"],
        video_token_id=ids["<|video|>"],
        image_start_token_id=ids["<|begin_of_image|>"],
        image_end_token_id=ids["<|end_of_image|>"],
        video_start_token_id=ids["<|begin_of_video|>"],
        video_end_token_id=ids["<|end_of_video|>"],
    )


def _configure_qwen2_5(shape: _Shape, ids: Mapping[str, int]) -> PreTrainedConfig:
    rope = {"rope_theta": 1_000_000.0, "mrope_section": _split(shape.head // 2)}
    return Qwen2_5_VLConfig.from_dict(
        {
            "text_config": _configure_text(shape, ids, rope, window=128_000),
            "vision_config": {
                **_configure_vision(shape, patch_px=14),
                "fullatt_block_indexes": [shape.vision_layers - 1],
                "window_size": 112,
            },
            **_name_qwen_tokens(ids),
        }
    )


def _configure_qwen3(shape: _Shape, ids: Mapping[str, int]) -> PreTrainedConfig:
    rope = {"rope_theta": 5_000_000.0, "mrope_section": _split(shape.head // 2), "mrope_interleaved": True}
    return Qwen3VLConfig.from_dict(
        {
            "text_config": {**_configure_text(shape, ids, rope, window=262_144), "head_dim": shape.head},
            "vision_config": {
                **_configure_vision(shape, patch_px=16),
                "num_position_embeddings": 256,
                "deepstack_visual_indexes": list(range(shape.vision_layers)),
            },
            **_name_qwen_tokens(ids),
        }
    )


def _configure_text(
    shape: _Shape, ids: Mapping[str, int], rope: Mapping[str, object], *, window: int
) -> dict[str, object]:
    return {
        "vocab_size": len(ids),
        "hidden_size": shape.hidden,
        "intermediate_size": 2 * shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": 2,
        "max_position_embeddings": window,
        "pad_token_id": ids[END],
        "bos_token_id": None,
        "eos_token_id": ids[END],
        "rope_parameters": {"rope_type": "default", **rope},
    }


def _configure_vision(shape: _Shape, *, patch_px: int) -> dict[str, object]:
    return {
        "depth": shape.vision_layers,
        "hidden_size": shape.vision_hidden,
        "num_heads": 2,
        "patch_size": patch_px,
        "intermediate_size": 2 * shape.vision_hidden,
        "out_hidden_size": shape.hidden,
    }


def _name_qwen_tokens(ids: Mapping[str, int]) -> dict[str, int]:
    return {
        "image_token_id": ids["<|image_pad|>"],
        "video_token_id": ids["<|video_pad|>"],
        "vision_start_token_id": ids["<|vision_start|>"],
        "vision_end_token_id": ids["<|vision_end|>"],
    }


def _split(pairs: int) -> list[int]:
    """Return how many of the rotated pairs turn with time, height and width; they add up to all of them."""
    time = pairs // 4
    height = (pairs - time) // 2
    return [time, height, pairs - time - height]

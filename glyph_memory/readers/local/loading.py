"""Load a vision-language model, its tokenizer and its image processor: `load_model`, `LoadedModel`.

Knows transformers; knows nothing about prompts, caches or answers. Code that comes with a model is never run.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import (
    AutoImageProcessor,
    AutoModelForImageTextToText,
    AutoTokenizer,
    BaseImageProcessor,
    BitsAndBytesConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from glyph_memory.errors import GlyphMemoryError, ReaderOverflow, ReaderRefused
from glyph_memory.readers.local import architecture, hardware
from glyph_memory.readers.local.adapter import Adapter, find_adapter, merge_adapter
from glyph_memory.readers.local.architecture import PageSupport
from glyph_memory.readers.local.failures import is_out_of_memory
from glyph_memory.readers.local.folder import ModelFolder, find_folder
from glyph_memory.readers.local.need import check_weights_fit, free_bytes
from glyph_memory.readers.local.quiet import load_quietly
from glyph_memory.readers.local.rope import override_rope
from glyph_memory.readers.local.weights import find_extra_layers


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedModel:
    """A model that is ready to be run, and what its files say about it."""

    model: PreTrainedModel = field(repr=False)
    """On its device, in evaluation mode; its weights are not trained."""
    tokenizer: PreTrainedTokenizerBase = field(repr=False)
    """Its tokenizer, with its chat template."""
    image_processor: BaseImageProcessor = field(repr=False)
    """What turns images into patches, with Pillow."""
    config: PreTrainedConfig = field(repr=False)
    """Its config, overrides included."""
    device: torch.device
    """Where it computes."""
    dtype: torch.dtype
    """In which numbers it computes."""
    quantization: str | None
    """`4bit` or `8bit` weights; `None` where they are whole."""
    attention: Mapping[str, str]
    """The implementation that each tower took, by `text` and `vision`."""
    image_token_id: int | None
    """The token that stands for a part of an image."""
    stop_ids: frozenset[int]
    """Tokens that end an answer."""
    window_tokens: int | None
    """How many tokens it takes, prompt and answer together; `None` where its config does not say."""
    name: str
    """Its name on the hub, or its folder's."""
    path: str
    """Its folder; of an adapter, that of the model below it."""
    fingerprint: str
    """What names config, weights, number type and overrides, in hex: keys and values of one are no use to another."""
    support: PageSupport
    """What its code offers to whoever feeds it pages by hand."""


def load_model(
    model: str | os.PathLike[str],
    *,
    device: str | torch.device = "auto",
    dtype: str | torch.dtype = "auto",
    attention: str | Mapping[str, str] = "auto",
    quantization: str | None = None,
    rope_parameters: Mapping[str, Any] | None = None,
    is_offline: bool = False,
) -> LoadedModel:
    """Load a model from a folder or from the hub.

    Args:
        model: Its folder, or its name on the hub; what the hub's cache holds whole is used without a network. The
            folder of a LoRA adapter gives the model that it was trained on, with the adapter merged into it.
        device: `cpu`, `cuda`, `cuda:1` or `mps`; for `auto` the first GPU, else the CPU.
        dtype: `bfloat16`, `float16` or `float32`; for `auto` what the device is good at.
        attention: `sdpa`, `eager`, `flash_attention_2` or `flash_attention_3`, for both towers or by `text` and
            `vision`; for `auto` flash attention where it is installed.
        quantization: `4bit` or `8bit`; what sees stays whole, since pages are read with it.
        rope_parameters: Override how positions are stretched, such as `{"rope_type": "yarn", "factor": 4.0}`.
        is_offline: Whether the hub is not asked, either.

    Raises:
        ReaderUnavailable: The hub was not reached.
        ReaderRefused: The model, or an option, cannot be used; the message says why and what to do.
        ReaderOverflow: The weights do not fit into what is free.
    """
    where = hardware.choose_device(device)
    numbers = hardware.choose_dtype(dtype, where)
    towers = hardware.choose_attention(attention, where, numbers)
    hardware.check_quantization_choice(quantization, where)
    adapter = find_adapter(model, quantization=quantization)
    folder = find_folder(model if adapter is None else adapter.base, is_offline=is_offline)
    with load_quietly():
        config = architecture.read_config(folder)
        if rope_parameters is not None:
            override_rope(config, rope_parameters)
        check_weights_fit(
            folder.weights,
            free_bytes(where),
            dtype_bytes=numbers.itemsize,
            quantization=quantization,
            name=folder.name,
        )
        tokenizer, image_processor = _load_tokenizer(folder), _load_image_processor(folder)
        loaded = _load_weights(folder, config, where, numbers, towers, quantization)
    if adapter is not None:
        loaded = merge_adapter(loaded, adapter)
    text = config.get_text_config()
    answers = loaded.generation_config
    stops = architecture.find_stop_ids(
        answers and answers.eos_token_id, tokenizer.eos_token_id, vocabulary=text.vocab_size
    ) or architecture.find_stop_ids(text.eos_token_id, vocabulary=text.vocab_size)
    return LoadedModel(
        model=loaded,
        tokenizer=tokenizer,
        image_processor=image_processor,
        config=config,
        device=where,
        dtype=numbers,
        quantization=quantization,
        attention=_find_attention(loaded.config),
        image_token_id=architecture.find_image_token(config),
        stop_ids=stops,
        window_tokens=architecture.find_window(config),
        name=folder.name if adapter is None else adapter.name,
        path=str(folder.path),
        fingerprint=_name_model(folder, adapter, numbers, quantization, rope_parameters),
        support=architecture.find_support(loaded, image_processor),
    )


def _load_tokenizer(folder: ModelFolder) -> PreTrainedTokenizerBase:
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            folder.path, trust_remote_code=False, local_files_only=True
        )
    except Exception as error:  # files of anybody, read by code of anybody
        raise ReaderRefused(
            f"the tokenizer of {folder.name!r} cannot be loaded: {_first_line(error)}. Download it again, or install "
            "what it names"
        ) from error
    if (template := _read_template(folder)) is not None:
        tokenizer.chat_template = template
    if not tokenizer.chat_template:
        raise ReaderRefused(
            f"the tokenizer of {folder.name!r} has no chat template, so it is no chat model. Copy chat_template.jinja "
            "from the model that it was made from"
        )
    return tokenizer


def _read_template(folder: ModelFolder) -> str | None:
    """Return the template of the model's processor, which older models keep apart: their tokenizer's knows no images.

    Raises:
        ReaderRefused: Its file is broken.
    """
    file = folder.path / "chat_template.json"
    if not file.is_file() or (folder.path / "chat_template.jinja").is_file():
        return None
    try:
        return str(json.loads(file.read_text("utf-8"))["chat_template"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReaderRefused(f"{str(file)!r} holds no chat template: {error}. Download it again") from error


def _load_image_processor(folder: ModelFolder) -> BaseImageProcessor:
    try:
        processor: BaseImageProcessor = AutoImageProcessor.from_pretrained(
            folder.path, backend="pil", trust_remote_code=False, local_files_only=True
        )
    except ImportError as error:
        raise ReaderRefused(
            f"the image processor of {folder.name!r} needs torchvision, which is not installed. Try: pip install "
            "torchvision"
        ) from error
    except Exception as error:  # files of anybody, read by code of anybody
        raise ReaderRefused(
            f"the image processor of {folder.name!r} cannot be loaded: {_first_line(error)}. Download "
            "preprocessor_config.json again"
        ) from error
    return processor


def _load_weights(
    folder: ModelFolder,
    config: PreTrainedConfig,
    device: torch.device,
    dtype: torch.dtype,
    towers: Mapping[str, str],
    quantization: str | None,
) -> PreTrainedModel:
    quantized: dict[str, object] = {}
    if quantization is not None:
        whole = architecture.find_whole_modules(config)
        quantized["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=quantization == "4bit",
            load_in_8bit=quantization == "8bit",
            llm_int8_skip_modules=whole,
            bnb_4bit_compute_dtype=dtype,
            bnb_4bit_quant_type="nf4",
        )
    try:
        loaded: Any = (
            AutoModelForImageTextToText.from_pretrained(  # a model and what was found, unlike its types
                folder.path,
                config=config,
                dtype=dtype,
                device_map={"": device},
                attn_implementation=_spell_attention(config, towers),
                trust_remote_code=False,
                local_files_only=True,
                output_loading_info=True,
                **quantized,
            )
        )
    except GlyphMemoryError:
        raise
    except Exception as error:  # weights of anybody, read by code of anybody
        if is_out_of_memory(error):
            raise ReaderOverflow(
                f"{folder.name!r} does not fit on {str(device)!r}: {_first_line(error)}. Try quantization='8bit'"
            ) from error
        raise ReaderRefused(
            f"the weights of {folder.name!r} cannot be loaded: {_first_line(error)}. Check that all its files come "
            "from one model, or download it again"
        ) from error
    model, found = loaded
    if missing := sorted(found["missing_keys"]):
        raise ReaderRefused(
            f"the weights of {folder.name!r} lack {len(missing)} of the model's tensors, {missing[0]!r} among them. "
            "Download the whole model again"
        )
    if extra := find_extra_layers(found["unexpected_keys"], model.state_dict()):
        raise ReaderRefused(
            f"the weights of {folder.name!r} have more layers than its config says, {extra[0]!r} among them. Download "
            "config.json again"
        )
    ready: PreTrainedModel = model.eval().requires_grad_(requires_grad=False)
    return ready


def _spell_attention(config: PreTrainedConfig, towers: Mapping[str, str]) -> dict[str, str] | str:
    """Return the implementations as transformers takes them: by the name of each part of the config."""
    named = {
        f"{tower}_config": name for tower, name in towers.items() if f"{tower}_config" in config.sub_configs
    }
    return {"": towers["text"], **named} if named else towers["text"]


def _find_attention(config: PreTrainedConfig) -> dict[str, str]:
    """Return the implementations that were taken."""
    parts = {tower: getattr(config, f"{tower}_config", config) for tower in hardware.TOWERS}
    return {tower: str(part._attn_implementation) for tower, part in parts.items()}


def _name_model(
    folder: ModelFolder,
    adapter: Adapter | None,
    dtype: torch.dtype,
    quantization: str | None,
    rope: Mapping[str, Any] | None,
) -> str:
    seen = {
        "config": folder.config,
        "weights": folder.weights.digest,
        "dtype": str(dtype),
        "quantization": quantization,
        "rope": dict(rope or {}),
        **({} if adapter is None else {"adapter": adapter.digest}),
    }
    return hashlib.sha256(json.dumps(seen, sort_keys=True, default=str).encode()).hexdigest()


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{lines[0].rstrip('.')[:300] if lines else 'no reason given'} ({type(error).__name__})"

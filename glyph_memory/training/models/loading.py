"""Load a model for training: `load_trainable`, `TrainableModel`.

What is no vision-language model with all of its own weights is refused, as readers refuse it. Knows transformers and
peft; knows nothing about samples.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import AutoProcessor, BaseImageProcessor, PreTrainedModel, PreTrainedTokenizerBase

from glyph_memory.errors import ReaderError
from glyph_memory.readers.local.adapter import find_adapter
from glyph_memory.readers.local.hardware import choose_device
from glyph_memory.readers.local.loading import LoadedModel, load_model
from glyph_memory.readers.local.quiet import load_quietly
from glyph_memory.training.models.adapter import check_adapter, spell_model, take_up
from glyph_memory.training.models.processor import PageProcessor
from glyph_memory.training.models.settings import ModelSettings
from glyph_memory.training.samples import TrainingError


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainableModel:
    """A model that can be trained, with all that goes with it."""

    model: Any = field(repr=False)
    """What a trainer trains: a `PreTrainedModel`, or a `PeftModel` around one."""
    processor: Any = field(repr=False)
    """What TRL calls its processing class: one of ours that needs no torchvision, or the family's own."""
    loaded: LoadedModel = field(repr=False)
    """The model as it was loaded; with LoRA its layers are those that are trained."""
    settings: ModelSettings
    """As it was asked for."""

    @property
    def name(self) -> str:
        """Its name on the hub, or its folder's."""
        return self.loaded.name

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """Its tokenizer."""
        return self.loaded.tokenizer

    @property
    def image_processor(self) -> BaseImageProcessor:
        """What turns its images into patches, with Pillow."""
        return self.loaded.image_processor

    @property
    def pad_token_id(self) -> int:
        """What fills the shorter rows of a batch."""
        return int(self.tokenizer.pad_token_id)

    @property
    def has_grid(self) -> bool:
        """Whether each square of patches is one token, and nothing else: images of many sizes then fit one batch."""
        return self.loaded.support.has_grid

    @property
    def trained_parameters(self) -> int:
        """How many numbers are trained."""
        return sum(one.numel() for one in self.model.parameters() if one.requires_grad)


def load_trainable(
    model: str | os.PathLike[str], settings: ModelSettings | None = None, *, is_offline: bool = False
) -> TrainableModel:
    """Load any image-text-to-text model of transformers, ready to be trained.

    Args:
        model: Its folder, or its name on the hub. Of the folder of an adapter, such as fine-tuning leaves, the adapter
            is trained on; what is saved is then put on the same model as it.
        settings: What of it is trained; LoRA on the text tower unless given.
        is_offline: Whether the hub is not asked.

    Raises:
        TrainingError: It has no vision, no chat template or no pad token, its weights are another architecture's or
            not whole, it does not fit, or what is to be trained is not in it.
    """
    settings = settings or ModelSettings()
    try:
        adapter = find_adapter(model)
        if adapter is not None:
            check_adapter(adapter, settings)
        loaded = load_model(
            model if adapter is None else adapter.base,
            device=settings.device,
            dtype=_choose_dtype(settings),
            attention=settings.attention,
            is_offline=is_offline,
        )
    except ReaderError as error:
        raise TrainingError(str(error)) from error
    if loaded.tokenizer.pad_token_id is None:
        raise TrainingError(
            f"the tokenizer of {loaded.name!r} has no pad token, which batches need. Name one in "
            'tokenizer_config.json, such as "pad_token": "<|endoftext|>"'
        )
    processor = _make_processor(loaded)
    vision = find_vision(loaded.model)
    with load_quietly():
        trained = (
            _choose_weights(loaded, vision, settings)
            if adapter is None
            else take_up(loaded, vision, settings, adapter)
        )
    if settings.lora is not None:
        # Not relative, and no cache: peft and vLLM look for the model from wherever they are started.
        base = spell_model(model if adapter is None else adapter.base)
        trained.peft_config["default"].base_model_name_or_path = base
    return TrainableModel(model=trained, processor=processor, loaded=loaded, settings=settings)


def find_vision(model: PreTrainedModel) -> tuple[str, ...]:
    """Return the names of the modules that see."""
    seeing = type(getattr(model.config, "vision_config", None))
    names = [
        name
        for name, module in model.named_modules()
        if name and isinstance(module, PreTrainedModel) and type(module.config) is seeing
    ]
    return tuple(name for name in names if not any(name.startswith(f"{other}.") for other in names))


def _choose_dtype(settings: ModelSettings) -> str:
    if settings.dtype != "auto":
        return settings.dtype
    try:
        device = choose_device(settings.device)
    except ReaderError as error:
        raise TrainingError(str(error)) from error
    has_bfloat16 = device.type == "cuda" and torch.cuda.is_bf16_supported()
    return "bfloat16" if has_bfloat16 and settings.lora is not None else "float32"


def _make_processor(loaded: LoadedModel) -> Any:  # noqa: ANN401 - a processor has the fields of its family
    if loaded.support.has_grid and loaded.image_token_id is not None:
        return PageProcessor(
            loaded.image_processor,
            loaded.tokenizer,
            image_token=str(loaded.tokenizer.convert_ids_to_tokens(loaded.image_token_id)),
            chat_template=str(loaded.tokenizer.chat_template),
        )
    try:
        with load_quietly():
            return AutoProcessor.from_pretrained(loaded.path, trust_remote_code=False, local_files_only=True)
    except Exception as error:  # files of anybody, read by code of anybody
        advice = "pip install torchvision" if "orchvision" in str(error) else "download it again"
        raise TrainingError(
            f"the processor of {loaded.name!r} cannot be loaded ({type(error).__name__}). Try: {advice}"
        ) from error


def _choose_weights(loaded: LoadedModel, vision: tuple[str, ...], settings: ModelSettings) -> Any:  # noqa: ANN401
    """Return the model with the right weights unfrozen."""
    model = loaded.model
    if settings.lora is None:
        model.requires_grad_(requires_grad=True)
        if not settings.trains_vision:
            for name in vision:
                model.get_submodule(name).requires_grad_(requires_grad=False)
        return model.train()
    from peft import LoraConfig, get_peft_model  # noqa: PLC0415 - slow to load

    lora = settings.lora
    frozen = "|".join(map(re.escape, vision))
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.targets) or "all-linear",
        exclude_modules=None if settings.trains_vision or not vision else rf"(?:{frozen})(?:\..*)?",
        task_type="CAUSAL_LM",
    )
    devices = [loaded.device] if loaded.device.type == "cuda" else []
    try:
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(settings.seed)
            return get_peft_model(model, config).train()
    except ValueError as error:
        raise TrainingError(
            f"targets={lora.targets!r} are no layers of {loaded.name!r} that LoRA takes: {str(error)[:200]!r}. Leave "
            "them out for every linear layer"
        ) from error

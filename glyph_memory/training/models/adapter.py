"""Train on from an adapter, such as fine-tuning leaves: what can be asked of it, and how it is taken up.

Knows LoRA's settings; knows nothing about samples.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from glyph_memory.errors import ReaderError
from glyph_memory.readers.local.adapter import Adapter, attach_adapter
from glyph_memory.readers.local.loading import LoadedModel
from glyph_memory.training.models.settings import LoraSettings, ModelSettings
from glyph_memory.training.samples import TrainingError


def check_adapter(adapter: Adapter, settings: ModelSettings) -> None:
    """Raise an error where an adapter is to be trained as what it is not, before a model is loaded.

    Raises:
        TrainingError: All weights are to be trained, or the adapter has another rank, alpha or other layers.
    """
    path = str(adapter.path)
    if settings.lora is None:
        raise TrainingError(
            f"{path!r} is an adapter, and all weights are to be trained. Leave out lora=None (--full), or merge it "
            "with peft's merge_and_unload, save that, and give its folder"
        )
    told = json.loads((adapter.path / "adapter_config.json").read_text("utf-8"))
    usual, asked = LoraSettings(), settings.lora
    for name, key in (("rank", "r"), ("alpha", "lora_alpha")):
        value = getattr(asked, name)
        if value not in (getattr(usual, name), told.get(key)):
            raise TrainingError(
                f"the adapter in {path!r} has {name}={told.get(key)!r}, and {value!r} is asked for; leave {name} out, "
                "or begin from a model"
            )
    if asked.targets:
        raise TrainingError(
            f"the adapter in {path!r} has its layers, and targets={asked.targets!r} are asked for; leave targets out, "
            "or begin from a model"
        )


def take_up(loaded: LoadedModel, vision: tuple[str, ...], settings: ModelSettings, adapter: Adapter) -> Any:  # noqa: ANN401 - a PeftModel
    """Return the model with the adapter on it, which is trained on.

    Raises:
        TrainingError: It was made for another model, or has no layers of what sees, which is to be trained.
    """
    try:
        made = attach_adapter(loaded.model, adapter, is_trainable=True)
    except ReaderError as error:
        raise TrainingError(str(error)) from error
    names = [name for name, one in made.named_parameters() if one.requires_grad]
    if settings.trains_vision and not any(f".{one}." in name for one in vision for name in names):
        raise TrainingError(
            f"the adapter in {str(adapter.path)!r} has no layers of what sees; leave trains_vision out (--vision), or "
            "begin from a model"
        )
    return made.train()


def spell_model(model: str | os.PathLike[str]) -> str:
    """Return a model's name on the hub, or its folder as it is called from everywhere."""
    path = Path(model).expanduser()
    return str(path.resolve()) if path.is_dir() else os.fspath(model)

"""Models as LoRA leaves them: a folder with an adapter, and the name of the model that it is put on.

Knows peft's files; loads peft when there is an adapter.
"""

# peft's functions carry few types.
# mypy: allow-untyped-calls

from __future__ import annotations

import hashlib
import json
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open
from transformers import PreTrainedModel

from glyph_memory.errors import ReaderRefused, show_value
from glyph_memory.readers.local.quiet import load_quietly

_CONFIG, _WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


@dataclass(frozen=True, kw_only=True, slots=True)
class Adapter:
    """A folder with an adapter."""

    path: Path
    """Where it is."""
    base: str
    """The model that it is put on: a folder, or a name on the hub."""

    @property
    def name(self) -> str:
        """Its folder's name."""
        return self.path.resolve().name

    @property
    def digest(self) -> str:
        """What names its weights, in hex."""
        seen = hashlib.sha256()
        for name in (_CONFIG, _WEIGHTS):
            seen.update((self.path / name).read_bytes())
        return seen.hexdigest()


def find_adapter(model: object, *, quantization: str | None = None) -> Adapter | None:
    """Return the adapter that a folder holds; None where it holds a model, or is none.

    Raises:
        ReaderRefused: Its config is broken, its weights are missing, or the model that it is put on is; or it is to be
            merged into weights that are quantized.
    """
    if not isinstance(model, (str, os.PathLike)):
        return None
    try:
        path = Path(os.fspath(model)).expanduser()
        is_adapter = (path / _CONFIG).is_file() and not (path / "config.json").is_file()
    except (OSError, ValueError, RuntimeError, TypeError):  # a name that no folder can have
        return None
    if not is_adapter:
        return None
    if quantization is not None:
        raise ReaderRefused(
            f"{str(path)!r} is an adapter, which quantization={quantization!r} cannot take in. Merge it with peft's "
            "merge_and_unload, save that, and give its folder"
        )
    if not (path / _WEIGHTS).is_file():
        raise ReaderRefused(f"{str(path)!r} has {_CONFIG} and no {_WEIGHTS}. Copy the whole folder again")
    try:
        base = json.loads((path / _CONFIG).read_text("utf-8"))["base_model_name_or_path"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReaderRefused(
            f"{str(path / _CONFIG)!r} names no model ({type(error).__name__}: {str(error)[:200]}). Copy it again"
        ) from error
    if not isinstance(base, str) or not base:
        raise ReaderRefused(
            f"{str(path / _CONFIG)!r} has base_model_name_or_path={show_value(base)}; write the model there that the "
            "adapter was trained on"
        )
    if not Path(base).is_dir() and (base.count("/") != 1 or base.startswith((".", "/", "~"))):
        raise ReaderRefused(
            f"the adapter in {str(path)!r} was trained on {base!r}, which is not there. Write where it is now as "
            f"base_model_name_or_path in {_CONFIG}"
        )
    return Adapter(path=path, base=base)


def attach_adapter(model: PreTrainedModel, adapter: Adapter, *, is_trainable: bool) -> Any:  # noqa: ANN401 - a PeftModel
    """Return a model with an adapter on it.

    Raises:
        ReaderRefused: peft is not installed, or the adapter was made for another model.
    """
    try:
        from peft import PeftModel, get_peft_model_state_dict  # noqa: PLC0415 - slow to load
    except ImportError as error:
        raise ReaderRefused(
            f"{str(adapter.path)!r} is an adapter, which needs peft ({error}). Try: pip install peft"
        ) from error
    try:
        with load_quietly(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about matrices that are missing, which are looked for below
            attached = PeftModel.from_pretrained(model, adapter.path, is_trainable=is_trainable)
            with safe_open(adapter.path / _WEIGHTS, framework="pt") as file:
                lost = set(file.keys()) ^ set(
                    get_peft_model_state_dict(attached, save_embedding_layers=False)
                )
        if lost:
            raise ValueError(f"{min(lost)} is in one and not in the other")
        return attached
    except Exception as error:  # files of anybody, read by code of anybody
        raise ReaderRefused(
            f"the adapter in {str(adapter.path)!r} does not fit {adapter.base!r}: {str(error).strip()[:200]!r}. Give "
            "the model that it was trained on"
        ) from error


def merge_adapter(model: PreTrainedModel, adapter: Adapter) -> PreTrainedModel:
    """Return a model whose weights are those that an adapter makes of them.

    Raises:
        ReaderRefused: As `attach_adapter`.
    """
    merged: PreTrainedModel = attach_adapter(model, adapter, is_trainable=False).merge_and_unload()
    ready: PreTrainedModel = merged.eval().requires_grad_(requires_grad=False)
    return ready

"""Find a model's folder, on disk or through the hub, and check that it holds what a reader needs.

Knows file names and the hub's client; knows nothing about torch.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glyph_memory.errors import ReaderError, ReaderRefused, ReaderUnavailable, show_value
from glyph_memory.readers.local.weights import Weights, find_weights, refuse_gguf

_FILES = ("*.json", "*.safetensors", "*.jinja", "*.model", "*.txt", "*.tiktoken")
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "spiece.model", "tekken.json")
_PROCESSORS = ("preprocessor_config.json", "processor_config.json")


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelFolder:
    """A folder that holds a whole vision-language model."""

    path: Path
    """Where it is."""
    name: str
    """The name on the hub, or the folder's own."""
    config: Mapping[str, Any] = field(repr=False)
    """What stands in `config.json`; not checked beyond being an object."""
    weights: Weights = field(repr=False)
    """Its weights."""


def find_folder(model: str | os.PathLike[str], *, is_offline: bool = False) -> ModelFolder:
    """Return the folder of a model: a path, or a name on the hub, whose files are downloaded where they are missing.

    What the hub's cache holds whole is used as it is, without a look at the network.

    Raises:
        ReaderUnavailable: The hub cannot be reached, and its cache does not hold the model.
        ReaderRefused: There is no such folder or model, or something is missing in it.
    """
    text = os.fspath(model) if isinstance(model, (str, os.PathLike)) else ""
    if not isinstance(text, str) or not text:
        raise ReaderRefused(
            f"model={show_value(model)} is no model. Give its folder, or its name on the hub, as 'zai-org/Glyph'"
        )
    try:
        path = Path(text).expanduser()
        is_folder, is_file = path.is_dir(), path.is_file()
    except (OSError, ValueError, RuntimeError) as error:  # too long, a null byte, the home of nobody
        raise ReaderRefused(f"model={show_value(model)} cannot be looked for: {error}. Correct it") from error
    if path.suffix == ".gguf":
        raise refuse_gguf(path)
    if is_folder:
        return check_folder(path, path.resolve().name)
    if is_file:
        raise ReaderRefused(f"model={text!r} is a file; give the folder that it is in")
    if not _is_hub_name(model, text):
        raise ReaderRefused(
            f"there is no folder {text!r}. Give a model's folder, or its name, as 'zai-org/Glyph'"
        )
    return _find_on_hub(text, is_offline=is_offline)


def check_folder(path: Path, name: str) -> ModelFolder:
    """Return a folder, after a look at its files.

    Raises:
        ReaderRefused: Something is missing or broken.
    """
    config = _read_config(path)
    weights = find_weights(path)
    for kind, names in (("tokenizer", _TOKENIZERS), ("image processor", _PROCESSORS)):
        if not any((path / one).is_file() for one in names):
            if kind == "image processor" and not _mentions_vision(config):
                continue  # a model without vision says so better, once its architecture is known
            raise ReaderRefused(
                f"{str(path)!r} has no {kind} ({' or '.join(names[:2])}). Download the whole model, or copy the file "
                "from the model that it was made from"
            )
    return ModelFolder(path=path, name=name, config=config, weights=weights)


def _read_config(path: Path) -> Mapping[str, Any]:
    file = path / "config.json"
    if not file.is_file():
        if any(path.glob("*.gguf")):
            raise refuse_gguf(path)
        raise ReaderRefused(f"{str(path)!r} has no config.json. Give the folder that holds a model's files")
    try:
        config = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ReaderRefused(f"{str(file)!r} cannot be read: {error}. Download it again") from error
    if not isinstance(config, dict):
        raise ReaderRefused(f"{str(file)!r} holds {show_value(config)} and no object. Download it again")
    return config


def _mentions_vision(config: Mapping[str, Any]) -> bool:
    return any("vision" in key or "image" in key for key in config)


def _is_hub_name(model: object, text: str) -> bool:
    return (
        isinstance(model, str)
        and text.count("/") == 1
        and not text.startswith((".", "/", "~"))
        and not text.endswith("/")
        and "\\" not in text
    )


def _find_on_hub(name: str, *, is_offline: bool) -> ModelFolder:
    try:
        return check_folder(_download(name, is_offline=True), name)
    except ReaderError:
        if is_offline:
            raise
    return check_folder(_download(name, is_offline=False), name)


def _download(name: str, *, is_offline: bool) -> Path:
    from huggingface_hub import errors, snapshot_download  # noqa: PLC0415 - only who loads from the hub needs it

    unreached: tuple[type[Exception], ...] = (
        errors.LocalEntryNotFoundError,
        errors.OfflineModeIsEnabled,
        OSError,
        # What the hub's own HTTP client raises, which was httpx and is httpx2 now.
        *(
            kind
            for kind in errors.HfHubHTTPError.__mro__
            if issubclass(kind, Exception) and kind.__name__ == "HTTPError"
        ),
    )
    try:
        return Path(snapshot_download(name, allow_patterns=list(_FILES), local_files_only=is_offline))
    except errors.GatedRepoError as error:
        raise ReaderRefused(
            f"the hub lends {name!r} only to who has accepted its terms. Accept them at https://huggingface.co/{name}, "
            "then: hf auth login"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise ReaderRefused(
            f"there is no folder {name!r}, and no such model on the hub, or it is private. Correct the name, or: hf "
            "auth login"
        ) from error
    except errors.HFValidationError as error:
        raise ReaderRefused(
            f"{name!r} is neither a folder nor a model's name on the hub. Correct it"
        ) from error
    except unreached as error:
        raise ReaderUnavailable(
            f"{name!r} is not in the hub's cache on this machine, and the hub was not reached. Connect it, or copy the "
            "model's folder here and give its path"
        ) from error

"""The weights of a model folder, by the headers of their files: how many they are, and whether the files are whole.

Knows the safetensors format; reads no weight, and knows nothing about torch.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glyph_memory.errors import ReaderRefused

_HEADER_AT_MOST = 100_000_000
"""Bytes of a header; the safetensors library takes no more."""
_LAYER = re.compile(r"\.\d+\.")
"""The number of a layer in a tensor's name."""
_SAMPLE = 65_536
"""Bytes of each file's beginning, middle and end that tell it from another one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """What the headers of a model's weight files say."""

    files: tuple[Path, ...]
    """In the order of their names."""
    tensors: tuple[tuple[str, int], ...]
    """The name and the number of values of each tensor; empty where the files are no safetensors."""
    file_bytes: int
    """Sizes of the files, added up."""

    @property
    def digest(self) -> str:
        """What names these weights: sizes, headers and samples of the files, in hex; every byte is not read."""
        seen = hashlib.sha256()
        for file in self.files:
            size = file.stat().st_size
            seen.update(f"{file.name} {size}\n".encode())
            with file.open("rb") as opened:
                for start in (0, size // 2, max(0, size - _SAMPLE)):
                    opened.seek(start)
                    seen.update(opened.read(_SAMPLE))
        return seen.hexdigest()


def find_weights(folder: Path) -> Weights:
    """Return the weights of a folder, after a look at each file's header.

    Raises:
        ReaderRefused: There are none, one is named and missing, or one is broken.
    """
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        files = _read_index(index)
    else:
        files = sorted(folder.glob("*.safetensors"))
        files = [file for file in files if not file.name.startswith(("adapter_", "consolidated"))] or files
    files = [file for file in files if file.is_file()]
    if files:
        tensors = tuple(tensor for file in files for tensor in _read_header(file))
        return Weights(files=tuple(files), tensors=tensors, file_bytes=_add_sizes(files))
    if files := [file for file in sorted(folder.glob("pytorch_model*.bin")) if file.is_file()]:
        return Weights(files=tuple(files), tensors=(), file_bytes=_add_sizes(files))
    if any(folder.glob("*.gguf")):
        raise refuse_gguf(folder)
    raise ReaderRefused(
        f"{str(folder)!r} has no weights (model*.safetensors). Download the whole model: hf download <name> "
        f"--local-dir {str(folder)!r}"
    )


def find_extra_layers(unexpected: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the tensors of layers that are built as a model's own, and that it has no place for.

    What is left over for another reason, such as layers that draft tokens, has tensors that no layer of it has.

    Example:
        >>> find_extra_layers(["layers.1.mlp.w", "layers.2.mlp.w", "layers.2.draft.w"], ["layers.0.mlp.w"])
        ['layers.1.mlp.w']
    """
    known = [*known]
    there = {name[: found.end()] for name in known if (found := _LAYER.search(name))}
    own = {_LAYER.sub(".*.", name, count=1) for name in known}
    layers: dict[str, list[str]] = {}
    for name in sorted(unexpected):
        if (found := _LAYER.search(name)) and name[: found.end()] not in there:
            layers.setdefault(name[: found.end()], []).append(name)
    whole = (
        names for names in layers.values() if all(_LAYER.sub(".*.", name, count=1) in own for name in names)
    )
    return [name for names in whole for name in names]


def refuse_gguf(path: Path) -> ReaderRefused:
    """Return the error for weights of llama.cpp."""
    return ReaderRefused(
        f"{str(path)!r} holds GGUF weights, which llama.cpp reads. Serve them, and ask the server: llama-server -m "
        "<model>.gguf --mmproj <mmproj>.gguf, then OpenAIReader('http://127.0.0.1:8080/v1')"
    )


def _read_index(index: Path) -> list[Path]:
    try:
        named = sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReaderRefused(f"{str(index)!r} is no index of weights: {error}. Download it again") from error
    files = [index.parent / Path(str(name)).name for name in named]
    if missing := [file.name for file in files if not file.is_file()]:
        raise ReaderRefused(
            f"{str(index.parent)!r} lacks {len(missing)} of {len(files)} weight files, {missing[0]!r} among them. "
            f"Download the rest"
        )
    return files


def _read_header(file: Path) -> Iterator[tuple[str, int]]:
    """Yield the tensors that a file's header names, once the file is known to be as long as it says."""
    try:
        size, opening = file.stat().st_size, file.open("rb")
    except OSError as error:
        raise _refuse(
            file, f"not to be read: {error.strerror}. Correct that, or download it again"
        ) from error
    with opening as opened:
        start = opened.read(8)
        length = int.from_bytes(start, "little")
        if start == b"version ":
            raise _refuse(file, "a pointer of Git LFS, not the weights. Try: git lfs pull")
        if len(start) < 8 or length > min(size - 8, _HEADER_AT_MOST):
            raise _refuse(file, "cut off or no safetensors file. Download it again")
        try:
            header: dict[str, Any] = json.loads(opened.read(length))
            tensors = [(name, about) for name, about in header.items() if name != "__metadata__"]
            end = max((about["data_offsets"][1] for _, about in tensors), default=0)
            counts = [(name, math.prod(about["shape"])) for name, about in tensors]
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise _refuse(file, "broken: its header cannot be read. Download it again") from error
    if size < 8 + length + end:
        raise _refuse(file, f"cut off: {size:,} of {8 + length + end:,} bytes are there. Download it again")
    yield from counts


def _refuse(file: Path, what: str) -> ReaderRefused:
    return ReaderRefused(f"{str(file)!r} is {what}")


def _add_sizes(files: Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files)

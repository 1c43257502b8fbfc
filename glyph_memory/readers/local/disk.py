"""Keep the keys and values of pages in a folder between two runs.

A file holds what one segment adds behind its parent's file, and is named by all that it depends on: the model, the
parent, the tokens and the pictures. So a file that is found fits, and nothing else is looked for. Files are written and
read whole, by safetensors: nothing in them is run. Knows files and segments; knows nothing about contexts.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from glyph_memory.errors import ReaderRefused
from glyph_memory.files import exists, is_file, make_private_folder, read_file, write_atomic
from glyph_memory.readers.local.prompt import Prompt
from glyph_memory.readers.local.segments import Layers

_ENDING = ".kv.safetensors"
_HEADER_BYTES = 1 << 20
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """A file, as its header says."""

    parent: str
    tokens: int


class PrefixFiles:
    """Keys and values in a folder. Belongs to one thread; several processes may share the folder.

    Args:
        folder: Where; made for its owner alone where it is missing.
        model: What names the model, its weights and number type.
        max_bytes: Most bytes of such files in the folder; those that were used longest ago go first.

    Raises:
        ReaderRefused: Others could read the folder, or nothing can be written there.
    """

    def __init__(self, folder: Path, *, model: str, max_bytes: int) -> None:
        self._folder, self._model, self._max_bytes = folder, model, max_bytes
        try:
            make_private_folder(folder)
        except OSError as error:
            raise ReaderRefused(
                f"cache_folder={str(folder)!r} cannot be used: {error.strerror or error}"
            ) from error
        self._entries = dict(self._read_entries())

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, prompt: Prompt, start: int, stop: int) -> Iterator[tuple[int, Layers]]:
        """Yield keys and values that go on from `start`, in order: where each ends, and its layers.

        What stands before `start` is known; files that end there or before are passed by.
        """
        name, at = "", 0
        while True:
            longest = max(self._follow(prompt, name, at, stop), key=lambda found: found[1], default=None)
            if longest is None:
                return
            name, end = longest
            if end > start:
                layers = self._load(name, end - at)
                if layers is None:
                    return
                skip = max(0, start - at)
                yield end, [(keys[:, skip:], values[:, skip:]) for keys, values in layers]
            at = end

    def find_end(self, prompt: Prompt, stop: int) -> tuple[str, int]:
        """Return the name of the last file of a prompt's beginning, and where it ends; ("", 0) where there is none."""
        name, at = "", 0
        while found := max(self._follow(prompt, name, at, stop), key=lambda found: found[1], default=None):
            name, at = found
        return name, at

    def save(self, prompt: Prompt, parent: str, start: int, stop: int, layers: Layers) -> None:
        """Write the keys and values from `start` to `stop`, behind a parent's file. A full disk is logged, no error."""
        name = self._name(prompt, parent, start, stop)
        path = self._path(name)
        tensors = {
            f"{kind}.{i}": t.contiguous().cpu()
            for i, pair in enumerate(layers)
            for kind, t in zip("kv", pair, strict=True)
        }
        about = {
            "parent": parent,
            "tokens": str(stop - start),
            "model": self._model,
            "digest": _digest(tensors),
        }
        try:
            data = save_tensors(tensors, metadata=about)
            is_free = is_file(path) or not exists(path)  # a pipe would be written into
            if is_free and self._make_room(len(data)):
                write_atomic(path, data, mode=0o600)
                self._entries[name] = _Entry(parent=parent, tokens=stop - start)
        except OSError as error:
            _log.warning("keys and values are not kept in %r: %s", str(self._folder), error.strerror or error)

    def forget(self) -> None:
        """Delete all such files in the folder, of other models and processes, too.

        Raises:
            ReaderRefused: One could not be deleted; the message says which.
        """
        self._entries.clear()
        for path in self._folder.glob(f"*{_ENDING}"):
            try:
                path.unlink(missing_ok=True)
            except IsADirectoryError:  # none of ours
                continue
            except OSError as error:
                raise ReaderRefused(
                    f"{str(path)!r} could not be deleted ({error.strerror}): delete it yourself, or call forget() again"
                ) from error

    def _follow(self, prompt: Prompt, parent: str, at: int, stop: int) -> Iterator[tuple[str, int]]:
        for tokens in {entry.tokens for entry in self._entries.values() if entry.parent == parent}:
            if at + tokens <= stop and (name := self._name(prompt, parent, at, at + tokens)) in self._entries:
                yield name, at + tokens

    def _name(self, prompt: Prompt, parent: str, start: int, stop: int) -> str:
        images = [
            (image.digest, image.start - start, image.count)
            for image in prompt.images
            if image.start < stop and image.start + image.count > start
        ]
        hashed = hashlib.sha256(json.dumps([self._model, parent, images]).encode())
        hashed.update(prompt.ids[start:stop].numpy().tobytes())
        return hashed.hexdigest()

    def _load(self, name: str, tokens: int) -> Layers | None:
        """Return a file's keys and values; None where it is not there any more, or not as it was written."""
        path = self._path(name)
        try:
            data = read_file(path, at_most=path.stat().st_size)
            tensors = load_tensors(data)
            if _digest(tensors) != _read_about(data)["digest"]:
                raise ValueError("its bytes are not those that were written")
            layers = [(tensors[f"k.{i}"], tensors[f"v.{i}"]) for i in range(len(tensors) // 2)]
            if not layers or any(part.shape[-2] != tokens for pair in layers for part in pair):
                raise ValueError("it has other tokens than its name says")
            os.utime(path)
        except (OSError, SafetensorError, ValueError, LookupError) as error:
            _log.warning("keys and values in %r are not used: %s", str(path), error)
            self._entries.pop(name, None)
            return None
        return layers

    def _make_room(self, nbytes: int) -> bool:
        """Delete what was used longest ago until there is room; return whether there can be."""
        if nbytes > self._max_bytes:
            return False
        found = sorted(
            (path.stat().st_mtime, path.stat().st_size, path) for path in self._folder.glob(f"*{_ENDING}")
        )
        held = sum(size for _, size, _ in found)
        for _, size, path in found:
            if held + nbytes <= self._max_bytes:
                break
            path.unlink(missing_ok=True)
            self._entries.pop(path.name.removesuffix(_ENDING), None)
            held -= size
        return True

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{_ENDING}"

    def _read_entries(self) -> Iterator[tuple[str, _Entry]]:
        for path in self._folder.glob(f"*{_ENDING}"):
            if not is_file(path):
                continue
            with suppress(OSError, ValueError, LookupError, TypeError), path.open("rb") as file:
                about = _read_about(file.read(_HEADER_BYTES))
                if about["model"] == self._model:
                    entry = _Entry(parent=about["parent"], tokens=int(about["tokens"]))
                    yield path.name.removesuffix(_ENDING), entry


def _read_about(data: bytes) -> dict[str, str]:
    """Return what a safetensors file says about itself.

    Raises:
        ValueError, LookupError, TypeError: It is none.
    """
    size = int.from_bytes(data[:8], "little")
    about: dict[str, str] = json.loads(data[8 : 8 + size])["__metadata__"]
    return about


def _digest(tensors: Mapping[str, torch.Tensor]) -> str:
    """Return a digest of tensors on the CPU: their names, shapes, types and bytes."""
    hashed = hashlib.blake2b(digest_size=32)
    for name in sorted(tensors):
        tensor = tensors[name]
        hashed.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        hashed.update(tensor.contiguous().view(torch.uint8).numpy().data.cast("B"))
    return hashed.hexdigest()

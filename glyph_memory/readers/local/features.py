"""Look at pictures, once each: what the vision tower makes of a picture is kept, wherever the picture stands.

A picture's features do not depend on its place or its neighbours. Pictures are made ready in other threads while the
model computes. Knows a model's vision tower; knows nothing about prompts' text, keys and values.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import torch

from glyph_memory.readers.local.images import PromptImage

_AHEAD = 8
"""Pictures that are made ready before they are needed: some 12 MB each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Features:
    """What the vision tower makes of one picture."""

    pooled: torch.Tensor
    """What stands in the picture's place, shape (tokens, width)."""
    deep: tuple[torch.Tensor, ...] = ()
    """What is added in the first layers (DeepStack, Qwen3-VL), each of the same shape."""

    @property
    def nbytes(self) -> int:
        """Bytes of all of it."""
        return self.pooled.nbytes + sum(layer.nbytes for layer in self.deep)


class FeatureCache:
    """Features by the picture's digest, within a number of bytes; least recently used goes first. For one thread."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.nbytes = 0
        self._held: OrderedDict[str, Features] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, digest: str) -> bool:
        return digest in self._held

    def get(self, digest: str) -> Features | None:
        """Return a picture's features where they are known."""
        if digest in self._held:
            self._held.move_to_end(digest)
        return self._held.get(digest)

    def add(self, digest: str, features: Features) -> None:
        """Keep a picture's features."""
        if digest not in self._held and features.nbytes <= self.max_bytes:
            self._held[digest] = features
            self.nbytes += features.nbytes
            self.evict()

    def evict(self, max_bytes: int | None = None) -> None:
        """Drop what is least recently used until the rest has no more than some bytes."""
        most = self.max_bytes if max_bytes is None else max_bytes
        while self.nbytes > most:
            _, features = self._held.popitem(last=False)
            self.nbytes -= features.nbytes


class PictureReader:
    """Looks at the pictures of prompts. Belongs to one thread.

    Args:
        model: The model, as transformers loads it.
        device: Where it is.
        max_bytes: Most bytes of features that are kept.
    """

    def __init__(self, model: Any, device: torch.device, *, max_bytes: int) -> None:  # noqa: ANN401
        self.cache = FeatureCache(max_bytes)
        self._model, self._device = model, device
        self._pool: ThreadPoolExecutor | None = None
        self._ready: dict[str, Future[dict[str, torch.Tensor]]] = {}
        self._output: Any = None
        self._last: tuple[str, Features] | None = None  # a chunk may end inside of it

    def prepare(self, images: Sequence[PromptImage]) -> None:
        """Begin to make the next pictures ready, a few of those whose features are not known."""
        wanted = {image.digest: image for image in images if image.digest not in self.cache}
        for digest, image in list(wanted.items())[:_AHEAD]:
            if digest not in self._ready:
                self._ready[digest] = self._threads().submit(image.preprocess)

    def look(self, images: Sequence[PromptImage]) -> list[Features]:
        """Return the features of pictures, in order."""
        found: list[Features] = []
        for at, image in enumerate(images):
            features = self.cache.get(image.digest)
            if features is None and self._last is not None and self._last[0] == image.digest:
                features = self._last[1]
            if features is None:
                self.prepare(images[at:])
                features = self._compute(self._ready.pop(image.digest).result())
                self.cache.add(image.digest, features)
            self._last = image.digest, features
            found.append(features)
        return found

    def place(self, images: Sequence[PromptImage], start: int, stop: int) -> dict[str, Any]:
        """Return the model's argument for the pictures, or parts of them, that stand in some tokens of a prompt."""
        inside = [image for image in images if image.start < stop and image.start + image.count > start]
        if not inside:
            return {}
        known = self.look(inside)
        parts = [slice(max(start - image.start, 0), min(stop - image.start, image.count)) for image in inside]
        output: dict[str, tuple[Any, ...]] = {
            "pooler_output": tuple(f.pooled[part] for f, part in zip(known, parts, strict=True))
        }
        if known[0].deep:
            output["deepstack_features"] = tuple(
                tuple(f.deep[layer][part] for f, part in zip(known, parts, strict=True))
                for layer in range(len(known[0].deep))
            )
        return {"mm_encoder_outputs": {"image": self._output(**output)}}

    def forget(self) -> None:
        """Drop all features, and what was made ready."""
        self.cache.evict(0)
        self._ready.clear()
        self._last = None

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def _compute(self, processed: dict[str, torch.Tensor]) -> Features:
        inputs = {name: value.to(self._device) for name, value in processed.items()}
        output = self._model.get_image_features(**inputs, return_dict=True)
        self._output = type(output)
        deep = getattr(output, "deepstack_features", None) or ()
        return Features(pooled=_join(output.pooler_output), deep=tuple(map(_join, deep)))

    def _threads(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(
                min(_AHEAD, os.cpu_count() or 1), thread_name_prefix="glyph-pictures"
            )
        return self._pool


def _join(pieces: torch.Tensor | Sequence[torch.Tensor]) -> torch.Tensor:
    """Return one picture's features, of which the model may make a sequence of one."""
    return pieces if torch.is_tensor(pieces) else torch.cat(list(pieces))

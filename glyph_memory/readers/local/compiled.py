"""Write the tokens of an asker who is alone with a compiled model, over a cache of one fixed size.

A compiled model runs without Python between its layers, and on a GPU as one recorded graph. It needs keys and values
that never move, so they are copied into a static cache of transformers first, and what was written is copied back when
somebody joins. Knows one model, keys and values; knows nothing about prompts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import torch

from glyph_memory.readers.local.attention import use_attention
from glyph_memory.readers.local.segments import Layers

_STEP = 1024
"""Sizes of caches are multiples of it: each size is compiled once."""
_log = logging.getLogger(__name__)

Compile = Callable[..., Callable[..., Any]]
"""As `torch.compile`."""


class CompiledRow:
    """Writes one answer at a time. Belongs to one thread.

    Args:
        model: The model, as transformers loads it.
        device: Where it is.
        compile_with: What compiles it; `torch.compile` unless given.
    """

    def __init__(self, model: Any, device: torch.device, *, compile_with: Compile | None = None) -> None:  # noqa: ANN401 - transformers has no types for it
        self._model, self._device = model, device
        mode = "reduce-overhead" if device.type == "cuda" else "default"
        self._compute = (compile_with or torch.compile)(model.forward, mode=mode, dynamic=False)
        self._cache: Any = None
        self._capacity = 0
        self._length = 0
        self.is_begun = False
        """Whether an answer is being written."""
        self.works = True
        """Whether the model could be compiled."""

    def begin(self, segments: Sequence[Layers], *, room: int) -> None:
        """Take in what stands before the next token, and make room for some more."""
        from transformers import StaticCache  # noqa: PLC0415 - slow to load

        self._length = sum(layers[0][0].shape[-2] for layers in segments)
        capacity = -(-(self._length + room) // _STEP) * _STEP
        if self._cache is None or capacity > self._capacity:
            self._cache = StaticCache(config=self._model.config.get_text_config(), max_cache_len=capacity)
            self._capacity = capacity
        else:
            self._cache.reset()
        for layers in segments:
            for layer, (keys, values) in enumerate(layers):
                self._cache.update(keys[None], values[None], layer)
        self.is_begun = True

    def write(self, token: int, positions: torch.Tensor) -> torch.Tensor | None:
        """Return the scores behind a token, shape (1, vocabulary); None where the model cannot be compiled.

        Args:
            token: Its id.
            positions: Its position on each axis, shape (axes, 1, 1).
        """
        try:
            with use_attention(self._model, "sdpa"):
                output = self._compute(
                    input_ids=torch.tensor([[token]], device=self._device),
                    position_ids=(positions if len(positions) > 1 else positions[0]).to(self._device),
                    past_key_values=self._cache,
                    use_cache=True,
                    logits_to_keep=1,
                    return_dict=True,
                )
        except (
            Exception
        ) as error:  # torch's compilers raise what they like; or there is no memory for two copies
            _log.warning("compile=True does not work for this model here, and is left: %s", str(error)[:300])
            self.works = False
            return None
        self._length += 1
        scores: torch.Tensor = output.logits[:, -1].clone()
        return scores

    def copy(self, count: int) -> Layers:
        """Return the keys and values of the last tokens."""
        part = slice(self._length - count, self._length)
        return [
            (layer.keys[0, :, part].clone(), layer.values[0, :, part].clone()) for layer in self._cache.layers
        ]

    def end(self) -> None:
        """Let another answer begin."""
        self.is_begun = False
        if not self.works:
            self._cache = None

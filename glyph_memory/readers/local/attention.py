"""Attention over segments: what many prompts begin with is stored once, and read once for all of them.

transformers calls `attend` in each layer, with the queries; a `Step` says over what. A chunk of one prompt looks at its
segments and at itself. A token of each of several prompts looks at the segments that each has, a segment that several
have once for all of these, and the partial results are joined by their log-sum-exp, as in FlashAttention (Dao et al.,
2022) and Hydragen (Juravsky et al., 2024). Knows tensors; knows nothing about prompts, pictures and tokens.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch.nn.attention.bias import causal_lower_right

from glyph_memory.readers.local.partials import Sums, look, look_together
from glyph_memory.readers.local.segments import Layers, Segment
from glyph_memory.readers.local.slots import Slots

NAME = "glyph_segments"
"""The name under which transformers finds `attend`."""
_MASK = 1 << 26
"""Places of a written-out mask at most; on a CPU one of numbers is nearly twice as fast as torch's own way."""

Attention = Callable[..., tuple[torch.Tensor, torch.Tensor | None]]
"""As transformers defines it: (module, query, key, value, mask, …) → (output, weights)."""

_running = threading.local()


class Step(Protocol):
    """One call of the model: takes in new keys and values, and answers queries."""

    def update(self, keys: torch.Tensor, values: torch.Tensor, layer: int) -> None:
        """Take in keys and values of the new tokens, each of shape (rows, key heads, tokens, head_dim)."""

    def attend(self, module: Any, query: torch.Tensor, layer: int, scale: float) -> torch.Tensor:  # noqa: ANN401
        """Return what the queries (rows, heads, tokens, head_dim) see, in the same shape."""


class StepCache:
    """What a model takes for its cache during a step."""

    is_compileable = False

    def __init__(self, step: Step, length: int) -> None:
        self._step, self._length = step, length

    def update(
        self, keys: torch.Tensor, values: torch.Tensor, layer_idx: int, *_: object, **__: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Hand a layer's new keys and values to the step."""
        self._step.update(keys, values, layer_idx)
        return keys, values

    def get_seq_length(self, _layer: int = 0) -> int:
        """Return how many tokens are known already."""
        return self._length


@contextmanager
def run_step(step: Step, length: int) -> Iterator[StepCache]:
    """Have `attend` answer for a step inside the block; yield the cache that the model needs."""
    _running.step = step
    try:
        yield StepCache(step, length)
    finally:
        _running.step = None


def attend(
    module: Any,  # noqa: ANN401 - a layer's attention module of any model
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    s_aux: torch.Tensor | None = None,
    **_: object,
) -> tuple[torch.Tensor, None]:
    """Answer a layer's queries, as transformers' attention functions do.

    Raises:
        NotImplementedError: The model wants what is not done here, or calls outside of a step.
    """
    step: Step | None = getattr(_running, "step", None)
    if step is None or any(given is not None for given in (attention_mask, sliding_window, softcap, s_aux)):
        raise NotImplementedError(f"{type(module).__name__} wants another attention than over segments")
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    return step.attend(module, query, module.layer_idx, scale).transpose(1, 2).contiguous(), None


def take_over(model: Any, chosen: str) -> Attention | None:  # noqa: ANN401 - transformers has no types for it
    """Have a model's text tower call `attend`.

    transformers makes no mask for an attention that it has no mask function for, and none is needed.

    Args:
        model: The model, as transformers loads it.
        chosen: The attention it was loaded with.

    Returns:
        transformers' own function where a FlashAttention package was chosen: `ChunkStep` calls it.
    """
    from transformers import AttentionInterface  # noqa: PLC0415 - slow to load
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS  # noqa: PLC0415 - likewise

    AttentionInterface.register(NAME, attend)
    model.config.get_text_config()._attn_implementation = NAME
    if not chosen.startswith("flash"):
        return None

    def flash(
        module: object, *given: torch.Tensor | None, **named: object
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        with use_attention(module, chosen):  # transformers takes the package that the module's config names
            output: tuple[torch.Tensor, torch.Tensor | None] = ALL_ATTENTION_FUNCTIONS[chosen](
                module, *given, **named
            )
            return output

    return flash


def give_back(model: Any, chosen: str) -> None:  # noqa: ANN401 - as above
    """Have a model's text tower call the attention that it was loaded with again."""
    model.config.get_text_config()._attn_implementation = chosen


@contextmanager
def use_attention(model: Any, name: str) -> Iterator[None]:  # noqa: ANN401 - as above
    """Have a model's text tower use another attention inside the block."""
    text = model.config.get_text_config()
    before = text._attn_implementation
    text._attn_implementation = name
    try:
        yield
    finally:
        text._attn_implementation = before


@dataclass
class ChunkStep:
    """A chunk of one prompt, behind its segments and its earlier chunks."""

    path: Sequence[Segment]
    """What stands before it, in order."""
    new: Layers = field(default_factory=list)
    """The keys and values of the earlier chunks, to which this one's are added."""
    flash: Attention | None = None
    """transformers' own function for a FlashAttention package, which aligns queries with the last keys."""
    _mask: torch.Tensor | None = None

    def update(self, keys: torch.Tensor, values: torch.Tensor, layer: int) -> None:
        """Add keys and values of the chunk."""
        if layer == len(self.new):
            self.new.append((keys[0], values[0]))
        else:
            old_keys, old_values = self.new[layer]
            self.new[layer] = torch.cat([old_keys, keys[0]], -2), torch.cat([old_values, values[0]], -2)

    def attend(self, module: Any, query: torch.Tensor, layer: int, scale: float) -> torch.Tensor:  # noqa: ANN401
        """Return what the chunk's queries see: all before it, and itself up to each token."""
        known = [segment.layers[layer] for segment in self.path] + [self.new[layer]]
        keys = torch.cat([k for k, _ in known], -2)[None] if len(known) > 1 else known[0][0][None]
        values = torch.cat([v for _, v in known], -2)[None] if len(known) > 1 else known[0][1][None]
        if self.flash is not None:
            return self.flash(module, query, keys, values, None, scaling=scale)[0].transpose(1, 2)
        new, whole = query.shape[-2], keys.shape[-2]
        grouped = query.shape[1] != keys.shape[1]
        if new == whole:
            return F.scaled_dot_product_attention(
                query, keys, values, is_causal=new > 1, scale=scale, enable_gqa=grouped
            )
        mask = self._find_mask(query, whole) if new > 1 else None
        return F.scaled_dot_product_attention(
            query, keys, values, attn_mask=mask, scale=scale, enable_gqa=grouped
        )

    def _find_mask(self, query: torch.Tensor, whole: int) -> torch.Tensor:
        """Return a mask that hides from each of the last tokens what comes after it; all layers share it."""
        new = query.shape[-2]
        if query.device.type != "cpu" or new * whole > _MASK:  # a GPU's kernels need no mask for this
            return causal_lower_right(new, whole)
        if self._mask is None:
            self._mask = query.new_full((new, whole), float("-inf")).triu_(whole - new + 1)
        return self._mask


@dataclass
class TokenStep:
    """A token of each of several prompts."""

    shared: Sequence[tuple[Segment, torch.Tensor | None]]
    """Segments, each with the rows that have it; None for all rows."""
    slots: Slots
    """Each row's own keys and values, to which the token's are added."""

    def update(self, keys: torch.Tensor, values: torch.Tensor, layer: int) -> None:
        """Add the token's keys and values to each row's own."""
        self.slots.write(layer, keys[:, :, 0], values[:, :, 0])

    def attend(self, module: Any, query: torch.Tensor, layer: int, scale: float) -> torch.Tensor:  # noqa: ANN401
        """Return what each row's token sees."""
        keys, values = self.slots.read(layer)
        rows, heads, _, dim = query.shape
        grouped = query.view(rows, keys.shape[1], heads // keys.shape[1], dim)
        sums = Sums(look(grouped, keys, values, scale, hidden=self.slots.hidden))
        for segment, having in self.shared:
            asked = grouped if having is None else grouped[having]
            for partial in look_together(asked, *segment.layers[layer], scale):
                sums.add(partial, having)
        return sums.result().to(query.dtype).view(rows, heads, 1, dim)

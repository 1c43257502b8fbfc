"""Build a network of GLM-4.1V's architecture with random weights, and read prompts with it.

Speed and memory of a dense network do not depend on its weights, but for power: zeros draw less, and would let the
clock rise. So weights are random. Quality is nobody's business here. Knows torch and transformers; knows nothing about
pages, texts and what is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional
from torch.nn.attention.bias import causal_lower_right
from transformers import AttentionInterface, Glm4vConfig, Glm4vForConditionalGeneration
from transformers.cache_utils import Cache, CacheLayerMixin

from lib.flops import Architecture

ATTENTION = "sdpa-lower-right"
"""torch's own attention without a mask; behind cached tokens aligned so that the flash kernel can be taken."""
_IMAGE_TOKENS = ("image_token_id", "video_token_id", "image_start_token_id", "image_end_token_id")
_IMAGE_TOKENS += ("video_start_token_id", "video_end_token_id")


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **_: object,
) -> tuple[torch.Tensor, None]:
    """Attend causally, the last query to all keys; shapes are (batch, heads, tokens, size)."""
    asked, known = query.shape[2], key.shape[2]
    if asked == 1:
        # One token's heads become the queries of their head of keys: nothing is repeated, nothing is masked.
        shape = query.shape
        packed = query.reshape(shape[0], key.shape[1], -1, shape[3])
        found = functional.scaled_dot_product_attention(packed, key, value, scale=scaling).reshape(shape)
    elif asked == known:
        found = functional.scaled_dot_product_attention(
            query, key, value, is_causal=True, scale=scaling, enable_gqa=True
        )
    else:
        found = _attend_behind(query, key, value, scaling)
    return found.transpose(1, 2).contiguous(), None


def _attend_behind(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scaling: float | None
) -> torch.Tensor:
    """Attend behind cached tokens; heads of keys are repeated where no kernel shares them."""
    bias: Any = causal_lower_right(query.shape[2], key.shape[2])
    attend_with = functional.scaled_dot_product_attention
    try:
        return attend_with(query, key, value, attn_mask=bias, scale=scaling, enable_gqa=True)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError:
        times = query.shape[1] // key.shape[1]
        keys, values = (one.repeat_interleave(times, dim=1) for one in (key, value))
        return attend_with(query, keys, values, attn_mask=bias, scale=scaling)


AttentionInterface.register(ATTENTION, attend)


class SlotLayer(CacheLayerMixin):  # type: ignore[misc]  # transformers has no types
    """Keys and values of a layer in room that was set aside: what is new is written from `start` on."""

    def __init__(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        super().__init__()
        self.keys, self.values, self.start = keys, values, 0
        self.is_initialized = True

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Do nothing: the room is there."""

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: object, **__: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write what is new behind `start`; return all up to its end."""
        end = self.start + key_states.shape[2]
        self.keys[:, :, self.start : end] = key_states
        self.values[:, :, self.start : end] = value_states
        return self.keys[:, :, :end], self.values[:, :, :end]

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Return the length of what is attended to, and its beginning."""
        return self.start + query_length, 0

    def get_seq_length(self) -> int:
        """Return how many tokens stand before the new ones."""
        return self.start

    def get_max_length(self) -> int:
        """Return how many tokens there is room for."""
        return int(self.keys.shape[2])


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """A network on a device."""

    model: Any
    """transformers' own class, with random weights."""
    architecture: Architecture
    """Its numbers."""
    device: str
    """Where it is."""
    dtype: torch.dtype
    """Of weights, keys and values."""
    attention: str
    """The language model's attention, by transformers' name or ours."""
    vision_attention: str
    """The vision tower's."""

    def make_cache(self, tokens: int, *, batch: int = 1, fill: bool = False) -> Cache:
        """Return room for keys and values of so many tokens; random ones where a prefix is only pretended."""
        one = self.architecture
        shape = (batch, one.kv_heads, tokens, one.head_size)
        layers = []
        for _ in range(one.layers):
            keys, values = (torch.empty(shape, dtype=self.dtype, device=self.device) for _ in range(2))
            if fill:
                keys.normal_()
                values.normal_()
            layers.append(SlotLayer(keys, values))
        return Cache(layers=layers)

    def embed(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the embeddings of tokens."""
        found: torch.Tensor = self.model.model.language_model.embed_tokens(ids)
        return found

    def encode(self, pixels: torch.Tensor, grids: torch.Tensor) -> torch.Tensor:
        """Return the features of pictures, one after the other: shape (tokens, hidden)."""
        return torch.cat(self.model.model.get_image_features(pixels, grids).pooler_output)

    def read(
        self,
        embedded: torch.Tensor,
        positions: torch.Tensor,
        cache: Cache,
        *,
        start: int = 0,
        chunk_tokens: int | None = None,
    ) -> torch.Tensor:
        """Read tokens behind `start` cached ones; return the scores of the token that comes next.

        Args:
            embedded: Shape (batch, tokens, hidden).
            positions: Shape (3, batch, tokens): time, row and column.
            cache: Room for keys and values.
            start: How many tokens are cached.
            chunk_tokens: How many tokens are read at once; None for all.
        """
        tokens = embedded.shape[1]
        step = chunk_tokens or tokens
        hidden = embedded
        for first in range(0, tokens, step):
            part = slice(first, first + step)
            for layer in cache.layers:
                layer.start = start + first
            hidden = self.model.model.language_model(
                inputs_embeds=embedded[:, part],
                position_ids=positions[:, :, part],
                past_key_values=cache,
                use_cache=True,
            ).last_hidden_state
        found: torch.Tensor = self.model.lm_head(hidden[:, -1:])
        return found


def make_config(architecture: Architecture, *, window_tokens: int = 131_072 + 8192) -> Glm4vConfig:
    """Return transformers' configuration of an architecture. Rotary positions must be said: the class's do not run."""
    one = architecture
    pairs = one.head_size // 4  # half of each head is turned, in pairs
    sections = [pairs // 4, (pairs - pairs // 4) // 2, pairs - pairs // 4 - (pairs - pairs // 4) // 2]
    text = {
        "vocab_size": one.vocabulary,
        "hidden_size": one.hidden,
        "intermediate_size": one.inner,
        "num_hidden_layers": one.layers,
        "num_attention_heads": one.heads,
        "num_key_value_heads": one.kv_heads,
        "max_position_embeddings": window_tokens,
        "pad_token_id": 0,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 10_000.0,
            "partial_rotary_factor": 0.5,
            "mrope_section": sections,
        },
    }
    vision = {
        "depth": one.vision_layers,
        "hidden_size": one.vision_hidden,
        "num_heads": one.vision_heads,
        "patch_size": one.patch_px,
        "image_size": one.patch_px * 24,
        "spatial_merge_size": one.merge,
        "temporal_patch_size": one.frames,
        "out_hidden_size": one.hidden,
        "intermediate_size": one.inner,
    }
    last = one.vocabulary - len(_IMAGE_TOKENS)
    ids = {name: last + place for place, name in enumerate(_IMAGE_TOKENS)}
    return Glm4vConfig(text_config=text, vision_config=vision, **ids)


def build_network(
    architecture: Architecture, *, device: str, dtype: torch.dtype, attention: str = ATTENTION
) -> Network:
    """Return a network with random weights; it is laid out without memory first, so that it is made once."""
    vision_attention = "sdpa" if attention == ATTENTION else attention
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device("meta"):
            config = make_config(architecture)
            towers = {"": vision_attention, "text_config": attention, "vision_config": vision_attention}
            model = Glm4vForConditionalGeneration._from_config(config, attn_implementation=towers)
    finally:
        torch.set_default_dtype(before)
    model = model.to_empty(device=device).eval()
    dice = torch.Generator(device=device).manual_seed(0)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if weights.ndim == 1:
                weights.fill_(1.0 if "norm" in name and name.endswith("weight") else 0.0)
            else:
                weights.normal_(0, 0.02, generator=dice)
        for module in model.modules():  # what is no parameter was left as it lay in memory
            if hasattr(module, "inv_freq"):
                make = (
                    getattr(module, "compute_axial_rope_parameters", None)
                    or module.compute_default_rope_parameters
                )
                module.inv_freq = make(module.config)[0].to(device)
                module.original_inv_freq = module.inv_freq.clone()
    return Network(
        model=model,
        architecture=architecture,
        device=device,
        dtype=dtype,
        attention=attention,
        vision_attention=vision_attention,
    )

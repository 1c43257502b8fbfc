"""Run the halves of a Qwen2.5-VL on batches in half precision: what transformers' own code does, leaner.

Weights are the model's own. Pages are one cell high. Knows tensors; knows nothing about what is learned.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from glyph_memory.training.tiny.network import Network

PATCH_PX = 14
_MEAN = (0.48145466, 0.4578275, 0.40821073)
_SPREAD = (0.26862954, 0.26130258, 0.27577711)


def cut_patches(ink: Tensor) -> Tensor:
    """Return the patches of grey pages as Qwen2.5-VL's processor makes them.

    Args:
        ink: Shape (pages, 28, 28 * cells), 0 black to 255 white.

    Returns:
        Shape (pages, 4 * cells, 1176), the four patches of a cell one after the other.
    """
    pages, _, width = ink.shape
    cells = width // (2 * PATCH_PX)
    grey = ink.to(torch.float32).view(pages, 2, PATCH_PX, cells, 2, PATCH_PX) / 255
    grey = grey.permute(0, 3, 1, 4, 2, 5).reshape(pages, 4 * cells, 1, 1, PATCH_PX * PATCH_PX)
    mean = torch.tensor(_MEAN, device=ink.device)[:, None, None]
    spread = torch.tensor(_SPREAD, device=ink.device)[:, None, None]
    return ((grey - mean) / spread).expand(-1, -1, -1, 2, -1).reshape(pages, 4 * cells, -1)


def see_patches(visual: Network, patches: Tensor, cells: Tensor) -> Tensor:
    """Return what the vision tower makes of pages, before its connector.

    Args:
        visual: The vision half of a Qwen2.5-VL; every block sees the whole page.
        patches: Shape (pages, patches, 1176).
        cells: Shape (pages,): how many of a page's cells are there; the rest is filled up.

    Returns:
        Shape (pages, cells, 4 * hidden), normalised as the connector takes it.
    """
    pages, count, _ = patches.shape
    weight = visual.patch_embed.proj.weight
    x = F.linear(patches.to(torch.bfloat16), weight.flatten(1).to(torch.bfloat16))
    cos, sin = _turn_patches(visual, count // 4, patches.device)
    seen = torch.arange(count, device=patches.device) < 4 * cells[:, None]
    mask = None if bool(seen.all()) else seen[:, None, None, :]
    for block in visual.blocks:
        attention, heads = block.attn, block.attn.num_heads
        qkv = _apply(attention.qkv, _norm(block.norm1, x)).view(pages, count, 3, heads, -1)
        turned = _turn(qkv[:, :, :2].flatten(2, 3), cos, sin)
        query, key = turned[:, :, :heads], turned[:, :, heads:]
        mixed = F.scaled_dot_product_attention(
            query.transpose(1, 2), key.transpose(1, 2), qkv[:, :, 2].transpose(1, 2), attn_mask=mask
        )
        x = x + _apply(attention.proj, mixed.transpose(1, 2).flatten(2))
        x = x + _feed(block.mlp, _norm(block.norm2, x))
    return _norm(visual.merger.ln_q, x).view(pages, count // 4, -1)


def connect(visual: Network, seen: Tensor) -> Tensor:
    """Return the embeddings that the connector makes of `see_patches`: shape (pages, cells, width of the text half)."""
    first, _, last = visual.merger.mlp
    return _apply(last, F.gelu(_apply(first, seen)))


def run_text(text: Network, embeddings: Tensor, positions: Tensor) -> Tensor:
    """Return the last hidden states of a Qwen2.5-VL's text half, causally.

    Args:
        text: That half.
        embeddings: Shape (samples, length, width).
        positions: Shape (samples, length): those along the axis that all of its pairs turn with.
    """
    config = text.config
    head = config.hidden_size // config.num_attention_heads
    shared = config.num_attention_heads // config.num_key_value_heads
    angles = positions[..., None].float() * text.rotary_emb.inv_freq.float()
    cos, sin = angles.cos().to(torch.bfloat16)[:, :, None], angles.sin().to(torch.bfloat16)[:, :, None]
    x = embeddings.to(torch.bfloat16)
    samples, length, _ = x.shape
    for layer in text.layers:
        attention, h = layer.self_attn, _norm(layer.input_layernorm, x)
        query = _turn(_apply(attention.q_proj, h).view(samples, length, -1, head), cos, sin)
        key = _turn(_apply(attention.k_proj, h).view(samples, length, -1, head), cos, sin)
        value = _apply(attention.v_proj, h).view(samples, length, -1, head)
        mixed = F.scaled_dot_product_attention(
            query.transpose(1, 2),
            key.repeat_interleave(shared, 2).transpose(1, 2),
            value.repeat_interleave(shared, 2).transpose(1, 2),
            is_causal=True,
        )
        x = x + _apply(attention.o_proj, mixed.transpose(1, 2).flatten(2))
        x = x + _feed(layer.mlp, _norm(layer.post_attention_layernorm, x))
    return _norm(text.norm, x)


def _turn_patches(visual: Network, cells: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the cosines and sines of a page's patches: shape (patches, 1, half a head)."""
    number = torch.arange(4 * cells, device=device)
    row, column = number % 4 // 2, 2 * (number // 4) + number % 2
    turns = visual.rotary_pos_emb.inv_freq.float().to(device)
    angles = torch.cat([row[:, None] * turns, column[:, None] * turns], 1)[:, None]
    return angles.cos().to(torch.bfloat16), angles.sin().to(torch.bfloat16)


def _turn(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, -1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)


def _apply(linear: Network, x: Tensor) -> Tensor:
    bias = None if linear.bias is None else linear.bias.to(x.dtype)
    return F.linear(x, linear.weight.to(x.dtype), bias)


def _norm(norm: Network, x: Tensor) -> Tensor:
    return F.rms_norm(x, (x.shape[-1],), norm.weight.to(x.dtype), norm.variance_epsilon)


def _feed(mlp: Network, x: Tensor) -> Tensor:
    return _apply(mlp.down_proj, F.silu(_apply(mlp.gate_proj, x)) * _apply(mlp.up_proj, x))

"""Look at keys a part at a time, and join what was seen: the same as one softmax over all of them.

A part is looked at by torch's own fused kernel where there is one for the device that tells its log-sum-exp, else by
plain arithmetic. Knows tensors; knows nothing about models and prompts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import cache

import torch

_BLOCK = 1 << 14
"""Keys that plain arithmetic looks at in one go: bounds the scores that are held."""
_log = logging.getLogger(__name__)

Partial = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""What queries saw of some keys: weighted values, the sum of the weights, and the score they are relative to."""
Kernel = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, float], tuple[torch.Tensor, torch.Tensor]]
"""Queries, keys and values, each (heads, tokens, dim), and a scale → what was seen, and the log-sum-exp."""


class Sums:
    """Joins partial results.

    Args:
        first: Of all rows.
    """

    def __init__(self, first: Partial) -> None:
        self._sums = first

    def add(self, partial: Partial, rows: torch.Tensor | None) -> None:
        """Add what some rows saw, or all."""
        if rows is None:
            self._sums = _join(self._sums, partial)
            return
        joined = _join(tuple(part[rows] for part in self._sums), partial)  # type: ignore[arg-type]  # three
        for whole, part in zip(self._sums, joined, strict=True):
            whole[rows] = part

    def result(self) -> torch.Tensor:
        """Return what was seen in all."""
        return self._sums[0] / self._sums[1]


def look(
    query: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    scale: float,
    *,
    hidden: torch.Tensor | None = None,
) -> Partial:
    """Return what queries see of keys, each of shape (…, key heads, tokens, dim), by plain arithmetic.

    Args:
        query: Queries.
        keys: Keys.
        values: Values.
        scale: What scores are multiplied by.
        hidden: Which keys of each row are none of its own, shape (rows, tokens).
    """
    scores = torch.matmul(query * scale, keys.transpose(-1, -2)).float()
    if hidden is not None:
        scores.masked_fill_(hidden[:, None, None, :], float("-inf"))
    top = scores.amax(-1, keepdim=True)
    weights = scores.sub_(top).exp_()  # in place: a new tensor of this size costs more than the arithmetic
    return torch.matmul(weights.to(values.dtype), values).float(), weights.sum(-1, keepdim=True), top


def look_together(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, scale: float
) -> Iterator[Partial]:
    """Yield what the queries of all rows (rows, key heads, group, dim) see of keys that they share.

    Keys and values are of shape (key heads, tokens, dim).
    """
    rows, heads, group, dim = query.shape
    flat = query.transpose(0, 1).reshape(heads, rows * group, dim)
    kernel = find_kernel(query.device.type, query.dtype)
    if kernel is not None:
        seen, sums = kernel(flat, keys, values, scale)
        yield _part((seen.float(), torch.ones_like(sums), sums), rows)
        return
    for start in range(0, keys.shape[-2], _BLOCK):
        part = slice(start, start + _BLOCK)
        yield _part(look(flat, keys[:, part], values[:, part], scale), rows)


@cache
def find_kernel(device: str, dtype: torch.dtype) -> Kernel | None:
    """Return torch's fused kernel for a kind of device, once it has been seen to be right; None where there is none.

    These kernels are torch's own, but no part of what it promises to keep.
    """
    kernel = _KERNELS.get((device, dtype == torch.float32))
    if kernel is None:
        return None
    try:
        query, keys, values = (torch.randn(2, n, 32, device=device).to(dtype) for n in (3, 70, 70))
        seen, sums = kernel(query, keys, values, 0.2)
        want, weight, top = look(query, keys, values, 0.2)
        is_right = torch.allclose(seen.float(), want / weight, atol=0.05) and torch.allclose(
            sums, weight.log() + top, atol=0.05
        )
    except Exception as error:  # another version of torch: whatever it raises, there is another way
        _log.debug("no fused kernel on %s: %s", device, error)
        return None
    return kernel if is_right else None


def _run_on_cpu(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, scale: float
) -> tuple[torch.Tensor, torch.Tensor]:
    seen, sums = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
        query[None], keys[None], values[None], 0.0, False, attn_mask=None, scale=scale
    )
    return seen[0], _shape_sums(sums, query)


def _run_flash(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, scale: float
) -> tuple[torch.Tensor, torch.Tensor]:
    seen, sums, *_ = torch.ops.aten._scaled_dot_product_flash_attention(
        query[None], keys[None], values[None], 0.0, False, False, scale=scale
    )
    return seen[0], _shape_sums(sums, query)


def _run_efficient(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, scale: float
) -> tuple[torch.Tensor, torch.Tensor]:
    seen, sums, *_ = torch.ops.aten._scaled_dot_product_efficient_attention(
        query[None], keys[None], values[None], None, True, 0.0, False, scale=scale
    )
    return seen[0], _shape_sums(sums, query)


_KERNELS: dict[tuple[str, bool], Kernel] = {
    ("cpu", True): _run_on_cpu,
    ("cpu", False): _run_on_cpu,
    ("cuda", True): _run_efficient,
    ("cuda", False): _run_flash,
}
"""By device, and whether numbers are float32."""


def _shape_sums(sums: torch.Tensor, query: torch.Tensor) -> torch.Tensor:
    """Return log-sum-exps as (heads, tokens, 1); some kernels pad tokens, some have heads last."""
    heads, tokens = query.shape[:2]
    found = sums[0] if sums.shape[1] == heads and sums.shape[2] >= tokens else sums[0].transpose(0, 1)
    return found[:, :tokens, None].float()


def _part(partial: Partial, rows: int) -> Partial:
    """Return (key heads, rows x group, …) as (rows, key heads, group, …)."""
    return tuple(  # type: ignore[return-value]  # three
        part.unflatten(1, (rows, -1)).transpose(0, 1) for part in partial
    )


def _join(first: Partial, second: Partial) -> Partial:
    top = torch.maximum(first[2], second[2])
    a, b = torch.exp(first[2] - top), torch.exp(second[2] - top)
    return first[0] * a + second[0] * b, first[1] * a + second[1] * b, top

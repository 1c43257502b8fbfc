"""Looking at keys a part at a time gives what one softmax over all of them gives, by either way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.readers.local import partials
from glyph_memory.readers.local.partials import Sums, find_kernel, look, look_together

ROWS, HEADS, GROUP, DIM = 3, 2, 4, 8
SCALE = 0.3


@pytest.fixture(params=["kernel", "arithmetic"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Look by torch's fused kernel, and by arithmetic in blocks of five keys."""
    find_kernel.cache_clear()
    if request.param == "arithmetic":
        monkeypatch.setattr(partials, "_KERNELS", {})
        monkeypatch.setattr(partials, "_BLOCK", 5)
    yield request.param
    find_kernel.cache_clear()


def attend_to_all(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Return one softmax over all keys of each row: (rows, heads, tokens, dim) for the keys."""
    scores = torch.einsum("rhgd,rhnd->rhgn", query, keys) * SCALE
    return torch.einsum("rhgn,rhnd->rhgd", scores.softmax(-1), values)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=4), st.integers(0, 1000))
def test_parts_of_any_sizes_join_to_the_whole(sizes: list[int], seed: int) -> None:
    """Keys that all rows share, in segments of any sizes, behind keys of their own."""
    torch.manual_seed(seed)
    query = torch.randn(ROWS, HEADS, GROUP, DIM) * 3
    own = [torch.randn(ROWS, HEADS, 4, DIM) for _ in range(2)]
    shared = [(torch.randn(HEADS, n, DIM) * 3, torch.randn(HEADS, n, DIM)) for n in sizes]
    sums = Sums(look(query, own[0], own[1], SCALE))
    for keys, values in shared:
        for partial in look_together(query, keys, values, SCALE):
            sums.add(partial, None)
    wide = [
        part.expand(ROWS, -1, -1, -1)
        for part in (torch.cat([k for k, _ in shared], 1), torch.cat([v for _, v in shared], 1))
    ]
    want = attend_to_all(query, torch.cat([own[0], wide[0]], 2), torch.cat([own[1], wide[1]], 2))
    assert torch.allclose(sums.result(), want, atol=1e-5)


def test_each_row_sees_its_own_segments_alone(way: str) -> None:
    """A segment that two rows of three have does not change what the third sees; hidden places are not seen."""
    assert (find_kernel("cpu", torch.float32) is not None) == (way == "kernel")
    torch.manual_seed(0)
    query = torch.randn(ROWS, HEADS, GROUP, DIM)
    keys, values = torch.randn(ROWS, HEADS, 6, DIM), torch.randn(ROWS, HEADS, 6, DIM)
    hidden = torch.arange(6)[None] >= torch.tensor([6, 2, 4])[:, None]
    shared = torch.randn(HEADS, 13, DIM), torch.randn(HEADS, 13, DIM)
    having = torch.tensor([0, 2])
    sums = Sums(look(query, keys, values, SCALE, hidden=hidden))
    for partial in look_together(query[having], *shared, SCALE):
        sums.add(partial, having)
    for row, length in enumerate((6, 2, 4)):
        seen = [keys[row, :, :length], values[row, :, :length]]
        if row in (0, 2):
            seen = [torch.cat([mine, theirs], 1) for mine, theirs in zip(seen, shared, strict=True)]
        want = attend_to_all(query[row][None], seen[0][None], seen[1][None])
        assert torch.allclose(sums.result()[row], want[0], atol=1e-5)


@pytest.mark.parametrize("fault", ["wrong", "raises"])
def test_a_kernel_that_is_not_right_is_not_used(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of torch may change it: then plain arithmetic does the work."""

    def kernel(query: torch.Tensor, *_: object) -> tuple[torch.Tensor, torch.Tensor]:
        if fault == "raises":
            raise RuntimeError("no such operator")
        return query, query.sum(-1, keepdim=True)

    find_kernel.cache_clear()
    monkeypatch.setattr(partials, "_KERNELS", {("cpu", True): kernel})
    assert find_kernel("cpu", torch.float32) is None
    find_kernel.cache_clear()

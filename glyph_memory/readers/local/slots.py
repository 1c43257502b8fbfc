"""The keys and values that each running prompt has for itself: what it wrote, and the short end of what it was asked.

Rows stand side by side in one buffer for each layer, each from its first place on, and the places that a row has not
filled are hidden. When a row ends, the last one moves into its place. Knows tensors; knows nothing about models.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from glyph_memory.readers.local.segments import Layers


class Slots:
    """Buffers of shape (rows, key heads, tokens, head_dim), two for each layer. Belongs to one thread."""

    def __init__(self) -> None:
        self._keys: list[torch.Tensor] = []
        self._values: list[torch.Tensor] = []
        self._lengths: list[int] = []
        self._at: torch.Tensor | None = None
        self._rows: torch.Tensor | None = None
        self.hidden: torch.Tensor | None = None
        """Which places hold nothing of their row, shape (rows, tokens); `None` where all do."""

    def __len__(self) -> int:
        return len(self._lengths)

    @property
    def nbytes(self) -> int:
        """Bytes of the buffers."""
        return sum(buffer.nbytes for buffer in (*self._keys, *self._values))

    def add(self, segments: Sequence[Layers], like: Layers) -> None:
        """Add a row that begins with these keys and values, as many as a model like `like` has layers."""
        length = sum(layers[0][0].shape[-2] for layers in segments)
        self._grow(rows=len(self) + 1, tokens=length + 1, like=like)
        row, start = len(self), 0
        for layers in segments:
            stop = start + layers[0][0].shape[-2]
            for layer, (keys, values) in enumerate(layers):
                self._keys[layer][row, :, start:stop] = keys
                self._values[layer][row, :, start:stop] = values
            start = stop
        self._lengths.append(length)

    def extend(self, row: int, layers: Layers) -> None:
        """Add tokens to a row."""
        start = self._lengths[row]
        stop = start + layers[0][0].shape[-2]
        self._grow(rows=len(self), tokens=stop, like=layers)
        for layer, (keys, values) in enumerate(layers):
            self._keys[layer][row, :, start:stop] = keys
            self._values[layer][row, :, start:stop] = values
        self._lengths[row] = stop

    def copy(self, row: int, start: int) -> Layers:
        """Return a row's keys and values from a place on."""
        part = slice(start, self._lengths[row])
        return [
            (keys[row, :, part].clone(), values[row, :, part].clone())
            for keys, values in zip(self._keys, self._values, strict=True)
        ]

    def remove(self, row: int) -> None:
        """Remove a row; the last one moves into its place."""
        last = len(self) - 1
        if row != last:
            length = self._lengths[last]
            for buffer in (*self._keys, *self._values):
                buffer[row, :, :length] = buffer[last, :, :length]
            self._lengths[row] = length
        self._lengths.pop()
        if not self._lengths:
            self._keys, self._values = [], []

    def begin_token(self) -> None:
        """Make room for one more token in each row."""
        longest = max(self._lengths) + 1
        if longest > self._keys[0].shape[-2]:
            self._grow(rows=len(self), tokens=longest, like=self.copy(0, 0))
        device = self._keys[0].device
        at = torch.tensor(self._lengths)
        self._lengths = [length + 1 for length in self._lengths]
        filled = torch.arange(longest)[None] <= at[:, None]
        self.hidden = None if bool(filled.all()) else ~filled.to(device)
        self._at, self._rows = at.to(device), torch.arange(len(self), device=device)

    def drop_token(self) -> None:
        """Undo `begin_token`: the token did not come in."""
        self._lengths = [length - 1 for length in self._lengths]

    def write(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Write the new token of each row, each of shape (rows, key heads, head_dim)."""
        self._keys[layer][self._rows, :, self._at] = keys
        self._values[layer][self._rows, :, self._at] = values

    def read(self, layer: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the keys and values of all rows, as long as the longest."""
        part = (slice(0, len(self)), slice(None), slice(0, max(self._lengths)))
        return self._keys[layer][part], self._values[layer][part]

    def _grow(self, *, rows: int, tokens: int, like: Layers) -> None:
        have_rows, have_tokens = (self._keys[0].shape[0], self._keys[0].shape[2]) if self._keys else (0, 0)
        if rows <= have_rows and tokens <= have_tokens:
            return
        new_rows = have_rows if rows <= have_rows else max(rows, 2 * have_rows)
        new_tokens = have_tokens if tokens <= have_tokens else max(tokens + 64, 2 * have_tokens)
        size = new_rows, new_tokens
        wider = (
            _widen(self._keys, [k for k, _ in like], *size),
            _widen(self._values, [v for _, v in like], *size),
        )
        self._keys, self._values = wider


def _widen(
    buffers: list[torch.Tensor], like: list[torch.Tensor], rows: int, tokens: int
) -> list[torch.Tensor]:
    """Return larger buffers with what is in the old ones, one for each layer."""
    wider = [part.new_zeros(rows, part.shape[0], tokens, part.shape[2]) for part in like]
    for old, new in zip(buffers, wider, strict=False):  # the first row finds none
        new[: old.shape[0], :, : old.shape[2]] = old
    return wider

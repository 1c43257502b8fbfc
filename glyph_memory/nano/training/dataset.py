"""`GeneratedDataset`: a data set whose items are made when they are asked for, each by its number."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.utils.data import Dataset


class GeneratedDataset(Dataset[tuple[Tensor, Tensor]]):
    """A data set of so many items, each made when it is asked for; item `i` is always the same."""

    def __init__(self, make: Callable[[int], tuple[Tensor, Tensor]], count: int) -> None:
        self._make, self._count = make, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self._make(index)

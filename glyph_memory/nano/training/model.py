"""The network that learns to read a strip of a line, and how it is written down for the reader.

Every second column is a cell. The network says of each cell whether a character begins there, and which. Convolutions
are spelled as products of matrices, since that is what a CPU's half-precision units are quick at. Knows tensors; knows
nothing about pages.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glyph_memory.nano.alphabet import (
    CLASSES,
    GLANCE_PX,
    IDEOGRAPH,
    IDEOGRAPHS,
    NUMBER_OF,
    ROWS,
    STEP_PX,
)

FIRST_PX = 8
"""Columns that the first layer sees at once."""
LAYERS = ((128, 192, 5), (192, 192, 3), (192, 192, 3), (192, 256, 3))
"""Of the further layers: channels in, channels out, cells seen at once."""


_ROUND, _IGNORED = 1024, -100


class Layer(nn.Module):
    """A convolution over cells, normalised over the batch, cut off below zero."""

    def __init__(self, channels: int, out: int, cells: int, *, residual: bool = False) -> None:
        super().__init__()
        self.cells, self.residual = cells, residual
        self.linear = nn.Linear(channels * cells, out, bias=False)
        self.norm = nn.BatchNorm1d(out)

    def forward(self, x: Tensor) -> Tensor:
        """Compute shape (strips, cells, out) from shape (strips, cells, channels)."""
        count, margin = x.shape[1], self.cells // 2
        padded = F.pad(x, (0, 0, margin, margin))
        seen = torch.cat([padded[:, place : place + count] for place in range(self.cells)], 2)
        y = self.linear(seen)
        y = self.norm(y.flatten(0, 1)).view(y.shape)
        return F.relu(y + x if self.residual else y)


class TrainableNetwork(nn.Module):
    """The network that finds and classifies characters, in torch."""

    def __init__(self) -> None:
        super().__init__()
        self.first = Layer(ROWS * FIRST_PX, LAYERS[0][0], 1)
        self.layers = nn.ModuleList(
            Layer(channels, out, cells, residual=channels == out) for channels, out, cells in LAYERS
        )
        self.begins = nn.Linear(LAYERS[-1][1], 1)
        self.character = nn.Linear(LAYERS[-1][1], len(CLASSES))

    def matrices(self) -> list[Tensor]:
        """Return the layers' matrices."""
        return [layer.linear.weight for layer in (self.first, *self.layers) if isinstance(layer, Layer)]

    def features(self, ink: Tensor) -> Tensor:
        """Return the features of each cell.

        Args:
            ink: Shape (strips, ROWS, width), 0 to 1.

        Returns:
            Shape (strips * cells, channels).
        """
        margin = (FIRST_PX - STEP_PX) // 2
        columns = F.pad(ink.transpose(1, 2), (0, 0, margin, margin)).flatten(1)
        x = self.first(columns.unfold(1, ROWS * FIRST_PX, ROWS * STEP_PX))
        for layer in self.layers:
            x = layer(x)
        return torch.flatten(x, 0, 1)


class Glance(nn.Module):
    """The network of the second look: it classifies ideographs, one at a time; the last class is any other."""

    def __init__(self) -> None:
        super().__init__()
        sizes = (ROWS * GLANCE_PX, 384, 256)
        self.layers = nn.ModuleList(Layer(size, out, 1) for size, out in pairwise(sizes))
        self.last = nn.Linear(sizes[-1], len(IDEOGRAPHS) + 1)

    def forward(self, ink: Tensor) -> Tensor:
        """Compute (ideographs, classes) from shape (ideographs, ROWS, GLANCE_PX), 0 to 255."""
        x = (ink.flatten(1).to(torch.bfloat16) / 255)[:, None]
        for layer in self.layers:
            x = layer(x)
        y: Tensor = self.last(x[:, 0])
        return y


def compute_loss(network: TrainableNetwork, ink: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss of finding where characters begin, and the loss of classifying them.

    Args:
        network: The network.
        ink: Shape (strips, ROWS, width), 0 to 255.
        label: Shape (strips, cells): a class, -1 for none, -2 for what is not learned.
    """
    label = label.flatten().long()
    label = torch.where(label < len(CLASSES), label, NUMBER_OF[IDEOGRAPH])
    is_learned, held = label > -2, torch.nonzero(label >= 0)[:, 0]
    # Rounded up: a CPU's library keeps a kernel for every size of matrix it has ever seen.
    rounded = F.pad(held, (0, -len(held) % _ROUND))
    which = torch.where(torch.arange(len(rounded), device=held.device) < len(held), label[rounded], _IGNORED)
    with torch.autocast(ink.device.type, torch.bfloat16):
        features = network.features(ink.to(torch.bfloat16) / 255)
        begins = network.begins(features)[:, 0]
        character = network.character(features[rounded])
    finding = F.binary_cross_entropy_with_logits(begins[is_learned].float(), (label[is_learned] >= 0).float())
    telling = F.cross_entropy(character.float(), which, ignore_index=_IGNORED)
    return finding, telling


def export_network(network: TrainableNetwork) -> dict[str, Tensor]:
    """Return the weights as the reader wants them: norms merged, half precision, each matrix (in, out)."""
    weights = _merge_norms("layer", [network.first, *network.layers])
    for name in ("begins", "character"):
        head: nn.Linear = getattr(network, name)
        weights[f"{name}.weight"], weights[f"{name}.bias"] = head.weight.T, head.bias
    return _convert_weights(weights)


def export_glance(glance: Glance) -> dict[str, Tensor]:
    """Return the second look's weights in the same form."""
    weights = _merge_norms("glance", [*glance.layers])
    last = f"glance{len(glance.layers)}"
    return _convert_weights(
        weights | {f"{last}.weight": glance.last.weight.T, f"{last}.bias": glance.last.bias}
    )


def _merge_norms(kind: str, layers: list[nn.Module]) -> dict[str, Tensor]:
    weights = dict[str, Tensor]()
    for number, layer in enumerate(layers):
        assert isinstance(layer, Layer)  # noqa: S101 - for the type checker
        norm = layer.norm
        variance, mean = norm.running_var, norm.running_mean
        assert variance is not None and mean is not None  # noqa: S101 - it keeps running statistics
        scale = norm.weight / torch.sqrt(variance + norm.eps)
        weights[f"{kind}{number}.weight"] = (layer.linear.weight * scale[:, None]).T
        weights[f"{kind}{number}.bias"] = norm.bias - mean * scale
    return weights


def _convert_weights(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: weight.detach().to(torch.float16).contiguous().cpu() for name, weight in weights.items()}

"""The network that reads strips of lines, in numpy: its weights, loaded when first asked for, and what it says.

Every second column of a strip is a cell. Convolutions over cells, each cut off below zero, end in two answers: whether
a character begins in a cell, and which. Knows arrays; knows nothing about pages or characters.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glyph_memory.errors import ReaderError
from glyph_memory.nano.alphabet import (
    CLASSES,
    EDGE_PX,
    GLANCE_FROM_PX,
    GLANCE_PX,
    IDEOGRAPH,
    IDEOGRAPHS,
    NUMBER_OF,
    ROWS,
    STEP_PX,
)  # fmt: skip

Float = NDArray[np.float32]
Ints = NDArray[np.int64]

WEIGHTS = Path(__file__).parent / "weights" / "nano.safetensors"
"""The weights that come with the package."""

_CELLS_AT_ONCE = 1500
_LIKELY = 0.02
_EDGE = EDGE_PX // STEP_PX
_TYPES: dict[object, np.dtype[np.floating]] = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Detections:
    """Cells in which a character may begin; all arrays are as long as there are such cells, strip by strip."""

    strip: Ints
    """Which strip."""
    cell: Ints
    """Which cell of it."""
    begins: Float
    """How likely a character begins there, 0 to 1."""
    classes: Ints
    """Which character is likeliest, by its number in `CLASSES` and then `IDEOGRAPHS`."""
    likelihood: Float
    """How likely it is, 0 to 1, should a character begin there."""
    rivals: Ints
    """Which character is the second likeliest, by the same numbers."""
    rival_likelihood: Float
    """How likely that one is."""


class Network:
    """The network that reads strips, in numpy."""

    def __init__(self, weights: Mapping[str, Float]) -> None:
        """Store the weights.

        They are named `layer0` and so on, `begins`, `character`, and for ideographs `glance0` and so on; each has a
        `.weight` and a `.bias`.

        Args:
            weights: Matrices of shape (in, out); biases of shape (out,).
        """
        layers = _collect_layers(weights, "layer")
        self._first, self._layers = layers[0], layers[1:]
        self._glance = _collect_layers(weights, "glance")
        self._begins = weights["begins.weight"], weights["begins.bias"]
        self._character = weights["character.weight"], weights["character.bias"]

    def find_characters(self, strips: NDArray[np.uint8], numbers: Sequence[int]) -> Detections:
        """Find characters, except at both ends of strips, where the network was not trained.

        Args:
            strips: Shape (strips, ROWS, width), 0 paper to 255 full ink; the width is even.
            numbers: What each strip is called in the answer.
        """
        cells = strips.shape[2] // STEP_PX
        at_once = max(1, _CELLS_AT_ONCE // max(1, cells))
        return join_detections(
            [
                self._detect_batch(
                    strips[first : first + at_once], np.array(numbers[first : first + at_once])
                )
                for first in range(0, len(strips), at_once)
            ]
        )

    def _detect_batch(self, strips: NDArray[np.uint8], numbers: Ints) -> Detections:
        features = self._features(strips)
        count, channels = features.shape[1], features.shape[2]
        features = features.reshape(-1, channels)
        weight, bias = self._begins
        begins = _sigmoid(features @ weight[:, 0] + bias[0])
        begins.reshape(-1, count)[:, [*range(_EDGE), *range(-_EDGE, 0)]] = 0
        found = np.flatnonzero(begins > _LIKELY)
        seen = features[found]
        best, likelihood, second, rival = _pick_two(seen @ self._character[0] + self._character[1])
        wide = np.flatnonzero(best == NUMBER_OF[IDEOGRAPH])
        if len(wide) and self._glance:
            cells = found[wide]
            which, chance = self.classify_ideographs(cut_glances(strips, cells // count, cells % count))
            told = np.where(which < len(IDEOGRAPHS), which + len(CLASSES), NUMBER_OF[IDEOGRAPH])
            best[wide], likelihood[wide] = told, likelihood[wide] * chance
        return Detections(
            strip=numbers[found // count],
            cell=found % count,
            begins=begins[found],
            classes=best,
            likelihood=likelihood,
            rivals=second,
            rival_likelihood=rival,
        )

    def classify_ideographs(self, ink: NDArray[np.uint8]) -> tuple[Ints, Float]:
        """Return the likeliest ideograph in each picture, and how likely it is; the number after all is any other.

        Args:
            ink: Shape (ideographs, ROWS, GLANCE_PX).
        """
        x: Float = np.multiply(ink.reshape(len(ink), -1), np.float32(1 / 255), dtype=np.float32)
        for weight, bias in self._glance[:-1]:
            x = x @ weight + bias
            np.maximum(x, 0, out=x)
        weight, bias = self._glance[-1]
        return _pick_two(x @ weight + bias)[:2]

    def _features(self, strips: NDArray[np.uint8]) -> Float:
        """Return the features of each cell: shape (strips, cells, channels)."""
        number, _, width = strips.shape
        cells = width // STEP_PX
        seen = self._first[0].shape[0] // ROWS
        margin = (seen - STEP_PX) // 2
        columns = np.zeros((number, width + 2 * margin, ROWS), np.float32)
        columns[:, margin : margin + width] = strips.transpose(0, 2, 1)
        columns *= np.float32(1 / 255)
        windows = np.lib.stride_tricks.sliding_window_view(columns.reshape(number, -1), ROWS * seen, axis=1)
        x = windows[:, :: ROWS * STEP_PX].reshape(number * cells, -1) @ self._first[0] + self._first[1]
        np.maximum(x, 0, out=x)
        x = x.reshape(number, cells, -1)
        for weight, bias in self._layers:
            x = _convolve(x, weight, bias)
        return x


def _convolve(x: Float, weight: Float, bias: Float) -> Float:
    """Convolve over cells, add the input where it has as many channels as the output, apply ReLU.

    Strips lie behind each other with empty cells between, so that a whole batch is a few products of matrices.
    """
    number, cells, channels = x.shape
    width, out = weight.shape[0] // channels, weight.shape[1]
    margin = width // 2
    apart = np.zeros((number * (cells + margin) + margin, channels), np.float32)
    apart[margin:].reshape(number, cells + margin, channels)[:, :cells] = x
    length = number * (cells + margin) - margin
    whole = np.empty((number * (cells + margin), out), np.float32)
    total, part = (
        whole[:length],
        np.empty((length, out), np.float32),
    )  # written over and over: new memory is slow
    np.matmul(apart[:length], weight[:channels], out=total)
    for place in range(1, width):
        np.matmul(apart[place : place + length], weight[place * channels : (place + 1) * channels], out=part)
        total += part
    y = whole.reshape(number, cells + margin, out)[:, :cells]
    y += bias
    if channels == out:
        y += x
    return np.maximum(y, 0, out=y)


def cut_glances(strips: NDArray[np.uint8], strip: Ints, cell: Ints) -> NDArray[np.uint8]:
    """Cut out each character for the second look: shape (characters, ROWS, GLANCE_PX).

    Args:
        strips: Shape (strips, ROWS, width).
        strip: Of each character: which strip.
        cell: Of each: in which cell it begins; at least `EDGE_PX` from both ends.
    """
    columns = (cell * STEP_PX - GLANCE_FROM_PX)[:, None] + np.arange(GLANCE_PX)
    return strips[strip[:, None], :, columns].transpose(0, 2, 1)


def _collect_layers(weights: Mapping[str, Float], kind: str) -> list[tuple[Float, Float]]:
    count = sum(name.startswith(kind) and name.endswith(".weight") for name in weights)
    return [(weights[f"{kind}{number}.weight"], weights[f"{kind}{number}.bias"]) for number in range(count)]


def _pick_two(logits: Float) -> tuple[Ints, Float, Ints, Float]:
    """Return the likeliest class of each row and how likely it is, then the same of the second; logits are changed."""
    rows = np.arange(len(logits))
    best = logits.argmax(axis=1)
    top = logits[rows, best]
    share = 1 / np.exp(logits - top[:, None]).sum(axis=1)
    logits[rows, best] = -np.inf
    second = logits.argmax(axis=1)
    return best, share, second, share * np.exp(logits[rows, second] - top)


def join_detections(parts: Sequence[Detections]) -> Detections:
    """Join the detections of several batches of strips, in the order of strips."""
    order = np.argsort(np.concatenate([part.strip for part in parts]), kind="stable")
    names = Detections.__dataclass_fields__
    return Detections(
        **{name: np.concatenate([getattr(part, name) for part in parts])[order] for name in names}
    )


def _sigmoid(x: Float) -> Float:
    return (1 / (1 + np.exp(-np.clip(x, -30, 30)))).astype(np.float32)


@lru_cache(maxsize=2)
def load_network(path: Path = WEIGHTS) -> Network:
    """Load the network once, and return it.

    Raises:
        ReaderError: The weights are missing or broken.
    """
    try:
        return Network(dict(read_weights(path.read_bytes())))
    except (OSError, ValueError, LookupError, AttributeError, TypeError, struct.error) as error:
        raise ReaderError(
            f"the nano reader's weights, {str(path)!r}, cannot be read ({error}); install glyph-memory again"
        ) from error


def read_weights(data: bytes) -> Iterator[tuple[str, Float]]:
    """Read a safetensors file: eight bytes of length, a head in JSON, then the numbers."""
    (length,) = struct.unpack("<Q", data[:8])
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__":
            start, stop = entry["data_offsets"]
            numbers = np.frombuffer(data[8 + length + start : 8 + length + stop], np.uint8)
            yield name, numbers.view(_TYPES[entry["dtype"]]).reshape(entry["shape"]).astype(np.float32)

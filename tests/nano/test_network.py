"""The network in numpy: what it computes, and weights that cannot be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from glyph_memory import ReaderError
from glyph_memory.nano.alphabet import CLASSES, EDGE_PX, GLANCE_PX, IDEOGRAPHS, ROWS, STEP_PX
from glyph_memory.nano.network import WEIGHTS, Network, cut_glances, load_network, read_weights

Float = NDArray[np.float32]


def weights(seed: int = 0) -> dict[str, Float]:
    """Make up a small network's weights."""
    roll = np.random.default_rng(seed)
    sizes = {
        "layer0": (ROWS * 8, 6),
        "layer1": (6 * 5, 7),
        "layer2": (7 * 3, 7),
        "begins": (7, 1),
        "character": (7, len(CLASSES)),
    }
    made: dict[str, Float] = {}
    for name, (inputs, outputs) in sizes.items():
        made[f"{name}.weight"] = roll.normal(0, 0.3, (inputs, outputs)).astype(np.float32)
        made[f"{name}.bias"] = roll.normal(0, 0.3, outputs).astype(np.float32)
    return made


def slowly(given: dict[str, Float], strip: NDArray[np.uint8]) -> Float:
    """Compute a strip's features cell by cell, as the formulas say."""
    columns = np.pad(strip.T / np.float32(255), ((3, 3), (0, 0)))
    x = np.array([
        np.maximum(columns[start : start + 8].ravel() @ given["layer0.weight"] + given["layer0.bias"], 0)
        for start in range(0, strip.shape[1], STEP_PX)
    ])  # fmt: skip
    for name, seen in (("layer1", 5), ("layer2", 3)):
        around = np.pad(x, ((seen // 2, seen // 2), (0, 0)))
        y = np.array([around[cell : cell + seen].ravel() @ given[f"{name}.weight"] for cell in range(len(x))])
        y += given[f"{name}.bias"]
        x = np.maximum(y + x if y.shape == x.shape else y, 0)
    return x.astype(np.float32)


def test_it_computes_what_the_formulas_say() -> None:
    """Batches of strips at once give what one cell after the other does."""
    given = weights()
    strips = np.random.default_rng(1).integers(0, 256, (5, ROWS, 60), dtype=np.uint8)
    found = Network(given).find_characters(strips, range(5))
    for number, strip in enumerate(strips):
        features = slowly(given, strip)
        begins = 1 / (1 + np.exp(-(features @ given["begins.weight"][:, 0] + given["begins.bias"][0])))
        logits = features @ given["character.weight"] + given["character.bias"]
        edge = EDGE_PX // STEP_PX
        likely = [cell for cell in range(edge, 30 - edge) if begins[cell] > 0.02]
        mine = found.strip == number
        assert found.cell[mine].tolist() == likely
        np.testing.assert_allclose(found.begins[mine], begins[likely], rtol=1e-4)
        assert found.classes[mine].tolist() == logits[likely].argmax(axis=1).tolist()


def test_what_is_found_does_not_depend_on_what_is_looked_at_with_it() -> None:
    """A strip alone and among many others, which are taken in batches."""
    strips = np.random.default_rng(2).integers(0, 256, (300, ROWS, 80), dtype=np.uint8)
    ours = Network(weights())
    many, alone = ours.find_characters(strips, range(300)), ours.find_characters(strips[217:218], [217])
    mine = many.strip == 217
    assert many.cell[mine].tolist() == alone.cell.tolist()
    np.testing.assert_allclose(many.begins[mine], alone.begins, rtol=1e-4)


def test_a_second_look_is_cut_out_around_its_cell() -> None:
    """It begins a few pixels left of the cell."""
    strip = np.broadcast_to(np.arange(100, dtype=np.uint8), (1, ROWS, 100))
    (seen,) = cut_glances(strip, np.array([0]), np.array([20]))
    assert seen.shape == (ROWS, GLANCE_PX)
    assert seen[0].tolist() == list(range(35, 51))


def test_the_weights_of_the_package_are_small_and_whole() -> None:
    """Ten megabytes at the most, and loaded once."""
    assert WEIGHTS.stat().st_size <= 10_000_000
    assert load_network() is load_network()
    assert all(np.isfinite(matrix).all() for _, matrix in read_weights(WEIGHTS.read_bytes()))


_BROKEN = [None, b"", b"\x08\0\0\0\0\0\0\0not json", b"\xff" * 8 + b"{}", WEIGHTS.read_bytes()[:5000]]


@pytest.mark.parametrize("content", _BROKEN, ids=["missing", "empty", "no JSON", "no weights", "cut off"])
def test_weights_that_are_missing_or_broken_are_told_in_one_line(
    content: bytes | None, tmp_path: Path
) -> None:
    """With the file's name and what to do."""
    path = tmp_path / "nano.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ReaderError, match="install glyph-memory again") as failure:
        load_network(path)
    assert str(path) in str(failure.value)
    assert "\n" not in str(failure.value)


def test_the_weights_of_the_package_are_for_these_classes() -> None:
    """Whoever changes the alphabet has to train again."""
    given = dict(read_weights(WEIGHTS.read_bytes()))
    assert given["layer0.weight"].shape[0] % ROWS == 0
    assert given["character.weight"].shape[1] == len(CLASSES)
    assert given["glance2.weight"].shape[1] == len(IDEOGRAPHS) + 1  # and any other
    assert given["glance0.weight"].shape[0] == ROWS * GLANCE_PX

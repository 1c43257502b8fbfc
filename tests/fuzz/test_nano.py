"""The door of the nano reader: any picture is read as some text, or refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from glyph_memory import DocumentError, typeset
from glyph_memory.nano.sight.ink import measure_ink
from glyph_memory.nano.sight.lines import find_lines
from glyph_memory.nano.transcribe import transcribe

PAGE = typeset("The quick brown fox jumps over the lazy dog. 0123456789\n" * 3)[0].array()

_KINDS = st.sampled_from(["noise", "lines", "columns", "checker", "blank", "print", "steps", "grey"])


def draw(kind: str, height: int, width: int, seed: int, *, is_colored: bool) -> NDArray[np.uint8]:
    """Return a picture of no meaning, or of pieces of print."""
    random = np.random.default_rng(seed)
    rows, columns = np.indices((height, width))
    drawn: dict[str, Callable[[], Any]] = {
        "noise": lambda: random.integers(0, 256, (height, width)),
        "lines": lambda: 255 * (rows % random.integers(2, 20) > 0),
        "columns": lambda: 255 * (columns % random.integers(2, 20) > 0),
        "checker": lambda: 255 * ((rows + columns) % 2),
        "blank": lambda: np.full((height, width), random.integers(0, 256)),
        "print": lambda: np.resize(PAGE, (height, width)) ^ int(random.integers(0, 2) * 255),
        "steps": lambda: (rows * columns) % 256,
        "grey": lambda: np.full((height, width), 128) + (rows % 9 < 2) * random.integers(-128, 127),
    }
    pixels = drawn[kind]().astype(np.uint8)
    return np.stack([pixels, pixels, np.roll(pixels, 1)], axis=2) if is_colored else pixels


@settings(settings.get_profile("fuzz"))
@example(kind="print", height=1, width=1, seed=0, is_colored=False)
@example(kind="noise", height=3, width=400, seed=0, is_colored=True)
@given(
    kind=_KINDS,
    height=st.integers(1, 90),
    width=st.integers(1, 200),
    seed=st.integers(0, 1000),
    is_colored=st.booleans(),
)
def test_a_picture_of_anything_is_looked_at(
    kind: str, height: int, width: int, seed: int, is_colored: bool
) -> None:
    """Its lines are where there is ink, inside of it."""
    found = find_lines(measure_ink(draw(kind, height, width, seed, is_colored=is_colored)))
    for line in found.lines:
        assert 0 <= line.left < line.right <= width


@pytest.mark.parametrize("kind", ["noise", "lines", "columns", "checker", "blank", "steps"])
def test_a_picture_without_letters_is_read_without_an_error(kind: str) -> None:
    """Whatever is read in it."""
    read = transcribe(draw(kind, 40, 120, 1, is_colored=True))
    assert read.size == (120, 40)


def test_a_very_tall_picture_is_looked_at_in_time_by_its_area() -> None:
    """Each row was once compared with all others."""
    pixels = np.random.default_rng(0).integers(0, 2, (150_000, 4), np.uint8) * np.uint8(255)
    assert find_lines(measure_ink(pixels)).size_px > 0


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (5, 5, 4), (5,), (7_100, 7_100)])
def test_what_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    """Nor what has more than 50 million pixels."""
    with pytest.raises(DocumentError) as refused:
        transcribe(np.zeros(shape, np.uint8))
    assert "\n" not in str(refused.value)

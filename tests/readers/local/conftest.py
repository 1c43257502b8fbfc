"""What the tests of models in this process share: tiny models, built once a worker, and pages to show them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageDraw

from glyph_memory.context import ImagePart
from glyph_memory.testing import TinyFamily, build_tiny_model

torch.set_num_threads(1)  # a worker runs on each core: more threads would wait for each other

FAMILIES: tuple[TinyFamily, ...] = ("glm4v", "qwen2.5-vl", "qwen3-vl")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[TinyFamily], Path]:
    """Return the folder of a tiny model of a family; nobody writes into it."""
    pytest.importorskip("transformers")
    built: dict[TinyFamily, Path] = {}

    def find(family: TinyFamily = "glm4v") -> Path:
        if family not in built:
            built[family] = build_tiny_model(tmp_path_factory.mktemp("models") / family, family)
        return built[family]

    return find


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> TinyFamily:
    """Run a test with each family."""
    chosen: TinyFamily = request.param
    return chosen


@pytest.fixture(scope="session")
def page() -> Callable[..., ImagePart]:
    """Draw a page with a number on it, as black lines on white; another number is another page."""

    def draw(number: int = 1, *, size: tuple[int, int] = (588, 840)) -> ImagePart:
        image, file = Image.new("L", size, "white"), io.BytesIO()
        pen = ImageDraw.Draw(image)
        for top in range(10, size[1] - 12, 14):
            pen.text((10, top), f"Page {number}, line {top}: the quick brown fox " * 3, fill="black")
        image.save(file, "PNG")
        return ImagePart(data=file.getvalue(), size=size, kind="page", number=number)

    return draw

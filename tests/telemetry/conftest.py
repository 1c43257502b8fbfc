"""An SDK that keeps what it gets in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.telemetry.recorded import Recorded, record


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    """Return what is recorded while the test runs."""
    with record() as found:
        yield found

"""A plugin of pytest that counts how often fuzzers of Hypothesis really ran, and which failed.

What it counts goes to the file that `FUZZ_TOLD` names.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_counted = {"inputs": 0}
_failed: list[tuple[str, str]] = []
_wrapped: set[int] = set()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count each fuzzer's calls."""
    for item in items:
        handle = getattr(getattr(item, "obj", None), "hypothesis", None)
        if handle is not None and id(handle) not in _wrapped:
            handle.inner_test = _count(handle.inner_test)
            _wrapped.add(id(handle))


def _count(inner: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(inner)
    def count_call(*given: object, **named: object) -> object:
        _counted["inputs"] += 1
        return inner(*given, **named)

    return count_call


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note a failure."""
    if report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        _failed.append((report.nodeid, str(crash.message if crash else report.longrepr)[:1000]))


def pytest_sessionfinish() -> None:
    """Write down what was counted."""
    Path(os.environ["FUZZ_TOLD"]).write_text(json.dumps({**_counted, "failed": _failed}))

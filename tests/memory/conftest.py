"""What the memory's tests share: a conversation, memories with a small policy, other processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from glyph_memory import GlyphMemory, Turn
from glyph_memory.testing import agent_conversation
from tests.memory.worker import small

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Name a database that is not there yet."""
    return tmp_path / "chat.db"


@pytest.fixture
def memory(database: Path) -> Iterator[GlyphMemory]:
    """Open an empty memory in a file."""
    with small(database) as memory:
        yield memory


@pytest.fixture(scope="session")
def talk() -> tuple[Turn, ...]:
    """Make up a conversation."""
    return agent_conversation(turns=150).turns


@pytest.fixture
def start() -> Iterator[Start]:
    """Start other processes; see `worker`."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, str(Path(__file__).with_name("worker.py")), *map(str, arguments)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()

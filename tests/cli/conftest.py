"""Run the command line as a shell would, in this process or in one of its own."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from glyph_memory.cli import main

SENTENCES = "The deploy went out at 14:05 on port 8443; Ada signed it off.\n" * 300


@dataclass(frozen=True)
class Result:
    """What a command did."""

    code: int
    """Its exit status."""
    out: str
    """Standard output."""
    err: str
    """Standard error."""

    @property
    def json(self) -> Any:
        """Standard output, read as JSON."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The one line of an error."""
        lines = self.err.splitlines()
        assert (self.code, self.out, len(lines)) == (1, "", 1), self
        assert lines[0].startswith("error: ")
        return lines[0].removeprefix("error: ")


Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; `stdin` is what is piped in."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("GLYPH_MEMORY_API_KEY", raising=False)

    def call(*arguments: object, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "argv", ["glyph-memory", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        code = left.value.code
        return Result(code if isinstance(code, int) else 0, said.out, said.err)

    return call


@pytest.fixture
def spawn(tmp_path: Path) -> Run:
    """Run a command in a process of its own, in an empty folder."""

    def call(*arguments: object, stdin: bytes = b"") -> Result:
        command = [sys.executable, "-m", "glyph_memory", *map(str, arguments)]
        done = subprocess.run(
            command, input=stdin, capture_output=True, cwd=tmp_path, timeout=300, check=False
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    return call


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Give a text file of some pages."""
    path = tmp_path / "notes.txt"
    path.write_text(SENTENCES)
    return path

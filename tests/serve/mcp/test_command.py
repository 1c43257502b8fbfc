"""What `glyph-memory mcp` cannot serve is told in one line, before anything is served."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from glyph_memory.cli import main

Fail = Callable[..., str]


@pytest.fixture
def fail(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Fail:
    """Run the command, which is to fail; return its one line."""

    def run(*arguments: str) -> str:
        typed = ["glyph-memory", "mcp", "--memory", str(tmp_path / "memory.db"), *arguments]
        monkeypatch.setattr(sys, "argv", typed)
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        assert (ended.value.code, told.out, len(told.err.splitlines())) == (1, "", 1)
        return told.err.removeprefix("error: ").strip()

    return run


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--folder", "/nowhere/at all"], "there is no folder '/nowhere/at all'"),
        (["--secrets", "maybe"], "secrets='maybe'"),
        (["--session", ""], "name is empty"),
        (["--http", "--host", "0.0.0.0"], "give keys, by --key-file"),  # noqa: S104  refused
        (["--key-file", "keys"], "--key-file is for --http"),
        (["--host", "0.0.0.0"], "--host and --port are for --http"),  # noqa: S104  refused
        (["--port", "8402"], "--host and --port are for --http"),
        (["--http", "--key-file", "/nowhere/keys"], "'/nowhere/keys' cannot be read"),
        (["--http", "--port", "99999"], "65535"),
    ],
)
def test_what_cannot_be_served_is_one_line(fail: Fail, arguments: list[str], told: str) -> None:
    """On standard error: standard output is the protocol's."""
    assert told in fail(*arguments)


def test_a_port_in_use_is_one_line(fail: Fail) -> None:
    """It says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "give another --port" in fail("--http", "--port", str(taken.getsockname()[1]))


def test_without_the_extra_there_is_one_line(
    fail: Fail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what to install, and makes no database."""
    monkeypatch.setitem(sys.modules, "glyph_memory.serve.mcp", None)
    assert "pip install 'glyph-memory[mcp]'" in fail()
    assert not (tmp_path / "memory.db").exists()

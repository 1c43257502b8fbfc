"""The command line starts fast, ends with the right code, and never shows a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyph_memory import __version__

if TYPE_CHECKING:
    from tests.cli.conftest import Run

HEAVY = {"torch", "transformers", "langchain", "langchain_core", "llama_index", "sqlalchemy", "fastapi"}
COMMANDS = (
    *("demo", "chat", "recall", "report", "check", "sessions", "export", "import", "pages", "ask", "tokens"),
    *("ask-pages", "serve", "serve-command", "expire", "backup", "restore", "export-lance"),
)


def modules_after(code: str) -> set[str]:
    """Run code in a fresh Python; give the top-level packages it has loaded."""
    report = (
        f"{code}\nimport sys, json; print(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    )
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_the_package_is_light() -> None:
    """No framework comes along that the caller did not ask for."""
    assert not modules_after("import glyph_memory") & HEAVY


def test_help_comes_without_the_rest_of_the_house() -> None:
    """Commands import what they need when they run."""
    loaded = modules_after("import glyph_memory.cli.commands")
    assert not loaded & (
        HEAVY | {"PIL", "httpx2", "tiktoken", "tokenizers"} - modules_after("import glyph_memory")
    )


def test_the_version_is_the_packages(run: Run) -> None:
    """And nothing else is printed."""
    assert run("--version").out == f"glyph-memory {__version__}\n"


def test_without_a_command_there_is_help(run: Run) -> None:
    """It names every command."""
    assert all(command in run("--help").out for command in COMMANDS)
    assert all(command in run().out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches(run: Run, command: str) -> None:
    """Two examples each, that are commands."""
    result = run(command, "--help")
    assert result.code == 0
    assert result.out.partition("Examples")[2].count(f"glyph-memory {command}") >= 2


@pytest.mark.parametrize(
    "arguments", [["--no-such"], ["no-such"], ["pages", "--no-such"], ["pages", "--size", "x"]]
)
def test_bad_usage_has_its_own_code(run: Run, arguments: list[str]) -> None:
    """2, as everywhere."""
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert "Traceback" not in result.err


def test_the_module_runs_as_a_program(spawn: Run) -> None:
    """`python -m glyph_memory` is `glyph-memory`."""
    assert spawn("pages", "--json", stdin=b"Hello.").json["total"]["pages"] == 1


def test_a_pipe_that_closes_early_is_quiet(tmp_path: Path) -> None:
    """`| head` has seen enough; nobody needs a traceback for that."""
    text = tmp_path / "text.txt"
    text.write_text("Line.\n" * 100)
    command = f'"{sys.executable}" -m glyph_memory tokens "{text}" | head -n 1'
    done = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1


def test_a_pipe_nobody_reads_is_quiet(tmp_path: Path) -> None:
    """Also where the output is so short that it is only written at the very end."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as out:
        command = [sys.executable, "-m", "glyph_memory", "pages", "--json"]
        done = subprocess.run(
            command, input=b"Hello.", stdout=out, stderr=subprocess.PIPE, timeout=120, check=False
        )
    assert done.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told_in_one_line() -> None:
    """Standard output may be a file, too."""
    with Path("/dev/full").open("wb") as out:
        command = [sys.executable, "-m", "glyph_memory", "pages", "--json"]
        done = subprocess.run(
            command, input=b"Hello.", stdout=out, stderr=subprocess.PIPE, timeout=120, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: cannot write to standard output")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("arguments", ["pages", "chat --server http://127.0.0.1:9/v1 --memory :memory:"])
def test_a_closed_standard_input_is_told_in_one_line(arguments: str) -> None:
    """As some services start their programs."""
    command = ["/bin/sh", "-c", f'"{sys.executable}" -m glyph_memory {arguments} <&-']
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: standard input is closed")


def _interrupted(process: subprocess.Popen[bytes]) -> bool:
    """Press Ctrl-C; say whether that was the end of it."""
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=10)
    return process.returncode is not None


def test_ctrl_c_is_quiet(tmp_path: Path) -> None:
    """Exit code 130, no traceback, no half file."""
    command = [sys.executable, "-u", "-m", "glyph_memory", "pages", "--out", str(tmp_path / "out")]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Tests that a shell runs in the background hand down that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - it takes no lock
    ) as process:
        assert process.stdin
        assert process.stderr
        process.stdin.write(b"Line after line.\n" * 100_000)
        process.stdin.flush()
        while not (tmp_path / "out" / "page-0003.png").exists():
            assert process.poll() is None
        # Python misses a signal that comes just before it begins to wait for input.
        assert any(_interrupted(process) for _ in range(6))
        said = process.stderr.read()
        process.stdin.close()
    assert (process.returncode, said) == (130, b"")
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".png"}


def test_a_terminal_that_knows_ascii_alone_is_served(notes: Path) -> None:
    """What it cannot show comes as its number."""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "glyph_memory", "pages", str(notes)]
    done = subprocess.run(command, capture_output=True, env=environment, timeout=120, check=False)
    assert done.returncode == 0
    assert done.stdout.isascii()

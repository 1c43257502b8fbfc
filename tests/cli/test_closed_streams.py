"""Standard streams that are closed or full: one line where there is somewhere to write it, and never a traceback."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from glyph_memory import GlyphMemory
from glyph_memory.cli.entry import _describe


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a database with a turn."""
    with GlyphMemory.open(tmp_path / "talk.db") as memory:
        memory.add("user", "Hello.")
    return tmp_path / "talk.db"


def call(shell: str, path: Path) -> tuple[int, str, str]:
    """Run a command with a shell's redirections; return exit status, standard output and standard error."""
    command = f'exec "$0" -m glyph_memory {shell}'
    done = subprocess.run(
        ["/bin/sh", "-c", command, sys.executable],
        capture_output=True,
        text=True,
        cwd=path.parent,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "command",
    ["export - --memory talk.db", "sessions --memory talk.db", "doctor --memory talk.db --json", "--version"],
)
def test_a_closed_standard_output_is_told_in_one_line(path: Path, command: str) -> None:
    """And the database is as it was: nothing that is printed may get into a file that took the stream's number."""
    before = path.read_bytes()
    code, _, said = call(f"{command} >&-", path)
    assert (code, said) == (
        1,
        "error: cannot write to standard output: it is closed; open it, or send it to /dev/null\n",
    )
    assert call(f"{command} >&- 2>&-", path) == (1, "", "")
    assert path.read_bytes() == before


def test_what_prints_nothing_needs_no_standard_output(path: Path) -> None:
    """An export to a file ends well with both streams closed."""
    assert call("export talk.jsonl --memory talk.db >&- 2>&-", path) == (0, "", "")
    assert "Hello." in (path.parent / "talk.jsonl").read_text()


def test_only_what_a_write_fails_with_is_blamed_on_standard_output() -> None:
    """A name that is too long is no full disk."""
    assert "is the disk full" in _describe(OSError(errno.ENOSPC, "No space left on device"))
    for error in (
        OSError(errno.ENAMETOOLONG, "File name too long"),
        OSError(errno.ENOSPC, "No space left on device", "/x/draft"),
    ):
        assert "standard output" not in _describe(error)

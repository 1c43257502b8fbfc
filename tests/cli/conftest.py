"""Run the command line as a shell would, in this process or in one of its own."""

from __future__ import annotations

import codecs
import fcntl
import io
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from glyph_memory.cli import main
from glyph_memory.page import Page
from glyph_memory.testing import FakeVLMServer
from tests.cli.fakes import Chat, echo

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
    for variable in ("GLYPH_MEMORY_API_KEY", "GLYPH_MEMORY_DB", "GLYPH_MEMORY_SERVER"):
        monkeypatch.delenv(variable, raising=False)

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


KnownToNano = Callable[..., None]


@pytest.fixture
def known_to_nano(monkeypatch: pytest.MonkeyPatch) -> KnownToNano:
    """Let the nano reader know what stands on the pages of a text, or on pages; nothing is recognised."""
    from glyph_memory.cli.look import Look, find_profile
    from glyph_memory.nano import transcribe
    from glyph_memory.typesetting import typeset
    from tests.nano.fakes import KnownPages

    known = KnownPages([])
    monkeypatch.setattr(transcribe, "transcribe", known)

    def tell(source: str | list[Page], **how: Any) -> None:
        look = Look().build_style(find_profile("glyph", tokenizer=None))
        pages = typeset(source, style=look) if isinstance(source, str) else source
        known.known.update(KnownPages(pages, **how).known)

    return tell


class Terminal:
    """A chat in a process of its own, at a terminal."""

    def __init__(self, arguments: Sequence[object], *, folder: Path, columns: int = 80) -> None:
        self._mine, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        command = [sys.executable, "-m", "glyph_memory", *map(str, arguments)]
        environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns)}
        self.process = subprocess.Popen(
            command, stdin=its, stdout=its, stderr=its, cwd=folder, env=environment, start_new_session=True
        )
        os.close(its)
        self.shown = ""
        self._seen = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def type(self, keys: str, *, at: str = "›") -> None:
        """Wait for the prompt, then press keys: a carriage return is Enter, a 4 is Ctrl-D."""
        self.wait_for(f"{at} \x1b[0m")
        os.write(self._mine, keys.encode())

    def wait_for(self, text: str) -> str:
        """Read until a text is shown that was not there when this was called before; give what was shown until then."""
        deadline = time.monotonic() + 60
        while (found := self.shown.find(text, self._seen)) < 0:
            assert time.monotonic() < deadline, f"{text!r} did not come; shown was {self.shown!r}"
            assert self._read(), f"{text!r} did not come; shown was {self.shown!r}"
        self._seen = found + len(text)
        return self.shown[: self._seen]

    def leave(self) -> int:
        """Read to the end; give the exit status."""
        while self._read():
            pass
        return self.process.wait(timeout=60)

    def close(self) -> None:
        """End it, if it has not ended."""
        self.process.kill()
        self.process.wait()
        os.close(self._mine)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._mine], [], [], 60)
        assert ready, f"nothing more came; shown was {self.shown!r}"
        try:
            data = os.read(self._mine, 65_536)
        except OSError:  # Linux says so when the other end is closed
            return False
        self.shown += self._decoder.decode(data)
        return bool(data)


@pytest.fixture
def at_terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Start commands at a terminal, in an empty folder."""
    started: list[Terminal] = []

    def start(*arguments: object, columns: int = 80) -> Terminal:
        started.append(Terminal(arguments, folder=tmp_path, columns=columns))
        return started[-1]

    yield start
    for terminal in started:
        terminal.close()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Return a text file of some pages."""
    path = tmp_path / "notes.txt"
    path.write_text(SENTENCES)
    return path


@pytest.fixture
def server() -> Iterator[FakeVLMServer]:
    """Serve a model that says what it was asked."""
    with FakeVLMServer(answer=echo) as serving:
        yield serving


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a place for a database."""
    return tmp_path / "chat.db"


@pytest.fixture
def chat(run: Run, server: FakeVLMServer, path: Path) -> Chat:
    """Pipe messages into a chat; give exit status, standard output and standard error."""

    def call(*messages: str, options: tuple[object, ...] = ()) -> tuple[int, str, str]:
        piped = "".join(f"{message}\n" for message in messages).encode()
        result = run("chat", "--server", server.base_url, "--memory", path, *options, stdin=piped)
        return result.code, result.out, result.err

    return call

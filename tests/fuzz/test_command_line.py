"""The door of the command line: of any arguments an exit code comes out, one line where it is an error, and no escapes.

No command that talks to a server or asks at a terminal is run here.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glyph_memory import GlyphMemory, Turn
from glyph_memory.cli import main

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\u2066 x"
"""What would set a terminal's title, clear it, and turn the line round."""
_CONTROLS = {
    *map(chr, (*range(9), *range(11, 32), *range(127, 160))),
    *"\u2028\u2029\u202a\u202b\u202d\u202e\u2066",
}

_WORDS = st.sampled_from(
    ["", "-", "--", "text.txt", "missing.txt", HOSTILE, f"{HOSTILE}.txt", "x" * 5000, "/" + "x" * 5000, "a\0b",
     "\udcff", "memory.db", "broken.db", ".", "/dev/null", "style.json", "turns.jsonl", "out", "0", "-1", "9" * 400,
     "9" * 5000, "1e308", "nan", "9", "glyph", "qwen3-vl", "dark", "mono", "utf-16", "rot13", "deploy", "talk",
     "AND OR (\"*", "§1", "nano"]
)  # fmt: skip
_OPTIONS = st.sampled_from(
    ["--json", "--style", "--font", "--size", "--dpi", "--dense", "--profile", "--tokenizer", "--encoding", "--memory",
     "--session", "--out", "--report", "--sheet", "--html", "--k", "--models", "--model", "--engine",
     "--devices", "--help", "--version", "--no", "-x"]
)  # fmt: skip
_COMMANDS = st.sampled_from(
    ["pages", "tokens", "recall", "report", "sessions", "export", "import", "serve-command", "", HOSTILE, "page"]
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with something of everything, hostile where it can be."""
    folder = tmp_path_factory.mktemp("command-line")
    with GlyphMemory.open(folder / "memory.db", session="talk") as memory:
        for year in (1, 9999):
            time = datetime(year, 1 if year == 1 else 12, 1 if year == 1 else 31, tzinfo=UTC)
            memory.add(Turn(role="user", text=f"The deploy {HOSTILE}\r\n§1 user", name=HOSTILE, time=time))
    with GlyphMemory.open(folder / "memory.db", session=HOSTILE) as memory:
        memory.add("user", "deploy")
    for name in ("text.txt", f"{HOSTILE}.txt"):
        (folder / name).write_text(f"The deploy {HOSTILE}.\n")
    (folder / "broken.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 400)
    (folder / "style.json").write_text('{"dpi": 1e999}')
    (folder / "turns.jsonl").write_text(
        json.dumps({"role": "user", "text": HOSTILE, "time": "0001-01-01T00:00:00"})
    )
    return folder


@pytest.fixture(scope="module", autouse=True)
def _in_folder(folder: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COLUMNS", "120")
        for variable in ("GLYPH_MEMORY_API_KEY", "GLYPH_MEMORY_DB", "GLYPH_MEMORY_SERVER"):
            patch.delenv(variable, raising=False)
        yield


def run(*arguments: str) -> tuple[int, str, str]:
    """Run a command in this process; return its exit code, standard output and standard error."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace") for _ in range(2))
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["glyph-memory", *arguments])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"piped text\n")))
        with pytest.raises(SystemExit) as left:
            main()
    out.seek(0)
    err.seek(0)
    return int(left.value.code or 0), out.read(), err.read()


def check(*arguments: str) -> str:
    """Run a command, hold what holds for every command, and return standard output."""
    code, out, err = run(*arguments)
    assert code in {0, 1, 2}
    assert "Traceback" not in err
    for said in (out, err):
        assert not _CONTROLS & set(said)
    if code == 1:
        last = err.splitlines()[-1]
        assert last.startswith("error: ")
        assert len(last) <= 1100
    return out


@settings(settings.get_profile("fuzz"))
@example(command="pages", words=["text.txt", "--font", "/" + "x" * 5000])
@example(command="pages", words=["text.txt", "--dpi", "1e308"])
@example(command="pages", words=["text.txt", "--style", "x" * 5000])
@example(command="report", words=["--memory", "memory.db", "--session", "talk", "--html", "/dev/null/x"])
@example(command="import", words=["x" * 5000, "--memory", "memory.db"])
@example(command="recall", words=["x", "--memory", "9" * 400])
@example(command="report", words=[HOSTILE])
@example(command="pages", words=[f"--{HOSTILE}"])
@given(command=_COMMANDS, words=st.lists(_OPTIONS | _WORDS, max_size=5))
def test_any_arguments_end_in_a_code_and_a_line(command: str, words: list[str]) -> None:
    """Whatever they are; and nothing that they, or files, say reaches the terminal as a control character."""
    check(*[command] * bool(command), *words)


@pytest.mark.parametrize(
    "arguments",
    [
        ("recall", "deploy", "--session", "talk"),
        ("recall", "deploy", "--session", "talk", "--json"),
        ("recall", HOSTILE, "--session", "talk"),
        ("recall", "deploy", "--session", HOSTILE + "?"),
        ("sessions",),
        ("sessions", "--json"),
        ("report", "--session", HOSTILE),
        ("report", "--session", "talk"),
        ("export", "-", "--session", "talk"),
        ("export", f"{HOSTILE}.jsonl", "--session", "talk"),
    ],
    ids=lambda arguments: ascii(" ".join(arguments))[:60],
)
def test_what_a_memory_holds_controls_no_terminal(arguments: tuple[str, ...]) -> None:
    """Texts, speakers' names, sessions' names and times of the years 1 and 9999."""
    assert check(*arguments, "--memory", "memory.db") or arguments[0] in {"recall", "export"}


@pytest.mark.parametrize(
    "command", [("pages",), ("tokens",), ("pages", "missing")], ids=["pages", "tokens", "missing"]
)
def test_what_a_file_is_called_controls_no_terminal(command: tuple[str, ...]) -> None:
    """Nor what is in it, nor where its pages go."""
    name, *more = command
    check(name, *more, f"{HOSTILE}.txt", *(["--out", f"out {HOSTILE}"] if name == "pages" else []))


def test_json_has_every_character_all_the_same() -> None:
    """Spelled as numbers where a terminal would take them."""
    told = json.loads(check("recall", "deploy", "--session", "talk", "--memory", "memory.db", "--json"))
    assert any(HOSTILE in passage["text"] for passage in told["passages"])

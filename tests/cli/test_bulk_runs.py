"""`glyph-memory pages FOLDER --out …` goes on where it was stopped, however it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.documents.bulk_helpers import look, make_folder, read_lines

if TYPE_CHECKING:
    from tests.cli.conftest import Run, Terminal

Start = Callable[..., "subprocess.Popen[bytes]"]


STOPPED = b"Stopped; the same command goes on from here.\n"


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """Return a folder of texts."""
    return make_folder(tmp_path / "texts")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start commands in process groups of their own. Ctrl-C reaches them even where the tests run in the background."""
    # There a shell has Ctrl-C ignored, and what is started inherits that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    started: list[subprocess.Popen[bytes]] = []

    def call(*arguments: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "glyph_memory", *map(str, arguments)]
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        started.append(process)
        return process

    yield call
    signal.signal(signal.SIGINT, before)
    for process in started:
        process.kill()
        process.communicate()


def wait_for_lines(path: Path, number: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a list has so many lines."""
    while not path.exists() or path.read_bytes().count(b"\n") < number:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def list_children(process: subprocess.Popen[bytes]) -> list[int]:
    """Return the processes that a process started."""
    return list(map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()))


@pytest.mark.skipif(sys.platform != "linux", reason="children are read from /proc")
def test_a_run_that_is_killed_goes_on(run: Run, start: Start, tmp_path: Path) -> None:
    """What comes out is what an undisturbed run makes; the processes of the killed one end by themselves."""
    texts, out = make_folder(tmp_path / "many", documents=40, sentences=1_000), tmp_path / "out"
    process = start("pages", texts, "--out", out, "--jobs", 2)
    wait_for_lines(out / "documents.jsonl", 3, process)
    children = list_children(process)
    assert len(children) >= 2
    process.kill()
    process.wait()
    finished = read_lines(out / "documents.jsonl")
    assert 3 <= len(finished) < 40
    done = run("pages", texts, "--out", out, "--jobs", 2, "--json").json
    assert done["unchanged"] >= 3
    assert done["unchanged"] + done["drawn"] == 40
    run("pages", texts, "--out", tmp_path / "whole", "--jobs", 2)
    assert look(out) == look(tmp_path / "whole")
    deadline = time.monotonic() + 60
    while left := [child for child in children if Path(f"/proc/{child}/exe").exists()]:
        assert time.monotonic() < deadline, f"processes {left} did not end"
        time.sleep(0.01)


def test_ctrl_c_ends_it_quietly(run: Run, start: Start, tmp_path: Path) -> None:
    """Exit code 130, one line and no traceback of any process, nothing half written; the next run goes on."""
    texts, out = make_folder(tmp_path / "many", documents=160, sentences=1_000), tmp_path / "out"
    process = start("pages", texts, "--out", out, "--jobs", 2)
    wait_for_lines(out / "documents.jsonl", 2, process)
    os.killpg(process.pid, signal.SIGINT)
    printed = process.communicate(timeout=60)
    assert (process.returncode, printed) == (130, (b"", STOPPED))
    assert {path.name for path in out.iterdir()} == {".lock", "documents.jsonl", "index.jsonl", "pages"}
    finished = len(read_lines(out / "documents.jsonl"))
    assert run("pages", texts, "--out", out, "--json").json["unchanged"] == finished < 160


@pytest.mark.parametrize("name", ["pages", "pages/0a", "index.jsonl", ".lock"])
def test_links_in_the_output_folder_are_refused(run: Run, texts: Path, tmp_path: Path, name: str) -> None:
    """Nothing is written where they lead."""
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (out / name).parent.mkdir(parents=True)
    (out / name).symlink_to(elsewhere)
    result = run("pages", texts, "--out", out)
    assert (result.code, len(result.err.splitlines())) == (1, 1)
    assert f"{name}' is a link" in result.error
    assert list(elsewhere.iterdir()) == []


def test_ctrl_c_while_processes_start_is_quiet(start: Start, tmp_path: Path) -> None:
    """A process that has not begun yet shows no traceback either."""
    texts, out = make_folder(tmp_path / "many", documents=80, sentences=1_000), tmp_path / "out"
    process = start("pages", texts, "--out", out, "--jobs", 2)
    wait_for_lines(out / "documents.jsonl", 0, process)
    os.killpg(process.pid, signal.SIGINT)
    printed = process.communicate(timeout=60)
    assert (process.returncode, printed) == (130, (b"", STOPPED))


def test_a_second_run_at_once_is_refused(run: Run, start: Start, tmp_path: Path) -> None:
    """In one line."""
    texts, out = make_folder(tmp_path / "many", documents=40, sentences=1_000), tmp_path / "out"
    process = start("pages", texts, "--out", out, "--jobs", 1)
    wait_for_lines(out / "documents.jsonl", 1, process)
    assert "another run writes to" in run("pages", texts, "--out", out).error


def test_failures_are_listed_at_the_end(run: Run, texts: Path, tmp_path: Path) -> None:
    """Exit code 1; the others are there, and a line says what happens next time."""
    (texts / "02.txt").write_bytes(b"SQLite format 3\x00")
    result = run("pages", texts, "--out", tmp_path / "out")
    assert result.code == 1
    first, last = result.err.splitlines()
    assert "02.txt' is an SQLite database" in first
    assert "1 document of 6 could not be drawn" in last
    assert len(read_lines(tmp_path / "out" / "documents.jsonl")) == 5


def test_failures_are_in_the_json(run: Run, texts: Path, tmp_path: Path) -> None:
    """With the path and the reason."""
    (texts / "02.txt").write_bytes(b"SQLite format 3\x00")
    result = run("pages", texts, "--out", tmp_path / "out", "--json")
    assert result.code == 1
    (failure,) = result.json["failures"]
    assert failure["source"] == str(texts / "02.txt")
    assert (result.json["documents"], result.json["drawn"]) == (6, 5)


def test_figures_are_printed_for_people(run: Run, texts: Path, tmp_path: Path) -> None:
    """How many documents and pages, and where the index is; into a pipe nothing else."""
    result = run("pages", texts, "--out", tmp_path / "out")
    assert result.err == ""
    assert "index.jsonl" in result.out
    assert "unchanged" in result.out
    assert "Pages and tokens are those" in run("pages", texts, "--out", tmp_path / "out").out


def test_a_bar_tells_documents_and_pages(
    at_terminal: Callable[..., Terminal], texts: Path, tmp_path: Path
) -> None:
    """On a terminal, and it is gone at the end."""
    at = at_terminal("pages", texts, "--out", tmp_path / "out", "--jobs", 1, columns=100)
    at.wait_for("of 6 documents")
    at.wait_for("pages,")
    assert at.leave() == 0
    assert "index.jsonl" in at.shown


def test_several_files_are_a_bulk_run_where_jobs_are_asked_for(run: Run, texts: Path, tmp_path: Path) -> None:
    """Without, they are written page by page as ever."""
    files = sorted(texts.iterdir())[:2]
    assert run("pages", *files, "--out", tmp_path / "bulk", "--jobs", 1, "--json").json["documents"] == 2
    run("pages", *files, "--out", tmp_path / "plain")
    assert (tmp_path / "plain" / "page-0001.png").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
def test_a_disk_that_takes_no_more_is_told_in_one_line(texts: Path, tmp_path: Path) -> None:
    """A limit on the size of files stands for it."""
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000)); "
        "from glyph_memory.cli import main; main()"
    )
    command = [sys.executable, "-c", program, "pages", str(texts), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1), done
    assert "cannot write" in done.stderr
    assert read_lines(tmp_path / "out" / "documents.jsonl") == []


@pytest.mark.parametrize("command", [("pages", "--out"), ("tokens",)])
def test_pictures_in_a_folder_are_told_and_fail_nothing(
    run: Run, texts: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """The first few by name, and how many more there are."""
    for number in range(13):
        (texts / f"{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n\0")
    told = run(command[0], texts, *([command[1], tmp_path / "out"] if command[1:] else [])).err
    assert told.count("is a PNG image, and no document") == 10
    assert "left out: 3 more files" in told


def test_an_address_is_no_folder_of_this_machine(run: Run, texts: Path, tmp_path: Path) -> None:
    """Else a folder named `s3:` would be made."""
    result = run("pages", texts, "--out", "s3://me:hunter2@bucket/pages")
    assert result.code == 1
    assert "--out 's3://bucket/pages' is an address" in result.err
    assert "--ray local" in result.err

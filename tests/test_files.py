"""Files are written whole or not at all, by one function."""

from __future__ import annotations

import ast
import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from glyph_memory.files import find_folder_fault, make_private_folder, read_file, share_files, write_atomic

CORE = Path(__file__).parent.parent / "glyph_memory"


def list_names(folder: Path) -> list[str]:
    """Return the names in a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("interruption", [RuntimeError, KeyboardInterrupt, OSError])
def test_what_is_interrupted_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, interruption: type[BaseException]
) -> None:
    """Whatever stops it, Ctrl-C as well."""

    def stop() -> Iterator[bytes]:
        yield b"half of the "
        raise interruption

    (tmp_path / "file").write_bytes(b"old")
    for path in (tmp_path / "file", tmp_path / "new"):
        with pytest.raises(interruption):
            write_atomic(path, stop())
    assert list_names(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_process_that_is_killed_leaves_the_old_file(tmp_path: Path) -> None:
    """Its draft stays, under the name that was given for it; the next writer takes that over."""
    path, draft = tmp_path / "file", tmp_path / "draft"
    path.write_bytes(b"old")
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom glyph_memory.files import write_atomic\n"
        "def pieces():\n    yield b'half'\n    os.kill(os.getpid(), 9)\n"
        "write_atomic(Path(sys.argv[1]), pieces(), draft=Path(sys.argv[2]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program, path, draft], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    assert list_names(tmp_path) == ["draft", "file"]
    write_atomic(path, b"new", draft=draft)
    assert path.read_bytes() == b"new"
    assert list_names(tmp_path) == ["file"]


@pytest.mark.parametrize(("mode", "expected"), [(None, 0o640), (0o600, 0o600)])
def test_permissions_are_what_is_asked_for_less_the_umask(
    tmp_path: Path, mode: int | None, expected: int
) -> None:
    """From the first byte on: the draft has them, too."""
    path, seen = tmp_path / "file", list[int]()

    def look() -> Iterator[bytes]:
        seen.append(stat.S_IMODE(next(tmp_path.iterdir()).stat().st_mode))
        yield b"secret"

    before = os.umask(0o027)
    try:
        write_atomic(path, look()) if mode is None else write_atomic(path, look(), mode=mode)
    finally:
        os.umask(before)
    assert [*seen, stat.S_IMODE(path.stat().st_mode)] == [expected, expected]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """The file that it leads to is replaced, in its own folder, whether it is there yet or not."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder/file")
    for data in (b"first", b"second"):
        write_atomic(tmp_path / "link", data)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "folder" / "file").read_bytes() == data
    assert list_names(tmp_path / "folder") == ["file"]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """As `/dev/null` is: replaced by a file, it would be gone for the whole machine."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    read = list[bytes]()
    reader = threading.Thread(target=lambda: read.append(path.read_bytes()))
    reader.start()
    write_atomic(path, b"through the pipe", mode=0o600, sync=True)
    reader.join()
    assert read == [b"through the pipe"]
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_a_link_in_the_place_of_a_draft_is_not_followed(tmp_path: Path) -> None:
    """Whoever guesses a draft's name could else have any file of ours overwritten."""
    (tmp_path / "victim").write_bytes(b"precious")
    (tmp_path / "file.new").symlink_to("victim")
    write_atomic(tmp_path / "file", b"data", draft=tmp_path / "file.new")
    assert (tmp_path / "victim").read_bytes() == b"precious"
    assert (tmp_path / "file").read_bytes() == b"data"
    assert list_names(tmp_path) == ["file", "victim"]


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
def test_a_database_is_never_replaced(tmp_path: Path, ending: str) -> None:
    """Nor what SQLite keeps beside it, through a link neither: whoever names one meant another file."""
    path = tmp_path / "talk.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE said (text)")
    before, names = path.read_bytes(), list_names(tmp_path)
    (tmp_path / "link").symlink_to(path.name + ending)
    for target in (path.with_name(path.name + ending), tmp_path / "link"):
        with pytest.raises(OSError, match="no database is replaced"):
            write_atomic(target, b"turns")
    assert (path.read_bytes(), list_names(tmp_path)) == (before, sorted([*names, "link"]))


def test_what_could_block_or_never_end_is_not_read(tmp_path: Path) -> None:
    """A pipe that nobody writes to, a device, a folder, a file that is too large, no path at all."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(bytes(11))
    assert read_file(tmp_path / "large", at_most=11) == bytes(11)
    names = [f"{tmp_path}/{name}" for name in ("pipe", "", "large", "missing")]
    for path in (*names, "/dev/zero", "a\0b", "\ud800", "x" * 5000):
        with pytest.raises(OSError):  # which one is the system's to say
            read_file(path, at_most=10)


def test_a_folder_is_private_if_no_stranger_could_read_or_replace_what_is_in_it(tmp_path: Path) -> None:
    """A folder above it may be a link, as `/tmp` is on macOS; it may be shared with a group on purpose."""
    real, parent = tmp_path / "real", tmp_path / "parent"
    make_private_folder(real / "pages")
    assert stat.S_IMODE((real / "pages").stat().st_mode) == 0o700
    parent.symlink_to(real)
    make_private_folder(parent / "pages")
    for mode, fault in (
        (0o755, None),
        (0o775, None),
        (0o500, None),
        (0o777, "everybody"),
        (0o1777, "everybody"),
    ):
        (real / "pages").chmod(mode)
        found = find_folder_fault(real / "pages")
        assert found is None if fault is None else fault in (found or "")
    assert "is a link" in (find_folder_fault(parent) or "")
    assert find_folder_fault(tmp_path / "missing") is None
    with pytest.raises(OSError, match="is a link"):
        make_private_folder(parent)


def test_a_folder_of_another_user_is_not_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless that user opened it to a group, or is root; root in a container writes to what users mount there."""
    folder = tmp_path / "pages"
    folder.mkdir(0o755)
    owner = folder.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    fault = find_folder_fault(folder)
    assert (fault is None) if owner == 0 else ("another user" in (fault or ""))
    folder.chmod(0o775)
    assert find_folder_fault(folder) is None
    folder.chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert find_folder_fault(folder) is None


def test_a_name_may_be_as_long_as_names_can_be(tmp_path: Path) -> None:
    """The draft's name is not made of it."""
    write_atomic(tmp_path / ("x" * 255), b"data")
    assert list_names(tmp_path) == ["x" * 255]


def test_of_many_writers_at_once_one_wins_and_its_file_is_whole(tmp_path: Path) -> None:
    """Each has a draft of its own."""
    path, texts = tmp_path / "file", [bytes([letter]) * 100_000 for letter in b"abcdefgh"]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda data: write_atomic(path, data), texts))
    assert path.read_bytes() in texts
    assert list_names(tmp_path) == ["file"]


DATABASES = CORE / "store" / "doctor" / "files.py"
"""A database that was recovered is no stream of bytes: SQLite wrote it, and it takes the place of the damaged one."""


def test_nothing_else_moves_files_into_place() -> None:
    """Else there would soon be six writers again, each with another fault."""
    movers = [
        f"{path}:{node.lineno}"
        for path in [*sorted(CORE.rglob("*.py")), *sorted((CORE.parent / "integrations").rglob("*.py"))]
        if path not in {CORE / "files.py", DATABASES}
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (
            (node.func.attr in {"replace", "rename"} and len(node.args) == 1 and not node.keywords)
            or node.func.attr in {"mkstemp", "renames"}
            or (ast.unparse(node.func) in {"os.replace", "os.rename", "shutil.move"})
        )
    ]
    assert movers == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_files_that_a_library_wrote_for_its_owner_are_shared_as_new_files_are(tmp_path: Path) -> None:
    """Less the umask, like any other; folders and what links lead to stay as they are."""
    elsewhere = tmp_path / "elsewhere"
    folder = tmp_path / "model"
    folder.mkdir()
    for path in (elsewhere, folder / "weights"):
        path.write_bytes(b"1")
        path.chmod(0o600)
    (folder / "link").symlink_to(elsewhere)
    before = os.umask(0o027)
    try:
        share_files(folder)
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "weights").stat().st_mode) == 0o640
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o600
    assert {path.name for path in folder.iterdir()} == {"weights", "link"}

"""`PageFolder`: any key, whole files, nobody else's business."""

from __future__ import annotations

import multiprocessing
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_glyph_memory import PageFolder

from glyph_memory import StoreError

ODD_KEYS = [
    "", ".", "..", "../up", "a/b", "a\\b", "A", "a", "Ä", "\ud800", "%41", "=", "con:", "x" * 300, "X" * 300, "\n",
    "\x00", ".new-x", "=key.key", "page 3.png",
]  # fmt: skip


def test_any_string_is_a_key_and_no_two_are_one(tmp_path: Path) -> None:
    """Paths, capitals, dots, control characters, half surrogates and endless keys all keep apart, inside the folder."""
    folder = PageFolder(tmp_path / "pages")
    folder.mset([(key, key.encode("utf-8", "surrogatepass")) for key in ODD_KEYS])
    assert folder.mget(ODD_KEYS) == [key.encode("utf-8", "surrogatepass") for key in ODD_KEYS]
    assert sorted(folder.yield_keys()) == sorted(ODD_KEYS)
    names = {path.name.lower() for path in (tmp_path / "pages").iterdir()}
    assert len(names) == len([*(tmp_path / "pages").iterdir()])  # on file systems that know no case, too
    assert [path.name for path in tmp_path.iterdir()] == ["pages"]
    folder.mdelete(ODD_KEYS)
    assert [*(tmp_path / "pages").iterdir()] == []


@given(st.text(max_size=90), st.text(max_size=90))
def test_a_key_comes_back_as_it_was_put_in(
    tmp_path_factory: pytest.TempPathFactory, one: str, other: str
) -> None:
    """Names of files are a spelling of keys, and lose nothing."""
    folder = PageFolder(tmp_path_factory.mktemp("pages"))
    folder.mset([(one, b"1"), (other, b"2")])
    assert set(folder.yield_keys()) == {one, other}
    assert folder.mget([other]) == [b"2"]


def test_a_digest_is_the_name_of_its_file(tmp_path: Path) -> None:
    """People can find a page's picture."""
    digest = "0a" * 32
    PageFolder(tmp_path).mset([(digest, b"png")])
    assert (tmp_path / digest).read_bytes() == b"png"


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Pages say what documents say."""
    PageFolder(tmp_path / "deep" / "pages").mset([("a", b"secret"), ("b" * 300, b"secret")])
    for path in (tmp_path / "deep" / "pages").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "deep" / "pages").stat().st_mode) == 0o700


def test_a_file_that_somebody_else_put_there_is_no_key(tmp_path: Path) -> None:
    """A folder that is looked at with other programs stays a store."""
    folder = PageFolder(tmp_path)
    folder.mset([("a", b"1")])
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "=lost").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    assert [*folder.yield_keys()] == ["a"]


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    """Nothing is made before something is kept."""
    folder = PageFolder(tmp_path / "none")
    assert (folder.mget(["a"]), [*folder.yield_keys()]) == ([None], [])
    folder.mdelete(["a"])
    assert not (tmp_path / "none").exists()


def test_what_cannot_be_written_is_told_in_one_line_that_says_where(tmp_path: Path) -> None:
    """A file where the folder should be, say."""
    (tmp_path / "pages").write_text("not a folder")
    with pytest.raises(StoreError, match=r"^cannot write '.*pages.*': .*\. Give a folder of your own"):
        PageFolder(tmp_path / "pages").mset([("a", b"1")])


def test_threads_that_write_the_same_key_leave_one_whole_value(tmp_path: Path) -> None:
    """Whoever reads meanwhile sees one of the values, never a mixture."""
    folder, values = PageFolder(tmp_path), [bytes([number]) * 50_000 for number in range(8)]
    folder.mset([("a", values[0])])
    with ThreadPoolExecutor(8) as pool:
        wrote = [pool.submit(folder.mset, [("a", value)] * 5) for value in values]
        seen = [pool.submit(folder.mget, ["a"]) for _ in range(40)]
        assert all(future.result()[0] in values for future in seen)
        for future in wrote:
            future.result()
    assert folder.mget(["a"])[0] in values
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def _write(folder: str, number: int) -> None:
    PageFolder(folder).mset([("same", bytes([number]) * 9_000), (f"own{number}", b"x")])


def test_processes_share_a_folder(tmp_path: Path) -> None:
    """Two servers on one machine may keep their pages together."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write, args=(str(tmp_path), number)) for number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert set(PageFolder(tmp_path).yield_keys()) == {"same", "own0", "own1"}
    assert len(PageFolder(tmp_path).mget(["same"])[0] or b"") == 9_000

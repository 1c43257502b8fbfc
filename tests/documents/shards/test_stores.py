"""What an object store does to a run: names, versions, changes, refusals, silence, another run, a full disk."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.asyn import AsyncFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from glyph_memory.documents import ShardDrawer, ShardReport, open_shards, stores
from glyph_memory.documents.bulk.drawn import name_source
from glyph_memory.documents.bulk.report import list_failures
from glyph_memory.documents.shards import drawing, lease
from glyph_memory.documents.shards.drawing import ShardResult
from glyph_memory.documents.shards.listing import get_version, list_sources
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.documents.shards.tables import PageWriter
from glyph_memory.documents.stores import call_store, explain_refusal
from glyph_memory.errors import DocumentError, GlyphMemoryError, GlyphMemoryWarning
from tests.documents.shards.helpers import make_texts, read_documents, read_pages

NAMES = (
    "a.md", "a#1.md", "a#2.md", "q?token=a.md", "q?token=b.md", "br[a]ck*.md", "x%2Fy.md", "one two.md",
    "日本.md", "deep/a.md", "deep/er/a.md",
)  # fmt: skip


@pytest.fixture
def bucket() -> Iterator[Any]:
    """Return an empty store."""
    files = fsspec.filesystem("memory")
    files.store.clear()
    yield files
    files.store.clear()


def put(files: Any, *names: str) -> None:
    """Put texts into a bucket, each of its own words."""
    for name in names:
        files.pipe_file(f"/bucket/{name}", f"The oak of {name} is dried.".encode())


def draw(source: str = "memory://bucket", out: str = "memory://pages/out") -> ShardReport:
    """Draw all there is."""
    with open_shards(source, out) as run:
        drawer = ShardDrawer(*run.drawer)
        for shard in run.shards:
            run.add(drawer.draw(shard))
    return run.report()


def test_each_key_is_a_document_whatever_its_letters(bucket: Any, tmp_path: Path) -> None:
    """No letter of a key is taken for part of an address, and none of two keys is lost."""
    put(bucket, *NAMES)
    report = draw(out=str(tmp_path))
    assert (report.drawn, report.failures) == (len(NAMES), ())
    rows, pages = read_documents(tmp_path), read_pages(tmp_path)
    assert len({row["document"] for row in rows}) == len(pages) == len(NAMES)
    assert {f"The oak of {name} is dried." for name in NAMES} == {row["text"].strip() for row in pages}
    assert draw(out=str(tmp_path)).unchanged == len(NAMES)


def test_what_lets_somebody_in_is_hidden_and_two_keys_stay_two() -> None:
    """The digest tells them apart."""
    one, other = name_source("s3://b/q?token=a"), name_source("s3://b/q?token=b")
    assert one.startswith("s3://b/q?token=***#")
    assert one != other
    assert name_source("s3://me:hunter2@b/a#1") == "s3://b/a#1"
    assert name_source("https://a.org/q?token=a") == name_source("https://a.org/q?token=b")


def test_a_version_is_the_same_in_a_listing_and_of_the_file(
    bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stores tell of a file more than of an entry in a list, and its time less exactly."""
    put(bucket, "a.md", "b.md")
    info, find = MemoryFileSystem.info, MemoryFileSystem.find

    def tell(found: dict[str, Any], **more: object) -> dict[str, Any]:
        told = {name: value for name, value in found.items() if name != "created"}
        return told | more if found["type"] == "file" else told

    def look(self: MemoryFileSystem, path: str, **given: object) -> dict[str, Any]:
        second = datetime(2026, 1, 1, tzinfo=UTC)
        return tell(info(self, path, **given), ETag='"e"', LastModified=second, VersionId="17")

    def search(self: MemoryFileSystem, path: str, **given: object) -> dict[str, Any]:
        found: dict[str, Any] = find(self, path, **given)
        if not given.get("detail"):
            return found
        exact = datetime(2026, 1, 1, 0, 0, 0, 123, tzinfo=UTC)
        return {name: tell(one, ETag='"e"', LastModified=exact) for name, one in found.items()}

    monkeypatch.setattr(MemoryFileSystem, "info", look)
    monkeypatch.setattr(MemoryFileSystem, "find", search)
    report = draw()
    assert (report.drawn, report.failures) == (2, ())


def test_a_time_is_a_version_where_nothing_else_tells(bucket: Any) -> None:
    """Of the same size, written again."""
    put(bucket, "a.md")
    before = get_version("memory://bucket/a.md")
    put(bucket, "a.md")
    assert get_version("memory://bucket/a.md") != before


def test_what_comes_is_found_and_what_goes_meanwhile_is_a_row(bucket: Any) -> None:
    """In the same process, which must not remember a listing."""
    put(bucket, "a.md", "b.md", "c.md")
    with open_shards("memory://bucket", "memory://pages/out") as run:
        bucket.rm_file("/bucket/a.md")
        bucket.pipe_file("/bucket/b.md", b"Elm.")
        put(bucket, "d.md")
        [shard] = run.shards
        run.add(ShardDrawer(*run.drawer).draw(shard))
    assert [failure.message.partition("' ")[2] for failure in run.report().failures] == [
        "is gone since the run began; run it again", "changed since the run began; run it again",
    ]  # fmt: skip
    report = draw()
    assert (report.total, report.drawn, report.unchanged, report.failures) == (3, 2, 1, ())


def test_an_empty_object_is_told_and_a_folder_is_none(bucket: Any) -> None:
    """Consoles make an empty key that ends with a slash."""
    put(bucket, "a.md")
    bucket.pipe_file("/bucket/empty.md", b"")
    bucket.mkdir("/bucket/folder")
    listing = list_sources(["memory://bucket"])
    assert [one.path for one in listing.files] == ["memory://bucket/a.md"]
    assert [str(one.error) for one in listing.skipped] == [
        "'memory://bucket/empty.md' is empty; there is nothing to read in it"
    ]
    assert list_failures(listing.skipped)[0].source == "memory://bucket/empty.md"


@pytest.mark.parametrize("out", ["memory://bucket/out", "memory://bucket/out/", "memory:///bucket/out"])
def test_the_output_in_a_bucket_that_is_read_is_left_out(bucket: Any, out: str) -> None:
    """However it is written."""
    put(bucket, "a.md", "out.md")
    for _ in range(2):
        assert draw(out=out).total == 2
    with pytest.raises(DocumentError, match="patterns and the output are left out"):
        draw("memory://bucket/out", "memory://bucket")


def test_a_bucket_is_never_made(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """s3fs makes one for a folder in it, though its name was misspelled."""
    monkeypatch.setattr(MemoryFileSystem, "makedirs", lambda *_, **__: pytest.fail("a folder was made"))
    Storage("memory://pages/out").write("plans/a", b"a")
    assert bucket.cat_file("/pages/out/plans/a") == b"a"


def test_what_is_removed_is_no_pattern(bucket: Any) -> None:
    """Some libraries take `*` in a name for one."""
    bucket.pipe_file("/pages/other/attempts/x", b"x")
    odd = Storage("memory://pages/o*")
    odd.write("attempts/y", b"y")
    odd.remove_folder("attempts")
    assert bucket.find("/pages") == ["/pages/other/attempts/x"]


def test_a_store_that_refuses_to_tell_is_no_store_without_the_file(
    bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else all would be drawn again."""
    storage = Storage("memory://pages/out")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("hunter2")

    monkeypatch.setattr(MemoryFileSystem, "info", refuse)
    with pytest.raises(GlyphMemoryError, match="cannot be read: access is denied"):
        storage.has("a")


class _BotoError(Exception):
    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__("key AKIAHUNTER2 is refused")
        self.response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}


class ReadTimeoutError(Exception):
    """As botocore has one."""


class EndpointConnectionError(Exception):
    """As botocore has one."""


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (_BotoError("NoSuchBucket"), "there is no such bucket"),
        (_BotoError("InvalidAccessKeyId", 403), "does not know the key"),
        (_BotoError("ExpiredToken"), "the keys are expired"),
        (_BotoError("RequestTimeTooSkewed", 403), "this machine's clock"),
        (_BotoError("SlowDown", 503), "too busy"),
        (_BotoError("InternalError", 500), "an error of its own"),
        (_BotoError("403", 403), "access is denied"),
        (_BotoError("no code; it quotes hunter2"), "400; are its name"),
        (ReadTimeoutError("hunter2"), "no answer in time"),
        (TimeoutError(), "no answer in time"),
        (EndpointConnectionError("hunter2"), "cannot be reached"),
        (FileNotFoundError("hunter2"), "nothing of this name"),
        (asyncio.CancelledError("hunter2"), "CancelledError; are its name"),
        (ValueError("hunter2"), "ValueError; are its name"),
    ],
)
def test_a_refusal_is_told_in_words_without_keys(error: BaseException, told: str) -> None:
    """Whether it is the store's, its library's, or the network's; and as the cause of another."""
    outer = OSError("hunter2")
    outer.__cause__ = error
    for one in (error, outer):
        assert told in explain_refusal(one)
        assert "hunter2" not in explain_refusal(one).lower()


class _SilentFiles(AsyncFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A store that never answers."""

    async def _info(self, path: str, **_: object) -> dict[str, Any]:
        await asyncio.sleep(3600)
        return {}


def test_a_store_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the time that is stated."""
    monkeypatch.setattr(stores, "CALL_S", 0.05)
    with pytest.raises(TimeoutError) as caught:
        call_store(_SilentFiles(), "info", "bucket")
    assert "no answer in time" in explain_refusal(caught.value)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs in a store give signs of life often."""
    monkeypatch.setattr(lease, "BEAT_S", 0.05)
    monkeypatch.setattr(lease, "GONE_S", 1.0)


@pytest.mark.usefixtures("quick")
@pytest.mark.filterwarnings("ignore:a run that was killed")
def test_a_second_run_to_a_store_is_refused_while_the_first_is_alive(bucket: Any) -> None:
    """Else it would take pages for left over that the first has not listed yet."""
    put(bucket, "a.md")
    with open_shards("memory://bucket", "memory://pages/out") as run:
        with pytest.raises(GlyphMemoryError, match="another run writes to 'memory://pages/out' now"):
            draw()
        for shard in run.shards:
            run.add(ShardDrawer(*run.drawer).draw(shard))
    assert not bucket.exists("/pages/out/.lock")
    assert draw().unchanged == 1


@pytest.mark.usefixtures("quick")
def test_a_run_that_was_killed_holds_a_store_for_a_while_only(bucket: Any) -> None:
    """And whoever waits is told why."""
    put(bucket, "a.md")
    bucket.pipe_file("/pages/out/.lock", b"of a run that was killed")
    with pytest.warns(GlyphMemoryWarning, match="waiting up to 1 s for a sign of life"):
        assert draw().drawn == 1


@pytest.mark.usefixtures("quick")
def test_a_run_that_stood_still_and_was_replaced_ends(bucket: Any) -> None:
    """It must not clear up what is another's by now, nor take its hold."""
    put(bucket, "a.md")
    with (
        pytest.raises(GlyphMemoryError, match="another run writes"),
        open_shards("memory://bucket", "memory://pages/out"),
    ):
        bucket.pipe_file("/pages/out/.lock", b"of another")
        time.sleep(0.2)
    assert bucket.cat_file("/pages/out/.lock") == b"of another"
    assert not [one.name for one in threading.enumerate() if one.name == "glyph-memory-lease"]


def test_a_machine_without_room_leaves_its_share_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named in one line, the rest is finished, nothing half is left, and the same call goes on."""
    texts, out = make_texts(tmp_path / "texts", documents=3), tmp_path / "out"
    monkeypatch.setattr(drawing, "_PAUSE_S", 0)
    add = PageWriter.add

    def fill(self: PageWriter, row: dict[str, Any], png: bytes) -> None:
        if row["document"].endswith("0001.md"):
            raise OSError(errno.ENOSPC, "full")
        add(self, row, png)

    monkeypatch.setattr(PageWriter, "add", fill)
    results = list[ShardResult]()
    with (
        pytest.raises(
            GlyphMemoryError, match=r"1 of 3 files were not drawn: the machine '.*' has no room for drafts"
        ),
        open_shards(texts, out, documents_per_shard=1) as run,
    ):
        drawer = ShardDrawer(*run.drawer)
        for shard in run.shards:
            results.append(drawer.draw(shard))
            run.add(results[-1])
    assert [bool(result.trouble) for result in results] == [False, True, False]
    assert [Path(row["document"]).name for row in read_documents(out)] == ["0000.md", "0002.md"]
    assert {Path(row["document"]).name for row in read_pages(out)} == {"0000.md", "0002.md"}
    monkeypatch.setattr(PageWriter, "add", add)
    report = draw(str(texts), str(out))
    assert (report.drawn, report.unchanged) == (1, 2)


def test_a_share_that_another_machine_draws_is_no_trouble(tmp_path: Path) -> None:
    """Only what nobody drew is."""
    texts = make_texts(tmp_path / "texts", documents=1)
    with open_shards(texts, tmp_path / "out") as run:
        [shard] = run.shards
        run.add(ShardResult(name=shard.name, trouble="it is full"))
        run.add(ShardDrawer(*run.drawer).draw(shard))
    assert run.report().drawn == 1


def test_a_time_that_may_hide_a_change_is_no_version(tmp_path: Path) -> None:
    """To the second, and of this moment or of a clock that is ahead: the file's bytes tell then."""
    path = tmp_path / "a.md"
    path.write_text("oak")
    for seconds, tells in ((time.time() - 60, True), (time.time(), False), (time.time() + 3600, False)):
        os.utime(path, (int(seconds), int(seconds)))
        assert bool(get_version(str(path))) is tells


def test_a_change_of_the_same_size_within_a_tick_is_drawn(tmp_path: Path) -> None:
    """On a file system that knows seconds alone."""
    texts, out = make_texts(tmp_path / "texts", documents=2), tmp_path / "out"
    tick = int(time.time()) + 100
    os.utime(texts / "0000.md", (tick, tick))
    draw(str(texts), str(out))
    text = (texts / "0000.md").read_text()
    (texts / "0000.md").write_text(text.replace("Oak", "Elm"))
    os.utime(texts / "0000.md", (tick, tick))
    report = draw(str(texts), str(out))
    assert (report.drawn, report.unchanged) == (1, 1)
    assert "Elm" in read_pages(out)[0]["text"]

"""Page files in a bucket: machines share them; one that fails is no worse than none; what is erased goes."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from glyph_memory import (
    GlyphMemoryWarning,
    PageKeeper,
    PageOptions,
    PolicyError,
    StoreError,
    purge_pages,
    typeset,
)
from glyph_memory.context import bucket_cache, bucket_worker
from glyph_memory.context.bucket import ERASED_DAYS
from glyph_memory.context.bucket_cache import BucketCache, find_local_folder, open_bucket
from glyph_memory.context.folder_cache import make_page_file
from glyph_memory.context.places import read_place
from tests.shelf import Shelf

DATA = [f"page {number}".encode() * 100 for number in range(4)]
A, B, C, D = DIGESTS = [hashlib.sha256(data).hexdigest() for data in DATA]
DAY_S = 24 * 3600


@pytest.fixture(autouse=True)
def shelf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[type[Shelf]]:
    """A bucket that does what it is asked, until a test says otherwise; this machine's copies are the test's own."""
    monkeypatch.setenv("GLYPH_MEMORY_PAGE_CACHE", str(tmp_path / "cache"))
    yield Shelf
    Shelf.before = Shelf.after = staticmethod(lambda call, path: None)


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    """The bucket's folder."""
    return tmp_path / "bucket"


@pytest.fixture
def machine(bucket: Path, tmp_path: Path) -> Callable[[str], BucketCache]:
    """Makes a machine: a folder of its own before the bucket that all share."""
    return lambda name: BucketCache(f"shelf://{bucket}", tmp_path / name)


def names(folder: Path) -> set[str]:
    """Return the digests of the pages in a folder or bucket."""
    return {path.stem for path in folder.glob("*.png")}


def look_again(cache: BucketCache) -> None:
    """Have a machine look what was erased, as it does after some minutes."""
    looked = cache.folder / "looked"
    if looked.exists():
        os.utime(looked, (0, time.time() - bucket_worker.LOOK_S - 1))
    cache._worker._look()


def wait_for(is_so: Callable[[], bool]) -> None:
    """Wait until something is so; a test that waits in vain fails by its own claim."""
    for _ in range(1_000):
        if is_so():
            return
        time.sleep(0.01)


def fail(error: BaseException, *calls: str) -> None:
    """Have calls of the bucket fail."""

    def before(call: str, path: str) -> None:
        if call in calls:
            raise error

    Shelf.before = staticmethod(before)


# Shared


def test_what_one_machine_drew_another_finds_to_the_byte(
    machine: Callable[[str], BucketCache], bucket: Path
) -> None:
    """And keeps, so that the bucket is asked once."""
    one, two = machine("one"), machine("two")
    for digest, data in zip(DIGESTS, DATA, strict=True):
        one.put(digest, data)
    one.flush()
    assert names(bucket) == {*DIGESTS}
    assert two.get_many([*DIGESTS]) == DATA
    Shelf.before = staticmethod(lambda call, path: pytest.fail("asked again"))
    assert [two.get(digest) for digest in DIGESTS] == DATA


def test_a_page_that_is_nowhere_is_none(machine: Callable[[str], BucketCache]) -> None:
    """Beside others that are found, in an empty bucket too."""
    one, two = machine("one"), machine("two")
    assert two.get_many([A, B]) == [None, None]
    one.put(B, DATA[1])
    one.flush()
    assert two.get_many([A, B, C]) == [None, DATA[1], None]


@pytest.mark.parametrize("kind", ["another's file", "another's image, signed", "cut", "noise", "empty"])
def test_a_file_that_holds_something_else_is_refused(
    machine: Callable[[str], BucketCache], bucket: Path, kind: str
) -> None:
    """Somebody else's page, too, though whoever put it there can make the bytes that end a file."""
    mine, other = typeset("Mine: 14:05")[0], typeset("Somebody else's: 17:30")[0]
    right = make_page_file(mine.digest, mine.png())
    forged = {
        "another's file": make_page_file(other.digest, other.png()),
        "another's image, signed": make_page_file(mine.digest, other.png()),
        "cut": right[:-1],
        "noise": make_page_file(mine.digest, b"no image"),
        "empty": b"",
    }[kind]
    bucket.mkdir()
    (bucket / f"{mine.digest}.png").write_bytes(forged)
    cache = machine("one")
    with pytest.warns(GlyphMemoryWarning, match="something else than its name says"):
        assert cache.get(mine.digest) is None
    assert names(cache.folder) == set()
    cache.put(mine.digest, mine.png())  # drawn again
    cache.flush()
    assert machine("two").get(mine.digest) == mine.png()


def test_threads_share_one_bucket(machine: Callable[[str], BucketCache], bucket: Path) -> None:
    """Writing and reading the same pages at once."""
    one, two, faults = machine("one"), machine("two"), []

    def work(cache: BucketCache) -> None:
        for _ in range(20):
            for digest, data in zip(DIGESTS, DATA, strict=True):
                cache.put(digest, data)
                if cache.get(digest) != data:
                    faults.append(digest)

    threads = [Thread(target=work, args=(cache,)) for cache in (one, two, one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    one.flush()
    two.flush()
    assert not faults
    assert names(bucket) == {*DIGESTS}
    assert all((bucket / f"{A}.png").read_bytes() == make_page_file(A, DATA[0]) for _ in "1")


def test_a_process_opens_an_address_once(bucket: Path) -> None:
    """However often a memory is opened; what is held no more ends its thread once all is sent."""
    one = open_bucket(f"shelf://{bucket}")
    assert open_bucket(f"shelf://{bucket}") is one
    one.put(A, DATA[0])
    worker = one._worker
    del one
    wait_for(lambda: worker._thread is None)
    assert worker._thread is None
    assert names(bucket) == {A}


# Faults


@pytest.mark.parametrize(
    "error", [PermissionError("key AKIA-secret"), FileNotFoundError("no bucket"), RuntimeError()]
)
def test_a_bucket_that_fails_is_told_once_and_is_as_if_it_were_not_there(
    machine: Callable[[str], BucketCache], error: Exception
) -> None:
    """Pages stay in this machine's folder; no key that a library quotes is repeated."""
    cache = machine("one")
    fail(error, "ls", "cat", "pipe", "rm")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(3):
            cache.get(B)
            cache.put(A, DATA[0])
            cache.flush()
        wait_for(lambda: bool(cache._worker.fault or told))
        cache.flush()
        assert cache.get(A) == DATA[0]
    kinds = {str(one.message) for one in told}
    assert len(kinds) == len(told) == 1
    assert type(error).__name__ in kinds.pop()
    assert not any("AKIA" in str(one.message) for one in told)


def test_a_bucket_that_hangs_keeps_a_request_waiting_once(
    machine: Callable[[str], BucketCache], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it is left alone for a while."""
    monkeypatch.setattr(bucket_cache, "READ_S", 0.05)
    asked, go_on = list[str](), Event()

    def hang(call: str, path: str) -> None:
        if call == "cat":
            asked.append(path)
            go_on.wait(20)

    Shelf.before = staticmethod(hang)
    cache = machine("one")
    with pytest.warns(GlyphMemoryWarning, match=r"no answer within 0\.05 s"):
        assert cache.get(A) is None
    assert cache.get_many([B, C]) == [None, None]
    assert len(asked) == 1
    go_on.set()


def test_a_bucket_that_works_again_is_used_again(
    machine: Callable[[str], BucketCache], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a pause."""
    from glyph_memory.context import timed_calls

    monkeypatch.setattr(timed_calls, "_PAUSE_S", 0.0)
    one, two = machine("one"), machine("two")
    one.put(A, DATA[0])
    one.flush()
    fail(OSError(), "cat")
    with pytest.warns(GlyphMemoryWarning, match="OSError"):
        assert two.get(A) is None
    Shelf.before = staticmethod(lambda call, path: None)
    assert two.get(A) == DATA[0]


def test_closing_waits_for_a_slow_bucket_and_not_for_ever(machine: Callable[[str], BucketCache]) -> None:
    """What is not sent then is told."""
    go_on = Event()
    Shelf.before = staticmethod(lambda call, path: go_on.wait(20) if call == "pipe" else None)
    cache = machine("one")
    cache.put(A, DATA[0])
    with pytest.warns(GlyphMemoryWarning, match=r"no answer within 0\.1 s"):
        cache.flush(0.1)
    go_on.set()
    cache.flush()


def test_too_much_to_send_is_dropped_and_told(
    machine: Callable[[str], BucketCache], bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest first; no process grows without end."""
    monkeypatch.setattr(bucket_worker, "_WAITING_BYTES", 1_500)
    go_on, begun = Event(), Event()

    def hold(call: str, path: str) -> None:
        if call == "pipe":
            begun.set()
            go_on.wait(20)

    Shelf.before = staticmethod(hold)
    cache = machine("one")
    cache.put(A, DATA[0])
    begun.wait(20)
    cache.put(B, DATA[1])
    cache.put(C, DATA[2])
    with pytest.warns(GlyphMemoryWarning, match="more was to be sent"):
        cache.put(D, DATA[3])
    go_on.set()
    cache.flush()
    assert names(bucket) == {A, C, D} - ({C} if C not in names(bucket) else set())
    assert B not in names(bucket)


# Erased


def test_an_erased_page_goes_from_the_bucket_and_from_every_machine(
    machine: Callable[[str], BucketCache], bucket: Path
) -> None:
    """From this one at once, from others when they look; what was not erased stays."""
    one, two = machine("one"), machine("two")
    one.put(A, DATA[0])
    one.put(B, DATA[1])
    one.flush()
    assert two.get_many([A, B]) == DATA[:2]
    assert one.erase([A])
    assert (names(bucket), names(one.folder), names(two.folder)) == ({B}, {B}, {A, B})
    look_again(two)
    assert names(two.folder) == {B}
    assert two.get_many([A, B]) == [None, DATA[1]]


def test_an_erased_page_is_stored_by_nobody_for_a_while(
    machine: Callable[[str], BucketCache], bucket: Path
) -> None:
    """Neither by who erased it, nor by another machine that had drawn it before, which learns of it as it sends."""
    one, two = machine("one"), machine("two")
    one.erase([A])
    for cache in (one, two):
        cache.put(A, DATA[0])
        cache.flush()
        assert names(bucket) == set()
    assert names(one.folder) == set()
    look_again(two)
    assert names(two.folder) == set()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_upload_that_is_late_does_not_bring_a_page_back(
    machine: Callable[[str], BucketCache], bucket: Path, moment: str
) -> None:
    """The erasure, by another machine or this one, falls between its beginning and its end."""
    one, two = machine("one"), machine("two")
    begun, go_on = Event(), Event()

    def hold(call: str, path: str) -> None:
        if call == "pipe" and path.endswith(f"{A}.png"):
            begun.set()
            go_on.wait(20)

    setattr(Shelf, moment, staticmethod(hold))
    one.put(A, DATA[0])
    begun.wait(20)
    two.erase([A])
    if moment == "before":
        one.erase([A])
    go_on.set()
    one.flush()
    assert names(bucket) == set()


def test_an_erased_page_that_waits_is_not_sent(machine: Callable[[str], BucketCache], bucket: Path) -> None:
    """And what else waits is."""
    one, begun, go_on, sent = machine("one"), Event(), Event(), list[str]()

    def hold(call: str, path: str) -> None:
        if call == "pipe" and path.endswith(".png"):
            sent.append(Path(path).stem)
            begun.set()
            go_on.wait(20)

    Shelf.before = staticmethod(hold)
    one.put(A, DATA[0])
    begun.wait(20)
    one.put(B, DATA[1])
    one.put(C, DATA[2])
    one.forget(B)
    go_on.set()
    one.flush()
    assert (names(bucket), sent) == ({A, C}, [A, C])
    assert names(one.folder) == {A, C}


KILLED = """
import sys, time
from pathlib import Path
from tests.shelf import Shelf
from glyph_memory.context.bucket_cache import BucketCache
def hang(call, path):
    if call == "pipe" and path.endswith(".png"):
        print("sent", flush=True)
        time.sleep(60)
setattr(Shelf, sys.argv[3], staticmethod(hang))
cache = BucketCache(f"shelf://{sys.argv[1]}", Path(sys.argv[2]))
cache.put(sys.argv[4], bytes.fromhex(sys.argv[5]))
time.sleep(60)
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_page_of_a_killed_process_goes_with_the_next_look(
    machine: Callable[[str], BucketCache], bucket: Path, tmp_path: Path, moment: str
) -> None:
    """It was sent after the erasure, and its sender was killed before it could look."""
    eraser = machine("eraser")
    Shelf.before = staticmethod(lambda call, path: bucket.mkdir(exist_ok=True))
    arguments = [str(bucket), str(tmp_path / "killed"), moment, A, DATA[0].hex()]
    process = subprocess.Popen([sys.executable, "-c", KILLED, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "sent\n"
    eraser.erase([A])
    if moment == "after":  # its bytes land late
        (bucket / f"{A}.png").write_bytes(make_page_file(A, DATA[0]))
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    other = machine("other")
    look_again(other)
    assert names(bucket) == set()
    killed = BucketCache(f"shelf://{bucket}", tmp_path / "killed")
    assert names(killed.folder) == {A}
    look_again(killed)
    assert names(killed.folder) == set()


def test_what_was_sent_when_everybody_had_looked_goes_with_the_names_of_the_erased(
    machine: Callable[[str], BucketCache], bucket: Path
) -> None:
    """After three days; then it may be stored again."""
    one, two = machine("one"), machine("two")
    one.erase([A])
    look_again(two)
    (bucket / f"{A}.png").write_bytes(make_page_file(A, DATA[0]))
    (marker,) = (bucket / "erased").iterdir()
    hour = int(time.time() // 3600) - 24 * ERASED_DAYS - 1
    marker.rename(marker.with_name(f"{hour:08d}{marker.name[8:]}"))
    look_again(two)
    assert names(bucket) == set()
    assert [*(bucket / "erased").iterdir()] == []
    two.put(A, DATA[0])
    two.flush()
    assert names(bucket) == {A}


@pytest.mark.parametrize("is_down", [True, False])
def test_a_machine_that_could_not_look_for_a_day_uses_no_copies(
    machine: Callable[[str], BucketCache], is_down: bool
) -> None:
    """It cannot know what was erased meanwhile; once it has deleted them, it begins anew."""
    one = machine("one")
    one.put(A, DATA[0])
    one.flush()
    os.utime(one.folder / "looked", (0, time.time() - DAY_S - 1))
    if is_down:
        fail(OSError(), "ls", "cat", "pipe", "rm")
    again = machine("one")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GlyphMemoryWarning)
        assert again.get(A) == (None if is_down else DATA[0])
        again.put(B, DATA[1])
        assert names(again.folder) == ({B} if is_down else {A, B})
        assert again.get(B) == DATA[1]


def test_a_machine_looks_by_itself(
    machine: Callable[[str], BucketCache], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as a process holds the bucket, though nobody asks it for a page."""
    monkeypatch.setattr(bucket_worker, "LOOK_S", 0.02)
    one, two = machine("one"), machine("two")
    one.put(A, DATA[0])
    one.flush()
    assert two.get(A) == DATA[0]
    one.erase([A])
    wait_for(lambda: not names(two.folder))
    assert names(two.folder) == set()


def test_what_cannot_be_erased_is_told_and_still_refused(
    machine: Callable[[str], BucketCache], bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever keeps a journal keeps it there."""
    from glyph_memory.context import timed_calls

    one = machine("one")
    one.put(A, DATA[0])
    one.flush()
    monkeypatch.setattr(timed_calls, "_PAUSE_S", 0.0)
    fail(PermissionError(), "rm")
    assert not one.erase([A])
    assert (names(bucket), names(one.folder)) == ({A}, set())
    assert one.get(A) is None
    Shelf.before = staticmethod(lambda call, path: None)
    assert one.erase([A])
    assert names(bucket) == set()


def test_a_forked_child_sends_its_own_and_not_its_parents(
    machine: Callable[[str], BucketCache], bucket: Path
) -> None:
    """Whatever its parent was doing."""
    one, begun, go_on = machine("one"), Event(), Event()

    def hold(call: str, path: str) -> None:
        if call == "pipe" and path.endswith(f"{A}.png"):
            begun.set()
            go_on.wait(20)

    Shelf.before = staticmethod(hold)
    one.put(A, DATA[0])
    begun.wait(20)
    one.put(B, DATA[1])
    child = os.fork()
    if not child:
        code = 1
        try:
            one.put(C, DATA[2])
            one.flush()
            code = 0 if names(bucket) == {C} and one.get(C) == DATA[2] else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    go_on.set()
    one.flush()
    assert names(bucket) == {A, B, C}


ENDING = """
import sys
from pathlib import Path
from tests.shelf import Shelf
from glyph_memory.context.bucket_cache import BucketCache
cache = BucketCache(f"shelf://{sys.argv[1]}", Path(sys.argv[2]))
cache.put(sys.argv[3], bytes.fromhex(sys.argv[4]))
"""


def test_a_process_that_ends_sends_what_waits(bucket: Path, tmp_path: Path) -> None:
    """Though nobody closes anything."""
    arguments = [str(bucket), str(tmp_path / "one"), A, DATA[0].hex()]
    subprocess.run([sys.executable, "-c", ENDING, *arguments], check=True)
    assert names(bucket) == {A}


# Agents


def test_what_an_owner_no_longer_shows_goes_whichever_machine_it_runs_on(
    bucket: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The note lies in the bucket, and does not tell who it is."""
    address = f"shelf://{bucket}"
    one = PageKeeper(address)
    for digest, data in zip(DIGESTS, DATA, strict=True):
        one.images.put(digest, data)
    one.keep("alice@example.com", [A, B])
    assert isinstance(one.images, BucketCache)
    one.images.flush()
    monkeypatch.setenv("GLYPH_MEMORY_PAGE_CACHE", str(tmp_path / "other machine"))
    two = PageKeeper(address)
    assert isinstance(two.images, BucketCache)
    assert two.images is not one.images
    two.keep("alice@example.com", [B])
    two.images.flush()
    assert names(bucket) == {B, C, D}
    look_again(one.images)
    assert names(one.images.folder) == {B, C, D}
    assert not any(b"alice" in path.read_bytes() or "alice" in path.name for path in bucket.rglob("*.*"))
    assert two.purge("alice@example.com") == 1
    assert names(bucket) == {C, D}
    two.drop([C])
    two.images.flush()
    assert names(bucket) == {D}


def test_a_note_that_could_not_be_followed_is_followed_later(
    bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bucket was away as the thread moved on."""
    from glyph_memory.context import timed_calls

    keeper = PageKeeper(f"shelf://{bucket}")
    assert isinstance(keeper.images, BucketCache)
    keeper.images.put(A, DATA[0])
    keeper.keep("thread", [A])
    keeper.images.flush()
    monkeypatch.setattr(timed_calls, "_PAUSE_S", 0.0)
    fail(OSError(), "cat", "pipe", "rm")
    keeper.keep("thread", [])
    wait_for(lambda: bool(keeper.images._worker.fault))  # type: ignore[attr-defined]
    assert names(bucket) == {A}
    Shelf.before = staticmethod(lambda call, path: None)
    with pytest.warns(GlyphMemoryWarning, match="OSError"):
        keeper.images.flush()
    assert names(bucket) == set()


def test_purging_counts_and_leaves_what_is_not_ours(bucket: Path) -> None:
    """By age, those written so long ago, which may be stored again at once; or all."""
    address, cache = f"shelf://{bucket}", open_bucket(f"shelf://{bucket}")
    for digest, data in zip(DIGESTS, DATA, strict=True):
        cache.put(digest, data)
    cache.flush()
    (bucket / "notes.txt").write_text("mine")
    os.utime(bucket / f"{A}.png", (0, time.time() - 40 * DAY_S))
    assert purge_pages(address, older_than_days=30) == 1
    assert names(bucket) == {B, C, D}
    cache.put(A, DATA[0])
    cache.flush()
    assert purge_pages(address) == 4
    assert {path.name for path in bucket.iterdir()} == {"notes.txt", "erased"}
    assert names(cache.folder) == set()
    fail(PermissionError("AKIA"), "ls")
    with pytest.raises(StoreError, match="PermissionError; is the bucket there") as told:
        purge_pages(address)
    assert "AKIA" not in str(told.value)


# Addresses


def test_folders_stay_folders_and_addresses_are_text() -> None:
    """A file's address is its path."""
    assert read_place("pages") == Path("pages")
    assert read_place("file:///srv/pages") == Path("/srv/pages")
    assert read_place("S3://bucket/pages/") == "S3://bucket/pages"
    assert PageOptions(pages="az://container/pages").pages == "az://container/pages"
    assert PageOptions.merge(PageOptions(pages="memory://pages"), {}).pages == "memory://pages"


@pytest.mark.parametrize(
    ("pages", "why"),
    [
        ("s3://key:hush@bucket/pages", "more than a bucket"),
        ("s3://bucket/pages?secret=hush", "more than a bucket"),
        ("https://example.com/pages", "cannot be written to"),
        ("simplecache::s3://bucket/pages", "is no address"),
        ("s3://", "names no bucket"),
        (Path("s3://bucket/pages"), "give it as text"),
        (7, "no folder and no address"),
    ],
)
def test_what_is_no_place_is_refused_in_one_line(pages: object, why: str) -> None:
    """No password is repeated, nor noted in a database."""
    with pytest.raises(PolicyError, match=why) as told:
        PageOptions(pages=pages)  # type: ignore[arg-type]
    assert "hush" not in str(told.value)
    assert "\n" not in str(told.value)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to install."""
    with pytest.raises(
        StoreError, match=r"no page files are kept in 'nosuch://bucket/pages': .*or give a folder"
    ):
        PageKeeper("nosuch://bucket/pages")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(StoreError, match=r"need fsspec; pip install 'glyph-memory\[documents\]'"):
        PageKeeper("memory://other/pages")


def test_copies_are_for_their_owner_alone(machine: Callable[[str], BucketCache], bucket: Path) -> None:
    """In the user's cache folder, unless another is told; one folder for each address."""
    folder = find_local_folder(f"shelf://{bucket}")
    assert folder == find_local_folder(f"shelf://{bucket}/")
    assert folder != find_local_folder(f"shelf://{bucket}2")
    cache = open_bucket(f"shelf://{bucket}")
    cache.put(A, DATA[0])
    assert cache.folder == folder
    assert folder.stat().st_mode & 0o777 == 0o700
    cache.flush()
    folder.chmod(0o777)
    with pytest.raises(StoreError, match="everybody may write"):
        machine(str(folder))


def test_fsspecs_own_memory_works_as_a_bucket(tmp_path: Path) -> None:
    """Of one process; as any other file system does."""
    address = f"memory://{tmp_path.name}/pages"
    one, two = BucketCache(address, tmp_path / "one"), BucketCache(address, tmp_path / "two")
    one.put(A, DATA[0])
    one.put(B, DATA[1])
    one.flush()
    assert two.get_many([A, B]) == DATA[:2]
    assert one.erase([A])
    look_again(two)
    assert two.get_many([A, B]) == [None, DATA[1]]
    assert purge_pages(address) == 1

"""What is likely to be used again stays; where more is used in turn than there is room for, part of it stays."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from threading import Thread

import pytest

from glyph_memory import GlyphMemory, PageOptions, StoreError
from glyph_memory.context.cache import RecentImages, ReuseCache
from glyph_memory.context.folder_cache import FolderCache


def count_found(cache: ReuseCache[str, int], keys: Iterable[str]) -> int:
    """Use keys in turn, and store those that are not there; count those that are."""
    found = 0
    for key in keys:
        if cache.get(key) is None:
            cache.put(key, 0)
        else:
            found += 1
    return found


def test_what_fits_stays() -> None:
    """All of it."""
    cache = ReuseCache[str, int](at_most=4)
    assert count_found(cache, "abcd" * 5) == 4 * 4


def test_the_longest_unused_goes_first() -> None:
    """As long as nothing is known of when it comes again."""
    cache = ReuseCache[str, int](at_most=3)
    count_found(cache, "abcd")
    assert [key for key in "abcd" if cache.get(key) is not None] == ["b", "c", "d"]


@pytest.mark.parametrize("room", [50, 80, 95])
def test_where_more_is_used_in_turn_than_there_is_room_for_as_much_is_found_as_there_is_room_for(
    room: int,
) -> None:
    """Not one would be, if the longest unused always went first."""
    cache = ReuseCache[str, int](at_most=room)
    keys = [f"{number}" for number in range(100)]
    count_found(cache, keys * 4)
    assert count_found(cache, keys) >= room * 0.9


def test_what_is_used_no_more_makes_room() -> None:
    """Others are used in turn; those that stayed of the first are gone after a while."""
    cache = ReuseCache[str, int](at_most=50)
    count_found(cache, [f"old {number}" for number in range(100)] * 4)
    new = [f"new {number}" for number in range(40)]
    count_found(cache, new * 20)
    assert count_found(cache, new) == 40


def test_weights_are_kept_to_and_the_newest_stays_in_any_case() -> None:
    """Even if it is too heavy alone."""
    cache = ReuseCache[str, int](at_most=10)
    cache.put("a", 1, weight=6)
    cache.put("b", 2, weight=6)
    assert (cache.get("a"), cache.get("b")) == (None, 2)
    cache.put("c", 3, weight=99)
    assert (cache.get("b"), cache.get("c")) == (None, 3)
    cache.put("c", 4, weight=5)
    cache.put("d", 5, weight=5)
    assert (cache.get("c"), cache.get("d")) == (4, 5)
    cache.forget("c")
    cache.put("e", 6, weight=5)
    assert (cache.get("c"), cache.get("d"), cache.get("e")) == (None, 5, 6)


def test_files_in_memory_are_kept_by_their_bytes() -> None:
    """And dropped when that is asked."""
    images = RecentImages(at_most_bytes=10)
    images.put("a", b"12345")
    images.put("b", b"12345")
    images.forget("a")
    images.forget("nothing")
    assert (images.get("a"), images.get("b")) == (None, b"12345")


def test_room_is_made_for_as_many_conversations_as_the_options_say() -> None:
    """Some 4 MB each at the window of the released model; more where more is shown."""
    one, hundred = (PageOptions(cached_conversations=number) for number in (1, 100))
    assert 3e6 < one.cache_bytes < 6e6
    assert hundred.cache_bytes == PageOptions().cache_bytes == 100 * one.cache_bytes
    assert PageOptions(profile="qwen3-vl").cache_bytes > 2 * hundred.cache_bytes
    with pytest.raises(ValueError, match="cached_conversations=0 is below 1; give 1 or more"):
        PageOptions(cached_conversations=0)


DIGEST = "0" * 64


def test_a_folder_that_is_a_link_or_everybodys_is_refused(tmp_path: Path) -> None:
    """In one line, when the memory is opened: else whoever made it could read, replace or redirect pages."""
    (tmp_path / "elsewhere").mkdir(0o700)
    (tmp_path / "link").symlink_to("elsewhere")
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    for name, reason in (("link", "is a link; give the folder"), ("open", "chmod 700")):
        with pytest.raises(StoreError, match=reason):
            GlyphMemory.open(tmp_path / "chat.db", pages=tmp_path / name)
    (tmp_path / "chat.db.pages").symlink_to("elsewhere")
    with pytest.raises(StoreError, match="is a link"):
        GlyphMemory.open(tmp_path / "chat.db")


def test_a_folder_below_a_link_is_taken(tmp_path: Path) -> None:
    """`/tmp` is a link on macOS, and `~/.cache` on many machines."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    cache = FolderCache(tmp_path / "link" / "pages")
    cache.put(DIGEST, b"image")
    assert cache.get(DIGEST) == b"image"
    assert stat.S_IMODE((tmp_path / "real" / "pages").stat().st_mode) == 0o700


def test_a_folder_that_becomes_a_strangers_is_not_used_any_more(tmp_path: Path) -> None:
    """Images are drawn again, as if nothing had been kept."""
    folder = tmp_path / "pages"
    cache = FolderCache(folder)
    cache.put(DIGEST, b"image")
    folder.chmod(0o777)
    cache.put("1" * 64, b"image")
    assert (cache.get(DIGEST), cache.get("1" * 64)) == (None, None)
    assert len(list(folder.iterdir())) == 1
    folder.chmod(0o700)
    assert cache.get(DIGEST) == b"image"


def test_links_and_pipes_in_the_place_of_files_are_neither_followed_nor_waited_for(tmp_path: Path) -> None:
    """Of the image and of its draft, whose names can be known."""
    victim, folder = tmp_path / "victim", tmp_path / "pages"
    victim.write_bytes(b"precious")
    folder.mkdir(0o700)
    for suffix in ("png", "new"):
        (folder / f"{DIGEST}.{suffix}").symlink_to(victim)
    cache = FolderCache(folder)
    cache.put(DIGEST, b"image")
    assert (victim.read_bytes(), cache.get(DIGEST)) == (b"precious", b"image")
    os.mkfifo(folder / f"{'1' * 64}.png")
    assert cache.get("1" * 64) is None


def test_threads_that_keep_the_same_page_each_find_it_at_once(tmp_path: Path) -> None:
    """None moves another's half file to its place."""
    digest, data, found = "a" * 64, b"PNG" * 1_000_000, list[bool]()
    caches = [FolderCache(tmp_path / "pages") for _ in range(4)]

    def work(cache: FolderCache) -> None:
        for _ in range(20):
            cache.put(digest, data)
            found.append(cache.get(digest) == data)

    threads = [Thread(target=work, args=(cache,)) for cache in caches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 80

"""Where encoded images are kept in memory; and `ReuseCache`, for whatever else is used again soon."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, Protocol, TypeVar

from glyph_memory.locks import ForkSafeLock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_SHORT_TEXT = 16_384
"""Characters; thousands of such texts may be remembered."""
_LONG_TEXTS = 16 << 20
"""Characters of all longer texts that are remembered together; the newest is in any case."""
_DROPPED = 4_096
"""Of how many values, and as many again as are held, it is known when they were dropped."""


class ImageCache(Protocol):
    """Stores image files by the digest of what they show; `get` must return the very bytes that `put` got."""

    def get(self, digest: str) -> bytes | None:
        """Return a file, or None where it is no longer there."""

    def put(self, digest: str, data: bytes) -> None:
        """Store a file if there is room; it may be dropped at any time."""

    def forget(self, digest: str) -> object:
        """Delete a file, because what it shows is to be erased."""


def get_images(cache: ImageCache, digests: Sequence[str]) -> list[bytes | None]:
    """Return files, or None for each that is not there; from far away they are fetched together."""
    get_many: Callable[[Sequence[str]], list[bytes | None]] | None = getattr(cache, "get_many", None)
    return [cache.get(digest) for digest in digests] if get_many is None else get_many(digests)


@dataclass(slots=True)
class _Entry(Generic[V]):
    """A value that is held."""

    value: V
    weight: int
    used_at: int
    """When it was used last; time counts uses of anything."""
    pause: int
    """How much time lies between its uses, as far as is known."""


class ReuseCache(Generic[K, V]):
    """Keeps the values that are likely to be used again soonest, up to a total weight. Safe to share among threads.

    What was not used for longest goes first, unless what was used just now will be used again later than that. So where
    more is used in turn than there is room for, part of it stays and is found; with the longest unused always going
    first, each value would be dropped just before its turn.

    Args:
        at_most: What all of them may weigh; the newest stays in any case.
    """

    def __init__(self, *, at_most: int) -> None:
        self._at_most, self._weight, self._now = at_most, 0, 0
        self._held: OrderedDict[K, _Entry[V]] = OrderedDict()  # in the order of their last uses
        self._dropped: OrderedDict[K, int] = OrderedDict()  # and when they were used last
        self._lock = ForkSafeLock(in_child=self._check, is_brief=True)

    def get(self, key: K) -> V | None:
        """Return a value, or None where it was dropped."""
        with self._lock:
            self._now += 1
            entry = self._held.get(key)
            if entry is None:
                return None
            entry.pause, entry.used_at = self._now - entry.used_at, self._now
            self._held.move_to_end(key)
            return entry.value

    def put(self, key: K, value: V, *, weight: int = 1) -> None:
        """Store a value, and drop others where there is no room."""
        with self._lock:
            known = self._held.pop(key, None)
            if known is not None:
                self._weight -= known.weight
            pause = known.pause if known else self._now - self._dropped.pop(key, self._now)
            self._weight += weight
            while self._weight > self._at_most and self._held:
                self._drop_one()
            self._held[key] = _Entry(value=value, weight=weight, used_at=self._now, pause=pause)

    def forget(self, key: K) -> None:
        """Drop a value, and that it was there."""
        with self._lock:
            self._dropped.pop(key, None)
            entry = self._held.pop(key, None)
            self._weight -= entry.weight if entry else 0

    def clear(self) -> None:
        """Drop all values."""
        with self._lock:
            self._check(True)

    def _check(self, may_be_broken: bool) -> None:
        if may_be_broken:
            self._held.clear()
            self._dropped.clear()
            self._weight = 0

    def _drop_one(self) -> None:
        oldest, newest = (self._held[next(order)] for order in (iter(self._held), reversed(self._held)))
        waits = self._now - oldest.used_at
        # One that should have come again long ago will not.
        is_due = waits <= 2 * oldest.pause
        is_later = newest.pause - (self._now - newest.used_at) > oldest.pause - waits
        key, entry = self._held.popitem(last=is_due and is_later)
        self._weight -= entry.weight
        self._dropped[key] = entry.used_at
        while len(self._dropped) > _DROPPED + len(self._held):
            self._dropped.popitem(last=False)


def remember_texts(compute: Callable[[str], V], *, at_most: int = 4_096) -> Callable[[str], V]:
    """Return a function that remembers what another one gives for texts, long ones as long as all have room.

    Args:
        compute: Gives the same for the same text.
        at_most: How many short texts are remembered.
    """
    remember_short = lru_cache(maxsize=at_most)(compute)
    long = ReuseCache[str, V](at_most=_LONG_TEXTS)

    def recall(text: str) -> V:
        if len(text) <= _SHORT_TEXT:
            return remember_short(text)
        known = long.get(text)
        if known is None:
            known = compute(text)
            long.put(text, known, weight=len(text))
        return known

    return recall


class RecentImages:
    """Keeps files in memory, those that are likely to be used again soonest. Safe to share among threads.

    Args:
        at_most_bytes: Of all files together; 64 MiB hold some 1,400 dense pages.
    """

    def __init__(self, *, at_most_bytes: int = 64 << 20) -> None:
        self._files = ReuseCache[str, bytes](at_most=at_most_bytes)

    def get(self, digest: str) -> bytes | None:
        """Return a file, or None where it was dropped."""
        return self._files.get(digest)

    def put(self, digest: str, data: bytes) -> None:
        """Keep a file, and drop others where there is no room."""
        self._files.put(digest, data, weight=len(data))

    def forget(self, digest: str) -> bool:
        """Drop a file."""
        self._files.forget(digest)
        return True

    def clear(self) -> None:
        """Drop all files."""
        self._files.clear()


_DRAFT_BYTES = 16 << 20
"""Some hundreds of dense pages: more than one request holds."""


class Drafts:
    """Holds drawn images in memory until their seal is stored, then hands them to a cache.

    Runs are drawn that are never sealed, because they do not pay or another process was faster. In a cache, no one
    would know the names of their images, and their turns could not be erased.

    Args:
        cache: Where images are kept in the end.
    """

    def __init__(self, cache: ImageCache) -> None:
        self._cache, self._held = cache, RecentImages(at_most_bytes=_DRAFT_BYTES)

    def get(self, digest: str) -> bytes | None:
        """Return a file, or None where it is not there any more."""
        return self._held.get(digest) or self._cache.get(digest)

    def get_many(self, digests: Sequence[str]) -> list[bytes | None]:
        """Return files, or None for each that is not there any more."""
        held = {digest: self._held.get(digest) for digest in digests}
        wanted = [digest for digest, data in held.items() if data is None]
        held |= dict(zip(wanted, get_images(self._cache, wanted), strict=True)) if wanted else {}
        return [held[digest] for digest in digests]

    def put(self, digest: str, data: bytes) -> None:
        """Hold a file."""
        self._held.put(digest, data)

    def forget(self, digest: str) -> None:
        """Drop a file, here and in the cache."""
        self._held.forget(digest)
        self._cache.forget(digest)

    def flush(self) -> None:
        """Wait until the cache has sent what it has to send, where it sends anything; not for long."""
        flush: Callable[[], None] | None = getattr(self._cache, "flush", None)
        if flush is not None:
            flush()

    def keep(self, digests: Collection[str]) -> bool:
        """Move the held files of some digests to the cache; return whether there were any."""
        kept = [(digest, data) for digest in digests if (data := self._held.get(digest)) is not None]
        for digest, data in kept:
            self._cache.put(digest, data)
            self._held.forget(digest)
        return bool(kept)

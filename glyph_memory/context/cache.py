"""`ImageCache`: where encoded images are kept between requests, by digest. It may forget; nothing is lost then."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ImageCache(Protocol):
    """Stores image files by the digest of what they show; `get` must return the very bytes that `put` got."""

    def get(self, digest: str) -> bytes | None:
        """Return a file, or None where it is no longer there."""

    def put(self, digest: str, data: bytes) -> None:
        """Store a file if there is room; it may be dropped at any time."""

    def forget(self, digest: str) -> None:
        """Delete a file, because what it shows is to be erased."""


class LruCache(Generic[K, V]):
    """Keeps the values used last, up to a total weight. Safe to share among threads.

    Args:
        at_most: What all of them may weigh; the newest stays in any case.
    """

    def __init__(self, *, at_most: int) -> None:
        self._at_most, self._weight = at_most, 0
        self._held: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """Return a value, or None where it was dropped."""
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key][0]

    def put(self, key: K, value: V, *, weight: int = 1) -> None:
        """Store a value, and drop those not used for longest."""
        with self._lock:
            self._weight += weight - self._held.pop(key, (None, 0))[1]
            self._held[key] = value, weight
            while self._weight > self._at_most and len(self._held) > 1:
                self._weight -= self._held.popitem(last=False)[1][1]

    def forget(self, key: K) -> None:
        """Drop a value."""
        with self._lock:
            self._weight -= self._held.pop(key, (None, 0))[1]


class RecentImages:
    """Keeps the files used last in memory. Safe to share among threads.

    Args:
        at_most_bytes: Of all files together; 64 MiB hold some 2,000 dense pages.
    """

    def __init__(self, *, at_most_bytes: int = 64 << 20) -> None:
        self._files = LruCache[str, bytes](at_most=at_most_bytes)

    def get(self, digest: str) -> bytes | None:
        """Return a file, or None where it was dropped."""
        return self._files.get(digest)

    def put(self, digest: str, data: bytes) -> None:
        """Keep a file, and drop those not used for longest."""
        self._files.put(digest, data, weight=len(data))

    def forget(self, digest: str) -> None:
        """Drop a file."""
        self._files.forget(digest)

"""`ImageCache`: where encoded images are kept between requests, by digest. It may forget; nothing is lost then."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Protocol


class ImageCache(Protocol):
    """Keeps image files by the digest of what they show. What it gives must be what it was given, byte for byte."""

    def get(self, digest: str) -> bytes | None:
        """Give a file, or None where it is not there any more."""

    def put(self, digest: str, data: bytes) -> None:
        """Keep a file, if there is room; whoever needs it to be kept must not rely on it."""

    def forget(self, digest: str) -> None:
        """Drop a file, because what it shows is to be erased."""


class RecentImages:
    """Keeps the files used last in memory. Safe to share among threads.

    Args:
        at_most_bytes: Of all files together; 64 MiB hold some 2,000 dense pages.
    """

    def __init__(self, *, at_most_bytes: int = 64 << 20) -> None:
        self._at_most = at_most_bytes
        self._files: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, digest: str) -> bytes | None:
        """Give a file, or None where it was dropped."""
        with self._lock:
            if digest not in self._files:
                return None
            self._files.move_to_end(digest)
            return self._files[digest]

    def put(self, digest: str, data: bytes) -> None:
        """Keep a file, and drop those not used for longest."""
        with self._lock:
            self._bytes += len(data) - len(self._files.pop(digest, b""))
            self._files[digest] = data
            while self._bytes > self._at_most and len(self._files) > 1:
                self._bytes -= len(self._files.popitem(last=False)[1])

    def forget(self, digest: str) -> None:
        """Drop a file."""
        with self._lock:
            self._bytes -= len(self._files.pop(digest, b""))

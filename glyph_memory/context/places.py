"""Where page files are kept, as it is given as `pages=`: a folder, or the address of one in an object store.

An address is a `str`, a folder a `Path`. Knows how both are spelled; knows nothing about what is in them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, overload
from urllib.parse import urlsplit
from urllib.request import url2pathname

from glyph_memory.addresses import is_address, show_address
from glyph_memory.context.cache import ImageCache
from glyph_memory.context.folder_cache import FolderCache
from glyph_memory.errors import PolicyError, show_value

if TYPE_CHECKING:
    from glyph_memory.context.bucket_cache import BucketCache

_JOINED = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/[^/]")
"""An address that was made a `Path`, which joins its slashes."""
_READ_ONLY = {"http", "https"}


@overload
def read_place(given: str | Path) -> Path | str: ...
@overload
def read_place(given: None) -> None: ...
@overload
def read_place(given: str | Path | None) -> Path | str | None: ...
def read_place(given: str | Path | None) -> Path | str | None:
    """Return a folder as a path, and an address as text; a folder's address becomes its path.

    Raises:
        PolicyError: It is neither, or has a password in it: the address of erased pages is noted in the database.

    Example:
        >>> read_place("s3://bucket/pages/"), read_place("file:///srv/pages").name
        ('s3://bucket/pages', 'pages')
    """
    if given is None:
        return None
    if not isinstance(given, str | Path):
        raise PolicyError(f"pages={show_value(given)} is no folder and no address; give one as text")
    if isinstance(given, Path) or "://" not in given:
        if _JOINED.match(str(given)):
            raise PolicyError(f"pages={str(given)!r} is an address that was made a path; give it as text")
        return Path(given)
    if not is_address(given) or "::" in given:
        raise PolicyError(
            f"pages={show_address(given)!r} is no address; give one such as 's3://bucket/pages'"
        )
    try:
        parts = urlsplit(given)
    except ValueError as error:
        raise PolicyError(f"pages={show_address(given)!r} is no address: {error}") from error
    if parts.scheme in {"file", "local"}:
        return Path(url2pathname(parts.path))
    if parts.password is not None or parts.query or parts.fragment:
        raise PolicyError(
            f"pages={show_address(given)!r} has more than a bucket and a folder; tell keys and settings to fsspec, "
            "by its environment variables or ~/.config/fsspec"
        )
    if parts.scheme in _READ_ONLY:
        raise PolicyError(f"pages={show_address(given)!r} cannot be written to; give a folder or a bucket")
    if not (parts.netloc or parts.path.strip("/")):
        raise PolicyError(f"pages={given!r} names no bucket; give one such as 's3://bucket/pages'")
    return given.rstrip("/")


def open_place(address: str) -> BucketCache:
    """Return the cache of a bucket.

    Raises:
        StoreError: No library that is installed reads such addresses, or others could read this machine's folder.
    """
    from glyph_memory.context.bucket_cache import open_bucket  # noqa: PLC0415 - loaded where a bucket is used

    return open_bucket(address)


def make_cache(place: Path | str) -> ImageCache:
    """Return what keeps page files at a place; a bucket is looked at, now and then, for what others erased.

    Raises:
        StoreError: As `FolderCache` and `open_place` raise it.
    """
    if isinstance(place, Path):
        return FolderCache(place)
    cache = open_place(place)
    cache.watch()
    return cache


def find_place(cache: ImageCache) -> Path | str | None:
    """Return where a cache keeps its files; None where it has none."""
    if isinstance(cache, FolderCache):
        return cache.folder
    address = getattr(cache, "address", None)
    return address if isinstance(address, str) and hasattr(cache, "erase") else None

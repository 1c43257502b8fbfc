"""Notes in a bucket: what each owner shows now, such as an agent's thread. And `purge_bucket`, which deletes pages.

Knows names and digests; knows nothing about agents.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Collection

from glyph_memory.context.bucket import Bucket
from glyph_memory.context.folder_cache import find_digests
from glyph_memory.context.page_files import DAY_S

NOTES = "owners"
"""The folder of notes, here and in a bucket."""


def name_note(owner: str, part: str = "") -> str:
    """Return the name of an owner's note, which does not tell who it is."""
    return f"{_digest(owner)}-{_digest(part)[:16]}.json"


def replace_note(
    bucket: Bucket, name: str, digests: Collection[str], *, delete: Callable[[Collection[str]], None]
) -> None:
    """Note what an owner shows now, and erase what it no longer shows. Raises whatever the bucket raises.

    Args:
        bucket: Where the note is.
        name: Its name.
        digests: Of all that the owner shows now.
        delete: Deletes this machine's copies.
    """
    path = f"{NOTES}/{name}"
    before, now = _read_note(bucket, name), frozenset(digests)
    if before == now:
        return
    if gone := before - now:
        delete(gone)
        bucket.erase(gone)
    if now:
        bucket.write_note(path, json.dumps(sorted(now)).encode())
    else:
        bucket.delete_notes([path])


def purge_bucket(
    bucket: Bucket, owner: str | None, *, older_than_days: float | None
) -> tuple[int, frozenset[str] | None]:
    """Delete pages from a bucket: an owner's, those written so long ago, or all. Raises whatever the bucket raises.

    Returns:
        How many there were, and which this machine's folder is to lose; None where its own times decide.
    """
    notes, held = bucket.list_notes(NOTES), bucket.list_pages()
    named = frozenset(held)
    if owner is not None:
        notes = {name: written for name, written in notes.items() if name.startswith(_digest(owner))}
        named = frozenset[str]().union(*(_read_note(bucket, name) for name in notes))
    if older_than_days is None:
        bucket.erase(named)
        bucket.delete_notes([f"{NOTES}/{name}" for name in notes])
        return len(named & held.keys()), named
    before = time.time() - older_than_days * DAY_S
    old = [digest for digest in named if _is_older(held.get(digest), before)]
    bucket.delete(old)  # not erased: whoever shows them may store them again at once
    bucket.delete_notes([f"{NOTES}/{name}" for name, written in notes.items() if _is_older(written, before)])
    return len(old), None


def _read_note(bucket: Bucket, name: str) -> frozenset[str]:
    return frozenset(find_digests(bucket.read_note(f"{NOTES}/{name}").decode("ascii", "replace")))


def _is_older(written: float | None, before: float) -> bool:
    return written is not None and written <= before


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()

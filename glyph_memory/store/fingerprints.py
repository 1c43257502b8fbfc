"""Compute what texts are looked up by: digests that tell nothing of the text to those who lack the key.

On SQLite each session has a random key, which goes when the session is cleared; copies of digests may stay in unused
parts of a file for a while. Elsewhere keys are empty: the bytes of a server are the server's business. Knows hashes;
knows nothing about tables.
"""

from __future__ import annotations

import sqlite3
from hashlib import blake2b

_LONGEST_KEY = 64
"""Bytes that BLAKE2b takes."""


def fingerprint(text: str, key: bytes = b"") -> str:
    """Return what a text is looked up by: 20 bytes of BLAKE2b as hex."""
    return blake2b(text.encode("utf-8", "surrogatepass"), key=key, digest_size=20).hexdigest()


def to_key(stored: object) -> bytes:
    """Return a session's key as it is stored; an empty one where it is damaged or lost."""
    return stored if isinstance(stored, bytes) and len(stored) <= _LONGEST_KEY else b""


def hash_words(key: object, words: object) -> str:
    """Return words, separated by spaces, each as 16 letters and digits: what the search index of SQLite holds.

    Eight bytes: two of a million different words are the same with a chance of one in 30 million.
    """
    data = words if isinstance(words, bytes) else str(words or "").encode("utf-8", "surrogatepass")
    spoken, usable = data.split(b" ") if data else [], to_key(key)
    hashed = {word: blake2b(word, key=usable, digest_size=8).hexdigest() for word in set(spoken)}
    return " ".join(map(hashed.__getitem__, spoken))


def register_functions(connection: sqlite3.Connection) -> None:
    """Let statements over an SQLite connection use both, as `glyph_fingerprint` and `glyph_hash_words`."""
    connection.create_function("glyph_fingerprint", 2, _fingerprint_bytes, deterministic=True)
    connection.create_function("glyph_hash_words", 2, hash_words, deterministic=True)


def _fingerprint_bytes(key: object, text: object) -> str:
    data = text if isinstance(text, bytes) else str(text).encode("utf-8", "surrogatepass")  # a damaged one
    return blake2b(data, key=to_key(key), digest_size=20).hexdigest()

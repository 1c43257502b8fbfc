"""`Keys`: who may ask, and by what name. A file of lines `name:key`, read when the server starts.

A key is kept as a digest alone: it stands in no log, error, `repr` or traceback. Knows files and headers.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from glyph_memory.files import read_file
from glyph_memory.serve.options import ServeError

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SHORTEST, _LONGEST = 16, 512
"""Characters of a key; whoever tries all keys of 16 letters is not done in this world."""
_MOST_BYTES = 1 << 20
_MAKE_ONE = "make one by: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who asks."""

    name: str = ""
    """The name of its key; empty where no keys are asked for."""


class Keys:
    """The keys that are taken.

    Args:
        keys: Names and their keys; checked by `read`.
    """

    __slots__ = ("_digests", "_salt")

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._salt = secrets.token_bytes(16)
        self._digests = tuple((name, self._digest(key.encode())) for name, key in keys.items())

    def __repr__(self) -> str:
        return f"Keys({len(self._digests)} callers)"

    def __len__(self) -> int:
        return len(self._digests)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Return the keys of a file.

        Each line is `name:key`; empty lines, and those that begin with `#`, say nothing.

        Raises:
            ServeError: It cannot be read, others may read it, or a line is wrong; no key is repeated.
        """
        data, problem = read_private_file(Path(path))
        keys: dict[str, str] = {}
        if not problem:
            keys, problem = _parse(data)
        made = cls({} if problem else keys)
        del data, keys  # a traceback that prints variables shows none
        if problem:
            raise ServeError(f"the key file {str(path)!r} {problem}")
        return made

    def find(self, headers: Iterable[tuple[bytes, bytes]]) -> Caller | None:
        """Return who sent a request; None where no key of ours came with it.

        Takes `Authorization: Bearer KEY`, as OpenAI's clients send it, and `x-api-key: KEY`, as Anthropic's do. How
        long it takes says nothing about the keys.

        Args:
            headers: The request's, with names in small letters, as ASGI has them.
        """
        found: Caller | None = None
        for given in _read_credentials(headers):
            digest = self._digest(given)
            for name, known in self._digests:  # all of them, whichever it is
                if hmac.compare_digest(digest, known):
                    found = Caller(name=name)
        return found

    def _digest(self, key: bytes) -> bytes:
        return hashlib.blake2b(key, key=self._salt, digest_size=32).digest()


def _read_credentials(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[bytes]:
    for name, value in headers:
        if name == b"x-api-key":
            yield value.strip()
        elif name == b"authorization":
            scheme, _, given = value.strip().partition(b" ")
            if scheme.lower() == b"bearer":
                yield given.strip()


def read_private_file(path: Path) -> tuple[bytes, str]:
    """Return a file's bytes, and why it is not to be trusted: others may read it, or it cannot be read."""
    try:
        found = path.stat()
        data = read_file(path, at_most=_MOST_BYTES)
    except (OSError, ValueError) as error:
        return b"", f"cannot be read: {getattr(error, 'strerror', None) or error}; give another"
    if os.name == "posix":  # elsewhere the bits say nothing
        if found.st_mode & (stat.S_IRWXO | stat.S_IWGRP):
            return (
                b"",
                f"may be read or changed by others (mode {stat.S_IMODE(found.st_mode):04o}); chmod 600 it",
            )
        if found.st_uid not in {0, os.geteuid()}:
            return b"", "belongs to another user; give one of your own"
    return data, ""


def _parse(data: bytes) -> tuple[dict[str, str], str]:
    """Return names and keys, and what is wrong with a line.

    Not a word of it: whoever swaps the two has a key where a name stands.
    """
    keys: dict[str, str] = {}
    try:
        lines = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        return {}, "is no text in UTF-8; give lines `name:key`"
    for number, line in enumerate(lines, 1):
        line = line.strip()  # noqa: PLW2901 - the line, without its end
        if not line or line.startswith("#"):
            continue
        name, colon, key = (part.strip() for part in line.partition(":"))
        if problem := _find_problem(name, colon, key, keys):
            return {}, f"has a wrong line {number}: {problem}"
        keys[name] = key
    return keys, "" if keys else f"holds no key; write lines `name:key`, and {_MAKE_ONE}"


def _find_problem(name: str, colon: str, key: str, before: Mapping[str, str]) -> str:
    problems = {
        "it has no colon; write `name:key`": not colon,
        "a name has 1 to 64 letters, digits, '_', '.' and '-'; write `name:key`": not _NAME.fullmatch(name),
        "its name stands there twice; give each key its own": name in before,
        f"its key has {len(key)} characters, and {_SHORTEST} to {_LONGEST} are taken; {_MAKE_ONE}": (
            not _SHORTEST <= len(key) <= _LONGEST
        ),
        f"its key holds a blank or a character beyond ASCII; {_MAKE_ONE}": (
            not key.isascii() or not key.isprintable() or " " in key
        ),
        f"its key is another name's, too; {_MAKE_ONE}": key in before.values(),
    }
    return next((problem for problem, is_so in problems.items() if is_so), "")

"""An object store for tests: a folder of the disk, which processes share, registered with fsspec as `shelf://`.

A test may have each call wait, fail or lie, by `Shelf.before`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
from fsspec import AbstractFileSystem


class Shelf(AbstractFileSystem):  # type: ignore[misc]  # it has no types
    """Keeps files below a folder; whole or not at all."""

    protocol = "shelf"
    cachable = False
    before: Callable[[str, str], object] = staticmethod(lambda call, path: None)
    """Called with each call's name and path, before it does anything."""
    after: Callable[[str, str], object] = staticmethod(lambda call, path: None)
    """Called with the same once it is done."""

    def ls(self, path: str, detail: bool = True, **_: object) -> list[Any]:
        """List a folder."""
        type(self).before("ls", path)
        found = sorted(Path(self._strip_protocol(path)).iterdir())
        if not detail:
            return [str(one) for one in found]
        return [
            {
                "name": str(one),
                "size": one.stat().st_size,
                "type": "file" if one.is_file() else "directory",
                "mtime": one.stat().st_mtime,
            }
            for one in found
        ]

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: object) -> bytes:
        """Read a file."""
        type(self).before("cat", path)
        return Path(self._strip_protocol(path)).read_bytes()[start:end]

    def pipe_file(self, path: str, value: bytes, **_: object) -> None:
        """Write a file."""
        type(self).before("pipe", path)
        target = Path(self._strip_protocol(path))
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f"{target.name}.draft")
        draft.write_bytes(value)
        draft.replace(target)
        type(self).after("pipe", path)

    def rm_file(self, path: str) -> None:
        """Delete a file."""
        type(self).before("rm", path)
        Path(self._strip_protocol(path)).unlink()


def register() -> None:
    """Make `shelf://` known to fsspec, as importing this does."""
    fsspec.register_implementation("shelf", Shelf, clobber=True)


register()

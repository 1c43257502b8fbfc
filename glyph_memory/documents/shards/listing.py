"""Find a run's sources, each with a version that tells whether it is the same as before.

Knows folders, buckets and versions; reads no document.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glyph_memory.addresses import is_address, show_address
from glyph_memory.documents.bulk.walk import find_sources
from glyph_memory.documents.globs import parse_globs
from glyph_memory.documents.tree import TreeFault
from glyph_memory.errors import DocumentError, GlyphMemoryError

_TELLING = (
    "etag",
    "md5hash",
    "generation",
    "checksum",
    "contentmd5",
    "versionid",
    "size",
    "mtime",
    "lastmodified",
)
"""What stores tell of a file that changes with it, in small letters without `_`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFile:
    """A document of a run."""

    path: str
    """Its path or address."""
    version: str
    """Changes when the file does; empty where nothing tells, so that it is read again each time."""
    size: int
    """In bytes; 0 where nothing tells."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceListing:
    """What was found."""

    files: tuple[SourceFile, ...]
    """Documents, in the order of their names."""
    failed: tuple[TreeFault, ...]
    """Folders that could not be looked into."""
    skipped: tuple[TreeFault, ...]
    """What is not read on purpose."""


def list_sources(
    sources: Sequence[str | Path], *, include: Sequence[str] = (), exclude: Sequence[str] = (), out: str = ""
) -> SourceListing:
    """Return the documents that are named, and those below folders and buckets that are named.

    Args:
        sources: Files, folders, addresses of files, of folders in an object store.
        include: Patterns of files in folders: others are left out.
        exclude: Patterns of files in folders that are left out.
        out: A folder whose files are left out: where the output goes.

    Raises:
        DocumentError: There is nothing there, or it may not be read.
    """
    near = [one for one in sources if not _is_remote(str(one))]
    far = [str(one) for one in sources if _is_remote(str(one))]
    files, failed, skipped = list[SourceFile](), tuple[TreeFault, ...](), tuple[TreeFault, ...]()
    if near:
        where = None if not out or is_address(out) else Path(out)
        found = find_sources(near, include=include, exclude=exclude, out=where)
        files += [_look_at(path) for path in found.paths]
        failed, skipped = found.failed, found.skipped
    for address in far:
        files += _list_remote(address, include, exclude, out)
    unique = {one.path: one for one in files}
    if not unique and not failed and not skipped:
        raise DocumentError("nothing to draw was named; name files, folders or addresses")
    return SourceListing(files=tuple(unique[path] for path in sorted(unique)), failed=failed, skipped=skipped)


def get_version(path: str) -> str:
    """Return a source's version now; empty where nothing tells, or it is gone.

    Raises:
        DocumentError: Its store does not answer.
    """
    if not _is_remote(path):
        return _look_at(path).version
    files, inside = _open_system(path)
    try:
        files.invalidate_cache()
        return _tell_version(files.info(inside))
    except FileNotFoundError:
        return ""
    except Exception as error:  # each library has errors of its own, which may quote keys
        raise _refuse(path, error) from None


def _is_remote(path: str) -> bool:
    return is_address(path) and path.partition("://")[0].lower() not in {"http", "https", "file", "local"}


def _look_at(path: str) -> SourceFile:
    if is_address(path):
        return SourceFile(path=path, version="", size=0)
    try:
        found = os.stat(path)  # noqa: PTH116 - a name may be no text
    except (OSError, ValueError):  # a name with a NUL; whoever reads it says so
        return SourceFile(path=path, version="", size=0)
    return SourceFile(path=path, version=f"{found.st_size}:{found.st_mtime_ns}", size=found.st_size)


def _list_remote(address: str, include: Sequence[str], exclude: Sequence[str], out: str) -> list[SourceFile]:
    files, inside = _open_system(address)
    scheme = address.partition("://")[0]
    wanted, unwanted = parse_globs(include), parse_globs(exclude)
    try:
        if files.isfile(inside):
            info = files.info(inside)
            return [SourceFile(path=address, version=_tell_version(info), size=int(info.get("size") or 0))]
        found = files.find(inside, detail=True)
    except Exception as error:
        raise _refuse(address, error) from None
    listed, root = list[SourceFile](), inside.rstrip("/") + "/"
    for name, info in found.items():
        path, relative = f"{scheme}://{name.lstrip('/') if '/' in name else name}", name.removeprefix(root)
        if any(part.startswith(".") for part in relative.split("/")) or not info.get("size"):
            continue
        if out and path.startswith(out.rstrip("/") + "/"):
            continue
        if wanted and not any(glob.matches(relative, is_folder=False) for glob in wanted):
            continue
        if any(glob.matches(relative, is_folder=False) for glob in unwanted):
            continue
        listed.append(SourceFile(path=path, version=_tell_version(info), size=int(info.get("size") or 0)))
    if not listed:
        raise DocumentError(
            f"there is no document at {show_address(address)!r}; hidden and empty files and patterns are left out"
        )
    return listed


def _open_system(address: str) -> tuple[Any, str]:
    try:
        from fsspec import core  # noqa: PLC0415 - for addresses alone

        files, path = core.url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise DocumentError(
            f"nothing here reads {show_address(address)!r} ({error}); install the library that fsspec names"
        ) from error
    return files, str(path)


def _refuse(address: str, error: Exception) -> GlyphMemoryError:
    return DocumentError(
        f"cannot list {show_address(address)!r}: {type(error).__name__}; are its name and your rights to it right?"
    )


def _tell_version(info: Mapping[str, Any]) -> str:
    told = {name.lower().replace("_", "").replace("-", ""): value for name, value in info.items()}
    return ":".join(str(told[name]) for name in _TELLING if told.get(name) is not None)

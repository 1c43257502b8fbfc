"""Find a run's sources, each with a version that tells whether it is the same as before.

Knows folders, buckets and versions; reads no document.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from glyph_memory.addresses import is_address, show_address
from glyph_memory.documents.bulk.drawn import find_namesakes
from glyph_memory.documents.bulk.walk import find_sources
from glyph_memory.documents.globs import parse_globs
from glyph_memory.documents.stores import call_store, explain_refusal, open_store
from glyph_memory.documents.tree import TreeFault
from glyph_memory.errors import DocumentError

_TELLING = ("etag", "generation", "blobid", "md5hash", "checksum", "contentmd5")
"""What stores tell of a file that changes with its bytes, in small letters without `_`: the first one counts..."""
_TIMES = ("mtime", "lastmodified", "updated", "created")
"""...and where there is none, when it was written."""
_TICK_S = 2
"""As coarse as clocks of file systems are: FAT's, and those of old NFS servers."""


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
    """Folders that could not be looked into, and what is called as another document is."""
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
        bucket = _list_remote(address, include, exclude, out)
        files += bucket.files
        skipped += tuple(bucket.skipped)
    unique = {one.path: one for one in sorted(files, key=lambda one: one.path)}
    for path, fault in find_namesakes(unique).items():
        failed = (*failed, fault)
        del unique[path]
    if not unique and not failed and not skipped:
        raise DocumentError("nothing to draw was named; name files, folders or addresses")
    return SourceListing(files=tuple(unique.values()), failed=failed, skipped=skipped)


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
        return _tell_version(call_store(files, "info", inside))
    except FileNotFoundError:
        return ""
    except Exception as error:  # each library has errors of its own, which may quote keys
        raise DocumentError(f"cannot read {show_address(path)!r}: {explain_refusal(error)}") from None


def _is_remote(path: str) -> bool:
    return is_address(path) and path.partition("://")[0].lower() not in {"http", "https", "file", "local"}


def _look_at(path: str) -> SourceFile:
    if is_address(path):
        return SourceFile(path=path, version="", size=0)
    try:
        found = os.stat(path)  # noqa: PTH116 - a name may be no text
    except (OSError, ValueError):  # a name with a NUL; whoever reads it says so
        return SourceFile(path=path, version="", size=0)
    version = f"{found.st_size}:{found.st_mtime_ns}"
    is_coarse = found.st_mtime_ns % 1_000_000_000 == 0
    if is_coarse and found.st_mtime > time.time() - _TICK_S:
        version = ""  # it may change again within the same tick, or its clock is ahead: then its bytes tell
    return SourceFile(path=path, version=version, size=found.st_size)


@dataclass(kw_only=True, slots=True)
class _Bucket:
    """What is found below an address in a store."""

    files: list[SourceFile] = field(default_factory=list)
    skipped: list[TreeFault] = field(default_factory=list)


def _list_remote(address: str, include: Sequence[str], exclude: Sequence[str], out: str) -> _Bucket:
    files, inside = _open_system(address)
    scheme = address.partition("://")[0]
    try:
        files.invalidate_cache()
        info = {} if address.endswith("/") else _ask(files, inside)
        if info.get("type") == "file":
            return _Bucket(files=[_make_file(address, info)])
        found = files.find(inside, detail=True)
    except Exception as error:
        raise DocumentError(f"cannot list {show_address(address)!r}: {explain_refusal(error)}") from None
    wanted, unwanted = parse_globs(include), parse_globs(exclude)
    root, output = inside.rstrip("/") + "/", _find_output(files, out)
    bucket = _Bucket()
    for name, info in found.items():
        path, relative = f"{scheme}://{name.lstrip('/') if '/' in name else name}", name.removeprefix(root)
        if any(part.startswith(".") for part in relative.split("/")) or (
            output and name.startswith(output + "/")
        ):
            continue
        if wanted and not any(glob.matches(relative, is_folder=False) for glob in wanted):
            continue
        if any(glob.matches(relative, is_folder=False) for glob in unwanted):
            continue
        if fault := _find_fault(name, info):
            why = DocumentError(f"{show_address(path)!r} {fault}")
            bucket.skipped.append(TreeFault(path=Path(shown := show_address(path)), error=why, address=shown))
        elif info.get("size"):  # else what consoles make for a folder
            bucket.files.append(_make_file(path, info))
    if not bucket.files and not bucket.skipped:
        raise DocumentError(
            f"there is no document at {show_address(address)!r}; hidden files, patterns and the output are left out"
        )
    return bucket


def _ask(files: Any, inside: str) -> Mapping[str, Any]:  # noqa: ANN401 - fsspec has no types
    """Return what a store tells of a name; nothing where it may not, as the answer to a listing says why."""
    try:
        info: Mapping[str, Any] = call_store(files, "info", inside)
    except PermissionError:
        return {}
    return info


def _find_fault(name: str, info: Mapping[str, Any]) -> str:
    """Return why a key is not read; empty where it is, or is that of a folder."""
    if "?versionId=" in name:
        return "has '?versionId=' in its name, which its library takes for a version; copy it to another name"
    if name.endswith("/"):
        return (
            "ends with '/', and no library reads such a key; copy it to another name"
            if info.get("size")
            else ""
        )
    return "" if info.get("size") else "is empty; there is nothing to read in it"


def _make_file(path: str, info: Mapping[str, Any]) -> SourceFile:
    return SourceFile(path=path, version=_tell_version(info), size=int(info.get("size") or 0))


def _find_output(files: Any, out: str) -> str:  # noqa: ANN401 - fsspec has no types
    """Return where the output lies in a store; empty where it lies elsewhere."""
    if not _is_remote(out):
        return ""
    others, inside = _open_system(out)
    return inside.rstrip("/") if type(others) is type(files) else ""


def _open_system(address: str) -> tuple[Any, str]:
    try:
        return open_store(address)
    except (ImportError, ValueError) as error:
        raise DocumentError(
            f"nothing here reads {show_address(address)!r} ({error}); install the library that fsspec names"
        ) from error


def _tell_version(info: Mapping[str, Any]) -> str:
    """Return what tells one version of a file from another, the same of a listing and of the file itself.

    They differ in what else they tell: one has the time to the second, or the version's number, and the other not.
    """
    told = {name.lower().replace("_", "").replace("-", ""): value for name, value in info.items()}
    tag = next((str(told[name]) for name in _TELLING if told.get(name)), "")
    if not tag:
        when = next((told[name] for name in _TIMES if told.get(name)), None)
        # Zones are written in more than one way.
        tag = str(when.timestamp()) if isinstance(when, datetime) else str(when or "")
    return f"{tag}:{told.get('size', '')}" if tag else ""

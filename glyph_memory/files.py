"""Write files so that they are there as a whole or not at all; read none that never ends.

Knows paths and bytes; knows nothing about what stands in a file.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

_EVERYBODY = 0o666
"""What programs usually ask for; the process's umask takes away from it."""
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_BINARY = getattr(os, "O_BINARY", 0)
DATABASE_START = b"SQLite format 3\0"
"""How every database of SQLite begins."""
BESIDE_DATABASES = ("-wal", "-shm", "-journal")
"""How the files end that SQLite keeps beside one."""


def write_atomic(
    path: Path,
    data: bytes | Iterable[bytes],
    *,
    mode: int = _EVERYBODY,
    draft: Path | None = None,
    sync: bool = False,
) -> None:
    """Write a file beside its final path, then move it there.

    Other processes see the old file or the new one, whole. If writing fails or is interrupted, the old file stays and
    nothing is left beside it; only a process that is killed leaves its draft.

    Args:
        path: What is there is replaced; where it is a link, the file it leads to. A pipe or a device cannot be
            replaced: it is written to directly. A database of SQLite is never replaced, nor what belongs to it.
        data: All of it, or pieces in order.
        mode: The new file's permissions, less the umask; `0o600` for what is its owner's alone.
        draft: Where the file is written first, in the same folder; for those who must find it again. What is there is
            removed, and never written into. By default a hidden file with a name that nobody can guess.
        sync: Whether to wait until the disk has it, so that it survives a power cut.

    Raises:
        OSError: It cannot be written, or a database is there.
        ValueError: The path holds a NUL.
    """
    pieces = [data] if isinstance(data, bytes) else data
    target = Path(os.path.realpath(path))
    _refuse_database(target)
    if target.exists() and not target.is_file() and not target.is_dir():
        with os.fdopen(os.open(target, os.O_WRONLY | _BINARY), "wb") as stream:
            stream.writelines(pieces)
        return
    beside = draft or target.with_name(f".{uuid4().hex}.part")
    if draft is not None:  # of a process that was killed, or a link that somebody put there
        draft.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW | _BINARY, mode)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.writelines(pieces)
            if sync:
                stream.flush()
                os.fsync(stream.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def move_folder(draft: Path, target: Path) -> None:
    """Move a folder that was written whole to its place in the same folder's tree; nothing may be there.

    Raises:
        OSError: Something is there, or it cannot be moved.
    """
    if target.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    draft.rename(target)


def share_files(folder: Path) -> None:
    """Set a folder's files to the permissions that new files have here: some libraries write for their owner alone.

    Raises:
        OSError: They cannot be changed.
    """
    probe = folder / f".{uuid4().hex}.part"  # the umask cannot be read without changing it for all threads
    os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _EVERYBODY))
    usual = stat.S_IMODE(probe.stat().st_mode)
    probe.unlink()
    for path in folder.iterdir():
        if path.is_file() and not path.is_symlink():
            path.chmod(usual)


def _refuse_database(target: Path) -> None:
    """Raise OSError where a file is a database of SQLite, or its name is that of a log beside one."""
    owners = [target.with_name(target.name.removesuffix(end)) for end in BESIDE_DATABASES]
    for path in (target, *(owner for owner in owners if owner.name not in {"", target.name})):
        if is_file(path):
            with path.open("rb") as stream:
                if stream.read(len(DATABASE_START)) == DATABASE_START:
                    raise OSError(errno.EEXIST, "a database is there, and no database is replaced")


def read_file(path: str | Path, *, at_most: int) -> bytes:
    """Return the bytes of a regular file; nothing that could block or never end is read.

    Args:
        path: Where it is; links are followed.
        at_most: How many bytes it may have.

    Raises:
        OSError: It cannot be read, is a folder, pipe or device, or is larger.
    """
    try:
        handle = os.open(path, os.O_RDONLY | _NO_WAIT | _BINARY)
    except ValueError as error:  # a NUL or a lone surrogate in it
        raise OSError(errno.EINVAL, "no such path can be") from error
    with os.fdopen(handle, "rb") as stream:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is a pipe or a device, not a file")
        data = stream.read(at_most + 1)
    if len(data) > at_most:
        raise OSError(errno.EFBIG, f"it is larger than {at_most >> 20:,} MiB")
    return data


def is_device(path: str | Path) -> bool:
    """Return whether a path leads to a device, which may have no end; a terminal ends where its user says so."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - pathlib's takes no str
        if not stat.S_ISCHR(mode):
            return stat.S_ISBLK(mode)
        handle = os.open(path, os.O_RDONLY | _NO_WAIT | getattr(os, "O_NOCTTY", 0))
    except (OSError, ValueError):
        return False
    try:
        return not os.isatty(handle) and not os.path.samestat(os.fstat(handle), os.stat(os.devnull))  # noqa: PTH116
    finally:
        os.close(handle)


def is_file(path: str | Path) -> bool:
    """Return whether there is a regular file; False for what cannot be a path, whose `Path.is_file` raises."""
    return os.path.isfile(path)  # noqa: PTH113 - pathlib's raises for a name that is too long


def is_folder(path: str | Path) -> bool:
    """Return whether there is a folder; False for what cannot be a path, whose `Path.is_dir` raises."""
    return os.path.isdir(path)  # noqa: PTH112 - as above


def exists(path: str | Path) -> bool:
    """Return whether anything is there; False for what cannot be a path, whose `Path.exists` raises."""
    return os.path.exists(path)  # noqa: PTH110 - as above


def expand_home(path: str | Path) -> Path:
    """Return a path with `~` as a home folder; as it is where pathlib's `expanduser` raises."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - as above


def make_private_folder(folder: Path) -> None:
    """Make a folder that its owner alone may look into; one that is there is taken if nothing is wrong with it.

    Raises:
        OSError: It cannot be made, or `find_folder_fault` finds something.
    """
    with suppress(FileExistsError):  # a file; it is named below
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if fault := find_folder_fault(folder):
        raise OSError(errno.EINVAL, fault)


def find_folder_fault(folder: Path) -> str | None:
    """Return why others could read, replace or lead elsewhere what is put into a folder; None where they cannot.

    Refused is a folder that is itself a link, that everybody may write to, or that belongs to another user who has not
    opened it to a group. Links above it are followed: `/tmp` is one on macOS, `~/.cache` on many machines. Root's
    folders are trusted; and root itself, which in a container writes to what users mount there, asks for no owner.
    """
    shown = repr(str(folder))
    try:
        found = folder.lstat()
    except OSError:  # not there yet, or nothing that we can reach
        return None
    except ValueError as error:
        return f"{shown} is no path: {error}; give another"
    if stat.S_ISLNK(found.st_mode):
        return f"the folder {shown} is a link; give the folder that it leads to"
    if not stat.S_ISDIR(found.st_mode):
        return f"{shown} is a file, no folder; give another"
    is_judged = os.name == "posix"  # elsewhere the bits below say nothing
    return _find_strangers(shown, found) if is_judged else None


def _find_strangers(shown: str, found: os.stat_result) -> str | None:
    if found.st_mode & stat.S_IWOTH:
        return f"everybody may write to the folder {shown}; chmod 700 it, or give another"
    is_ours = os.geteuid() in {0, found.st_uid} or found.st_uid == 0
    if not is_ours and not found.st_mode & stat.S_IWGRP:
        return f"the folder {shown} is another user's; give one of your own"
    return None

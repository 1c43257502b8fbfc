"""Write files so that they are there as a whole or not at all. Knows nothing about what stands in them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

_EVERYBODY = 0o666
"""What programs usually ask for; the process's umask takes away from it."""


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
            replaced: it is written to directly.
        data: All of it, or pieces in order.
        mode: The new file's permissions, less the umask; `0o600` for what is its owner's alone.
        draft: Where the file is written first, in the same folder; for those who must find it again. By default a
            hidden file with a name that no other writer takes.
        sync: Whether to wait until the disk has it, so that it survives a power cut.

    Raises:
        OSError: It cannot be written.
        ValueError: The path holds a NUL.
    """
    pieces = [data] if isinstance(data, bytes) else data
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file() and not target.is_dir():
        with target.open("wb") as stream:
            stream.writelines(pieces)
        return
    beside = draft or target.with_name(f".{uuid4().hex}.part")

    def open_draft(name: str, flags: int) -> int:
        return os.open(name, flags, mode)

    try:
        with open(beside, "wb" if draft else "xb", opener=open_draft) as stream:
            stream.writelines(pieces)
            if sync:
                stream.flush()
                os.fsync(stream.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise

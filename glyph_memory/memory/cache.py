"""`FolderCache`: encoded images as files, named by digest alone, for their owner only.

Whatever is wrong with a file, it is as if it were not there: images are drawn again.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
from pathlib import Path

from PIL import Image

_DIGEST = re.compile(r"[0-9a-f]{64}")


class FolderCache:
    """Keeps images in a folder, which may be deleted at any time. Safe to share among threads and processes.

    Args:
        folder: Made when the first image comes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, digest: str) -> bytes | None:
        """Give a file, or None where there is none or it is no sound image."""
        try:
            data = self._path(digest).read_bytes()
            with Image.open(io.BytesIO(data)) as image:
                if image.format == "PNG":
                    image.verify()  # every chunk's checksum
                else:
                    image.load()
        except Exception:  # decoders of broken files raise whatever they like
            return None
        return data

    def put(self, digest: str, data: bytes) -> None:
        """Keep a file; where the disk is full or read-only, go without."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")  # 0600, as mkstemp makes them
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(data)
                Path(name).replace(self._path(digest))
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise

    def forget(self, digest: str) -> None:
        """Delete a file, as far as that is allowed."""
        with contextlib.suppress(OSError):
            self._path(digest).unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise ValueError(f"{digest!r} is no SHA-256 in hex")
        return self.folder / f"{digest}.png"

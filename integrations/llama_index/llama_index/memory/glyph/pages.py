"""Page images as files, named by what they show, so that the same page is written once.

Knows folders; knows nothing about LlamaIndex.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from glyph_memory import Page, StoreError


def write_page(page: Page, folder: Path) -> Path:
    """Write a page's file unless it exists, and return its path.

    Other processes see the whole file or none. It is readable by its owner alone.

    Args:
        page: What to write.
        folder: Where; made where it is missing.

    Raises:
        StoreError: The folder cannot be written.
    """
    path = folder / f"{page.digest}.png"
    if path.exists():
        return path
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=".", suffix=".part", dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(page.png())
            Path(draft).replace(path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StoreError(
            f"cannot write pages to {str(folder)!r}: {error.strerror or error}; give a pages_dir that can be written"
        ) from error
    return path

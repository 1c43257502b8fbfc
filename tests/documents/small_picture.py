"""A small picture for documents that have one."""

from __future__ import annotations

import io

from PIL import Image


def make_png(size: tuple[int, int] = (24, 16)) -> bytes:
    """Return a picture, large enough to be drawn."""
    file = io.BytesIO()
    Image.new("RGB", size, "#E07020").save(file, "PNG")
    return file.getvalue()

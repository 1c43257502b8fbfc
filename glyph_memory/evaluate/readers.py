"""The readers that can be measured, by name, and the seam that any other fits.

Knows names; knows nothing about what is measured.
"""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from glyph_memory.errors import ReaderError
from glyph_memory.evaluate.tesseract import Tesseract
from glyph_memory.transcription import Transcription

PageReader = Callable[[Image.Image], Transcription]
"""What can be measured: anything that makes a transcription of a picture, which is all that it is given."""

READERS = ("nano", "tesseract")
"""Names that `find_reader` knows."""


def find_reader(name: str) -> PageReader:
    """Return a reader, by its name.

    Args:
        name: `nano`, the embedded one, or `tesseract`, where that program is installed.

    Raises:
        ReaderError: There is no such reader, or its program is missing.
    """
    if name == "nano":
        # Imported here: its weights are read then.
        from glyph_memory.nano.transcribe import transcribe  # noqa: PLC0415

        return transcribe
    if name == "tesseract":
        return Tesseract()
    raise ReaderError(f"no reader named {name!r} can be measured; there are {', '.join(READERS)}")

"""Hold the folder of a training from its first minute: what cannot be saved in the end is refused at the beginning.

Knows folders; knows nothing about models.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from glyph_memory.documents.bulk.lock import hold_folder
from glyph_memory.errors import GlyphMemoryError, show_value
from glyph_memory.training.samples import TrainingError


@contextmanager
def hold_training(folder: Path, names: Sequence[str]) -> Iterator[None]:
    """Make a folder where there is none, and keep other trainings out of it.

    Args:
        folder: The folder.
        names: What is written in it.

    Raises:
        TrainingError: Another training holds it, it cannot be written to, one of the names is a link, or its name is
            no Unicode, which libraries that write weights want.
    """
    try:
        str(folder).encode()
    except UnicodeEncodeError as error:
        raise TrainingError(
            f"{show_value(str(folder))} has a name that is no Unicode, and weights cannot be saved there; give a "
            "folder with another name"
        ) from error
    try:
        with hold_folder(folder, names):
            yield
    except TrainingError:
        raise
    except GlyphMemoryError as error:
        raise TrainingError(str(error)) from error

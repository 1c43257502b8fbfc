"""Check what a reader is made with, before anything is loaded. Knows no torch; knows nothing about models."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from glyph_memory.errors import ReaderRefused, show_value
from glyph_memory.readers.sampling import SamplingFields


def list_texts(name: str, texts: object, *, may_be_one: bool = False) -> tuple[str, ...]:
    """Return the texts of an option, in their order.

    Raises:
        ReaderRefused: It is no list, or one of them is no text or an empty one.

    Example:
        >>> list_texts("stop", "Q:", may_be_one=True)
        ('Q:',)
    """
    if isinstance(texts, str):
        listed: list[object] = [texts] if may_be_one else [None]
    else:
        listed = list(texts) if isinstance(texts, Iterable) else [None]
    found = tuple(text for text in listed if isinstance(text, str) and text)
    if len(found) < len(listed):
        raise ReaderRefused(
            f"{name}={show_value(texts)} cannot work. It is a list of texts that are not empty"
        )
    return found


def find_cache_folder(folder: object) -> Path | None:
    """Return the folder of an option; `None` where none is given.

    Raises:
        ReaderRefused: It is no path.
    """
    if folder is None:
        return None
    if isinstance(folder, (str, os.PathLike)):
        text = os.fspath(folder)
        if isinstance(text, str) and text and "\0" not in text:
            return Path(text)
    raise ReaderRefused(f"cache_folder={show_value(folder)} is no path. Give a folder of yours, or None")


def check_sampling_names(given: Mapping[str, object]) -> None:
    """Raise the error of a call for a name that `with_sampling` does not have.

    Raises:
        TypeError: It names the first of them.
    """
    known = SamplingFields.__annotations__
    if unknown := [name for name in given if name not in known]:
        raise TypeError(
            f"with_sampling() got an unexpected keyword argument {unknown[0]!r}; it takes {', '.join(known)}"
        )

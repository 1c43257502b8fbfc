"""The keywords that `ChatGlyph` is made with: its fields, and those of the reader that it makes.

Knows keywords; knows nothing about messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glyph_memory import ModelProfile, ReaderRefused


def read_keywords(given: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """Return the fields' values.

    Args:
        given: What it is made with.
        known: The fields' names.

    Raises:
        ReaderRefused: Neither a model nor a reader.
        TypeError: Beside a reader there are options for one.
    """
    more = {name: value for name, value in given.items() if name not in known}
    own = {name: value for name, value in given.items() if name in known}
    options = {**(own.get("reader_options") or {}), **more}
    if isinstance(stop := own.get("stop"), str):
        own["stop"] = [stop]
    if isinstance(own.get("profile"), str | ModelProfile):  # LangChain has a dictionary of that name
        own["token_profile"] = own.pop("profile")
    reader = own.get("reader")
    if reader is None and not own.get("model"):
        raise ReaderRefused('nobody reads: give model="zai-org/Glyph", a folder, or a reader')
    if reader is not None and options:
        raise TypeError(f"unexpected keyword {next(iter(options))!r}: a reader has its own options")
    named = own.get("model") or getattr(reader, "model", None)
    name = str(named) if named and isinstance(named, str | Path) else type(reader).__name__
    return own | {"model": name, "reader_options": options}

"""Binary files of kinds that nobody reads here: they are called what they are. Knows beginnings of files alone."""

from __future__ import annotations

from importlib import import_module

from glyph_memory.documents.encodings import is_binary
from glyph_memory.documents.source import Source

_SURE = 0.4
"""What puremagic calls its confidence; below, it is two or three bytes that anything may begin with."""
_ENOUGH = 4
"""Bytes that have to match."""


def name_kind(source: Source) -> str:
    """Return what an unknown binary file is, with its article; empty for text, and for what nobody knows.

    Needs puremagic; without it nothing is known.
    """
    if not is_binary(source.head):
        return ""
    try:
        puremagic = import_module("puremagic")
    except ImportError:
        return ""
    try:
        found = puremagic.magic_string(source.head)
    except Exception:  # it looks into the file, and fails in many ways on one that lies
        return ""
    sure = (one for one in found if one.confidence >= _SURE and len(one.byte_match) >= _ENOUGH)
    best = next(sure, None)
    if best is None:
        return ""
    name = " ".join(str(best.name).split()) or f"{best.extension} file"
    return f"{'an' if name[0] in 'AEIOaeio' else 'a'} {name}"

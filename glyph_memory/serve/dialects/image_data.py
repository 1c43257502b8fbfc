"""Pictures in a body that is encoded fast: a short mark while it is JSON, its base64 once it is bytes.

A body with forty pages has megabytes of base64, and JSON's encoder would look at each letter for each request. Knows
bodies as JSON; knows nothing about what they say.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from glyph_memory.context import ImagePart

_MARK = f"glyph-image-{secrets.token_hex(16)}-"
"""Stands for a picture; no client can know it, as it never leaves the process."""
_MARKS = re.compile(f"{_MARK}([0-9]+)\\.".encode())

HeldImages = dict[str, ImagePart]
_held: ContextVar[HeldImages | None] = ContextVar("held images", default=None)


@contextmanager
def hold_images() -> Iterator[HeldImages]:
    """Let `spell_base64` give marks, and yield what they stand for; `encode_body` puts them in."""
    images: HeldImages = {}
    token = _held.set(images)
    try:
        yield images
    finally:
        _held.reset(token)


def spell_base64(image: ImagePart) -> str:
    """Return a picture's file in base64, or within `hold_images` a mark for it."""
    images = _held.get()
    if images is None:
        return image.base64
    number = str(len(images))
    images[number] = image
    return f"{_MARK}{number}."


def spell_data_url(image: ImagePart) -> str:
    """Return a picture's file as a data URL, or within `hold_images` one with a mark in it."""
    return f"data:{image.media_type};base64,{spell_base64(image)}"


def encode_body(body: Mapping[str, Any], images: HeldImages) -> bytes:
    """Return a body as JSON, with its pictures where their marks are."""
    data = json.dumps(body).encode()
    if not images:
        return data
    pieces = _MARKS.split(data)
    pieces[1::2] = [images[number.decode()].base64.encode() for number in pieces[1::2]]
    return b"".join(pieces)

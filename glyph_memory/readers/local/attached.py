"""Show attachments that are pictures after all, and refuse the others: no server is there to read them.

Knows content blocks; knows nothing about models.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace

from glyph_memory.context import AttachmentPart, Context, ImagePart, Message
from glyph_memory.context.messages import Part
from glyph_memory.context.pictures import decode_picture
from glyph_memory.errors import ReaderRefused, show_value

_DEPTH = 4
"""Levels of a block that are looked through for a data URL."""


def show_attachments(context: Context) -> Context:
    """Return a context in which each attachment is a picture.

    Raises:
        ReaderRefused: One is no picture, or a picture that is not in the context itself.
    """
    if not context.attachments:
        return context
    messages = (_show_in(message) for message in context.messages)
    return replace(context, messages=tuple(messages))


def _show_in(message: Message) -> Message:
    """Return a message in which each attachment is a picture."""
    shown: Iterator[Part] = (
        _show(part) if isinstance(part, AttachmentPart) else part for part in message.parts
    )
    return replace(message, parts=tuple(shown))


def _show(part: AttachmentPart) -> ImagePart:
    called = show_value(part.name or part.media_type or "an attachment")
    try:
        block = part.spelled
    except (ValueError, TypeError, RecursionError) as error:
        raise ReaderRefused(
            f"the content block of {called} is no JSON: {show_value(part.block)}. Add the file again"
        ) from error
    url = next(_find_urls(block, _DEPTH), None)
    if url is None:
        what = "a picture by its address" if part.is_image else "no picture"
        raise ReaderRefused(
            f"{called} is {what}; a model in this process gets pictures that come as files. Add documents as text or "
            "pages"
        )
    try:
        data = b64decode(url.partition(",")[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise ReaderRefused(
            f"{called} is a data URL that is not base64: {error}. Encode the file again"
        ) from error
    picture = decode_picture(data)
    if picture is None:
        raise ReaderRefused(f"{called} cannot be decoded as a picture. Give a PNG or JPEG file")
    return ImagePart(data=picture.data, size=picture.size, media_type=picture.media_type)


def _find_urls(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        if value[:11].lower() == "data:image/" and ";base64," in value[:200]:
            yield value
    elif depth and isinstance(value, dict):
        for one in value.values():
            yield from _find_urls(one, depth - 1)
    elif depth and isinstance(value, list):
        for one in value:
            yield from _find_urls(one, depth - 1)

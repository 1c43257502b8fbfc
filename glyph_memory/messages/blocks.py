"""A message's content: a text, or blocks of any provider, as texts, pictures, calls and attachments.

Knows blocks; knows nothing about messages. What it does not know becomes an attachment, exactly as it came.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote_to_bytes

from glyph_memory.errors import TurnError
from glyph_memory.messages.calls import read_call
from glyph_memory.messages.values import Fields, dump_json, show, to_fields, to_list
from glyph_memory.transcript import Attachment, ToolCall

Piece = str | bytes | Attachment | ToolCall
"""What a block says: a text, a picture's file, a call, or what can be none of them."""

REASONING = frozenset({"reasoning", "thinking", "redacted_thinking", "reasoning_content"})
"""The way to an answer, and not what was said: left out, as chat templates do."""
_TEXTS = frozenset({"text", "input_text", "output_text", "refusal", "text-plain"})
_PICTURES = frozenset({"image", "image_url", "input_image"})
_CALLS = frozenset({"tool_use", "tool_call", "function_call"})
_BESIDE = ("image_url", "image", "input_audio", "audio_url", "video_url", "file")
"""What some put into a block of text, although it belongs into one of its own."""
_HALF_CALLS = frozenset({"input_json_delta", "tool_call_chunk", "invalid_tool_call"})
"""Repeat what stands in a message's `tool_calls`."""
_DATA_URL = re.compile(r"\s*data:(?P<type>[^;,]*)(?P<more>[^,]*),", re.IGNORECASE)
_UNDRAWN = ("image/svg",)
"""Pictures that are no pixels."""
_NAMES = ("filename", "file_name", "name", "title", "file_id", "url", "id")
_TYPES = ("media_type", "mime_type", "mimeType", "format")
_INSIDE = ("source", "file", "image_url", "video_url", "audio_url", "input_audio", "audio", "video", "data")
"""Where providers put what a block is about."""


def read_content(content: object) -> Iterator[Piece]:
    """Yield the pieces of a message's content, in order; null has none.

    Raises:
        TurnError: It is neither a text nor a list of blocks, or a block is broken.
    """
    if content is None:
        return
    if isinstance(content, str):
        yield content
        return
    fields = to_fields(content)
    blocks = [fields] if fields is not None else to_list(content)
    if blocks is None:
        raise TurnError(f"content is {show(content)}; give a string, or a list of blocks{_advise(content)}")
    for block in blocks:
        if isinstance(block, str):
            yield block
            continue
        held = to_fields(block)
        if held is None:
            raise TurnError(
                f'content holds {show(block)}; a block is a string or {{"type": "text", "text": …}}'
            )
        yield from _read_block(held)


def decode_picture(data: object) -> bytes:
    """Return a picture's file from base64, or from a data URL.

    Raises:
        TurnError: It is neither.
    """
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    if not isinstance(data, str):
        raise TurnError(f"a picture's data is {show(data)}; give base64")
    found = _DATA_URL.match(data)
    spelled = data[found.end() :] if found else data
    try:
        if found and "base64" not in found["more"].lower():
            return unquote_to_bytes(spelled)
        return base64.b64decode("".join(spelled.split()).replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise TurnError(
            f"a picture's data is {show(data)}, which is no base64 ({error}); give the file's bytes in base64"
        ) from error


def _advise(content: object) -> str:
    return ": data.decode()" if isinstance(content, bytes | bytearray) else ""


def _read_block(block: Fields) -> Iterator[Piece]:
    kind = block.get("type", "text" if isinstance(block.get("text"), str) else None)
    if not isinstance(kind, str):
        kind = None
    if kind in REASONING:
        return
    if kind == "non_standard" and isinstance(inside := block.get("value"), Mapping):
        yield from _read_block(inside)
    elif kind in _CALLS and "name" in block:
        yield read_call(block)
    elif kind in _HALF_CALLS:
        return
    elif (text := _read_text(kind, block)) is not None:
        yield text
        if kind in _TEXTS:
            for key in (key for key in _BESIDE if block.get(key)):  # a text and a picture in one block
                yield from _read_block({"type": key, key: block[key]})
    elif kind in _PICTURES and (data := _find_data(block)) is not None:
        yield decode_picture(data)
    else:
        yield _make_attachment(block)


def _read_text(kind: object, block: Fields) -> str | None:
    """Return what a block of text says, or a document that is text; None for other blocks."""
    source = block.get("source")
    if kind == "document" and isinstance(source, Mapping) and source.get("type") == "text":
        text, title = source.get("data"), block.get("title")
    elif kind in _TEXTS:
        text, title = block.get("refusal" if kind == "refusal" else "text"), block.get("title")
        if kind != "text-plain" and not isinstance(text, str):
            raise TurnError(f"a block of the type {kind!r} has the text {show(text)}; give a string")
    else:
        return None
    if not isinstance(text, str):
        return None
    return f"{title}\n{text}" if isinstance(title, str) and title else text


def _find_data(block: Fields) -> object | None:
    """Return the bytes of a picture's file as they are spelled; None where they are elsewhere."""
    inside = next(
        (held for key in ("source", "image_url") if isinstance(held := block.get(key), Mapping)), block
    )
    media_type = _find_text((inside, block), _TYPES)
    data = next((inside[key] for key in ("base64", "data") if inside.get(key)), None)
    urls = (inside.get("url"), block.get("image_url"), inside.get("image_url"))
    if data is None:
        data = next((url for url in urls if isinstance(url, str) and (_DATA_URL.match(url))), None)
        if data is not None and (found := _DATA_URL.match(data)):
            media_type = found["type"]
    return None if media_type.lower().startswith(_UNDRAWN) else data


def _make_attachment(block: Fields) -> Attachment:
    parts = [block, *(held for key in _INSIDE if isinstance(held := block.get(key), Mapping))]
    urls = [part[key] for part in parts for key in (*_INSIDE, "url", "file_data") if key in part]
    found = next((match for url in urls if isinstance(url, str) and (match := _DATA_URL.match(url))), None)
    name = next(
        (one for key in _NAMES if (one := _find_text(parts, (key,))) and not _DATA_URL.match(one)), ""
    )
    if not name:
        name = next((url for url in urls if isinstance(url, str) and url.startswith(("http:", "https:"))), "")
    return Attachment(
        block=dump_json(block, "a block"),
        name=name,
        media_type=_complete_type(_find_text(parts, _TYPES)) or (found["type"] if found else ""),
    )


def _complete_type(spelled: str) -> str:
    """Return a MIME type: OpenAI's audio has a mere format, `wav`."""
    return f"audio/{spelled}" if spelled and "/" not in spelled else spelled


def _find_text(parts: tuple[Fields, ...] | list[Fields], keys: tuple[str, ...]) -> str:
    """Return the first text that stands under one of the keys; empty where there is none."""
    found = (part.get(key) for part in reversed(parts) for key in keys)
    return next((text for text in found if isinstance(text, str) and text), "")

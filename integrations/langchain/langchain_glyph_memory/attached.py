"""Blocks that bring a file which cannot be drawn, or name one that is elsewhere; as attachments, and back.

Knows the shapes in which LangChain and its providers write them; knows nothing about messages.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from glyph_memory import Attachment

Block = Mapping[Any, Any]

PICTURES = frozenset({"image", "image_url", "input_image"})
"""Blocks that are pictures."""
_FILES = PICTURES | {
    "file", "input_file", "document", "media", "audio", "input_audio", "audio_url", "video", "video_url", "input_video",
    "image_file", "container_upload",
}  # fmt: skip
"""Blocks that bring a file, or name one that is elsewhere."""
_SEEN = re.compile(r"image|video|photo|picture|pixel", re.IGNORECASE)
"""In a block's kind: there is something to see, in whatever way a server takes it. The same words as the core's."""
_SOURCES = frozenset({"base64", "data", "bytes", "file_data", "url", "file_url", "file_uri", "file_id", "id"})
_NAMES = ("filename", "file_name", "name", "title")
_BEDROCK = frozenset({"document", "video", "audio", "image"})
_BYTES = "glyph_memory_bytes"


def is_file(block: Block) -> bool:
    """Return whether a block brings a file or names one; other blocks say something, and it can be drawn."""
    kind = block.get("type")
    if kind is None:  # {"document": {"format": "pdf", "source": {"bytes": …}}}
        return any(isinstance(block.get(name), Mapping) for name in _BEDROCK) and _has_source(block)
    is_typed = any(isinstance(block.get(name), str) for name in ("mime_type", "media_type"))
    if isinstance(kind, str) and kind not in _FILES and _SEEN.search(kind):  # image_embeds, Image_URL
        return len(block) > 1
    return (kind in _FILES or is_typed) and _has_source(block)


def _has_source(held: object, depth: int = 3) -> bool:
    if not isinstance(held, Mapping) or not depth:
        return False
    named = (held.get(name) for name in _SOURCES)
    found = any(isinstance(value, str | bytes | bytearray) and len(value) > 0 for value in named)
    # OpenAI's own address of a picture or a video may be the value itself.
    found = found or any(isinstance(held.get(name), str) for name in ("image_url", "video_url", "audio_url"))
    return found or any(_has_source(value, depth - 1) for value in held.values())


def make_attachment(block: Block) -> Attachment:
    """Return a block as an attachment, from which `load_block` makes the same block."""
    return Attachment(
        block=json.dumps(block, ensure_ascii=False, default=_dump_value),
        name=_find_name(block),
        media_type=_find_media_type(block),
    )


def load_block(block: str) -> dict[str, Any]:
    """Return an attachment's block, bytes in it included."""
    loaded: dict[str, Any] = json.loads(block, object_hook=_load_bytes)
    return loaded


def _find_name(held: Block, depth: int = 3) -> str:
    """Return what a block calls its file, else its address without a query, else its id."""
    for name in _NAMES:
        if isinstance(held.get(name), str) and held[name]:
            return str(held[name])
    inner = [value for value in held.values() if isinstance(value, Mapping)] if depth else []
    for within in inner:
        if found := _find_name(within, depth - 1):
            return found
    ids = ["id"] if held.get("source_type") == "id" else []  # others number the blocks of a message
    for name in ("url", "file_url", "file_uri", "image_url", "video_url", "audio_url", "file_id", *ids):
        value = held.get(name)
        if isinstance(value, str) and value and not value.lstrip().lower().startswith("data:"):
            return re.split(r"[?#]", value, maxsplit=1)[0]
    return ""


def _find_media_type(held: Block, depth: int = 3) -> str:
    for name in ("mime_type", "media_type"):
        if isinstance(held.get(name), str):
            return str(held[name])
    inner = [value for value in held.values() if isinstance(value, Mapping)] if depth else []
    return next(filter(None, (_find_media_type(value, depth - 1) for value in inner)), "")


def _dump_value(value: object) -> object:
    if isinstance(value, bytes | bytearray):
        return {_BYTES: True, "base64": base64.b64encode(value).decode()}
    return repr(value)


def _load_bytes(fields: dict[str, Any]) -> Any:  # noqa: ANN401  # whatever stood there
    return base64.b64decode(fields["base64"]) if fields.get(_BYTES) is True else fields

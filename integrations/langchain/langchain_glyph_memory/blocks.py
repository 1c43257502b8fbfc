"""Read what stands in a message's content: text, pictures, and what is neither.

Knows the shapes in which LangChain and its providers write content blocks; knows nothing about messages or pages.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from glyph_memory import Attachment, AttachmentPart, ImagePart, Part, Text
from langchain_glyph_memory.attached import PICTURES, Block, is_file, load_block, make_attachment

Content = str | list[str | dict[Any, Any]]
"""What a message may hold."""
REASONING = frozenset({"reasoning", "thinking", "redacted_thinking", "reasoning_content"})
"""Blocks that nobody is shown again: the way to an answer, not what was said."""
CALLS = frozenset(
    {"tool_use", "tool_call", "tool_call_chunk", "invalid_tool_call", "function_call", "input_json_delta"}
)
"""Blocks that repeat a message's tool calls in a provider's own words."""
TEXTS = frozenset({"text", "input_text", "output_text", "refusal", "text-plain"})
"""Blocks that are nothing but text."""
_DATA_URL = re.compile(r"\s*data:(?P<kind>[^,]*),", re.IGNORECASE)
_BASE64 = re.compile(r"(?:data:[^,\s]{0,100};base64,)?[A-Za-z0-9+/_%=\-\r\n]{256,}")
"""What is data rather than words: nobody can read it, and it would fill pages."""


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A text."""

    text: str
    is_inline: bool = True
    """Whether it may stand in one line with what is before and behind it."""


@dataclass(frozen=True, slots=True)
class PicturePiece:
    """An image with its bytes."""

    data: bytes
    """The encoded file."""


@dataclass(frozen=True, slots=True)
class AttachedPiece:
    """What cannot be drawn: a PDF, audio, video, a provider's id of a file, an image by its address."""

    attachment: Attachment
    """The block, and what to call it."""


Piece = TextPiece | PicturePiece | AttachedPiece


def read_pieces(content: Content | None, *, calls: frozenset[str] = frozenset()) -> Iterator[Piece]:
    """Yield the pieces of a message's content; only reasoning and repeated tool calls are left out.

    Args:
        content: The content.
        calls: Ids of the message's tool calls: blocks that repeat one of them are left out.
    """
    if isinstance(content, str):
        if content:
            yield TextPiece(content)
        return
    for block in content or ():
        piece = TextPiece(block) if isinstance(block, str) else _read_block(block, calls)
        if piece is not None:
            yield piece


def join_text(found: list[Piece], *, between: str) -> str:
    """Return the text of all pieces: `between` separates inline pieces, a line break all others."""
    text, runs_on = "", True
    for piece in found:
        if not isinstance(piece, TextPiece):
            continue
        gap = between if piece.is_inline and runs_on else "\n"
        text += (gap if text and not text.endswith("\n") else "") + piece.text
        runs_on = piece.is_inline
    return text


def image_block(image: ImagePart) -> dict[str, Any]:
    """Return an image as a standard block, without a random id that would make every request different."""
    return {"type": "image", "base64": image.base64, "mime_type": image.media_type}


def part_block(part: Part) -> dict[str, Any]:
    """Return a part of a context's message as a standard block, an attachment as the block that it was."""
    if isinstance(part, AttachmentPart):
        return load_block(part.block)
    return {"type": "text", "text": part.text} if isinstance(part, Text) else image_block(part)


def picture_block(data: bytes) -> dict[str, Any]:
    """Return an encoded image file as a standard block."""
    return {"type": "image", "base64": base64.b64encode(data).decode(), "mime_type": _media_type(data)}


def block_to_json(block: Block) -> str:
    """Return a block that cannot be shown as one line of JSON; long data is replaced by its length."""
    return json.dumps(_shorten_data(block), ensure_ascii=False, default=_to_repr)


def repeats_call(block: object, calls: frozenset[str]) -> bool:
    """Return whether a block repeats one of a message's tool calls."""
    if not isinstance(block, Mapping) or block.get("type") not in CALLS:
        return False
    return block.get("type") == "input_json_delta" or bool({block.get("id"), block.get("call_id")} & calls)


def brings_file(block: str | Block) -> bool:
    """Return whether a block is a picture or another file, and no words: servers take those from users only."""
    return not isinstance(block, str) and isinstance(
        _read_block(block, frozenset()), PicturePiece | AttachedPiece
    )


def _read_block(block: Block, calls: frozenset[str]) -> Piece | None:
    kind = block.get("type")
    if kind in TEXTS:
        return _read_text(block)
    if kind in REASONING or repeats_call(block, calls):
        return None
    if kind == "non_standard" and isinstance(block.get("value"), Mapping):
        piece = _read_block(block["value"], calls)
        return AttachedPiece(make_attachment(block)) if isinstance(piece, AttachedPiece) else piece
    return _read_words(block) or read_picture(block) or _read_other(block)


def is_remote_picture(block: Block) -> bool:
    """Return whether a block is a picture by its address, or by a file's id."""
    return block.get("type") in PICTURES and _find_source(block) is None and is_file(block)


def _read_other(block: Block) -> Piece:
    """Return what is no text and no picture at hand: a file, or a line of JSON that tells of the block."""
    if is_file(block):
        return AttachedPiece(make_attachment(block))
    return TextPiece(block_to_json(block), is_inline=False)


def _read_text(block: Block) -> Piece:
    text = block.get("refusal" if block["type"] == "refusal" else "text")
    if not isinstance(text, str):
        return TextPiece(block_to_json(block), is_inline=False)
    if block["type"] != "text-plain":
        return TextPiece(text)
    title = block.get("title")
    return TextPiece(f"{title}\n{text}" if isinstance(title, str) else text, is_inline=False)


def _read_words(block: Block) -> Piece | None:
    """Return a document that is given as plain text, which is text like any other."""
    source = block.get("source")
    if block.get("type") != "document" or not isinstance(source, Mapping) or source.get("type") != "text":
        return None
    title, text = block.get("title"), source.get("data")
    if not isinstance(text, str):
        return None
    return TextPiece(f"{title}\n{text}" if isinstance(title, str) else text, is_inline=False)


def read_picture(block: Block) -> PicturePiece | None:
    """Return a block's image, in any provider's format; None where the block is no image, or its data is elsewhere.

    Data that is broken, or empty, is a picture all the same, one that cannot be shown: whoever shows it says so.
    """
    source = _find_source(block)
    if source is None:
        return None
    if isinstance(source, bytes):
        return PicturePiece(source)
    try:
        return PicturePiece(base64.b64decode(_normalize_base64(source), altchars=b"-_"))
    except (binascii.Error, ValueError):
        return PicturePiece(source.encode("utf-8", "replace"))


def _find_source(block: Block) -> str | bytes | None:
    """Return an image's data, empty where there is none anywhere; None where it is elsewhere, or this is no image."""
    kind, media_type = block.get("type"), str(block.get("mime_type") or "")
    within = block.get("source") if isinstance(block.get("source"), Mapping) else None
    if kind not in PICTURES and not media_type.startswith("image/"):
        bedrock = block.get("image")  # {"image": {"format": "png", "source": {"bytes": …}}}
        if (
            kind is not None
            or not isinstance(bedrock, Mapping)
            or not isinstance(bedrock.get("source"), Mapping)
        ):
            return None
        within = bedrock["source"]
    address, is_named = block.get("image_url", block.get("url")), "image_url" in block
    if isinstance(address, Mapping):
        address = address.get("url")
    for held in (block, within or {}):
        for name in ("base64", "data", "bytes"):
            is_named = is_named or name in held
            if isinstance(held.get(name), str | bytes) and held[name]:
                found: str | bytes = held[name]
                return found
        address = address or held.get("url")
    if isinstance(address, str) and (begin := _DATA_URL.match(address)):
        data = unquote_to_bytes(address[begin.end() :])
        is_base64 = begin["kind"].strip().lower().endswith(";base64")
        return data.decode("utf-8", "replace") if is_base64 else data
    return b"" if is_named and not is_file(block) else None


def _normalize_base64(text: str) -> bytes:
    """Return base64 in the URL alphabet, without white space and with full padding."""
    plain = "".join(text.split()).rstrip("=").replace("+", "-").replace("/", "_").encode("ascii")
    if re.fullmatch(rb"[A-Za-z0-9_-]*", plain) is None:
        raise ValueError("no base64")
    return plain + b"=" * (-len(plain) % 4)


def _shorten_data(value: object) -> object:
    if isinstance(value, str):
        return _BASE64.sub(lambda data: f"<{len(data[0]):,} characters of data>", value)
    if isinstance(value, bytes | bytearray):
        return f"<{len(value):,} bytes>"
    if isinstance(value, Mapping):
        return {str(name): _shorten_data(held) for name, held in value.items()}
    return [_shorten_data(held) for held in value] if isinstance(value, list | tuple) else value


def _to_repr(value: object) -> str:
    return repr(value)


_SIGNATURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


def _media_type(data: bytes) -> str:
    """Return a file's media type, found from its first bytes."""
    if data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for begin, kind in _SIGNATURES.items() if data.startswith(begin)), "image/png")

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

from glyph_memory import ImagePart

Content = str | list[str | dict[Any, Any]]
"""What a message may hold."""
Block = Mapping[Any, Any]

REASONING = frozenset({"reasoning", "thinking", "redacted_thinking", "reasoning_content"})
"""Blocks that nobody is shown again: the way to an answer, not what was said."""
CALLS = frozenset(
    {"tool_use", "tool_call", "tool_call_chunk", "invalid_tool_call", "function_call", "input_json_delta"}
)
"""Blocks that repeat a message's tool calls in a provider's own words."""
TEXTS = frozenset({"text", "input_text", "output_text", "refusal", "text-plain"})
"""Blocks that are nothing but text."""
_PICTURES = frozenset({"image", "image_url", "input_image"})
_DATA_URL = re.compile(r"\s*data:(?P<type>[^;,]*)[^,]*;base64,", re.IGNORECASE)
_BASE64 = re.compile(r"(?:[^,]{0,100};base64,)?[A-Za-z0-9+/_\-\r\n]{256,}={0,2}\s*")
"""What is data rather than words: nobody can read it, and it would fill pages."""


@dataclass(frozen=True, slots=True)
class Said:
    """Text."""

    text: str
    runs_on: bool = True
    """Whether it may stand in one line with what is before and behind it."""


@dataclass(frozen=True, slots=True)
class Pictured:
    """A picture."""

    data: bytes
    """The encoded file."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A picture that is not at hand: an address, or a provider's id of a file."""

    text: str
    """The block as one line of JSON."""


Piece = Said | Pictured | Elsewhere


def pieces(content: Content | None, *, calls: frozenset[str] = frozenset()) -> Iterator[Piece]:
    """Read a message's content; nothing is dropped but reasoning, and calls that are told elsewhere.

    Args:
        content: The content.
        calls: Ids of the message's tool calls: blocks that repeat one of them are left out.
    """
    if isinstance(content, str):
        if content:
            yield Said(content)
        return
    for block in content or ():
        piece = Said(block) if isinstance(block, str) else _piece(block, calls)
        if piece is not None:
            yield piece


def joined(found: list[Piece], *, between: str) -> str:
    """Put the text of pieces together: `between` parts those that run on, a line break parts the others."""
    text, runs_on = "", True
    for piece in found:
        if isinstance(piece, Pictured):
            continue
        on = isinstance(piece, Said) and piece.runs_on
        gap = between if on and runs_on else "\n"
        text += (gap if text and not text.endswith("\n") else "") + piece.text
        runs_on = on
    return text


def image_block(image: ImagePart) -> dict[str, Any]:
    """Spell a picture as a standard block, without the random id that would change a request from call to call."""
    return {"type": "image", "base64": image.base64, "mime_type": image.media_type}


def picture_block(data: bytes) -> dict[str, Any]:
    """Spell an encoded file as a standard block."""
    return {"type": "image", "base64": base64.b64encode(data).decode(), "mime_type": _media_type(data)}


def told(block: Block) -> str:
    """Tell a block that cannot be shown, as one line of JSON; long runs of data are counted, not repeated."""
    return json.dumps(_readable(block), ensure_ascii=False, default=_odd)


def repeats_call(block: object, calls: frozenset[str]) -> bool:
    """Say whether a block repeats one of a message's tool calls."""
    if not isinstance(block, Mapping) or block.get("type") not in CALLS:
        return False
    return block.get("type") == "input_json_delta" or bool({block.get("id"), block.get("call_id")} & calls)


def _piece(block: Block, calls: frozenset[str]) -> Piece | None:
    kind = block.get("type")
    if kind in TEXTS:
        return _said(block)
    if kind in REASONING or repeats_call(block, calls):
        return None
    if kind == "non_standard" and isinstance(block.get("value"), Mapping):
        return _piece(block["value"], calls)
    return _picture(block) or Said(told(block), runs_on=False)


def _said(block: Block) -> Piece:
    text = block.get("refusal" if block["type"] == "refusal" else "text")
    if not isinstance(text, str):
        return Said(told(block), runs_on=False)
    if block["type"] != "text-plain":
        return Said(text)
    title = block.get("title")
    return Said(f"{title}\n{text}" if isinstance(title, str) else text, runs_on=False)


def _picture(block: Block) -> Piece | None:
    """Find a picture, whoever's way of writing one it is; None where the block is no picture."""
    source, where = _source(block)
    if source is not None:
        try:
            data = source if isinstance(source, bytes) else base64.b64decode(_padded(source), altchars=b"-_")
        except (binascii.Error, ValueError):
            return None
        return Pictured(data) if data else None
    if where or block.get("type") in _PICTURES:
        return Elsewhere(told(block))
    return None


def _source(block: Block) -> tuple[str | bytes | None, str]:
    """Give a picture's data, or else its address."""
    kind, media_type = block.get("type"), str(block.get("mime_type") or "")
    within = block.get("source") if isinstance(block.get("source"), Mapping) else None
    if kind not in _PICTURES and not media_type.startswith("image/"):
        bedrock = block.get("image")  # {"image": {"format": "png", "source": {"bytes": …}}}
        if (
            kind is not None
            or not isinstance(bedrock, Mapping)
            or not isinstance(bedrock.get("source"), Mapping)
        ):
            return None, ""
        within = bedrock["source"]
    address = block.get("image_url", block.get("url"))
    if isinstance(address, Mapping):
        address = address.get("url")
    for held in (block, within or {}):
        for name in ("base64", "data", "bytes"):
            if isinstance(held.get(name), str | bytes):
                return held[name], ""
        address = address or held.get("url")
    if isinstance(address, str) and (found := _DATA_URL.match(address)):
        return address[found.end() :], ""
    return None, address if isinstance(address, str) else ""


def _padded(text: str) -> bytes:
    """Give base64 in the URL's alphabet, without blanks and with all of its padding."""
    plain = "".join(text.split()).rstrip("=").replace("+", "-").replace("/", "_").encode("ascii")
    if re.fullmatch(rb"[A-Za-z0-9_-]*", plain) is None:
        raise ValueError("no base64")
    return plain + b"=" * (-len(plain) % 4)


def _readable(value: object) -> object:
    if isinstance(value, str):
        return f"<{len(value):,} characters of data>" if _BASE64.fullmatch(value) else value
    if isinstance(value, bytes | bytearray):
        return f"<{len(value):,} bytes>"
    if isinstance(value, Mapping):
        return {str(name): _readable(held) for name, held in value.items()}
    return [_readable(held) for held in value] if isinstance(value, list | tuple) else value


def _odd(value: object) -> str:
    return repr(value)


_SIGNATURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


def _media_type(data: bytes) -> str:
    """Tell a file's type by how it begins."""
    if data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for begin, kind in _SIGNATURES.items() if data.startswith(begin)), "image/png")

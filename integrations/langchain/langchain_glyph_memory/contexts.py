"""LangChain's messages as the context of a reader that runs in the same process.

Knows messages and their blocks; knows nothing about readers. The same messages make the same context, so that the keys
and values of a conversation's beginning are found again.
"""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from glyph_memory import (
    AttachmentPart,
    Context,
    Message,
    Part,
    Text,
    context_from_messages,
    image_part,
)
from langchain_glyph_memory.attached import load_block
from langchain_glyph_memory.blocks import (
    PicturePiece,
    Piece,
    TextPiece,
    is_remote_picture,
    join_text,
    read_pieces,
)
from langchain_glyph_memory.messages import find_speaker, list_tool_calls


def to_context(messages: Sequence[BaseMessage]) -> Context:
    """Return messages as a context: texts and pictures in their order, pictures byte for byte.

    A user's name stands before the user's last text. Reasoning is left out, as chat templates do.

    Raises:
        TurnError: A picture cannot be decoded.
        TypeError: A message says nothing, such as a `RemoveMessage`.
    """
    return context_from_messages(map(_to_message, messages))


def _to_message(message: BaseMessage) -> Message:
    role, name = find_speaker(message)
    calls = list_tool_calls(message)
    found = [*read_pieces(message.content, calls=frozenset(call.id for call in calls if call.id))]
    if all(isinstance(piece, TextPiece) for piece in found):
        parts: list[Part] = [Text(join_text(found, between="" if role == "assistant" else "\n"))]
    else:  # block by block, as servers' templates read it, and as pages are spelled for them
        parts = [*map(_to_part, found)]
    return Message(
        role=role,
        parts=_name_user(name, parts) if name and role == "user" else parts,
        tool_calls=calls,
        tool_call_id=getattr(message, "tool_call_id", None) if role == "tool" else None,
    )


def _to_part(piece: Piece) -> Part:
    if isinstance(piece, TextPiece):
        return Text(piece.text)
    if isinstance(piece, PicturePiece):
        return image_part(piece.data)
    told = piece.attachment
    return AttachmentPart(
        block=told.block,
        name=told.label,
        media_type=told.media_type,
        is_image=is_remote_picture(load_block(told.block)),
    )


def _name_user(name: str, parts: list[Part]) -> list[Part]:
    """Return parts with a name before the last text: what stands before it may be pages."""
    last = max((place for place, part in enumerate(parts) if isinstance(part, Text)), default=None)
    if last is None:
        return [Text(f"{name}:"), *parts]
    said = parts[last]
    named = Text(f"{name}: {said.text}" if isinstance(said, Text) else f"{name}:")
    return [*parts[:last], named, *parts[last + 1 :]]

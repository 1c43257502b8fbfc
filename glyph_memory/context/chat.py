"""Contexts of messages that somebody else wrote: `context_from_messages`, and `image_part` for their pictures.

Knows messages and image files; knows nothing about folding, and breaks no special tokens: whoever reads does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from glyph_memory.context.messages import AttachmentPart, Context, ImagePart, Message, Part, Text
from glyph_memory.context.pictures import decode_picture, explain_unshown
from glyph_memory.context.wording import (
    caption_recent_attachment,
    caption_recent_picture,
    end_recent_attachment,
    end_recent_pictures,
)
from glyph_memory.errors import TurnError


def image_part(data: bytes) -> ImagePart:
    """Return an encoded image file as a part: a PNG, JPEG, WEBP or GIF byte for byte, anything else as PNG.

    Args:
        data: The file.

    Raises:
        TurnError: It cannot be decoded, or has too many pixels.
    """
    picture = decode_picture(data)
    if picture is None:
        raise TurnError(f"a picture of {len(data):,} bytes cannot be shown: {explain_unshown(data)}")
    return ImagePart(data=picture.data, size=picture.size, media_type=picture.media_type)


def context_from_messages(messages: Iterable[Message]) -> Context:
    """Return a context of messages as they are, with the few changes that chat templates need.

    System messages that lead become one. Pictures and attachments of anyone but a user are shown by a user, after all
    results of the same calls: templates take them from nobody else. Texts before a picture of the first message after
    them count as its captions: they stay from one question to the next, so a reader may keep what it made of them. The
    same messages give the same context, and a conversation that grows keeps its prefix.

    Args:
        messages: In order; their pictures may stand anywhere.

    Example:
        >>> asked = [Message(role="system", parts="Be brief."), Message(role="user", parts="Hello.")]
        >>> [message.role for message in context_from_messages(asked).messages]
        ['system', 'user']
    """
    given = [*messages]
    led = next((place for place, one in enumerate(given) if one.role != "system"), len(given))
    head = (part for one in given[:led] for part in one.parts)
    joined = [Message(role="system", parts=head), *given[led:]] if led else given
    return Context(messages=tuple(_mark_captions([*_move_pictures(joined)])))


def _mark_captions(messages: Sequence[Message]) -> Iterator[Message]:
    """Yield the messages; in the first that is not the system's, texts before a picture are captions."""
    first = next((place for place, one in enumerate(messages) if one.role != "system"), None)
    for place, message in enumerate(messages):
        images = [number for number, part in enumerate(message.parts) if isinstance(part, ImagePart)]
        if place != first or not images:
            yield message
            continue
        parts = (
            replace(part, kind="caption") if isinstance(part, Text) and number < images[-1] else part
            for number, part in enumerate(message.parts)
        )
        yield replace(message, parts=tuple(parts))


def _move_pictures(messages: Sequence[Message]) -> Iterator[Message]:
    """Yield the messages; what is no text and not a user's is shown by the next user's message, or by a new one."""
    waiting: list[Part] = []
    for message, following in pairwise([*messages, None]):
        if message is None:  # for the checker's sake: only the last is none, and it comes second
            continue
        if message.role == "user":
            yield replace(message, parts=(*waiting, *message.parts)) if waiting else message
            waiting = []
            continue
        waiting += _show_beside(message)
        texts = (part for part in message.parts if isinstance(part, Text))
        yield message if message.is_text else replace(message, parts=tuple(texts))
        goes_on = following is not None and following.role in {"tool", "user", message.role}
        if waiting and not goes_on:
            yield Message(role="user", parts=waiting)
            waiting = []


def _show_beside(message: Message) -> Iterator[Part]:
    """Yield what is no text in a message, each under a line that says whose it is."""
    role = message.role
    images = [part for part in message.parts if isinstance(part, ImagePart)]
    for position, image in enumerate(images, 1):
        yield Text(caption_recent_picture(position, role), kind="caption")
        yield image
    if images:
        yield Text(end_recent_pictures(role), kind="caption")
    files = [part for part in message.parts if isinstance(part, AttachmentPart)]
    for position, file in enumerate(files, 1):
        yield Text(caption_recent_attachment(position, role, file.name), kind="caption")
        yield file
        yield Text(end_recent_attachment(position, role), kind="caption")

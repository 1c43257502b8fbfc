"""The `Context`: what is sent to a model, in stable order, and how it is spelled for a server.

Knows messages, text and pages; knows nothing about HTTP, and nothing about what was folded.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from glyph_memory.page import Page
from glyph_memory.transcript import Role, ToolCall


@dataclass(frozen=True, kw_only=True)
class ImagePart:
    """A picture in a message: an encoded file, sent byte for byte."""

    data: bytes = field(repr=False)
    """The encoded file."""
    size: tuple[int, int]
    """Width and height in pixels, for counting its tokens."""
    uuid: str | None = None
    """A key under which a server that takes one may cache the image; `None` where none should be sent."""
    media_type: str = "image/png"
    """Its MIME type."""

    @classmethod
    def of(cls, page: Page, *, uuid: str | None = None) -> ImagePart:
        """Encode a page as an image part; the same bytes are sent every time."""
        return cls(data=page.png(), size=page.size, uuid=uuid)

    @cached_property
    def base64(self) -> str:
        """The file in base64."""
        return b64encode(self.data).decode()

    @cached_property
    def data_url(self) -> str:
        """The file as a `data:` URL."""
        return f"data:{self.media_type};base64,{self.base64}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message of a chat: a role and its parts, text and pictures in the order they are read."""

    role: Role
    """Whose message it is; pictures ride in user messages only."""
    parts: tuple[str | ImagePart, ...]
    """Text and pictures."""
    tool_calls: tuple[ToolCall, ...] = ()
    """Tools that an assistant's message asks for."""
    tool_call_id: str | None = None
    """On a tool's message: which call it answers."""

    @property
    def text(self) -> str:
        """Its text parts joined, each beginning on a new line."""
        texts = [part for part in self.parts if isinstance(part, str)]
        return "".join(
            [*(text if text.endswith("\n") else f"{text}\n\n" for text in texts[:-1]), *texts[-1:]]
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What a reader is asked to look at.

    Example:
        >>> Context.of("Who signed?", pages=[]).messages[-1].role
        'user'
    """

    messages: tuple[Message, ...]
    """In the order they are sent."""
    defused: bool = False
    """Whether the model's special tokens are already broken wherever they stood in text; see `defuse`."""

    @classmethod
    def of(cls, question: str, *, pages: Sequence[Page], note: str = "") -> Context:
        """Return a context that asks a question about pages: a note, each page under its caption, the question.

        The question comes last so that everything before it stays the same from one question to the next, and a
        server's prefix cache holds.

        Args:
            question: Asked in plain text, never drawn.
            pages: In reading order.
            note: What the pages are; a sentence of our own where it is empty.
        """
        parts: list[str | ImagePart] = []
        if pages:
            parts.append(note or "The following images are pages of one text, in order.")
        for page in pages:
            parts += [f"Page {page.number}:", ImagePart.of(page)]
        return cls(messages=(Message(role="user", parts=(*parts, question)),))

    @property
    def images(self) -> tuple[ImagePart, ...]:
        """Every picture, in order."""
        return tuple(
            part for message in self.messages for part in message.parts if isinstance(part, ImagePart)
        )

    def to_openai(self) -> list[dict[str, Any]]:
        """Return the context as OpenAI chat-completions messages; images as `data:` URLs.

        A message that holds text alone is spelled as a plain string, which every server's template takes. An image's
        `uuid` stands beside it where it has one: vLLM caches the image under it.
        """
        return [_openai_message(message) for message in self.messages]


def _openai_message(message: Message) -> dict[str, Any]:
    spelled: dict[str, Any] = {"role": message.role}
    if all(isinstance(part, str) for part in message.parts):
        spelled["content"] = message.text
    else:
        spelled["content"] = [_openai_part(part) for part in message.parts]
    if message.tool_calls:
        spelled["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        spelled["tool_call_id"] = message.tool_call_id
    return spelled


def _openai_part(part: str | ImagePart) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    image: dict[str, Any] = {"type": "image_url", "image_url": {"url": part.data_url}}
    return image | ({"uuid": part.uuid} if part.uuid else {})

"""The `Context`: what is sent to a model, in stable order, and how it is spelled for a server.

Knows messages, text and pages; knows nothing about HTTP, and nothing about what was folded. Each part of a message says
what it is, so that whoever reads a context need not guess it from words.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any, Literal

from glyph_memory.context.losses import Loss
from glyph_memory.context.page_wording import explain_marks
from glyph_memory.context.wording import TEXT_NOTE, caption_document_page
from glyph_memory.locks import cached_property
from glyph_memory.page import Page
from glyph_memory.transcript import Role, ToolCall

TextKind = Literal["said", "note", "caption", "ledger", "sealed", "repeated"]
"""What a text is: someone's own words; a note of ours about what follows; the caption of the picture after it, or of
one that cannot be shown; the identifiers of a seal; sealed turns quoted instead of drawn; a sealed turn repeated."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text in a message, and what it is. What it is steers readers; it is not sent.

    Example:
        >>> Text("Who signed?")
        Text(text='Who signed?', kind='said')
    """

    text: str
    """Sent as it stands."""
    kind: TextKind = field(default="said", kw_only=True)
    """What it is; someone's own words unless told otherwise."""


@dataclass(frozen=True, kw_only=True)
class ImagePart:
    """A picture in a message: an encoded file, sent byte for byte. What it shows steers readers; it is not sent."""

    data: bytes = field(repr=False)
    """The encoded file."""
    size: tuple[int, int]
    """Width and height in pixels, for counting its tokens."""
    uuid: str | None = None
    """A key under which a server that takes one may cache the image; `None` where none should be sent."""
    media_type: str = "image/png"
    """Its MIME type."""
    kind: Literal["page", "picture"] = "picture"
    """Whether it is a page of text, or a picture that came with a turn."""
    number: int | None = None
    """The page's number, or the picture's place among those of its turn, from 1; `None` where it is not known."""
    anchors: tuple[int, int] | None = None
    """The first and the last turn on it; `None` where it shows no turns, or they are not known."""
    is_captioned: bool = False
    """Whether its caption is drawn on it: as its first line, and below a picture as its last, too."""
    digest: str = ""
    """SHA-256 of the pixels of a page, in hex, as whoever drew it knows it; empty for a picture. An image whose pixels
    have another one is no page of ours, whatever it shows."""

    @classmethod
    def of(cls, page: Page, *, uuid: str | None = None) -> ImagePart:
        """Encode a page as an image part; the same bytes are sent every time."""
        return cls(
            data=page.png(), size=page.size, uuid=uuid, kind="page", number=page.number, digest=page.digest
        )

    @cached_property
    def base64(self) -> str:
        """The file in base64."""
        return b64encode(self.data).decode()

    @property
    def data_url(self) -> str:
        """The file as a `data:` URL."""
        return f"data:{self.media_type};base64,{self.base64}"


@dataclass(frozen=True, kw_only=True)
class AttachmentPart:
    """Something in a message that cannot be drawn, such as a PDF or a picture by its address: sent as it came.

    Example:
        >>> AttachmentPart(block='{"type": "file", "file": {"file_id": "file-7"}}', name="contract.pdf").spelled
        {'type': 'file', 'file': {'file_id': 'file-7'}}
    """

    block: str = field(repr=False)
    """The content block, as JSON."""
    name: str = ""
    """What to call it."""
    media_type: str = ""
    """Its MIME type, where it is known."""
    tokens: int | None = None
    """What it costs, by an estimate; None where that cannot be told."""
    is_image: bool = False
    """Whether it is a picture by its address, which counts among a request's images."""

    @cached_property
    def spelled(self) -> dict[str, Any]:
        """The content block."""
        held: dict[str, Any] = json.loads(self.block)
        return held


Part = Text | ImagePart | AttachmentPart
"""A text, a picture or an attachment in a message."""
Parts = tuple[Part, ...]
"""Texts, pictures and attachments, in the order they are read."""


def count_bytes(part: Part) -> int:
    """Return about how much of memory a part holds: a file, or its name."""
    if isinstance(part, ImagePart):
        return len(part.data)
    return len(part.block) if isinstance(part, AttachmentPart) else 0


@dataclass(frozen=True, kw_only=True, slots=True, init=False)
class Message:
    """One message of a chat: a role and its parts, text and pictures in the order they are read.

    Args:
        role: Whose message it is.
        parts: Text, pictures and attachments; a plain string is taken as what was said, among them or alone.
        tool_calls: Tools that an assistant's message asks for.
        tool_call_id: On a tool's message: which call it answers.

    Example:
        >>> Message(role="user", parts=["Who signed?"]).parts
        (Text(text='Who signed?', kind='said'),)
    """

    role: Role
    """Whose message it is; pictures and attachments are in user messages only."""
    parts: Parts
    """Text, pictures and attachments."""
    tool_calls: tuple[ToolCall, ...]
    """Tools that an assistant's message asks for."""
    tool_call_id: str | None
    """On a tool's message: which call it answers."""

    # Written out, since it takes plain strings where the field holds `Text`.
    def __init__(
        self,
        *,
        role: Role,
        parts: str | Iterable[str | Part],
        tool_calls: tuple[ToolCall, ...] = (),
        tool_call_id: str | None = None,
    ) -> None:
        given = (parts,) if isinstance(parts, str) else parts
        typed = tuple(Text(part) if isinstance(part, str) else part for part in given)
        for name, value in (
            ("role", role),
            ("parts", typed),
            ("tool_calls", tool_calls),
            ("tool_call_id", tool_call_id),
        ):
            object.__setattr__(self, name, value)

    @property
    def text(self) -> str:
        """Its text parts joined, each beginning on a new line."""
        texts = [part.text for part in self.parts if isinstance(part, Text)]
        return "".join(
            [*(text if text.endswith("\n") else f"{text}\n\n" for text in texts[:-1]), *texts[-1:]]
        )

    @property
    def has_images(self) -> bool:
        """Whether it shows any picture."""
        return any(isinstance(part, ImagePart) for part in self.parts)

    @property
    def is_text(self) -> bool:
        """Whether it holds text alone."""
        return all(isinstance(part, Text) for part in self.parts)


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
    losses: tuple[Loss, ...] = ()
    """What is new and not shown as it came; the text says so, too."""

    @classmethod
    def of(
        cls, question: str, *, pages: Sequence[Page], note: str = "", identifiers: Sequence[str] = ()
    ) -> Context:
        """Return a context that asks a question about pages: a note, each page under its caption, the question.

        The question comes last so that everything before it stays the same from one question to the next, and a
        server's prefix cache holds.

        Args:
            question: Asked in plain text, never drawn.
            pages: In reading order.
            note: What the pages are; a sentence of our own where it is empty.
            identifiers: Of each page, the lines that stand below it, as `quote_identifiers` returns them.
        """
        marked = next((one for page in pages if (one := page.style) and one.newline_mark), None)
        told = " ".join(filter(None, [note or TEXT_NOTE, explain_marks(marked)]))
        parts: list[Part] = [Text(told, kind="note")] if pages else []
        for place, page in enumerate(pages):
            parts += [Text(f"{caption_document_page(page.number)}:", kind="caption"), ImagePart.of(page)]
            parts += [Text(one, kind="ledger") for one in identifiers[place : place + 1] if one]
        return cls(messages=(Message(role="user", parts=(*parts, Text(question))),))

    def stable_prefix(self) -> Context | None:
        """Return what stays the same from question to question, as it is sent; None where nothing is sealed or shown.

        The system message, and the message of pages up to the first words that are not about them. What follows may
        change with the next seal: repeated turns, recent turns, the question.

        Example:
            >>> Context.of("Who signed?", pages=[]).stable_prefix() is None
            True
        """
        first = next((place for place, one in enumerate(self.messages) if one.role != "system"), 0)
        shown = self.messages[first].parts if self.messages else ()
        kept = tuple(part for _, part in takewhile(_is_stable, enumerate(shown)))
        if all(isinstance(part, Text) and part.kind in {"note", "caption"} for part in kept):
            return None
        messages = (*self.messages[:first], replace(self.messages[first], parts=kept))
        return replace(self, messages=messages, losses=())

    @property
    def images(self) -> tuple[ImagePart, ...]:
        """Every picture, in order."""
        return tuple(
            part for message in self.messages for part in message.parts if isinstance(part, ImagePart)
        )

    @property
    def attachments(self) -> tuple[AttachmentPart, ...]:
        """Everything that cannot be drawn, in order."""
        return tuple(
            part for message in self.messages for part in message.parts if isinstance(part, AttachmentPart)
        )

    def to_openai(self) -> list[dict[str, Any]]:
        """Return the context as OpenAI chat-completions messages; images as `data:` URLs, attachments as they came.

        A message that holds text alone is spelled as a plain string, which every server's template takes. An image's
        `uuid` stands beside it where it has one: vLLM caches the image under it.
        """
        return [_openai_message(message) for message in self.messages]


def _is_stable(placed: tuple[int, Part]) -> bool:
    """Return whether a part of the first message is there at the next question, too: no words, none of their notes."""
    place, part = placed
    return (
        not isinstance(part, Text)
        or part.kind in {"caption", "ledger", "sealed"}
        or (part.kind == "note" and not place)
    )


def _openai_message(message: Message) -> dict[str, Any]:
    spelled: dict[str, Any] = {"role": message.role}
    if message.is_text:
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


def _openai_part(part: Part) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    if isinstance(part, AttachmentPart):
        return dict(part.spelled)
    image: dict[str, Any] = {"type": "image_url", "image_url": {"url": part.data_url}}
    return image | ({"uuid": part.uuid} if part.uuid else {})

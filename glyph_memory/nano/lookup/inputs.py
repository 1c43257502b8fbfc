"""Take a context apart into what is asked and where it can be looked up: images and texts.

Goes by what each part says that it is; reads neither words nor pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from glyph_memory.context import AttachmentPart, Context, ImagePart, Message, Text
from glyph_memory.nano.lookup.search_text import ReadImage
from glyph_memory.transcription import Transcription


@dataclass(frozen=True, kw_only=True, slots=True)
class ContextImage:
    """An image of a context."""

    data: bytes = field(repr=False)
    """The encoded file."""
    page: int | None
    """The page's number; its place where nothing is known of any image; None for a picture that is no page."""
    anchors: tuple[int, int] | None = None
    """The first and the last turn on it, where they are known."""
    name: str
    """What to call it."""
    is_captioned: bool = False
    """Whether its first line is a caption, and no part of the text."""
    is_known: bool = False
    """Whether anything is known of it: that it is a page, or whose picture it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """What a context holds: the question, images and texts."""

    question: str
    """What was asked last; empty where nothing was."""
    images: tuple[ContextImage, ...]
    """In order."""
    texts: tuple[tuple[str | None, str], ...]
    """What stands in it as text, but for captions, notes and the question; each with the role of whose it is, or None
    for what is spelled with anchors of its own."""
    attachments: tuple[str, ...] = ()
    """What came as a file, by name: nobody looks into it here."""

    @classmethod
    def from_context(cls, context: Context) -> Material:
        """Split a context into the question, its images and its texts."""
        asked = _locate_question(context.messages)
        images: list[ContextImage] = []
        texts: list[tuple[str | None, str]] = []
        for place, message in enumerate(context.messages):
            for number, part in enumerate(message.parts):
                if isinstance(part, ImagePart):
                    images.append(_label_image(part, len(images)))
                elif isinstance(part, AttachmentPart):
                    continue
                elif (place, number) != asked and _can_be_quoted(part):
                    texts.append((message.role if part.kind == "said" else None, part.text))
            texts += [(message.role, f"calls {call.name} {call.arguments}") for call in message.tool_calls]
        return cls(
            question=_question_text(context.messages, asked),
            images=_number_images(images),
            texts=tuple(texts),
            attachments=tuple(attached.name for attached in context.attachments),
        )


def _can_be_quoted(part: Text) -> bool:
    return part.kind not in {"note", "caption"} and bool(part.text.strip())


def _locate_question(messages: Sequence[Message]) -> tuple[int, int] | None:
    """Find the last thing that a user said; where nothing was, the last sealed turn that is repeated, the request."""
    for kind in ("said", "repeated"):
        for place, message in reversed([*enumerate(messages)]):
            if message.role != "user":
                continue
            for number, part in reversed([*enumerate(message.parts)]):
                if isinstance(part, Text) and part.kind == kind and part.text.strip():
                    return place, number
    return None


def _question_text(messages: Sequence[Message], asked: tuple[int, int] | None) -> str:
    part = messages[asked[0]].parts[asked[1]] if asked else None
    return part.text.strip() if isinstance(part, Text) else ""


def _label_image(part: ImagePart, place: int) -> ContextImage:
    page = part.number if part.kind == "page" else None
    name = f"picture {place + 1}" if page is None else f"page {page}"
    return ContextImage(
        data=part.data,
        page=page,
        anchors=part.anchors,
        name=name,
        is_captioned=part.is_captioned,
        is_known=part.number is not None or part.anchors is not None,
    )


def _number_images(images: Sequence[ContextImage]) -> tuple[ContextImage, ...]:
    """Number images by their place where nothing is known of any."""
    if any(image.is_known for image in images):
        return tuple(images)
    return tuple(replace(image, page=place, name=f"page {place}") for place, image in enumerate(images, 1))


def attach_transcription(shown: ContextImage, place: int, read: Transcription) -> ReadImage:
    """Join an image with its transcription; a caption that is drawn on a page is left out."""
    return ReadImage(
        read=read,
        image=place,
        page=shown.page,
        anchors=shown.anchors,
        skipped=int(shown.is_captioned and bool(read.lines)),
    )

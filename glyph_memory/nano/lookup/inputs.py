"""Take a context apart into what is asked and where it can be looked up: images and texts.

Goes by what each part says that it is, and by the digest in a page's caption; reads neither words nor pixels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from glyph_memory.context import AttachmentPart, Context, ImagePart, Message, Part, Text
from glyph_memory.context.pictures import caption_height_px
from glyph_memory.context.wording import names_digest
from glyph_memory.nano.lookup.search_text import ReadImage
from glyph_memory.transcription import Transcription

_CODE = re.compile(r"\(\w{4,8}\)$")
"""What a page's caption ends with, as it may be read."""


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
    position: int | None = None
    """Which of its turn's pictures it is, from 1, as its caption says; None for a page, and where no turn is known."""
    is_captioned: bool = False
    """Whether a caption is drawn on it, and no part of the text: above, and on a picture below, too."""
    digest: str = ""
    """Of the pixels of a page of ours; empty for a picture, and where the caption is another image's."""
    is_known: bool = False
    """Whether anything is known of it: that it is a page, or whose picture it is."""

    def as_picture(self, place: int) -> ContextImage:
        """Return it as a picture of whoever, since its pixels are not those of the page that it should be."""
        return replace(self, page=None, anchors=None, position=None, name=f"picture {place + 1}", digest="")


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
                    before = message.parts[number - 1] if number else None
                    images.append(_label_image(part, before, len(images)))
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


def _label_image(part: ImagePart, before: Part | None, place: int) -> ContextImage:
    page = part.number if part.kind == "page" else None
    position = part.number if page is None and part.anchors is not None else None
    name = f"picture {place + 1}" if page is None else f"page {page}"
    if position is not None and part.anchors is not None:
        name = f"picture {position} that came with §{part.anchors[0]}"
    return ContextImage(
        data=part.data,
        page=page,
        anchors=part.anchors,
        name=name,
        position=position,
        is_captioned=part.is_captioned,
        digest=part.digest if part.kind == "page" and _is_captioned_as(part, before) else "",
        is_known=part.number is not None or part.anchors is not None,
    )


def _is_captioned_as(part: ImagePart, before: Part | None) -> bool:
    """Return whether a page stands behind its own caption; pages that show no turns have none to check."""
    if part.anchors is None or part.is_captioned:
        return True
    return isinstance(before, Text) and before.kind == "caption" and names_digest(before.text, part.digest)


def _number_images(images: Sequence[ContextImage]) -> tuple[ContextImage, ...]:
    """Number images by their place where nothing is known of any."""
    if any(image.is_known for image in images):
        return tuple(images)
    return tuple(replace(image, page=place, name=f"page {place}") for place, image in enumerate(images, 1))


def attach_transcription(shown: ContextImage, place: int, read: Transcription) -> ReadImage:
    """Join an image with its transcription; captions that are drawn on it are left out."""
    above, below = _count_captions(shown, read)
    return ReadImage(
        read=read,
        image=place,
        page=shown.page,
        anchors=shown.anchors,
        position=shown.position,
        skipped=above,
        skipped_below=below,
        is_ours=bool(shown.digest),
    )


def _count_captions(shown: ContextImage, read: Transcription) -> tuple[int, int]:
    """Return how many lines of ours stand above an image's content, and below."""
    if not shown.is_captioned or not read.lines:
        return 0, 0
    if shown.page is not None:  # on a narrow page the caption takes more lines: up to its code
        ends = (place for place, line in enumerate(read.lines[:3], 1) if _CODE.search(line.text))
        return (1 if "(" in read.lines[0].text else next(ends, 1)), 0
    height = caption_height_px(read.size[0])
    middles = [(line.box[1] + line.box[3]) / 2 for line in read.lines]
    above = sum(1 for _ in takewhile(lambda middle: middle < height, middles))
    below = sum(
        1 for _ in takewhile(lambda middle: middle > read.size[1] - height, reversed(middles[above:]))
    )
    return above, below

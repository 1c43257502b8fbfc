"""Take a context apart into what is asked and where it can be looked up: images under their captions, and texts.

Knows how contexts are spelled; reads nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from glyph_memory.context import Context, ImagePart
from glyph_memory.context.assemble import GOES_ON
from glyph_memory.context.messages import Message
from glyph_memory.context.tail import OPENING
from glyph_memory.nano.lookup.search_text import ReadImage
from glyph_memory.transcription import Transcription

_PAGE = re.compile(
    r"(?:§(?P<first>\d+)(?:\s?[–-]\s?§(?P<last>\d+))?,\s)?page\s(?P<page>\d+)\s?:?", re.IGNORECASE
)
_PICTURE = re.compile(r"§(?P<first>\d+), its picture \d+:")
_LOST = re.compile(r"\(Picture \d+ (?:of this message|that came with the) .*\)")
_NOTE = "The images below are pages of this conversation's earlier turns"


@dataclass(frozen=True, kw_only=True, slots=True)
class ContextImage:
    """An image of a context."""

    data: bytes = field(repr=False)
    """The encoded file."""
    page: int | None
    """The number that its caption gives; its place where no image has a caption; None for a picture that is no page."""
    anchors: tuple[int, int] | None = None
    """The first and the last turn on it, where its caption says."""
    name: str
    """What to call it."""


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

    @classmethod
    def from_context(cls, context: Context) -> Material:
        """Split a context into the question, its images and its texts."""
        asked = _locate_question(context.messages)
        images: list[ContextImage] = []
        texts: list[tuple[str | None, str]] = []
        for place, message in enumerate(context.messages):
            caption = ""
            for number, part in enumerate(message.parts):
                if isinstance(part, ImagePart):
                    images.append(_label_image(part, caption, len(images)))
                    caption = ""
                elif _is_caption(part):
                    caption = part.strip()
                elif (place, number) != asked and not _is_note(message, number):
                    texts.append((None if part.startswith("§") else message.role, part))
            texts += [(message.role, f"calls {call.name} {call.arguments}") for call in message.tool_calls]
        return cls(
            question=_question_text(context.messages, asked),
            images=_number_images(images),
            texts=tuple(texts),
        )


def _is_note(message: Message, number: int) -> bool:
    """Return whether a part is not a message's text: blanks, or our own sentence about what follows."""
    part, after = message.parts[number], message.parts[number + 1 : number + 2]
    if not isinstance(part, str) or not part.strip() or part in {GOES_ON, OPENING} or part.startswith(_NOTE):
        return True
    return number == 0 and any(isinstance(next_part, str) and _is_caption(next_part) for next_part in after)


def _locate_question(messages: Sequence[Message]) -> tuple[int, int] | None:
    """Find the last text of the last user's message that has one."""
    for place in reversed(range(len(messages))):
        if messages[place].role == "user":
            for number, part in reversed([*enumerate(messages[place].parts)]):
                if isinstance(part, str) and not _LOST.fullmatch(part.strip()) and part.strip():
                    return place, number
    return None


def _question_text(messages: Sequence[Message], asked: tuple[int, int] | None) -> str:
    if asked is None:
        return ""
    said = messages[asked[0]].parts[asked[1]]
    return said.strip() if isinstance(said, str) and not _is_caption(said) else ""


def _is_caption(part: str) -> bool:
    text = part.strip()
    return bool(_PAGE.fullmatch(text) or _PICTURE.fullmatch(text) or _LOST.fullmatch(text))


def _label_image(part: ImagePart, caption: str, place: int) -> ContextImage:
    page, picture = _PAGE.fullmatch(caption), _PICTURE.fullmatch(caption)
    if page:
        first, last = page["first"], page["last"] or page["first"]
        anchors = (int(first), int(last)) if first else None
        return ContextImage(
            data=part.data, page=int(page["page"]), anchors=anchors, name=f"page {int(page['page'])}"
        )
    turn = int(picture["first"]) if picture else None
    anchors = None if turn is None else (turn, turn)
    return ContextImage(data=part.data, page=None, anchors=anchors, name=f"picture {place + 1}")


def _number_images(images: Sequence[ContextImage]) -> tuple[ContextImage, ...]:
    """Number images by their place where none has a caption."""
    if any(image.page is not None or image.anchors is not None for image in images):
        return tuple(images)
    return tuple(replace(image, page=place, name=f"page {place}") for place, image in enumerate(images, 1))


def attach_transcription(shown: ContextImage, place: int, read: Transcription) -> ReadImage:
    """Join an image with its transcription; a caption that is drawn above a page counts as one beside it."""
    drawn = _PAGE.fullmatch(read.lines[0].text.strip()) if read.lines else None
    if drawn is None or not drawn["first"]:
        return ReadImage(read=read, image=place, page=shown.page, anchors=shown.anchors)
    anchors = int(drawn["first"]), int(drawn["last"] or drawn["first"])
    return ReadImage(read=read, image=place, page=int(drawn["page"]), anchors=anchors, skipped=1)

"""What came with turns and cannot be drawn: what it is, what it costs, and what of it is sent once its turn is sealed.

Reads content blocks in anybody's words: OpenAI's, Anthropic's, Bedrock's, a framework's. Knows nothing about messages,
and opens and fetches nothing: what a block does not hold is not known.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import mimetypes
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from glyph_memory.context.cleaning import TextCleaner
from glyph_memory.context.losses import Loss
from glyph_memory.context.wording import caption_attachment, end_sealed_attachment
from glyph_memory.errors import ProfileError
from glyph_memory.folding import Fold, FoldPolicy, SealedAttachment
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import Attachment, Turn

UNSEEN_PX = (1024, 1024)
"""What a picture is taken for that is not at hand, and a page of a PDF: width and height in pixels."""
_PDF_PAGE_BYTES = 50_000
"""A PDF has a page for each so many bytes, where its pages cannot be counted."""

_KINDS = ("type", "block_type")
_MEDIA_TYPES = frozenset(
    {
        "mime_type",
        "media_type",
        "mimetype",
        "mimeType",
        "document_mimetype",
        "image_mimetype",
        "video_mimetype",
    }
)
_DATA = frozenset({"data", "base64", "bytes", "file_data", "image", "audio", "video", "document"})
_PIXELS = re.compile(r"image|video|photo|picture|pixel", re.IGNORECASE)
"""In a block's kind, a field's name or a media type: there is something to see."""
_PICTURES = re.compile(r"image|photo|picture|pixel", re.IGNORECASE)
_TEXTS = frozenset(
    {"application/json", "application/xml", "application/yaml", "application/x-yaml", "application/x-ndjson",
     "application/toml", "application/javascript", "application/sql"}
)  # fmt: skip
_DATA_URL = re.compile(r"\s*data:(?P<type>[^;,]*)[^,]*?(?P<base64>;base64)?,", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+")
_PDF_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")


def is_image(attachment: Attachment) -> bool:
    """Return whether an attachment could show pixels to a model: one more image of a request.

    A picture by its address or a file's id, a video, what goes by another name. Any sign of one is enough; what type it
    says it has besides changes nothing.
    """
    return _read_block(attachment).is_image


def estimate_tokens(
    attachment: Attachment, *, profile: ModelProfile, count: Callable[[str], int]
) -> int | None:
    """Estimate what an attachment costs; None where that cannot be told: audio, video, what is elsewhere.

    A picture that is not at hand counts as one of 1024 × 1024 pixels, text as the text that it is, a PDF as one such
    picture a page. Servers differ in what they make of a file, so this is never exact.

    Args:
        attachment: The attachment.
        profile: The model.
        count: Counts text.
    """
    block = _read_block(attachment)
    if block.is_picture:
        return _count_image(profile)
    if block.is_text:
        text = block.text if block.text is not None else block.decode()
        return (
            None
            if text is None
            else count(text if isinstance(text, str) else text.decode("utf-8", "replace"))
        )
    data = block.decode() if block.media_type in {"application/pdf", ""} else None
    if data is None or not (block.media_type or data.startswith(b"%PDF")):
        return None
    page_tokens = _count_image(profile)
    return None if page_tokens is None else page_tokens * _count_pdf_pages(data)


def describe_attachments(
    turns: Sequence[Turn],
    *,
    estimate: Callable[[Attachment], int | None],
    cleaner: TextCleaner,
    budget_tokens: int,
    budget_bytes: int | None = None,
    budget_images: int | None = None,
) -> tuple[SealedAttachment, ...]:
    """Return a run's attachments as they are sent once it is sealed: the cheapest within a budget, the others named.

    Args:
        turns: The run.
        estimate: Estimates what an attachment costs; what nobody can tell is sent, and costs nothing.
        cleaner: Spells names.
        budget_tokens: What all of them may take together.
        budget_bytes: How long all of them may be together; None where there is no limit.
        budget_images: How many pictures by their address may be among them; None where there is no limit.
    """
    found = [
        (turn.anchor or 0, position, attachment, estimate(attachment))
        for turn in turns
        for position, attachment in enumerate(turn.attachments, 1)
    ]
    left: list[int | None] = [budget_tokens, budget_bytes, budget_images]
    sent = set[int]()
    for place in sorted(range(len(found)), key=lambda place: found[place][3] or 0):
        _, _, attachment, estimated = found[place]
        takes = (estimated or 0, len(attachment.block), int(is_image(attachment)))
        if all(limit is None or used <= limit for used, limit in zip(takes, left, strict=True)):
            sent.add(place)
            left = [limit and limit - used for used, limit in zip(takes, left, strict=True)]
    return tuple(
        SealedAttachment(
            anchor=anchor,
            position=position,
            name=cleaner.clean_and_escape(attachment.label),
            is_sent=place in sent,
            tokens=estimated,
            bytes=len(attachment.block),
            is_image=is_image(attachment),
            digest=hashlib.sha256(attachment.block.encode("utf-8", "surrogatepass")).hexdigest(),
        )
        for place, (anchor, position, attachment, estimated) in enumerate(found)
    )


def caption_sealed(sealed: SealedAttachment) -> str:
    """Return the caption of a sealed turn's attachment, or the line that says that it is no longer sent."""
    return caption_attachment(sealed.anchor, sealed.position, sealed.name, is_sent=sealed.is_sent)


def end_attachment(sealed: SealedAttachment) -> str:
    """Return the line after a sealed turn's attachment that is sent, whatever it says it is; else nothing."""
    return end_sealed_attachment(sealed.anchor, sealed.position) if sealed.is_sent else ""


def list_left_out(fold: Fold, policy: FoldPolicy, *, told_by: str) -> tuple[Loss, ...]:
    """Return a loss for each attachment of a shown seal that is no longer sent; whoever is told by one is told once.

    Args:
        fold: The conversation.
        policy: Says how much there was room for.
        told_by: Stands for who tells it.
    """
    return tuple(
        Loss(
            kind="left out",
            anchor=one.anchor,
            message=_describe_loss(one, policy),
            once=f"{told_by} {seal.turns} {one.anchor} {one.position}",
        )
        for seal in fold.visible_seals
        for one in seal.attachments
        if not one.is_sent
    )


_LEFT_OUT = (
    "attachment {position} of §{anchor}, {name!r} (about {tokens:,} tokens), is no longer sent: its turn is sealed, "
    "and the attachments of a seal may take {room:,} tokens, and a quarter of what max_images and max_request_bytes "
    "allow. Raise attachments_tokens={dial} to keep it"
)


def _describe_loss(sealed: SealedAttachment, policy: FoldPolicy) -> str:
    return _LEFT_OUT.format(
        position=sealed.position,
        anchor=sealed.anchor,
        name=sealed.name,
        tokens=sealed.tokens or 0,
        room=policy.sealed_attachments_tokens,
        dial=policy.attachments_tokens,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Block:
    """What can be told of a content block."""

    media_type: str = ""
    signs: frozenset[str] = frozenset()
    """All that it says of what it is: kinds, media types, names of its fields."""
    source: str | None = field(default=None, repr=False)
    """Its data, in base64."""
    text: str | None = field(default=None, repr=False)
    """Its data, where that is text as it stands."""

    @property
    def is_image(self) -> bool:
        return any(map(_PIXELS.search, self.signs))

    @property
    def is_picture(self) -> bool:
        """Whether it is one picture, of which can be told what it costs."""
        return any(map(_PICTURES.search, self.signs))

    @property
    def is_text(self) -> bool:
        return self.media_type.startswith("text/") or self.media_type in _TEXTS

    def decode(self) -> bytes | None:
        """Return the data; None where there is none, or it is no base64."""
        plain = "".join((self.source or "").split()).rstrip("=")
        if _BASE64.fullmatch(plain) is None:
            return None
        try:
            return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_")
        except (binascii.Error, ValueError):
            return None


def _read_block(attachment: Attachment) -> _Block:
    """Return what a block says of itself; an attachment's own media type counts more, its name's ending less."""
    try:
        held: object = json.loads(attachment.block)
    except (ValueError, RecursionError):
        held = None
    media_type, source, text = attachment.media_type, None, None
    signs = {attachment.media_type, mimetypes.guess_type(attachment.name.partition("?")[0])[0] or ""}
    signs.update(_list_names(held))
    for name, value in _list_strings(held):
        if name in _KINDS:
            signs.add(value)
            text = text if value != "text" else ""  # its data is text as it stands
        elif name in _MEDIA_TYPES:
            media_type = media_type or value
            signs.add(value)
        elif (found := _DATA_URL.match(value)) is not None:
            media_type = media_type or found["type"]
            signs.add(found["type"])
            source = value[found.end() :] if found["base64"] else source
        elif name in _DATA:
            source = value
    if not media_type:
        media_type = mimetypes.guess_type(attachment.name.partition("?")[0])[0] or ""
    return _Block(
        signs=frozenset(signs),
        media_type=media_type.lower().partition(";")[0].strip(),
        source=source,
        text=None if text is None else source,
    )


def _list_strings(held: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield every string of a JSON value, with the name of the field that it stands in."""
    if isinstance(held, str):
        yield name, held
    elif isinstance(held, dict):
        for key, value in held.items():
            yield from _list_strings(value, str(key))
    elif isinstance(held, list):
        for value in held:
            yield from _list_strings(value, name)


def _list_names(held: object) -> Iterator[str]:
    """Yield the name of every field of a JSON value."""
    if isinstance(held, dict):
        yield from map(str, held)
    for value in held.values() if isinstance(held, dict) else held if isinstance(held, list) else ():
        yield from _list_names(value)


def _count_image(profile: ModelProfile) -> int | None:
    try:
        return max(profile.image_tokens(UNSEEN_PX, images=images) for images in (1, 2))
    except ProfileError:
        return None


def _count_pdf_pages(data: bytes) -> int:
    """Count a PDF's pages as far as they can be seen without unpacking it; else guess by its size."""
    return len(_PDF_PAGE.findall(data)) or max(1, len(data) // _PDF_PAGE_BYTES)

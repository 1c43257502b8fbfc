"""What is shown of each recent turn while room is being made, and whether that fits.

Knows what things cost; decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from glyph_memory.context.counting import TokenCounts
from glyph_memory.context.excerpts import Range
from glyph_memory.context.messages import AttachmentPart
from glyph_memory.context.new_pages import TurnPages
from glyph_memory.context.pictures import Picture, decode_picture
from glyph_memory.folding import RecentTurn
from glyph_memory.style import PageStyle
from glyph_memory.transcript import Turn

STUB_TOKENS = 176
"""What stands in place of a text that is shown on pages or in parts, at the most."""

Image = tuple[tuple[int, int], int]
"""An image that is sent: its width and height in pixels, and the length of its file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """What recent turns may take; None where there is no limit."""

    tokens: int
    """Tokens of text and images together."""
    images: int | None = None
    """How many pictures and pages."""
    pixels: int | None = None
    """Pixels of all of them."""
    bytes: int | None = None
    """Length of their files."""

    def holds_images(self, images: Iterable[Image]) -> bool:
        """Return whether images keep the limits on their number, pixels and bytes."""
        given = list(images)
        return (
            (self.images is None or len(given) <= self.images)
            and (self.pixels is None or sum(width * height for (width, height), _ in given) <= self.pixels)
            and (self.bytes is None or sum(size for _, size in given) <= self.bytes)
        )


@dataclass(kw_only=True, slots=True)
class ShownPicture:
    """A picture of a turn, as it is shown so far."""

    data: bytes
    """The file as it came."""
    picture: Picture | None
    """What is sent; None where it is left out."""
    size: tuple[int, int]
    """Width and height in pixels as it is sent."""
    tokens: int
    """What that costs."""
    is_scaled: bool = False
    """Whether it is smaller than it came."""
    is_refused: bool = False
    """Whether the model takes no such picture, or it cannot be decoded."""

    def show(self, picture: Picture, counts: TokenCounts) -> None:
        """Show a picture in its place."""
        self.picture, self.is_scaled = picture, True
        self.size, self.tokens = counts.sent_size(picture.size), counts.count_picture(picture.size)

    def leave_out(self) -> None:
        """Show it no longer."""
        self.picture, self.tokens = None, 0


@dataclass(kw_only=True, slots=True)
class ShownAttachment:
    """An attachment of a turn, as it is sent so far."""

    part: AttachmentPart
    """What it is."""
    is_sent: bool = True
    """Whether it is sent as it came; if not, a line says so."""

    @property
    def tokens(self) -> int:
        """What it costs, as far as that can be told."""
        return (self.part.tokens or 0) if self.is_sent else 0


@dataclass(kw_only=True, slots=True)
class ShownTurn:
    """A turn, as it is shown so far."""

    turn: Turn
    """The turn; arguments of its calls may be shortened."""
    is_new: bool
    """Whether the model has not answered it."""
    message_tokens: int
    """What its message and its calls take besides its text."""
    text_tokens: int
    """What its text takes, as it is shown."""
    pictures: list[ShownPicture]
    """Its pictures."""
    attachments: list[ShownAttachment]
    """Its attachments."""
    pages: TurnPages | None = None
    """Its text, or parts of it, as pages."""
    style: PageStyle | None = None
    """How these look."""
    ranges: tuple[Range, ...] | None = None
    """Which characters of the text are shown; None where all are."""
    excerpt: str | None = None
    """The text where only parts of it are shown, as text."""
    line_tokens: int = STUB_TOKENS
    """What the line takes that tells its pages."""
    is_shortened: bool = False
    """Whether its calls' arguments were shortened."""

    def show_as(self, other: ShownTurn) -> None:
        """Show its text as another one does, which was the same turn before."""
        self.pages, self.style, self.text_tokens = other.pages, other.style, other.text_tokens
        self.ranges, self.excerpt, self.line_tokens = other.ranges, other.excerpt, other.line_tokens

    @property
    def content_tokens(self) -> int:
        """What its text takes, as text or as pages."""
        return self.pages.tokens + self.line_tokens if self.pages is not None else self.text_tokens

    @property
    def tokens(self) -> int:
        """What all of it takes."""
        beside = sum(one.tokens for one in self.pictures) + sum(one.tokens for one in self.attachments)
        return self.message_tokens + self.content_tokens + beside

    @property
    def attached_bytes(self) -> int:
        """Length of the attachments that are sent of it."""
        return sum(len(one.part.block) for one in self.attachments if one.is_sent)

    @property
    def images(self) -> Iterator[Image]:
        """All pictures and pages that are sent of it; of those that the server loads the size is not known."""
        for attached in self.attachments:
            if attached.is_sent and attached.part.is_image:
                yield (0, 0), 0
        for one in self.pictures:
            if one.picture is not None:
                yield one.size, len(one.picture.data)
        for image in self.pages.images if self.pages else ():
            yield image.size, len(image.data)

    @property
    def is_changed(self) -> bool:
        """Whether its content is not sent as it came."""
        pictures = any(one.picture is None or one.is_scaled for one in self.pictures)
        pictures = pictures or not all(one.is_sent for one in self.attachments)
        return pictures or self.pages is not None or self.excerpt is not None


def show_turn(recent: RecentTurn, *, is_new: bool, text_tokens: int, counts: TokenCounts) -> ShownTurn:
    """Return a turn shown as it came."""
    return ShownTurn(
        turn=recent.turn,
        is_new=is_new,
        message_tokens=max(0, recent.total_tokens - text_tokens - _count_pictures(recent, counts)),
        text_tokens=text_tokens,
        pictures=[_show_picture(data, counts) for data in recent.turn.images],
        attachments=[
            ShownAttachment(part=counts.make_attachment_part(attached))
            for attached in recent.turn.attachments
        ],
    )


def holds_all(room: Room, shown: Sequence[ShownTurn]) -> bool:
    """Return whether turns fit into a room as they are shown."""
    attached = sum(one.attached_bytes for one in shown)
    room = room if room.bytes is None else replace(room, bytes=room.bytes - attached)
    return sum(one.tokens for one in shown) <= room.tokens and room.holds_images(
        image for one in shown for image in one.images
    )


def _show_picture(data: bytes, counts: TokenCounts) -> ShownPicture:
    picture = decode_picture(data)
    if picture is None or not counts.accepts_picture(picture.size):
        return ShownPicture(data=data, picture=None, size=(0, 0), tokens=0, is_refused=True)
    tokens, size = counts.count_picture(picture.size), counts.sent_size(picture.size)
    return ShownPicture(data=data, picture=picture, size=size, tokens=tokens)


def _count_pictures(recent: RecentTurn, counts: TokenCounts) -> int:
    attached = sum(counts.estimate_attachment(one) or 0 for one in recent.turn.attachments)
    return attached + sum(_show_picture(data, counts).tokens for data in recent.turn.images)

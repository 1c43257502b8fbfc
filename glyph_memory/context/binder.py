"""The `Binder`: binds runs of turns into pages for one model, counts what that costs, and writes contexts.

Joins fold, ledger and typeset. One binder may serve many conversations and threads at once.
"""

from __future__ import annotations

import copy
import hashlib
import json
from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from typing import Self

from glyph_memory.context.assemble import (
    Parts,
    caption,
    ledger_text,
    picture_caption,
    seal_parts,
    sealed_text_head,
)
from glyph_memory.context.cache import ImageCache, RecentImages
from glyph_memory.context.messages import ImagePart
from glyph_memory.context.pictures import SEALED_SIDE_PX, Picture, scaled, whole
from glyph_memory.context.quote import call_arguments, guarded, message_text, quoted, shown
from glyph_memory.context.tail import call_id
from glyph_memory.errors import FontError, ProfileError
from glyph_memory.fold import Bound, FoldPolicy, Seal, SealedPage, SealedPicture
from glyph_memory.ledger import Mention, mentions, write_ledger
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile, defuse
from glyph_memory.transcript import Transcript, Turn
from glyph_memory.typeset import compose, fingerprint, typeset

Occurrences = Callable[[Collection[str], int], Mapping[str, int]]
"""How often identifiers were said up to and including the turn with an anchor."""

BINDING = 1
"""Goes up whenever the same turns would be sealed, or a seal be sent, in another form than before."""

MESSAGE_TOKENS = 8
"""What a chat template puts round a message, at the most: begin, role, line breaks, end."""
CALL_TOKENS = 24
"""What it puts round a tool call, or we round a result whose call is gone."""
_PNG_BYTES = 2048
"""What a page's PNG file has at the most besides its pixels, if they do not compress at all. A seal's bytes are so
a limit that no encoder passes, and the same with every one."""
_PICTURE_TOKENS = 32
"""What we say about a recent turn's picture."""


class Binder:
    """Binds turns for one model: the `Costs` of a fold, and the parts of a context.

    Args:
        profile: The model, by name or as an object.
        style: How pages look; the released Glyph model's style with sides that the model does not rescale, unless
            another is given.
        policy: When to seal, and what may be spent; `FoldPolicy.for_profile` unless another is given.
        cache: Where encoded images are kept; in memory unless another is given.
        uuid_of: Gives the key under which a server may cache an image, from the image's digest; none unless given.

    Raises:
        ProfileError: No such model is known.
        PolicyError: The model's window is too small for a policy.
        FontError: The style's font is missing.
    """

    def __init__(
        self,
        profile: ModelProfile | str,
        *,
        style: PageStyle | None = None,
        policy: FoldPolicy | None = None,
        cache: ImageCache | None = None,
        uuid_of: Callable[[str], str] | None = None,
    ) -> None:
        self.profile = ModelProfile.named(profile) if isinstance(profile, str) else profile
        self.style = style or PageStyle.glyph().snapped(self.profile.snap_px)
        self.policy = policy or FoldPolicy.for_profile(self.profile)
        self.cache: ImageCache = RecentImages() if cache is None else cache  # an empty one may be falsy
        self._uuid_of = uuid_of if self.profile.image_uuids else None
        counter = self.profile.text_counter
        self.counter_name = counter.name
        self.count = lru_cache(maxsize=4096)(counter.count)
        self.fingerprint = self._fingerprint()
        self._occurrences: Occurrences | None = None

    def knowing(self, occurrences: Occurrences) -> Self:
        """Give a binder for one conversation, whose ledgers prefer what was said rarely so far."""
        one = copy.copy(self)
        one._occurrences = occurrences
        return one

    def clean(self, text: str) -> str:
        """Break the model's special tokens in a text."""
        return defuse(text, special_tokens=self.profile.special_tokens)

    def plain(self, text: str) -> str:
        """Break special tokens, and what could be taken for a line of ours."""
        return self.clean(guarded(text))

    def takes(self, size: tuple[int, int]) -> bool:
        """Say whether the model takes an image of that size."""
        try:
            return self.profile.image_tokens(size) <= self.policy.prompt_tokens // 4
        except ProfileError:
            return False

    # What the fold asks; see `Costs`.

    def text_tokens(self, turn: Turn) -> int:
        """Count what a turn takes as a message, its pictures not counted."""
        tokens = MESSAGE_TOKENS + self.count(self.clean(message_text(turn)))
        if turn.role == "tool":
            tokens += CALL_TOKENS + self.count(self.plain(turn.name or ""))
        for number, call in enumerate(turn.tool_calls):
            arguments = call_arguments(call.arguments, clean=self.plain), self.plain(call.arguments)
            # As a call or in words, whichever takes more; the id counts twice, since the result is sent with it, too.
            tokens += CALL_TOKENS + self.count(self.plain(call.name)) + max(map(self.count, arguments))
            tokens += 2 * self.count(self.plain(call_id(turn, number)))
        return tokens

    def said_tokens(self, turns: Sequence[Turn]) -> int:
        """Count what turns say, and nothing that stands round it."""
        calls = [call for turn in turns for call in turn.tool_calls]
        said = [*(self.clean(message_text(turn)) for turn in turns), *(call.name for call in calls)]
        return sum(map(self.count, [*said, *(call.arguments for call in calls)]))

    def picture_tokens(self, turn: Turn) -> int:
        """Count what a turn's pictures take while the turn is a message."""
        tokens = 0
        for data in turn.images:
            picture = whole(data)
            tokens += _PICTURE_TOKENS
            if picture is not None and self.takes(picture.size):
                # Alone in a request or not: one rule charges more for a lone image.
                tokens += max(self.profile.image_tokens(picture.size, images=images) for images in (1, 2))
        return tokens + MESSAGE_TOKENS

    def bind(self, turns: Sequence[Turn], *, first_page: int, ledger_tokens: int) -> Bound:
        """Draw a run as pages, choose its ledger, count both."""
        pages = tuple(self._sealed_page(page, anchors) for page, anchors in self._drawn(turns, first_page))
        found = mentions((turn.anchor or 0, _said(turn)) for turn in turns)
        listed = write_ledger(
            found,
            occurrences=self._known(found, turns[-1].anchor or 0),
            budget_tokens=ledger_tokens,
            count=lambda line: self.count(self.clean(line)),
        )
        anchors = [turn.anchor or 0 for turn in turns]
        text = [*map(caption, pages), ledger_text(anchors, listed.lines, listed.omitted)]
        pictures = self.shown_pictures(turns)
        text += map(picture_caption, pictures)
        return Bound(
            pages=pages,
            pictures=pictures,
            ledger=listed.lines,
            ledger_omitted=listed.omitted,
            tokens=sum(page.tokens for page in pages) + sum(self.count(self.clean(part)) for part in text),
        )

    def quoted_tokens(self, turns: Sequence[Turn]) -> int:
        """Count what a run takes as the text of a text seal."""
        captions = sum(self.count(picture_caption(picture)) for picture in self.shown_pictures(turns))
        return self.count(self._quoted(turns)) + captions

    def shown_pictures(self, turns: Sequence[Turn]) -> tuple[SealedPicture, ...]:
        """Give a run's pictures as they are shown once it is sealed."""
        return tuple(
            self._sealed_picture(scaled(data), turn.anchor or 0, position)
            for turn in turns
            for position, data in enumerate(turn.images, 1)
        )

    # What a context shows of a seal.

    def parts(self, seal: Seal, turns: Callable[[], Sequence[Turn]]) -> Parts:
        """Give what is sent of a seal, drawing what the cache has lost.

        Args:
            seal: The seal, of this binder's fingerprint.
            turns: Gives its turns; asked only if something has to be drawn or quoted.

        Raises:
            FontError: A page drawn again is not what it was; its fonts have changed unseen.
        """
        pictures = self._pictures(seal, turns)
        if seal.kind == "text":
            return (self._quoted(turns()), *seal_parts(seal, [], pictures))
        images = [self.cache.get(page.digest) for page in seal.pages]
        if any(image is None for image in images):
            images = self._again(seal, turns())
        pages = [
            ImagePart(data=image or b"", size=page.size, uuid=self._uuid(page.digest))
            for page, image in zip(seal.pages, images, strict=True)
        ]
        return tuple(
            self.clean(part) if isinstance(part, str) else part for part in seal_parts(seal, pages, pictures)
        )

    def pages(self, seal: Seal, turns: Sequence[Turn], *, style: PageStyle | None = None) -> list[Page]:
        """Draw a seal's pages, in another style if one is given."""
        first = seal.pages[0].number if seal.pages else 1
        return [page for page, _ in self._drawn(turns, first, style=style)]

    def _drawn(
        self, turns: Sequence[Turn], first_page: int, *, style: PageStyle | None = None
    ) -> list[tuple[Page, tuple[int, int]]]:
        """Draw turns; give each page and the anchors of the first and the last turn on it."""
        style, run = style or self.style, Transcript(tuple(map(shown, turns)))
        spans = compose(run, style=style).turns
        begins = [start for start, _ in spans]
        drawn = []
        for page in typeset(run, style=style, first_page=first_page):
            first, last = bisect_right(begins, page.start) - 1, bisect_right(begins, page.stop - 1) - 1
            drawn.append((page, (turns[first].anchor or 0, turns[last].anchor or 0)))
        return drawn

    def _again(self, seal: Seal, turns: Sequence[Turn]) -> list[bytes | None]:
        images: list[bytes | None] = []
        for sealed, page in zip(seal.pages, self.pages(seal, turns), strict=False):
            if page.digest != sealed.digest:
                break
            images.append(page.png())
            self.cache.put(page.digest, images[-1] or b"")
        if len(images) < len(seal.pages):
            raise FontError(
                f"page {seal.pages[len(images)].number} cannot be drawn as it was: fonts changed under the same name. "
                "Put them back, or fold anew"
            )
        return images

    def _sealed_page(self, page: Page, anchors: tuple[int, int]) -> SealedPage:
        self.cache.put(page.digest, page.png())
        return SealedPage(
            number=page.number,
            digest=page.digest,
            size=page.size,
            # A prompt holds more than one image sooner or later; one rule charges for a lone image otherwise.
            tokens=self.profile.image_tokens(page.size, images=2),
            bytes=len(page.pixels) + _PNG_BYTES,
            anchors=anchors,
            escapes=page.escapes,
        )

    def _sealed_picture(self, picture: Picture | None, anchor: int, position: int) -> SealedPicture:
        if picture is None or not self.takes(picture.size):
            return SealedPicture(anchor=anchor, position=position, size=None, tokens=0)
        return SealedPicture(
            anchor=anchor,
            position=position,
            size=picture.size,
            tokens=self.profile.image_tokens(picture.size, images=2),
            bytes=len(picture.data),
            digest=hashlib.sha256(picture.data).hexdigest(),
        )

    def _pictures(self, seal: Seal, turns: Callable[[], Sequence[Turn]]) -> list[ImagePart | None]:
        parts: list[ImagePart | None] = []
        for sealed in seal.pictures:
            if sealed.size is None:
                parts.append(None)
                continue
            data = self.cache.get(sealed.digest)
            if data is None:
                turn = next(turn for turn in turns() if turn.anchor == sealed.anchor)
                picture = scaled(turn.images[sealed.position - 1])
                if picture is None:  # this machine's decoders take less than those it was sealed with
                    parts.append(None)
                    continue
                data = picture.data
                self.cache.put(sealed.digest, data)
            media_type = "image/jpeg" if data.startswith(b"\xff\xd8") else "image/png"
            parts.append(
                ImagePart(data=data, size=sealed.size, uuid=self._uuid(sealed.digest), media_type=media_type)
            )
        return parts

    def _quoted(self, turns: Sequence[Turn]) -> str:
        anchors = [turn.anchor or 0 for turn in turns]
        return sealed_text_head(anchors) + self.clean(quoted(turns))

    def _known(self, found: Sequence[Mention], upto: int) -> Mapping[str, int]:
        if self._occurrences is None:
            return {}
        return self._occurrences([mention.identifier.text for mention in found], upto)

    def _uuid(self, digest: str) -> str | None:
        return self._uuid_of(digest) if self._uuid_of else None

    def _fingerprint(self) -> str:
        profile = replace(self.profile, tokenizer=None)
        parts = {
            "binding": BINDING,
            "policy": asdict(self.policy),
            "typeset": fingerprint(self.style),
            "profile": repr(profile),
            "counter": self.counter_name,
            "pictures": SEALED_SIDE_PX,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _said(turn: Turn) -> str:
    """Give all words of a turn as it is shown."""
    turn = shown(turn)
    calls = (f"\n{call.name} {call.arguments}" for call in turn.tool_calls)
    return f"{turn.text}{''.join(calls)}"

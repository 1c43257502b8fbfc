"""The `PageDrawer`: draws runs of turns as pages, keeps their files, and draws again what was lost.

Knows typeset and the cache; knows nothing about what text costs, nor about messages.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Sequence

from glyph_memory.context.cache import ImageCache
from glyph_memory.context.cleaning import drop_reasoning
from glyph_memory.context.messages import ImagePart
from glyph_memory.context.pictures import Picture, scale_picture
from glyph_memory.context.wording import caption_page
from glyph_memory.errors import FontError
from glyph_memory.folding import Seal, SealedPage, SealedPicture
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import Transcript, Turn
from glyph_memory.typesetting import add_caption, compose, typeset

_PNG_BYTES = 2048
"""What a page's PNG file has at the most besides its pixels, if they do not compress at all. A seal's bytes are so
a limit that no encoder passes, and the same with every one."""


class PageDrawer:
    """Draws pages for one model and one style.

    Args:
        profile: The model, for what an image costs.
        style: How pages look.
        cache: Where files are kept.
        takes: Says whether the model takes an image of a size.
        uuid_of: Gives the key under which a server may cache an image, from its digest.
        captioned: Whether pages carry their caption themselves.
    """

    def __init__(
        self,
        profile: ModelProfile,
        style: PageStyle,
        cache: ImageCache,
        *,
        takes: Callable[[tuple[int, int]], bool],
        uuid_of: Callable[[str], str] | None,
        captioned: bool,
    ) -> None:
        self._profile, self._style, self._cache = profile, style, cache
        self._takes, self._uuid_of, self._captioned = takes, uuid_of, captioned

    def draw(
        self, turns: Sequence[Turn], first_page: int, *, style: PageStyle | None = None
    ) -> list[tuple[Page, tuple[int, int]]]:
        """Draw turns; return each page with the anchors of the first and the last turn on it."""
        style, run = style or self._style, Transcript(tuple(map(drop_reasoning, turns)))
        begins = [start for start, _ in compose(run, style=style).turns]
        drawn = []
        for page in typeset(run, style=style, first_page=first_page):
            first, last = bisect_right(begins, page.start) - 1, bisect_right(begins, page.stop - 1) - 1
            anchors = turns[first].anchor or 0, turns[last].anchor or 0
            if self._captioned:
                page = add_caption(page, caption_page(page.number, anchors), style=style)  # noqa: PLW2901 - the same page
            drawn.append((page, anchors))
        return drawn

    def draw_sealed_pages(self, turns: Sequence[Turn], first_page: int) -> tuple[SealedPage, ...]:
        """Draw turns, store the page files, and return a description of each page."""
        return tuple(self._store_page(page, anchors) for page, anchors in self.draw(turns, first_page))

    def draw_images(self, turns: Sequence[Turn], first_page: int, *, style: PageStyle) -> list[ImagePart]:
        """Draw turns as image parts; nothing is stored."""
        return [
            ImagePart(
                data=page.png(),
                size=page.size,
                uuid=self._uuid(page.digest),
                kind="page",
                number=page.number,
                anchors=anchors,
                is_captioned=self._captioned,
            )
            for page, anchors in self.draw(turns, first_page, style=style)
        ]

    def load_page_images(self, seal: Seal, turns: Callable[[], Sequence[Turn]]) -> list[ImagePart]:
        """Return a seal's pages as image parts, drawn again where the cache has lost one.

        Raises:
            FontError: A page drawn again is not what it was; its fonts have changed unseen.
        """
        files = [self._cache.get(page.digest) for page in seal.pages]
        if any(file is None for file in files):
            files = self._redraw_pages(seal, turns())
        return [
            ImagePart(
                data=file or b"",
                size=page.size,
                uuid=self._uuid(page.digest),
                kind="page",
                number=page.number,
                anchors=page.anchors,
                is_captioned=self._captioned,
            )
            for page, file in zip(seal.pages, files, strict=True)
        ]

    def describe_pictures(self, turns: Sequence[Turn]) -> tuple[SealedPicture, ...]:
        """Return a run's pictures as they are sent once it is sealed: scaled, counted, by digest."""
        return tuple(
            self._sealed_picture(scale_picture(data), turn.anchor or 0, position)
            for turn in turns
            for position, data in enumerate(turn.images, 1)
        )

    def load_pictures(self, seal: Seal, turns: Callable[[], Sequence[Turn]]) -> list[ImagePart | None]:
        """Return a seal's pictures as image parts; None where one cannot be shown."""
        parts: list[ImagePart | None] = []
        for sealed in seal.pictures:
            if sealed.size is None:
                parts.append(None)
                continue
            data = self._cache.get(sealed.digest)
            if data is None:
                turn = next(turn for turn in turns() if turn.anchor == sealed.anchor)
                picture = scale_picture(turn.images[sealed.position - 1])
                if picture is None:  # this machine's decoders take less than those it was sealed with
                    parts.append(None)
                    continue
                data = picture.data
                self._cache.put(sealed.digest, data)
            media_type = "image/jpeg" if data.startswith(b"\xff\xd8") else "image/png"
            parts.append(
                ImagePart(
                    data=data,
                    size=sealed.size,
                    uuid=self._uuid(sealed.digest),
                    media_type=media_type,
                    number=sealed.position,
                    anchors=(sealed.anchor, sealed.anchor),
                )
            )
        return parts

    def _redraw_pages(self, seal: Seal, turns: Sequence[Turn]) -> list[bytes | None]:
        files: list[bytes | None] = []
        drawn = self.draw(turns, seal.pages[0].number)
        for sealed, (page, _) in zip(seal.pages, drawn, strict=False):
            if page.digest != sealed.digest:
                break
            files.append(page.png())
            self._cache.put(page.digest, files[-1] or b"")
        if len(files) < len(seal.pages):
            raise FontError(
                f"page {seal.pages[len(files)].number} cannot be drawn as it was: fonts changed under the same name. "
                "Put them back, or fold anew"
            )
        return files

    def _store_page(self, page: Page, anchors: tuple[int, int]) -> SealedPage:
        self._cache.put(page.digest, page.png())
        return SealedPage(
            number=page.number,
            digest=page.digest,
            size=page.size,
            # A prompt holds more than one image sooner or later; one rule charges for a lone image otherwise.
            tokens=self._profile.image_tokens(page.size, images=2),
            bytes=len(page.pixels) + _PNG_BYTES,
            anchors=anchors,
            escapes=page.escapes,
        )

    def _sealed_picture(self, picture: Picture | None, anchor: int, position: int) -> SealedPicture:
        if picture is None or not self._takes(picture.size):
            return SealedPicture(anchor=anchor, position=position, size=None, tokens=0)
        return SealedPicture(
            anchor=anchor,
            position=position,
            size=picture.size,
            tokens=self._profile.image_tokens(picture.size, images=2),
            bytes=len(picture.data),
            digest=hashlib.sha256(picture.data).hexdigest(),
        )

    def _uuid(self, digest: str) -> str | None:
        return self._uuid_of(digest) if self._uuid_of else None

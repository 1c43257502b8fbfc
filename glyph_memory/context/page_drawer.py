"""The `PageDrawer`: draws runs of turns as pages, keeps their files, and draws again what was lost.

Knows typeset and the cache; knows nothing about what text costs, nor about messages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import repeat

from PIL import Image

from glyph_memory.context.cache import ImageCache, get_images
from glyph_memory.context.decay_rule import OLD
from glyph_memory.context.kind_styles import KindStyles
from glyph_memory.context.messages import ImagePart
from glyph_memory.context.options import PageOptions
from glyph_memory.context.pictures import CAPTION_PX, Picture, put_captions, scale_picture
from glyph_memory.context.run_drawer import RunDrawer
from glyph_memory.context.wording import END_ON_PICTURE, caption_picture
from glyph_memory.errors import FontError
from glyph_memory.folding import PageCapacity, Seal, SealedPage, SealedPicture
from glyph_memory.locks import cached_property
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.telemetry import count, open_span
from glyph_memory.transcript import Turn
from glyph_memory.typesetting import iter_pages, name_layout, typeset

_PNG_BYTES = 2048
"""What a page's PNG file has at the most besides its pixels, if they do not compress at all. A seal's bytes are so
a limit that no encoder passes, and the same with every one."""
_CAPTION = replace(PageStyle.glyph(), page_width_pt=CAPTION_PX[0] * 4, margin_x_pt=4, margin_y_pt=8)
"""How a picture's caption looks."""

_PROSE = (
    "The harbour was quiet when the first boats came in, and nobody on the quay expected more than a few crates of "
    "fish. By noon the market had opened, prices were called across the square, and the clerk wrote every one of them "
    "into her book. She had done so for thirty years: what stood in it was seldom asked for, and was always right.\n"
)
"""Ordinary prose, to measure what a page holds; nobody reads it."""


class PageDrawer:
    """Draws pages for one model and one style.

    Args:
        options: For which model, in which style, with which captions and canaries.
        cache: Where files are kept.
        takes: Says whether the model takes an image of a size.
        uuid_of: Gives the key under which a server may cache an image, from its digest.
        kinds: The styles of kinds of text, where a calibration has several.
        show_turn: Returns a turn with the text that is drawn of it.
        old_style: How pages look that have grown old; None where none do.
    """

    def __init__(
        self,
        options: PageOptions,
        cache: ImageCache,
        *,
        takes: Callable[[tuple[int, int]], bool],
        uuid_of: Callable[[str], str] | None,
        kinds: KindStyles | None,
        show_turn: Callable[[Turn], Turn],
        old_style: PageStyle | None = None,
    ) -> None:
        self._profile, self._style, self._cache = options.profile, options.page_style, cache
        self._takes, self._captioned = takes, options.captions == "page"
        self._uuid_of = uuid_of if options.profile.image_uuids else None
        self.runs = RunDrawer(
            self._style,
            image_tokens=self._count_tokens,
            captioned=self._captioned,
            kinds=kinds,
            show_turn=show_turn,
            canaries=options.canaries,
            old_style=old_style,
        )
        """Draws runs, and keeps nothing."""
        self._old_style = old_style
        self._capacity: PageCapacity | None = None

    def draw_sealed_pages(
        self, turns: Sequence[Turn], first_page: int, *, is_old: bool = False
    ) -> tuple[tuple[SealedPage, ...], str]:
        """Draw turns, store the page files, and return a description of each page, and how they are laid out.

        Args:
            turns: The run.
            first_page: The number of its first page.
            is_old: Whether it has grown old, and is drawn in the style of that.
        """
        stored, layout, runs = list[SealedPage](), "", self.runs
        draw = runs.draw_old if is_old else runs.draw_cheapest
        with open_span("pages.draw", use="seal") as span:
            for page, anchors in draw(turns, first_page):
                stored.append(self._store_page(page, anchors, kind=OLD if is_old else runs.name_kind(page)))
                layout = name_layout(page.style or self._style, self._style)
            span.set(pages=len(stored), page_tokens=sum(page.tokens for page in stored))
        count("pages.drawn", len(stored), use="seal")
        if any(page.kind for page in stored):
            layout = "denser" if is_old else "mixed"
        if len(stored) == 1:  # it may be the only image of a prompt, for which one model's rule charges more
            alone = self._profile.image_tokens(stored[0].size, images=1)
            stored = [replace(stored[0], tokens=max(alone, stored[0].tokens))]
        return tuple(stored), layout

    def draw_images(self, turns: Sequence[Turn], first_page: int, *, style: PageStyle) -> list[ImagePart]:
        """Draw turns as image parts; nothing is stored."""
        with open_span("pages.draw", use="request") as span:
            images = [
                ImagePart(
                    data=page.png(),
                    size=page.size,
                    uuid=self._uuid(page.digest),
                    kind="page",
                    number=page.number,
                    anchors=anchors,
                    is_captioned=self._captioned,
                    digest=page.digest,
                )
                for page, anchors in self.runs.draw(turns, first_page, style=style)
            ]
            span.set(pages=len(images), page_tokens=sum(self._count_tokens(image.size) for image in images))
        count("pages.drawn", len(images), use="request")
        return images

    def load_page_images(self, seal: Seal, turns: Callable[[], Sequence[Turn]]) -> list[ImagePart]:
        """Return a seal's pages as image parts, drawn again where the cache has lost one.

        Raises:
            FontError: A page drawn again is not what it was; its fonts have changed unseen.
        """
        files = get_images(self._cache, [page.digest for page in seal.pages])
        if any(file is None for file in files):
            files = self._redraw_pages(seal, turns(), files)
        return [
            ImagePart(
                data=file or b"",
                size=page.size,
                uuid=self._uuid(page.digest),
                kind="page",
                number=page.number,
                anchors=page.anchors,
                is_captioned=self._captioned,
                digest=page.digest,
            )
            for page, file in zip(seal.pages, files, strict=True)
        ]

    def measure_page(self) -> PageCapacity:
        """Return what a page full of prose holds and costs, without a caption."""
        if self._capacity is None:
            self._capacity = self._measure(self._style)
        return self._capacity

    @cached_property
    def old_share(self) -> float:
        """What a character costs on a page that has grown old, of what it costs on a new one: of prose."""
        if self._old_style is None:
            return 1.0
        old, new = self._measure(self._old_style), self.measure_page()
        return (old.tokens / old.characters) / (new.tokens / new.characters)

    def _measure(self, style: PageStyle) -> PageCapacity:
        page = next(iter_pages(repeat(_PROSE), style=style, image_tokens=self._count_tokens))
        return PageCapacity(
            characters=len(page.text),
            tokens=self._profile.image_tokens(page.size, images=2),
            pixels=page.size[0] * page.size[1],
            bytes=len(page.pixels) + _PNG_BYTES,
        )

    def describe_pictures(self, turns: Sequence[Turn]) -> tuple[SealedPicture, ...]:
        """Return a run's pictures as they are sent once it is sealed: scaled, counted, by digest."""
        return tuple(
            self._sealed_picture(
                self._scale_picture(data, turn.anchor or 0, position), turn.anchor or 0, position
            )
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
                picture = self._scale_picture(
                    turn.images[sealed.position - 1], sealed.anchor, sealed.position
                )
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
                    is_captioned=self._captioned,
                )
            )
        return parts

    def frame_picture(self, picture: Picture, caption: str) -> Picture:
        """Return a picture between lines of ours, where pages carry theirs: a picture may be drawn like a page."""
        if not self._captioned:
            return picture
        return put_captions(
            picture, above=_draw_line(caption.strip().strip("():")), below=_draw_line(END_ON_PICTURE)
        )

    def _scale_picture(self, data: bytes, anchor: int, position: int) -> Picture | None:
        """Return a sealed turn's picture as it is sent."""
        picture = scale_picture(data)
        if picture is None:
            return None
        return self.frame_picture(picture, caption_picture(anchor, position, is_shown=True))

    def _redraw_pages(
        self, seal: Seal, turns: Sequence[Turn], files: Sequence[bytes | None]
    ) -> list[bytes | None]:
        """Return a seal's page files, those drawn again that are None."""
        redrawn = list[bytes | None]()
        with open_span("pages.draw", use="again") as span:
            for sealed, file, (page, _) in zip(
                seal.pages, files, self.runs.redraw(seal, turns), strict=False
            ):
                if file is None:
                    if page.digest != sealed.digest:
                        break
                    file = page.png()  # noqa: PLW2901 - the same page's
                    self._cache.put(page.digest, file)
                redrawn.append(file)
            span.set(pages=len(redrawn), page_tokens=sum(page.tokens for page in seal.pages[: len(redrawn)]))
        count("pages.drawn", len(redrawn), use="again")
        if len(redrawn) < len(seal.pages):
            raise FontError(
                f"page {seal.pages[len(redrawn)].number} cannot be drawn as it was: fonts changed under the same name. "
                "Put them back, or fold anew"
            )
        return redrawn

    def _store_page(self, page: Page, anchors: tuple[int, int], *, kind: str) -> SealedPage:
        self._cache.put(page.digest, page.png())
        return SealedPage(
            number=page.number,
            digest=page.digest,
            size=page.size,
            tokens=self._count_tokens(page.size),
            bytes=len(page.pixels) + _PNG_BYTES,
            anchors=anchors,
            escapes=page.escapes,
            kind=kind,
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

    def _count_tokens(self, size: tuple[int, int]) -> int:
        return self._profile.image_tokens(size, images=2)

    def _uuid(self, digest: str) -> str | None:
        return self._uuid_of(digest) if self._uuid_of else None


@lru_cache(maxsize=256)
def _draw_line(caption: str) -> Image.Image:
    """Draw a picture's caption: one line, as wide as a caption may be."""
    words = typeset(caption, style=_CAPTION)[0].image
    line = Image.new("L", CAPTION_PX, "white")
    line.paste(words.convert("L"))  # what is too long is cut
    return line

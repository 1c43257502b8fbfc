"""The `Binder`: binds runs of turns into pages for one model, and counts what that and text cost.

Joins fold, ledger and typeset. One binder may serve many conversations and threads at once.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Self, Unpack
from uuid import uuid4

from glyph_memory.context.attachments import describe_attachments
from glyph_memory.context.cache import ImageCache, ReuseCache
from glyph_memory.context.calibrated import warn_of_calibration
from glyph_memory.context.cleaning import TextCleaner
from glyph_memory.context.counting import TokenCounts
from glyph_memory.context.decay_rule import DecayRule, build_old_style
from glyph_memory.context.fingerprint import make_fingerprint
from glyph_memory.context.identifiers import Occurrences, choose_identifiers
from glyph_memory.context.kind_styles import KindStyles
from glyph_memory.context.messages import ImagePart, Parts
from glyph_memory.context.new_pages import NewTurnDrawer
from glyph_memory.context.option_fields import Captions, PageOptionFields
from glyph_memory.context.options import PageOptions
from glyph_memory.context.page_drawer import PageDrawer
from glyph_memory.context.page_keeper import PageKeeper
from glyph_memory.context.pictures import decode_picture, size_with_captions
from glyph_memory.context.seal_parts import write_parts
from glyph_memory.context.seal_text import (
    caption_page_of,
    list_captions,
    list_identifiers,
    name_run,
    quote_run,
)
from glyph_memory.context.wording import caption_page
from glyph_memory.folding import (
    DrawnRun,
    PageCapacity,
    Seal,
    SealedAttachment,
    SealedPicture,
    describe_calls,
    run_digest,
)
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import Turn

if TYPE_CHECKING:
    from glyph_memory.ledger import Ledger

_RUNS = 2_048
"""How many runs are remembered, without their pictures: a history that is folded anew has the same ones."""


class Binder:
    """Makes pages of turns for one model, counts what they cost, and gives the parts of a context.

    It is the `Costs` that a fold asks.

    Args:
        profile: The model, by name or as an object; another way to give the options' own.
        options: For which model, how pages look, when to seal; or its fields as keywords. See `PageOptions`.
        cache: Where encoded images are kept; in the options' folder, else in memory, unless another is given.
        uuid_of: Gives the key under which a server may cache an image, from the image's digest; none unless given.
        decay: How pages that have grown old look, for `draw_old`.
        **fields: The fields of `PageOptions`.

    Raises:
        ProfileError: No such model is known.
        PolicyError: The model's window is too small for a policy.
        FontError: The style's font is missing.
    """

    def __init__(
        self,
        profile: ModelProfile | str | None = None,
        /,
        *,
        options: PageOptions | None = None,
        cache: ImageCache | None = None,
        uuid_of: Callable[[str], str] | None = None,
        decay: DecayRule | None = None,
        **fields: Unpack[PageOptionFields],
    ) -> None:
        self.options = options = PageOptions.merge(options, fields, profile=profile)
        options.warn_of_window()
        warn_of_calibration(options.calibration)
        self.profile, self.style, self.policy = options.profile, options.page_style, options.fold_policy
        self.captions: Captions = options.captions
        # Compared with None, since an empty one may be falsy.
        self.cache: ImageCache = PageKeeper(options.pages).images if cache is None else cache
        self.cleaner = TextCleaner(self.profile.special_tokens, options.terminal_escapes)
        """Spells text so that nothing in it is taken for a special token, or for a line of ours."""
        self.counts = TokenCounts(
            self.profile,
            cleaner=self.cleaner,
            prompt_tokens=self.policy.prompt_tokens,
            sent_size=size_with_captions if self.captions == "page" else None,
        )
        """Counts text, turns and contexts."""
        self.count = self.counts.count
        self._kinds = KindStyles.of(options)
        self.decay, self._old_upto = decay, 0
        self._old_style = build_old_style(decay, options)
        self._drawer = PageDrawer(
            options,
            self.cache,
            takes=self.counts.accepts_sealed_image,
            uuid_of=uuid_of,
            kinds=self._kinds,
            show_turn=self.cleaner.show_turn,
            old_style=self._old_style,
        )
        self.new_turns = NewTurnDrawer(self)
        """Draws turns that are not sealed, where there is no room for them as text."""
        self._letters = None if options.calibration is None else options.calibration.letters
        self.fingerprint = make_fingerprint(
            options,
            counter_name=self.counts.counter_name,
            letters=self._letters,
            kinds=self._kinds,
            old_style=self._old_style,
        )
        self.name = uuid4().hex
        """Its own, not another binder's of the same fingerprint."""
        self._occurrences: Occurrences = lambda _texts, _upto: {}
        self._runs: ReuseCache[Hashable, DrawnRun] | None = ReuseCache(at_most=_RUNS)

    def with_occurrences(self, occurrences: Occurrences) -> Self:
        """Return a binder for one conversation, whose ledgers prefer identifiers that were rare so far."""
        one = copy.copy(self)
        one._occurrences, one._runs = occurrences, None
        return one

    def measure_old_share(self) -> float:
        """Return what a character costs on a page that has grown old, of what it costs on a new one."""
        return self._drawer.old_share

    def draw_old(self, upto: int) -> Self:
        """Return a binder that draws runs up to an anchor in the style of what has grown old."""
        one = copy.copy(self)
        one._old_upto, one._runs = upto, None
        return one

    # What the fold asks; see `Costs`.

    def count_message_tokens(self, turn: Turn) -> int:
        """Count what a turn costs as a message, without its pictures and attachments."""
        return self.counts.count_message(turn)

    def count_content_tokens(self, turns: Sequence[Turn]) -> int:
        """Count the tokens of the turns' texts and calls alone, without what a template puts round them."""
        return self.counts.count_content(turns)

    def count_picture_tokens(self, turn: Turn) -> int:
        """Count what a turn's pictures and attachments cost while the turn is a message."""
        return self.counts.count_pictures(turn)

    def count_name_tokens(self, turns: Sequence[Turn]) -> int:
        """Count the line that names a run which is too large to be shown."""
        anchors = [turn.anchor or 0 for turn in turns]
        return self.counts.count(name_run(self.cleaner, anchors, describe_calls(turns)))

    def count_quote_tokens(self, turns: Sequence[Turn]) -> int:
        """Count what a run costs as the text of a text seal."""
        listed = list_captions(self.describe_pictures(turns), self.describe_attachments(turns))
        return sum(map(self.counts.count, [quote_run(self.cleaner, turns), *listed]))

    def draw_run(self, turns: Sequence[Turn], *, first_page: int, ledger_tokens: int) -> DrawnRun:
        """Draw a run as pages, choose its ledger, and count both."""
        # Where pages carry their numbers or codes, the same run looks different elsewhere.
        place = first_page if self.captions == "page" or self.options.canaries else 0
        key = run_digest(turns), ledger_tokens, place
        known = self._runs.get(key) if self._runs is not None else None
        if known is None:
            known = self._draw_run(turns, first_page=first_page, ledger_tokens=ledger_tokens)
            if self._runs is not None:
                self._runs.put(key, known)
        pages = tuple(replace(page, number=number) for number, page in enumerate(known.pages, first_page))
        anchors = [turn.anchor or 0 for turn in turns]
        text = [*map(caption_page_of, pages)] if self.captions == "text" else []
        text.append(list_identifiers(anchors, known.ledger, known.ledger_omitted))
        text += list_captions(known.pictures, known.attachments)
        tokens = sum(page.tokens for page in pages) + sum(map(self.counts.count_cleaned, text))
        return replace(known, pages=pages, tokens=tokens)

    def _draw_run(self, turns: Sequence[Turn], *, first_page: int, ledger_tokens: int) -> DrawnRun:
        """Draw a run, and count nothing."""
        listed = self._choose_identifiers(turns, ledger_tokens)
        is_old = 0 < (turns[-1].anchor or 0) <= self._old_upto
        pages, layout = self._drawer.draw_sealed_pages(turns, first_page, is_old=is_old)
        return DrawnRun(
            pages=pages,
            layout=layout,
            pictures=self.describe_pictures(turns),
            attachments=self.describe_attachments(turns),
            ledger=listed.lines,
            ledger_omitted=listed.omitted,
            tokens=0,
        )

    def measure_page(self) -> PageCapacity:
        """Return what a page full of prose holds and costs."""
        caption = caption_page(999, (10_000, 10_000), "a1b2c3") if self.captions == "text" else ""
        page = self._drawer.measure_page()
        return replace(page, tokens=page.tokens + self.counts.count(caption))

    def describe_pictures(self, turns: Sequence[Turn]) -> tuple[SealedPicture, ...]:
        """Return a run's pictures as they are sent once it is sealed: scaled, counted, by digest."""
        return self._drawer.describe_pictures(turns)

    def describe_attachments(self, turns: Sequence[Turn]) -> tuple[SealedAttachment, ...]:
        """Return a run's attachments as they are sent once it is sealed: those within the budget, or their names."""
        most_bytes, most_images = self.policy.max_request_bytes, self.policy.max_images
        return describe_attachments(
            turns,
            estimate=self.counts.estimate_attachment,
            cleaner=self.cleaner,
            budget_tokens=self.policy.sealed_attachments_tokens,
            budget_bytes=most_bytes and most_bytes // 4,
            budget_images=most_images and most_images // 4,
        )

    def _choose_identifiers(self, turns: Sequence[Turn], budget_tokens: int) -> Ledger:
        return choose_identifiers(
            turns,
            budget_tokens,
            cleaner=self.cleaner,
            occurrences=self._occurrences,
            count=self.counts.count_cleaned,
            letters=self._letters,
        )

    # What a context shows of a new turn that there is no room for as text.

    def draw_images(self, turns: Sequence[Turn], first_page: int, *, style: PageStyle) -> list[ImagePart]:
        """Draw turns as pages that are kept nowhere, in a style."""
        return self._drawer.draw_images(turns, first_page, style=style)

    def list_identifiers(self, turns: Sequence[Turn], *, budget_tokens: int) -> str:
        """Return the identifiers of turns under a heading, as they are sent; empty where there are none."""
        listed, anchors = self._choose_identifiers(turns, budget_tokens), [turn.anchor or 0 for turn in turns]
        return self.cleaner.clean(list_identifiers(anchors, listed.lines, listed.omitted))

    # What a context shows of a seal.

    def parts(self, seal: Seal, turns: Callable[[], Sequence[Turn]]) -> Parts:
        """Return what is sent of a seal, each page, picture and attachment under its caption.

        Lost pages are drawn again.

        Args:
            seal: The seal, of this binder's fingerprint.
            turns: Gives its turns; asked only if something has to be drawn or quoted, or came as a file.

        Raises:
            FontError: A page drawn again is not what it was; its fonts have changed unseen.
        """
        return write_parts(
            seal, turns, drawer=self._drawer, cleaner=self.cleaner, counts=self.counts, captions=self.captions
        )

    def show_picture(self, data: bytes, caption: str) -> ImagePart | None:
        """Return a recent turn's picture as it is sent, or None where it cannot be shown.

        Args:
            data: The encoded file.
            caption: Whose it is; drawn above it, and its end below, where pages carry their captions, too.
        """
        shown = self._drawer.frame_picture(found, caption) if (found := decode_picture(data)) else None
        if shown is None or not self.counts.accepts_image(shown.size):
            return None
        return ImagePart(
            data=shown.data,
            size=shown.size,
            media_type=shown.media_type,
            is_captioned=self.captions == "page",
        )

    def pages(self, seal: Seal, turns: Sequence[Turn], *, style: PageStyle | None = None) -> list[Page]:
        """Draw a seal's pages, in another style if one is given."""
        if style is None:
            return [page for page, _ in self._drawer.runs.redraw(seal, turns)]
        first = seal.pages[0].number if seal.pages else 1
        return [page for page, _ in self._drawer.runs.draw(turns, first, style=style)]

    @property
    def marked_style(self) -> PageStyle:
        """The style whose marks a model is told of: of several, one that has any."""
        several = [*(self._kinds.styles.values() if self._kinds else ()), *filter(None, [self._old_style])]
        return next((one for one in (self.style, *several) if one.newline_mark), self.style)

"""The `Binder`: binds runs of turns into pages for one model, and counts what that and text cost.

Joins fold, ledger and typeset. One binder may serve many conversations and threads at once.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Self, Unpack
from uuid import uuid4

from glyph_memory.context.attachments import caption_sealed, describe_attachments
from glyph_memory.context.cache import FolderCache, ImageCache, RecentImages
from glyph_memory.context.cleaning import TextCleaner, drop_reasoning
from glyph_memory.context.counting import TokenCounts
from glyph_memory.context.messages import ImagePart, Part, Parts, Text
from glyph_memory.context.new_pages import NewTurnDrawer
from glyph_memory.context.options import Captions, PageOptionFields, PageOptions
from glyph_memory.context.page_drawer import PageDrawer
from glyph_memory.context.pictures import SEALED_SIDE_PX
from glyph_memory.context.wording import caption_page, caption_picture, head_ledger, head_sealed_text
from glyph_memory.folding import DrawnRun, Seal, SealedAttachment, SealedPage, SealedPicture
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import Turn
from glyph_memory.typesetting import style_fingerprint

if TYPE_CHECKING:
    from glyph_memory.ledger import Ledger

Occurrences = Callable[[Collection[str], int], Mapping[str, int]]
"""How often identifiers were said up to and including the turn with an anchor."""

BINDING = 1
"""Goes up whenever the same turns would be sealed, or a seal be sent, in another form than before."""


class Binder:
    """Makes pages of turns for one model, counts what they cost, and gives the parts of a context.

    It is the `Costs` that a fold asks.

    Args:
        profile: The model, by name or as an object; another way to give the options' own.
        options: For which model, how pages look, when to seal; or its fields as keywords. See `PageOptions`.
        cache: Where encoded images are kept; in the options' folder, else in memory, unless another is given.
        uuid_of: Gives the key under which a server may cache an image, from the image's digest; none unless given.
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
        **fields: Unpack[PageOptionFields],
    ) -> None:
        self.options = options = PageOptions.merge(options, fields, profile=profile)
        self.profile, self.style, self.policy = options.profile, options.page_style, options.fold_policy
        self.captions: Captions = options.captions
        if cache is None:  # an empty one may be falsy
            cache = RecentImages() if options.pages is None else FolderCache(options.pages)
        self.cache: ImageCache = cache
        self.cleaner = TextCleaner(self.profile.special_tokens)
        """Spells text so that nothing in it is taken for a special token, or for a line of ours."""
        self.counts = TokenCounts(self.profile, cleaner=self.cleaner, prompt_tokens=self.policy.prompt_tokens)
        """Counts text, turns and contexts."""
        self.count = self.counts.count
        self._drawer = PageDrawer(
            self.profile,
            self.style,
            self.cache,
            takes=self.counts.accepts_sealed_image,
            uuid_of=uuid_of if self.profile.image_uuids else None,
            captioned=self.captions == "page",
        )
        self.new_turns = NewTurnDrawer(self)
        """Draws turns that are not sealed, where there is no room for them as text."""
        self.fingerprint = self._fingerprint()
        self.name = uuid4().hex
        """Its own, not another binder's of the same fingerprint."""
        self._occurrences: Occurrences = lambda _texts, _upto: {}

    def with_occurrences(self, occurrences: Occurrences) -> Self:
        """Return a binder for one conversation, whose ledgers prefer identifiers that were rare so far."""
        one = copy.copy(self)
        one._occurrences = occurrences
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

    def count_quote_tokens(self, turns: Sequence[Turn]) -> int:
        """Count what a run costs as the text of a text seal."""
        captions = [*map(_caption_picture, self.describe_pictures(turns))]
        captions += map(caption_sealed, self.describe_attachments(turns))
        return sum(map(self.counts.count, [self._quote_run(turns), *captions]))

    def draw_run(self, turns: Sequence[Turn], *, first_page: int, ledger_tokens: int) -> DrawnRun:
        """Draw a run as pages, choose its ledger, and count both."""
        pages = self._drawer.draw_sealed_pages(turns, first_page)
        listed = self._choose_identifiers(turns, ledger_tokens)
        anchors = [turn.anchor or 0 for turn in turns]
        text = [*map(_caption_page, pages)] if self.captions == "text" else []
        text.append(_list_identifiers(anchors, listed.lines, listed.omitted))
        pictures = self.describe_pictures(turns)
        text += map(_caption_picture, pictures)
        attachments = self.describe_attachments(turns)
        text += map(caption_sealed, attachments)
        return DrawnRun(
            pages=pages,
            pictures=pictures,
            attachments=attachments,
            ledger=listed.lines,
            ledger_omitted=listed.omitted,
            tokens=sum(page.tokens for page in pages) + sum(map(self.counts.count_cleaned, text)),
        )

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
        # Loaded with the first run that is drawn: its patterns take a while to compile.
        from glyph_memory.ledger import mentions, write_ledger  # noqa: PLC0415

        found = mentions([(turn.anchor or 0, drop_reasoning(turn).full_text) for turn in turns])
        return write_ledger(
            found,
            occurrences=self._occurrences([one.identifier.text for one in found], turns[-1].anchor or 0),
            budget_tokens=budget_tokens,
            count=self.counts.count_cleaned,
        )

    # What a context shows of a new turn that there is no room for as text.

    def draw_images(self, turns: Sequence[Turn], first_page: int, *, style: PageStyle) -> list[ImagePart]:
        """Draw turns as pages that are kept nowhere, in a style."""
        return self._drawer.draw_images(turns, first_page, style=style)

    def list_identifiers(self, turns: Sequence[Turn], *, budget_tokens: int) -> str:
        """Return the identifiers of turns under a heading, as they are sent; empty where there are none."""
        listed = self._choose_identifiers(turns, budget_tokens)
        anchors = [turn.anchor or 0 for turn in turns]
        return self.cleaner.clean(_list_identifiers(anchors, listed.lines, listed.omitted))

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
        pictures, parts = self._drawer.load_pictures(seal, turns), list[Part]()
        if seal.kind == "text":
            parts.append(Text(self._quote_run(turns()), kind="sealed"))
        else:
            for page, image in zip(seal.pages, self._drawer.load_page_images(seal, turns), strict=True):
                told = [Text(_caption_page(page), kind="caption")] if self.captions == "text" else []
                parts += [*told, image]
        for sealed, picture in zip(seal.pictures, pictures, strict=True):
            parts.append(Text(_caption_picture(sealed), kind="caption"))
            parts += [picture] if picture is not None else []
        attached = {turn.anchor: turn.attachments for turn in turns()} if seal.attachments else {}
        for held in seal.attachments:
            parts.append(Text(caption_sealed(held), kind="caption"))
            if held.is_sent:
                parts.append(self.counts.make_attachment_part(attached[held.anchor][held.position - 1]))
        listed = _list_identifiers(seal.anchors, seal.ledger, seal.ledger_omitted)
        return (*parts, *([Text(self.cleaner.clean(listed), kind="ledger")] if listed else []))

    def pages(self, seal: Seal, turns: Sequence[Turn], *, style: PageStyle | None = None) -> list[Page]:
        """Draw a seal's pages, in another style if one is given."""
        first = seal.pages[0].number if seal.pages else 1
        return [page for page, _ in self._drawer.draw(turns, first, style=style)]

    def _quote_run(self, turns: Sequence[Turn]) -> str:
        head = head_sealed_text(turns[0].anchor or 0, turns[-1].anchor or 0)
        return head + self.cleaner.quote(turns)

    def _fingerprint(self) -> str:
        parts = {
            "binding": BINDING,
            "policy": asdict(self.policy),
            "typeset": style_fingerprint(self.style),
            "profile": repr(replace(self.profile, tokenizer=None)),
            "counter": self.counts.counter_name,
            "pictures": SEALED_SIDE_PX,
            "captions": self.captions,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _caption_page(page: SealedPage) -> str:
    return f"{caption_page(page.number, page.anchors)}:\n"


def _caption_picture(picture: SealedPicture) -> str:
    return caption_picture(picture.anchor, picture.position, is_shown=picture.size is not None)


def _list_identifiers(anchors: Sequence[int], lines: Sequence[str], omitted: int) -> str:
    """Return a run's identifiers under a heading; empty where there are none."""
    if not lines:
        return ""
    return head_ledger(anchors[0], anchors[-1], omitted=omitted) + "\n".join(lines) + "\n"

"""The `Binder`: binds runs of turns into pages for one model, and counts what that and text cost.

Joins fold, ledger and typeset. One binder may serve many conversations and threads at once.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from functools import lru_cache, partial
from typing import Self, Unpack

from glyph_memory.context.assemble import (
    Parts,
    caption,
    ledger_text,
    picture_caption,
    seal_parts,
    sealed_text_head,
)
from glyph_memory.context.cache import ImageCache, RecentImages
from glyph_memory.context.folder_cache import FolderCache
from glyph_memory.context.options import Captions, PageOptionFields, PageOptions
from glyph_memory.context.page_drawer import PageDrawer
from glyph_memory.context.pictures import SEALED_SIDE_PX, decode_picture
from glyph_memory.context.quote import (
    call_arguments,
    drop_reasoning,
    escape_anchors,
    message_text,
    quote_turns,
)
from glyph_memory.context.tail import call_id
from glyph_memory.errors import ProfileError
from glyph_memory.folding import DrawnRun, Seal, SealedPicture
from glyph_memory.ledger import Mention, mentions, write_ledger
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile, defuse
from glyph_memory.transcript import Role, Turn
from glyph_memory.typesetting import style_fingerprint

Occurrences = Callable[[Collection[str], int], Mapping[str, int]]
"""How often identifiers were said up to and including the turn with an anchor."""

BINDING = 1
"""Goes up whenever the same turns would be sealed, or a seal be sent, in another form than before."""

MESSAGE_TOKENS = 8
"""What a chat template puts round a message, at the most: begin, role, line breaks, end."""
CALL_TOKENS = 24
"""What it puts round a tool call, or we round a result whose call is gone."""
_REMEMBERED = 4096
_PICTURE_TOKENS = 32
"""What we say about a recent turn's picture."""


class Binder:
    """Binds turns for one model: the `Costs` of a fold, and the parts of a context.

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
        self._easel = PageDrawer(
            self.profile,
            self.style,
            self.cache,
            takes=self.accepts_image,
            uuid_of=uuid_of if self.profile.image_uuids else None,
            captioned=self.captions == "page",
        )
        counter = self.profile.text_counter
        self.counter_name = counter.name
        # Recent turns are spelled and counted again for every context: what they say is the same each time.
        self.count = lru_cache(maxsize=_REMEMBERED)(counter.count)
        defused = partial(defuse, special_tokens=self.profile.special_tokens)
        self._clean = lru_cache(maxsize=_REMEMBERED)(defused)
        self._plain = lru_cache(maxsize=_REMEMBERED)(lambda text: defused(escape_anchors(text)))
        self.fingerprint = self._fingerprint()
        self._occurrences: Occurrences | None = None

    def with_occurrences(self, occurrences: Occurrences) -> Self:
        """Return a binder for one conversation, whose ledgers prefer identifiers that were rare so far."""
        one = copy.copy(self)
        one._occurrences = occurrences
        return one

    def clean(self, text: str) -> str:
        """Break the model's special tokens in a text."""
        return self._clean(text)

    def clean_and_escape(self, text: str) -> str:
        """Break special tokens, and escape what could be read as an anchor line of ours."""
        return self._plain(text)

    def format_text(self, text: str, *, role: Role) -> str:
        """Return a turn's text as a message: without old reasoning, special tokens broken, anchors escaped."""
        return self.clean(message_text(Turn(role=role, text=text)))

    def clean_arguments(self, arguments: str) -> str:
        """Return a tool call's arguments as a JSON object whose strings are cleaned."""
        return call_arguments(arguments, clean=self.clean_and_escape)

    def accepts_image(self, size: tuple[int, int]) -> bool:
        """Return whether the model takes an image of that size."""
        try:
            return self.profile.image_tokens(size) <= self.policy.prompt_tokens // 4
        except ProfileError:
            return False

    # What the fold asks; see `Costs`.

    def count_message_tokens(self, turn: Turn) -> int:
        """Count what a turn costs as a message, without its pictures."""
        tokens = MESSAGE_TOKENS + self.count(self.clean(message_text(turn)))
        if turn.role == "tool":
            tokens += CALL_TOKENS + self.count(self.clean_and_escape(turn.name or ""))
        for number, call in enumerate(turn.tool_calls):
            arguments = (
                call_arguments(call.arguments, clean=self.clean_and_escape),
                self.clean_and_escape(call.arguments),
            )
            # As a call or in words, whichever takes more; the id counts twice, since the result is sent with it, too.
            tokens += (
                CALL_TOKENS + self.count(self.clean_and_escape(call.name)) + max(map(self.count, arguments))
            )
            tokens += 2 * self.count(self.clean_and_escape(call_id(turn, number)))
        return tokens

    def count_content_tokens(self, turns: Sequence[Turn]) -> int:
        """Count the tokens of the turns' texts and calls alone, without what a template puts round them."""
        calls = [call for turn in turns for call in turn.tool_calls]
        said = [*(self.clean(message_text(turn)) for turn in turns), *(call.name for call in calls)]
        return sum(map(self.count, [*said, *(call.arguments for call in calls)]))

    def count_picture_tokens(self, turn: Turn) -> int:
        """Count what a turn's pictures cost while the turn is a message."""
        tokens = 0
        for data in turn.images:
            picture = decode_picture(data)
            tokens += _PICTURE_TOKENS
            if picture is not None and self.accepts_image(picture.size):
                # Alone in a request or not: one rule charges more for a lone image.
                tokens += max(self.profile.image_tokens(picture.size, images=images) for images in (1, 2))
        return tokens + MESSAGE_TOKENS

    def draw_run(self, turns: Sequence[Turn], *, first_page: int, ledger_tokens: int) -> DrawnRun:
        """Draw a run as pages, choose its ledger, and count both."""
        pages = self._easel.draw_sealed_pages(turns, first_page)
        found = mentions((turn.anchor or 0, drop_reasoning(turn).full_text) for turn in turns)
        listed = write_ledger(
            found,
            occurrences=self._count_mentions(found, turns[-1].anchor or 0),
            budget_tokens=ledger_tokens,
            count=lambda line: self.count(self.clean(line)),
        )
        anchors = [turn.anchor or 0 for turn in turns]
        text = [*map(caption, pages)] if self.captions == "text" else []
        text.append(ledger_text(anchors, listed.lines, listed.omitted))
        pictures = self.describe_pictures(turns)
        text += map(picture_caption, pictures)
        return DrawnRun(
            pages=pages,
            pictures=pictures,
            ledger=listed.lines,
            ledger_omitted=listed.omitted,
            tokens=sum(page.tokens for page in pages) + sum(self.count(self.clean(part)) for part in text),
        )

    def count_quote_tokens(self, turns: Sequence[Turn]) -> int:
        """Count what a run costs as the text of a text seal."""
        captions = sum(self.count(picture_caption(picture)) for picture in self.describe_pictures(turns))
        return self.count(self._quote_run(turns)) + captions

    def describe_pictures(self, turns: Sequence[Turn]) -> tuple[SealedPicture, ...]:
        """Return a run's pictures as they are sent once it is sealed: scaled, counted, by digest."""
        return self._easel.describe_pictures(turns)

    # What a context shows of a seal.

    def parts(self, seal: Seal, turns: Callable[[], Sequence[Turn]]) -> Parts:
        """Return what is sent of a seal; pages that the cache has lost are drawn again.

        Args:
            seal: The seal, of this binder's fingerprint.
            turns: Gives its turns; asked only if something has to be drawn or quoted.

        Raises:
            FontError: A page drawn again is not what it was; its fonts have changed unseen.
        """
        pictures = self._easel.load_pictures(seal, turns)
        if seal.kind == "text":
            return (self._quote_run(turns()), *seal_parts(seal, [], pictures))
        parts = seal_parts(
            seal, self._easel.load_page_images(seal, turns), pictures, captions=self.captions == "text"
        )
        return tuple(self.clean(part) if isinstance(part, str) else part for part in parts)

    def pages(self, seal: Seal, turns: Sequence[Turn], *, style: PageStyle | None = None) -> list[Page]:
        """Draw a seal's pages, in another style if one is given."""
        first = seal.pages[0].number if seal.pages else 1
        return [page for page, _ in self._easel.draw(turns, first, style=style)]

    def _quote_run(self, turns: Sequence[Turn]) -> str:
        anchors = [turn.anchor or 0 for turn in turns]
        return sealed_text_head(anchors) + self.clean(quote_turns(turns))

    def _count_mentions(self, found: Sequence[Mention], upto: int) -> Mapping[str, int]:
        if self._occurrences is None:
            return {}
        return self._occurrences([mention.identifier.text for mention in found], upto)

    def _fingerprint(self) -> str:
        profile = replace(self.profile, tokenizer=None)
        parts = {
            "binding": BINDING,
            "policy": asdict(self.policy),
            "typeset": style_fingerprint(self.style),
            "profile": repr(profile),
            "counter": self.counter_name,
            "pictures": SEALED_SIDE_PX,
            "captions": self.captions,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

"""Make room for recent turns, step by step, until they fit.

What was answered is shortened first. Then the largest of the new turns become pages, then denser pages; then pictures
are scaled, then left out; then parts are shown. Knows recent turns, as they are shown so far; knows nothing about
seals, nor about how anything is spelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from glyph_memory.context.binder import Binder
from glyph_memory.context.excerpts import Range, choose_ranges, join_ranges, shorten_arguments
from glyph_memory.context.fitting.hide import Hider
from glyph_memory.context.fitting.shown import (
    STUB_TOKENS,
    Room,
    ShownPicture,
    ShownTurn,
    holds_all,
    show_turn,
)
from glyph_memory.context.fitting.write import FittedTail, write_tail
from glyph_memory.context.page_wording import explain_marks
from glyph_memory.context.pictures import scale_picture
from glyph_memory.context.wording import tell_in_parts
from glyph_memory.folding import RecentTurn, count_answered
from glyph_memory.page import is_marked_print
from glyph_memory.style import PageStyle

_SIDES_PX = (1344, 896, 448)
"""Longest sides that pictures are scaled to, one after the other."""
_LEAST_TOKENS = STUB_TOKENS
"""What is left of a turn of which nothing is shown: lines on what it was."""
_LEAST_AS_PAGES = STUB_TOKENS + 100
"""Below this many tokens a page shows too little; parts stay text."""
_LEAST_LEFT = 12
"""Which part of the room may stay unused."""
_PAGES = (99_998, 99_999)
"""Stands for the numbers of a turn's pages, which are known later."""
_LINE_END_TOKENS = 4
"""What parts a line of ours from the words before it, at the most."""
_QUERY_CHARS = 2_000


def fit_tail(
    tail: Sequence[RecentTurn],
    room: Room,
    *,
    binder: Binder,
    request: str = "",
    first_page: int = 1,
    can_recall: bool = False,
) -> FittedTail:
    """Return the recent turns as they are sent, within a room.

    Args:
        tail: The recent turns, a question that is asked about them included.
        room: What they may take.
        binder: The model's.
        request: What was asked last, where it is none of these turns: parts that bear on it are shown.
        first_page: Number of the first page, if any is drawn.
        can_recall: Whether the model has tools that find what is not shown.
    """
    turns = [recent.turn for recent in tail]
    has_files = any(turn.images or turn.attachments for turn in turns)
    if not has_files and sum(recent.tokens for recent in tail) <= room.tokens:
        return FittedTail(turns=tuple(turns))
    answered, counts = count_answered(turns), binder.counts
    shown = [
        show_turn(
            recent,
            is_new=place >= answered,
            text_tokens=counts.count(binder.cleaner.clean_message(recent.turn)),
            counts=counts,
        )
        for place, recent in enumerate(tail)
    ]
    query = next((turn.text for turn in reversed(turns) if turn.role == "user"), request)[:_QUERY_CHARS]
    _RoomMaker(shown, room, binder, query=query).shorten_answered()
    hider = Hider(shown, binder)
    if not holds_all(room, shown):
        hider.hide_beforehand(room)
        _RoomMaker(hider.kept, hider.left(room), binder, query=query).make_room()
        hider.hide_rest(room)
    written = write_tail(
        shown, room, binder=binder, first_page=first_page, can_recall=can_recall, hidden=hider.hidden
    )
    return hider.tell(written, room, can_recall=can_recall)


class _RoomMaker:
    """Changes how turns are shown until they fit, as far as that is possible."""

    def __init__(self, shown: Sequence[ShownTurn], room: Room, binder: Binder, *, query: str) -> None:
        self._shown, self._room, self._binder, self._query = shown, room, binder, query
        self._drawer = binder.new_turns

    def make_room(self) -> None:
        """Show less and less until everything fits."""
        steps = (
            self._draw_pages,
            self._scale_pictures,
            self._leave_out_pictures,
            self._leave_out_attachments,
            self._cut_texts,
        )
        for step in steps:
            if self._fits():
                return
            step()

    def _fits(self) -> bool:
        return holds_all(self._room, self._shown)

    def _list_new(self) -> list[ShownTurn]:
        """Return the new turns, the largest first."""
        new = [one for one in self._shown if one.is_new]
        return sorted(new, key=lambda one: one.tokens, reverse=True)

    def shorten_answered(self) -> None:
        """Shorten what the model wrote or was shown before, and what is no seal yet since a call of it is open."""
        limit = max(2 * STUB_TOKENS, self._binder.policy.keep_recent_tokens // 4)
        for one in self._shown:
            if self._fits():
                return
            if one.is_new or one.tokens <= limit:
                continue
            for picture in one.pictures:
                picture.leave_out()
            for attached in one.attachments:
                attached.is_sent = False
            if one.text_tokens > limit:
                self._cut_text(one, limit)
            self._shorten_calls(one, limit)

    def _shorten_calls(self, one: ShownTurn, limit_tokens: int) -> None:
        counts, turn = self._binder.counts, one.turn
        calls = [
            replace(call, arguments=shorten_arguments(call.arguments, 2 * limit_tokens))
            if len(call.arguments) > 3 * limit_tokens
            else call
            for call in turn.tool_calls
        ]
        if calls == [*turn.tool_calls]:
            return
        bare = replace(turn, text="")
        before = counts.count_message(bare)
        one.turn, one.is_shortened = replace(turn, tool_calls=tuple(calls)), True
        one.message_tokens -= before - counts.count_message(replace(bare, tool_calls=tuple(calls)))

    def _draw_pages(self) -> None:
        for style in self._drawer.styles:
            if not self._could_fit(style):
                continue
            for one in self._list_new():
                self._draw(one, style)
                if self._fits():
                    return

    def _could_fit(self, style: PageStyle) -> bool:
        """Return whether everything might fit if all new turns became pages, as far as their beginnings tell."""
        new = [one for one in self._shown if one.is_new]
        kept = sum(one.tokens - one.content_tokens for one in new)
        kept += sum(one.tokens for one in self._shown if not one.is_new)
        pages = sum(
            min(one.content_tokens, self._drawer.estimate_tokens(one.turn, style=style)) for one in new
        )
        return kept + pages <= 1.1 * self._room.tokens

    def _draw(self, one: ShownTurn, style: PageStyle) -> None:
        limit = one.content_tokens - STUB_TOKENS - 1
        if limit <= 0:
            return
        drawn = self._drawer.draw(one.turn, style=style, at_most_tokens=min(limit, self._room.tokens))
        if drawn is not None:
            one.pages, one.style = drawn, style
            one.line_tokens = self._count_line(one, drawn.ranges, pages=_PAGES)

    def _scale_pictures(self) -> None:
        for side in _SIDES_PX:
            for one in self._list_new():
                for picture in one.pictures:
                    self._scale(picture, side)
                    if self._fits():
                        return

    def _scale(self, shown: ShownPicture, side_px: int) -> None:
        if shown.picture is None or max(shown.picture.size) <= side_px:
            return
        if is_marked_print(shown.data):  # left out, if need be, rather than blurred
            return
        scaled = scale_picture(shown.data, side_px)
        if scaled is None:
            return
        shown.show(scaled, self._binder.counts)

    def _leave_out_pictures(self) -> None:
        """Leave out pictures, the first ones first, until they keep the limits and half of the room is left."""
        pictures = [picture for one in self._shown if one.is_new for picture in one.pictures]
        for place, picture in enumerate(pictures):
            rest = [one for one in pictures[place:] if one.picture is not None]
            sizes = [(one.size, len(one.picture.data)) for one in rest if one.picture is not None]
            takes_half = 2 * sum(one.tokens for one in rest) <= self._room.tokens
            if self._fits() or (takes_half and self._room.holds_images(sizes)):
                return
            picture.leave_out()

    def _leave_out_attachments(self) -> None:
        """Leave out attachments, the dearest and then the largest first, until half of the room is left."""
        attached = [one for shown in self._shown if shown.is_new for one in shown.attachments]
        attached.sort(key=lambda one: (one.tokens, len(one.part.block)), reverse=True)
        for place, one in enumerate(attached):
            length = sum(len(rest.part.block) for rest in attached[place:])
            is_short = self._room.bytes is None or length <= self._room.bytes
            takes_half = 2 * sum(rest.tokens for rest in attached[place:]) <= self._room.tokens
            if self._fits() or (takes_half and is_short and self._holds_images()):
                return
            one.is_sent = False

    def _cut_texts(self) -> None:
        """Show parts of the largest turns, each as much as its share of the room."""
        new = [one for one in self._list_new() if one.turn.text]
        fixed = sum(one.tokens for one in self._shown) - sum(one.content_tokens for one in new)
        room = self._room.tokens - fixed
        # What is smaller than an even share keeps its size, and leaves the rest to the others.
        for count, one in enumerate(sorted(new, key=lambda one: one.content_tokens)):
            share = max(_LEAST_TOKENS, room // (len(new) - count))
            if one.content_tokens > share or (one.pages is not None and not self._holds_images()):
                self._cut(one, share)
            room -= one.content_tokens
        self._use_room()

    def _use_room(self) -> None:
        """Show more of what was cut while there is room: of what was asked last, then of the newest."""
        cut = [one for one in reversed(self._shown) if one.is_new and (one.ranges is not None or one.pages)]
        for one in sorted(cut, key=lambda one: one.turn.role != "user"):
            left = self._room.tokens - sum(shown.tokens for shown in self._shown)
            if left < self._room.tokens // _LEAST_LEFT:
                return
            before, share = replace(one), one.content_tokens + left
            whole = self._binder.counts.count(self._binder.cleaner.clean_message(one.turn))
            if whole <= share:
                one.pages = one.ranges = one.excerpt = None
                one.text_tokens = whole
            elif one.ranges is not None:
                self._cut(one, share)
            if not self._fits() or before.content_tokens > one.content_tokens:
                one.show_as(before)

    def _cut(self, one: ShownTurn, share: int) -> None:
        one.pages = one.ranges = one.excerpt = None
        one.line_tokens = STUB_TOKENS
        if share >= _LEAST_AS_PAGES and self._holds_images():
            query = self._query if one.turn.role != "user" else ""
            one.pages = self._drawer.draw_parts(one.turn, query=query, at_most_tokens=share - STUB_TOKENS)
            if one.pages is not None and self._holds_images():
                one.ranges, one.style = one.pages.ranges, self._drawer.styles[-1]
                one.line_tokens = self._count_line(one, one.ranges, pages=_PAGES)
                if one.ranges == ((0, len(one.turn.text)),):
                    one.ranges = None
                return
            one.pages = None
        self._cut_text(one, share)

    def _holds_images(self) -> bool:
        return self._room.holds_images(image for one in self._shown for image in one.images)

    def _cut_text(self, one: ShownTurn, at_most_tokens: int) -> None:
        """Show parts of a turn as text, with no more than a line on it where there is no room even for little."""
        text, binder = one.turn.text, self._binder
        query = self._query if one.is_new and one.turn.role != "user" else ""
        size = min(len(text) - 1, 6 * at_most_tokens)
        while size > 60:
            ranges = choose_ranges(text, size, query=query)
            shown = join_ranges(text, ranges)
            cleaned = binder.cleaner.clean_message(replace(one.turn, text=shown))
            tokens = binder.counts.count(cleaned) + self._count_line(one, ranges)
            if tokens <= at_most_tokens:
                one.excerpt, one.ranges, one.text_tokens = shown, ranges, tokens
                return
            size = size * 5 // 6
        one.excerpt, one.ranges, one.text_tokens = "", (), self._count_line(one, ())

    def _count_line(
        self, one: ShownTurn, ranges: Sequence[Range], pages: tuple[int, int] | None = None
    ) -> int:
        """Count the line on a turn of which parts are shown, whichever tools the model has."""
        turn, length = one.turn, len(one.turn.text)
        lines = (
            tell_in_parts(turn.role, turn.anchor, ranges, length, pages=pages, can_recall=can_recall)
            for can_recall in (False, True)
        )
        count = self._binder.counts.count
        marks = count(explain_marks(self._drawer.styles[-1])) if pages is not None else 0
        return max(map(count, lines)) + marks + _LINE_END_TOKENS

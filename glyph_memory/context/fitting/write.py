"""Write recent turns as they are shown: what takes the place of their content, and what was lost by it.

Knows how turns are shown; decides nothing about it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from glyph_memory.context.binder import Binder
from glyph_memory.context.excerpts import join_ranges
from glyph_memory.context.fitting.shown import Room, ShownPicture, ShownTurn
from glyph_memory.context.losses import Loss, LossKind
from glyph_memory.context.messages import Parts, Text
from glyph_memory.context.page_wording import explain_marks
from glyph_memory.context.pictures import decode_picture, explain_unshown
from glyph_memory.context.wording import (
    SHOWN_BELOW,
    caption_recent_attachment,
    caption_recent_picture,
    end_recent_attachment,
    end_recent_pictures,
    tell_in_parts,
    tell_left_out_attachment,
    tell_left_out_picture,
    tell_lost_picture,
    tell_on_pages,
)
from glyph_memory.transcript import Turn


@dataclass(frozen=True, kw_only=True, slots=True)
class HiddenCalls:
    """Calls of a turn that are not sent, nor their results: there are more of them than there is room for."""

    numbers: frozenset[int]
    """Which of its calls, by their place."""
    results: tuple[int, ...]
    """Places of their results among the recent turns."""
    line: str
    """What tells them, after the turn's text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HiddenTurns:
    """Turns in a row that are not sent: there are more of them than there is room for."""

    places: tuple[int, ...]
    """Their places among the recent turns."""
    line: str
    """What tells them, in the place of the first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FittedTail:
    """The recent turns as they are sent."""

    turns: tuple[Turn, ...]
    """All of them; the arguments of a call may be shortened."""
    own: Mapping[int, Parts] = field(default_factory=dict)
    """What stands in a turn's own message in place of its content, by place."""
    beside: Mapping[int, Parts] = field(default_factory=dict)
    """What a user's message shows for a turn of somebody else, by place."""
    hidden_calls: Mapping[int, HiddenCalls] = field(default_factory=dict)
    """The calls of a turn that are not sent, by place."""
    hidden: frozenset[int] = frozenset()
    """Places of the turns that are not sent, results among them."""
    hidden_turns: Mapping[int, HiddenTurns] = field(default_factory=dict)
    """Those of them that a line tells, by the place of the first."""
    losses: tuple[Loss, ...] = ()
    """What is new and not shown as it came."""


def write_tail(
    shown: Sequence[ShownTurn],
    room: Room,
    *,
    binder: Binder,
    first_page: int,
    can_recall: bool,
    hidden: Collection[int] = (),
) -> FittedTail:
    """Return turns as they are sent; nothing of those at the hidden places."""
    own, beside, losses, page = dict[int, Parts](), dict[int, Parts](), list[Loss](), first_page
    for place, one in enumerate(shown):
        if place in hidden:
            continue
        losses += _describe_losses(one, room, binder)
        if not one.is_changed:
            continue
        text, pages = _spell_text(one, page, binder, can_recall=can_recall), _spell_pages(one, page, binder)
        page += len(one.pages.images) if one.pages else 0
        brought: list[Parts] = [*_spell_pictures(one, binder), *_spell_attachments(one, binder)]
        if one.turn.role == "user":
            own[place] = (Text(text), *pages, *(part for parts in brought for part in parts))
            continue
        moved = (part for parts in brought if _is_shown(parts) for part in parts)
        if rest := (*pages, *moved):
            beside[place] = rest
        alone = (part for parts in brought if not _is_shown(parts) for part in parts)
        missing = (part.text for part in alone if isinstance(part, Text))
        lines = [line for line in (text, *missing) if line.strip()]
        # Nobody takes a result without words for an answer, and some servers refuse it.
        own[place] = (Text("\n".join(lines) or SHOWN_BELOW),)
    return FittedTail(turns=tuple(one.turn for one in shown), own=own, beside=beside, losses=tuple(losses))


def _spell_text(one: ShownTurn, first_page: int, binder: Binder, *, can_recall: bool) -> str:
    turn, cleaner = one.turn, binder.cleaner
    if one.pages is None and one.ranges is None:
        return cleaner.clean_message(turn)
    pages = (first_page, first_page + len(one.pages.images) - 1) if one.pages else None
    if one.ranges is None and pages is not None:
        told = tell_on_pages(turn.role, turn.anchor, *pages)
    else:
        told = tell_in_parts(
            turn.role, turn.anchor, one.ranges or (), len(turn.text), pages=pages, can_recall=can_recall
        )
    said = cleaner.clean_message(replace(turn, text=one.excerpt or ""))
    if marks := explain_marks(one.style):
        told = f"{told[:-1]} {marks}]" if told.endswith("]") else f"{told} {marks}"
    return f"{said}\n{told}" if said.strip() else told


def _spell_pages(one: ShownTurn, first_page: int, binder: Binder) -> Parts:
    if one.pages is None or one.style is None:
        return ()
    turn = one.turn if one.ranges is None else replace(one.turn, text=join_ranges(one.turn.text, one.ranges))
    return binder.new_turns.spell(turn, style=one.style, first_page=first_page)


def _is_shown(parts: Parts) -> bool:
    return any(not isinstance(part, Text) for part in parts)


def _spell_pictures(one: ShownTurn, binder: Binder) -> list[Parts]:
    """Return each picture under its caption, or the line in its place; behind the last one that is shown, the end."""
    anchors = None if one.turn.anchor is None else (one.turn.anchor, one.turn.anchor)
    spelled, last = list[Parts](), None
    for position, shown in enumerate(one.pictures, 1):
        caption = caption_recent_picture(position, one.turn.role)
        picture = binder.show_picture(shown.picture.data, caption) if shown.picture else None
        if picture is None:
            tell = tell_lost_picture if shown.is_refused else tell_left_out_picture
            spelled.append((Text(tell(position), kind="caption"),))
        else:
            last = len(spelled)
            held = replace(picture, number=position, anchors=anchors)
            spelled.append((Text(caption, kind="caption"), held))
    if last is not None:
        spelled[last] += (Text(end_recent_pictures(one.turn.role), kind="caption"),)
    return spelled


def _spell_attachments(one: ShownTurn, binder: Binder) -> Iterator[Parts]:
    """Yield each attachment between its lines, or the line in its place alone."""
    role = one.turn.role
    for position, attached in enumerate(one.attachments, 1):
        name = binder.cleaner.clean_and_escape(attached.part.name)
        if not attached.is_sent:
            yield (Text(tell_left_out_attachment(position, name), kind="caption"),)
        else:
            caption, end = (
                caption_recent_attachment(position, role, name),
                end_recent_attachment(position, role),
            )
            yield Text(caption, kind="caption"), attached.part, Text(end, kind="caption")


# What the user learns.


def _describe_losses(one: ShownTurn, room: Room, binder: Binder) -> Iterator[Loss]:
    what, window = _describe_turn(one.turn), binder.options.known_window_tokens
    why = f"recent turns have room for {max(0, room.tokens):,} tokens" + (
        "" if room.images is None else f" and {max(0, room.images)} images"
    )
    dial = f"Raise window_tokens={window} if the server takes more, or give less at a time"

    def lose(kind: LossKind, how: str) -> Loss:
        return Loss(kind=kind, anchor=one.turn.anchor, message=f"{how}: {why}. {dial}")

    if one.ranges is not None:
        count = sum(stop - start for start, stop in one.ranges)
        yield lose("cut", f"{what} is shown in parts, {count:,} of {len(one.turn.text):,} characters")
    elif one.pages is not None:
        yield lose("pages", f"{what} is shown on {_count_pages(one)} before it was read as text")
    if one.is_shortened:
        yield lose("cut", f"arguments of calls of {what} are shortened")
    for position, attached in enumerate(one.attachments, 1):
        if not attached.is_sent:
            takes = f" (about {attached.part.tokens:,} tokens)" if attached.part.tokens else ""
            yield lose(
                "left out", f"attachment {position} of {what}, {attached.part.name!r}{takes}, is left out"
            )
    for position, shown in enumerate(one.pictures, 1):
        picture = f"picture {position} of {what}"
        if shown.picture is not None and shown.is_scaled:
            width, height = shown.picture.size
            yield lose("scaled", f"{picture} is scaled to {width} × {height}")
        elif shown.picture is None and not shown.is_refused:
            yield lose("left out", f"{picture} is left out")
        elif shown.is_refused and one.is_new:
            yield _refuse(one, shown, picture, binder)


def _refuse(one: ShownTurn, shown: ShownPicture, picture: str, binder: Binder) -> Loss:
    decoded, why = decode_picture(shown.data), explain_unshown(shown.data)
    if decoded is not None:
        width, height = decoded.size
        why = (
            f"{binder.profile.name!r} takes no image of {width} × {height}; cut it up, or give a smaller one"
        )
    return Loss(kind="left out", anchor=one.turn.anchor, message=f"{picture} cannot be shown: {why}")


def _count_pages(one: ShownTurn) -> str:
    count = len(one.pages.images) if one.pages else 0
    return f"{count} page{'s' * (count != 1)}"


def _describe_turn(turn: Turn) -> str:
    anchor = "the question" if turn.anchor is None else f"§{turn.anchor}"
    who = f"{turn.role} {turn.name!r}" if turn.name else turn.role
    return f"{anchor} ({who}, {len(turn.text):,} characters)"

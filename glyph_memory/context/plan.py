"""The `RequestPlan`: what a request is made of, decided once for everybody who spells one.

Which turns stay messages, how calls and results pair, what is told in words because servers would refuse it, where
pages and pictures go, which users' messages become one. Knows turns and seals; knows nothing about how a server or a
framework spells a message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from glyph_memory.context.attachments import list_left_out
from glyph_memory.context.binder import Binder
from glyph_memory.context.cleaning import TextCleaner
from glyph_memory.context.fitting import FittedTail, HiddenCalls
from glyph_memory.context.losses import Loss
from glyph_memory.context.messages import ImagePart, Parts, Text
from glyph_memory.context.pairing import RESULT, CallIds, pair_calls
from glyph_memory.context.sealed import collect_sealed, describe_lost_seals, fit_recent
from glyph_memory.context.wording import (
    GOES_ON,
    OPENING,
    caption_recent_attachment,
    caption_recent_picture,
    end_recent_attachment,
    end_recent_pictures,
    head_orphan,
    tell_unanswered,
)
from glyph_memory.folding import Fold, Seal
from glyph_memory.locks import cached_property
from glyph_memory.transcript import Role, Turn

JoinUsers = Literal["all", "ours", "beside", "none"]
"""Which users' messages in a row become one: all; those in a row because of us, fit where names stand in the text; ours
with a user's own beside it, but never two of the user's own, fit where that would lose a name or an id; or none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedTurn:
    """A recent turn in a request: as a message of its own, or as something that a user is made to tell."""

    place: int
    """Which of the recent turns it is, from 0; a question comes after all of them."""
    turn: Turn
    """The turn, with its anchor."""
    shows: Literal["message", "result", "pictures", "line"] = "message"
    """Its own message; a tool's result in words, as its call is not there; its pictures and attachments alone, which
    servers take from users only; or, in `parts`, a line on it and the `hidden` ones, for which there is no room."""
    heading: str = ""
    """The line above a result in words."""
    calls: tuple[tuple[int, str], ...] = ()
    """Of its tool calls those that are sent: the place of each, and its id."""
    unanswered: tuple[tuple[int, str], ...] = ()
    """Of its tool calls those that are not sent, as no result will come for them, which servers refuse, or as there is
    no room for them: the place of each, and a line for after the text; empty where another's line tells it, too."""
    call_id: str | None = None
    """On a tool's message: the id of the call that it answers."""
    hidden: tuple[int, ...] = ()
    """Places of turns that stand in no message, as there is no room: results of its calls, or what its line tells."""
    parts: Parts | None = None
    """What is sent in place of the turn's own content, where there was no room for it as it came: pages, or an excerpt.
    None where it is sent as it came."""

    def caption_picture(self, position: int) -> Text:
        """Return the caption of one of its pictures, counted from 1: without one a picture could pass for a page."""
        return Text(caption_recent_picture(position, self.turn.role), kind="caption")

    def end_pictures(self) -> Text:
        """Return the line after the last of its pictures that follow each other."""
        return Text(end_recent_pictures(self.turn.role), kind="caption")

    def caption_attachment(self, position: int, cleaner: TextCleaner) -> Text:
        """Return the caption of one of its attachments, counted from 1: any of them may show what looks like a page."""
        name = cleaner.clean_and_escape(self.turn.attachments[position - 1].label)
        return Text(caption_recent_attachment(position, self.turn.role, name), kind="caption")

    def end_attachment(self, position: int) -> Text:
        """Return the line after one of its attachments, counted from 1."""
        return Text(end_recent_attachment(position, self.turn.role), kind="caption")


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedMessage:
    """A message of a request: parts of ours, then turns."""

    role: Role
    """Whose message it is."""
    before: Parts = ()
    """What stands before the turns: all that is sent of what is sealed, or the opening of a conversation."""
    turns: tuple[PlannedTurn, ...] = ()
    """One, unless users' messages became one; none where a user only shows pages."""

    @property
    def own(self) -> PlannedTurn | None:
        """The first turn that is a message of its own; `None` where a user only tells and shows what is ours."""
        return next((one for one in self.turns if one.shows == "message"), None)


@dataclass(frozen=True, kw_only=True)
class RequestPlan:
    """What a request is made of, in order."""

    head: tuple[Turn, ...]
    """The leading system turns."""
    messages: tuple[PlannedMessage, ...]
    """What follows; the first is a user's."""
    losses: tuple[Loss, ...] = ()
    """What is new and not shown as it came, and attachments that are no longer sent."""
    fold: Fold | None = field(default=None, repr=False)
    """Where each turn stands: what it is the plan of. None where somebody made the plan otherwise."""

    @cached_property
    def marks_pictures(self) -> bool:
        """Whether all that came with a turn stands between lines of ours: anything of ours stands in the request.

        The note on pages says so of every picture, so this holds wherever that stands, even if all seals are in words.
        """
        ours = [part for one in self.messages for part in one.before]
        pages = [part for one in self.messages for turn in one.turns for part in turn.parts or ()]
        return any(not isinstance(part, Text) or part.text not in {OPENING, GOES_ON} for part in ours) or any(
            isinstance(part, ImagePart) and part.kind == "page" for part in pages
        )


def plan_request(
    fold: Fold,
    *,
    binder: Binder,
    parts_of: Callable[[Seal], Parts],
    question: str | None = None,
    merge_pages: bool = True,
    join_users: JoinUsers = "all",
    hoist_pictures: bool = True,
    can_recall: bool = False,
) -> RequestPlan:
    """Return the plan of a request.

    Args:
        fold: The conversation.
        binder: The model's.
        parts_of: Gives what is sent of a seal; `Binder.parts`, kept by whoever has the turns.
        question: Asked after all that was said, and no part of it.
        merge_pages: Whether pages and the user's message that follows them become one: many chat templates insist that
            roles alternate.
        join_users: Which of the users' messages that follow each other become one.
        hoist_pictures: Whether pictures and attachments of anyone but a user are shown by a user: most servers take
            them from nobody else.
        can_recall: Whether the model has tools that find what is not shown: what it is told of them has to be true.
    """
    before = collect_sealed(
        fold, binder, parts_of, can_recall=can_recall, is_last=not fold.tail and question is None
    )
    fitted = fit_recent(fold, binder, before=before, question=question, can_recall=can_recall)
    messages = plan_turns(
        fitted.turns,
        cleaner=binder.cleaner,
        join_users=join_users,
        hoist_pictures=hoist_pictures,
        fitted=fitted,
    )
    user_begins = bool(messages) and messages[0].role == "user"
    if not before and messages and not user_begins:
        before = (Text(OPENING, kind="note"),)
    if before and user_begins and merge_pages:
        messages[0] = replace(messages[0], before=(*before, Text(GOES_ON, kind="note")))
    elif before:
        messages.insert(0, PlannedMessage(role="user", before=before))
    left_out = list_left_out(fold, binder.policy, told_by=binder.name)
    losses = (*fitted.losses, *describe_lost_seals(fold, binder), *left_out)
    return RequestPlan(head=fold.head, messages=tuple(messages), losses=losses, fold=fold)


def plan_turns(
    turns: Sequence[Turn],
    *,
    cleaner: TextCleaner,
    join_users: JoinUsers = "all",
    hoist_pictures: bool = True,
    fitted: FittedTail | None = None,
) -> list[PlannedMessage]:
    """Return the messages of recent turns; see `plan_request`. The first may not be a user's.

    What a user has to tell or show of a tool's results comes after the last result of their group, since servers take
    nothing between a call and its results.
    """
    fitted = fitted or FittedTail(turns=tuple(turns))
    ids, planned = pair_calls(turns), list[PlannedMessage]()
    waiting: list[PlannedMessage] = []
    for place, turn in enumerate(turns):
        if place not in fitted.hidden:
            is_told = turn.role == "tool" and (place, RESULT) not in ids
            (waiting if is_told else planned).append(_plan_own(turn, place, ids, cleaner, fitted))
            waiting += _plan_beside(turn, place, fitted, hoist_pictures=hoist_pictures)
        elif place in fitted.hidden_turns:
            rest, parts = fitted.hidden_turns[place].places[1:], (Text(fitted.hidden_turns[place].line),)
            line = _tell(PlannedTurn(place=place, turn=turn, shows="line", parts=parts, hidden=rest))
            (waiting if turn.role == "tool" else planned).append(line)
        if place + 1 == len(turns) or turns[place + 1].role != "tool":
            planned += waiting
            waiting = []
    return list(_join_users(planned, join_users))


def _plan_own(
    turn: Turn, place: int, ids: CallIds, cleaner: TextCleaner, fitted: FittedTail
) -> PlannedMessage:
    """Return a turn's own message; of a result whose call is not there, one in which a user tells it."""
    parts = fitted.own.get(place)
    if turn.role == "tool" and (place, RESULT) not in ids:
        heading = head_orphan(cleaner.clean_and_escape(turn.name or ""))
        return _tell(PlannedTurn(place=place, turn=turn, shows="result", heading=heading, parts=parts))
    message = _plan_turn(turn, place, ids, cleaner, parts=parts)
    if place in fitted.hidden_calls:
        message = _hide_calls(message, fitted.hidden_calls[place])
    return PlannedMessage(role=turn.role, turns=(message,))


def _plan_beside(
    turn: Turn, place: int, fitted: FittedTail, *, hoist_pictures: bool
) -> Iterator[PlannedMessage]:
    """Yield the message in which a user shows what came with somebody else's turn."""
    if place in fitted.beside:
        yield _tell(PlannedTurn(place=place, turn=turn, shows="pictures", parts=fitted.beside[place]))
    elif (
        hoist_pictures
        and place not in fitted.own
        and turn.role != "user"
        and (turn.images or turn.attachments)
    ):
        yield _tell(PlannedTurn(place=place, turn=turn, shows="pictures"))


def _tell(turn: PlannedTurn) -> PlannedMessage:
    return PlannedMessage(role="user", turns=(turn,))


def _plan_turn(
    turn: Turn, place: int, ids: CallIds, cleaner: TextCleaner, *, parts: Parts | None
) -> PlannedTurn:
    escape = cleaner.clean_and_escape
    numbers = range(len(turn.tool_calls))
    answer = ids.get((place, RESULT))
    return PlannedTurn(
        place=place,
        turn=turn,
        calls=tuple((number, escape(ids[place, number])) for number in numbers if (place, number) in ids),
        unanswered=tuple(
            (number, tell_unanswered(escape(call.name), escape(call.arguments)))
            for number, call in enumerate(turn.tool_calls)
            if (place, number) not in ids
        ),
        call_id=None if answer is None else escape(answer),
        parts=parts,
    )


def _hide_calls(planned: PlannedTurn, hidden: HiddenCalls) -> PlannedTurn:
    """Return a turn without some of its calls; a line tells them."""
    first = min(hidden.numbers)
    told = [(number, hidden.line if number == first else "") for number in sorted(hidden.numbers)]
    return replace(
        planned,
        calls=tuple(call for call in planned.calls if call[0] not in hidden.numbers),
        unanswered=tuple(sorted([*planned.unanswered, *told])),
        hidden=hidden.results,
    )


def _join_users(messages: Sequence[PlannedMessage], which: JoinUsers) -> Iterator[PlannedMessage]:
    """Yield the messages; users' messages that follow each other become one, as far as that is wanted."""
    held: PlannedMessage | None = None
    for message in messages:
        if held is not None and held.role == message.role == "user":
            is_ours = held.turns[-1].shows != "message" or message.turns[0].shows != "message"
            loses_one = held.own is not None and message.own is not None
            if which == "all" or (is_ours and (which == "ours" or (which == "beside" and not loses_one))):
                held = replace(held, turns=held.turns + message.turns)
                continue
        if held is not None:
            yield held
        held = message
    if held is not None:
        yield held

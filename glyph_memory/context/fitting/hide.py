"""Hide calls and their results where there are more of them than there is room for, even a line for each.

The newest stay; a line tells how many others were made and answered. Knows turns and what they cost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from glyph_memory.context.binder import Binder
from glyph_memory.context.fitting.shown import Room, ShownTurn
from glyph_memory.context.fitting.write import FittedTail, HiddenCalls, write_tail
from glyph_memory.context.losses import Loss
from glyph_memory.context.wording import tell_hidden_calls
from glyph_memory.folding import RecentTurn, has_open_call

_LINE_TOKENS = 64
_NAMES = 3


def hide_calls(
    tail: Sequence[RecentTurn],
    shown: Sequence[ShownTurn],
    room: Room,
    *,
    binder: Binder,
    first_page: int,
    can_recall: bool,
) -> FittedTail:
    """Return the recent turns as they are sent, without the first calls of the last turn that called tools.

    Args:
        tail: The recent turns.
        shown: The same, as small as they can be shown.
        room: What they may take.
        binder: The model's.
        first_page: Number of the first page.
        can_recall: Whether the model has tools that find what is not shown.
    """
    place = max((at for at, one in enumerate(shown) if one.turn.tool_calls), default=None)
    if place is None or has_open_call([recent.turn for recent in tail]):
        written = write_tail(shown, room, binder=binder, first_page=first_page, can_recall=can_recall)
        over = sum(one.tokens for one in shown) - room.tokens
        return replace(written, losses=(*written.losses, *_tell_too_much(over, binder)))
    turn, hidden, numbers = shown[place].turn, set[int](), set[int]()
    counts, bare = binder.counts, replace(shown[place].turn, tool_calls=())
    message_tokens = counts.count_message(bare)
    spent, most = sum(one.tokens for one in shown), room.tokens - _LINE_TOKENS
    for number, call in enumerate(turn.tool_calls):
        if spent <= most and room.holds_images(
            image for at, one in enumerate(shown) if at not in hidden for image in one.images
        ):
            break
        result = next(
            (at for at in range(place + 1, len(shown)) if at not in hidden and _answers(shown[at], call.id)),
            None,
        )
        if result is None:
            continue
        hidden.add(result)
        numbers.add(number)
        spent -= shown[result].tokens
        spent -= counts.count_message(replace(bare, tool_calls=(call,))) - message_tokens
    written = write_tail(
        shown,
        room,
        binder=binder,
        first_page=first_page,
        can_recall=can_recall,
        hidden=hidden,
    )
    if not numbers:
        return written
    names = Counter(call.name for number, call in enumerate(turn.tool_calls) if number in numbers)
    clean = binder.cleaner.clean_and_escape
    told = ", ".join(f"{clean(name[:40])} × {count}" for name, count in names.most_common(_NAMES))
    line = tell_hidden_calls(len(numbers), told)
    loss = Loss(
        kind="left out",
        anchor=turn.anchor,
        message=f"{len(numbers)} of {len(turn.tool_calls)} calls of §{turn.anchor} and their results are not shown: "
        f"recent turns have room for {max(0, room.tokens):,} tokens. Have the model call fewer tools at a time",
    )
    return replace(
        written,
        hidden=frozenset(hidden),
        hidden_calls={
            place: HiddenCalls(numbers=frozenset(numbers), results=tuple(sorted(hidden)), line=line)
        },
        losses=(*written.losses, loss, *_tell_too_much(spent - most, binder)),
    )


def _tell_too_much(over_tokens: int, binder: Binder) -> tuple[Loss, ...]:
    """Return what to say of a request that is too large though nothing can be made smaller; nothing where it fits."""
    if over_tokens <= 0:
        return ()
    window = f"window_tokens={binder.options.known_window_tokens}"
    message = (
        f"the request takes up to {over_tokens:,} tokens more than fit {window}, and nothing in it gets smaller. "
        "Shorten the system turns, give fewer tools, or a larger window"
    )
    return (Loss(kind="cut", anchor=None, message=message),)


def _answers(shown: ShownTurn, call_id: str) -> bool:
    return shown.turn.role == "tool" and shown.turn.tool_call_id in {call_id, None, ""}

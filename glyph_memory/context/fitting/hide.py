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
from glyph_memory.transcript import ToolCall

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
    is_open = has_open_call([recent.turn for recent in tail])
    chosen = {} if place is None or is_open else _choose_calls(shown, place, room, binder)
    hidden = frozenset(chosen.values())
    written = write_tail(
        shown, room, binder=binder, first_page=first_page, can_recall=can_recall, hidden=hidden
    )
    if place is None or not chosen:
        over = sum(one.tokens for one in shown) - room.tokens
        return replace(written, losses=(*written.losses, *_tell_too_much(over, binder)))
    over = sum(one.tokens for at, one in enumerate(shown) if at not in hidden) - room.tokens
    over -= _count_calls([shown[place].turn.tool_calls[number] for number in chosen], shown[place], binder)
    calls, anchor = shown[place].turn.tool_calls, shown[place].turn.anchor
    clean, names = binder.cleaner.clean_and_escape, Counter(calls[number].name for number in chosen)
    told = [(clean(name[:40]), count) for name, count in names.most_common(_NAMES)]
    loss = Loss(
        kind="left out",
        anchor=anchor,
        message=f"{len(chosen)} of {len(calls)} calls of §{anchor} and their results are not shown: recent turns have "
        f"room for {max(0, room.tokens):,} tokens. Have the model call fewer tools at a time",
    )
    line = tell_hidden_calls(len(chosen), told)
    return replace(
        written,
        hidden=hidden,
        hidden_calls={
            place: HiddenCalls(numbers=frozenset(chosen), results=tuple(sorted(hidden)), line=line)
        },
        losses=(*written.losses, loss, *_tell_too_much(over, binder)),
    )


def _choose_calls(shown: Sequence[ShownTurn], place: int, room: Room, binder: Binder) -> dict[int, int]:
    """Return the numbers of the calls that are hidden, each with the place of its result: as few as make room."""
    chosen = dict[int, int]()
    spent, most = sum(one.tokens for one in shown), room.tokens - _LINE_TOKENS
    for number, call in enumerate(shown[place].turn.tool_calls):
        hidden = frozenset(chosen.values())
        kept = [one for at, one in enumerate(shown) if at not in hidden]
        if spent <= most and room.holds_images(image for one in kept for image in one.images):
            break
        later = range(place + 1, len(shown))
        result = next((at for at in later if at not in hidden and _answers(shown[at], call.id)), None)
        if result is not None:
            chosen[number] = result
            spent -= shown[result].tokens
            spent -= _count_calls([call], shown[place], binder)
    return chosen


def _count_calls(calls: Sequence[ToolCall], shown: ShownTurn, binder: Binder) -> int:
    """Count what calls of a turn take in its message."""
    bare = replace(shown.turn, tool_calls=())
    return binder.counts.count_message(replace(bare, tool_calls=tuple(calls))) - binder.counts.count_message(
        bare
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

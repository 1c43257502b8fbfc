"""Hide the oldest new turns where there are more of them than there is room for; a line tells which.

The newest user's turn stays, and pinned ones as long as they can; a call is hidden with its result. Knows turns and
what they cost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from glyph_memory.context.binder import Binder
from glyph_memory.context.cleaning import call_id
from glyph_memory.context.fitting.shown import STUB_TOKENS, Room, ShownTurn
from glyph_memory.context.fitting.write import FittedTail, HiddenCalls, HiddenTurns
from glyph_memory.context.losses import Loss
from glyph_memory.context.wording import tell_hidden_calls, tell_hidden_turns
from glyph_memory.folding import has_open_call

_LINE_TOKENS = 64
"""What a line on hidden turns, or on hidden calls, takes at the most."""
_LEAST_TOKENS = STUB_TOKENS + 64
"""What a long turn gets at least: a line on it, and a few of its words."""
_MOST_RATIO = 6
"""How many tokens of text a token of pages stands for at the most."""
_MOST_LONG = 16
"""How many long turns are shown in parts before the oldest are hidden."""
_NAMES = 3


class Hider:
    """Chooses turns that are not shown, the oldest first, and tells them.

    Args:
        shown: The recent turns, as they are shown so far.
        binder: The model's.
    """

    def __init__(self, shown: Sequence[ShownTurn], binder: Binder) -> None:
        self._shown, self._binder = shown, binder
        turns = [one.turn for one in shown]
        self._caller = max((at for at, turn in enumerate(turns) if turn.tool_calls), default=None)
        self._calls = self._pair_calls()
        """The numbers of the caller's calls, by the places of their results."""
        is_open = has_open_call(turns)
        users = [at for at, turn in enumerate(turns) if turn.role == "user"]
        said = [at for at in users if turns[at].anchor is not None]
        standing = {*users[-1:], *said[-1:]}  # a question, and what was asked last before it
        waiting = [
            at
            for at, one in enumerate(shown)
            if at not in standing and (not is_open if at in self._calls else one.is_new)
        ]
        # Wishes and instructions leave last.
        self._candidates = sorted(waiting, key=lambda at: turns[at].pinned or turns[at].role == "system")
        self.hidden = set[int]()
        """Places of the turns that are hidden so far."""
        self._lines = 0

    @property
    def kept(self) -> list[ShownTurn]:
        """The turns that are shown."""
        return [one for at, one in enumerate(self._shown) if at not in self.hidden]

    def left(self, room: Room) -> Room:
        """Return what is left of a room beside the lines that tell what is hidden."""
        return replace(room, tokens=room.tokens - self._lines * _LINE_TOKENS)

    def hide_beforehand(self, room: Room) -> None:
        """Hide as many turns as would not fit however small the others are made."""
        sizes = [_count_least(one, room) for one in self._shown]
        spent = sum(sizes)
        for at in self._candidates:
            if spent + self._lines * _LINE_TOKENS <= room.tokens:
                return
            spent -= sizes[at] + self._hide(at)

    def hide_rest(self, room: Room) -> None:
        """Hide more turns, until the others fit as they are shown."""
        for at in self._candidates:
            kept = self.kept
            images = [image for one in kept for image in one.images]
            if sum(one.tokens for one in kept) <= self.left(room).tokens and room.holds_images(images):
                return
            if at not in self.hidden:
                self._hide(at)

    def tell(self, written: FittedTail, room: Room, *, can_recall: bool) -> FittedTail:
        """Return turns as they are sent, with the lines and losses of what is hidden."""
        runs, calls = self._list_runs(), dict[int, HiddenCalls]()
        losses = [*self._describe_runs(runs, room)]
        if self._caller is not None and (results := sorted(self.hidden & self._calls.keys())):
            calls[self._caller] = self._tell_calls(self._caller, results)
            losses.append(self._describe_calls(self._caller, results, room))
        over = sum(one.tokens for one in self.kept) - self.left(room).tokens
        return replace(
            written,
            hidden=frozenset(self.hidden),
            hidden_calls=calls,
            hidden_turns=self._tell_runs(runs, can_recall=can_recall),
            losses=(*written.losses, *losses, *_tell_too_much(over, self._binder)),
        )

    def _hide(self, at: int) -> int:
        """Hide a turn; return what its call took in the message that made it."""
        if self._caller is None or at not in self._calls:
            beside = [near for near in (at - 1, at + 1) if near in self.hidden and near not in self._calls]
            self._lines += 1 - len(beside)
            self.hidden.add(at)
            return 0
        self._lines += self._calls.keys().isdisjoint(self.hidden)
        self.hidden.add(at)
        caller, counts = self._shown[self._caller], self._binder.counts
        bare = replace(caller.turn, text="", tool_calls=())
        call = replace(bare, tool_calls=(caller.turn.tool_calls[self._calls[at]],))
        saved = counts.count_message(call) - counts.count_message(bare)
        caller.message_tokens -= saved
        return saved

    def _pair_calls(self) -> dict[int, int]:
        if self._caller is None:
            return {}
        caller = self._shown[self._caller].turn
        waiting = {number: call_id(caller, number) for number in range(len(caller.tool_calls))}
        pairs = dict[int, int]()
        for at in range(self._caller + 1, len(self._shown)):
            turn = self._shown[at].turn
            if turn.role != "tool":
                break
            asked = (number for number, name in waiting.items() if turn.tool_call_id in {name, None, ""})
            if (number := next(asked, None)) is not None:
                pairs[at] = number
                del waiting[number]
        return pairs

    def _list_runs(self) -> list[list[int]]:
        """Return the places of the hidden turns that are no results of shown calls, those in a row together."""
        runs = list[list[int]]()
        for at in sorted(self.hidden - self._calls.keys()):
            if runs and runs[-1][-1] == at - 1:
                runs[-1].append(at)
            else:
                runs.append([at])
        return runs

    def _tell_runs(self, runs: Sequence[Sequence[int]], *, can_recall: bool) -> dict[int, HiddenTurns]:
        return {
            run[0]: HiddenTurns(
                places=tuple(run),
                line=tell_hidden_turns(*self._span(run), count=len(run), can_recall=can_recall),
            )
            for run in runs
        }

    def _tell_calls(self, caller: int, results: Sequence[int]) -> HiddenCalls:
        calls = self._shown[caller].turn.tool_calls
        clean = self._binder.cleaner.clean_and_escape
        names = Counter(calls[self._calls[at]].name for at in results)
        told = [(clean(name[:40]), count) for name, count in names.most_common(_NAMES)]
        return HiddenCalls(
            numbers=frozenset(self._calls[at] for at in results),
            results=tuple(results),
            line=tell_hidden_calls(len(results), told),
        )

    def _span(self, run: Sequence[int]) -> tuple[int, int]:
        return self._shown[run[0]].turn.anchor or 0, self._shown[run[-1]].turn.anchor or 0

    # What the user learns.

    def _describe_runs(self, runs: Sequence[Sequence[int]], room: Room) -> Iterator[Loss]:
        window = f"window_tokens={self._binder.options.known_window_tokens}"
        for run in runs:
            first, last = self._span(run)
            turns = (
                f"§{first} (1 turn) is" if len(run) == 1 else f"§{first} to §{last} ({len(run):,} turns) are"
            )
            yield Loss(
                kind="left out",
                anchor=first,
                message=f"{turns} not shown: recent turns have room for {max(0, room.tokens):,} tokens under {window}. "
                "Have the model answer more often, give less at a time, or take a larger window",
            )

    def _describe_calls(self, caller: int, results: Sequence[int], room: Room) -> Loss:
        turn = self._shown[caller].turn
        return Loss(
            kind="left out",
            anchor=turn.anchor,
            message=f"{len(results)} of {len(turn.tool_calls)} calls of §{turn.anchor} and their results are not shown"
            f": recent turns have room for {max(0, room.tokens):,} tokens. Have the model call fewer tools at a time",
        )


def _count_least(one: ShownTurn, room: Room) -> int:
    """Count what a turn takes at the least that is worth showing: as dense pages, or in parts."""
    least = max(_LEAST_TOKENS, min(one.content_tokens // _MOST_RATIO, room.tokens // _MOST_LONG))
    return one.message_tokens + min(one.content_tokens, least)


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

"""Every kind of write to a store, one after the other, and what the store has to hold after each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from glyph_memory.store import SealRecord, SessionStore, Store
from glyph_memory.transcript import Turn

KINDS = (
    "first creation",
    "append one",
    "append many",
    "pin",
    "truncate",
    "delete",
    "clear",
    "fork",
    "add seals",
    "replace seals",
)
_TIMES = 3
"""How often a child does its kind of write."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpectedSession:
    """What one session has to hold."""

    anchors: tuple[int, ...] = ()
    pinned: tuple[int, ...] = ()
    seals: tuple[int, ...] = ()
    last: int = 0


State = dict[str, ExpectedSession]


class Act(NamedTuple):
    """A write, and what the store has to hold after it."""

    after: State
    run: Callable[[], object]


def make_word(session: str, anchor: int) -> str:
    """Return a word that occurs in one turn and nowhere else."""
    return f"zebra{session}n{anchor}q"


def make_turn(session: str, anchor: int) -> Turn:
    """Return a turn that differs from all others in text, identifier and image."""
    text = (
        f"{make_word(session, anchor)} see https://{make_word(session, anchor)}.example/ " + "and so on " * 40
    )
    return Turn(role="user", text=text, images=(make_word(session, anchor).encode() * 100,))


def prepare(store: Store) -> State:
    """Fill a store with two sessions; return what it holds then."""
    session_store = store.session("chat")
    session_store.append([make_turn("chat", anchor) for anchor in range(1, 13)])
    session_store.add_seals(_seals(1, 2, 3), edits=0)
    store.session("other").append([make_turn("other", 1)])
    chat = ExpectedSession(anchors=tuple(range(1, 13)), seals=(1, 2, 3), last=12)
    return {"chat": chat, "other": ExpectedSession(anchors=(1,), last=1)}


def _seals(*numbers: int) -> list[SealRecord]:
    return [SealRecord(number=number, digest="d", body=f'{{"n": {number}}}') for number in numbers]


def list_acts(kind: str, store: Store, state: State) -> Iterator[Act]:
    """Yield writes of a kind, each with the state that must hold after it."""
    session_store = store.session("chat")
    now = state
    for round_ in range(_TIMES):
        chat = now.get("chat", ExpectedSession())
        after, run = _make_act(kind, session_store, chat, round_)
        now = {**now, **after}
        if kind == "clear" and round_ % 2 == 0:
            now = {name: session for name, session in now.items() if name != "chat"}
        yield Act(now, run)


def _make_act(
    kind: str, session_store: SessionStore, chat: ExpectedSession, round_: int
) -> tuple[State, Callable[[], object]]:
    if kind in {KINDS[0], "append one", "append many"} or (kind == "clear" and round_ % 2):
        new = tuple(range(chat.last + 1, chat.last + (26 if kind == "append many" else 2)))
        after = replace(chat, anchors=chat.anchors + new, last=new[-1])
        return {"chat": after}, lambda: session_store.append([make_turn("chat", anchor) for anchor in new])
    if kind == "pin":
        pin = chat.anchors[round_]
        return {"chat": replace(chat, pinned=(*chat.pinned, pin))}, lambda: session_store.set_pinned(
            pin, True
        )
    if kind == "truncate":
        cut = chat.anchors[-3]
        return {"chat": replace(chat, anchors=chat.anchors[:-2])}, lambda: session_store.truncate(after=cut)
    if kind == "delete":
        gone = chat.anchors[1::4]
        kept = tuple(anchor for anchor in chat.anchors if anchor not in gone)
        return {"chat": replace(chat, anchors=kept)}, lambda: session_store.delete(gone)
    return _make_session_act(kind, session_store, chat, round_)


def _make_session_act(
    kind: str, session_store: SessionStore, chat: ExpectedSession, round_: int
) -> tuple[State, Callable[[], object]]:
    if kind == "clear":  # afterwards there is no session of this name: see _acts
        return {}, session_store.clear
    if kind == "fork":
        return {f"fork{round_}": chat}, lambda: session_store.fork(f"fork{round_}")
    if kind == "add seals":
        new = (chat.seals[-1] + 1, chat.seals[-1] + 2)
        return {"chat": replace(chat, seals=chat.seals + new)}, lambda: session_store.add_seals(
            _seals(*new), edits=0
        )
    other = range(2, 6 + round_)
    after = replace(chat, seals=(1, *other))
    return {"chat": after}, lambda: session_store.replace_seals(1, _seals(*other), edits=round_)

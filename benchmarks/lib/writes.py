"""Every kind of write to a store, one after the other, and what the store has to hold after each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from glyph_memory.context import FolderCache
from glyph_memory.store import SealReader, SealRecord, SessionStore, Store
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


def name_folder(path: Path) -> Path:
    """Return the folder of page images beside a database."""
    return path.with_name(f"{path.name}.pages")


def find_images(record: SealRecord) -> list[str]:
    """Return the name of the page image that a seal tells of."""
    return [json.loads(record.body)["image"]]


def _open_chat(store: Store) -> SessionStore:
    def find_range(record: SealRecord) -> tuple[int, int]:
        first, last = json.loads(record.body)["anchors"]
        return first, last

    folder = None if store.path is None else name_folder(store.path)
    reader = SealReader(find_range=find_range, find_images=find_images, folder=folder)
    return store.session("chat", seal_reader=reader)


def _store_images(store: Store, records: Sequence[SealRecord]) -> None:
    """Store page images as a memory does: when their seals are stored."""
    if store.path is not None:
        for record in records:
            FolderCache(name_folder(store.path)).put(find_images(record)[0], b"page")


def prepare(store: Store) -> State:
    """Fill a store with two sessions; return what it holds then."""
    session_store = _open_chat(store)
    session_store.append([make_turn("chat", anchor) for anchor in range(1, 13)])
    session_store.add_seals(_seals(1, 2, 3), edits=0)
    _store_images(store, _seals(1, 2, 3))
    store.session("other").append([make_turn("other", 1)])
    chat = ExpectedSession(anchors=tuple(range(1, 13)), seals=(1, 2, 3), last=12)
    return {"chat": chat, "other": ExpectedSession(anchors=(1,), last=1)}


def _seals(*numbers: int, round_: int = 0) -> list[SealRecord]:
    """Return seals of two turns each, with a page image."""
    images = {number: hashlib.sha256(f"{number} {round_}".encode()).hexdigest() for number in numbers}
    bodies = {
        number: {"anchors": [2 * number - 1, 2 * number], "image": images[number]} for number in numbers
    }
    return [SealRecord(number=number, digest="d", body=json.dumps(bodies[number])) for number in numbers]


def list_acts(kind: str, store: Store, state: State) -> Iterator[Act]:
    """Yield writes of a kind, each with the state that must hold after it."""
    session_store = _open_chat(store)
    now = state
    for round_ in range(_TIMES):
        chat = now.get("chat", ExpectedSession())
        after, run = _make_act(kind, store, session_store, chat, round_)
        now = {**now, **after}
        if kind == "clear" and round_ % 2 == 0:
            now = {name: session for name, session in now.items() if name != "chat"}
        yield Act(now, run)


def _make_act(
    kind: str, store: Store, session_store: SessionStore, chat: ExpectedSession, round_: int
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
        # The first seal tells of one of them, and the others depend on it.
        return {"chat": replace(chat, anchors=kept, seals=())}, lambda: session_store.delete(gone)
    return _make_session_act(kind, store, session_store, chat, round_)


def _make_session_act(
    kind: str, store: Store, session_store: SessionStore, chat: ExpectedSession, round_: int
) -> tuple[State, Callable[[], object]]:
    if kind == "clear":  # afterwards there is no session of this name: see _acts
        return {}, session_store.clear
    if kind == "fork":
        return {f"fork{round_}": chat}, lambda: session_store.fork(f"fork{round_}")
    if kind == "add seals":
        new = (chat.seals[-1] + 1, chat.seals[-1] + 2)

        def add() -> None:
            session_store.add_seals(_seals(*new), edits=0)
            _store_images(store, _seals(*new))

        return {"chat": replace(chat, seals=chat.seals + new)}, add
    other = _seals(*range(2, 6 + round_), round_=round_ + 1)

    def put_in_place() -> None:
        session_store.replace_seals(1, other, edits=round_)
        _store_images(store, other)

    return {"chat": replace(chat, seals=(1, *(record.number for record in other)))}, put_in_place

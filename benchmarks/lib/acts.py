"""Every kind of write to a store, one after the other, and what the store has to hold after each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from glyph_memory.store import Store, backup_store, repair_store, restore_store
from lib.writes import (
    BACKUP,
    BOOKMARK,
    COMPACTION,
    CONVERSATION,
    CREATION,
    EXPIRY,
    FROM_OUTSIDE,
    IMPORT,
    MIGRATIONS,
    RESTORATION,
    Act,
    ExpectedSession,
    State,
    keep_conversation,
    make_bookmark,
    make_prepared_state,
    make_reader,
    make_seals,
    make_turn,
    name_backup,
    open_session,
    store_images,
)

_TIMES = 3
"""How often a child does its kind of write."""


def list_acts(kind: str, database: Path | str, folder: Path, state: State) -> Iterator[Act]:
    """Yield writes of a kind, each with the state that must hold after it.

    Args:
        kind: Of write.
        database: An SQLite file, or the URL of a database.
        folder: Holds a backup, where there is one.
        state: What the database holds.
    """
    if kind in FROM_OUTSIDE and kind != CREATION:
        yield _make_act_from_outside(kind, database, folder, state)
        return
    with Store.open(database) as store:
        now = state
        for round_ in range(_TIMES):
            after, run = _ACTS[kind](store, now, round_)
            now = {name: session for name, session in after.items() if session is not None}
            yield Act(now, run)


def _make_act_from_outside(kind: str, database: Path | str, folder: Path, state: State) -> Act:
    if kind == RESTORATION:
        return Act(make_prepared_state(), lambda: restore_store(name_backup(folder), database))
    if kind == BACKUP:
        return Act(state, lambda: backup_store(database, name_backup(folder)))
    if kind in MIGRATIONS:
        return Act(state, lambda: Store.open(database).close())
    return Act(state, lambda: repair_store(database))


Planned = tuple[dict[str, ExpectedSession | None], Callable[[], object]]
"""What each session has to hold after a write, `None` where it is gone; and the write."""


def _append(store: Store, now: State, *, turns: int = 1) -> Planned:
    chat = now.get("chat", ExpectedSession())
    new = tuple(range(chat.last + 1, chat.last + 1 + turns))
    after = replace(chat, anchors=chat.anchors + new, last=new[-1])
    made = [make_turn("chat", anchor) for anchor in new]
    return {**now, "chat": after}, lambda: open_session(store).append(made)


def _import(store: Store, now: State, round_: int) -> Planned:
    """Keep anchors that have gaps."""
    name, start = f"import{round_}", 100 * (round_ + 1)
    anchors = tuple(range(start, start + 30, 2))
    turns = [replace(make_turn(name, anchor), anchor=anchor) for anchor in anchors]
    after = ExpectedSession(anchors=anchors, last=anchors[-1])
    return {**now, name: after}, lambda: store.session(name).append(turns, keep_anchors=True)


def _pin(store: Store, now: State, round_: int) -> Planned:
    chat = now["chat"]
    pin = chat.anchors[round_ // 2]
    others = tuple(anchor for anchor in chat.pinned if anchor != pin)
    pinned = others if round_ % 2 else (*others, pin)
    return {**now, "chat": replace(chat, pinned=pinned)}, lambda: open_session(store).set_pinned(
        pin, not round_ % 2
    )


def _truncate(store: Store, now: State, _round: int) -> Planned:
    chat = now["chat"]
    after = replace(chat, anchors=chat.anchors[:-2])
    return {**now, "chat": after}, lambda: open_session(store).truncate(after=chat.anchors[-3])


def _delete(store: Store, now: State, _round: int) -> Planned:
    chat = now["chat"]
    gone = chat.anchors[1::4]
    kept = tuple(anchor for anchor in chat.anchors if anchor not in gone)
    # The first seal tells of one of them, and the others depend on it.
    return {**now, "chat": replace(chat, anchors=kept, seals=())}, lambda: open_session(store).delete(gone)


def _clear(store: Store, now: State, round_: int) -> Planned:
    """Clear and begin anew in turn."""
    if round_ % 2:
        return _append(store, now)
    return {**now, "chat": None}, open_session(store).clear


def _fork(store: Store, now: State, round_: int) -> Planned:
    return {**now, f"fork{round_}": now["chat"]}, lambda: open_session(store).fork(f"fork{round_}")


def _add_seals(store: Store, now: State, _round: int) -> Planned:
    chat = now["chat"]
    new = (chat.seals[-1] + 1, chat.seals[-1] + 2)

    def add() -> None:
        open_session(store).add_seals(make_seals(*new), edits=0)
        store_images(store, make_seals(*new))

    return {**now, "chat": replace(chat, seals=chat.seals + new)}, add


def _replace_seals(store: Store, now: State, round_: int) -> Planned:
    other = make_seals(*range(2, 6 + round_), round_=round_ + 1)

    def put_in_place() -> None:
        open_session(store).replace_seals(1, other, edits=round_)
        store_images(store, other)

    after = replace(now["chat"], seals=(1, *(record.number for record in other)))
    return {**now, "chat": after}, put_in_place


def _set_lifetime(store: Store, now: State, round_: int) -> Planned:
    """Of a session that is there, of one that is not, and for good again."""
    name, days = (("chat", 7), ("new", 30), ("chat", None))[round_]
    lifetime = None if days is None else timedelta(days=days)
    seconds = None if lifetime is None else int(lifetime.total_seconds())
    after = replace(now.get(name, ExpectedSession()), lifetime_s=seconds)
    return {**now, name: after}, lambda: store.set_lifetime(lifetime, session=name)


def _expire(store: Store, now: State, round_: int) -> Planned:
    """Each time, one more session's time is over: see `starts`."""
    older_than = timedelta(days=(30, 20, 10)[round_])
    return {**now, f"old{round_}": None}, lambda: store.expire(
        older_than=older_than, seal_reader=make_reader(store)
    )


def _keep(store: Store, now: State, _round: int) -> Planned:
    talk = now.get("talk", ExpectedSession())
    number = talk.last + 1
    after = ExpectedSession(
        anchors=(*talk.anchors, number),
        last=number,
        marks=number,
        bookmark=make_bookmark(number),
        report=json.dumps({"request": number}),
    )
    return {**now, "talk": after}, lambda: keep_conversation(store, talk)


def _compact(store: Store, now: State, _round: int) -> Planned:
    return {**now}, store.compact


_ACTS: dict[str, Callable[[Store, State, int], Planned]] = {
    CREATION: lambda store, now, _: _append(store, now),
    "append one": lambda store, now, _: _append(store, now),
    "append many": lambda store, now, _: _append(store, now, turns=25),
    IMPORT: _import,
    "pin": _pin,
    "truncate": _truncate,
    "delete": _delete,
    "clear": _clear,
    "fork": _fork,
    "add seals": _add_seals,
    "replace seals": _replace_seals,
    "set a lifetime": _set_lifetime,
    EXPIRY: _expire,
    CONVERSATION: _keep,
    BOOKMARK: _keep,
    COMPACTION: _compact,
}

"""The door of the store: operations in any order with odd values, compared with a model of dictionaries."""

from __future__ import annotations

import random
import shutil
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from glyph_memory import GlyphMemoryError, GlyphMemoryWarning
from glyph_memory.store import Store
from glyph_memory.transcript import Attachment, ToolCall, Turn
from lib.fuzz_outcome import check_line, require
from lib.fuzz_values import draw_text

_STEPS = 25
_ODD_NUMBERS: tuple[Any, ...] = (
    0, 1, 2, 3, -1, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 1.5, float("nan"), True, None, "1", b"1",
)  # fmt: skip
_NAMES = ("chat", "Chat", "other", "ö", "o\u0308", "a" * 300, " ", "..", "%", "x/y", "\u202e")
_ODD_NAMES: tuple[Any, ...] = ("", "\0", "\ud800", None, 7, b"chat", "a\nb")


@dataclass
class _Model:
    """A store, and what it has to hold."""

    dice: random.Random
    path: Path
    store: Store
    held: dict[str, dict[int, Turn]] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    refused: int = 0

    def draw_name(self) -> Any:  # noqa: ANN401 - odd ones are no str
        return self.dice.choice(
            _ODD_NAMES if self.dice.random() < 0.03 else _NAMES[: self.dice.choice((2, 3, 11))]
        )

    def draw_anchor(self, name: str) -> Any:  # noqa: ANN401 - nor integers
        anchors = [*self.held.get(name, {})]
        return (
            self.dice.choice(anchors)
            if anchors and self.dice.random() < 0.8
            else self.dice.choice(_ODD_NUMBERS)
        )

    def draw_turn(self) -> Turn:
        dice = self.dice
        text = draw_text(dice, longest=dice.choice((30, 200, 4000)))
        calls = (ToolCall(name=draw_text(dice, longest=9), arguments=draw_text(dice, longest=30), id="c"),)
        return Turn(
            role=dice.choice(("user", "assistant", "tool", "system")),
            text=text,
            name=draw_text(dice, longest=9) or None,
            id=draw_text(dice, longest=6) if dice.random() < 0.1 else None,
            tool_calls=calls if dice.random() < 0.2 else (),
            images=tuple(dice.randbytes(9) for _ in range(dice.choice((0, 0, 0, 1, 3)))),
            attachments=(Attachment(block='{"type": "file"}', name=text[:20]),)
            if dice.random() < 0.1
            else (),
            time=datetime(dice.choice((1, 1970, 2025, 9999)), 1, 2, tzinfo=UTC)
            if dice.random() < 0.2
            else None,
            pinned=dice.random() < 0.1,
        )

    def append(self, name: str) -> None:
        turns = [self.draw_turn() for _ in range(self.dice.choice((1, 1, 2, 7)))]
        stored = self.store.session(name).append(turns)
        require(len(stored) == len(turns), "other turns are stored than were given")
        for given, kept in zip(turns, stored, strict=True):
            same = (given.role, given.text, given.name, given.tool_calls, given.images, given.attachments)
            require(
                same == (kept.role, kept.text, kept.name, kept.tool_calls, kept.images, kept.attachments),
                f"a turn is stored as another: {given!r} as {kept!r}"[:400],
            )
            anchor = kept.anchor or 0
            if anchor not in self.held.setdefault(name, {}):
                require(anchor > self.last.get(name, 0), f"anchor {anchor} is given twice")
            self.held[name][anchor] = kept
            self.last[name] = max(self.last.get(name, 0), anchor)

    def delete(self, name: str) -> None:
        anchors = [self.draw_anchor(name) for _ in range(self.dice.choice((0, 1, 1, 3)))]
        count = self.store.session(name).delete(anchors)
        gone = {anchor for anchor in anchors if anchor in self.held.get(name, {})}
        require(count == len(gone), f"{count} turns are said to be erased, and not {len(gone)}")
        for anchor in gone:
            del self.held[name][anchor]

    def truncate(self, name: str) -> None:
        after = self.draw_anchor(name)
        self.store.session(name).truncate(after=after)
        held = self.held.get(name, {})
        self.held[name] = {anchor: turn for anchor, turn in held.items() if anchor <= after}
        self._forget_if_new(name)

    def clear(self, name: str) -> None:
        self.store.session(name).clear()
        self.held.pop(name, None)
        self.last.pop(name, None)

    def pin(self, name: str) -> None:
        anchor, pinned = self.draw_anchor(name), self.dice.random() < 0.6
        self.store.session(name).set_pinned(anchor, pinned)
        (kept,) = [turn for turn in self.store.session(name).turns() if turn.anchor == anchor]
        require(kept.pinned == pinned, "a pin is not kept")
        self.held[name][anchor] = kept

    def fork(self, name: str) -> None:
        other = self.draw_name()
        self.store.session(name).fork(other)
        self.held[other] = dict(self.held.get(name, {}))
        self.last[other] = self.last.get(name, 0)

    def search(self, name: str) -> None:
        """Look for a piece of a turn, or for anything."""
        turns = [*self.held.get(name, {}).values()]
        query = draw_text(self.dice, longest=30)
        if turns and self.dice.random() < 0.5:
            text = self.dice.choice(turns).text
            at = self.dice.randint(0, len(text))
            query = text[at : at + 20]
        hits = self.store.session(name).search(query, k=self.dice.choice((1, 3, 1000)))
        for hit in hits:
            require(
                self.held.get(name, {}).get(hit.turn.anchor or 0) == hit.turn,
                "a turn is found that is not there",
            )

    def identify(self, name: str) -> None:
        found = self.store.session(name).identifiers(like=draw_text(self.dice, longest=3), limit=9)
        for one in found:
            require(
                set(one.anchors) <= set(self.held.get(name, {})), "an identifier of a turn that is not there"
            )

    def expire(self, name: str) -> None:
        lifetime: Any = self.dice.choice(
            (
                timedelta(days=1),
                timedelta(0),
                timedelta(days=-1),
                timedelta.max,
                timedelta(microseconds=1),
                None,
                5,
            )
        )
        if self.dice.random() < 0.5:
            self.store.set_lifetime(self.dice.choice((timedelta(days=9), None)), session=name)
            self.held.setdefault(name, {})
        elif lifetime != timedelta(microseconds=1):  # this one would erase all that is a second old
            self.store.expire(older_than=lifetime)

    def keep(self, name: str) -> None:
        chain = (
            f"{self.dice.getrandbits(128):032x}"
            if self.dice.random() < 0.9
            else draw_text(self.dice, longest=32)
        )
        body: Any = self.dice.choice((b"{}", None, b"", "x", b"\xff" * 30, b'{"a": 1}'))
        count: Any = self.dice.choice((1, 2, 0, -1, 2**63, 10**30, 1.5, "1"))
        self.store.keep_conversation(
            name, turns=[], marks={chain: count}, bookmark=body, report=b"{}", parent=self.draw_name()
        )
        self.held.setdefault(name, {})
        mark = self.store.find_mark([chain])
        require(
            mark is not None and mark.session == name and mark.bookmark == body, "a mark is not found again"
        )

    def reopen(self, _name: str) -> None:
        self.store.close()
        self.store = Store.open(self.path)

    def compact(self, _name: str) -> None:
        self.store.compact()

    def _forget_if_new(self, name: str) -> None:
        """A session that was never written to is not there for a truncation either."""
        if name not in self.last and not self.held.get(name):
            self.held.pop(name, None)

    def check(self) -> None:
        """Compare all that the store holds."""
        there = {session.name for session in self.store.sessions()}
        require({name for name, turns in self.held.items() if turns} <= there, "a session is not there")
        for name in there:
            kept = {turn.anchor or 0: turn for turn in self.store.session(name).turns()}
            require(kept == self.held.get(name, {}), f"session {name!r} holds other turns than were stored")
            require(self.store.session(name).state().turns == len(kept), "the number of turns")


_ACTS: tuple[tuple[str, int], ...] = (
    ("append", 10), ("delete", 3), ("truncate", 2), ("clear", 1), ("pin", 2), ("fork", 2), ("search", 3),
    ("identify", 1), ("expire", 1), ("keep", 2), ("reopen", 1), ("compact", 1),
)  # fmt: skip
_NAMES_OF_ACTS = [name for name, _ in _ACTS]
_WEIGHTS = [weight for _, weight in _ACTS]


@cache
def _make_empty() -> Path:
    """Return an empty database that is copied for each input."""
    path = Path(tempfile.mkdtemp(dir=make_scratch())) / "empty.db"
    Store.open(path).close()
    return path


@cache
def make_scratch() -> Path:
    """Return a folder for all files of a process."""
    return Path(tempfile.mkdtemp(prefix="glyph-fuzz-"))


def check_operations(dice: random.Random) -> tuple[str, int]:
    """Do some operations of a store in any order; return how many."""
    path = make_scratch() / "chat.db"
    for old in path.parent.glob("chat.db*"):
        old.unlink()
    shutil.copyfile(_make_empty(), path)
    model, refused = _Model(dice=dice, path=path, store=Store.open(path)), 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", GlyphMemoryWarning)
            for _ in range(_STEPS):
                act: Callable[[str], None] = getattr(model, dice.choices(_NAMES_OF_ACTS, _WEIGHTS)[0])
                try:
                    act(model.draw_name())
                except GlyphMemoryError as error:
                    check_line(error)
                    refused += 1
            model.check()
            model.reopen("")
            model.check()
    finally:
        model.store.close()
    return ("refused" if refused == _STEPS else "done"), _STEPS

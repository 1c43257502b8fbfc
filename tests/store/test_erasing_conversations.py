"""Bookmarks and reports quote what was said: they go with it, from the bytes of the file as well."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

import pytest

from glyph_memory.store import SessionStore, Store
from glyph_memory.transcript import Turn

_WORD = re.compile(rb"q[0-9a-f]{15}q")


def chain(said: object) -> str:
    """Return a chain that stands for what was said last."""
    return blake2b(repr(said).encode(), digest_size=16).hexdigest()


def keep(
    store: Store, session: str, number: int, *, bookmark: bytes, report: bytes, text: str = "plain"
) -> None:
    """Keep a request."""
    turn = Turn(role="user", text=text, id=f"{number}")
    marks = {chain((session, number)): number}
    store.keep_conversation(session, turns=[turn], marks=marks, bookmark=bookmark, report=report)


def read_words(path: Path) -> set[bytes]:
    """Return the made-up words that stand in the database's files."""
    files = sorted(path.parent.glob(f"{path.name}*"))
    return {word for file in files for word in _WORD.findall(file.read_bytes())}


ERASERS: dict[str, Callable[[SessionStore], object]] = {
    "clear": lambda session: session.clear(),
    "delete": lambda session: session.delete([2]),
    "truncate": lambda session: session.truncate(after=2),
}


@pytest.mark.parametrize("how", ERASERS)
def test_what_quotes_an_erased_turn_is_gone_from_the_bytes(tmp_path: Path, how: str) -> None:
    """Bookmarks that left long ago as well, and while another store has the file open."""
    path = tmp_path / "chat.db"
    words = [f"q{number:015x}q" for number in range(40)]
    with Store.open(path) as store, Store.open(path) as other:
        for number in range(20):
            quoted, told = words[2 * number].encode(), words[2 * number + 1].encode()
            keep(store, "chat", number, bookmark=quoted * 3, report=told * 90)
        keep(store, "kept", 1, bookmark=b"q00000000000000aq", report=b"q00000000000000bq")
        kept = {b"q00000000000000aq", b"q00000000000000bq"}
        assert {word.encode() for word in words[8::2]} | kept <= read_words(path)
        assert other.find_mark([chain(("chat", 19))]) is not None
        ERASERS[how](store.session("chat"))
        assert read_words(path) == kept
        found, info = other.find_mark([chain(("chat", 19))]), other.conversation("chat")
        if how == "clear":
            assert (found, info) == (None, None)
        else:
            assert found is not None and info is not None
            assert (found.turns, found.bookmark, found.is_tip) == (19, None, True)
            assert (info.bookmark, info.report) == (None, b"")
        keep(store, "chat", 20, bookmark=b"q00000000000000cq", report=b"")
        assert other.find_mark([chain(("chat", 20))]) is not None


def test_erasing_turns_that_are_not_there_takes_no_bookmark(store: Store) -> None:
    """Nothing was erased."""
    keep(store, "chat", 1, bookmark=b"B", report=b"R")
    assert store.session("chat").delete([7]) == store.session("chat").truncate(after=1) == 0
    found, told = store.find_mark([chain(("chat", 1))]), store.conversation("chat")
    assert found is not None and told is not None
    assert (found.bookmark, told.report) == (b"B", b"R")


def test_a_cleared_conversation_can_be_kept_again(store: Store) -> None:
    """Its beginnings are unknown, until its client says them once more."""
    keep(store, "chat", 1, bookmark=b"B", report=b"R")
    store.session("chat").clear()
    assert store.find_mark([chain(("chat", 1))]) is None
    assert store.conversations() == ()
    keep(store, "chat", 1, bookmark=b"again", report=b"R")
    found = store.find_mark([chain(("chat", 1))])
    assert found is not None
    assert (found.bookmark, found.is_tip) == (b"again", True)


@pytest.mark.parametrize("seed", [1, 3, 5])
def test_nothing_is_left_in_the_unused_parts_of_pages(tmp_path: Path, seed: int) -> None:
    """Small bookmarks and reports, many to a page, in sessions that take turns, some of which are erased in between.

    Were rows deleted and not emptied, this would leave a few words.
    """
    path, draw = tmp_path / "chat.db", random.Random(seed)
    said: dict[str, set[bytes]] = {name: set() for name in "abcdef"}
    latest: dict[str, set[bytes]] = {}

    def quote(name: str) -> bytes:
        words = [f"q{draw.getrandbits(60):015x}q".encode() for _ in range(draw.randint(2, 12))]
        said[name].update(words)
        return b" ".join(words)

    with Store.open(path) as store:
        for number in range(200):
            name = draw.choice("abcdef")
            bookmark, report = quote(name), quote(name)
            keep(store, name, number, bookmark=bookmark, report=report)
            latest[name] = {*_WORD.findall(bookmark), *_WORD.findall(report)}
            if number % 25 == 20:
                erased = draw.choice("abcdef")
                store.session(erased).clear()
                assert not said[erased] & read_words(path)
                said[erased].clear()
                latest.pop(erased, None)
        assert set().union(*latest.values()) <= read_words(path)
        store.compact()
        for name in "abc":
            store.session(name).clear()
            assert not said[name] & read_words(path)

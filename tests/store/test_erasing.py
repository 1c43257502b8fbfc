"""What is forgotten is gone from the bytes of the database, not only from its answers."""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from glyph_memory.store import SealRecord, SessionStore, Store
from glyph_memory.transcript import ToolCall, Turn

SECRETS = ["xylophonic", "quaverly", "zugzwangish", "https://vault.example/k7f3", "brouhahaha", "jabberwock"]


def secret_turn() -> Turn:
    """Return a turn with secrets in every place there is."""
    word, name, tool, url, argument, picture = SECRETS
    call = ToolCall(name=tool, arguments=f'{{"a": "{argument}"}}', id="c1")
    return Turn(
        role="user", text=f"{word} {url}", name=name, tool_calls=(call,), images=(picture.encode() * 3,)
    )


def bytes_of(path: Path) -> bytes:
    """Return all bytes of the database's files."""
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


def standing(path: Path) -> list[str]:
    """Return the secrets that stand in the files, in any case."""
    data = bytes_of(path).lower()
    return [secret for secret in SECRETS if secret.lower().encode() in data]


@pytest.mark.parametrize(
    "forget",
    [
        lambda session_store: session_store.truncate(after=3),
        lambda session_store: session_store.delete([4]),
        lambda session_store: session_store.clear(),
    ],
    ids=["truncate", "delete", "clear"],
)
def test_what_is_forgotten_is_gone_from_the_bytes(
    tmp_path: Path, forget: Callable[[SessionStore], object]
) -> None:
    """Text, name, tools, arguments, identifiers and images; while the store is open, and while another reads."""
    path = tmp_path / "chat.db"
    with Store.open(path) as store, Store.open(path) as other:
        session_store = store.session("chat")
        session_store.append([Turn(role="user", text=f"plain {number}") for number in range(3)])
        session_store.append([secret_turn()])
        assert standing(path) == SECRETS
        assert other.session("chat").turn(4) is not None
        forget(session_store)
        assert standing(path) == []
        store.session("kept").append([Turn(role="user", text="still here")])
        assert other.session("kept").search("still", k=1)


def test_a_cleared_session_takes_its_name_and_a_replaced_seal_its_text_along(tmp_path: Path) -> None:
    """Ledgers quote identifiers: seals are not to outlive what they tell of."""
    path = tmp_path / "chat.db"
    with Store.open(path) as store:
        session_store = store.session("jabberwock")
        session_store.append([Turn(role="user", text="a")])
        session_store.add_seals([SealRecord(number=1, digest="quaverly", body='"xylophonic"')], edits=0)
        assert standing(path) == ["xylophonic", "quaverly", "jabberwock"]
        session_store.replace_seals(0, [], edits=0)
        assert standing(path) == ["jabberwock"]
        session_store.clear()
        assert standing(path) == []


def test_nothing_is_left_in_the_unused_parts_of_pages(tmp_path: Path) -> None:
    """SQLite leaves copies where it moves rows to a neighbour: turns of many sizes, some of which go between others.

    Without writing the file anew, this leaves a few words in a thousand.
    """
    path, draw = tmp_path / "chat.db", random.Random(3)
    said: dict[tuple[str, int], set[bytes]] = {}
    with Store.open(path) as store:
        for number in range(160):
            session_store = store.session(draw.choice("abc"))
            for turn in session_store.append([_random_turn(draw) for _ in range(draw.randint(1, 6))]):
                said[session_store.name, turn.anchor or 0] = set(
                    _WORD.findall(turn.text.encode() + turn.images[0])
                )
            if number % 2 == 0:
                session_store = store.session(draw.choice("abc"))
                mine = [anchor for name, anchor in said if name == session_store.name]
                session_store.delete(gone := draw.sample(mine, min(len(mine), 3)))
                for anchor in gone:
                    del said[session_store.name, anchor]
        store.session("a").clear()
        standing = set(_WORD.findall(bytes_of(path)))
    assert standing == {word for (name, _), words in said.items() if name != "a" for word in words}


_WORD = re.compile(rb"q[0-9a-f]{15}q")


def _random_turn(draw: random.Random) -> Turn:
    words = [f"q{draw.getrandbits(60):015x}q" for _ in range(draw.randint(2, 30))]
    text = " ".join(words[1:]) * draw.choice([1, 1, 1, 20]) + f" zq{draw.getrandbits(80):020x} "
    return Turn(
        role="user", text=text, images=(words[0].encode() + draw.randbytes(draw.choice([10, 500, 9000])),)
    )


def test_what_a_dead_process_had_begun_to_erase_is_erased_at_the_next_opening(tmp_path: Path) -> None:
    """A reader that never ends keeps the log from being emptied; the note outlives the store."""
    path = tmp_path / "chat.db"
    with Store.open(path, wait_s=0.2) as store:
        store.session("chat").append([secret_turn()])
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM glyph_turns").fetchone()
        assert store.session("chat").delete([1]) == 1
        assert standing(path) == SECRETS
        assert store.session("chat").turn(1) is None
    reader.close()
    Store.open(path).close()
    assert standing(path) == []


def test_on_a_server_the_rows_are_gone(postgres_url: str) -> None:
    """Their bytes are the server's business."""
    with Store.open(postgres_url) as store:
        session_store = store.session("chat")
        session_store.append([secret_turn(), Turn(role="user")])
        session_store.delete([1])
        assert session_store.identifiers() == ()
        assert [turn.anchor for turn in session_store.turns()] == [2]
        assert not any(session_store.search(secret, k=1) for secret in SECRETS)

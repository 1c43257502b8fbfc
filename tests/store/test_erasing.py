"""What is forgotten is gone from the bytes of the database, not only from its answers."""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from glyph_memory.errors import GlyphMemoryWarning, StoreBusy
from glyph_memory.store import SealRecord, SessionStore, Store
from glyph_memory.store.erase import empty_some
from glyph_memory.store.fingerprints import hash_words
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

    Were rows deleted and not emptied, this would leave a few words in a thousand.
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


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Read an old state of a database for a while, as another process does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM glyph_turns").fetchone()
        yield


def test_what_a_reader_keeps_in_the_log_is_told_and_goes_with_the_next_write(tmp_path: Path) -> None:
    """Whoever erases is told once, in one line, which file still holds it; nobody has to ask again."""
    path = tmp_path / "chat.db"
    with Store.open(path, wait_s=0.2) as store:
        session_store = store.session("chat")
        session_store.append([secret_turn()])
        with reading(path):
            with pytest.warns(
                GlyphMemoryWarning, match=r"not yet from the file .*chat\.db-wal'.*still reading"
            ) as told:
                assert session_store.delete([1]) == 1
            assert len(told) == 1
            session_store.append([Turn(role="user", text="while it reads")])
            assert standing(path) == SECRETS
            assert session_store.turn(1) is None
        session_store.append([Turn(role="user", text="after that")])
        assert standing(path) == []
        assert journal(path) <= {"index"}


def test_what_a_dead_process_had_begun_to_erase_is_erased_at_the_next_opening(tmp_path: Path) -> None:
    """The note outlives the store."""
    path = tmp_path / "chat.db"
    with Store.open(path, wait_s=0.2) as store:
        store.session("chat").append([secret_turn()])
        with reading(path), pytest.warns(GlyphMemoryWarning):
            store.session("chat").delete([1])
            store.close()
            assert standing(path) == SECRETS
            assert Store.open(path, wait_s=0.1).session("chat").turn(1) is None
            assert standing(path) == SECRETS
    Store.open(path).close()
    assert standing(path) == []


def test_others_write_while_an_erasure_waits_for_a_reader(tmp_path: Path) -> None:
    """Nobody is locked out for as long as it tries."""
    path = tmp_path / "chat.db"
    with Store.open(path) as store, Store.open(path, wait_s=0.3) as other:
        store.session("chat").append([secret_turn()])
        with reading(path), ThreadPoolExecutor(1) as pool, pytest.warns(GlyphMemoryWarning):
            erasing = pool.submit(store.session("chat").delete, [1])
            while not erasing.done():
                other.session("other").append([Turn(role="user", text="meanwhile")])
            assert erasing.result() == 1


def test_a_session_is_emptied_in_steps_and_the_rest_by_whoever_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is gone at once from all answers; its name may be taken again before the last of it is erased."""
    path = tmp_path / "chat.db"
    steps = iter([empty_some])

    def interrupt(connection: Connection, session_id: int) -> bool:
        step = next(steps, None)
        if step is None:
            raise KeyboardInterrupt
        return step(connection, session_id)

    with Store.open(path) as store:
        session_store = store.session("chat")
        session_store.append([Turn(role="user", text=f"brouhahaha {number}") for number in range(600)])
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr("glyph_memory.store.erasing.empty_some", interrupt)
            session_store.clear()
        assert standing(path) == ["brouhahaha"]
        assert (store.sessions(), session_store.state().turns) == ((), 0)
        with Store.open(path) as other:
            assert standing(path) == []
            assert journal(path) == {"index"}
            assert other.sessions() == ()
        session_store.append([Turn(role="user", text="again")])
        assert [session.name for session in store.sessions()] == ["chat"]


def journal(path: Path) -> set[str]:
    """Return the kinds of what is left to do."""
    with closing(sqlite3.connect(path)) as connection:
        return {kind for (kind,) in connection.execute("SELECT kind FROM glyph_erasures")}


def test_the_search_index_holds_no_words(tmp_path: Path) -> None:
    """Only hashes, made with a key of the session, which goes with it."""
    path = tmp_path / "chat.db"
    with Store.open(path) as store:
        store.session("chat").append([Turn(role="user", text="jabberwock 4711")])
        store.session("chat").fork("copy").append([Turn(role="user", text="jabberwock")])
        with closing(sqlite3.connect(path)) as connection:
            blocks = b"".join(block for (block,) in connection.execute("SELECT block FROM glyph_search_data"))
            keys = {key for (key,) in connection.execute("SELECT key FROM glyph_names")}
            assert b"jabberwock" not in blocks
            assert {len(key) for key in keys} == {16}
            assert len(keys) == 2
            assert not any(key in blocks for key in keys)
        for name in ("chat", "copy"):
            store.session(name).clear()
        assert not any(key in bytes_of(path) for key in keys)


def test_erased_words_are_merged_out_of_the_index_a_little_with_each_write(tmp_path: Path) -> None:
    """Until a removed turn is not even there as a hash; then the journal is empty."""
    path = tmp_path / "chat.db"
    with Store.open(path) as store:
        session_store = store.session("chat")
        for number in range(300):
            session_store.append(
                [Turn(role="user", text=" ".join(f"w{number}x{place}" for place in range(60)))]
            )
        with closing(sqlite3.connect(path)) as connection:
            (key,) = connection.execute("SELECT key FROM glyph_names").fetchone()
        hashes = hash_words(key, " ".join(f"w7x{place}" for place in range(60))).encode().split()
        session_store.delete([8])
        assert journal(path) == {"index"}
        for number in range(400):
            if not journal(path):
                break
            session_store.append([Turn(role="user", text=f"later {number}")])
        assert journal(path) == set()
        with closing(sqlite3.connect(path)) as connection:
            blocks = b"".join(block for (block,) in connection.execute("SELECT block FROM glyph_search_data"))
        # Terms are stored without what they share with the term before.
        assert not [hash_ for hash_ in hashes if hash_[4:] in blocks]
        assert session_store.search("w8x3", k=1)[0].turn.anchor == 9


def test_a_file_that_is_written_anew_still_has_its_index_merged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `compact` that was cut short is made up for by the next erasure, which copies the index as it is."""
    path = tmp_path / "chat.db"
    with Store.open(path) as store:
        session_store = store.session("chat")
        session_store.append([Turn(role="user", text=f"jabberwock {number}") for number in range(3)])
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr("glyph_memory.store.erasing.ErasingDatabase.run_alone", _interrupt)
            store.compact()
        assert journal(path) == {"file"}
        assert session_store.delete([2]) == 1
        assert journal(path) == {"index"}


def _interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_compact_gives_room_back_and_changes_nothing_else(any_url: str) -> None:
    """The file is as small as one that never held what was erased; on a server nothing is done."""
    with Store.open(any_url) as store:
        session_store = store.session("chat")
        session_store.append([Turn(role="user", text=f"port {number} " * 200) for number in range(200)])
        session_store.append([Turn(role="user", text="kept", pinned=True)])
        session_store.delete(range(1, 201))
        store.session("gone").append([secret_turn()])
        store.session("gone").clear()
        before = session_store.state()
        store.compact()
        assert session_store.state() == before
        assert [turn.anchor for turn in session_store.turns()] == [201]
        assert session_store.search("kept", k=1)[0].turn.anchor == 201
        assert [session.name for session in store.sessions()] == ["chat"]
        assert session_store.append([Turn(role="user", text="later")])[0].anchor == 202
        session_store.delete([202])
        if store.path is not None:
            assert store.path.stat().st_size < 200_000
            assert standing(store.path) == []


def test_compact_says_who_is_in_the_way(tmp_path: Path) -> None:
    """It needs the database for itself."""
    path = tmp_path / "chat.db"
    with Store.open(path, wait_s=0.1) as store:
        store.session("chat").append([secret_turn()])
        with reading(path), pytest.raises(StoreBusy, match="still read by another process after"):
            store.compact()
        assert journal(path) == {"file"}
        store.session("chat").append([Turn(role="user")])
        store.session("chat").delete([1])  # does what is left of it first
        assert standing(path) == []
        assert journal(path) <= {"index"}


def test_on_a_server_the_rows_are_gone(postgres_url: str) -> None:
    """Their bytes are the server's business."""
    with Store.open(postgres_url) as store:
        session_store = store.session("chat")
        session_store.append([secret_turn(), Turn(role="user")])
        session_store.delete([1])
        assert session_store.identifiers() == ()
        assert [turn.anchor for turn in session_store.turns()] == [2]
        assert not any(session_store.search(secret, k=1) for secret in SECRETS)

"""Whatever is wrong with a database, a cache, a clock or a turn: one line says so, and what can go on goes on."""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import Engine, event

from glyph_memory import (
    FoldPolicy,
    GlyphMemory,
    PolicyError,
    ProfileError,
    StoreBusy,
    StoreError,
    StyleError,
    Turn,
)
from glyph_memory.testing import agent_conversation
from tests.memory.worker import OTHER, SMALL, small

Talk = tuple[Turn, ...]


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Hold a database as another process does that writes."""
    with sqlite3.connect(database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
    other.close()


@contextmanager
def full(database: Path) -> Iterator[None]:
    """Let SQLite find no room for another page; for connections made within."""
    with sqlite3.connect(database) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.close()

    def limit(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    event.listen(Engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(Engine, "connect", limit)


def pages_folder(database: Path) -> Path:
    """Name the cache's folder."""
    return database.with_name(f"{database.name}.pages")


# Databases.


def test_a_database_that_is_read_only_is_read(database: Path, talk: Talk) -> None:
    """Contexts, search, pages and reports work; adding and erasing say why not, in one line."""
    with small(database) as memory:
        memory.extend(talk)
        context = memory.context()
    shutil.rmtree(pages_folder(database))
    with small(database, read_only=True) as memory:
        assert memory.context() == context
        assert memory.recall("checkout")
        assert memory.report().turns == len(talk)
        assert list(memory.pages())
        for call in (
            lambda: memory.add("user", "Hello."),
            lambda: memory.delete(1),
            memory.clear,
            lambda: memory.pin(2),
        ):
            with pytest.raises(StoreError, match="read-only") as refused:
                call()
            assert "\n" not in str(refused.value)
        assert memory.context() == context


def test_seals_of_a_read_only_database_are_made_and_not_stored(database: Path, talk: Talk) -> None:
    """Where another policy is asked for than it was folded with; its own seals stay."""
    with small(database) as memory:
        memory.extend(talk)
        fold = memory.fold()
    with small(f"sqlite:///{database}?mode=ro", policy=OTHER) as other:
        assert other.fold().visible_seals
        assert other.fold().seals != fold.seals
        assert other.context().images
        assert other.context() == other.context()
    with small(database) as memory:
        assert memory.fold() == fold


def test_a_database_that_is_locked_is_read_and_adding_says_so(database: Path, talk: Talk) -> None:
    """`StoreBusy` may be tried again."""
    with small(database, wait_s=0.05) as memory:
        memory.extend(talk)
        context = memory.context()
        with locked(database):
            assert memory.context() == context
            with pytest.raises(StoreBusy, match="locked") as refused:
                memory.add("user", "Hello.")
            assert refused.value.retryable
        memory.add("user", "Hello.")


def test_a_context_waits_for_nobody_to_store_its_seals(database: Path, talk: Talk) -> None:
    """Folded otherwise while another process writes, it is shown at once, and stored when that is done."""
    with small(database) as memory:
        memory.extend(talk)
    with small(database, policy=OTHER, wait_s=0.05) as other:
        with locked(database):
            context = other.context()
            assert other.context() == context
        assert other.context() == context
        fold = other.fold()
    with small(database, policy=OTHER) as other:
        assert other.fold() == fold


def test_a_full_disk_loses_nothing_that_was_stored(database: Path, talk: Talk) -> None:
    """Adding says that there is no room; what is there is shown, recalled and reported."""
    with small(database) as memory:
        memory.extend(talk)
        fold = memory.fold()
    with full(database), small(database) as memory:
        with pytest.raises(StoreError, match="no room left"):
            memory.add("user", "x" * 1_000_000)
        assert memory.fold() == fold
        assert memory.context().images
        assert memory.recall("checkout")
    with full(database), small(database, policy=OTHER) as other:
        context = other.context()
        assert context.images
        assert other.context() == context
    with small(database) as memory:
        assert len(list(memory.turns())) == len(talk)
        memory.add("user", "There is room again.")


def test_databases_that_cannot_be_opened_are_named(tmp_path: Path, database: Path, talk: Talk) -> None:
    """One of a newer version, one that is none, a folder, a place that is not there."""
    text = tmp_path / "notes.txt"
    text.write_text("These are my notes, and no database. " * 50)
    with small(database) as memory:
        memory.extend(talk[:3])
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE glyph_meta SET value = '99' WHERE name = 'version'")
    connection.close()
    wrong = {
        database: "newer",
        text: "not an SQLite database",
        tmp_path: "directory",
        tmp_path / "a" / "b.db": "mkdir",
    }
    for path, words in wrong.items():
        with pytest.raises(StoreError, match=words) as refused:
            small(path)
        assert str(path) in str(refused.value)
        assert "\n" not in str(refused.value)
    assert text.read_text().startswith("These are my notes")


def test_sessions_that_cannot_be_and_models_that_are_not_known_are_refused(database: Path) -> None:
    """And leave nothing open."""
    for name in ("", "a\0b", "\ud800"):
        with pytest.raises(StoreError, match="session"):
            small(database, session=name)
    with pytest.raises(ProfileError):
        small(database, profile="no-such-model")
    with pytest.raises(PolicyError, match="trigger_tokens"):
        FoldPolicy(
            window_tokens=9000, tools_tokens=0, keep_recent_tokens=200, seal_tokens=300, trigger_tokens=400
        )


@pytest.mark.parametrize("damage", ["digest", "body", "missing", "number"])
def test_damaged_seals_are_made_anew(database: Path, talk: Talk, damage: str) -> None:
    """Seals can be made from the turns at any time; a broken chain is not gone on with."""
    change = {
        "digest": "UPDATE glyph_seals SET digest = CAST('x' AS BLOB) WHERE number = 2",
        "body": "UPDATE glyph_seals SET body = CAST('{\"a\": 1}' AS BLOB) WHERE number = 3",
        "missing": "DELETE FROM glyph_seals WHERE number = 2",
        "number": "DELETE FROM glyph_seals WHERE number = 1",
    }[damage]
    with small(database) as memory:
        memory.extend(talk)
        before = memory.fold()
    with sqlite3.connect(database) as connection:
        connection.execute(change)
    connection.close()
    with small(database) as memory:
        after = memory.fold()
        assert [seal.anchors for seal in after.seals] == [seal.anchors for seal in before.seals]
        assert after.generation > before.generation
        assert memory.context().images
        assert after == memory.fold()


# Caches.


@pytest.mark.parametrize("damage", ["corrupt", "truncated", "empty", "swapped", "gone", "folder", "text"])
def test_a_page_file_that_is_wrong_is_drawn_again(database: Path, talk: Talk, damage: str) -> None:
    """The same bytes are sent as ever, in the same generation."""
    with small(database) as memory:
        memory.extend(talk)
        context, generation = memory.context(), memory.fold().generation
    files = sorted(pages_folder(database).glob("*.png"))
    assert len(files) > 3
    contents = [file.read_bytes() for file in files]
    for file, content, other in zip(files, contents, contents[1:] + contents[:1], strict=True):
        file.unlink()
        if damage == "corrupt":
            file.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
        elif damage == "folder":
            file.mkdir()
        elif damage != "gone":
            wrong = {
                "truncated": content[:-40],
                "empty": b"",
                "swapped": other,
                "text": b"no image at all" * 9,
            }
            file.write_bytes(wrong[damage])
    with small(database) as memory:
        assert memory.context() == context
        assert memory.fold().generation == generation


def test_a_cache_folder_may_be_deleted_or_read_only(database: Path, talk: Talk) -> None:
    """It is a cache: contexts are the same without. A file in its place is told when the memory is opened."""
    folder = pages_folder(database)
    with small(database) as memory:
        memory.extend(talk[:100])
        shutil.rmtree(folder)
        folder.write_text("in the way")
        memory.extend(talk[100:])
        context = memory.context()
    with pytest.raises(StoreError, match="is a file, no folder"):
        small(database)
    folder.unlink()
    folder.mkdir()
    folder.chmod(0o500)
    with small(database) as memory:
        assert memory.context() == context
        memory.delete(50)
    folder.chmod(0o700)


def test_page_files_are_their_owners_alone(database: Path, talk: Talk) -> None:
    """As the database is."""
    before = os.umask(0)
    try:
        with small(database) as memory:
            memory.extend(talk)
    finally:
        os.umask(before)
    paths = [database, pages_folder(database), *pages_folder(database).iterdir()]
    assert len(paths) > 3
    assert [path.name for path in paths if path.stat().st_mode & 0o077] == []


# Conversations.


def test_order_is_that_of_adding_whatever_the_clock_says(memory: GlyphMemory) -> None:
    """A clock that is set back moves nothing."""
    for year in (2030, 2001, 2020, 1970):
        memory.add("user", str(year), time=datetime(year, 1, 1, tzinfo=UTC))
    assert [turn.text for turn in memory.turns()] == ["2030", "2001", "2020", "1970"]
    assert [turn.anchor for turn in memory.turns()] == [1, 2, 3, 4]
    assert memory.context().messages[0].text.split() == ["2030", "2001", "2020", "1970"]


@pytest.mark.parametrize(("role", "length"), [("user", 50_000), ("tool", 1_000_000), ("assistant", 50_000)])
def test_a_turn_larger_than_the_window_is_kept_and_the_context_fits(
    role: str, length: int, database: Path
) -> None:
    """A megabyte of text to a model of a small window: stored, recalled, not all of it shown."""
    text = "\n".join(turn.text for turn in agent_conversation(turns=length // 160, seed=5).turns)[:length]
    line = max(text[: length // 2].splitlines()[-20:], key=len)
    with small(database) as memory:
        memory.add("user", "Read this, please.")
        memory.add(Turn(role=role, text=text))  # type: ignore[arg-type]  # one of them
        context = memory.context()
        assert memory.tokens(context) <= SMALL.prompt_tokens
        assert len(context.images) <= (SMALL.max_images or 0)
        memory.add("user", "And now?")
        assert memory.tokens(memory.context()) <= SMALL.prompt_tokens
        assert memory.zoom(2).text == text
        assert line in memory.unfold()
        assert line[:300] in memory.recall(line)[0].text
        assert memory.recall(line)[0].anchor == 2


def test_a_head_larger_than_the_window_is_refused_and_nothing_lost(memory: GlyphMemory) -> None:
    """It cannot become pages; once it is deleted all goes on."""
    memory.add("system", "rule " * 8000)
    memory.add("user", "Hello.")
    with pytest.raises(PolicyError, match="leading system turns"):
        memory.context()
    assert memory.recall("Hello")[0].anchor == 2
    memory.delete(1)
    assert "Hello." in memory.context().messages[0].text


@pytest.mark.parametrize("first", ["assistant", "tool", "system", "user"])
def test_a_history_may_begin_with_anyone(first: str, memory: GlyphMemory, talk: Talk) -> None:
    """The context begins with a user all the same, or with the system."""
    memory.add(Turn(role=first, text="I came first.", tool_call_id="gone"))  # type: ignore[arg-type]  # one of them
    assert memory.context().messages[0].role == ("system" if first == "system" else "user")
    memory.extend(talk[1:])
    assert memory.context().messages[0].role == ("system" if first == "system" else "user")
    assert memory.tokens(memory.context()) <= SMALL.prompt_tokens


def test_pictures_that_cannot_be_decoded_are_kept_and_told(memory: GlyphMemory, talk: Talk) -> None:
    """Empty ones, broken ones, ones that unfold to gigapixels."""
    stream = io.BytesIO()
    Image.new("L", (9, 9)).save(stream, "PNG")
    bomb = stream.getvalue().replace(b"\0\0\0\x09\0\0\0\x09", b"\0\1\0\0\0\1\0\0")
    pictures = (b"", b"\x89PNG\r\n\x1a\n", b"GIF89a" + b"\xff" * 40, bomb, b"%!PS (x) show")
    memory.add("user", "Look.", images=pictures)
    memory.context()
    memory.extend(talk)
    memory.context()
    assert memory.zoom(1).turns[0].images == pictures
    report = memory.report()
    assert report.turns == len(talk) + 1


@pytest.mark.parametrize(
    "text", ["\ud800 lone \udfff", "a\0b", "\u202egnp.exe\u2066", "<|user|>" * 50, "§1 user: " * 50]
)
def test_hostile_text_is_kept_word_for_word_and_shown_somehow(
    text: str, memory: GlyphMemory, talk: Talk
) -> None:
    """In a turn, a question, a query, a name, a call's arguments."""
    memory.add("user", text, name="x")
    memory.context(text)
    memory.extend(talk)
    memory.context(text)
    memory.recall(text)
    assert memory.zoom(1).text == text
    assert memory.identifiers(like=text[:9]) == ()


def test_resolutions_that_cannot_be_drawn_are_refused(memory: GlyphMemory) -> None:
    """Not a number, none, more than memory holds."""
    memory.add("user", "Hello.")
    for dpi in (float("nan"), float("inf"), 0.0, -72.0, 1e9):
        with pytest.raises(StyleError):
            memory.zoom(1, dpi=dpi)


def test_a_policy_for_another_window_is_obeyed(database: Path, talk: Talk) -> None:
    """Contexts of a tiny window fit it, too."""
    tiny = replace(SMALL, window_tokens=3500, max_images=4)
    with small(database, policy=tiny) as memory:
        for turn in talk:
            memory.add(turn)
            context = memory.context()
            assert memory.tokens(context) <= tiny.prompt_tokens
            assert len(context.images) <= 4


@pytest.mark.parametrize(
    "given",
    [True, False, None, "x", "page 1", "", "-1", 1.0, 1.5, [1, 2], (1,), {1}, {}, b"1", "9" * 400, object()],
)
@pytest.mark.parametrize("call", ["delete", "second", "pin", "unpin", "truncate", "turns"])
def test_what_is_no_anchor_is_refused_in_one_line_before_anything_is_erased(
    call: str, given: Any, memory: GlyphMemory
) -> None:
    """A flag is no §1, and nothing that a caller mistook is guessed at."""
    for _ in range(3):
        memory.add("user", "Hello.")
    calls: dict[str, Callable[[], object]] = {
        "delete": lambda: memory.delete(given),
        "second": lambda: memory.delete(1, given),
        "pin": lambda: memory.pin(given),
        "unpin": lambda: memory.unpin(given),
        "truncate": lambda: memory.truncate(after=given),
        "turns": lambda: memory.turns(after=given),
    }
    with pytest.raises(StoreError, match=r"^(anchor|after) is .*; give a turn's number, 42 or '§42'"):
        calls[call]()
    assert [turn.anchor for turn in memory.turns()] == [1, 2, 3]
    assert not any(turn.pinned for turn in memory.turns())


def test_anchors_may_be_given_as_pages_write_them(memory: GlyphMemory) -> None:
    """As `zoom` takes them: "§2" and "2" are 2."""
    for _ in range(5):
        memory.add("user", "Hello.")
    memory.pin("§2")
    assert [turn.anchor for turn in memory.turns(after="§1") if turn.pinned] == [2]
    memory.unpin("2")
    assert not any(turn.pinned for turn in memory.turns())
    assert memory.delete("§1", "2", 2, 77) == 2
    assert memory.truncate(after="§4") == 1
    assert [turn.anchor for turn in memory.turns()] == [3, 4]


@pytest.mark.parametrize("given", [None, 3, b"x", ["x"], True])
def test_words_to_look_for_and_names_are_strings(given: Any, memory: GlyphMemory) -> None:
    """One line of ours, whatever it is."""
    memory.add("user", "Hello.")
    calls: list[Callable[[], object]] = [
        lambda: memory.recall(given),
        lambda: memory.identifiers(given),
        lambda: memory.fork(given),
        lambda: GlyphMemory.open(":memory:", session=given),
    ]
    for call in calls:
        with pytest.raises(StoreError, match="give "):
            call()


@pytest.mark.parametrize("given", [None, "5", 1.5, True, [5]])
def test_how_many_is_an_integer(given: Any, memory: GlyphMemory) -> None:
    """One line of ours, whatever it is."""
    memory.add("user", "Hello.")
    with pytest.raises(StoreError, match=r"k is .*; give an integer"):
        memory.recall("hello", k=given)
    with pytest.raises(StoreError, match=r"limit is .*; give an integer"):
        memory.identifiers(limit=given)
    assert memory.recall("hello", k=0) == ()

"""What is erased is gone: from the database's bytes, search, seals and page files; what is redacted is never there."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from glyph_memory import (
    FoldPolicy,
    GlyphMemory,
    GlyphMemoryWarning,
    PageOptions,
    StoreError,
    ToolCall,
    Turn,
    TurnError,
)
from glyph_memory.testing import agent_conversation
from tests.memory.conftest import Start
from tests.memory.worker import OTHER, small

SECRET = "XANTHIPPE-4711-QUARTZ"  # noqa: S105 - made up


def traces(database: Path) -> list[str]:
    """Name the files beside a database that hold the secret's bytes."""
    wanted = (SECRET.encode(), SECRET.lower().encode(), b"xanthippe")
    return [
        path.name
        for path in database.parent.rglob("*")
        if path.is_file() and any(word in path.read_bytes() for word in wanted)
    ]


def files(database: Path) -> set[str]:
    """Name the page files, without what they end with."""
    return {path.stem for path in database.with_name(f"{database.name}.pages").glob("*")}


def digests(memory: GlyphMemory) -> set[str]:
    """Return the digests of all images of a memory's seals."""
    return {digest for seal in memory.fold().seals for digest in seal.digests}


def with_secret(talk: Iterable[Turn]) -> list[Turn]:
    """Have the secret said in the tenth turn, in its text and in a call."""
    turns = list(talk)
    call = ToolCall(name="open", arguments=f'{{"key": "{SECRET}"}}')
    turns[9] = Turn(role="assistant", text=f"The key is {SECRET}.", tool_calls=(call,))
    return turns


def test_a_deleted_turn_leaves_no_trace(database: Path, memory: GlyphMemory, talk: tuple[Turn, ...]) -> None:
    """Not in files, not in search, not in identifiers, not in a ledger, not on a page."""
    memory.extend(with_secret(talk))
    assert traces(database)
    before = digests(memory)
    assert files(database) <= before
    assert memory.delete(10) == 1
    assert traces(database) == []
    assert memory.recall(SECRET) == ()
    assert memory.identifiers(like="xanthippe") == ()
    assert SECRET not in memory.unfold()
    assert not any(SECRET in line for seal in memory.fold().seals for line in seal.ledger)
    assert not any(SECRET in page.text for page in memory.pages())
    with pytest.raises(StoreError, match="no turn 10"):
        memory.zoom(10)
    # The first seal is another one now, and so are all that follow it: none of the old pages is left.
    assert files(database) <= digests(memory)
    assert len([*memory.turns()]) == len(talk) - 1


def test_what_is_deleted_in_the_head_or_the_tail_is_gone_too(database: Path, memory: GlyphMemory) -> None:
    """Where no seal knows of it."""
    memory.add("system", f"Your key is {SECRET}.")
    memory.add("user", "Hello.")
    memory.add("user", f"Mine is {SECRET}, too.")
    assert memory.delete(1, 3) == 2
    assert traces(database) == []
    (message,) = memory.context().messages
    assert message.text == "Hello."


def test_truncating_and_clearing_erase(database: Path, memory: GlyphMemory, talk: tuple[Turn, ...]) -> None:
    """Page files as well."""
    memory.extend(with_secret(talk))
    memory.truncate(after=5)
    assert traces(database) == []
    assert files(database) == set()
    memory.extend(with_secret(talk))
    memory.clear()
    assert traces(database) == []
    assert files(database) == set()
    assert memory.sessions() == ()
    memory.extend(talk)
    assert memory.context().images


def test_erasing_reaches_the_pages_of_older_profiles(
    database: Path, memory: GlyphMemory, talk: tuple[Turn, ...]
) -> None:
    """What was drawn for another policy or model is not left behind when its seals are dropped."""
    memory.extend(with_secret(talk))
    with small(database, policy=OTHER) as other:
        other.context()
        assert files(database) <= digests(other)
        other.delete(10)
        assert files(database) <= digests(other)


def test_pages_of_seals_that_cannot_be_read_are_erased_too_and_the_user_is_told(
    database: Path, talk: tuple[Turn, ...]
) -> None:
    """As those of another version: their turns are sealed anew in another look, and nobody else knows the old names."""
    with small(database) as memory:
        memory.extend(with_secret(talk))
        memory.context()
        before = files(database)
    with closing(sqlite3.connect(database)) as connection, connection:
        bodies = connection.execute("SELECT number, body FROM glyph_seals").fetchall()
        for number, body in bodies:
            old = bytes(body).replace(b'"generation"', b'"former"')
            connection.execute("UPDATE glyph_seals SET body = ? WHERE number = ?", (old, number))
    with (
        pytest.warns(GlyphMemoryWarning, match="another version or are damaged"),
        small(database, style="dark") as memory,
    ):
        memory.context()
        assert before
        assert not before & files(database)
        assert files(database) <= digests(memory)


def test_runs_that_were_drawn_but_not_sealed_leave_no_files(database: Path) -> None:
    """Text that does not pay as pages is drawn to see that, and its pages are not kept: no seal knows of them."""
    with small(database) as memory:
        for number in range(60):
            memory.add("user", " ".join(f"{number * 7919 + place:x}" for place in range(8)))
        assert files(database) <= digests(memory)
        memory.delete(*range(1, 61))
        assert files(database) == set()


def test_files_half_written_are_erased_too(
    database: Path, memory: GlyphMemory, talk: tuple[Turn, ...]
) -> None:
    """A process that is killed while it writes a page leaves it under a name that erasing knows."""
    memory.extend(with_secret(talk))
    name = memory.fold().visible_seals[-1].digests[0]
    half = database.with_name("chat.db.pages") / f"{name}.new"
    half.write_bytes(b"half a page")
    memory.clear()
    assert not half.exists()


def test_pictures_are_erased_with_their_turn(database: Path, talk: tuple[Turn, ...]) -> None:
    """The original from the database, the scaled one from the cache."""
    stream = io.BytesIO()
    Image.effect_noise((600, 400), 80).save(stream, "PNG")
    picture = stream.getvalue()
    with small(database) as memory:
        memory.add("user", "A picture.", images=[picture])
        memory.extend(talk[:40])
        assert memory.context().images
        (sealed,) = memory.fold().seals[0].pictures
        assert sealed.digest in files(database)
        memory.delete(1)
        assert sealed.digest not in files(database)
    assert not any(
        picture[200:260] in path.read_bytes() for path in database.parent.glob("chat.db*") if path.is_file()
    )


def test_what_a_killed_process_erased_is_finished_by_whoever_opens_next(
    database: Path, start: Start, talk: tuple[Turn, ...]
) -> None:
    """Turn and ledger went in one step; the pages go at the next opening, of any session, with any folder."""
    with small(database) as memory:
        memory.extend(with_secret(talk)[:60])
        memory.context()
        pages = [page for seal in memory.fold().visible_seals for page in seal.pages]
        page = next(page.digest for page in pages if page.anchors[0] <= 10 <= page.anchors[1])
        assert page in files(database)
    assert start("die-erasing", database, 10).wait() == -9
    assert page in files(database)
    with small(database, session="another", pages=database.with_name("elsewhere")):
        assert traces(database) == []
        assert page not in files(database)
    with small(database) as memory:
        memory.context()
        assert files(database) <= digests(memory)
        assert 10 not in {anchor for seal in memory.fold().seals for anchor in seal.anchors}
        assert len([*memory.turns()]) == 59
        fold = memory.fold()
    with small(database) as memory:
        assert memory.fold() == fold


def test_page_images_of_a_session_that_a_killed_process_cleared_are_found(
    database: Path, start: Start, talk: tuple[Turn, ...]
) -> None:
    """Their names were only in the seals, which are gone; half written ones are deleted as well, and nothing else."""
    with small(database) as memory:
        memory.extend(with_secret(talk))
        memory.context()
    name = min(files(database))
    folder = database.with_name("chat.db.pages")
    (folder / f"{name}.new").write_bytes(b"half a page")
    (folder / "mine.png").write_bytes(b"not ours")
    assert start("die-erasing", database).wait() == -9
    assert len(files(database)) > 1
    with small(database, session="another") as memory:
        assert [path.name for path in folder.iterdir()] == ["mine.png"]
        assert traces(database) == []
        assert memory.sessions() == ()


def test_an_interrupted_erasure_is_finished_by_the_next_write(
    database: Path, memory: GlyphMemory, talk: tuple[Turn, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C comes while page images are deleted; the process goes on."""

    def interrupt(*_: object) -> bool:
        raise KeyboardInterrupt

    memory.extend(with_secret(talk))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("glyph_memory.store.erasing.delete_images", interrupt)
        memory.clear()
    memory.add("user", "Hello.")
    assert files(database) == set()
    assert traces(database) == []


def test_page_images_that_cannot_be_deleted_are_told_and_tried_again(
    database: Path, memory: GlyphMemory, talk: tuple[Turn, ...]
) -> None:
    """The warning names their folder, and points to who erased."""
    memory.extend(with_secret(talk))
    path = database.with_name("chat.db.pages") / f"{min(files(database))}.png"
    path.unlink()
    path.mkdir()  # which cannot be deleted as a file
    with pytest.warns(
        GlyphMemoryWarning, match=r"the page images in 'chat\.db\.pages', which could not be"
    ) as told:
        memory.clear()
    assert [warning.filename for warning in told] == [__file__]
    path.rmdir()
    path.write_bytes(b"page")
    memory.add("user", "Hello.")
    assert files(database) == set()


def test_a_new_generation_leaves_no_page_of_the_old(database: Path, talk: tuple[Turn, ...]) -> None:
    """Though the process that began it knows nothing of what others had drawn."""
    with small(database) as memory:
        memory.extend(talk)
        memory.context()
        before = files(database)
    with small(database, style="dark") as memory:
        memory.context()
        assert files(database) <= digests(memory)
        assert not files(database) & before


def test_what_was_half_deleted_is_not_shown_by_a_reader(
    database: Path, start: Start, talk: tuple[Turn, ...]
) -> None:
    """A database that cannot be written shows what is left, though what erasing left to do cannot be done."""
    with small(database) as memory:
        memory.extend(with_secret(talk))
    assert start("die-erasing", database, 10).wait() == -9
    with small(f"sqlite:///{database}?mode=ro") as memory:
        assert memory.context().images
        assert 10 not in {anchor for seal in memory.fold().seals for anchor in seal.anchors}
        assert not memory.recall(SECRET)


def test_redact_sees_every_turn_before_it_is_stored_or_drawn(database: Path, talk: tuple[Turn, ...]) -> None:
    """However it comes: added, extended, imported. Not a byte of the secret is written."""
    seen: list[Turn] = []

    def redact(turn: Turn) -> Turn:
        seen.append(turn)
        calls = tuple(
            replace(call, arguments=call.arguments.replace(SECRET, "***")) for call in turn.tool_calls
        )
        return replace(turn, text=turn.text.replace(SECRET, "***"), tool_calls=calls)

    with small(database.parent.parent / "source.db") as source:
        source.extend(with_secret(talk))
        source.export(database.parent.parent / "source.jsonl")
    with small(database, redact=redact) as memory:
        stored = memory.add(Turn(role="user", text=f"My key is {SECRET}", origin=f'"My key is {SECRET}"'))
        assert (stored.text, stored.origin) == ("My key is ***", "")
        assert memory.add(Turn(role="user", text="No key.", origin='"No key."')).origin == '"No key."'
        memory.extend(with_secret(talk))
        with memory.fork("branch") as branch:
            branch.add("user", SECRET)
        with small(memory._store, session="imported", redact=redact) as imported:
            imported.import_(database.parent.parent / "source.jsonl")
        assert len(seen) == 3 + 2 * len(talk)
        assert memory.recall("***") == ()
        assert memory.recall("key")
        assert any("***" in page.text for page in (memory.zoom("page 1"), memory.zoom("page 2")))
    assert traces(database) == []


def test_what_redact_gives_is_checked(memory: GlyphMemory) -> None:
    """A role that nobody knows is refused, whoever made it up."""
    with (
        small(redact=lambda turn: replace(turn, role="oracle")) as other,
        pytest.raises(TurnError, match="'oracle' is none of"),
    ):
        other.add("user", "Hello.")
    with pytest.raises(TurnError, match="'robot' is none of"):
        memory.add("robot", "Hello.")  # type: ignore[arg-type]  # the point
    assert list(memory.turns()) == []


@pytest.mark.parametrize("said_before", [0, 1])
def test_a_session_that_is_looked_at_before_its_first_turns_has_the_same_head(said_before: int) -> None:
    """A leading system turn is never a page, whoever asked for an empty context; and turns can still be erased."""
    options = PageOptions(policy=FoldPolicy(window_tokens=16_384, keep_recent_tokens=800))
    turns = agent_conversation(turns=120, seed=4, tool_lines=60).turns
    turns = (Turn(role="system", text="Be short."), *turns)
    with GlyphMemory.open(options=options) as looked_at, GlyphMemory.open(options=options) as plain:
        for turn in turns[:said_before]:
            looked_at.add(turn)
        looked_at.context()
        looked_at.extend(turns[said_before:])
        plain.extend(turns)
        assert [turn.role for turn in looked_at.fold().head] == ["system", "system"]
        assert looked_at.fold().seals == plain.fold().seals
        looked_at.delete(looked_at.fold().visible_seals[0].anchors[0])

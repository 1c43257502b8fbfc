"""Two looks on one session: the newest wins, one that was displaced goes on for itself, the hand-over is explicit."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from glyph_memory import GlyphMemory, GlyphMemoryWarning, PageStyle, SealedPage, StoreError, Turn
from glyph_memory.memory.looks import Look
from tests.memory.worker import small

OTHER = replace(PageStyle.glyph(), dpi=80)
WARNING = "session 'default' has got another look since"


@pytest.fixture
def old(database: Path, talk: tuple[Turn, ...]) -> Iterator[GlyphMemory]:
    """Open a memory in which much is sealed."""
    with small(database) as memory:
        memory.extend(talk[:60])
        assert len(memory.fold().seals) > 3
        yield memory


@pytest.fixture
def new(old: GlyphMemory, database: Path) -> Iterator[GlyphMemory]:
    """Open the session in another look, which displaces the first."""
    with small(database, style=OTHER) as memory:
        memory.context()
        yield memory


def stored(database: Path) -> list[tuple[object, ...]]:
    """Return the stored seals, byte for byte."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute(
            "SELECT number, digest, body FROM glyph_seals WHERE number > 0 AND body <> x'' ORDER BY number"
        ).fetchall()
    connection.close()
    return rows


def files(database: Path) -> dict[str, bytes]:
    """Return the page files beside a database."""
    return {file.name: file.read_bytes() for file in sorted(Path(f"{database}.pages").iterdir())}


def request(memory: GlyphMemory) -> list[object]:
    """Return what a memory sends, part by part."""
    return [part for message in memory.context().messages for part in message.parts]


def pages(memory: GlyphMemory) -> list[SealedPage]:
    """Return the sealed pages that are shown."""
    return [page for seal in memory.fold().visible_seals for page in seal.pages]


def test_two_processes_in_turn_draw_anew_once_each(database: Path, talk: tuple[Turn, ...]) -> None:
    """A rolling upgrade: twenty contexts in turn, two generations, and a file that does not grow."""
    with small(database) as one, small(database, style=OTHER) as other:
        one.extend(talk[:60])
        one.context()
        other.context()
        with pytest.warns(GlyphMemoryWarning, match=WARNING):
            one.context()
        seals, images, size = stored(database), files(database), database.stat().st_size
        generations = set()
        for number in range(20):
            memory = (one, other)[number % 2]
            memory.context()
            generations.add((memory.fold().generation, memory is one))
        assert generations == {(1, True), (2, False)}
        assert (stored(database), files(database)) == (seals, images)
        assert database.stat().st_size == size


def test_one_that_was_displaced_goes_on_with_the_pages_that_it_has(
    old: GlyphMemory, database: Path, talk: tuple[Turn, ...]
) -> None:
    """What it sends begins as before, whatever the other draws; new seals come behind, and are stored nowhere."""
    before, shown = request(old), pages(old)
    with small(database, style=OTHER) as new:
        new.context()
        seals, images = stored(database), files(database)
        with pytest.warns(GlyphMemoryWarning, match=WARNING) as told:
            after = request(old)
        assert len(told) == 1
        assert after[: len(before) - 1] == before[:-1]
        for turn in talk[60:75]:
            old.add(turn)
            assert pages(old)[: len(shown)] == shown
            shown = pages(old)
        assert len(shown) > len(before) / 4
        new.context()
        assert stored(database)[: len(seals)] == seals
        assert set(images) <= set(files(database))
        assert {page.digest for page in shown}.isdisjoint(name[:64] for name in files(database))


def test_one_that_is_opened_later_folds_once(new: GlyphMemory, database: Path) -> None:
    """In its own look, as if it were alone; then it goes on from there, also when the past changed."""
    with small(database) as late, small() as alone:
        alone.extend(list(new.turns()))
        with pytest.warns(GlyphMemoryWarning, match=WARNING):
            late.context()
        assert [seal.digests for seal in late.fold().seals] == [seal.digests for seal in alone.fold().seals]
        first = late.fold()
        new.add("user", "And then?")
        assert late.fold().seals == first.seals
        late.pin(3)
        assert late.fold().seals == first.seals
        late.delete(first.seals[1].anchors[0])
        assert late.fold().seals[:1] == first.seals[:1]
        assert late.fold().seals[1].anchors[0] > first.seals[1].anchors[0]
        assert late.context().images


def test_the_hand_over_is_asked_for(old: GlyphMemory, new: GlyphMemory, database: Path) -> None:
    """Then the other one is told, and goes on for itself in turn."""
    with pytest.warns(GlyphMemoryWarning, match=WARNING):
        old.context()
    generation = new.fold().generation
    old.take_over()
    assert old.fold().generation > generation
    seals = stored(database)
    old.take_over()
    assert stored(database) == seals
    with pytest.warns(GlyphMemoryWarning, match=WARNING):
        new.context()
    for memory in (old, new, old):
        memory.context()
    assert stored(database) == seals
    with small(database) as again:
        assert again.fold() == old.fold()


def test_the_hand_over_may_be_asked_for_when_opening(new: GlyphMemory, database: Path) -> None:
    """Once: it does not take over again when it is displaced later."""
    with small(database, take_over=True) as memory:
        memory.context()
        new.take_over()
        assert new.fold().generation > 2
        with pytest.warns(GlyphMemoryWarning, match=WARNING):
            memory.context()


async def test_the_hand_over_has_an_async_twin(new: GlyphMemory, database: Path) -> None:
    """As every call that draws has."""
    with pytest.warns(GlyphMemoryWarning, match=WARNING):
        async with await GlyphMemory.aopen(database, policy=new.policy) as memory:
            await memory.afold()
            await memory.atake_over()
            assert (await memory.afold()).generation == 3


def test_a_reader_takes_nothing_over(new: GlyphMemory, database: Path) -> None:
    """Who only looks goes on for itself; the call says what to do."""
    with pytest.warns(GlyphMemoryWarning, match=WARNING):  # noqa: SIM117 - told once, by all of it
        with small(database, read_only=True, take_over=True) as memory:
            memory.context()
            with pytest.raises(StoreError, match=r"is open read-only\. Open it for writing"):
                memory.take_over()


def test_a_copy_of_a_session_has_its_looks(old: GlyphMemory, new: GlyphMemory) -> None:
    """One that was displaced does not come back through a copy."""
    copy = new.fork("copy")
    assert copy._session_store.state().looks == new._session_store.state().looks
    assert len(copy._session_store.state().looks) == 2


def test_a_session_of_an_older_version_remembers_the_look_that_it_had(
    old: GlyphMemory, database: Path
) -> None:
    """Its seals tell."""
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE glyph_sessions SET looks = ''")
    connection.close()
    with small(database, style=OTHER) as new:
        new.context()
        assert len(new._session_store.state().looks) == 2
        with pytest.warns(GlyphMemoryWarning, match=WARNING):
            old.context()


def test_a_session_remembers_its_latest_looks(old: GlyphMemory) -> None:
    """There is room for some thirty; the last is never dropped."""
    names = [f"{number:016x}" for number in range(50)]
    session_store = old._session_store
    edits = session_store.state().edits
    assert session_store.replace_seals(0, [], edits=edits, looks=names) == edits + 1
    assert session_store.state().looks == tuple(names[-35:])


def test_a_look_is_told_of_once() -> None:
    """However often it is asked."""
    look = Look("a" * 64, session="alice")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not look.is_displaced(())
        assert not look.is_displaced(["a" * 16])
        assert not look.is_displaced(["b" * 16, "a" * 16])
    with pytest.warns(GlyphMemoryWarning, match="session 'alice' .* memory.take_over()"):
        assert look.is_displaced(["a" * 16, "b" * 16])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert look.is_displaced(["a" * 16, "b" * 16])
        look.takes_over = True
        assert not look.is_displaced(["a" * 16, "b" * 16])


def test_opening_with_letters_that_the_model_cannot_read_warns_once(recwarn: pytest.WarningsRecorder) -> None:
    """One line, when the memory is opened; a look that can be read says nothing."""
    with GlyphMemory.open(":memory:"):
        assert not recwarn.list
    with GlyphMemory.open(":memory:", profile="deepseek-ocr-tiny") as memory:
        memory.add("user", "How small is that?")
        memory.context()
    assert [str(warning.message) for warning in recwarn.list] == [
        "'deepseek-ocr-tiny' shrinks pages of 595 × 842 px until their letters have 5.5 px, too small to read: 8 px or "
        "more are legible. Set larger letters, or name another model"
    ]

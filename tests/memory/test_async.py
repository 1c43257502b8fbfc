"""Every call has an async twin that does the same, while the event loop goes on."""

from __future__ import annotations

import asyncio
import inspect
import threading
from pathlib import Path

from glyph_memory import GlyphMemory, Turn
from glyph_memory.memory.conversation import Conversation
from glyph_memory.memory.session import OpenSession
from tests.memory.worker import SMALL, small


def test_every_call_has_a_twin() -> None:
    """`aadd` for `add`, with the same arguments; those of `open` are handed on."""
    calls = {
        name: inspect.signature(getattr(GlyphMemory, name))
        for name, made in (vars(OpenSession) | vars(Conversation)).items()
        if not name.startswith("_") and not isinstance(made, property)
    }
    assert len(calls) >= 22
    for name, signature in calls.items():
        twin = getattr(GlyphMemory, f"a{name.rstrip('_')}")
        assert inspect.iscoroutinefunction(twin), name
        if name != "open":
            assert inspect.signature(twin).parameters == signature.parameters, name


async def test_twins_give_what_the_calls_give(tmp_path: Path, talk: tuple[Turn, ...]) -> None:
    """One session told in both ways is the same session."""
    exported, again = tmp_path / "export.jsonl", tmp_path / "again.jsonl"
    async with await GlyphMemory.aopen(tmp_path / "chat.db", policy=SMALL) as memory:
        assert (await memory.aadd(talk[0])).anchor == 1
        assert len(await memory.aextend(talk[1:])) == len(talk) - 1
        await memory.apin(2)
        assert (await memory.azoom(2)).turns[0].pinned
        await memory.aunpin(2)
        context = await memory.acontext("And now?")
        assert context == memory.context("And now?")
        assert await memory.atokens(context) == memory.tokens(context)
        assert await memory.afold() == memory.fold()
        assert await memory.apages() == tuple(memory.pages())
        assert await memory.arecall("checkout", 3) == memory.recall("checkout", 3)
        assert await memory.azoom("page 1") == memory.zoom("page 1")
        assert await memory.aidentifiers("src", limit=5) == memory.identifiers("src", limit=5)
        assert await memory.aturns(after=9) == tuple(memory.turns(after=9))
        assert await memory.aunfold() == memory.unfold()
        assert await memory.areport() == memory.report()
        assert await memory.aexport(exported) == memory.export(again) == len(talk)
        assert exported.read_bytes() == again.read_bytes()
        branch = await memory.afork("branch")
        assert await memory.asessions() == memory.sessions()
        assert (await branch.atruncate(after=100), await branch.adelete(1, 2)) == (len(talk) - 100, 2)
        await branch.aclear()
        assert await branch.aimport(exported) == len(talk)
        assert list(branch.turns()) == list(memory.turns())


async def test_the_event_loop_goes_on_while_a_call_takes_its_time() -> None:
    """Whoever waits for a turn to be stored holds nobody else up."""
    go_on, in_time = threading.Event(), list[bool]()

    def slowly(turn: Turn) -> Turn:
        in_time.append(go_on.wait(20))
        return turn

    with small(redact=slowly) as memory:
        adding = asyncio.create_task(memory.aadd("user", "Hello."))
        while not adding.done() and not go_on.is_set():
            await asyncio.sleep(0.01)
            go_on.set()  # said by the loop, which would stand still if the call were made in it
        await adding
    assert in_time == [True]


async def test_a_call_that_is_cancelled_ends_what_it_began() -> None:
    """The turn is stored all the same: half a turn is never stored, and no thread is killed."""
    began, go_on = threading.Event(), threading.Event()

    def slowly(turn: Turn) -> Turn:
        began.set()
        go_on.wait(20)
        return turn

    with small(redact=slowly) as memory:
        adding = asyncio.create_task(memory.aadd("user", "Hello."))
        await asyncio.to_thread(began.wait, 20)
        adding.cancel()
        await asyncio.gather(adding, return_exceptions=True)
        assert adding.cancelled()
        go_on.set()
        for _ in range(500):
            if await memory.aturns():
                break
            await asyncio.sleep(0.01)
        assert [turn.text for turn in memory.turns()] == ["Hello."]
        assert "Hello." in memory.context().messages[-1].text


async def test_many_twins_at_once_keep_one_order() -> None:
    """Tasks that add to one memory at once lose nothing, and the fold is that of the order they came in."""
    with small() as memory:
        said = await asyncio.gather(*(memory.aadd("user", f"number {number} " * 20) for number in range(60)))
        await asyncio.gather(*(memory.acontext() for _ in range(5)))
        assert sorted(turn.anchor or 0 for turn in said) == list(range(1, 61))
        with small(memory._store) as reopened:
            assert reopened.fold() == memory.fold()

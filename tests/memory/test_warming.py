"""A memory has its pages read before they are asked about, by itself or in the background; what is sent is the same."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from glyph_memory import (
    Context,
    FoldPolicy,
    GlyphMemory,
    ImagePart,
    OpenAIReader,
    PageOptions,
    Part,
    ReaderRefused,
    Usage,
    Warmer,
)
from glyph_memory.testing import FakeVLMServer, ScriptedReader, agent_conversation

_OPTIONS = PageOptions(policy=FoldPolicy(window_tokens=16_384, keep_recent_tokens=800))


@pytest.fixture
def memory() -> Iterator[GlyphMemory]:
    """A memory with some pages."""
    with GlyphMemory.open(options=_OPTIONS) as opened:
        opened.add("system", "Be short.")
        opened.extend(agent_conversation(turns=40, seed=4, tool_lines=60))
        assert opened.fold().visible_seals
        yield opened


def test_warming_reads_what_the_next_request_begins_with(memory: GlyphMemory) -> None:
    """The head and the pages, whatever is asked."""
    reader = ScriptedReader([])
    assert memory.warm(reader) == Usage()
    (prefix,) = reader.warmed
    assert prefix == memory.context("Which port?").stable_prefix()
    assert [message.role for message in prefix.messages] == ["system", "user"]


async def test_the_async_twin_does_the_same(memory: GlyphMemory) -> None:
    """In a thread."""
    reader = ScriptedReader([])
    await memory.awarm(reader)
    assert reader.warmed == [memory.context().stable_prefix()]


def test_the_next_question_costs_its_own_tokens_alone(memory: GlyphMemory) -> None:
    """All blocks of 16 that the warmed request filled come from the cache, but for its end that marks the answer."""
    with FakeVLMServer() as server, OpenAIReader(server.base_url) as reader:
        warmed = memory.warm(reader)
        asked = reader.read(memory.context("Which port?")).usage
    assert warmed.prompt_tokens is not None
    assert warmed.cached_tokens == 0
    assert asked.cached_tokens is not None
    assert (warmed.prompt_tokens - 1) // 16 * 16 <= asked.cached_tokens <= warmed.prompt_tokens


def test_without_pages_nobody_reads_anything() -> None:
    """No usage."""
    with GlyphMemory.open() as memory:
        memory.add("user", "Hello.")
        assert memory.warm(OpenAIReader("http://127.0.0.1:9/v1")) == Usage()


def test_each_new_seal_is_read_in_the_background_and_nothing_else() -> None:
    """As many contexts as there were seals; the last is what the next request begins with."""
    reader = ScriptedReader([])
    with Warmer(reader) as warmer, GlyphMemory.open(options=_OPTIONS, warmer=warmer) as memory:
        seals = 0
        for turn in agent_conversation(turns=60, seed=4, tool_lines=60).turns:
            memory.add(turn)
            assert warmer.wait(10)
            fold = memory.fold()
            if (now := fold.seals[-1].number if fold.seals else 0) > seals:
                seals = now
                assert reader.warmed[-1] == memory.context().stable_prefix()
        assert seals > 2
        assert len(reader.warmed) == len({prefix.images for prefix in reader.warmed}) >= seals - 1
        assert (warmer.failures, warmer.dropped) == (0, 0)


def test_what_is_sent_is_the_same_with_a_warmer_and_without() -> None:
    """To the byte, even where its reader fails."""

    class Broken(ScriptedReader):
        def warm(self, context: Context) -> Usage:
            raise ZeroDivisionError

    def talk(warmer: Warmer | None) -> list[list[tuple[str, list[Part]]]]:
        with GlyphMemory.open(options=_OPTIONS, warmer=warmer) as memory:
            sent = list[list[tuple[str, list[Part]]]]()
            for turn in agent_conversation(turns=40, seed=4, tool_lines=60).turns:
                memory.add(turn)
                sent.append(
                    [(one.role, [*map(_without_uuid, one.parts)]) for one in memory.context().messages]
                )
        return sent

    with Warmer(Broken([])) as warmer:
        assert talk(warmer) == talk(None)
        assert warmer.wait(10)
        assert warmer.failures > 0


def test_adding_never_waits_for_the_reader() -> None:
    """The reader is stuck until all turns are stored."""
    stored = threading.Event()

    class Stuck(ScriptedReader):
        def warm(self, context: Context) -> Usage:
            assert stored.wait(30)
            return super().warm(context)

    reader = Stuck([])
    with Warmer(reader) as warmer, GlyphMemory.open(options=_OPTIONS, warmer=warmer) as memory:
        for turn in agent_conversation(turns=60, seed=4, tool_lines=60).turns:
            memory.add(turn)
        stored.set()
        assert warmer.wait(10)
        assert reader.warmed[-1] == memory.context().stable_prefix()
        assert warmer.failures == 0


def test_a_memory_that_is_closed_has_nothing_more_read() -> None:
    """It is no failure: nobody asks about it any more."""
    goes_on, begun = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        assert goes_on.wait(10)

    reader = ScriptedReader([])
    with Warmer(reader) as warmer:
        warmer.submit(wait, conversation="another")  # keeps the thread
        begun.wait(10)
        with GlyphMemory.open(options=_OPTIONS, warmer=warmer) as memory:
            memory.extend(agent_conversation(turns=40, seed=4, tool_lines=60))
        goes_on.set()
        assert warmer.wait(10)
        assert (warmer.failures, reader.warmed) == (0, [])


def test_a_fork_of_a_session_has_the_same_warmer() -> None:
    """Each is a conversation of its own."""
    reader = ScriptedReader([])
    with Warmer(reader) as warmer, GlyphMemory.open(options=_OPTIONS, warmer=warmer) as memory:
        memory.extend(agent_conversation(turns=40, seed=4, tool_lines=60))
        other = memory.fork("other")
        other.add("user", "And now?")
        assert warmer.wait(10)
        prefix = memory.context().stable_prefix()
        assert prefix is not None
        assert reader.warmed[-1].images == prefix.images
    assert warmer.warmed + warmer.dropped >= 2
    assert warmer.failures == 0


def test_tools_that_find_again_are_told_of_in_what_is_read(memory: GlyphMemory) -> None:
    """As in the last request: the line on turns that left names them only then."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        turns = agent_conversation(turns=400, seed=5, tool_lines=60).turns
        memory.extend(replace(turn, id=None) for turn in turns)
        assert memory.fold().evicted_span
        for can_recall in (True, False):
            reader, context = ScriptedReader([]), memory.context(can_recall=can_recall)
            memory.warm(reader)
            assert reader.warmed == [context.stable_prefix()]


def test_pages_are_read_that_erasing_leaves_behind_and_that_a_session_opens_with(tmp_path: Path) -> None:
    """They are drawn anew, or there already: the next question would begin cold."""
    reader, where = ScriptedReader([]), tmp_path / "chat.db"
    with Warmer(reader) as warmer, GlyphMemory.open(where, options=_OPTIONS, warmer=warmer) as memory:
        memory.extend(agent_conversation(turns=120, seed=4, tool_lines=60))
        middle = memory.fold().visible_seals[1].anchors[0]
        for after in (None, 100):
            assert warmer.wait(10)
            before = len(reader.warmed)
            _ = memory.delete(middle) if after is None else memory.truncate(after=after)
            assert warmer.wait(10)
            assert len(reader.warmed) == before + 1
            assert reader.warmed[-1] == memory.context().stable_prefix()
    again = ScriptedReader([])
    with Warmer(again) as warmer, GlyphMemory.open(where, options=_OPTIONS, warmer=warmer) as memory:
        assert warmer.wait(10)
        assert again.warmed == [memory.context().stable_prefix()]
        memory.add("user", "And now?")
        assert warmer.wait(10)
        assert (len(again.warmed), warmer.failures) == (1, 0)


@pytest.mark.parametrize("wrong", ["reader", ScriptedReader([]), 7])
def test_a_reader_in_place_of_a_warmer_is_refused(wrong: object) -> None:
    """When the memory is opened."""
    with pytest.raises(ReaderRefused, match="is no Warmer"):
        GlyphMemory.open(warmer=wrong)  # type: ignore[arg-type]  # what people write


def _without_uuid(part: Part) -> Part:
    """Each store makes its own."""
    return replace(part, uuid=None) if isinstance(part, ImagePart) else part

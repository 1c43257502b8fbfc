"""The `Warmer`: pages are read in the background, and nothing that goes wrong there reaches a conversation."""

from __future__ import annotations

import copy
import logging
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from glyph_memory.context import Context, ImagePart
from glyph_memory.errors import ReaderRefused, ReaderUnavailable
from glyph_memory.readers import OpenAIReader, ToWarm, Usage, Warmer
from glyph_memory.testing import FakeVLMServer, ScriptedReader

About = Callable[..., Context]
Picture = Callable[..., ImagePart]


class Gated(ScriptedReader):
    """A reader that says when it begins to read pages, and reads them when it is let."""

    def __init__(self) -> None:
        super().__init__([])
        self.begun, self.goes_on = threading.Semaphore(0), threading.Semaphore(0)

    def warm(self, context: Context) -> Usage:
        """Wait, then record what would be computed."""
        self.begun.release()
        assert self.goes_on.acquire(timeout=10)
        return super().warm(context)


def test_a_server_has_the_pages_before_they_are_asked_about(about: About, picture: Picture) -> None:
    """304 of 307 tokens, three pages and a marker, fill blocks of 16."""
    pages = [picture(grey, size=(280, 280)) for grey in range(3)]
    with FakeVLMServer() as server, OpenAIReader(server.base_url) as reader, Warmer(reader) as warmer:
        warmer.submit(about(*pages))
        assert warmer.wait(10)
        assert reader.read(about(*pages)).usage.cached_tokens == 304
    assert (warmer.warmed, warmer.failures, warmer.dropped, warmer.last_error) == (1, 0, 0, None)


def test_the_newest_context_of_a_conversation_wins(about: About, picture: Picture) -> None:
    """While the first is read, Ada's next two come, and one of Ben's: Ada's older one is dropped."""
    reader = Gated()
    first, older, newest, other = (about(picture(grey)) for grey in range(4))
    with Warmer(reader) as warmer:
        warmer.submit(first, conversation="Ada")
        reader.begun.acquire()
        for context, whose in ((older, "Ada"), (other, "Ben"), (newest, "Ada")):
            warmer.submit(context, conversation=whose)
        assert not warmer.wait(0)
        reader.goes_on.release(3)
        assert warmer.wait(10)
    assert reader.warmed == [one.stable_prefix() for one in (first, other, newest)]
    assert (warmer.warmed, warmer.dropped) == (3, 1)


def test_a_call_is_made_in_the_warmers_thread(about: About, picture: Picture) -> None:
    """Drawing takes its time there; what has nothing to show is no failure."""
    reader, threads = ScriptedReader([]), list[str]()

    def draw() -> Context:
        threads.append(threading.current_thread().name)
        return about(picture())

    with Warmer(reader) as warmer:
        warmer.submit(draw, conversation=1)
        warmer.submit(lambda: None, conversation=2)
        assert warmer.wait(10)
    assert threads == ["glyph-memory-warmer"]
    assert (warmer.warmed, len(reader.warmed), warmer.failures) == (1, 1, 0)


def test_failures_are_counted_and_logged_once(
    about: About, picture: Picture, caplog: pytest.LogCaptureFixture
) -> None:
    """A server that is gone, a font that is missing, a bug: the next context is read all the same."""
    reader = ScriptedReader([])

    def fail() -> Context:
        raise ReaderUnavailable("no server")

    def exit_() -> Context:
        raise SystemExit(3)

    with caplog.at_level(logging.WARNING), Warmer(reader) as warmer:
        contexts: tuple[ToWarm, ...] = (fail, exit_, about(picture()))
        for number, context in enumerate(contexts):
            warmer.submit(context, conversation=number)
        assert warmer.wait(10)
    assert (warmer.failures, warmer.warmed, str(warmer.last_error)) == (2, 1, "3")
    assert [record.getMessage() for record in caplog.records] == [
        "pages could not be read before they are asked about: ReaderUnavailable: no server"
    ]


def test_pages_wait_while_a_question_is_answered(about: About, picture: Picture) -> None:
    """Where the reader says so."""
    asked = threading.Event()

    class Busy(ScriptedReader):
        looks = 0

        @property
        def is_busy(self) -> bool:
            self.looks += 1
            if self.looks < 3:
                return True
            asked.wait(10)
            return False

    reader = Busy([])
    with Warmer(reader) as warmer:
        warmer.submit(about(picture()))
        assert not warmer.wait(0.1)
        assert reader.warmed == []
        asked.set()
        assert warmer.wait(10)
    assert len(reader.warmed) == 1


def test_too_many_conversations_drop_the_oldest(about: About, picture: Picture) -> None:
    """Of three that wait where two may."""
    reader = Gated()
    contexts = [about(picture(grey)) for grey in range(4)]
    with Warmer(reader, max_waiting=2) as warmer:
        warmer.submit(contexts[0], conversation=0)
        reader.begun.acquire()
        for number in (1, 2, 3):
            warmer.submit(contexts[number], conversation=number)
        reader.goes_on.release(3)
        assert warmer.wait(10)
    assert reader.warmed == [contexts[number].stable_prefix() for number in (0, 2, 3)]
    assert warmer.dropped == 1


def test_a_closed_warmer_reads_nothing_more(about: About, picture: Picture) -> None:
    """What waits is dropped; who goes on to give it contexts is not troubled."""
    reader = Gated()
    warmer = Warmer(reader)
    for number in range(3):
        warmer.submit(about(picture(number)), conversation=number)
    reader.begun.acquire()
    warmer.close()
    warmer.submit(about(picture()))
    reader.goes_on.release()
    assert warmer.wait(10)
    assert (len(reader.warmed), warmer.dropped) == (1, 3)


def test_many_threads_may_submit(about: About, picture: Picture) -> None:
    """Each conversation's last context is read."""
    reader = ScriptedReader([])
    contexts = [about(picture(grey)) for grey in range(40)]

    def submit(thread: int) -> None:
        for number in range(10):
            warmer.submit(contexts[10 * thread + number], conversation=thread)

    with Warmer(reader) as warmer:
        threads = [threading.Thread(target=submit, args=(thread,)) for thread in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert warmer.wait(10)
    assert all(contexts[last].stable_prefix() in reader.warmed for last in (9, 19, 29, 39))
    assert warmer.warmed + warmer.dropped == 40


def test_it_is_not_pickled_or_copied() -> None:
    """It holds a thread."""
    for call in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="make one where it is needed"):
            call(Warmer(ScriptedReader([])))


def test_wrong_numbers_are_refused() -> None:
    """By name."""
    with pytest.raises(ReaderRefused, match="max_waiting=0"):
        Warmer(ScriptedReader([]), max_waiting=0)
    with pytest.raises(ReaderRefused, match="timeout_s="):
        Warmer(ScriptedReader([])).wait(-1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks need POSIX")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_child_begins_with_nothing_waiting(about: About, picture: Picture) -> None:
    """And reads its own, though the parent's thread was in the middle of something."""
    reader = Gated()
    warmer = Warmer(reader)
    warmer.submit(about(picture()), conversation=1)
    reader.begun.acquire()
    warmer.submit(about(picture(3)), conversation=2)
    child = os.fork()
    if not child:
        code = 1
        try:
            reader.goes_on.release(9)
            if warmer.wait(0):
                warmer.submit(about(picture(7)))
                code = 0 if warmer.wait(10) and (warmer.warmed, len(reader.warmed)) == (1, 1) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    reader.goes_on.release(2)
    assert warmer.wait(10)
    assert warmer.warmed == 2


_EXIT = """
import threading
from glyph_memory import Context, Warmer
from glyph_memory.testing import ScriptedReader

class Stuck(ScriptedReader):
    def warm(self, context):
        begun.set()
        threading.Event().wait()

begun = threading.Event()
Warmer(Stuck([])).submit(Context.of("Who?", pages=[]))
begun.wait()
print("done")
"""


def test_a_process_ends_though_pages_are_being_read() -> None:
    """The thread keeps nothing alive."""
    ended = subprocess.run(
        [sys.executable, "-c", _EXIT], capture_output=True, text=True, timeout=60, check=True
    )
    assert (ended.stdout, ended.stderr) == ("done\n", "")


def test_a_system_prompt_stands_before_what_is_read(about: About, picture: Picture) -> None:
    """As in the requests of chains and chat engines, which put it before what a memory gives."""
    reader = ScriptedReader([])
    with Warmer(reader, system_prompt="Be kind.") as warmer:
        warmer.submit(about(picture()))
        assert warmer.wait(10)
    (read,) = reader.warmed
    assert [message.role for message in read.messages] == ["system", "user"]
    assert read.messages[0].text == "Be kind."
    assert read.messages[1:] == (about(picture()).stable_prefix() or read).messages


@pytest.mark.parametrize("wrong", [None, "x", 5, ScriptedReader])
def test_what_cannot_warm_is_refused_when_it_is_made(wrong: object) -> None:
    """Not in the background, with the first page."""
    with pytest.raises(ReaderRefused, match="is no reader that can warm"):
        Warmer(wrong)  # type: ignore[arg-type]  # what people write


def test_a_system_prompt_that_is_no_text_is_refused() -> None:
    """Such as a message."""
    with pytest.raises(ReaderRefused, match="is no text; give it as one string"):
        Warmer(ScriptedReader([]), system_prompt=5)  # type: ignore[arg-type]  # what people write


def test_the_log_names_the_errors_class(
    about: About, picture: Picture, caplog: pytest.LogCaptureFixture
) -> None:
    """Some have no words."""

    class Full(ScriptedReader):
        def warm(self, context: Context) -> Usage:
            raise MemoryError

    with Warmer(Full([])) as warmer:
        warmer.submit(about(picture()))
        assert warmer.wait(10)
    assert caplog.messages == ["pages could not be read before they are asked about: MemoryError"]

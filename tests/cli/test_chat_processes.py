"""Chats at a terminal, and in processes that are interrupted or killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from glyph_memory import GlyphMemory
from glyph_memory.testing import FakeAnswer, FakeVLMServer, Fault
from tests.cli.fakes import CITIES, SMALL, Chat, said

if TYPE_CHECKING:
    from tests.cli.conftest import Terminal


def test_at_a_terminal_pages_are_counted_while_they_are_read(
    at_terminal: Callable[..., Terminal], chat: Chat, path: Path
) -> None:
    """Where an answer would begin; it is said first who answers. A page whose letters are read takes a while."""
    chat(*CITIES, options=SMALL)
    terminal = at_terminal("chat", "--memory", path)
    terminal.wait_for("the nano reader looks things up")
    terminal.type("When did the deploy of Oslo go out?\r")
    terminal.wait_for("reading … 1 page of ")
    terminal.wait_for("nano reader · ")
    terminal.type("\x04")
    assert terminal.leave() == 0


class Piped:
    """A chat in a process of its own, whose input stays open."""

    def __init__(self, server: FakeVLMServer, path: Path) -> None:
        self._out, self._err = path.with_name("out"), path.with_name("err")
        command = [
            sys.executable,
            "-m",
            "glyph_memory",
            "chat",
            "--server",
            server.base_url,
            "--memory",
            str(path),
        ]
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                # Tests that a shell runs in the background hand down that Ctrl-C is ignored.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - it takes no lock
            )

    def __enter__(self) -> Piped:
        return self

    def __exit__(self, *exception: object) -> None:
        self.process.kill()
        self.process.communicate()

    @property
    def out(self) -> str:
        """Standard output, so far."""
        return self._out.read_text()

    @property
    def err(self) -> str:
        """Standard error, so far."""
        return self._err.read_text()

    def say(self, message: str) -> None:
        """Type a message."""
        assert self.process.stdin
        self.process.stdin.write(f"{message}\n".encode())
        self.process.stdin.flush()

    def wait_for(self, condition: Callable[[], bool], *, seconds: float = 60) -> bool:
        """Wait until something is so; say whether it is."""
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.02)
        return condition()

    def interrupt(self, condition: Callable[[], bool]) -> None:
        """Send Ctrl-C until something is so: Python misses one that comes just before it begins to wait."""
        assert any(self._interrupted(condition) for _ in range(6)), (self.out[-200:], self.err)

    def leave(self) -> int:
        """End the input; give the exit status."""
        self.process.communicate(timeout=120)
        return self.process.returncode

    def _interrupted(self, condition: Callable[[], bool]) -> bool:
        self.process.send_signal(signal.SIGINT)
        return self.wait_for(condition, seconds=10)


def test_ctrl_c_stops_an_answer_and_keeps_what_was_said(server: FakeVLMServer, path: Path) -> None:
    """The message and the answer so far are stored, marked as stopped; then the chat goes on."""
    server.answer = lambda request: "tick " * 500_000 if "count" in request.question else "Yes."
    with Piped(server, path) as chat:
        chat.say("Please count.")
        assert chat.wait_for(lambda: "tick tick" in chat.out)
        chat.interrupt(lambda: "Stopped; what was said so far is kept as §2." in chat.err)
        chat.say("Are you there?")
        assert chat.leave() == 0
        assert chat.out.endswith("tick\nYes.\n")
    turns = said(path)
    assert [role for role, _ in turns] == ["user", "assistant", "user", "assistant"]
    assert turns[0] == ("user", "Please count.")
    assert turns[1][1].startswith("tick tick")
    assert turns[1][1].endswith("tick\n[stopped here by the user]")
    assert len(turns[1][1]) < 5 * 500_000


def test_ctrl_c_before_the_first_word_keeps_the_message(server: FakeVLMServer, path: Path) -> None:
    """Nothing is stored as an answer; an empty message asks again."""
    server.faults.append(Fault.delay(600))
    with Piped(server, path) as chat:
        chat.say("Hello.")
        assert chat.wait_for(lambda: "POST /v1/chat/completions" in server.paths)
        chat.interrupt(lambda: "Stopped before a word came." in chat.err)
        assert said(path) == [("user", "Hello.")]
        chat.say("")
        assert chat.leave() == 0
    assert said(path) == [("user", "Hello."), ("assistant", "0 pages; Hello.")]


def test_a_process_that_is_killed_while_it_waits_has_stored_the_message(
    server: FakeVLMServer, path: Path
) -> None:
    """It was stored before anybody was asked."""
    server.faults.append(Fault.delay(600))
    with Piped(server, path) as chat:
        chat.say("Hello.")
        assert chat.wait_for(lambda: "POST /v1/chat/completions" in server.paths)
    assert said(path) == [("user", "Hello.")]


def test_ctrl_c_at_the_prompt_leaves_quietly(server: FakeVLMServer, path: Path) -> None:
    """Exit code 130, as everywhere, without a word."""
    with Piped(server, path) as chat:
        chat.say("Hello.")
        assert chat.wait_for(lambda: "cached" in chat.err)
        chat.interrupt(lambda: chat.process.poll() is not None)
        assert chat.process.returncode == 130
        assert chat.err.count("\n") == 1


def test_at_a_terminal_controls_are_shown_and_not_obeyed(
    at_terminal: Callable[..., Terminal], server: FakeVLMServer, path: Path
) -> None:
    """Neither a model's words nor a session's name can colour the screen or move its cursor; markup is words."""
    server.answer = lambda request: FakeAnswer(text="\x1b[2J[bold]gone[/bold]\x07", reasoning="Hm.")
    hostile = "\x1b[31mred[/]\n"
    chat = at_terminal("chat", "--server", server.base_url, "--memory", path, "--session", hostile)
    assert "session \\u{1b}[31mred[/]\\u{a} · begins" in chat.wait_for("/help lists commands")
    for typed in ("Hello.\r", "/recall gone\r", "/report\r", "\x04"):
        chat.type(typed)
    assert chat.leave() == 0
    assert "\x1b[2J" not in chat.shown
    assert "\x1b[31mred" not in chat.shown
    assert "\\u{1b}[2J[bold]gone[/bold]\\u{7}" in chat.shown
    assert said(path, hostile)[1][1] == "\x1b[2J[bold]gone[/bold]\x07"


def test_at_a_terminal_an_error_does_not_end_the_chat(
    at_terminal: Callable[..., Terminal], server: FakeVLMServer, path: Path
) -> None:
    """It is said, the message stays, and Enter alone asks again; what is typed can go on in a second line."""
    server.faults.append(Fault.error(400))
    chat = at_terminal("chat", "--server", server.base_url, "--memory", path)
    chat.wait_for("begins")
    chat.type("Hello,\\\r")
    chat.type("there.\r", at="…")
    chat.wait_for("asks again")
    chat.type("\r")
    chat.wait_for("prompt tokens")
    chat.type("/nonsense\r")
    chat.wait_for("no command /nonsense")
    chat.type("\x04")
    assert chat.leave() == 0
    assert said(path) == [("user", "Hello,\nthere."), ("assistant", "0 pages; there.")]


def test_at_a_terminal_a_chat_says_where_it_stands(
    at_terminal: Callable[..., Terminal], server: FakeVLMServer, path: Path
) -> None:
    """How many turns there are; and that the last one waits for an answer, if it does."""
    with GlyphMemory.open(path) as memory:
        memory.add("user", "Are you there?")
    chat = at_terminal("chat", "--server", server.base_url, "--memory", path)
    shown = chat.wait_for("asks again")
    assert "1 turn so far" in shown
    assert "The last message got no answer." in shown
    chat.type("\x04")
    assert chat.leave() == 0

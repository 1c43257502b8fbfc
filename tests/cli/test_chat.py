"""`glyph-memory chat` remembers: what is typed is stored first, old turns become pages, nothing is lost."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyph_memory import GlyphMemory, Turn
from glyph_memory.cli.memories import Place, open_existing_session
from glyph_memory.testing import FakeAnswer, FakeVLMServer, Fault

if TYPE_CHECKING:
    from glyph_memory.testing.engine import FakeRequest
    from tests.cli.conftest import KnownToNano, Run, Terminal

CITIES = [
    f"The deploy of {city} went out at 14:05 on port 8443; Ada signed it off after the canary was calm. " * 14
    for city in ("Oslo", "Lima", "Rome")
]
SMALL = ("--window", 8192, "--keep", 300)
"""So small a window that three long messages are more than may stay text."""


def echo(request: FakeRequest) -> FakeAnswer:
    """Say the last line that was said back, and how many pages were seen."""
    return FakeAnswer(
        text=f"{len(request.images)} pages; {request.question.splitlines()[-1][:40]}", reasoning="Hm."
    )


@pytest.fixture
def server() -> Iterator[FakeVLMServer]:
    """Serve a model that says what it was asked."""
    with FakeVLMServer(answer=echo) as serving:
        yield serving


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a place for a database."""
    return tmp_path / "chat.db"


Chat = Callable[..., "tuple[int, str, str]"]


@pytest.fixture
def chat(run: Run, server: FakeVLMServer, path: Path) -> Chat:
    """Pipe messages into a chat; give exit status, standard output and standard error."""

    def call(*messages: str, options: tuple[object, ...] = ()) -> tuple[int, str, str]:
        piped = "".join(f"{message}\n" for message in messages).encode()
        result = run("chat", "--server", server.base_url, "--memory", path, *options, stdin=piped)
        return result.code, result.out, result.err

    return call


def stored(path: Path, session: str = "default") -> list[Turn]:
    """Return what a session holds."""
    with GlyphMemory.open(path, session=session) as memory:
        return list(memory.turns())


def said(path: Path, session: str = "default") -> list[tuple[str, str]]:
    """Return who said what in a session."""
    return [(turn.role, turn.text) for turn in stored(path, session)]


def test_a_chat_over_a_pipe_remembers_across_two_runs(chat: Chat, server: FakeVLMServer, path: Path) -> None:
    """The second run's request holds what the first one said, and answers alone go to standard output."""
    assert chat("The gate code is 4711-B.")[:2] == (0, "0 pages; The gate code is 4711-B.\n")
    assert chat("What is it?")[:2] == (0, "0 pages; What is it?\n")
    assert "The gate code is 4711-B." in server.requests[1].texts
    assert [role for role, _ in said(path)] == ["user", "assistant", "user", "assistant"]


def test_reasoning_is_neither_printed_nor_stored(chat: Chat, path: Path) -> None:
    """What a model thinks before it answers is not what it said."""
    _, out, err = chat("Hello.")
    assert "Hm." not in out + err
    assert said(path)[1] == ("assistant", "0 pages; Hello.")


def test_old_turns_become_pages_and_the_request_holds_them(chat: Chat, server: FakeVLMServer) -> None:
    """Sealing is told when it happens, with its figures; later requests hold pages instead of the words."""
    code, _, err = chat(*CITIES, options=SMALL)
    assert code == 0
    assert not server.requests[0].images
    assert len(server.requests[-1].images) >= 1
    assert not any("deploy of Oslo" in text for text in server.requests[-1].texts)
    assert re.search(r"Sealed: §1 to §2 became 1 page, \d+ tokens for \d+ of text\.", err)
    assert re.search(
        r"\d turns? as text, \d on \d pages? · [\d,]+ prompt tokens, \d+% cached · ≈ \d+ saved", err
    )


def test_what_was_chosen_once_holds_for_the_next_chat(chat: Chat, run: Run, path: Path) -> None:
    """And for other commands: all go on in the same generation; another choice draws everything anew, in the next."""

    def generation() -> object:
        return run("report", "--memory", path, "--json").json["generation"]

    chat(*CITIES, options=SMALL)
    assert generation() == 1
    chat("Go on.")
    chat("Go on.", options=SMALL)
    assert generation() == 1
    chat("Go on.", options=("--keep", 400))
    assert generation() == 2
    chat("Go on.")
    assert generation() == 2


def test_a_new_session_begins_with_its_head(chat: Chat, server: FakeVLMServer, path: Path) -> None:
    """The same --system again is no matter; another one is warned about, since the session has begun."""
    head = ("--system", "You are terse.")
    assert "warning" not in chat("Hello.", options=head)[2]
    assert said(path)[0] == ("system", "You are terse.")
    assert server.requests[0].texts[0] == "You are terse."
    assert "warning" not in chat("Hello.", options=head)[2]
    assert "this one has begun" in chat("Hello.", options=("--system", "You are verbose."))[2]
    assert [role for role, _ in said(path)].count("system") == 1


def test_sessions_do_not_see_each_other(chat: Chat, server: FakeVLMServer) -> None:
    """One database, two conversations."""
    chat("The gate code is 4711-B.", options=("--session", "alice"))
    chat("What is it?", options=("--session", "bob"))
    assert not any("4711-B" in text for text in server.requests[1].texts)


def test_a_server_that_is_down_costs_no_message(chat: Chat, server: FakeVLMServer, path: Path) -> None:
    """It is stored before the server is asked; the error says so in one line, and how to go on."""
    base_url = server.base_url
    server.stop()
    code, out, err = chat("The gate code is 4711-B.", "Never read.")
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert "Your message is kept as §1. An empty message asks again" in err
    assert base_url.removesuffix("/v1") in err
    assert said(path) == [("user", "The gate code is 4711-B.")]


def test_an_empty_message_asks_again(chat: Chat, server: FakeVLMServer, path: Path) -> None:
    """After a failure it does; where nothing waits for an answer, it is nothing."""
    server.faults.extend(Fault.error(400) for _ in range(1))
    assert chat("Hello.")[0] == 1
    assert chat("", "", "  ")[:2] == (0, "0 pages; Hello.\n")
    assert len(server.requests) == 1
    assert len(stored(path)) == 2


def test_an_answer_that_breaks_off_is_not_stored(chat: Chat, server: FakeVLMServer, path: Path) -> None:
    """What came is shown, the message stays, and asking again gives a whole answer."""
    server.faults.append(Fault.cut_stream(events=4))
    code, out, err = chat("Hello.")
    assert code == 1
    assert out.endswith("\n")
    assert "The half answer is not kept. Your message is kept as §1." in err
    assert said(path) == [("user", "Hello.")]
    assert chat("")[0] == 0
    assert len(stored(path)) == 2


def test_a_model_that_says_nothing_is_told(chat: Chat, server: FakeVLMServer, path: Path) -> None:
    """An empty answer is not stored as if it were one; why it may be empty is said."""
    server.answer = lambda request: FakeAnswer(text="", reasoning="Hm hm hm", finish_reason="length")
    code, _, err = chat("Hello.")
    assert code == 1
    assert "cut off while it thought; raise --max-tokens" in err
    assert len(stored(path)) == 1


def test_a_server_that_does_not_tell_what_it_cached_is_told_of_once(
    chat: Chat, server: FakeVLMServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The share is then left out rather than shown as nothing."""
    from glyph_memory.testing import script

    told = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    monkeypatch.setattr(script, "_usage", lambda *arguments: told)
    err = chat("One.", "Two.")[2]
    assert err.count("9 prompt tokens\n") == 2
    assert err.count("--enable-prompt-tokens-details") == 1


def test_a_window_that_is_too_large_says_which_option_helps(run: Run, path: Path) -> None:
    """The server knows its own; --window is how the memory learns of it."""
    with FakeVLMServer(window_tokens=50) as small:
        result = run("chat", "--server", small.base_url, "--memory", path, stdin=CITIES[0].encode())
    assert "--window" in result.error


def test_commands_recall_zoom_and_pin(chat: Chat, path: Path) -> None:
    """They work on the open memory, and are no messages."""
    code, out, err = chat("The gate code is 4711-B.", "/recall gate", "/zoom §1", "/pin 1")
    assert code == 0
    assert "§1 user  recent text" in out
    assert out.count("  The gate code is 4711-B.\n") == 2
    assert "§1 is pinned" in err
    assert [turn.pinned for turn in stored(path)] == [True, False]
    assert "no longer" in chat("/unpin §1")[2]
    assert not stored(path)[0].pinned


def test_commands_report_identifiers_and_help(chat: Chat) -> None:
    """A table each."""
    code, out, err = chat(
        "Ticket ORD-482913-K.", "/report", "/identifiers 4829", "/identifiers nothing", "/help"
    )
    assert code == 0
    assert "all that is sent" in out
    assert "ORD-482913-K" in out
    assert "No identifier that was said holds 'nothing'" in err
    assert all(
        f"/{name}" in out for name in ("recall", "zoom", "pin", "unpin", "report", "undo", "retry", "quit")
    )


def test_a_page_can_be_looked_at_and_saved(chat: Chat, tmp_path: Path) -> None:
    """Its exact text, or its picture as it is sent."""
    chat(*CITIES, options=SMALL)
    picture = tmp_path / "my page.png"
    code, out, _ = chat("/zoom page 1", f"/zoom page 1 {picture}")
    assert code == 0
    assert "deploy of Oslo" in out
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "/zoom page 99 gives its text" in chat(f"/zoom page 99 {picture}")[2]


def test_undo_forgets_the_last_exchange_and_retry_its_answer(
    chat: Chat, server: FakeVLMServer, path: Path
) -> None:
    """For good; earlier turns stay."""
    chat("One.", "Two.")
    chat("/undo")
    assert said(path) == [("user", "One."), ("assistant", "0 pages; One.")]
    server.answer = lambda request: "Otherwise."
    assert chat("/retry")[1] == "Otherwise.\n"
    assert said(path) == [("user", "One."), ("assistant", "Otherwise.")]
    assert "nothing was said yet" in chat("/undo", "/undo")[2]


def test_a_message_may_begin_with_a_slash(chat: Chat, server: FakeVLMServer, path: Path) -> None:
    """A path is a message, two slashes are one; an unknown command is an error and not sent."""
    chat("/etc/hosts is empty", "//recall is a command")
    assert [text for role, text in said(path) if role == "user"] == [
        "/etc/hosts is empty",
        "/recall is a command",
    ]
    code, _, err = chat("/foo bar")
    assert code == 1
    assert "no command /foo" in err
    assert len(server.requests) == 2


@pytest.mark.parametrize("command", ["/zoom", "/zoom §99", "/zoom page 9", "/pin x", "/recall", "/unpin 7"])
def test_a_command_that_cannot_be_done_is_told_in_one_line(chat: Chat, command: str) -> None:
    """As any error."""
    code, out, err = chat(command)
    assert (code, out, len(err.splitlines())) == (1, "", 1)


def test_quit_ends_a_chat(chat: Chat, server: FakeVLMServer) -> None:
    """What comes after it is not read."""
    assert chat("/quit", "Hello.")[:2] == (0, "")
    assert not server.requests


def test_bytes_that_are_no_text_are_a_message_all_the_same(
    run: Run, server: FakeVLMServer, path: Path
) -> None:
    """They come as their number; a chat does not end for them."""
    assert run("chat", "--server", server.base_url, "--memory", path, stdin=b"caf\xe9\n").code == 0
    assert said(path)[0] == ("user", "caf\\xe9")


def test_a_read_only_database_says_what_to_do(
    chat: Chat, run: Run, server: FakeVLMServer, path: Path
) -> None:
    """In one line, before anything is asked."""
    chat("Hello.")
    closed = f"sqlite:///{path}?mode=ro"
    result = run("chat", "--server", server.base_url, "--memory", closed, stdin=b"Hello again.\n")
    assert "is read-only. recall and report can read it" in result.error
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "options", [("--keep", 9000, "--window", 8192), ("--profile", "no-such"), ("--style", "no-such")]
)
def test_what_cannot_work_is_told_before_anything_is_stored(
    chat: Chat, options: tuple[object, ...], path: Path
) -> None:
    """A policy, a model, a style; the next chat is not spoilt by it."""
    code, out, err = chat("Hello.", options=options)
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert chat("Hello.")[0] == 0


def test_without_a_server_the_nano_reader_answers_from_pages_and_text(
    chat: Chat, run: Run, path: Path, known_to_nano: KnownToNano
) -> None:
    """What was sealed is read from its page, what is recent from the text; who answers is said once, and each time."""
    chat(*CITIES, "The gate code is 4711-B.", options=SMALL)
    with open_existing_session(Place(memory=str(path), session="default")) as memory:
        known_to_nano(list(memory.pages()))
    piped = b"When did the deploy of Oslo go out?\nWhat is the gate code?\n"
    result = run("chat", "--memory", path, stdin=piped)
    assert result.code == 0
    assert "§1 user, page 1:\n  The deploy of Oslo went out at 14:05 on port 8443; Ada signed" in result.out
    assert "user, as text:\n  The gate code is 4711-B.\n" in result.out
    assert result.err.count("No server is given: the nano reader") == 1
    assert re.search(r"on \d pages? · nano reader · \d pages? read · [\d.]+ s", result.err)
    assert "prompt tokens" not in result.err
    assert "enable-prompt-tokens-details" not in result.err
    assert said(path)[-1][1] in result.out


def test_with_a_server_nothing_is_said_of_the_nano_reader(chat: Chat) -> None:
    """It was named."""
    assert "nano" not in "".join(map(str, chat("Hello.")))


def test_what_is_for_a_server_is_refused_without_one(run: Run, path: Path) -> None:
    """In one line, before anything is stored."""
    error = run("chat", "--memory", path, "--max-tokens", 50, stdin=b"Hello.\n").error
    assert "--max-tokens is for a server, and none is given" in error
    assert stored(path) == []


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
        assert chat.wait_for(lambda: "tick" in chat.out)
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

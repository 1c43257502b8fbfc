"""`glyph-memory chat` remembers: what is typed is stored first, old turns become pages, nothing is lost."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyph_memory.cli.memories import Place, open_existing_session
from glyph_memory.cli.settings import load_settings
from glyph_memory.testing import FakeAnswer, FakeVLMServer, Fault
from tests.cli.fakes import CITIES, SMALL, Chat, said, stored

if TYPE_CHECKING:
    from tests.cli.conftest import KnownToNano, Run


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
    assert re.search(r"Sealed: §1 to §4 became 1 page, \d+ tokens for [\d,]+ of text\.", err)
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
    from glyph_memory.testing import replies

    told = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    monkeypatch.setattr(replies, "count_usage", lambda *arguments: told)
    err = chat("One.", "Two.")[2]
    assert err.count("9 prompt tokens\n") == 2
    assert err.count("--enable-prompt-tokens-details") == 1


def test_a_window_that_is_too_large_says_which_option_helps(run: Run, path: Path) -> None:
    """The server knows its own; --window is how the memory learns of another."""
    with FakeVLMServer(window_tokens=50) as small:
        chat = ("chat", "--server", small.base_url, "--memory", path)
        assert "window_tokens=50 is too small for a memory" in run(*chat, stdin=CITIES[0].encode()).error
        told = run(*chat, "--window", 8192, stdin=CITIES[0].encode()).err
    assert "--window 8192 is more than the server takes, 50 tokens" in told
    assert "--window N" in told


def test_model_and_window_are_what_the_server_says(run: Run, path: Path) -> None:
    """Told once; kept with the session for commands that ask no server, until a server says otherwise."""
    with FakeVLMServer(model="qwen2.5vl:7b", window_tokens=8192) as server:
        chat = ("chat", "--server", server.base_url, "--memory", path)
        first = run(*chat, stdin=CITIES[0].encode()).err
        assert "The server serves qwen2.5-vl with a window of 8,192 tokens" in first
        assert "The server serves" not in run(*chat, stdin=CITIES[1].encode()).err
    assert run("report", "--memory", path).code == 0
    assert load_settings(path, "default").served_window == 8192
    with FakeVLMServer(model="qwen2.5vl:7b", window_tokens=16_384) as server:
        larger = run("chat", "--server", server.base_url, "--memory", path, stdin=CITIES[0].encode()).err
        assert "qwen2.5-vl with a window of 16,384 tokens" in larger
        typed = run(
            "chat",
            "--server",
            server.base_url,
            "--memory",
            path,
            "--profile",
            "gemma-3",
            stdin=CITIES[0].encode(),
        ).err
    assert "which is 'qwen2.5-vl', and the profile is 'gemma-3'" in typed


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


def test_a_chat_masks_or_refuses_secrets(
    chat: Chat, server: FakeVLMServer, path: Path, tmp_path: Path
) -> None:
    """What is typed is neither sent nor stored as it was; a refusal sends and stores nothing."""
    typed = "Log in with password=XANTHIPPE-4711"
    code, _, _ = chat(typed, options=("--secrets", "mask"))
    assert code == 0
    assert said(path)[0][1].startswith("Log in with password=[secret password ")
    assert "XANTHIPPE" not in json.dumps([request.texts for request in server.requests])
    asked = len(server.requests)
    _, _, err = chat(typed, options=("--secrets", "refuse", "--session", "other"))
    assert "the user's turn holds secrets (password)" in err
    assert "XANTHIPPE" not in err
    assert len(server.requests) == asked
    assert said(path, "other") == []
    assert not any(b"XANTHIPPE" in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())

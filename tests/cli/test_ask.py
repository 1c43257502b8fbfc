"""`glyph-memory ask` gives a server, or the nano reader, the pages and a question, and prints what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyph_memory.testing import FakeAnswer, FakeVLMServer, Fault

if TYPE_CHECKING:
    from tests.cli.conftest import KnownToNano, Run

MINUTES = "Minutes of 3 March\n\nAda signed the deploy off.\n\napi_key for checkout: 9aF72c1d0e\n"


@pytest.fixture
def server() -> Iterator[FakeVLMServer]:
    """Serve a model that says 14:05."""
    with FakeVLMServer(answer=lambda request: FakeAnswer(text="At 14:05.")) as serving:
        yield serving


def test_the_answer_alone_goes_to_standard_output(run: Run, notes: Path, server: FakeVLMServer) -> None:
    """Tokens and seconds stand below it, on standard error."""
    result = run("ask", notes, "When?", "--server", server.base_url)
    assert (result.code, result.out) == (0, "At 14:05.\n")
    assert "prompt tokens" in result.err
    assert "cached" in result.err
    assert "written" in result.err


def test_the_server_sees_all_pages_and_then_the_question(
    run: Run, notes: Path, server: FakeVLMServer
) -> None:
    """No text of the file is sent as text."""
    run("ask", notes, "When did it go out?", "--server", server.base_url, "--max-tokens", 50)
    request = server.requests[0]
    assert request.question == "When did it go out?"
    assert len(request.images) > 1
    assert not any("deploy" in text for text in request.texts)
    assert request.body["max_tokens"] == 50


def test_identifiers_stand_beside_the_pages(run: Run, tmp_path: Path, server: FakeVLMServer) -> None:
    """Letter for letter, as a memory sends them, below the page that they stand on."""
    path = tmp_path / "orders.txt"
    path.write_text("We pay order ORD-482913-K when the goods are there, and no day before. " * 20)
    run("ask", path, "Which order?", "--server", server.base_url)
    assert any(
        "Identifiers on page 1" in text and '"ORD-482913-K"' in text for text in server.requests[0].texts
    )


@pytest.mark.parametrize("option", ["--stream", "--no-stream"])
def test_streamed_or_not_the_answer_is_the_same(
    run: Run, notes: Path, server: FakeVLMServer, option: str
) -> None:
    """Only when it appears differs."""
    assert run("ask", notes, "When?", "--server", server.base_url, option).out == "At 14:05.\n"
    assert server.requests[0].body["stream"] is (option == "--stream")


def test_an_answer_can_be_had_as_json(run: Run, notes: Path, server: FakeVLMServer) -> None:
    """With the server's own count of tokens."""
    printed = run("ask", notes, "When?", "--server", server.base_url, "--json").json
    assert printed["answer"] == "At 14:05."
    assert printed["prompt_tokens"] == server.requests[0].prompt_tokens
    assert printed["figures"]["pages"] == len(server.requests[0].images)


def test_a_second_question_finds_the_pages_cached(run: Run, notes: Path, server: FakeVLMServer) -> None:
    """The same text is the same prefix, whatever the question."""
    first = run("ask", notes, "When?", "--server", server.base_url, "--json").json
    second = run("ask", notes, "Who?", "--server", server.base_url, "--json").json
    assert first["cached_tokens"] == 0
    assert second["cached_tokens"] > 0.95 * second["prompt_tokens"]


def test_text_may_come_through_a_pipe(run: Run, server: FakeVLMServer) -> None:
    """A dash stands for it."""
    assert run("ask", "-", "What?", "--server", server.base_url, stdin=b"piped").code == 0


def test_the_key_may_come_from_the_environment(
    run: Run, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it stays out of the shell's history; it is never repeated in an error."""
    with FakeVLMServer(api_key="sk-secret") as server:
        refused = run("ask", notes, "When?", "--server", server.base_url, "--api-key", "sk-wrong")
        assert "401" in refused.error
        assert "sk-wrong" not in refused.err
        monkeypatch.setenv("GLYPH_MEMORY_API_KEY", "sk-secret")
        assert run("ask", notes, "When?", "--server", server.base_url).code == 0


def test_an_answer_that_was_cut_off_is_warned_about(run: Run, notes: Path) -> None:
    """It may look whole."""
    cut = FakeAnswer(text="At 14:", finish_reason="length")
    with FakeVLMServer(answer=lambda request: cut) as server:
        assert "cut off; raise --max-tokens" in run("ask", notes, "When?", "--server", server.base_url).err


def test_a_server_that_is_down_is_told_in_one_line(run: Run, notes: Path, server: FakeVLMServer) -> None:
    """With what to try."""
    server.stop()
    assert "Is it running?" in run("ask", notes, "When?", "--server", server.base_url).error


def test_a_server_that_fails_is_told_in_one_line(run: Run, notes: Path, server: FakeVLMServer) -> None:
    """After it was asked again."""
    server.faults.extend(Fault.error(500) for _ in range(3))
    assert "HTTP 500" in run("ask", notes, "When?", "--server", server.base_url).error


@pytest.mark.parametrize(
    ("refusing", "said"),
    [
        (lambda: FakeVLMServer(takes_images=False), "takes no images"),
        (lambda: FakeVLMServer(max_images=1), "fewer images"),
        (lambda: FakeVLMServer(window_tokens=100), "too small a window"),
    ],
)
def test_a_server_that_refuses_is_told_in_one_line(
    run: Run, notes: Path, refusing: Callable[[], FakeVLMServer], said: str
) -> None:
    """A model without eyes, too many pages, too small a window."""
    with refusing() as server:
        own = ("--window", "131072", "--profile", "glyph")  # else the server's own are taken
        assert said in run("ask", notes, "When?", "--server", server.base_url, *own).error


def test_an_answer_that_breaks_off_ends_its_line(run: Run, notes: Path, server: FakeVLMServer) -> None:
    """What came is shown, the error stands on a line of its own."""
    server.faults.extend(Fault.cut_stream(events=2) for _ in range(3))
    result = run("ask", notes, "When?", "--server", server.base_url, "--stream")
    assert result.code == 1
    assert result.out.endswith("\n")
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://server/v1", ""])
def test_what_is_no_address_is_told_in_one_line(run: Run, notes: Path, url: str) -> None:
    """Before anything is typeset."""
    assert "Try 'http://127.0.0.1:8000/v1'" in run("ask", notes, "When?", "--server", url).error


@pytest.mark.parametrize("arguments", [["notes.txt"], [], ["--max-tokens", "0"]])
def test_a_command_that_lacks_something_is_bad_usage(run: Run, arguments: list[str]) -> None:
    """Exit code 2, as everywhere."""
    assert run("ask", *arguments).code == 2


@pytest.fixture
def minutes(tmp_path: Path, known_to_nano: KnownToNano) -> Path:
    """Return a text whose pages the nano reader knows, one word of it badly."""
    path = tmp_path / "minutes.txt"
    path.write_text(MINUTES)
    known_to_nano(MINUTES, doubtful={"9aF72c1d0e": "9aF72e1d0e"})
    return path


def test_without_a_server_the_nano_reader_quotes(run: Run, minutes: Path) -> None:
    """Who read, how many pages and for how long stands below, on standard error."""
    result = run("ask", minutes, "Who signed the deploy off?")
    assert (result.code, result.out) == (0, "page 1:\n  Ada signed the deploy off.\n")
    assert result.err.startswith("nano reader · 1 page read · ")


@pytest.mark.parametrize("option", ["--stream", "--no-stream"])
def test_what_the_nano_reader_is_not_sure_of_is_named(run: Run, minutes: Path, option: str) -> None:
    """Streamed or not."""
    printed = run("ask", minutes, "api_key for checkout?", option).out
    assert printed.endswith('  (not sure of: "9aF72e1d0e" – look at the page)\n')


def test_quotes_can_be_had_as_json(run: Run, minutes: Path) -> None:
    """With page, place and what is not sure."""
    printed = run("ask", minutes, "api_key for checkout?", "--json").json
    quote = printed["quotes"][0]
    assert printed["answer"].startswith("page 1:\n")
    assert (printed["model"], printed["pages_read"], printed["unreadable"]) == ("nano", 1, [])
    assert quote["text"] == "api_key for checkout: 9aF72e1d0e"
    assert (quote["page"], quote["anchor"], quote["doubts"]) == (1, None, ["9aF72e1d0e"])
    assert [quote["text"][start:stop] for start, stop in quote["unsure"]] == ["e"]
    assert len(quote["box"]) == 4
    assert 0 < quote["confidence"] < 1


def test_what_was_not_found_is_said_with_what_to_do(run: Run, minutes: Path) -> None:
    """It is an answer, and no error."""
    result = run("ask", minutes, "Where is the warehouse?")
    assert result.code == 0
    assert "I found nothing about" in result.out
    assert "--server" in result.out


@pytest.mark.parametrize("option", ["--model", "--api-key", "--max-tokens"])
def test_what_is_for_a_server_is_refused_without_one(run: Run, minutes: Path, option: str) -> None:
    """In one line; it would do nothing."""
    error = run("ask", minutes, "Who?", option, "7").error
    assert f"{option} is for a server, and none is given" in error


def test_a_key_in_the_environment_waits_for_a_server(
    run: Run, minutes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no reason to refuse."""
    monkeypatch.setenv("GLYPH_MEMORY_API_KEY", "sk-secret")
    assert run("ask", minutes, "Who signed?").code == 0


def test_a_server_in_the_environment_is_asked(
    run: Run, minutes: Path, server: FakeVLMServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if it had been typed."""
    monkeypatch.setenv("GLYPH_MEMORY_SERVER", server.base_url)
    assert run("ask", minutes, "Who signed?").out == "At 14:05.\n"


@pytest.mark.parametrize("command", ["ask", "chat"])
def test_help_says_what_happens_without_a_server(run: Run, command: str) -> None:
    """Plainly."""
    said = " ".join(run(command, "--help").out.split())
    assert "Without --server, the built-in nano reader answers" in said
    assert "does not reason" in said


def test_weights_that_are_missing_are_told_in_one_line(
    run: Run, notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As any error."""
    from glyph_memory.nano import network, transcribe

    monkeypatch.setattr(
        transcribe, "load_network", lambda _: network.load_network(tmp_path / "none.safetensors")
    )
    assert "none.safetensors" in run("ask", notes, "Which port?").error


def test_the_model_is_what_the_server_says_it_serves(run: Run, notes: Path) -> None:
    """Unless another is named; a line says what was taken, where it changes anything."""
    with FakeVLMServer(model="Qwen/Qwen3-VL-8B-Instruct", window_tokens=8192) as server:
        ask = ("ask", notes, "When?", "--server", server.base_url)
        assert (
            "The server serves qwen3-vl with a window of 8,192 tokens; --profile and --window name"
            in run(*ask).err
        )
        assert server.requests[-1].images[0].size[0] % 32 == 0
        run(*ask, "--profile", "glyph", "--window", "8192")
        assert server.requests[-1].images[0].size[0] % 28 == 0
        assert "glyph with a window of 8,192 tokens" in run(*ask, "--profile", "glyph").err
    with FakeVLMServer() as server:
        assert "The server serves" not in run("ask", notes, "When?", "--server", server.base_url).err

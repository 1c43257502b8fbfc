"""What a server, a model or a file's name says cannot control a terminal: bytes of both outputs are looked at.

Into a pipe as on a terminal, since a pipe may lead to one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from glyph_memory.cli.escapes import escape_controls, escape_json, escape_line, escape_sentence
from tests.readers.raw_server import RawServer, http, open_stream

HOSTILE = (
    "a\x1b[2J\x1b]0;title\x07\x9b31m\x9d8;;http://evil\x9c\r\x08\x7f\u202egnp\u2066\u2028\0 \ud800 b\n\tc"
)
HARMLESS = (
    r"a\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{9d}8;;http://evil\u{9c}\u{d}\u{8}\u{7f}\u{202e}gnp\u{2066}\u{2028}\u{0}"
    r" \u{d800} b"
)
MODELS = http(
    json.dumps({"data": [{"id": HOSTILE, "root": HOSTILE, "owned_by": HOSTILE, "max_model_len": 16_384}]})
)

Look = Callable[..., tuple[int, str, str]]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Run a command and return its code and outputs, after a look at their bytes."""

    def call(*arguments: object, stdin: bytes = b"") -> tuple[int, str, str]:
        command = [sys.executable, "-m", "glyph_memory", *map(str, arguments)]
        done = subprocess.run(
            command, input=stdin, capture_output=True, cwd=tmp_path, timeout=300, check=False
        )
        for output in (done.stdout.decode(), done.stderr.decode()):
            assert escape_controls(output) == output
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return call


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A text to ask about, whose name is hostile, too."""
    path = tmp_path / "notes\x1b[31m\u202e.txt"
    path.write_text("The deploy went out at 14:05.\n")
    return path


def serve(answer: bytes) -> RawServer:
    """Return a server that lists hostile models and gives an answer."""
    return RawServer(lambda request: iter([MODELS if request.startswith(b"GET /v1/models") else answer]))


def reply(content: str) -> bytes:
    """Return a chat completion."""
    choice = {"message": {"content": content, "reasoning": HOSTILE}, "finish_reason": "stop"}
    return http(json.dumps({"model": HOSTILE, "choices": [choice]}))


def stream(*pieces: str) -> bytes:
    """Return a streamed chat completion of some pieces."""
    deltas = [json.dumps({"delta": {"content": piece, "reasoning": HOSTILE}}) for piece in pieces]
    choices = [*deltas, '{"delta": {}, "finish_reason": "stop"}']
    return open_stream(*(f'{{"choices": [{choice}]}}' for choice in choices), "[DONE]")


def test_an_answer_is_printed_without_control_characters(look: Look, text: Path) -> None:
    """Its line ends and tabs stay."""
    with serve(reply(HOSTILE)) as server:
        assert look("ask", text, "When?", "--server", server.base_url)[:2] == (0, f"{HARMLESS}\n\tc\n")


@pytest.mark.parametrize("size", [1, 2, 7])
def test_a_streamed_answer_is_too_wherever_it_is_cut(look: Look, text: Path, size: int) -> None:
    """An escape sequence in two pieces is none."""
    pieces = [HOSTILE[at : at + size] for at in range(0, len(HOSTILE), size)]
    with serve(stream(*pieces)) as server:
        assert look("ask", text, "When?", "--server", server.base_url, "--stream")[:2] == (
            0,
            f"{HARMLESS}\n\tc\n",
        )


def test_json_holds_the_answer_exactly_and_no_control_character(look: Look, text: Path) -> None:
    """As JSON spells them."""
    with serve(reply(HOSTILE)) as server:
        printed = json.loads(look("ask", text, "When?", "--server", server.base_url, "--json")[1])
    assert (printed["answer"], printed["model"]) == (HOSTILE, HOSTILE)


@pytest.mark.parametrize("status", ["400 Bad", "302 Found", "200 OK"])
def test_an_error_is_one_line_without_control_characters(look: Look, text: Path, status: str) -> None:
    """Whatever the status, also where the server tells of an error under 200."""
    answer = http(json.dumps({"error": {"message": HOSTILE, "code": HOSTILE}}), status, kind=HOSTILE[:1])
    with serve(answer) as server:
        code, out, err = look("ask", text, "When?", "--server", server.base_url)
    assert (code, out) == (1, "")
    note, error = err.splitlines()
    assert note.startswith("The server serves")
    assert error.startswith("error: ")


def test_a_chat_prints_and_keeps_answers_without_harm(look: Look, tmp_path: Path) -> None:
    """What is stored is exact, as far as it is text; recall and report print it harmlessly."""
    with serve(stream(HOSTILE[:3], HOSTILE[3:])) as server:
        code, out, _ = look("chat", "--server", server.base_url, stdin=b"When?\nAnd now?\n")
    assert code == 0
    assert out.count(HARMLESS) == 2
    for command in (("recall", "title", "--json"), ("report",), ("sessions",)):
        assert look(*command)[0] == 0


def test_a_chat_tells_of_errors_without_harm(look: Look) -> None:
    """And goes on to the end of its input."""
    with serve(http(json.dumps({"error": HOSTILE}), "400 Bad")) as server:
        code, out, err = look("chat", "--server", server.base_url, stdin=b"When?\n")
    assert (code, out) == (1, "")
    assert "refused the request" in err


@pytest.mark.parametrize("name", ["no\x1b[31m\x9b\u202e.txt", "no\n.txt"])
def test_a_file_that_is_not_there_is_named_without_harm(look: Look, name: str) -> None:
    """Its name may be anything."""
    code, _, err = look("ask", name, "When?")
    assert code == 1
    assert len(err.splitlines()) == 1


@given(st.text(st.characters()))
@example("\U0003bdae\u206b\u200b\ufffe\ue000")
def test_every_text_becomes_harmless_and_harmless_text_stays(text: str) -> None:
    """In sentences, lines and JSON; what was made harmless once is so."""
    once = escape_controls(text)
    assert escape_controls(once) == once
    assert escape_line(once + "\n").isprintable() or not text.isprintable()
    assert not any(ord(character) < 32 for character in escape_line(text))
    assert escape_sentence(text).isprintable()
    spelled = escape_json(json.dumps(text, ensure_ascii=False))
    assert json.loads(spelled) == text
    assert escape_controls(spelled) == spelled
    if text.isprintable():
        assert once == text


@given(st.text(st.sampled_from("\x1b\r\n\x9b[a\u202e")), st.integers(0, 8))
def test_two_pieces_are_as_harmless_as_one(text: str, at: int) -> None:
    """Each is escaped without the other; a carriage return before a line end is the one difference, and harmless."""
    pieces = escape_controls(text[:at]) + escape_controls(text[at:])
    assert escape_controls(pieces) == pieces
    assert pieces.replace("\\u{d}\n", "\r\n") == escape_controls(text)


def test_line_ends_of_windows_stay() -> None:
    """They move no cursor to where something stands."""
    assert escape_controls("a\r\nb\rc\n") == "a\r\nb\\u{d}c\n"


def test_the_fixtures_words_are_hostile() -> None:
    """Else the tests above would prove nothing."""
    found: Iterator[str] = (character for character in HOSTILE if escape_controls(character) != character)
    assert len(set(found)) > 10

"""`glyph-memory check` asks a server for the codes of a session's pages, and leaves with 1 where it reads too few."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyph_memory.cli.memories import Place, open_existing_session
from glyph_memory.context import find_codes
from glyph_memory.testing import FakeAnswer, FakeRequest, FakeVLMServer
from tests.cli.fakes import CITIES, SMALL, Chat, stored
from tests.evaluate.calibration.test_calibration import CALIBRATION

if TYPE_CHECKING:
    from tests.cli.conftest import Result, Run

Answerer = Callable[[dict[int, str], int], str]
CITIES_MORE = [f"{number}: {city}" for number in range(3) for city in CITIES]


@pytest.fixture
def asked(chat: Chat, path: Path, run: Run) -> Callable[..., Result]:
    """Return a function that checks a chat of some pages at a server that answers as is said."""
    chat(*CITIES_MORE, options=(*SMALL, "--canaries", 1))

    def check(answer: Answerer, *options: object) -> Result:
        with open_existing_session(Place(memory=str(path), session="default")) as memory:
            codes = find_codes(memory.fold().visible_seals, 1)

        def say(request: FakeRequest) -> FakeAnswer:
            found = re.search(r"Look at page (\d+)", request.question)
            return FakeAnswer(text=answer(codes, int(found[1]) if found else 0))

        with FakeVLMServer(answer=say) as server:
            return run("check", "--server", server.base_url, "--memory", path, *options)

    return check


def test_a_server_that_reads_its_pages_is_told_so(asked: Callable[..., Result], path: Path) -> None:
    """Each page with its code, what was said, and the rate; nothing is stored."""
    before = stored(path)
    result = asked(lambda codes, page: codes[page])
    assert result.code == 0
    assert re.search(r"^1 +[A-Z0-9]{6} +[A-Z0-9]{6} +correct$", result.out, re.MULTILINE)
    assert re.search(r"(\d) of \1 answers correct \(95 % interval: \d+% to 100%\), 0 abstained", result.err)
    assert stored(path) == before


def test_a_server_that_takes_each_page_for_the_first_is_found(asked: Callable[..., Result]) -> None:
    """The exit code is 1, and a warning says what next."""
    result = asked(lambda codes, page: codes[min(codes)])
    assert result.code == 1
    assert "silently wrong" in result.out
    assert "warning: pages of session 'default' are read too badly" in result.err


def test_all_of_it_can_be_had_as_json(asked: Callable[..., Result]) -> None:
    """For a script."""
    result = asked(lambda codes, page: codes[page] if page > 1 else "not legible", "--json", "--floor", 0.5)
    assert result.code == 0
    told = result.json
    assert (told["abstained"], told["silently_wrong"], told["has_fallen"], told["floor"]) == (
        1,
        0,
        False,
        0.5,
    )
    assert {answer["outcome"] for answer in told["answers"]} == {"correct", "abstained"}
    assert told["usage"]["prompt_tokens"] > 0


def test_where_nothing_is_answered_that_is_an_error(asked: Callable[..., Result]) -> None:
    """A server that says nothing has misread nothing."""
    result = asked(lambda codes, page: "")
    assert result.code == 1
    assert "error: nothing was answered: the reader answered nothing" in result.err


def test_a_chat_without_codes_says_how_to_have_some(
    chat: Chat, run: Run, path: Path, server: FakeVLMServer
) -> None:
    """Nobody is asked; and without a server there is nobody to ask."""
    chat(*CITIES, options=SMALL)
    asked = len(server.requests)
    result = run("check", "--server", server.base_url, "--memory", path)
    assert (result.code, result.out) == (0, "")
    assert "canaries are off. Begin the chat with --canaries 8" in result.err
    assert len(server.requests) == asked
    assert "Name a server with --server" in run("check", "--memory", path).error


def test_help_promises_no_other_reader_than_a_server(run: Run) -> None:
    """The nano reader answers elsewhere where no server is named; here nobody does."""
    told = " ".join(run("check", "--help").out.split())
    assert "It has to be named" in told
    assert "nano reader" not in told


def test_a_chat_whose_calibration_is_gone_is_no_chat_without_codes(
    chat: Chat, run: Run, path: Path, server: FakeVLMServer, tmp_path: Path
) -> None:
    """Its pages are not known then: cron is not to take that for pages that are read."""
    calibration = tmp_path / "calibration.json"
    replace(CALIBRATION, model=server.model).save(calibration)
    assert chat(*CITIES, options=(*SMALL, "--canaries", 1, "--calibration", calibration))[0] == 0
    calibration.unlink()
    result = run("check", "--server", server.base_url, "--memory", path)
    assert (result.code, result.out) == (1, "")
    assert "error: how session 'default' is shown cannot be told" in result.err
    assert "is gone. --calibration names another one, or none" in chat("And now?")[2]
    assert chat("And now?", options=("--calibration", "none"))[0] == 0

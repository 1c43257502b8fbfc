"""`glyph-memory evaluate` asks, keeps, goes on, compares, and says in one line what cannot be."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyph_memory.cli.commands.evaluate import MAX_TOKENS
from glyph_memory.cli.commands.evaluate_view import format_chance
from glyph_memory.evaluate.run import read_results
from glyph_memory.readers import OpenAIReader
from glyph_memory.testing import FakeAnswer, FakeVLMServer, Fault
from glyph_memory.testing.requests import FakeRequest

if TYPE_CHECKING:
    from tests.cli.conftest import Run

ARGUMENTS = ("--lengths", "600", "--samples", "3", "--out", "run")


def answer(request: FakeRequest) -> str:
    """Find a UUID where it stands as text; of a picture nothing is known."""
    text = "\n".join(
        part["text"] for message in request.body["messages"] for part in _list_parts(message["content"])
    )
    found = re.search(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", text)
    return found[0] if found else "It is not stated."


def _list_parts(content: object) -> list[dict[str, str]]:
    if isinstance(content, str):
        return [{"text": content}]
    assert isinstance(content, list)
    return [part for part in content if part["type"] == "text"]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeVLMServer]:
    """A server that finds UUIDs in text, and an empty folder to run in."""
    monkeypatch.chdir(tmp_path)
    with FakeVLMServer(answer=answer) as fake:
        yield fake


def test_a_table_tells_what_is_correct_abstained_and_silently_wrong(run: Run, server: FakeVLMServer) -> None:
    """By length, budget and arm; with intervals, tokens and what they mean."""
    result = run("evaluate", "niah_single_3", "--server", server.base_url, *ARGUMENTS)
    assert result.code == 0, result.err
    head, *rows = result.out.splitlines()
    assert head.split()[:5] == ["length", "budget", "arm", "correct", "abstained"]
    assert rows[0].split()[:5] == ["600", "100%", "text", "100", "(44–100)"]
    pages = next(row for row in rows if row.split()[0] == "pages")
    assert pages.split()[1:5] == ["0", "(0–56)", "100", "(44–100)"]
    assert re.search(r"No answer to judge: \d+ does not fit\.", result.out)
    assert "with 95 % intervals. A budget is" in result.out
    assert len(read_results("run")) == 3 * 2 * 4
    assert {request.body["max_tokens"] for request in server.requests} == {2048}


def test_the_same_command_asks_nothing_twice_and_one_without_tasks_tells_again(
    run: Run, server: FakeVLMServer
) -> None:
    """What is kept is enough."""
    command = ("evaluate", "niah_single_3", "--server", server.base_url, *ARGUMENTS)
    first = run(*command)
    asked = len(server.requests)
    assert run(*command).out == first.out == run("evaluate", "--out", "run").out
    assert len(server.requests) == asked
    told = run(*command, "--json").json
    assert (told["asked"], told["known"], told["results"]) == (0, 24, 24)


def test_arms_are_compared_with_a_paired_test_that_is_named(run: Run, server: FakeVLMServer) -> None:
    """Of the folder."""
    settings = ("--server", server.base_url, *ARGUMENTS, "--samples", "6", "--budgets", "100%")
    run("evaluate", "niah_single_3", *settings, "--arms", "text,pages")
    told = run("evaluate", "--out", "run", "--compare", "text", "pages").out
    assert "McNemar's exact test" in told
    row = next(line for line in told.splitlines() if line.startswith("100% "))
    assert row.split() == [
        "100%",
        "all",
        "6",
        "100",
        "(61–100)",
        "0",
        "(0–39)",
        "6",
        "0",
        *row.split()[9:12],
        "0.031",
    ]
    (compared,) = run("evaluate", "--out", "run", "--compare", "pages", "text", "--json").json["comparisons"]
    assert (compared["first_only"], compared["second_only"], compared["p_value"]) == (0, 6, 2 / 64)


def test_two_folders_are_compared(run: Run, server: FakeVLMServer) -> None:
    """As of two models."""
    for out in ("one", "two"):
        run(
            "evaluate", "niah_single_3", "--server", server.base_url, *ARGUMENTS, "--arms", "text", "--budgets",
            "100%", "--out", out,
        )  # fmt: skip
    told = run("evaluate", "--compare", "one", "two", "--json").json["comparisons"]
    assert [(one["first"], one["both"], one["p_value"]) for one in told] == [("one", 3, 1.0)]
    assert "only one" in run("evaluate", "--compare", "one", "two").out


def test_folders_that_were_asked_otherwise_are_compared_with_a_warning(
    run: Run, server: FakeVLMServer
) -> None:
    """A difference may then be that of the longest answers, and not of the models."""
    for out, most in (("one", "100"), ("two", "200")):
        run(
            "evaluate", "niah_single_3", "--server", server.base_url, *ARGUMENTS, "--arms", "text", "--budgets",
            "100%", "--out", out, "--max-tokens", most,
        )  # fmt: skip
    result = run("evaluate", "--compare", "one", "two")
    assert "'one' has max_tokens = 100 and 'two' 200: that is compared as well" in result.err
    assert run("evaluate", "--compare", "one", "one").err == ""


def test_long_names_of_folders_cut_no_number_of_a_comparison(run: Run, server: FakeVLMServer) -> None:
    """They stand below the table, which calls them first and second."""
    names = [f"{'a-long-name-of-a-folder-' * 4}{number}" for number in (1, 2)]
    for out in names:
        run(
            "evaluate",
            "niah_single_3",
            "--server",
            server.base_url,
            *ARGUMENTS,
            "--arms",
            "text",
            "--out",
            out,
        )
    told = run("evaluate", "--compare", *names).out
    assert told.splitlines()[1].split()[:5] == ["budget", "task", "pairs", "first", "second"]
    assert told.splitlines()[2].split()[-1] == "1.000"
    assert f"first: {names[0]}, second: {names[1]}" in told


def test_what_had_no_answer_is_told_with_its_reason(run: Run, server: FakeVLMServer) -> None:
    """It may be the judge, and not the model that is measured."""
    server.faults.extend([Fault.error(503)] * 40)
    result = run("evaluate", "niah_single_3", "--server", server.base_url, *ARGUMENTS, "--arms", "text")
    assert "3 questions had no answer, the last: " in result.err
    assert "503" in result.err


def test_a_narrow_terminal_gets_fewer_columns_and_nothing_is_cut(
    run: Run, server: FakeVLMServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tokens go first; then cells take several lines."""
    run("evaluate", "niah_single_3", "--server", server.base_url, *ARGUMENTS)
    for width, has_tokens in ((110, True), (84, False), (60, False)):
        monkeypatch.setattr("glyph_memory.cli.terminal._WIDTH_OF_FILES", width)
        out = run("evaluate", "--out", "run").out
        assert ("tokens" in out.splitlines()[0]) is has_tokens
        assert max(map(len, out.splitlines())) <= width
        assert "…" not in out
        assert out.count("(44–100)") >= 3


def test_markdown_and_a_plot_are_written(run: Run, server: FakeVLMServer, tmp_path: Path) -> None:
    """For a report."""
    run("evaluate", "niah_single_3", "--server", server.base_url, *ARGUMENTS)
    told = run("evaluate", "--out", "run", "--markdown", "--by", "task,arm").out.splitlines()
    assert told[0].startswith("| task | arm | correct, % |")
    assert told[2].startswith("| niah_single_3 | text | 100 (44–100) |")
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (pip install 'glyph-memory[plot]')")
    assert "plot: deep/a.svg" in run("evaluate", "--out", "run", "--plot", "deep/a.svg").out
    assert "glyph. Numbers: budgets" in (tmp_path / "deep" / "a.svg").read_text()


def test_the_nano_reader_answers_offline(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the environment names a server."""
    monkeypatch.setenv("GLYPH_MEMORY_SERVER", "http://127.0.0.1:9/v1")
    told = run(
        "evaluate", "niah_single_3", "--reader", "nano", "--lengths", "400", "--samples", "1", "--arms", "pages",
        "--budgets", "100%", "--out", tmp_path / "nano", "--json",
    )  # fmt: skip
    assert told.json["settings"]["reader"] == "nano"
    assert told.json["rows"][0]["correct"]["share"] == 1.0
    assert "It does not reason" in told.err


def test_the_list_has_every_task_and_arm(run: Run) -> None:
    """With what each asks and shows."""
    told = run("evaluate", "--list").out
    assert "niah_single_3" in told and "pages+ledger+focus" in told and "the newest text that fits" in told
    listed = run("evaluate", "--list", "--json").json
    assert {"name": "text", "shows": "the whole text; refused where it does not fit"} in listed["arms"]
    assert len(listed["tasks"]) > 15


def test_a_server_that_stops_answering_ends_the_run_and_says_how_to_go_on(
    run: Run, server: FakeVLMServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done is kept and told; the exit code says that it is not all."""
    monkeypatch.setattr("glyph_memory.cli.server.OpenAIReader", partial(OpenAIReader, retries=0))
    command: tuple[str, ...] = ("evaluate", "niah_single_3", "--server", server.base_url, *ARGUMENTS)
    command = (*command, "--samples", "20", "--arms", "text", "--budgets", "100%", "--concurrent", "1")
    server.faults.extend([Fault(), Fault(), *[Fault.error(503)] * 40])
    result = run(*command)
    assert result.code == 1
    assert "18 questions left: 5 questions in a row had no answer" in result.err
    assert result.err.splitlines()[-1].endswith("the same command goes on from here")
    assert "2" in result.out and "5 no answer" in result.out
    server.faults.clear()
    back = run(*command)
    assert back.code == 0
    assert len({one.key for one in read_results("run") if one.outcome == "correct"}) == 20


def test_answers_that_are_cut_off_are_told(run: Run, server: FakeVLMServer) -> None:
    """With what allows longer ones."""
    server.answer = lambda _: FakeAnswer(text="Let me", finish_reason="length")
    result = run("evaluate", "niah_single_3", "--server", server.base_url, *ARGUMENTS, "--arms", "text")
    assert "3 cut off" in result.out
    assert "--max-tokens and another --out allow longer ones" in result.err


def test_the_help_tells_the_longest_answer_that_is_asked_for(run: Run) -> None:
    """And not that it is the server's own limit, which a model that thinks without end never meets."""
    assert f"{MAX_TOKENS} unless given" in " ".join(run("evaluate", "--help").out.replace("│", " ").split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["niah_single_3"], "name a folder with --out"),
        (["needle", "--out", "x"], "no task is named 'needle'"),
        (["niah_single_3", "--out", "x", "--arms", "page"], "no arm 'page'; did you mean 'pages'?"),
        (["niah_single_3", "--out", "x", "--lengths", "long"], "'long' of --lengths is no number of tokens"),
        (["niah_single_3", "--out", "x", "--budgets", "much"], "'much' is no budget"),
        (["niah_single_3", "--out", "x", "--by", "color"], "not told apart by 'color'"),
        (["niah_single_3", "--out", "x", "--reader", "owl"], "--reader 'owl' is none that answers questions"),
        (["niah_single_3", "--out", "x", "--plot", "a.txt"], "a plot cannot be written as 'a.txt'"),
        (["niah_single_3", "--out", "x", "--model", "y"], "--model is for a server"),
        (["--out", "nowhere"], "there is no run in 'nowhere'"),
        (["--compare", "a", "b"], "name a folder with --out"),
    ],
)
def test_mistakes_are_told_in_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    """Before anything is asked."""
    monkeypatch.chdir(tmp_path)
    result = run("evaluate", *arguments)
    assert result.code == 1
    assert said in result.err.splitlines()[-1]
    assert not (tmp_path / "x" / "results.jsonl").exists()


def test_a_server_that_is_not_there_is_told_before_anything_is_begun(run: Run, tmp_path: Path) -> None:
    """In one line, and no folder is left."""
    out = tmp_path / "out"
    assert "127.0.0.1:9" in run("evaluate", "vt", "--server", "http://127.0.0.1:9/v1", "--out", out).error
    assert not out.exists()


def test_an_arm_that_the_folder_lacks_is_told(run: Run, server: FakeVLMServer) -> None:
    """With those that it has."""
    run("evaluate", "niah_single_3", "--server", server.base_url, *ARGUMENTS, "--arms", "text")
    said = run("evaluate", "--out", "run", "--compare", "text", "pages").error
    assert said == "the run has no results of an arm 'pages'; it has text"


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_keeps_what_is_done(run: Run, server: FakeVLMServer) -> None:
    """And says that the same command goes on."""
    is_over = threading.Event()

    def stop_at_third(request: FakeRequest) -> str:
        if len(server.requests) > 2:
            os.kill(os.getpid(), signal.SIGINT)
            is_over.wait(10)
        return answer(request)

    server.answer = stop_at_third
    command = ("evaluate", "niah_single_3", "--server", server.base_url, "--lengths", "400", "--arms", "text")
    result = run(*command, "--budgets", "100%", "--concurrent", "1", "--out", "run")
    is_over.set()
    assert result.code == 130
    assert "what was answered is kept, and the same command goes on from here" in result.err
    assert [one.outcome for one in read_results("run")] == ["correct"] * 2


def test_a_chance_is_told_as_far_as_it_means_something() -> None:
    """Three digits."""
    assert [format_chance(p) for p in (1.0, 0.0625, 0.0009)] == ["1.000", "0.062", "< 0.001"]

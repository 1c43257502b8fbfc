"""`glyph-memory train search` asks a server or the nano reader, and leaves a style that other commands take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyph_memory.context import Context
from glyph_memory.style import PageStyle
from glyph_memory.testing import FakeVLMServer, Fault
from lib.scripted_llm import ScriptedProposer

if TYPE_CHECKING:
    from tests.cli.conftest import Run

SMALL = ("--tasks", "not_stated", "--samples", "4", "--tokens", "300", "--budget", "14", "--floor", "0.5")


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A text of a page."""
    path = tmp_path / "text.txt"
    path.write_text("The gate of line 7 opens at 14:05 and closes at 16:20.\n" * 12)
    return path


def test_the_nano_reader_is_searched_for_and_the_style_is_taken(
    run: Run, texts: Path, tmp_path: Path
) -> None:
    """With a plot; the same command asks nothing again; its style draws pages."""
    out = tmp_path / "search"
    typed = (
        "train",
        "search",
        "--reader",
        "nano",
        "--read-back",
        str(texts),
        "--budget",
        "4",
        "--out",
        str(out),
    )
    done = run(*typed, "--plot", str(tmp_path / "front.svg"))
    assert done.code == 0, done
    assert "Taken: the densest style with an accuracy of 0.95 or more" in done.out
    assert (tmp_path / "front.svg").read_bytes().startswith(b"<?xml")
    assert {path.name for path in out.iterdir()} >= {"search.jsonl", "report.json", "report.md", "style.json"}
    again = run(*typed, "--json")
    assert again.json["asked"] == 0 and again.json["known"] == 4
    style = PageStyle.from_file(out / "style.json")
    assert json.loads((out / "report.json").read_text())["best"]["number"] == again.json["best"]["number"]
    pages = run("tokens", str(texts), "--style", str(out / "style.json"))
    assert pages.code == 0 and style.font_size_pt > 0


def test_a_server_reads_and_another_proposes(run: Run, tmp_path: Path) -> None:
    """Pages go to one, the population to the other, and both are counted."""
    proposer = ScriptedProposer()
    with (
        FakeVLMServer(answer=lambda request: "not stated") as reader,
        FakeVLMServer(
            answer=lambda request: proposer.read(Context.of(request.question, pages=[])).text
        ) as llm,
    ):
        done = run(
            "train", "search", *SMALL, "--server", reader.base_url, "--llm-server", llm.base_url,
            "--out", str(tmp_path / "search"), "--json",
        )  # fmt: skip
    assert done.code == 0, done
    assert all(request.images for request in reader.requests) and len(reader.requests) == done.json["asked"]
    assert done.json["language model"]["calls"] == len(llm.requests) > 0
    assert not any(request.images for request in llm.requests)
    assert "proposed" in {one["origin"] for one in done.json["candidates"]}


def test_what_is_named_was_asked_fresh_questions_and_its_file_says_so(run: Run, tmp_path: Path) -> None:
    """Found and confirmed stand beside each other in the style's file; --confirm 0 leaves it out, and that is told."""
    out = tmp_path / "search"
    with FakeVLMServer(answer=lambda request: "not stated") as reader:
        done = run(
            "train",
            "search",
            *SMALL,
            "--confirm",
            "0.5",
            "--server",
            reader.base_url,
            "--out",
            str(out),
            "--json",
        )
        bare = run(
            "train", "search", *SMALL, "--confirm", "0", "--server", reader.base_url, "--out", f"{out}2"
        )
    assert done.code == 0, done
    about = json.loads((out / "style.json").read_text())["about"]
    assert done.json["fresh questions"] == 20 and done.json["confirmed"] in about["confirmed"]
    assert about["fresh"]["accuracy"] == done.json["best"]["fresh"]["accuracy"]
    assert about["found"]["questions"] == 4
    assert "Not confirmed." in bare.out and "no fresh ones" in bare.err
    assert (
        json.loads((tmp_path / "search2" / "style.json").read_text())["about"]["confirmed"] == "not confirmed"
    )


@pytest.mark.parametrize("body", ["<html>nginx</html>", "I love pages! {{{ [1,2", '{"proposals": 7}'])
def test_a_language_model_that_says_nothing_of_use_leaves_breeding(
    run: Run, tmp_path: Path, body: str
) -> None:
    """The search comes to its end without it."""
    with (
        FakeVLMServer(answer=lambda request: "not stated") as reader,
        FakeVLMServer(answer=lambda request: body) as llm,
    ):
        done = run(
            "train", "search", *SMALL, "--server", reader.base_url, "--llm-server", llm.base_url,
            "--out", str(tmp_path / "search"), "--json",
        )  # fmt: skip
    assert done.code == 0 and done.json["language model"]["accepted"] == 0
    assert len(done.json["candidates"]) == 14


def test_a_slow_language_model_is_waited_for_with_a_note(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On standard error, while nothing else happens."""
    monkeypatch.setattr("glyph_memory.cli.commands.train_search_llm.SLOW_S", 0.0)
    with (
        FakeVLMServer(answer=lambda request: "not stated") as reader,
        FakeVLMServer(answer=lambda request: "{}") as llm,
    ):
        llm.faults.extend(Fault.delay(0.5) for _ in range(4))
        done = run(
            "train", "search", *SMALL, "--server", reader.base_url, "--llm-server", llm.base_url,
            "--out", str(tmp_path / "search"),
        )  # fmt: skip
    assert "waiting for the language model" in done.err


def test_a_search_without_time_says_that_nothing_was_tried(run: Run, texts: Path, tmp_path: Path) -> None:
    """And what to give more of."""
    typed = ("train", "search", "--reader", "nano", "--read-back", str(texts), "--out", str(tmp_path / "s"))
    done = run(*typed, "--minutes", "1e-9")
    assert "no style was tried" in done.err and "--minutes" in done.err


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        (("--reader", "tesseract"), "reads no pages here"),
        (("--floor", "2"), "floor=2.0 is above 1"),
        (("--floor", "0.9", "--weight", "1"), "give one of the two"),
        (("--tasks", "poems"), "no task is named 'poems'"),
        (("--plot", "front.gif"), "a plot cannot be written"),
        (("--start", "auto"), "another style for each text"),
        (("--start", "nothing.json"), "no page style and no file 'nothing.json'"),
        (("--llm-model", "m"), "--llm-model is for a server"),
        (("--read-back", "nothing.txt"), "cannot read 'nothing.txt'"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(
    run: Run, tmp_path: Path, typed: tuple[str, ...], error: str
) -> None:
    """Before anybody is asked."""
    told = run("train", "search", "--reader", "nano", "--out", str(tmp_path / "search"), *typed)
    assert error in told.error


def test_an_empty_text_and_a_server_without_images_are_told(run: Run, tmp_path: Path) -> None:
    """Each in one line."""
    (tmp_path / "empty.txt").write_text(" \n")
    out = ("--out", str(tmp_path / "search"))
    assert (
        "is empty"
        in run("train", "search", "--reader", "nano", "--read-back", str(tmp_path / "empty.txt"), *out).err
    )
    with FakeVLMServer(takes_images=False) as blind:
        told = run("train", "search", *SMALL, "--server", blind.base_url, *out)
    assert told.code == 1 and "refuses pages" in told.err

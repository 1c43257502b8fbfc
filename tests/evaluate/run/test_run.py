"""A run asks each question once, keeps each answer at once, and tells what is no answer from what is a wrong one."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from glyph_memory.context import Context
from glyph_memory.documents.bulk.lock import hold_folder
from glyph_memory.errors import (
    BadReading,
    DocumentError,
    FontError,
    GlyphMemoryError,
    GlyphMemoryWarning,
    PolicyError,
    ReaderOverflow,
    ReaderRefused,
    ReaderUnavailable,
)
from glyph_memory.evaluate.arms import PagesArm
from glyph_memory.evaluate.run import Result, RunReport, read_results, read_settings, run_tasks
from glyph_memory.evaluate.run.budgets import Budget
from glyph_memory.evaluate.run.result import find_loop
from glyph_memory.nano import NanoReader
from glyph_memory.readers import OpenAIReader, Reader, Reading
from glyph_memory.style import TYPESETTER, PageStyle
from glyph_memory.testing import FakeAnswer, FakeVLMServer, Fault, ScriptedReader
from tests.evaluate.shop_keys import ErringReader, ShopKeys, find_question

ROOT = Path(__file__).parents[3]


def run(
    folder: Path,
    reader: Reader,
    *,
    task: ShopKeys | None = None,
    arms: tuple[str, ...] = ("text",),
    samples: int = 6,
    **more: Any,
) -> RunReport:
    """Run a small task."""
    keywords = {"lengths": [100], "budgets": ["100%"], **more}
    return run_tasks([task or ShopKeys()], reader=reader, out=folder, arms=arms, samples=samples, **keywords)


def always(text: str) -> ScriptedReader:
    """Return a reader with one answer."""
    return ScriptedReader(lambda _: text)


def faults(report: RunReport) -> list[str | None]:
    """Return the faults of results, in the order of their numbers."""
    return [one.fault for one in sorted(report.results, key=lambda one: one.number)]


def test_every_result_is_a_line_that_says_all(tmp_path: Path) -> None:
    """What was asked, how it was shown, what came back, what it cost."""
    task = ShopKeys()
    with (
        FakeVLMServer(answer=lambda request: "It is KEY-000000-Z.") as server,
        OpenAIReader(server.base_url) as reader,
    ):
        run(tmp_path, reader, task=task, samples=1)
        run(tmp_path, reader, task=task, samples=1, arms=("pages",))
    text, pages = map(json.loads, (tmp_path / "results.jsonl").read_text().splitlines())
    assert text.keys() - {"left_out"} == {
        "sample", "task", "kind", "length", "number", "arm", "budget", "budget_tokens", "text_tokens",
        "prompt_digest", "prompt_tokens", "images", "making_tokens", "answer", "outcome", "score",
        "server_tokens", "cached_tokens", "written_tokens", "seconds",
    }  # fmt: skip
    assert (text["sample"], text["arm"], text["budget"]) == ("keys/100/0/0", "text", "100%")
    assert (text["answer"], text["outcome"], text["score"]) == ("It is KEY-000000-Z.", "silently wrong", 0.0)
    assert text["prompt_tokens"] == text["text_tokens"] == text["budget_tokens"]
    assert 0 < text["server_tokens"] <= text["prompt_tokens"]  # the count has the most that a template adds
    assert len(text["prompt_digest"]) == 64
    assert (text["images"], pages["images"]) == (0, 1)


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    """The same call asks nothing; more samples, arms and budgets ask what is new."""
    reader = always("It is not stated.")
    first = run(tmp_path, reader)
    again = run(tmp_path, reader)
    assert (first.asked, first.known, again.asked, again.known) == (6, 0, 0, 6)
    assert again.results == first.results
    more = run(tmp_path, reader, samples=8, arms=("text", "window"), budgets=["100%", "150%"])
    assert (more.asked, more.known) == (8 * 4 - 6, 6)
    assert len(reader.contexts) == len(more.results) == 32


def test_a_run_that_was_killed_goes_on_and_ends_with_the_same_results(tmp_path: Path) -> None:
    """Nothing that was answered is asked twice; a line that was begun counts for nothing."""
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from glyph_memory.evaluate.run import run_tasks\n"
        "from tests.evaluate.shop_keys import ErringReader, ShopKeys\n"
        "class Dying(ErringReader):\n"
        "    def read(self, context):\n"
        "        if len(self.contexts) == 7:\n"
        "            os._exit(9)\n"
        "        return super().read(context)\n"
        "task = ShopKeys()\n"
        "reader = Dying(task.answers, correct=0.5, abstains=0.2)\n"
        "run_tasks([task], reader=reader, out=sys.argv[1], arms=['text', 'window'], samples=10, lengths=[100],\n"
        "    budgets=['100%'], reader_name='erring', max_concurrent=2)\n"
    )
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    done = subprocess.run(
        [sys.executable, "-c", program, str(killed)], cwd=ROOT, capture_output=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 9, done.stderr
    lines = (killed / "results.jsonl").read_bytes().splitlines()
    assert 5 <= len(lines) <= 7
    with (killed / "results.jsonl").open("ab") as file:
        file.write(lines[0][:30])  # as a kill in the middle of a write leaves it
    with pytest.warns(GlyphMemoryWarning, match="ended before its end"):
        assert go_on(killed) == len(lines)
    assert go_on(whole) == 0
    assert normalize(read_results(killed)) == normalize(read_results(whole))


def go_on(folder: Path) -> int:
    """Run to the end, and return how many were done before."""
    task = ShopKeys()
    reader = ErringReader(task.answers, correct=0.5, abstains=0.2)
    report = run(folder, reader, task=task, samples=10, arms=("text", "window"), reader_name="erring")
    assert report.asked == 20 - report.known == len(reader.contexts)
    return report.known


def normalize(results: tuple[Result, ...]) -> list[Result]:
    """Return results in order, without what differs from run to run."""
    return sorted((replace(one, seconds=None) for one in results), key=lambda one: one.key)


def test_two_runs_in_one_folder_are_refused(tmp_path: Path) -> None:
    """Before anything is asked; the first one goes on."""
    reader = always("x")
    with hold_folder(tmp_path), pytest.raises(GlyphMemoryError, match="another run writes to"):
        run(tmp_path, reader)
    assert reader.contexts == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"seed": 1}, "holds a run with seed = 0, and this one has 1; give another folder, or the same seed"),
        ({"reader_name": "other"}, "with reader = 'ScriptedReader', and this one has 'other'"),
        ({"profile": "qwen3-vl"}, "with profile = 'glyph', and this one has 'qwen3-vl'"),
        ({"max_tokens": 9}, "with max_tokens = None, and this one has 9"),
    ],
)
def test_a_folder_of_other_settings_is_refused_by_name(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    """What would mix results that cannot be compared."""
    run(tmp_path, always("x"), samples=1)
    with pytest.raises(GlyphMemoryError, match=said.replace("(", r"\(")):
        run(tmp_path, always("x"), samples=1, **changed)
    assert len(read_results(tmp_path)) == 1
    assert read_settings(tmp_path)["seed"] == 0


def test_pages_of_another_typesetter_are_not_taken_for_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer version may draw them otherwise, under the name of the same arm."""
    run(tmp_path, always("x"), samples=1)
    monkeypatch.setattr("glyph_memory.evaluate.run.run.TYPESETTER", TYPESETTER + 1)
    with pytest.raises(
        GlyphMemoryError, match=f"holds a run with typesetter = {TYPESETTER}, and this one has"
    ):
        run(tmp_path, always("x"), samples=1)


def test_what_is_no_folder_of_a_run_is_named(tmp_path: Path) -> None:
    """In one line, with the line that is wrong."""
    with pytest.raises(GlyphMemoryError, match="there is no run in"):
        read_results(tmp_path)
    run(tmp_path, always("x"), samples=1)
    path = tmp_path / "results.jsonl"
    good = path.read_text()
    damaged = [{"length": "x"}, {"sample": ["a"]}, {"prompt_tokens": "q"}, {"images": True}, {"score": "1"}]
    lines = [json.dumps(json.loads(good) | changed) for changed in damaged]
    wrong = good.strip().replace("silently wrong", "fine")
    for bad in ("[]", '{"sample": 1}', wrong, "{", '{"more": 1}', *lines):
        path.write_text(f"{good}{bad}\n")
        with pytest.raises(GlyphMemoryError, match=r"line 2 of .* is no result"):
            read_results(tmp_path)
    path.write_text(good)
    (tmp_path / "run.json").write_text('{"format": 99}')
    with pytest.raises(GlyphMemoryError, match="of another version"):
        run(tmp_path, always("x"))
    (tmp_path / "run.json").unlink()
    with pytest.raises(GlyphMemoryError, match=r"has results and no run\.json"):
        run(tmp_path, always("x"))


def test_what_is_no_answer_is_told_as_such_and_not_as_wrong(tmp_path: Path) -> None:
    """Each by its name; and the right answer in one that was cut off counts for nothing, either."""
    answers: list[Reading | str | Exception] = [
        "It is KEY-000000-Z.",
        "  \n",
        Reading(text="", reasoning="Let me think about it.", finish_reason="stop"),
        Reading(text="The key may be", finish_reason="length"),
        Reading(text="", reasoning="so " * 500, finish_reason="length"),
        Reading(text="KEY-1, " * 60, finish_reason="length"),
        ReaderRefused("images are not taken"),
        ReaderOverflow("too many tokens"),
        BadReading("that is no chat completion"),
        ReaderUnavailable("no answer within 30 s"),
    ]
    report = run(tmp_path, ScriptedReader(answers), samples=len(answers), max_concurrent=1)
    assert faults(report) == [
        None, "empty", "empty", "cut off", "repeats itself", "repeats itself", "refused", "too large", "unusable",
        "no answer",
    ]  # fmt: skip
    told = {one.number: one for one in report.results}
    assert [one.outcome for one in report.results].count(None) == 9
    assert told[2].error == "the model answered nothing, though it reasoned"
    assert told[4].error.startswith("the reasoning repeats 'so ' until")
    assert told[9].error == "no answer within 30 s"
    assert report.stopped == ""


def test_only_what_nobody_answered_is_asked_again(tmp_path: Path) -> None:
    """A refusal would come again; a server that was away may be back."""
    reader = ScriptedReader([ReaderRefused("no"), ReaderUnavailable("gone"), "", "It is not stated."])
    run(tmp_path, reader, samples=3, max_concurrent=1)
    report = run(tmp_path, reader, samples=3, max_concurrent=1)
    assert (report.asked, report.known) == (1, 2)
    assert faults(report) == ["refused", None, "empty"]
    assert len((tmp_path / "results.jsonl").read_text().splitlines()) == 4


@pytest.mark.parametrize("max_concurrent", [1, 3])
def test_a_server_that_dies_half_way_ends_the_run_with_what_is_done(
    tmp_path: Path, max_concurrent: int
) -> None:
    """Not with a thousand failures; it says what to do, and the same call goes on."""
    settings: dict[str, Any] = {"reader_name": "glyph", "max_concurrent": max_concurrent}
    with (
        FakeVLMServer(answer=lambda _: "It is not stated.") as server,
        OpenAIReader(server.base_url, retries=0, model="glyph") as reader,
    ):
        run(tmp_path, reader, samples=4, **settings)
        server.stop()
        report = run(tmp_path, reader, samples=40, **settings)
    assert report.known == 4
    assert 5 <= report.asked < 5 + max_concurrent
    assert report.unasked == 36
    assert report.stopped.startswith("5 questions in a row had no answer, the last: ")
    assert report.stopped.endswith(
        "What is done is kept; once the server answers, the same call goes on from here"
    )
    back = run(tmp_path, always("It is not stated."), samples=40, **settings)
    assert (back.asked, back.known, back.stopped) == (36, 4, "")
    assert {one.outcome for one in back.results} == {"abstained"}


def test_real_servers_faults_are_told_apart(tmp_path: Path) -> None:
    """Over HTTP, as they come."""
    cut = FakeAnswer(text="The key", finish_reason="length")
    broken = [Fault.error(400, "The image is broken."), Fault.disconnect(), Fault.html(), Fault()]
    with (
        FakeVLMServer(answer=lambda _: cut, faults=broken) as server,
        OpenAIReader(server.base_url, retries=0) as reader,
    ):
        report = run(tmp_path, reader, samples=4, max_concurrent=1)
    assert faults(report) == ["refused", "no answer", "no answer", "cut off"]


def test_an_arm_that_does_not_fit_asks_nobody(tmp_path: Path) -> None:
    """It is told, and not tried again."""
    reader = always("x")
    for _ in range(2):
        report = run(tmp_path, reader, samples=2, arms=("text", "window"), budgets=["90%"], lengths=[300])
    assert [one.fault for one in report.results if one.arm == "text"] == ["does not fit"] * 2
    assert "prompt tokens, and the budget is" in report.results[0].error
    assert len(reader.contexts) == 2
    assert report.known == 4


def test_a_task_that_ends_ends_the_run(tmp_path: Path) -> None:
    """A file has as many samples as it has."""
    report = run(tmp_path, always("x"), task=ShopKeys(ends_after=3), samples=50)
    assert (report.asked, len(report.results), report.unasked) == (3, 3, 0)


def test_samples_are_made_only_as_they_are_needed(tmp_path: Path) -> None:
    """Not a list of all of them before the first question."""
    task, seen = ShopKeys(), list[int]()

    def answer(_: Context) -> str:
        seen.append(task.made)
        return "x"

    run(tmp_path, ScriptedReader(answer), task=task, samples=30, max_concurrent=1)
    assert seen == [*range(1, 31)]


def test_so_many_are_asked_at_a_time_and_no_more(tmp_path: Path) -> None:
    """All at once where they may be."""
    together, most, lock = threading.Barrier(3, timeout=10), [0, 0], threading.Lock()

    def answer(_: Context) -> str:
        with lock:
            most[0] += 1
            most[1] = max(most)
        together.wait()
        with lock:
            most[0] -= 1
        return "x"

    class Slow(Reader):
        def read(self, context: Context) -> Reading:
            return Reading(text=answer(context))

    run(tmp_path, Slow(), samples=9, max_concurrent=3)
    assert most[1] == 3


def test_progress_is_told_with_how_many_there_will_be(tmp_path: Path) -> None:
    """What was done before counts, too."""
    told = list[tuple[int, int]]()
    run(tmp_path, always("x"), samples=2, max_concurrent=1)
    run(
        tmp_path, always("x"), samples=4, max_concurrent=1,
        progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize("max_concurrent", [1, 4])
def test_a_fault_of_ones_own_is_raised_and_what_was_done_is_kept(tmp_path: Path, max_concurrent: int) -> None:
    """A bug in a reader or a task is no wrong answer of a model."""

    def answer(context: Context) -> str:
        if "list 3" in find_question(context):
            raise ZeroDivisionError
        return "x"

    with pytest.raises(ZeroDivisionError):
        run(tmp_path, ScriptedReader(answer), max_concurrent=max_concurrent)
    assert len(read_results(tmp_path)) >= 3


def test_what_cannot_be_drawn_ends_the_run(tmp_path: Path) -> None:
    """A font that is missing is no answer of a model, and would be missing for each sample."""
    style = PageStyle(font=str(tmp_path / "missing.ttf"))
    with pytest.raises(FontError, match=r"missing\.ttf"):
        run_tasks(
            [ShopKeys()], reader=always("x"), out=tmp_path / "out", arms=[PagesArm(style, name="missing")]
        )
    assert read_results(tmp_path / "out") == ()


def test_a_disk_that_is_full_ends_the_run_with_what_is_done(tmp_path: Path) -> None:
    """A line that was written in part is cut off the next time."""

    class Small(ScriptedReader):
        def read(self, context: Context) -> Reading:
            if len(self.contexts) == 3:  # as full as a disk can be made here: no file may grow any more
                size = (tmp_path / "results.jsonl").stat().st_size
                resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, limits[1]))
            return super().read(context)

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with pytest.raises(GlyphMemoryError, match=r"cannot write .*results\.jsonl"):
            run(tmp_path, Small(lambda _: "x"), reader_name="one", max_concurrent=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    with pytest.warns(GlyphMemoryWarning, match="ended before its end"):
        report = run(tmp_path, always("x"), reader_name="one")
    assert (report.known, report.asked) == (3, 3)


def test_a_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    """And the same call goes on."""

    def answer(context: Context) -> str:
        if "list 3" in find_question(context):
            raise KeyboardInterrupt
        return "x"

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, ScriptedReader(answer), max_concurrent=1)
    assert len(read_results(tmp_path)) == 3
    assert run(tmp_path, always("x")).known == 3


def test_a_reader_that_answers_something_else_is_told(tmp_path: Path) -> None:
    """As unusable, not as wrong."""

    class Forgetful(Reader):
        def read(self, context: Context) -> Reading:
            return None  # type: ignore[return-value]  # which is the point

    assert faults(run(tmp_path, Forgetful(), samples=1)) == ["unusable"]


def test_a_tasks_own_error_ends_the_run(tmp_path: Path) -> None:
    """A file that cannot be read is no sample that is passed over."""

    class Broken(ShopKeys):
        def samples(self, **_: object) -> object:  # type: ignore[override]  # it never yields
            raise DocumentError("the file is of another version")

    with pytest.raises(DocumentError, match="another version"):
        run(tmp_path, always("x"), task=Broken())


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"arms": ()}, "there is no arm to evaluate"),
        ({"arms": ("text", "text")}, "the arm 'text' is given twice"),
        ({"lengths": []}, "there is no length"),
        ({"lengths": [0]}, "a length"),
        ({"samples": 0}, "samples"),
        ({"seed": 1.5}, "seed=1.5 is no whole number"),
        ({"task": "negation"}, "'negation' is no task; give find_task"),
        ({"budgets": ["much"]}, "'much' is no budget"),
        ({"budgets": ["0%"]}, "'0%' is no budget"),
        ({"max_concurrent": 0}, "max_concurrent"),
    ],
)
def test_mistakes_are_told_before_anything_is_written(
    tmp_path: Path, more: dict[str, Any], said: str
) -> None:
    """In one line."""
    with pytest.raises(PolicyError, match=said):
        run(tmp_path / "new", always("x"), **more)
    assert not (tmp_path / "new").exists()


def test_budgets_are_shares_of_the_whole_text_or_tokens() -> None:
    """The same one has one name, however it is given."""
    assert [Budget.of(one).name for one in ("40%", 0.4, "40.0%", " 2,048", 2048)] == ["40%"] * 3 + [
        "2048"
    ] * 2
    assert Budget.of("100%").count_tokens(1_001) == 1_001
    assert Budget.of("33%").count_tokens(1_000) == 330
    assert Budget.of(512).count_tokens(1_000) == 512
    for bad in (0, -3, "half", "", "-5%", float("nan")):
        with pytest.raises(PolicyError, match="is no budget"):
            Budget.of(bad)


def test_loops_are_found_and_lists_are_none() -> None:
    """Three times and over sixty characters at the end."""
    assert find_loop("x" * 100) == "x"
    assert find_loop("Answer. " + "I see page 3.\n" * 9) == "I see page 3.\n"
    assert find_loop("".join(f"{number}, " for number in range(200))) == ""
    assert find_loop("no no no") == ""
    assert find_loop("") == ""


def test_the_nano_reader_reads_pages_and_finds_keys(tmp_path: Path) -> None:
    """A real reader of pixels, offline, from end to end."""
    report = run(
        tmp_path,
        NanoReader(),
        samples=2,
        lengths=[400],
        arms=("text", "pages", "pages+ledger"),
        max_concurrent=1,
    )
    assert {one.outcome for one in report.results} == {"correct"}
    assert {one.images for one in report.results if one.arm != "text"} == {1}

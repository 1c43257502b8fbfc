"""Page data in a folder: the same shards however they are made, resumed and never mixed, and every loss is told."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from glyph_memory.documents.bulk.pool import run_jobs
from glyph_memory.files import write_atomic
from glyph_memory.training import TrainingError
from glyph_memory.training.pages import (
    PageDataReport,
    iter_samples,
    read_samples,
    write_page_data,
)
from tests.training.pages.small import RECIPE, TEXT

SCRIPT = """
import sys
from glyph_memory import PageStyle
from glyph_memory.training.pages import PageRecipe, StyleDistribution, write_page_data
if __name__ == "__main__":
    styles = StyleDistribution.of_style(PageStyle(page_width_pt=200, page_height_pt=120))
    recipe = PageRecipe(seed=5, styles=styles, pages_per_sample=2)
    texts, options = sys.argv[2:], {"shard_samples": 8, "keep_out": ()}
    write_page_data(sys.argv[1], samples=32, recipe=recipe, texts=texts, workers=2, **options)
"""


def write(folder: Path, samples: int = 20, **options: Any) -> PageDataReport:
    """Write a few samples, eight to a shard."""
    options = {"recipe": RECIPE, "shard_samples": 8, "keep_out": (), "strings": [TEXT], **options}
    return write_page_data(folder, samples=samples, **options)


def digest(folder: Path) -> dict[str, str]:
    """Return the digests of a folder's shards."""
    shards = sorted(folder.glob("train-*"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in shards}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that was made in one go."""
    folder = tmp_path_factory.mktemp("whole")
    write(folder)
    return folder


def test_the_shards_hold_the_samples_in_order(whole: Path) -> None:
    """Those that come one by one, none twice, none lost."""
    made = list(read_samples(whole))
    assert made == list(iter_samples([TEXT], recipe=RECIPE))[:20]
    assert [sample.details["number"] for sample in made] == list(range(20))
    assert sorted(digest(whole)) == [f"train-00000{number}.parquet" for number in range(3)]


def test_the_manifest_tells_what_was_made(whole: Path) -> None:
    """Settings, sums, families and themes."""
    manifest = json.loads((whole / "manifest.json").read_text())
    assert manifest["settings"]["seed"] == 5 and manifest["settings"]["passes"] == 1
    made = manifest["made"]
    assert made["samples"] == sum(made["families"].values()) == 20
    assert made["pages"] == sum(len(sample.images) for sample in read_samples(whole))
    assert made["themes"] == {"given": 20}


def test_datasets_load_the_shards_with_their_pictures(whole: Path, tmp_path: Path) -> None:
    """No cast is needed; the columns are those that trainers take."""
    import datasets

    files = [str(path) for path in sorted(whole.glob("*.parquet"))]
    loaded = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=str(tmp_path))
    assert len(loaded) == 20
    first = next(read_samples(whole))
    row = loaded[0]
    assert len(row["images"]) == len(first.images) and row["images"][0].size[0] % 28 == 0
    assert row["prompt"][0]["content"][-1]["text"] == first.prompt[0].parts[-1]
    assert row["completion"][0]["content"][0]["text"] == first.answer


def test_a_tar_holds_the_same_samples_named_as_webdataset_has_them(whole: Path, tmp_path: Path) -> None:
    """A JSON file each, and its pictures behind it."""
    import tarfile

    write(tmp_path, shard_format="webdataset")
    assert list(read_samples(tmp_path)) == list(read_samples(whole))
    with tarfile.open(tmp_path / "train-000001.tar") as archive:
        names = archive.getnames()
    assert names[:2] == ["000000008.json", "000000008.0.png"]


def test_datasets_load_tars_where_columns_are_named(whole: Path, tmp_path: Path) -> None:
    """Samples have one page or several, which that loader cannot guess from the first ones."""
    import datasets
    from datasets import Features, Image, List, Value

    write(tmp_path, shard_format="webdataset")
    text = Value("string")
    message = {"role": text, "content": List({"type": text, "text": text})}
    row = {
        "id": text, "family": text, "prompt": List(message), "completion": List(message), "answer": text,
        "reasoning": text, "details": text,
    }  # fmt: skip
    images = {f"{number}.png": Image() for number in range(4)}
    loaded = datasets.load_dataset(
        "webdataset",
        data_files=[str(path) for path in sorted(tmp_path.glob("*.tar"))],
        split="train",
        features=Features({"__key__": text, "__url__": text, "json": row, **images}),
        cache_dir=str(tmp_path / "cache"),
    )
    for given, sample in zip(loaded, read_samples(whole), strict=True):
        assert given["json"]["answer"] == sample.answer
        assert sum(given[name] is not None for name in images) == len(sample.images)


def test_a_run_that_was_stopped_goes_on_and_makes_nothing_again(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full at the second shard; the first stays as it was, and in the end all is as in one go."""
    _fill_disk_after(monkeypatch, 1)
    with pytest.raises(
        TrainingError, match=r"cannot write .*train-000001.*No space left.* run the same command again"
    ):
        write(tmp_path)
    monkeypatch.undo()
    first = tmp_path / "train-000000.parquet"
    before = first.stat().st_mtime_ns
    report = write(tmp_path)
    assert (report.resumed, report.samples, report.is_whole) == (1, 20, True)
    assert first.stat().st_mtime_ns == before
    assert digest(tmp_path) == digest(whole)
    assert not list(tmp_path.glob(".*.part"))


def _fill_disk_after(monkeypatch: pytest.MonkeyPatch, shards: int) -> None:
    left = iter(range(shards))

    def write_or_fail(path: Path, data: Iterable[bytes], **options: Any) -> None:
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write_atomic(path, data, **options)

    monkeypatch.setattr("glyph_memory.training.pages.job.write_atomic", write_or_fail)


def test_a_killed_run_goes_on_with_half_a_line_in_its_journal(whole: Path, tmp_path: Path) -> None:
    """What was begun and not finished is made again, and the line is mended."""
    write(tmp_path, samples=16)
    journal = tmp_path / "finished.jsonl"
    journal.write_bytes(journal.read_bytes()[:-30])
    report = write(tmp_path)
    assert report.resumed == 1 and digest(tmp_path) == digest(whole)
    assert write(tmp_path).resumed == 3


def test_a_shard_that_was_removed_is_made_again(whole: Path, tmp_path: Path) -> None:
    """The others are not."""
    write(tmp_path)
    (tmp_path / "train-000001.parquet").unlink()
    assert write(tmp_path).resumed == 2
    assert digest(tmp_path) == digest(whole)


def test_more_samples_later_are_those_of_one_go(whole: Path, tmp_path: Path) -> None:
    """The last shard, which was not full, is made again; fewer than there are are refused."""
    write(tmp_path, samples=11)
    assert write(tmp_path).resumed == 1
    assert digest(tmp_path) == digest(whole)
    with pytest.raises(TrainingError, match="holds 20 samples, more than the 3 that are asked for"):
        write(tmp_path, samples=3)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"recipe": replace(RECIPE, seed=6)}, "seed 5, and now it is 6"),
        ({"shard_format": "webdataset"}, "shard_format 'parquet'"),
        ({"shard_samples": 9}, "shard_samples 8"),
        ({"strings": None}, "texts 'strings', and now it is None|another version of Python"),
        ({"keep_out_words": 9}, "keep_out_words 13"),
    ],
)
def test_other_settings_in_the_same_folder_are_refused(
    whole: Path, options: dict[str, Any], name: str
) -> None:
    """One line names the setting, what it was, and what it is; nothing is touched."""
    before = digest(whole)
    with pytest.raises(TrainingError, match=name):
        write(whole, **options)
    assert digest(whole) == before


def test_other_texts_are_refused_where_a_run_goes_on(tmp_path: Path) -> None:
    """By a digest of each shard's texts."""
    write(tmp_path, samples=8)
    with pytest.raises(TrainingError, match="are not what they were"):
        write(tmp_path, strings=[TEXT.replace("Line 3 ", "Lane 3 ")])


@pytest.mark.parametrize(
    ("strings", "options"), [([TEXT[:2_500]], {}), ([TEXT[:1_500]], {}), ([TEXT[:-2_000]], {"samples": 300})]
)
def test_texts_that_became_shorter_are_refused_where_a_run_goes_on(
    tmp_path: Path, strings: list[str], options: dict[str, Any]
) -> None:
    """Samples of the old texts must not stay among those of the new ones, nor be counted."""
    write(tmp_path, **options)
    before = digest(tmp_path)
    with pytest.raises(TrainingError, match="are not what they were"):
        write(tmp_path, strings=strings, **options)
    assert digest(tmp_path) == before


def test_a_shard_that_was_cut_off_is_made_again(whole: Path, tmp_path: Path) -> None:
    """A machine that lost its power may have kept the journal and not all of the file."""
    write(tmp_path)
    shard = tmp_path / "train-000001.parquet"
    shard.write_bytes(shard.read_bytes()[:1_000])
    assert write(tmp_path).resumed == 2
    assert digest(tmp_path) == digest(whole)


def test_what_nobody_gives_but_samples_depend_on_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fonts of the machine, the content of files to keep out, and Python's library where texts are made up."""
    exam = tmp_path / "exam.txt"
    exam.write_text("one two three four five six seven eight nine ten eleven twelve thirteen")
    folder = tmp_path / "out"
    options: dict[str, Any] = {"samples": 1, "strings": None, "keep_out": (str(exam),)}
    write(folder, **options)
    with monkeypatch.context() as patch:
        patch.setattr("glyph_memory.training.pages.settings.style_fingerprint", lambda style: "other")
        with pytest.raises(TrainingError, match="other fonts or drawing libraries"):
            write(folder, **options)
    with monkeypatch.context() as patch:
        patch.setattr("platform.python_version", lambda: "3.99.0")
        with pytest.raises(TrainingError, match="another version of Python"):
            write(folder, **options)
    exam.write_text(exam.read_text() + " fourteen")
    with pytest.raises(TrainingError, match="other texts to keep out"):
        write(folder, **options)


def test_a_run_into_a_folder_of_its_texts_goes_on(tmp_path: Path) -> None:
    """What it wrote there is none of its texts."""
    (tmp_path / "a.txt").write_text(TEXT)
    options: dict[str, Any] = {"strings": None, "texts": [tmp_path], "samples": 8}
    write(tmp_path / "out", **options)
    assert write(tmp_path / "out", **options).resumed == 1


def test_what_is_there_is_told_before_texts_are_gone_through_again(tmp_path: Path) -> None:
    """Else a bar would stand at nothing for minutes."""
    write(tmp_path)
    told = list[int]()
    write(tmp_path, samples=30, progress=lambda report: told.append(report.samples))
    assert told[0] == 20 and told[-1] == 30


def test_a_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    """Nothing of it is overwritten."""
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(TrainingError, match=r"holds 'thesis.txt' and no manifest.json"):
        write(tmp_path)


@pytest.mark.parametrize(
    ("strings", "message"),
    [
        ([], "no text to make samples of"),
        (["", " \n "], "no text to make samples of"),
        (["tiny"], "4 characters, too few"),
    ],
)
def test_empty_and_tiny_texts_are_refused(tmp_path: Path, strings: list[str], message: str) -> None:
    """With what to give."""
    with pytest.raises(TrainingError, match=message):
        write(tmp_path, strings=strings)


def test_texts_that_end_early_are_told_and_passes_go_through_them_again(tmp_path: Path) -> None:
    """A second pass cuts them in another way; an iterator has no second pass."""
    short = TEXT[:3_000]
    report = write(tmp_path / "one", strings=[short])
    assert not report.is_whole and 0 < report.samples < 20
    twice = write(tmp_path / "two", strings=[short], passes=2, samples=100)
    assert report.samples < twice.samples <= 2 * report.samples + 1
    with pytest.raises(TrainingError, match="gone through once"):
        write(tmp_path / "three", strings=iter([short]), passes=2)


def test_files_that_cannot_be_read_are_in_the_manifest(tmp_path: Path) -> None:
    """The others are used."""
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "b.txt").write_text(TEXT)
    report = write(tmp_path / "out", texts=[tmp_path], strings=None, samples=4)
    assert list(report.unread) == [str(tmp_path / "a.txt")]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["made"]["unread"] == dict(report.unread)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds workers as Linux lists them")
def test_several_workers_make_the_same_shards_though_one_is_killed(tmp_path: Path) -> None:
    """Killed in the middle, its shard is made again: byte for byte what one process makes."""
    script, text, folder = tmp_path / "script.py", tmp_path / "text.txt", tmp_path / "two"
    script.write_text(SCRIPT)
    text.write_text(TEXT)
    paths = filter(None, (str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH")))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    process = subprocess.Popen([sys.executable, str(script), str(folder), str(text)], env=environment)
    deadline = time.monotonic() + 120
    while not list(folder.glob("train-*")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    for child in _list_children(process.pid)[-1:]:
        os.kill(child, signal.SIGKILL)
    assert process.wait(timeout=300) == 0
    write(tmp_path / "one", samples=32, strings=None, texts=[text])
    assert digest(folder) == digest(tmp_path / "one") and len(digest(folder)) == 4


def _list_children(parent: int) -> list[int]:
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(pid) for pid in found if _is_worker(int(pid))]


def _is_worker(pid: int) -> bool:
    try:
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def test_a_shard_whose_worker_is_killed_twice_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other shards stay, and the message says what to change."""

    def lose_second(function: Any, jobs: Any, *, processes: int) -> Any:
        for batch in run_jobs(function, jobs, processes=processes):
            yield [(job, None if job.number == 1 else shard) for job, shard in batch]

    monkeypatch.setattr("glyph_memory.training.pages.run.run_jobs", lose_second)
    with pytest.raises(TrainingError, match=r"train-000001.parquet could not be made.*fewer workers"):
        write(tmp_path)
    monkeypatch.undo()
    assert write(tmp_path).resumed == 2


def test_a_shard_that_a_killed_worker_had_begun_is_made_again_and_told(whole: Path, tmp_path: Path) -> None:
    """What it left behind says so, and is gone afterwards."""
    write(tmp_path, samples=8)
    (tmp_path / ".train-000001.parquet.begun").touch()
    (tmp_path / ".train-000001.parquet.part").write_bytes(b"half a shard")
    report = write(tmp_path)
    assert report.again == 1 and digest(tmp_path) == digest(whole)
    assert not list(tmp_path.glob(".train-*"))


def test_two_runs_never_write_to_one_folder(tmp_path: Path) -> None:
    """The second is refused while the first is at work."""
    with pytest.raises(TrainingError, match="another run writes to"):
        write(tmp_path, progress=lambda _: write(tmp_path))


def test_a_shard_that_is_broken_is_named(tmp_path: Path) -> None:
    """So is a folder without any."""
    with pytest.raises(TrainingError, match="no shards are in"):
        next(read_samples(tmp_path))
    (tmp_path / "train-000000.parquet").write_bytes(b"PAR1torn")
    with pytest.raises(TrainingError, match=r"cannot read the shard .*train-000000"):
        next(read_samples(tmp_path))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 0}, "samples=0"),
        ({"workers": -1}, "workers=-1"),
        ({"shard_format": "zip"}, "no format 'zip'"),
        ({"texts": ["x"]}, "texts or strings"),
    ],
)
def test_options_out_of_range_are_refused(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    """Before anything is written."""
    with pytest.raises(TrainingError, match=message):
        write(tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()

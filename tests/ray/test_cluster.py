"""A cluster draws what one process draws; what is killed on the way changes nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from glyph_memory_ray import draw_documents

from glyph_memory.documents import ShardReport, draw_tree
from glyph_memory.documents.shards.plan import DOCUMENTS
from glyph_memory.errors import DocumentError, GlyphMemoryError
from tests.documents.shards.helpers import digest_files, make_texts, read_documents, read_pages
from tests.ray.conftest import PATHS, list_workers

pytestmark = [
    pytest.mark.usefixtures("cluster"),
    pytest.mark.filterwarnings(
        "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning"
    ),
]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with documents, one of which is broken."""
    texts = make_texts(tmp_path_factory.mktemp("sources") / "texts", documents=12)
    (texts / "bad.docx").write_bytes(b"PK\x03\x04 no archive")
    return texts


@pytest.fixture(scope="module")
def whole(texts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what an undisturbed run made."""
    out = tmp_path_factory.mktemp("whole") / "out"
    draw_documents(texts, out, documents_per_shard=2, workers=1)
    return out


def test_pages_are_those_that_one_process_draws(texts: Path, whole: Path, tmp_path: Path) -> None:
    """Row by row, and picture by picture; the broken document is a row with its error."""
    draw_tree(texts, tmp_path / "out")
    rows = [json.loads(line) for line in (tmp_path / "out" / "index.jsonl").read_text().splitlines()]
    rows.sort(key=lambda row: (row["document"], row["part"], row["page"]))
    pages = read_pages(whole)
    assert len(pages) == len(rows) >= 12
    for page, row in zip(pages, rows, strict=True):
        assert page.pop("image")["bytes"] == (tmp_path / "out" / row.pop("path")).read_bytes()
        assert page == row
    assert [Path(one["document"]).name for one in read_documents(whole) if one["error"]] == ["bad.docx"]


def test_a_run_tells_how_far_it_is_and_the_next_draws_nothing(texts: Path, tmp_path: Path) -> None:
    """But tries again what failed."""
    seen = list[ShardReport]()
    report = draw_documents(texts, tmp_path / "out", documents_per_shard=6, progress=seen.append)
    assert (report.total, report.drawn, len(report.failures)) == (13, 12, 1)
    assert [one.done for one in seen] == sorted(one.done for one in seen)
    assert (seen[0].done, seen[-1].done) == (0, 13)
    before = read_pages(tmp_path / "out")
    again = draw_documents(texts, tmp_path / "out", documents_per_shard=6)
    assert (again.drawn, again.unchanged, len(again.failures)) == (0, 12, 1)
    assert read_pages(tmp_path / "out") == before


def test_killed_workers_change_nothing(texts: Path, whole: Path, tmp_path: Path) -> None:
    """Ray starts others, which go on with what is not finished: the files are the same, bit for bit."""
    out, killed, is_over = tmp_path / "out", list[int](), threading.Event()

    def kill() -> None:
        while not is_over.wait(0.2):
            for worker in list_workers()[:1] if len(killed) < 4 and out.exists() else ():
                killed.append(worker)
                os.kill(worker, signal.SIGKILL)
                time.sleep(1)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        report = draw_documents(texts, out, documents_per_shard=2, workers=1)
    finally:
        is_over.set()
        killer.join()
    assert killed
    assert report.drawn == 12
    assert digest_files(out) == digest_files(whole)


_DRIVER = """
import sys, ray
from glyph_memory_ray import draw_documents

ray.init(address=sys.argv[1], logging_level="ERROR", log_to_driver=False)
draw_documents(sys.argv[2], sys.argv[3], documents_per_shard=2, workers=1)
"""


def test_a_killed_driver_goes_on(cluster: str, texts: Path, whole: Path, tmp_path: Path) -> None:
    """What was finished is not drawn again."""
    out = tmp_path / "out"
    command = [sys.executable, "-c", _DRIVER, cluster, str(texts), str(out)]
    driver = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": PATHS}, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while len(list((out / DOCUMENTS).glob("*.parquet"))) < 2:
        assert driver.poll() is None, driver.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    driver.kill()
    driver.communicate()
    report = draw_documents(texts, out, documents_per_shard=2, workers=1)
    assert 0 < report.drawn < 12 or report.unchanged == 12
    assert digest_files(out) == digest_files(whole)


def test_what_cannot_be_is_one_line(texts: Path, tmp_path: Path) -> None:
    """A folder that cannot be written, nothing to draw, a number that is none."""
    (tmp_path / "file").write_text("")
    with pytest.raises(GlyphMemoryError, match="file"):
        draw_documents(texts, tmp_path / "file" / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DocumentError, match="there is no document"):
        draw_documents(tmp_path / "empty", tmp_path / "out")
    with pytest.raises(GlyphMemoryError, match="workers=0 draw nothing"):
        draw_documents(texts, tmp_path / "out", workers=0)


def run_command(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run `glyph-memory pages` as a user does."""
    command = [sys.executable, "-m", "glyph_memory", "pages", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": PATHS}
    )


def test_the_command_draws_on_a_cluster(cluster: str, texts: Path, tmp_path: Path) -> None:
    """It says what came of it, lists what failed, and where pages are; Ray's own lines are not shown."""
    ran = run_command(texts, "--out", tmp_path / "out", "--ray", cluster)
    assert ran.returncode == 1
    assert f"index: {tmp_path}/out/pages" in ran.stdout
    assert [line.partition(":")[0] for line in ran.stderr.splitlines()] == ["error", "error"]
    assert "1 document of 13 could not be drawn" in ran.stderr
    assert len(read_documents(tmp_path / "out")) == 13


def test_what_the_command_cannot_do_is_one_line(texts: Path, tmp_path: Path) -> None:
    """No cluster there, and options of this machine."""
    nowhere = run_command(texts, "--out", tmp_path / "out", "--ray", "127.0.0.1:1")
    assert nowhere.stderr.startswith(
        "error: there is no cluster at '127.0.0.1:1' to draw on: Connection refused."
    )
    assert len(nowhere.stderr.splitlines()) == 1
    both = run_command(texts, "--out", tmp_path / "out", "--ray", "local", "--jobs", 2)
    assert "with --ray the cluster's processors draw" in both.stderr
    assert "one with --out" in run_command(texts, "--ray", "local").stderr

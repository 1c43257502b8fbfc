"""However often a run is stopped, and by what, it comes to the files of a run that was not."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest

from glyph_memory.documents import ShardDrawer, ShardReport, ShardResult, open_shards
from glyph_memory.documents.shards import drawing
from glyph_memory.documents.shards.attempts import Attempts
from glyph_memory.documents.shards.plan import ATTEMPTS, PLANS
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.documents.shards.tables import PageWriter, drop_pages
from glyph_memory.errors import GlyphMemoryError
from tests.documents.shards.helpers import digest_files, make_texts, read_documents


def draw(texts: Path, out: Path, *, at_most: int | None = None) -> ShardReport:
    """Draw each document into a file of its own, so many at most."""
    with open_shards(texts, out, documents_per_shard=1) as run:
        drawer = ShardDrawer(*run.drawer)
        for shard in run.shards[:at_most]:
            run.add(drawer.draw(shard))
    return run.report()


def stop(texts: Path, out: Path, after: int) -> None:
    """Draw so many documents, and be killed."""
    with pytest.raises(KeyboardInterrupt), open_shards(texts, out, documents_per_shard=1) as run:
        for shard in run.shards[:after]:
            run.add(ShardDrawer(*run.drawer).draw(shard))
        raise KeyboardInterrupt


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """Return a folder in which the first document is broken."""
    folder = make_texts(tmp_path / "texts", documents=2)
    (folder / "0000-bad.docx").write_bytes(b"PK\x03\x04 no archive")
    return folder


def test_a_run_that_left_files_for_lack_of_room_goes_on(tmp_path: Path, texts: Path) -> None:
    """What failed in it was not tried by a run that came to its end: it stays, as after a kill."""
    draw(texts, tmp_path / "whole")
    out = tmp_path / "out"
    with (
        pytest.raises(GlyphMemoryError, match="the same call goes on"),
        open_shards(texts, out, documents_per_shard=1) as run,
    ):
        *others, last = run.shards
        for shard in others:
            run.add(ShardDrawer(*run.drawer).draw(shard))
        run.add(ShardResult(name=last.name, trouble="no room"))
    assert [Path(one.source).name for one in draw(texts, out).failures] == ["0000-bad.docx"]
    assert digest_files(out) == digest_files(tmp_path / "whole")


@pytest.mark.parametrize("drawn", [0, 1, 2])
def test_a_run_whose_engine_drew_a_part_goes_on(tmp_path: Path, texts: Path, drawn: int) -> None:
    """It was out of time, and left the context as usual."""
    draw(texts, tmp_path / "whole")
    draw(texts, tmp_path / "out", at_most=drawn)
    assert draw(texts, tmp_path / "out").done == 3
    assert digest_files(tmp_path / "out") == digest_files(tmp_path / "whole")


def test_each_stop_leaves_what_failed_although_documents_came_between(tmp_path: Path, texts: Path) -> None:
    """Another plan takes the first one over; what failed by the first is no new document to the third run."""
    out = tmp_path / "out"
    stop(texts, out, 2)
    (texts / "new.md").write_text("It came between.")
    stop(texts, out, 0)
    report = draw(texts, out)
    assert (report.total, report.drawn, report.unchanged) == (4, 2, 1)
    assert ["before the run was stopped" in one.message for one in report.failures] == [True]
    assert len(list((out / PLANS).iterdir())) == 2
    assert draw(texts, out).failures[0].message.endswith("get the file again")


@pytest.mark.parametrize("error", [KeyboardInterrupt, GlyphMemoryError])
def test_no_document_pays_for_ctrl_c_or_an_output_that_takes_nothing(
    tmp_path: Path, texts: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """Somebody calls again and again, until there is room: no worker was lost at the last document of a file."""
    draw(texts, tmp_path / "whole")

    def refuse(*_: object) -> None:
        raise error("the quota is full")

    for _ in range(22):
        with monkeypatch.context() as patch:
            patch.setattr(Storage, "move_in", refuse)
            with pytest.raises(error):
                draw(texts, tmp_path / "out")
    draw(texts, tmp_path / "out")
    assert digest_files(tmp_path / "out") == digest_files(tmp_path / "whole")


def test_a_worker_that_is_lost_while_it_writes_was_lost_at_no_document(
    tmp_path: Path, texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last document was drawn by then, and a large file takes long to send."""
    noted, write = list[object](), Storage.move_in

    def look(storage: Storage, draft: Path, name: str) -> None:
        [notes] = [one for one in storage.list_files(ATTEMPTS) if one.startswith("0001-")]
        noted.append(json.loads(storage.read(f"{ATTEMPTS}/{notes}"))["at"])
        write(storage, draft, name)

    monkeypatch.setattr(Storage, "move_in", look)
    with open_shards(texts, tmp_path / "out") as run:
        [shard] = run.shards
        attempts = Attempts(Storage(str(tmp_path / "out")), ATTEMPTS, shard.name)
        attempts.begin()
        attempts.note("2")
        run.add(ShardDrawer(*run.drawer).draw(shard))
    assert noted == [None]


def test_who_may_start_no_process_goes_on_after_a_kill(tmp_path: Path, texts: Path) -> None:
    """A process of a `multiprocessing.Pool`: it draws by itself what others draw in a process for each document."""
    draw(texts, tmp_path / "whole")
    out = tmp_path / "out"
    with open_shards(texts, out, documents_per_shard=1) as run:
        for shard in run.shards:
            Attempts(Storage(str(out)), ATTEMPTS, shard.name).begin()
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            for result in pool.imap(ShardDrawer(*run.drawer).draw, run.shards):
                run.add(result)
    assert digest_files(out) == digest_files(tmp_path / "whole")


_SCRIPT = """
import os, sys
from glyph_memory.documents import ShardDrawer, open_shards
from glyph_memory.documents.shards import drawing

if len(sys.argv) > 3:
    drawing.read_source = lambda *_, **__: os._exit(9)
with open_shards(sys.argv[1], sys.argv[2]) as run:
    for shard in run.shards:
        run.add(ShardDrawer(*run.drawer).draw(shard))
print(run.report().drawn)
"""


def test_a_script_without_a_guard_goes_on_after_a_kill(tmp_path: Path, texts: Path) -> None:
    """No process can start from it, as each would run the script again."""
    (tmp_path / "script.py").write_text(_SCRIPT)
    command: list[str | Path] = [sys.executable, tmp_path / "script.py", texts, tmp_path / "out"]
    assert subprocess.run([*command, "kill"], capture_output=True, check=False).returncode == 9
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (again.returncode, again.stdout) == (0, "2\n"), again.stderr


def test_a_document_that_kills_its_worker_is_a_row_in_the_end_where_no_process_starts(
    tmp_path: Path, texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each worker that was lost at it was counted."""

    def refuse(*_: object, **__: object) -> None:
        raise GlyphMemoryError("no process could start")

    monkeypatch.setattr(drawing, "run_jobs", refuse)
    with open_shards(texts, tmp_path / "out") as run:
        [shard] = run.shards
        for _ in range(20):
            attempts = Attempts(Storage(str(tmp_path / "out")), ATTEMPTS, shard.name)
            attempts.begin()
            attempts.note("1")
        run.add(ShardDrawer(*run.drawer).draw(shard))
    told = {Path(row["document"]).name: row["error"] for row in read_documents(tmp_path / "out")}
    assert "killed 20 times" in told.pop("0000.md")
    assert told.pop("0001.md") == ""


def test_pages_that_are_dropped_in_two_steps_leave_the_file_of_one(tmp_path: Path) -> None:
    """A run that is killed while it drops them drops them again: bit for bit the same, in groups as they were drawn."""
    path = tmp_path / "pages.parquet"
    with PageWriter(path) as writer:
        for number in range(400):
            row = {
                "document": f"{number // 2}",
                "digest": f"{number * 7919:032x}",
                "text": f"{number} " * 700,
            }
            writer.add(row, row["digest"].encode() * 2_000)
    whole, some, others = path.read_bytes(), {"3", "40", "41"}, {"77", "120", "199"}
    once = drop_pages(whole, some | others)
    assert drop_pages(once, some | others) == once
    assert drop_pages(drop_pages(whole, some), others) == once

"""A worker draws a shard once; what is wrong with a document costs that document, and with a machine, the run."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from glyph_memory.documents import open_shards
from glyph_memory.documents.bulk.drawn import DrawingPlan
from glyph_memory.documents.bulk.report import ShardReport
from glyph_memory.documents.shards.attempts import Attempts
from glyph_memory.documents.shards.compacting import compact
from glyph_memory.documents.shards.drawing import ShardDrawer
from glyph_memory.documents.shards.listing import list_sources
from glyph_memory.documents.shards.plan import ATTEMPTS, Shard, find_finished, make_plan
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.documents.shards.versions import find_versions
from glyph_memory.errors import GlyphMemoryError
from tests.documents.shards.helpers import digest_files, make_texts, read_documents, read_pages


@pytest.fixture(scope="module")
def plan() -> DrawingPlan:
    """Return how documents are drawn."""
    return DrawingPlan.make()


def make_shards(texts: Path, out: Path, plan: DrawingPlan) -> list[Shard]:
    """Return what is to be drawn."""
    storage = Storage(str(out))
    files = list_sources([str(texts)]).files
    return make_plan(storage, files, find_finished(storage, plan), plan, documents=100, size=10**9)


def draw(texts: Path, out: Path, plan: DrawingPlan) -> list[object]:
    """Draw all that is left, in this process."""
    drawer = ShardDrawer(str(out), find_versions(), pickle.dumps(plan))
    found: list[object] = [drawer.draw(shard) for shard in make_shards(texts, out, plan)]
    compact(Storage(str(out)))
    return found


def test_a_shard_is_drawn_once(tmp_path: Path, plan: DrawingPlan) -> None:
    """Pages with their pictures, documents with their sums; whoever draws it again changes nothing and tells the same.

    So Ray does where a worker was lost between its last file and its word.
    """
    texts, out = make_texts(tmp_path / "texts", documents=3), tmp_path / "out"
    [shard] = make_shards(texts, out, plan)
    drawer = ShardDrawer(str(out), find_versions(), pickle.dumps(plan))
    result = drawer.draw(shard)
    assert (result.documents, result.failures, result.refusal) == (3, (), "")
    pages, documents = read_pages(out), read_documents(out)
    assert result.pages == len(pages) == sum(row["pages"] for row in documents) >= 3
    assert all(row["image"]["bytes"].startswith(b"\x89PNG") for row in pages)
    assert all(row["image"]["path"] == f"{row['digest']}.png" for row in pages)
    before = digest_files(out)
    assert drawer.draw(shard) == replace(result, seconds=0.0)
    assert digest_files(out) == before


def test_the_same_documents_give_the_same_files(tmp_path: Path, plan: DrawingPlan) -> None:
    """Bit for bit, wherever they are written."""
    texts = make_texts(tmp_path / "texts", documents=4)
    for out in ("one", "other"):
        draw(texts, tmp_path / out, plan)
    assert digest_files(tmp_path / "one") == digest_files(tmp_path / "other")


def test_a_document_that_changed_replaces_its_pages(tmp_path: Path, plan: DrawingPlan) -> None:
    """Each stands there once; one that was only touched is not drawn again."""
    texts, out = make_texts(tmp_path / "texts", documents=3), tmp_path / "out"
    draw(texts, out, plan)
    kept = {row["document"]: row["digest"] for row in read_documents(out)}
    (texts / "0001.md").write_text("Another text altogether.")
    (texts / "0002.md").touch()
    [result] = draw(texts, out, plan)
    assert result.documents == result.unchanged == 1  # type: ignore[attr-defined]
    rows = read_documents(out)
    assert [Path(row["document"]).name for row in rows] == ["0000.md", "0001.md", "0002.md"]
    assert [kept[row["document"]] == row["digest"] for row in rows] == [True, False, True]
    changed = [row for row in read_pages(out) if row["document"].endswith("0001.md")]
    assert [row["text"].strip() for row in changed] == ["Another text altogether."]
    assert {row["document"] for row in read_pages(out)} == {row["document"] for row in rows}
    assert draw(texts, out, plan) == []


def test_a_broken_document_is_a_row_with_its_error(tmp_path: Path, plan: DrawingPlan) -> None:
    """The others are drawn; it is tried again next time, and stands there once."""
    texts, out = make_texts(tmp_path / "texts", documents=2), tmp_path / "out"
    (texts / "bad.docx").write_bytes(b"PK\x03\x04 no archive")
    for _ in range(2):
        draw(texts, out, plan)
        bad = [row for row in read_documents(out) if row["error"]]
        assert [Path(row["document"]).name for row in bad] == ["bad.docx"]
        assert "zip" in bad[0]["error"]
        assert len(read_documents(out)) == 3


def test_pages_of_a_worker_that_was_killed_before_its_end_do_not_stay(
    tmp_path: Path, plan: DrawingPlan
) -> None:
    """Its documents are taken over by the next plan, with one that came meanwhile: each page is there once."""
    texts, out = make_texts(tmp_path / "texts", documents=2), tmp_path / "out"
    [shard] = make_shards(texts, out, plan)
    ShardDrawer(str(out), find_versions(), pickle.dumps(plan)).draw(shard)
    Storage(str(out)).remove(f"documents/{shard.name}.parquet")  # as if it had not come so far
    (texts / "new.md").write_text("It came meanwhile.")
    draw(texts, out, plan)
    pages = [(row["document"], row["page"]) for row in read_pages(out)]
    assert len(pages) == len(set(pages))
    assert len({document for document, _ in pages}) == 3


def test_a_damaged_list_of_documents_is_one_line_with_the_next_step(
    tmp_path: Path, plan: DrawingPlan
) -> None:
    """It is named; once it is removed, its documents are drawn again."""
    texts, out = make_texts(tmp_path / "texts", documents=2), tmp_path / "out"
    draw(texts, out, plan)
    [file] = (out / "documents").iterdir()
    file.write_bytes(b"torn")
    with pytest.raises(GlyphMemoryError, match=f"{file.name}' is damaged; remove it"):
        make_shards(texts, out, plan)
    file.unlink()
    draw(texts, out, plan)
    assert len(read_documents(out)) == 2


def test_a_name_that_no_folder_may_have_is_one_line(tmp_path: Path) -> None:
    """As for `draw_tree`."""
    texts = make_texts(tmp_path / "texts", documents=1)
    with pytest.raises(GlyphMemoryError, match="no name may hold a NUL"), open_shards(texts, "o\0ut"):
        pass


def test_a_document_that_changes_while_a_run_waits_is_a_row_with_its_error(
    tmp_path: Path, plan: DrawingPlan
) -> None:
    """It was another one when the run began."""
    texts, out = make_texts(tmp_path / "texts", documents=2), tmp_path / "out"
    [shard] = make_shards(texts, out, plan)
    (texts / "0001.md").write_text("Changed meanwhile.")
    result = ShardDrawer(str(out), find_versions(), pickle.dumps(plan)).draw(shard)
    assert [Path(source).name for source, _ in result.failures] == ["0001.md"]
    assert "changed since the run began" in result.failures[0][1]


def test_a_worker_of_another_version_is_refused_by_name(tmp_path: Path, plan: DrawingPlan) -> None:
    """Before it reads what another version wrote."""
    drawer = ShardDrawer(str(tmp_path), find_versions() | {"glyph-memory": "9.9"}, b"no pickle")
    result = drawer.draw(Shard(name="x", sources=()))
    assert "a worker has glyph-memory " in result.refusal
    assert "the driver has 9.9; install one version on all machines" in result.refusal


def test_a_worker_with_other_fonts_is_refused(
    tmp_path: Path, plan: DrawingPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would draw other pages under the same name."""
    monkeypatch.setattr("glyph_memory.documents.shards.drawing.style_fingerprint", lambda _: "other")
    drawer = ShardDrawer(str(tmp_path), find_versions(), pickle.dumps(plan))
    assert "its fonts or drawing libraries differ" in drawer.draw(Shard(name="x", sources=())).refusal


_WORKER = """
import pickle, sys
from pathlib import Path
from glyph_memory.documents.shards.drawing import ShardDrawer
from glyph_memory.documents.shards.versions import find_versions

if __name__ == "__main__":
    out, plan, shard = sys.argv[1], Path(sys.argv[2]).read_bytes(), Path(sys.argv[3]).read_bytes()
    drawer = ShardDrawer(out, find_versions(), plan)
    print(drawer.draw(pickle.loads(shard)).failures)
"""
_POISON = """
import os
from pathlib import Path
import glyph_memory.documents.shards.drawing as drawing

read = drawing.read_source

def read_poison(source, *given, **named):
    if "poison" in source:
        with Path(os.environ["DEATHS"]).open("a") as deaths:
            deaths.write("x")
        os.kill(os.getpid(), 9)
    return read(source, *given, **named)

drawing.read_source = read_poison
"""


def test_a_document_that_kills_its_worker_is_tried_three_times_and_then_is_a_row(
    tmp_path: Path, plan: DrawingPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First with the others, which dies with it; then each is drawn in a process of its own."""
    texts, out = make_texts(tmp_path / "texts", documents=3), tmp_path / "out"
    (texts / "0001-poison.md").write_text("It kills.")
    [shard] = make_shards(texts, out, plan)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(_POISON)
    for name, data in {"plan": pickle.dumps(plan), "shard": pickle.dumps(shard)}.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "worker.py").write_text(_WORKER)
    monkeypatch.setenv("DEATHS", str(tmp_path / "deaths"))
    monkeypatch.setenv("PYTHONPATH", ":".join([str(tmp_path / "site"), *sys.path[1:]]))
    command: list[str | Path] = [
        sys.executable, tmp_path / "worker.py", out, tmp_path / "plan", tmp_path / "shard",
    ]  # fmt: skip
    assert subprocess.run(command, capture_output=True, check=False).returncode == -9
    assert (out / ATTEMPTS).exists()
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert "its process was killed three times" in again.stdout
    assert (tmp_path / "deaths").read_text() == "xxx"
    assert [bool(row["error"]) for row in read_documents(out)] == [False, True, False, False]
    assert {Path(row["document"]).name for row in read_pages(out)} == {"0000.md", "0001.md", "0002.md"}
    assert list((out / ATTEMPTS).iterdir()) == []


@pytest.mark.parametrize("lost", [19, 20])
def test_a_document_at_which_twenty_workers_in_a_row_are_lost_is_a_row(
    tmp_path: Path, plan: DrawingPlan, lost: int
) -> None:
    """One less, and it is drawn: machines come and go for reasons of their own."""
    texts, out = make_texts(tmp_path / "texts", documents=2), tmp_path / "out"
    [shard] = make_shards(texts, out, plan)
    for _ in range(lost):
        attempts = Attempts(Storage(str(out)), ATTEMPTS, shard.name)
        attempts.begin()
        attempts.note("0")
        attempts.note("1")
    result = ShardDrawer(str(out), find_versions(), pickle.dumps(plan)).draw(shard)
    assert result.documents == 2 - len(result.failures)
    assert [(Path(name).name, why) for name, why in result.failures] == [
        ("0001.md", "its worker was killed 20 times while it was drawn")
    ][: lost // 20]


@pytest.mark.parametrize("drawn", [0, 1, 2, 3])
def test_a_run_that_was_stopped_comes_to_the_same_files_where_documents_fail(
    tmp_path: Path, drawn: int
) -> None:
    """What failed before the stop is told, and tried again by the run after: planned anew it were in other files."""
    texts = make_texts(tmp_path / "texts", documents=2)
    (texts / "0000-bad.docx").write_bytes(b"PK\x03\x04 no archive")
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    draw_until(texts, whole, at_most=9)
    with pytest.raises(KeyboardInterrupt):
        draw_until(texts, stopped, at_most=drawn)
    report = draw_until(texts, stopped, at_most=9)
    assert digest_files(stopped) == digest_files(whole)
    assert report.total == report.done == 3
    [failure] = report.failures
    assert Path(failure.source).name == "0000-bad.docx"
    assert "zip" in failure.message
    assert ("(before the run was stopped; the next run tries it again)" in failure.message) == (drawn > 0)
    (texts / "0000-bad.docx").rename(texts / "0000-bad.md")
    (texts / "0000-bad.md").write_text("It was mended.")
    assert draw_until(texts, stopped, at_most=9).drawn == 1


def test_what_failed_before_a_stop_is_tried_again_by_the_run_after(tmp_path: Path) -> None:
    """Once the stopped run has come to its end."""
    texts, out = make_texts(tmp_path / "texts", documents=1), tmp_path / "out"
    (texts / "bad.docx").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(KeyboardInterrupt):
        draw_until(texts, out, at_most=2)
    told = [draw_until(texts, out, at_most=9).failures[0].message for _ in range(2)]
    assert ["before the run was stopped" in one for one in told] == [True, False]


def draw_until(texts: Path, out: Path, *, at_most: int) -> ShardReport:
    """Draw each document into a file of its own, until so many are drawn; then break off."""
    with open_shards(texts, out, documents_per_shard=1) as run:
        for number, shard in enumerate(run.shards):
            if number == at_most:
                raise KeyboardInterrupt
            run.add(ShardDrawer(*run.drawer).draw(shard))
        if len(run.shards) == at_most:
            raise KeyboardInterrupt
    return run.report()


def test_a_driver_that_is_killed_before_it_compacts_leaves_nothing_twice(tmp_path: Path) -> None:
    """All shards are drawn by then; the next run has none, and drops what stands twice all the same."""
    texts, out = make_texts(tmp_path / "texts", documents=2), tmp_path / "out"
    with open_shards(texts, out) as run:
        for shard in run.shards:
            run.add(ShardDrawer(*run.drawer).draw(shard))
    (texts / "0001.md").write_text("Another text altogether.")
    with pytest.raises(KeyboardInterrupt), open_shards(texts, out) as run:
        for shard in run.shards:
            run.add(ShardDrawer(*run.drawer).draw(shard))
        raise KeyboardInterrupt
    assert len(read_documents(out)) == 3
    with open_shards(texts, out) as run:
        assert run.shards == ()
    assert [Path(row["document"]).name for row in read_documents(out)] == ["0000.md", "0001.md"]
    assert [row["text"].strip() for row in read_pages(out)][-1:] == ["Another text altogether."]

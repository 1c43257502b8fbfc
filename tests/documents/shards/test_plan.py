"""What is drawn in which file is written down first: whoever goes on does the same, and only what is left."""

from __future__ import annotations

import json
import os
from pathlib import Path

import fsspec
import pytest

from glyph_memory.documents.bulk.drawn import DrawingPlan
from glyph_memory.documents.shards.listing import SourceFile, get_version, list_sources
from glyph_memory.documents.shards.plan import DOCUMENTS, PLANS, Shard, find_finished, make_plan
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.documents.shards.tables import encode_documents
from glyph_memory.errors import DocumentError, GlyphMemoryError
from tests.documents.shards.helpers import make_texts


@pytest.fixture(scope="module")
def drawing() -> DrawingPlan:
    """Return how documents are drawn."""
    return DrawingPlan.make()


def name_files(*names: str, size: int = 10) -> list[SourceFile]:
    """Return sources; a name's version is `v`, or what follows its `@`."""
    return [
        SourceFile(path=name.partition("@")[0], version=name.partition("@")[2] or "v", size=size)
        for name in names
    ]


def plan(
    storage: Storage,
    drawing: DrawingPlan,
    *names: str,
    documents: int = 2,
    size: int = 100,
    begun: int | None = None,
) -> list[Shard]:
    """Return what is to be drawn."""
    files = name_files(*names)
    finished = find_finished(storage, drawing)
    return make_plan(storage, files, finished, drawing, documents=documents, size=size, begun=begun)


def plan_files(
    storage: Storage, drawing: DrawingPlan, files: list[SourceFile], *, begun: int | None = None
) -> list[Shard]:
    """Return what of these sources is to be drawn."""
    finished = find_finished(storage, drawing)
    return make_plan(storage, files, finished, drawing, documents=2, size=100, begun=begun)


def finish(storage: Storage, drawing: DrawingPlan, shard: Shard, *, failing: str = "") -> None:
    """Write what a worker writes last."""
    digests = {"style": drawing.style_digest, "options": drawing.options_digest}
    records = [
        {"document": path, "version": version, "error": "torn", **digests}
        if path == failing
        else {"document": path, "version": version, "digest": f"d{path}", **digests}
        for path, version, _ in shard.sources
    ]
    storage.write(f"{DOCUMENTS}/{shard.name}.parquet", encode_documents(records))


def test_whoever_goes_on_finds_the_same_files(tmp_path: Path, drawing: DrawingPlan) -> None:
    """Those that are finished are left out; the others have the same names and documents."""
    storage = Storage(str(tmp_path))
    first = plan(storage, drawing, "a", "b", "c", "d", "e")
    assert [[path for path, _, _ in shard.sources] for shard in first] == [["a", "b"], ["c", "d"], ["e"]]
    assert plan(storage, drawing, "a", "b", "c", "d", "e") == first
    finish(storage, drawing, first[1])
    assert plan(storage, drawing, "a", "b", "c", "d", "e") == [first[0], first[2]]


def test_only_what_is_new_or_changed_is_planned(tmp_path: Path, drawing: DrawingPlan) -> None:
    """A changed document comes with the digest that it had."""
    storage = Storage(str(tmp_path))
    for shard in plan(storage, drawing, "a", "b", "c"):
        finish(storage, drawing, shard)
    assert plan(storage, drawing, "a", "b", "c") == []
    [again] = plan(storage, drawing, "a", "b@w", "c", "d")
    assert again.sources == (("b", "w", "db"), ("d", "v", ""))
    assert again.name.startswith("0002-")


def test_what_was_planned_and_not_drawn_is_taken_over(tmp_path: Path, drawing: DrawingPlan) -> None:
    """A document that came meanwhile is planned behind it; nothing is planned twice."""
    storage = Storage(str(tmp_path))
    first = plan(storage, drawing, "a", "b", "c")
    finish(storage, drawing, first[0])
    shards = plan(storage, drawing, "a", "b", "c", "d")
    assert [[path for path, _, _ in shard.sources] for shard in shards] == [["c"], ["d"]]


def test_a_run_that_was_stopped_goes_on_without_what_failed(tmp_path: Path, drawing: DrawingPlan) -> None:
    """It stays a row with its error, as without the stop; after the run's end, or once it changed, it is planned."""
    storage = Storage(str(tmp_path))
    first = plan(storage, drawing, "a", "b", "c")
    finish(storage, drawing, first[0], failing="b")
    assert plan(storage, drawing, "a", "b", "c", begun=1) == first[1:]
    finish(storage, drawing, first[1])
    assert plan(storage, drawing, "a", "b", "c", begun=1) == []
    assert [one.sources for one in plan(storage, drawing, "a", "b@w", "c", begun=1)] == [(("b", "w", ""),)]


def test_what_failed_in_an_earlier_run_is_tried_by_the_one_that_was_stopped(
    tmp_path: Path, drawing: DrawingPlan
) -> None:
    """It is in that one's plan, and not left out of it since it failed before."""
    storage = Storage(str(tmp_path))
    first = plan(storage, drawing, "a", "b")
    finish(storage, drawing, first[0], failing="b")
    again = plan(storage, drawing, "a", "b")
    assert [one.sources for one in again] == [(("b", "v", ""),)]
    assert plan(storage, drawing, "a", "b", begun=2) == again


def test_what_has_no_version_is_drawn_once_by_a_run_that_was_stopped(
    tmp_path: Path, drawing: DrawingPlan
) -> None:
    """A server that tells neither time nor ETag; the next run reads it anew."""
    storage = Storage(str(tmp_path))
    files = [SourceFile(path=name, version="", size=10) for name in "abc"]
    first = plan_files(storage, drawing, files)
    finish(storage, drawing, first[0])
    assert plan_files(storage, drawing, files, begun=1) == first[1:]
    finish(storage, drawing, first[1])
    assert plan_files(storage, drawing, files, begun=1) == []
    again = plan_files(storage, drawing, files)
    assert [[path for path, _, _ in one.sources] for one in again] == [["a", "b"], ["c"]]
    # Nothing had changed: that was noted, and dropped when the run was killed at its very end.
    for shard in again:
        storage.write(f"{DOCUMENTS}/{shard.name}.parquet", encode_documents([]))
    assert plan_files(storage, drawing, files, begun=2) == []
    assert len(plan_files(storage, drawing, files)) == 2


def test_what_has_a_version_after_a_stop_and_had_none_before_stays_in_its_file(
    tmp_path: Path, drawing: DrawingPlan
) -> None:
    """A file was so young that its coarse time told nothing; it is read anew by the next run."""
    storage = Storage(str(tmp_path))
    first = plan_files(storage, drawing, [SourceFile(path=name, version="", size=10) for name in "abc"])
    finish(storage, drawing, first[0])
    assert plan(storage, drawing, "a", "b", "c", begun=1) == first[1:]
    finish(storage, drawing, first[1])
    assert plan(storage, drawing, "a", "b", "c", begun=1) == []
    assert len(plan(storage, drawing, "a", "b", "c")) == 2


def test_another_style_is_another_plan(tmp_path: Path, drawing: DrawingPlan) -> None:
    """All documents are drawn again."""
    storage = Storage(str(tmp_path))
    for shard in plan(storage, drawing, "a", "b", "c"):
        finish(storage, drawing, shard)
    other = DrawingPlan.make(max_pages=1)
    assert [len(shard.sources) for shard in plan(storage, other, "a", "b", "c")] == [2, 1]


def test_two_drivers_at_once_never_share_a_file_of_other_documents(
    tmp_path: Path, drawing: DrawingPlan
) -> None:
    """A file's name has the plan's digest in it."""
    storage = Storage(str(tmp_path))
    finished = find_finished(storage, drawing)
    ours = make_plan(storage, name_files("a"), finished, drawing, documents=1, size=9)
    for name in storage.list_files(PLANS):
        storage.remove(f"{PLANS}/{name}")
    theirs = make_plan(storage, name_files("b"), finished, drawing, documents=1, size=9)
    assert ours[0].name != theirs[0].name


def test_a_large_document_has_a_file_of_its_own(tmp_path: Path, drawing: DrawingPlan) -> None:
    """And does not fill the others'."""
    storage = Storage(str(tmp_path))
    files = name_files("a", "c") + name_files("b", size=1_000)
    files.sort(key=lambda one: one.path)
    shards = make_plan(storage, files, find_finished(storage, drawing), drawing, documents=9, size=100)
    assert [[path for path, _, _ in shard.sources] for shard in shards] == [["a"], ["b"], ["c"]]


@pytest.mark.parametrize("data", [b"{", b"[]", b"{}", json.dumps({"drawing": [], "shards": [[1]]}).encode()])
def test_a_plan_that_cannot_be_read_is_one_line(tmp_path: Path, drawing: DrawingPlan, data: bytes) -> None:
    """Something else wrote it, or cut it off."""
    storage = Storage(str(tmp_path))
    storage.write(f"{PLANS}/0001-00000000.json", data)
    with pytest.raises(GlyphMemoryError, match="holds a plan that cannot be read"):
        plan(storage, drawing, "a")


def test_files_are_listed_with_what_tells_that_they_changed(tmp_path: Path) -> None:
    """In order; hidden ones and those that do not match are left out."""
    texts = make_texts(tmp_path / "texts", documents=3)
    (texts / ".hidden.md").write_text("x")
    listing = list_sources([str(texts)], exclude=["0001*"])
    assert [Path(one.path).name for one in listing.files] == ["0000.md", "0002.md"]
    before = listing.files[0].version
    assert get_version(listing.files[0].path) == before
    os.utime(listing.files[0].path, ns=(1, 1))
    assert get_version(listing.files[0].path) != before


def test_a_bucket_is_listed_as_a_folder_is(tmp_path: Path) -> None:
    """With patterns, without what is hidden or empty, and without the output."""
    files = fsspec.filesystem("memory")
    files.store.clear()
    for name, text in {
        "a.md": "a",
        "deep/b.md": "bb",
        ".c.md": "c",
        "d.txt": "d",
        "e.md": "",
        "out/x.md": "x",
    }.items():
        files.pipe_file(f"/bucket/{name}", text.encode())
    listing = list_sources(["memory://bucket"], include=["*.md"], out="memory://bucket/out")
    assert [one.path for one in listing.files] == ["memory://bucket/a.md", "memory://bucket/deep/b.md"]
    [one] = list_sources(["memory://bucket/deep/b.md"]).files
    before = get_version(one.path)
    assert before == one.version != ""
    files.pipe_file("/bucket/deep/b.md", b"other")
    assert get_version(one.path) != before
    files.store.clear()


def test_a_bucket_that_is_not_there_is_one_line() -> None:
    """Its name is told, keys are not."""
    with pytest.raises(DocumentError, match="'memory://nothing'"):
        list_sources(["memory://me:secret@nothing"])

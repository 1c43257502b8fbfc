"""What processes without an SDK draw is counted by whoever began the run, and counted once."""

from __future__ import annotations

from pathlib import Path

import pytest

from glyph_memory.documents import BulkReport, Shard, ShardDrawer, ShardResult, draw_tree, open_shards
from glyph_memory.telemetry import use_providers
from tests.telemetry.recorded import Recorded, plain

SECRET = "hunter2hunter2"  # noqa: S105 - of nobody


def make_folder(folder: Path) -> Path:
    """Return a folder with three documents and a broken one, named by a secret."""
    found = folder / SECRET
    found.mkdir()
    for number in range(3):
        (found / f"{SECRET}-{number}.md").write_text(
            f"# {SECRET}\n\n" + "It opens at nine.\n" * (50 * number + 1)
        )
    (found / f"{SECRET}.pdf").write_bytes(b"%PDF-1.7\nnothing")
    return found


def describe(report: BulkReport) -> dict[str, object]:
    """Return what a span says of a run."""
    return {
        "glyph_memory.documents.drawn": report.drawn,
        "glyph_memory.documents.unchanged": report.unchanged,
        "glyph_memory.documents.failed": len(report.failures),
        "glyph_memory.pages": report.pages,
        "glyph_memory.tokens.pages": report.tokens,
    }


@pytest.mark.parametrize("jobs", [0, 2])
def test_a_run_is_counted_whoever_draws(jobs: int, tmp_path: Path, recorded: Recorded) -> None:
    """In this process or in others; what is found finished is told apart, and no name is told."""
    folder = make_folder(tmp_path)
    report = draw_tree(folder, tmp_path / "out", jobs=jobs)
    assert (report.drawn, len(report.failures)) == (3, 1)
    read = recorded.read_metrics()
    assert read["glyph_memory.pages.drawn"] == {("document",): report.pages}
    assert read["glyph_memory.documents"] == {("drawn",): 3, ("failed",): 1}
    assert read["glyph_memory.documents.duration"][("document",)] > 0
    again = draw_tree(folder, tmp_path / "out", jobs=jobs)
    assert recorded.read_metrics()["glyph_memory.documents"] == {
        ("drawn",): 3, ("failed",): 2, ("unchanged",): 3,
    }  # fmt: skip
    spans = recorded.find("glyph_memory.documents.draw")
    assert [plain(span) for span in spans] == [describe(report), describe(again)]
    assert (len(recorded.find("glyph_memory.document.draw")) > 0) == (jobs == 0)
    assert SECRET not in recorded.dump()


@pytest.mark.parametrize("is_counted", [False, True])
def test_shards_are_counted_by_what_their_workers_report(
    is_counted: bool, tmp_path: Path, recorded: Recorded
) -> None:
    """A worker without an SDK counts nothing; one that has one says so, and its pages are not counted twice."""
    with open_shards(make_folder(tmp_path), tmp_path / "out", documents_per_shard=2) as run:
        results = [_draw_elsewhere(run.drawer, shard, is_counted=is_counted) for shard in run.shards]
        before = recorded.read_metrics().get("glyph_memory.pages.drawn", {})
        for result in results:
            run.add(result)
    read, report = recorded.read_metrics(), run.report()
    assert report.pages > 0
    assert before == ({("document",): report.pages} if is_counted else {})
    assert read["glyph_memory.pages.drawn"] == {("document",): report.pages}
    assert read["glyph_memory.documents"] == {("drawn",): 3, ("failed",): 1}
    assert read["glyph_memory.documents.duration"][("shard",)] > 0
    (span,) = recorded.find("glyph_memory.documents.draw")
    assert plain(span)["glyph_memory.pages"] == report.pages
    assert SECRET not in recorded.dump()


def _draw_elsewhere(
    drawer: tuple[str, dict[str, str], bytes], shard: Shard, *, is_counted: bool
) -> ShardResult:
    if is_counted:
        return ShardDrawer(*drawer).draw(shard)
    with use_providers():
        return ShardDrawer(*drawer).draw(shard)

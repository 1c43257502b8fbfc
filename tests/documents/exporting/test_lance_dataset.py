"""A Lance dataset has the rows of the Parquet files, in one version for all that changed, whatever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glyph_memory.documents import export_lance
from glyph_memory.documents.shards.compacting import compact
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.errors import DocumentError, GlyphMemoryError
from tests.documents.shards.helpers import digest_files, make_texts, read_documents, read_pages
from tests.windows.bulk.helpers import draw

lance = pytest.importorskip(
    "lance", reason="pylance is not installed, a wheel of 85 MB (pip install 'glyph-memory[lance]')"
)


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """Return a folder of six texts."""
    return make_texts(tmp_path / "texts", documents=6, sentences=20)


@pytest.fixture
def out(tmp_path: Path, texts: Path) -> Path:
    """Return their pages, in three files."""
    return draw(texts, tmp_path / "out", documents_per_shard=2)


def read_lance(to: Path, version: int | None = None) -> list[dict[str, Any]]:
    """Return the rows of a dataset of pages, in order."""
    rows: list[dict[str, Any]] = lance.dataset(to, version=version).to_table().to_pylist()
    return sorted(rows, key=lambda row: (row["document"], row["part"], row["page"]))


def count_files(to: Path) -> int:
    """Return how many data files a dataset's folder has."""
    return len(list((to / "data").iterdir()))


def change_one(texts: Path, out: Path) -> None:
    """Change a text and have it drawn."""
    (texts / "0001.md").write_text("It was dried for nine years, after all.")
    draw(texts, out)


def test_a_dataset_has_the_rows_of_the_parquet_files(out: Path) -> None:
    """Pictures to the byte; the columns are those of the files, and nothing there is changed."""
    before = digest_files(out)
    report = export_lance(out)
    assert read_lance(out / "pages.lance") == read_pages(out)
    assert (report.rows, report.written, report.is_new) == (len(read_pages(out)), 3, True)
    assert lance.dataset(report.to).schema.equals(pq.read_schema(next((out / "pages").iterdir())))
    assert {name: digest for name, digest in digest_files(out).items() if ".lance/" not in name} == before


def test_documents_are_a_table_of_their_own(out: Path) -> None:
    """One that failed is among them."""
    export_lance(out, "documents")
    rows = lance.dataset(out / "documents.lance").to_table().to_pylist()
    assert sorted(rows, key=lambda row: str(row["document"])) == read_documents(out)


def test_no_version_is_made_where_nothing_is_new(out: Path, texts: Path) -> None:
    """A text that was only touched has the pages that it had."""
    first = export_lance(out)
    before = digest_files(out / "pages.lance")
    again = export_lance(out)
    os.utime(texts / "0002.md", (1, 1))
    draw(texts, out)
    touched = export_lance(out)
    for report in (again, touched):
        assert (report.version, report.is_new, report.written, report.unchanged) == (
            first.version,
            False,
            0,
            3,
        )
    assert digest_files(out / "pages.lance") == before


def test_all_that_changed_is_one_version(out: Path, texts: Path, tmp_path: Path) -> None:
    """Changed, added and removed documents; what is unchanged is not written again, and the version before stays."""
    to = tmp_path / "to" / "x.lance"
    export_lance(out, to=to)
    old, held = read_lance(to), count_files(to)
    (texts / "0001.md").write_text("It was dried for nine years, after all.")
    (texts / "0007.md").write_text("This one is new.")
    draw(texts, out)
    gone = sorted((out / "documents").iterdir())[2]
    gone.unlink()
    (out / "pages" / gone.name).unlink()
    report = export_lance(out, to=to, unfinished=True)
    assert read_lance(to) == read_pages(out) != old
    assert (report.version, report.written, report.removed, report.unchanged) == (2, 2, 2, 1)
    assert count_files(to) == held + report.written
    assert read_lance(to, version=1) == old


def test_nobody_sees_half_of_a_first_export(out: Path, tmp_path: Path) -> None:
    """A killed process leaves no version. The next call writes the rest alone, and comes to the same."""
    to = tmp_path / "pages.lance"
    code = (
        "import os, signal, sys\nfrom glyph_memory.documents import export_lance\n"
        "def kill(done, total):\n    if done == 2: os.kill(os.getpid(), signal.SIGKILL)\n"
        "export_lance(sys.argv[1], to=sys.argv[2], progress=kill)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(out), str(to)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not (to / "_versions").exists()
    assert count_files(to) == 2
    report = export_lance(out, to=to)
    assert (report.version, report.written, count_files(to)) == (1, 3, 3)
    assert read_lance(to) == read_pages(out)


def test_an_export_that_stops_leaves_the_version_before(out: Path, texts: Path) -> None:
    """Also where it stops after the version was made, and before the notes about it were put in order."""
    export_lance(out)
    old = read_lance(out / "pages.lance")
    change_one(texts, out)

    def stop(done: int, _: int) -> None:
        raise KeyboardInterrupt(done)

    with pytest.raises(KeyboardInterrupt):
        export_lance(out, progress=stop)
    assert read_lance(out / "pages.lance") == old
    held = count_files(out / "pages.lance")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("glyph_memory.documents.exporting.lance_files.LanceFiles.drop_notes", stop)
        with pytest.raises(KeyboardInterrupt):
            export_lance(out)
    assert read_lance(out / "pages.lance") == read_pages(out)
    assert not export_lance(out).is_new
    assert count_files(out / "pages.lance") == held + 1


def test_a_note_without_its_file_is_not_believed(out: Path, tmp_path: Path) -> None:
    """Lance's own clean-up may have removed what no version had."""
    to = tmp_path / "pages.lance"

    def stop(done: int, _: int) -> None:
        raise KeyboardInterrupt(done)

    with pytest.raises(KeyboardInterrupt):
        export_lance(out, to=to, progress=stop)
    for file in (to / "data").iterdir():
        file.unlink()
    export_lance(out, to=to)
    assert read_lance(to) == read_pages(out)


@pytest.mark.parametrize("is_first", [True, False])
def test_of_two_exports_at_once_one_is_refused(
    out: Path, texts: Path, monkeypatch: pytest.MonkeyPatch, *, is_first: bool
) -> None:
    """In a store nothing keeps them apart but Lance. No row is there twice, though both only add."""
    if not is_first:
        export_lance(out)
        (texts / "0007.md").write_text("This one is new.")
        draw(texts, out)
    monkeypatch.setattr(Storage, "hold", lambda _: nullcontext())
    with pytest.raises(GlyphMemoryError, match="somebody else wrote"):
        export_lance(out, progress=lambda done, total: done == total and export_lance(out))
    assert read_lance(out / "pages.lance") == read_pages(out)
    assert not export_lance(out).is_new


def test_two_exports_of_this_machine_are_kept_apart(out: Path) -> None:
    """The second is told to wait."""
    with (
        Storage(str(out / "pages.lance")).hold(),
        pytest.raises(GlyphMemoryError, match="another run writes"),
    ):
        export_lance(out)


def test_an_index_stays(out: Path, texts: Path) -> None:
    """Whoever searches need not build it anew after each export."""
    export_lance(out)
    lance.dataset(out / "pages.lance").create_scalar_index("digest", "BTREE")
    change_one(texts, out)
    export_lance(out)
    assert [one.field_names for one in lance.dataset(out / "pages.lance").describe_indices()] == [["digest"]]
    assert read_lance(out / "pages.lance") == read_pages(out)


@pytest.mark.parametrize("how", ["delete", "compact", "overwrite"])
def test_a_dataset_that_somebody_changed_is_made_the_same_again(out: Path, how: str) -> None:
    """Rows that were deleted come back, and no row is there twice."""
    to = out / "pages.lance"
    export_lance(out)
    dataset = lance.dataset(to)
    if how == "delete":
        dataset.delete(f"digest = '{read_pages(out)[0]['digest']}'")
    elif how == "compact":
        dataset.optimize.compact_files()
    else:
        lance.write_dataset(dataset.to_table().slice(0, 2), to, mode="overwrite")
    report = export_lance(out)
    assert report.is_new
    assert report.removed
    assert read_lance(to) == read_pages(out)
    assert not export_lance(out).is_new


def test_an_unfinished_run_is_refused(out: Path, texts: Path) -> None:
    """Unless one asks for what is there: then it has each document as it was drawn last."""
    export_lance(out)
    for number in range(6):
        (texts / f"{number:04}.md").write_text(f"Other words, {number}.")
    with pytest.raises(KeyboardInterrupt):
        _draw_one_shard(texts, out)
    before = digest_files(out)
    with pytest.raises(GlyphMemoryError, match="is not finished, 2 of its files are missing"):
        export_lance(out)
    assert digest_files(out) == before
    export_lance(out, unfinished=True)
    found = read_lance(out / "pages.lance")
    compact(Storage(str(out)))
    assert found == read_pages(out)
    assert sum("Other words" in row["text"] for row in found) == 2


def _draw_one_shard(texts: Path, out: Path) -> None:
    from glyph_memory.documents import ShardDrawer, open_shards

    with open_shards(texts, out, documents_per_shard=2) as run:
        run.add(ShardDrawer(*run.drawer).draw(run.shards[0]))
        raise KeyboardInterrupt


def test_pages_that_are_not_as_they_are_told_are_refused(out: Path) -> None:
    """As where a run in a store writes them meanwhile; the dataset stays as it was."""
    path = sorted((out / "pages").iterdir())[1]
    pq.write_table(pq.read_table(path).slice(1), path)
    with pytest.raises(GlyphMemoryError, match="are not those that its row tells of"):
        export_lance(out)
    assert not (out / "pages.lance" / "_versions").exists()


def test_a_dataset_of_something_else_is_left_alone(out: Path, tmp_path: Path) -> None:
    """It has other columns."""
    to = tmp_path / "other.lance"
    lance.write_dataset(pa.table({"a": [1]}), to)
    with pytest.raises(GlyphMemoryError, match="with other columns than the table 'pages'"):
        export_lance(out, to=to)
    assert lance.dataset(to).to_table().to_pylist() == [{"a": 1}]


def test_names_with_odd_letters(out: Path, tmp_path: Path) -> None:
    """Spaces, signs of addresses, and letters beyond ASCII."""
    to = tmp_path / "ä b#c?d%41.lance"
    export_lance(out, to=to)
    assert read_lance(to) == read_pages(out)


def test_what_cannot_be_exported_says_so(out: Path, tmp_path: Path) -> None:
    """In one line, with what to do."""
    with pytest.raises(GlyphMemoryError, match="there is nothing to export in"):
        export_lance(tmp_path)
    with pytest.raises(GlyphMemoryError, match="Lance writes to no address such as 'memory://x'"):
        export_lance(out, to="memory://x")
    with pytest.raises(DocumentError, match="table='rows' is none of"):
        export_lance(tmp_path, "rows")  # type: ignore[arg-type]  # it is wrong on purpose

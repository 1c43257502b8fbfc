"""`draw_tree` makes pages of many documents, each once, and an index that tells of every page."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from glyph_memory.documents import BulkReport, LoadOptions, draw_tree
from glyph_memory.documents import load as load_documents
from glyph_memory.documents.bulk import job as bulk_job
from glyph_memory.documents.bulk import reading as bulk_reading
from glyph_memory.documents.bulk import run as bulk_run
from glyph_memory.documents.bulk.lock import hold_folder
from glyph_memory.documents.source import Source, open_bytes
from glyph_memory.errors import DocumentError, GlyphMemoryError, GlyphMemoryWarning
from glyph_memory.files import write_atomic
from glyph_memory.page import pixel_digest
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile
from glyph_memory.typesetting import style_fingerprint, typeset
from tests.documents.bulk_helpers import look, make_folder, read_lines


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """Return a folder of texts."""
    return make_folder(tmp_path / "texts")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return a place for the output."""
    return tmp_path / "out"


def draw(sources: Path | str | list[Path], out: Path, **options: Any) -> BulkReport:
    """Draw in this process, which is quicker; line for line, so that there are several pages."""
    return draw_tree(sources, out, jobs=0, **{"style": "glyph", **options})


def test_a_row_tells_all_of_a_page(texts: Path, out: Path) -> None:
    """Its picture by the digest of its pixels, its text, what it costs, where it comes from."""
    draw(texts, out)
    path = texts / "03.txt"
    text, profile = path.read_text(), ModelProfile.from_name("glyph")
    rows = [row for row in read_lines(out / "index.jsonl") if row["document"] == str(path)]
    pages = typeset(text)
    assert [row["digest"] for row in rows] == [page.digest for page in pages]
    assert "".join(row["text"] for row in rows) == text
    for row, page in zip(rows, pages, strict=True):
        assert row["path"] == f"pages/{page.digest[:2]}/{page.digest}.png"
        with Image.open(out / row["path"]) as image:
            assert pixel_digest(image) == page.digest
        assert (row["width"], row["height"]) == page.size
        assert (row["start"], row["stop"]) == (page.start, page.stop)
        assert row["tokens"] == profile.image_tokens(page.size)
        assert row["text_tokens"] == profile.text_tokens(page.text)
        assert row["source_line"] == 1 + text.count("\n", 0, page.start)
        assert (row["page"], row["part"], row["title"]) == (page.number, 1, "03.txt")
        assert (row["way"], row["links"]) == ("reflow", "")
        assert row["document_digest"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert row["style"] == style_fingerprint(PageStyle.glyph())


def test_a_document_has_a_line_once_it_is_finished(texts: Path, out: Path) -> None:
    """With its sums, which are those of its rows."""
    report = draw(texts, out)
    rows = read_lines(out / "index.jsonl")
    documents = read_lines(out / "documents.jsonl")
    assert [one["document"] for one in documents] == [str(path) for path in sorted(texts.iterdir())]
    for one in documents:
        mine = [row for row in rows if row["document"] == one["document"]]
        assert one["pages"] == len(mine)
        assert one["text_tokens"] == sum(row["text_tokens"] for row in mine)
        assert one["characters"] == sum(len(row["text"]) for row in mine)
        assert one["defects"] == []
    assert report.pages == len(rows)
    assert report.tokens == sum(one["tokens"] for one in documents)
    assert (report.total, report.drawn, report.done, report.failures) == (6, 6, 6, ())


def test_equal_pages_are_stored_once(texts: Path, out: Path) -> None:
    """Two equal documents have rows of their own that name the same pictures."""
    draw(texts, out)
    rows = read_lines(out / "index.jsonl")
    paths = [[row["path"] for row in rows if row["document"].endswith(name)] for name in ("00.txt", "01.txt")]
    assert paths[0] == paths[1]
    assert look(out)[0] == sorted({row["path"] for row in rows})


def test_processes_draw_what_one_process_draws(texts: Path, out: Path, tmp_path: Path) -> None:
    """However many."""
    draw(texts, out)
    draw_tree(texts, tmp_path / "other", jobs=2, style="glyph")
    assert look(tmp_path / "other") == look(out)


def test_a_second_run_draws_nothing(texts: Path, out: Path) -> None:
    """Not a byte changes."""
    draw(texts, out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    report = draw(texts, out)
    assert (report.unchanged, report.drawn, report.pages) == (6, 0, 0)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "change",
    [{"style": "dark"}, {"max_pages": 1}, {"profile": "qwen3-vl"}, {"options": LoadOptions(structure=False)}],
)
def test_other_options_draw_anew_and_leave_no_old_rows(
    texts: Path, out: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    """The index is that of a run into an empty folder."""
    draw(texts, out)
    assert draw(texts, out, **change).drawn == 6
    draw(texts, tmp_path / "other", **change)
    assert look(out)[1:] == look(tmp_path / "other")[1:]
    assert draw(texts, out, **change).unchanged == 6


def test_a_document_that_changed_is_drawn_anew(texts: Path, out: Path, tmp_path: Path) -> None:
    """It alone, and its old rows are gone."""
    draw(texts, out)
    (texts / "02.txt").write_text("Other words.")
    report = draw(texts, out)
    assert (report.drawn, report.unchanged) == (1, 5)
    draw(texts, tmp_path / "other")
    assert look(out)[1:] == look(tmp_path / "other")[1:]


def test_one_that_fails_does_not_stop_the_others(texts: Path, out: Path) -> None:
    """It is listed, counts for nothing in the index, and is tried again."""
    (texts / "02.txt").write_bytes(b"SQLite format 3\x00")
    (texts / "03.txt").write_bytes(b"a\0" * 9)
    report = draw(texts, out, options=LoadOptions(encoding="utf-8"))
    assert [failure.source for failure in report.failures] == [str(texts / "02.txt"), str(texts / "03.txt")]
    assert "an SQLite database" in report.failures[0].message
    assert len(read_lines(out / "documents.jsonl")) == 4
    (texts / "02.txt").write_text("It is mended.")
    report = draw(texts, out, options=LoadOptions(encoding="utf-8"))
    assert (report.drawn, report.unchanged, len(report.failures)) == (1, 4, 1)


def test_an_error_that_nobody_foresaw_costs_one_document(
    texts: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library may raise what it likes."""

    def load(source: str, **options: Any) -> Any:
        raise KeyError("word/document.xml")

    monkeypatch.setattr(bulk_reading, "load", load)
    report = draw([texts / "02.txt"], out)
    assert "KeyError: 'word/document.xml'" in report.failures[0].message


def test_a_killed_process_costs_one_document(texts: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system ends what needs too much memory."""

    def run_jobs(function: Any, jobs: Any, *, processes: int) -> Any:
        for job in jobs:
            yield [(job, None if job.source.endswith("02.txt") else function(job))]

    monkeypatch.setattr(bulk_run, "run_jobs", run_jobs)
    report = draw(texts, out)
    assert (report.drawn, len(report.failures)) == (5, 1)
    assert "its process was killed" in report.failures[0].message


def test_standard_input_is_no_document_of_many(out: Path) -> None:
    """It could be read once, by one process."""
    with pytest.raises(DocumentError, match="no standard input"):
        draw("-", out)


def test_a_file_that_changes_while_it_is_read_is_no_document(
    texts: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its digest would be that of other bytes."""
    whole = load_documents

    def load(source: str, **options: Any) -> Any:
        yield from whole(source, **options)
        with Path(source).open("a") as file:
            file.write("more")

    monkeypatch.setattr(bulk_reading, "load", load)
    report = draw([texts / "02.txt"], out)
    assert "changed while it was read" in report.failures[0].message
    assert read_lines(out / "index.jsonl") == []


def test_what_a_limit_leaves_out_is_in_the_list_of_documents(texts: Path, out: Path) -> None:
    """With how many characters."""
    report = draw(texts, out, max_pages=1)
    assert report.defects == 6
    rows = read_lines(out / "index.jsonl")
    for one in read_lines(out / "documents.jsonl"):
        text = Path(one["document"]).read_text()
        (row,) = [row for row in rows if row["document"] == one["document"]]
        (defect,) = one["defects"]
        assert defect["kind"] == "left out"
        assert f"{len(text) - len(row['text']):,} characters after the first page" in defect["message"]


@pytest.mark.parametrize(
    ("name", "torn"),
    [
        ("documents.jsonl", b'{"document": "x"'),
        ("index.jsonl", b'{"document": "x"'),
        ("documents.jsonl", b"[]\n"),
    ],
)
def test_a_torn_line_is_cut_off(texts: Path, out: Path, name: str, torn: bytes) -> None:
    """And told; all that is finished stays."""
    draw(texts, out)
    before = look(out)
    with (out / name).open("ab") as file:
        file.write(torn)
    with pytest.warns(GlyphMemoryWarning, match="ended before its end"):
        assert draw(texts, out).unchanged == 6
    assert look(out) == before


def test_rows_without_their_documents_line_are_cut_off(texts: Path, out: Path) -> None:
    """A run that was killed between the two."""
    draw(texts, out)
    before = look(out)
    lines = (out / "documents.jsonl").read_bytes().splitlines(keepends=True)
    (out / "documents.jsonl").write_bytes(b"".join(lines[:-2]))
    with pytest.warns(GlyphMemoryWarning):
        report = draw(texts, out)
    assert (report.unchanged, report.drawn) == (4, 2)
    assert look(out) == before


@pytest.mark.parametrize("damage", ["gone", "shorter", "other"])
def test_an_index_that_lost_rows_gets_them_back(texts: Path, out: Path, damage: str) -> None:
    """Whoever deleted or changed it."""
    draw(texts, out)
    before, index = look(out), out / "index.jsonl"
    if damage == "gone":
        index.unlink()
    else:
        content = index.read_bytes()
        index.write_bytes(content[: len(content) // 2] if damage == "shorter" else b"x" * len(content))
    with pytest.warns(GlyphMemoryWarning):
        draw(texts, out)
    assert look(out) == before


def test_two_runs_into_one_folder_are_refused(texts: Path, out: Path) -> None:
    """In one line; the folder is free again afterwards."""
    with hold_folder(out), pytest.raises(GlyphMemoryError, match="another run writes to"):
        draw(texts, out)
    assert draw(texts, out).drawn == 6


def test_what_a_killed_run_left_behind_is_removed(texts: Path, out: Path) -> None:
    """Its drafts are nobody's."""
    (out / ".work" / "old").mkdir(parents=True)
    (out / ".work" / "old" / "7.part").write_bytes(b"half")
    draw(texts, out)
    assert sorted(path.name for path in out.iterdir()) == [".lock", "documents.jsonl", "index.jsonl", "pages"]


def test_an_address_is_known_again_by_its_bytes(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its secrets stay out of the index."""

    def open_address(address: str, encoding: str, options: LoadOptions) -> Source:
        return open_bytes(b"It opens at nine.", encoding, name="https://museum.example/hours.txt?token=***")

    monkeypatch.setattr(bulk_reading, "open_address", open_address)
    address = "https://museum.example/hours.txt?token=secret"
    assert draw(address, out).drawn == 1
    (row,) = read_lines(out / "index.jsonl")
    assert row["document"] == "https://museum.example/hours.txt?token=***"
    assert row["document_digest"] == hashlib.sha256(b"It opens at nine.").hexdigest()
    assert row["text"] == "It opens at nine."
    assert draw(address, out).unchanged == 1


def test_odd_names_are_names(tmp_path: Path, out: Path) -> None:
    """Blanks, newlines, bytes that are no text, dots: none leaves the output folder, and JSON holds them all."""
    names = [b"a b.txt", b"two\nlines.txt", b"caf\xe9.txt", b"..x.txt", b"-rf", b"%2e%2e%2f.txt"]
    folder = tmp_path / "odd"
    folder.mkdir()
    for number, name in enumerate(names):
        (folder / os.fsdecode(name)).write_text(f"Text {number}.")
    report = draw(folder, out)
    assert report.failures == ()
    found = {Path(one["document"]).name for one in read_lines(out / "documents.jsonl")}
    assert found == {"a b.txt", "two\nlines.txt", "caf\\xe9.txt", "-rf", "%2e%2e%2f.txt"}
    assert draw(folder, out).unchanged == 5
    assert {path.name for path in tmp_path.iterdir()} == {"odd", "out"}


def test_half_a_surrogate_pair_does_not_break_the_index(tmp_path: Path, out: Path) -> None:
    """Readers of JSON refuse it; one character stands for one."""
    path = tmp_path / "half.txt"
    path.write_bytes(b"a\xed\xa0\x80b")
    draw([path], out, options=LoadOptions(encoding="utf-8"))
    (row,) = read_lines(out / "index.jsonl")
    assert row["text"] == "a\ufffdb"


def test_the_output_is_no_input(texts: Path) -> None:
    """An output folder within the folder is not looked into; nor is what is hidden."""
    (texts / ".git").mkdir()
    (texts / ".git" / "HEAD").write_text("ref")
    (texts / ".hidden.txt").write_text("hidden")
    assert draw(texts, texts / "out").total == 6
    again = draw(texts, texts / "out")
    assert (again.total, again.skipped) == (6, ())


def test_pictures_in_a_folder_are_no_failures(texts: Path, out: Path) -> None:
    """They are told as left out; one that is named itself is an error."""
    (texts / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n\0")
    report = draw(texts, out)
    assert (report.total, report.drawn, report.failures) == (6, 6, ())
    assert ["a.png' is a PNG image" in one.message for one in report.skipped] == [True]
    assert len(draw(texts / "a.png", out).failures) == 1


def test_links_to_folders_are_not_followed(texts: Path, out: Path) -> None:
    """A loop ends; each link is told, and so is an empty file."""
    (texts / "loop").symlink_to(texts, target_is_directory=True)
    (texts / "nowhere.txt").symlink_to(texts / "gone")
    (texts / "empty.txt").touch()
    report = draw(texts, out)
    assert report.total == 6
    assert [Path(one.source).name for one in report.skipped] == ["empty.txt", "loop", "nowhere.txt"]


def test_patterns_choose_files(texts: Path, out: Path) -> None:
    """By name, by path below the folder, by folder."""
    make_folder(texts / "deep" / "down", documents=2)
    assert draw(texts, out, include=["0[12].txt"]).total == 3
    assert draw(texts, out, exclude=["deep"]).total == 6
    assert draw(texts, out, include=["deep/**"], exclude=["*1.txt"]).total == 1


def test_a_folder_without_documents_is_told(tmp_path: Path, out: Path) -> None:
    """Rather than an index of nothing."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(DocumentError, match="there is no document in the folder"):
        draw(tmp_path / "empty", out)


def test_a_full_disk_stops_the_run_and_nothing_half_written_counts(
    texts: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other document could be written either; what is finished stays."""
    draw(texts, out, include=["00.txt"])
    before, write = look(out)[1:], write_atomic

    def fail(path: Path, data: bytes, **options: Any) -> None:
        if len(list((out / "pages").rglob("*.png"))) > 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(path, data, **options)

    monkeypatch.setattr(bulk_job, "write_atomic", fail)
    with pytest.raises(GlyphMemoryError, match="No space left on device"):
        draw(texts, out)
    monkeypatch.undo()
    assert [len(lines) for lines in look(out)[1:]] >= [len(lines) for lines in before]
    assert draw(texts, out).unchanged >= 1
    assert len(read_lines(out / "documents.jsonl")) == 6


def test_a_place_that_cannot_be_written_is_told(texts: Path) -> None:
    """A file where the folder should be; a folder of the system's."""
    for place in (texts / "00.txt" / "out", Path("/proc/out"), Path("nul\0")):
        with pytest.raises(GlyphMemoryError, match="cannot write"):
            draw(texts, place)


def test_parquet_needs_pyarrow(texts: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is told before anything is drawn."""
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(GlyphMemoryError, match="pip install pyarrow"):
        draw(texts, out, index="parquet")
    assert not out.exists()


def test_parquet_gets_every_row(texts: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By columns with fixed types, so that readers need not guess; a fake of pyarrow takes them."""
    written: list[dict[str, object]] = []

    class Writer:
        def __init__(self, path: str, schema: list[tuple[str, str]]) -> None:
            Path(path).write_bytes(b"PAR1")
            self.names = {name for name, _ in schema}

        def __enter__(self) -> Writer:
            return self

        def __exit__(self, *error: object) -> None: ...

        def write_table(self, rows: list[dict[str, object]]) -> None:
            assert all(row.keys() == self.names for row in rows)
            written.extend(rows)

    arrow = SimpleNamespace(
        string=lambda: "string",
        int64=lambda: "int64",
        schema=lambda columns: columns,
        Table=SimpleNamespace(from_pylist=lambda rows, schema: rows),
    )
    modules = __import__("sys").modules
    monkeypatch.setitem(modules, "pyarrow", arrow)
    monkeypatch.setitem(modules, "pyarrow.parquet", SimpleNamespace(ParquetWriter=Writer))
    draw(texts, out, index="parquet")
    assert written == read_lines(out / "index.jsonl")
    assert (out / "index.parquet").read_bytes() == b"PAR1"


def test_progress_tells_how_far_it_is(texts: Path, out: Path) -> None:
    """Before the first document and after each, up to all."""
    seen = list[tuple[int, int]]()
    draw(texts, out, progress=lambda report: seen.append((report.done, report.total)))
    assert seen == [(done, 6) for done in range(7)]


def test_every_row_has_the_same_columns_of_the_same_kind(texts: Path, out: Path) -> None:
    """Readers of data sets take the kinds from the first rows."""
    draw(texts, out)
    kinds = {
        json.dumps({key: type(value).__name__ for key, value in row.items()})
        for row in read_lines(out / "index.jsonl")
    }
    assert len(kinds) == 1

"""What the benchmark of documents builds, counts and tells."""

from __future__ import annotations

from pathlib import Path

import pytest

import documents as benchmark
from document_tables import draw_flatness, draw_formats, draw_loaders, draw_pdfs
from glyph_memory.documents import load
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile
from glyph_memory.typesetting import typeset
from lib import other_loaders
from lib.document_files import WRITERS, build_files, make_table, write_text


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small file of each format."""
    return build_files(tmp_path_factory.mktemp("files"), scale=1)


def test_a_file_of_each_format_is_built(files: dict[str, Path]) -> None:
    """Each with its own ending, and something in it."""
    assert list(files) == list(WRITERS)
    assert len({path.suffix for path in files.values()}) == len(files)
    assert all(path.stat().st_size > 5_000 for path in files.values())


@pytest.mark.parametrize(
    "kind", ["plain text", "Markdown", "reStructuredText", "HTML", "CSV", "JSON lines", "PDF"]
)
def test_files_are_the_same_each_time(kind: str, files: dict[str, Path], tmp_path: Path) -> None:
    """Two runs on two machines measure one thing."""
    suffix, write = WRITERS[kind]
    write(tmp_path / f"again{suffix}", 1)
    assert (tmp_path / f"again{suffix}").read_bytes() == files[kind].read_bytes()


def test_a_format_is_measured_by_what_it_costs(tmp_path: Path) -> None:
    """Pages and tokens are those of typesetting."""
    path = tmp_path / "a.txt"
    write_text(path, 20_000)
    row = benchmark.measure_format("plain text", path)
    glyph = ModelProfile.from_name("glyph")
    pages = typeset("".join(document.text for document in load(path)), style=PageStyle.auto(glyph))
    assert (row["pages"], row["tokens"]) == (len(pages), glyph.pages_tokens(page.size for page in pages))
    assert row["text_tokens"] == glyph.text_tokens(path.read_text())
    assert row["bytes"] == path.stat().st_size


def test_a_file_that_cannot_be_read_is_a_row_that_says_so(tmp_path: Path) -> None:
    """And no end of the run."""
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    row = benchmark.measure_format("picture", path)
    assert "a.png" in str(row["error"])
    benchmark.report_formats([row])


def test_a_loader_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that cannot read a file, too."""
    monkeypatch.setitem(other_loaders.LOADERS, "missing", ("no-such-package-of-anybody", str, (".txt",)))
    assert other_loaders.main("missing", "a.txt") == {"error": "not installed"}
    monkeypatch.setitem(
        other_loaders.LOADERS, "broken", ("pytest", lambda path: Path(path).read_text(), (".txt",))
    )
    assert str(other_loaders.main("broken", "nowhere.txt")["error"]).startswith("FileNotFoundError")


def test_tables_show_what_was_measured() -> None:
    """A row a format, a PDF, a file, a length of text."""
    row = {
        "bytes": 100_000,
        "load_s": 0.1,
        "draw_s": 0.4,
        "pages": 10,
        "tokens": 5_000,
        "text_tokens": 20_000,
    }
    figures = {
        "formats": [{"format": "CSV", **row}, {"format": "Word", "bytes": 1, "error": "no"}],
        "pdfs": [{"document": "prose", "text_tokens": 900, "reflow_tokens": 300, "auto_tokens": 300}],
        "loaders": [
            {"format": "CSV", "loader": "glyph-memory", "version": "1", "cpu_s": 0.5},
            {"format": "CSV", "loader": "other", "error": "not installed"},
            {"format": "chat", "loader": "glyph-memory", "version": "1", "cpu_s": 0.5},
        ],
        "memory": [
            {"megabytes": 1, "pages": 9, "peak_mb": 80.0},
            {"megabytes": 500, "pages": 4_500, "peak_mb": 88.0},
        ],
    }
    assert draw_formats(figures).splitlines()[2:] == ["| CSV | 100 | 10 | 1.0 | 20 | 20,000 | 5,000 | 4.00 |"]
    assert draw_pdfs(figures).splitlines()[2:] == ["| prose | 900 | 300 | - | 300 |"]
    assert draw_loaders(figures).splitlines()[2:] == ["| CSV | 500.0 ms | not installed |"]
    assert draw_flatness(figures).splitlines()[3:] == ["| 500 MB of text | 4,500 | 88 | 1.10 |"]


def test_a_table_has_a_header() -> None:
    """And so many rows below it."""
    assert make_table(2)[0] == ["order", "state", "price"]
    assert len(make_table(2)) == 3

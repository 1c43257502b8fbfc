"""The documentation's tables are what the benchmarks' results say, or somebody complains."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import figures
from figure_format import markdown, ms
from figure_tables import TABLES

_PAGE = "# Figures\n\nBefore.\n\n<!-- figures:durability -->\n<!-- /figures:durability -->\n\nAfter.\n"
_KINDS = [
    {"kind": "append one", "tried": 20, "acknowledged": 1234, "lost": 0, "survived": 20},
    {"kind": "clear", "tried": 20, "acknowledged": 100, "lost": 0, "survived": 20},
]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A folder with the figures of one benchmark."""
    folder = tmp_path / "results"
    folder.mkdir()
    _write(folder, _KINDS)
    return folder


@pytest.fixture
def page(tmp_path: Path, results: Path) -> Path:
    """A page whose table was made."""
    path = tmp_path / "figures.md"
    path.write_text(_PAGE)
    assert figures.main(["--results", str(results), str(path)]) == 0
    return path


def test_a_table_is_made_between_its_markers(page: Path) -> None:
    """With what made it below; the rest of the page stays."""
    assert page.read_text() == (
        "# Figures\n\nBefore.\n\n<!-- figures:durability -->\n\n"
        "| kind of write | tried | turns acknowledged | turns lost | survived |\n"
        "| --- | ---: | ---: | ---: | ---: |\n"
        "| append one | 20 | 1,234 | 0 | 20 |\n"
        "| clear | 20 | 100 | 0 | 20 |\n"
        "| **all** | 40 | 1,334 | 0 | 40 |\n\n"
        "*`python benchmarks/durability.py`, 2026-11-28; 2 CPU cores.*\n\n"
        "<!-- /figures:durability -->\n\nAfter.\n"
    )


def test_a_table_that_is_made_passes_and_stays(page: Path, results: Path) -> None:
    """Making it again changes nothing."""
    before = page.read_text()
    assert figures.main(["--check", "--results", str(results), str(page)]) == 0
    assert figures.main(["--results", str(results), str(page)]) == 0
    assert page.read_text() == before


def test_a_changed_digit_is_a_complaint(
    page: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, which names the page and the table; nothing is written."""
    changed = page.read_text().replace("1,234", "1,235")
    page.write_text(changed)
    assert figures.main(["--check", "--results", str(results), str(page)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "figures.md" in line
    assert "'durability'" in line
    assert page.read_text() == changed


def test_new_figures_are_a_complaint(page: Path, results: Path) -> None:
    """Whoever measures again makes the tables again."""
    _write(results, [_KINDS[0] | {"lost": 1}])
    assert figures.main(["--check", "--results", str(results), str(page)]) == 1


@pytest.mark.parametrize("options", [[], ["--check"]])
def test_missing_figures_name_the_command_that_makes_them(
    page: Path, results: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """In the complaint, and in the page until they are there."""
    (results / "durability.json").unlink()
    assert figures.main([*options, "--results", str(results), str(page)]) == 1
    assert "Run: python benchmarks/durability.py" in capsys.readouterr().err
    assert ("Not measured yet: `python benchmarks/durability.py`" in page.read_text()) == (not options)


def test_figures_of_another_shape_are_a_complaint(
    page: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And leave the table as it is."""
    before = page.read_text()
    _write(results, [{"kind": "append one"}])
    assert figures.main(["--results", str(results), str(page)]) == 1
    assert "cannot be made" in capsys.readouterr().err
    assert page.read_text() == before


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<!-- figures:nothing -->\n<!-- /figures:nothing -->\n", "there is no table 'nothing'"),
        ("<!-- figures:durability -->\n", "has no partner"),
        ("<!-- figures:durability -->\n<!-- /figures:append -->\n", "has no partner"),
    ],
)
def test_markers_that_mean_nothing_are_complaints(results: Path, text: str, complaint: str) -> None:
    """A misspelled name would leave a stale table standing."""
    filled, complaints = figures.fill_tables(text, results)
    assert filled == text
    assert any(complaint in line for line in complaints)


def test_pages_without_markers_are_left_alone(results: Path) -> None:
    """Most pages have no figures."""
    assert figures.fill_tables("# A page\n\n| a | b |\n", results) == ("# A page\n\n| a | b |\n", [])


def test_every_table_is_of_a_benchmark_that_is_there() -> None:
    """And each stands on a page of the documentation."""
    text = "".join(page.read_text() for page in figures.find_pages())
    for name, table in TABLES.items():
        assert (figures.ROOT / table.command.removeprefix("python ")).exists(), name
        assert f"<!-- figures:{name} -->" in text


def test_numbers_stand_to_the_right() -> None:
    """Words to the left; a bar in a cell does not end it."""
    assert markdown(["what", "how many", "note"], [["a|b", 1200, "x"]]) == (
        "| what | how many | note |\n| --- | ---: | --- |\n| a\\|b | 1,200 | x |"
    )


def test_times_are_told_with_their_unit() -> None:
    """Three digits are enough; what was not measured stays as it is."""
    assert [ms(value) for value in (3.62, 115.4, 6512.0, "-")] == ["3.6 ms", "115 ms", "6.5 s", "-"]


def _write(folder: Path, kinds: list[dict[str, Any]]) -> None:
    result = {"command": "python benchmarks/durability.py", "date": "2026-11-28", "machine": "2 CPU cores"}
    (folder / "durability.json").write_text(json.dumps(result | {"figures": {"kinds": kinds}}))

"""Texts of files: plain, JSON lines, Parquet, folders, patterns; what cannot be read is named, and the rest goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from glyph_memory.training import TrainingError
from glyph_memory.training.pages.sources import (
    SourceFaults,
    find_texts,
    list_left_out,
    read_strings,
    read_texts,
)


def read_all(*paths: Path, text_field: str = "text") -> tuple[str, dict[str, str]]:
    """Return the text of files, a bar where one ends, and what could not be read."""
    faults = SourceFaults()
    pieces = read_texts(paths, text_field=text_field, faults=faults)
    return "".join(piece.text + "|" * piece.ends for piece in pieces), faults.reasons


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    """Files of other kinds in it are not read; one that is named is."""
    for name in ("b.txt", "a.md", "c.log"):
        (tmp_path / name).write_text(name)
    assert find_texts([tmp_path]) == [tmp_path / "a.md", tmp_path / "b.txt"]
    assert read_all(*find_texts([tmp_path / "c.log"])) == ("c.log|", {})
    assert find_texts([str(tmp_path / "*.txt")]) == [tmp_path / "b.txt"]


@pytest.mark.parametrize("name", ["nothing.txt", "*.none", ""])
def test_a_name_of_nothing_is_refused(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also a folder without texts."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TrainingError, match="no text is at"):
        find_texts([name or tmp_path])


def test_rows_are_texts_and_broken_ones_are_named(tmp_path: Path) -> None:
    """Of five lines two have a text."""
    file = tmp_path / "rows.jsonl"
    rows = [json.dumps({"said": "one"}), "{broken", json.dumps({"text": 1}), json.dumps({"said": 2}), '"two"']
    file.write_text("\n".join(rows))
    text, faults = read_all(file, text_field="said")
    assert text == "one|two|"
    assert [name.rsplit(":", 1)[1] for name in faults] == ["2", "3", "4"]


def test_a_column_of_parquet_is_read_and_a_missing_one_named(tmp_path: Path) -> None:
    """An empty cell is named with its row."""
    import pyarrow as arrow
    from pyarrow import parquet

    file = tmp_path / "rows.parquet"
    parquet.write_table(arrow.table({"body": ["one", None, "two"]}), file)
    text, faults = read_all(file, text_field="body")
    assert text == "one|two|" and list(faults) == [f"{file}:2"]
    assert read_all(file)[0] == "" and list(read_all(file)[1]) == [str(file)]
    (tmp_path / "torn.parquet").write_bytes(file.read_bytes()[:50])
    assert list(read_all(tmp_path / "torn.parquet")[1]) == [str(tmp_path / "torn.parquet")]


def test_broken_utf8_is_told_with_its_place_and_other_files_go_on(tmp_path: Path) -> None:
    """So is a binary file."""
    for name, data in (("a.txt", b"fine" + b"\xff" * 9), ("b.txt", b"\x00" * 300), ("c.txt", b"also fine")):
        (tmp_path / name).write_bytes(data)
    text, faults = read_all(*find_texts([tmp_path]))
    assert "also fine|" in text
    assert "byte 4" in faults[str(tmp_path / "a.txt")] and "binary" in faults[str(tmp_path / "b.txt")]


def test_line_ends_are_newlines_even_where_a_piece_is_cut_between(tmp_path: Path) -> None:
    """A carriage return may be the last byte of a piece."""
    file = tmp_path / "text.txt"
    file.write_bytes(b"x" * ((1 << 16) - 1) + b"\r\ny\rz")
    text, _ = read_all(file)
    assert text.endswith("x\ny\nz|") and text.count("\n") == 2


def test_strings_are_texts_and_anything_else_is_refused() -> None:
    """Half of a character becomes the sign for a broken one, which files can hold."""
    assert [piece.text for piece in read_strings(["a\ud800"], SourceFaults())] == ["a\ufffd"]
    with pytest.raises(TrainingError, match="text 1 is 7"):
        list(read_strings(["a", 7], SourceFaults()))  # type: ignore[list-item]  # the claim


def test_files_that_are_left_out_for_their_ending_are_told(tmp_path: Path) -> None:
    """With a pattern that reads them; what is hidden, and what was made of the texts, is no loss."""
    for name in ("a.txt", "b.py", "sub/c.py", "sub/d.log", "sub/.hidden.py", "out/manifest.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("some text")
    told = list_left_out([tmp_path, tmp_path / "a.txt"], out=tmp_path / "out")
    assert list(told) == [str(tmp_path)]
    assert "3 files" in told[str(tmp_path)] and ".py (2), .log (1)" in told[str(tmp_path)]
    pattern = f"{tmp_path}/**/*.py"
    assert pattern in told[str(tmp_path)]
    assert find_texts([pattern]) == [tmp_path / "b.py", tmp_path / "sub" / "c.py"]


def test_of_a_million_broken_rows_a_thousand_are_named(tmp_path: Path) -> None:
    """The others are counted: what is told must not fill the memory."""
    file = tmp_path / "rows.jsonl"
    file.write_text('{"other": 1}\n' * 1_500)
    _, faults = read_all(file)
    assert len(faults) == 1_001 and faults["others"] == "500 more texts or rows"

"""Phrases of texts to keep out are found whatever the case and the punctuation, and named."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from glyph_memory.evaluate import make_texts
from glyph_memory.training import TrainingError
from glyph_memory.training.pages import KeepOut, read_keep_out

THIRTEEN = "one two three four five six seven eight nine ten eleven twelve thirteen"


def test_thirteen_words_in_a_row_are_found_and_twelve_are_not() -> None:
    """Case, punctuation and line ends do not matter; order does."""
    barred = KeepOut.of({"exam": f"zero {THIRTEEN} fourteen"})
    assert barred.find("And: " + THIRTEEN.upper().replace(" ", ",\n")) == "exam"
    assert barred.find(THIRTEEN.removeprefix("one ") + " more") == ""
    assert barred.find(" ".join(reversed(THIRTEEN.split()))) == ""
    assert KeepOut().find(THIRTEEN) == ""


def test_each_text_is_found_under_its_own_name() -> None:
    """Two of them, and ideographs as words."""
    barred = KeepOut.of({"a": "red green blue", "b": "eins zwei drei", "c": "漢字仮"}, words=3)
    assert [barred.find(f"x {text} y") for text in ("Red Green Blue", "eins zwei drei", "这漢字仮这")] == [
        "a",
        "b",
        "c",
    ]


def test_files_tasks_and_the_texts_of_legibility_are_kept_out(tmp_path: Path) -> None:
    """By name."""
    file = tmp_path / "exam.txt"
    file.write_text(THIRTEEN)
    barred = read_keep_out([str(file), "legibility", "not_stated"])
    assert barred.find(THIRTEEN) == str(file)
    assert barred.find(make_texts(["prose"])["prose"][:2_000]) == "legibility"
    assert "not_stated" in barred.names


def test_the_same_letters_are_found_however_unicode_writes_them() -> None:
    """An accent of its own, full-width letters."""
    barred = KeepOut.of({"exam": "Café déjà vu"}, words=3)
    assert barred.find(unicodedata.normalize("NFD", "café déjà vu")) == "exam"
    assert barred.find("\uff23afé déjà vu") == "exam"


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".parquet"])
def test_rows_are_kept_out_by_what_their_strings_say(tmp_path: Path, suffix: str) -> None:
    """Escapes of line ends and ideographs hide nothing, whichever field a text is in."""
    ideographs = "漢字仮名交じり文漢字仮名交じり文"
    rows = [
        {"asked": {"said": THIRTEEN.replace(" ", "\n")}, "n": 1},
        {"asked": {"said": ideographs}, "n": 2},
    ]
    file = tmp_path / f"exam{suffix}"
    if suffix == ".parquet":
        import pyarrow as arrow
        from pyarrow import parquet

        parquet.write_table(arrow.Table.from_pylist(rows), file)
    else:
        file.write_text(json.dumps(rows) if suffix == ".json" else "\n".join(map(json.dumps, rows)))
    barred = read_keep_out([str(file)])
    assert barred.find(THIRTEEN) == str(file) and barred.find(ideographs) == str(file)


def test_a_file_of_rows_that_is_none_is_kept_out_as_text_or_refused(tmp_path: Path) -> None:
    """A torn line still counts; torn Parquet is told."""
    torn = tmp_path / "torn.jsonl"
    torn.write_text(f'{{"said": "{THIRTEEN}')
    assert read_keep_out([str(torn)]).find(THIRTEEN) == str(torn)
    (tmp_path / "torn.parquet").write_bytes(b"PAR1torn")
    with pytest.raises(TrainingError, match=r"torn\.parquet.*to be kept out"):
        read_keep_out([str(tmp_path / "torn.parquet")])


def test_all_samples_of_a_benchmark_are_kept_out_however_long(tmp_path: Path) -> None:
    """Most of them are longer than what a short evaluation takes."""
    import zipfile

    record = {
        "input": "Who?", "context": "filler " * 30_000 + THIRTEEN, "answers": ["Ann"], "length": 30_013,
        "dataset": "qasper", "language": "en", "all_classes": None, "_id": "one",
    }  # fmt: skip
    file = tmp_path / "data.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data/qasper.jsonl", json.dumps(record) + "\n")
    assert read_keep_out([f"longbench:{file}"]).find(THIRTEEN) == f"longbench:{file}"


def test_a_text_too_short_for_a_phrase_is_refused() -> None:
    """Nothing would be kept out for it, and nobody would know."""
    with pytest.raises(TrainingError, match=r"'exam' has no 13 words in a row.*keep_out_words"):
        KeepOut.of({"whole": THIRTEEN, "exam": "six words are not enough here"})


def test_a_name_of_nothing_is_refused() -> None:
    """With what to give."""
    with pytest.raises(TrainingError, match=r"'nothing' cannot be kept out: .* Give files"):
        read_keep_out(["nothing"])
    with pytest.raises(TrainingError, match="words=0"):
        read_keep_out([], words=0)

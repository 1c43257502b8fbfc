"""A benchmark's file: however it is packed it gives the same samples; what is wrong with it is told with its line."""

from __future__ import annotations

import gzip
import json
import re
import sys
import zipfile
from pathlib import Path

import pytest

from glyph_memory.errors import DocumentError
from glyph_memory.evaluate.tasks import find_task
from tests.evaluate.tasks.benchmarks.files import longbench, longbench_v2, take_all, write_lines, write_list
from tests.evaluate.tasks.helpers import count_words

ROWS = [longbench(_id=f"a{number}", input=f"Where is mill {number}?") for number in range(7)]


def refuse(name: str) -> str:
    """Return what is said of a file that cannot be asked."""
    with pytest.raises(DocumentError) as refused:
        take_all(name)
    return str(refused.value)


def test_the_same_rows_give_the_same_samples_however_they_are_packed(tmp_path: Path) -> None:
    """As lines, as a list, gzipped, in a zip, with a byte order mark, with Windows' line ends and empty lines."""
    plain = write_lines(tmp_path / "h.jsonl", ROWS)
    data = plain.read_bytes()
    others = {
        "list": write_list(tmp_path / "list.json", ROWS),
        "packed": tmp_path / "h.jsonl.gz",
        "zip": tmp_path / "h.zip",
        "marked": tmp_path / "marked.jsonl",
        "windows": tmp_path / "windows.jsonl",
        "short": tmp_path / "short.json",
    }
    others["packed"].write_bytes(gzip.compress(data))
    with zipfile.ZipFile(others["zip"], "w") as packed:
        packed.write(plain, "data/hotpotqa.jsonl")
        packed.writestr("data/readme.txt", "not one")
    others["marked"].write_bytes(b"\xef\xbb\xbf" + data)
    others["windows"].write_bytes(b"\r\n" + data.replace(b"\n", b"\r\n\r\n"))
    others["short"].write_text(json.dumps(ROWS, separators=(",", ":")))
    expected = [(one.id, one.question, one.document) for one in take_all(f"longbench:{plain}")[1]]
    assert len(expected) == 7
    for name, path in others.items():
        taken = [(one.id, one.question, one.document) for one in take_all(f"longbench:{path}")[1]]
        assert taken == expected, name


def test_a_zip_of_many_files_is_asked_for_one_of_them(tmp_path: Path) -> None:
    """As LongBench is published; the files are listed where none is named."""
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name in ("hotpotqa", "hotpotqa_e", "qasper"):
            row = longbench(dataset=name.removesuffix("_e"), _id=name)
            packed.writestr(f"data/{name}.jsonl", json.dumps(row))
            packed.writestr(f"__MACOSX/data/._{name}.jsonl", b"\x00\x05")
    (sample,) = take_all(f"longbench:{path}#hotpotqa_e")[1]
    assert sample.id.startswith("longbench/100000/hotpotqa/hotpotqa_e/")
    assert re.search(
        r"holds 3 files: hotpotqa, hotpotqa_e, qasper; name one .*data\.zip#NAME", refuse(f"longbench:{path}")
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "'h.jsonl' is empty|h.jsonl' is empty"),
        (b" \n\n", "'h.jsonl' is empty"),
        (b"<!DOCTYPE html><html>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "pointer of Git LFS.*git lfs pull"),
        (b"_id,input\n1,2\n", "neither JSON Lines nor a JSON list: it begins with b'_id,input"),
        (b"\x1f\x8b\x08\x00broken", "cannot be unpacked"),
        (b"PK\x03\x04broken", "cannot be unpacked"),
        (json.dumps(ROWS[0]).encode()[:-20], r"^line 1 of 'h\.jsonl' is no JSON .* cut off: get it again"),
        (json.dumps(ROWS[0]).encode() + b"\n{]\n", r"^line 2 of 'h\.jsonl' is no JSON"),
        (b'{"input": "\xff"}', "^line 1 of 'h.jsonl' is not in UTF-8"),
        (json.dumps(ROWS, indent=1).encode()[:-30], r"'h\.jsonl' ends in the middle of item 7: it is cut off"),
        (json.dumps(ROWS).encode() + b"[]", "goes on behind its list"),
        (b'["a"]', r"^item 1 \(line 1\) of 'h\.jsonl' is 'a' and no JSON object"),
        (b'[\n{"a": [1, 2]},\n[3]\n]', r"item 1 \(line 2\) of 'h\.jsonl' has no field 'dataset'; its fields are 'a'"),
        (b"[]", "there is no sample in"),
        (b"[" * 20_000 + b"]" * 20_000, "is no JSON"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_in_a_sentence(tmp_path: Path, data: bytes, said: str) -> None:
    """Which says what it is, and what to do."""
    (tmp_path / "h.jsonl").write_bytes(data)
    assert re.search(said, refuse(f"longbench:{tmp_path / 'h.jsonl'}"))


@pytest.mark.parametrize("name", ["input", "context", "answers", "length", "dataset", "language", "_id"])
def test_a_file_of_another_version_is_told_by_the_field_that_it_lacks_and_by_the_line(
    tmp_path: Path, name: str
) -> None:
    """Before anything is asked."""
    broken = {field: value for field, value in ROWS[1].items() if field != name}
    path = write_lines(tmp_path / "h.jsonl", [ROWS[0], broken])
    assert refuse(f"longbench:{path}").startswith(f"line 2 of 'h.jsonl' has no field '{name}'")


def test_an_item_of_a_list_is_told_by_its_number_and_line(tmp_path: Path) -> None:
    """The line is that on which the item begins."""
    broken = longbench_v2(_id="b", choice_C=None)
    path = write_list(tmp_path / "data.json", [longbench_v2(), broken])
    assert re.match(
        r"item 2 \(line 16\) of 'data\.json': the field 'choice_C' is None and no text",
        refuse(f"longbench-v2:{path}"),
    )


def test_a_file_that_is_not_there_is_told_with_where_it_is_had(tmp_path: Path) -> None:
    """And a folder as well."""
    assert re.search(
        "No such file or directory; glyph-memory evaluate fetch", refuse(f"locomo:{tmp_path / 'no.json'}")
    )
    assert "Is a directory" in refuse(f"locomo:{tmp_path}")


def test_parquet_takes_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is not needed for anything else."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "m.parquet").write_bytes(b"PAR1 and so on")
    assert re.search(
        "is Parquet, which takes pyarrow: pip install pyarrow", refuse(f"mrcr:{tmp_path / 'm.parquet'}")
    )


def test_rows_of_parquet_are_read_where_pyarrow_is_installed(tmp_path: Path) -> None:
    """Only the columns that are needed: pictures are none of them."""
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "Retrieval.parquet"
    rows = [{"problem": "What?", "answers": ["17"], "images": [{"bytes": b"\xff"}], "_context": "It is 17."}]
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    (sample,) = take_all(f"vtcbench:{path}")[1]
    assert (sample.document, sample.answers) == ("It is 17.", ("17",))
    path.write_bytes(path.read_bytes()[:-9])
    assert re.search("cannot be (read as Parquet|unpacked)", refuse(f"vtcbench:{path}"))


def test_half_a_character_becomes_a_whole_one(tmp_path: Path) -> None:
    """JSON can spell it, and no model takes it."""
    path = tmp_path / "h.jsonl"
    path.write_text(json.dumps(longbench(context="a \ud83d b")))
    (sample,) = take_all(f"longbench:{path}")[1]
    assert sample.document == "a \ufffd b"


def test_a_sample_that_is_longer_than_asked_for_is_left_out_and_counted(tmp_path: Path) -> None:
    """Nothing is cut. Where all are, the shortest one's length is told."""
    rows = [longbench(_id=f"a{size}", context="word " * size) for size in (10, 50, 200, 300)]
    path = write_lines(tmp_path / "h.jsonl", rows)
    task, samples = take_all(f"longbench:{path}", tokens=100)
    assert sorted(len(one.document.split()) for one in samples) == [10, 50]
    assert task.left_out.startswith(
        "2 samples of 4 that were looked at in 'longbench:h.jsonl' are longer than 100 tokens"
    )
    with pytest.raises(
        DocumentError, match=r"no sample .* as short as 20 tokens; of 4 the shortest has 25, so ask for that"
    ):
        take_all(f"longbench:{path}", tokens=20)
    assert take_all(f"longbench:{path}")[0].left_out == ""


def test_a_name_that_stands_twice_is_told_and_asked_once(tmp_path: Path) -> None:
    """Its results could not be told apart."""
    path = write_lines(tmp_path / "h.jsonl", [ROWS[0], ROWS[1], ROWS[0]])
    task, samples = take_all(f"longbench:{path}")
    assert len(samples) == 2
    assert (
        "1 sample of 'longbench:h.jsonl' left out, with the name of another one, such as 'hotpotqa/a0'"
        in task.left_out
    )


def test_the_seed_tells_the_order_and_a_sample_of_other_words_has_another_id(tmp_path: Path) -> None:
    """The same file gives the same samples; a file of another version is not taken for it."""
    path = write_lines(tmp_path / "h.jsonl", ROWS)
    first, second = take_all(f"longbench:{path}")[1], take_all(f"longbench:{path}")[1]
    assert first == second
    other = take_all(f"longbench:{path}", seed=1)[1]
    assert [one.id for one in other] != [one.id for one in first]
    assert {one.id for one in other} == {one.id for one in first}
    changed = write_lines(tmp_path / "i.jsonl", [{**row, "context": "The mill is gone."} for row in ROWS])
    assert not {one.id for one in take_all(f"longbench:{changed}")[1]} & {one.id for one in first}


def test_a_subset_is_asked_alone_and_one_that_is_none_is_told_with_those_that_are(tmp_path: Path) -> None:
    """By what stands behind the #."""
    path = write_lines(tmp_path / "all#1.jsonl", [*ROWS, longbench(dataset="qasper", _id="q")])
    task, samples = take_all(f"longbench:{path}#qasper")
    assert task.name == "longbench:all#1.jsonl#qasper"
    assert [one.more["dataset"] for one in samples] == ["qasper"]
    assert len(take_all(f"longbench:{path}")[1]) == 8
    assert re.search("its subsets are hotpotqa, qasper$", refuse(f"longbench:{path}#lcc"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "longbench",
            "'longbench' names no file; write longbench:FILE, with data.zip .*huggingface.co/datasets/THUDM",
        ),
        ("longbench:", "names no file"),
        ("longbench:#hotpotqa", "names no file"),
        ("longbnch:x.jsonl", "no benchmark is named 'longbnch'; try longbench"),
        ("longbenc", "no task is named 'longbenc'; try longbench"),
    ],
)
def test_a_name_without_a_file_or_a_benchmark_is_refused(name: str, said: str) -> None:
    """With what would be right."""
    with pytest.raises(DocumentError, match=said):
        find_task(name)


def test_a_file_is_read_one_record_at_a_time(tmp_path: Path) -> None:
    """A broken line far behind the first sample is found before any is asked, and the file is not held."""
    path = write_lines(tmp_path / "h.jsonl", ROWS)
    samples = find_task(f"longbench:{path}").samples(tokens=100, seed=0, count=count_words)
    next(samples)
    path.unlink()
    assert len(list(samples)) == 6

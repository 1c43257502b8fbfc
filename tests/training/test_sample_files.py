"""Samples are had by number from Parquet, from tar shards and from memory, and are the same in each."""

from __future__ import annotations

import io
import json
import pickle
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glyph_memory.training import TrainingError, TrainingSample, open_samples
from tests.training.tiny_samples import make_sample

SAMPLES = [
    make_sample(
        number,
        pages=1 + number % 3,
        reasoning="So." * (number % 2),
        family="ocr" if number == 1 else "question",
    )
    for number in range(5)
]


def write_parquet(path: Path, samples: Sequence[TrainingSample]) -> Path:
    """Write samples as rows, two a group."""
    pq.write_table(pa.Table.from_pylist([sample.to_row() for sample in samples]), path, row_group_size=2)
    return path


def write_tar(path: Path, samples: Sequence[TrainingSample]) -> Path:
    """Write samples as WebDataset packs them."""
    with tarfile.open(path, "w") as archive:
        for number, sample in enumerate(samples):
            row = {name: value for name, value in sample.to_row().items() if name != "images"}
            files = {"json": json.dumps(row).encode()}
            files |= {f"{page}.png": image for page, image in enumerate(sample.images)}
            for name, data in files.items():
                member = tarfile.TarInfo(f"{number:06}.{name}")
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    return path


def test_samples_are_the_same_from_each_kind_of_file(tmp_path: Path) -> None:
    """In their order, with their images and all they say."""
    tables = [
        open_samples(SAMPLES),
        open_samples(write_parquet(tmp_path / "a.parquet", SAMPLES)),
        open_samples([write_tar(tmp_path / "a.tar", SAMPLES)]),
    ]
    for table in tables:
        assert [table.read(number).name for number in range(len(table))] == [one.name for one in SAMPLES]
        assert list(table.families) == [one.family for one in SAMPLES]


def test_a_folders_shards_follow_each_other(tmp_path: Path) -> None:
    """By name, whichever order the system lists them in."""
    write_parquet(tmp_path / "b.parquet", SAMPLES[3:])
    write_parquet(tmp_path / "a.parquet", SAMPLES[:3])
    table = open_samples(tmp_path)
    assert [table.read(number).name for number in (4, 0, 2, 3)] == [
        SAMPLES[number].name for number in (4, 0, 2, 3)
    ]


def test_other_samples_have_another_fingerprint(tmp_path: Path) -> None:
    """So that a run does not go on with other data."""
    assert open_samples(SAMPLES).fingerprint != open_samples(SAMPLES[:4]).fingerprint
    first = open_samples(write_parquet(tmp_path / "a.parquet", SAMPLES)).fingerprint
    assert open_samples(write_parquet(tmp_path / "a.parquet", SAMPLES[:4])).fingerprint != first


@pytest.mark.parametrize("write", [write_parquet, write_tar])
def test_files_that_are_as_long_and_say_something_else_have_another_fingerprint(
    write: Callable[[Path, Sequence[TrainingSample]], Path], tmp_path: Path
) -> None:
    """A letter of one answer is enough; the same files elsewhere are the same."""
    others = [*SAMPLES[:-1], replace(SAMPLES[-1], answer=SAMPLES[-1].answer[::-1] + "!")]
    same = [*SAMPLES[:-1], replace(SAMPLES[-1], answer=SAMPLES[-1].answer[::-1] + "?")]
    seen = list[str]()
    for number, samples in enumerate((others, same, others)):
        (tmp_path / str(number)).mkdir()
        seen.append(
            open_samples(
                write(tmp_path / str(number) / "a", samples).rename(
                    tmp_path / str(number) / f"a.{write.__name__.removeprefix('write_')}"
                )
            ).fingerprint
        )
    assert seen[0] == seen[2] != seen[1]


def test_a_table_can_be_given_to_a_worker(tmp_path: Path) -> None:
    """Which opens the file for itself."""
    table = open_samples(write_parquet(tmp_path / "a.parquet", SAMPLES))
    assert pickle.loads(pickle.dumps(table)).read(3).name == SAMPLES[3].name  # noqa: S301 - our own


def test_what_holds_no_samples_is_refused(tmp_path: Path) -> None:
    """Each with what to do."""
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "broken.tar").write_bytes(b"no tar")
    (tmp_path / "notes.txt").write_text("words")
    (tmp_path / "empty").mkdir()
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "other.parquet")
    for name, said in {
        "missing.parquet": "no file",
        "broken.parquet": "holds no samples",
        "broken.tar": "holds no samples",
        "other.parquet": "holds no samples",
        "notes.txt": "neither Parquet nor",
        "empty": "neither .parquet nor .tar",
    }.items():
        with pytest.raises(TrainingError, match=said):
            open_samples(tmp_path / name)
    for wrong, said in (([], "no samples"), ([SAMPLES[0], 3], "neither a TrainingSample nor a path")):
        with pytest.raises(TrainingError, match=said):
            open_samples(wrong)  # type: ignore[arg-type]  # that is what is tried

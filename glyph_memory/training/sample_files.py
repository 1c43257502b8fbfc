"""Samples by number: `SampleTable`, from Parquet files, WebDataset shards or whatever yields samples.

Rows are read when they are needed; what of a file is held are some groups of its rows. Knows files; knows nothing about
models.
"""

# pyarrow's functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import bisect
import hashlib
import itertools
import os
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from glyph_memory.errors import show_value
from glyph_memory.training.sample_shards import TarShard
from glyph_memory.training.samples import TrainingError, TrainingSample

Source = str | os.PathLike[str]
_GROUPS_HELD = 8


class SampleTable(ABC):
    """Samples that can be had by their number, in any order."""

    @property
    @abstractmethod
    def families(self) -> Sequence[str]:
        """The family of each sample."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """What names the samples, in hex."""

    @abstractmethod
    def read(self, number: int) -> TrainingSample:
        """Return a sample.

        Raises:
            TrainingError: Its row is broken.
        """

    def __len__(self) -> int:
        return len(self.families)


def open_samples(data: Source | Iterable[Source] | Iterable[TrainingSample] | SampleTable) -> SampleTable:
    """Return samples by their number.

    Args:
        data: A Parquet file, a WebDataset shard (`.tar`), a folder with such, several of them, or samples themselves,
            which are then held in memory.

    Raises:
        TrainingError: There are none, or something is neither.

    Example:
        >>> from glyph_memory.training import SampleMessage
        >>> ask = SampleMessage(role="user", parts=("Say yes.",))
        >>> len(open_samples([TrainingSample(family="question", prompt=(ask,), answer="Yes.")]))
        1
    """
    if isinstance(data, SampleTable):
        return data
    given = [data] if isinstance(data, str | os.PathLike) else list(data)
    samples = [one for one in given if isinstance(one, TrainingSample)]
    paths = [Path(one) for one in given if isinstance(one, str | os.PathLike)]
    if len(samples) + len(paths) < len(given):
        stray = next(one for one in given if not isinstance(one, TrainingSample | str | os.PathLike))
        raise TrainingError(f"{show_value(stray)} is neither a TrainingSample nor a path; give those")
    if samples and paths:
        raise TrainingError("samples and paths are given together; give the ones or the others")
    table = _Listed(samples) if samples else _Shards([file for path in paths for file in _find_files(path)])
    if not len(table):
        raise TrainingError("there are no samples to train on; give some, or files that hold some")
    return table


def _find_files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(one for one in path.rglob("*") if one.suffix in {".parquet", ".tar"})
        if not found:
            raise TrainingError(
                f"the folder {str(path)!r} holds neither .parquet nor .tar files; give one that does"
            )
        return found
    if not path.is_file():
        raise TrainingError(f"there is no file {str(path)!r}; correct its name")
    if path.suffix not in {".parquet", ".tar"}:
        raise TrainingError(f"{str(path)!r} is neither Parquet nor a WebDataset shard (.tar); convert it")
    return [path]


class _Listed(SampleTable):
    def __init__(self, samples: Sequence[TrainingSample]) -> None:
        self._samples = samples

    @property
    def families(self) -> Sequence[str]:
        return [sample.family for sample in self._samples]

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256("\n".join(sample.name for sample in self._samples).encode()).hexdigest()

    def read(self, number: int) -> TrainingSample:
        return self._samples[number]


class _Shards(SampleTable):
    """Files one after the other."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._shards = [TarShard(file) if file.suffix == ".tar" else _ParquetShard(file) for file in files]
        self._families = [family for shard in self._shards for family in shard.families]
        self._starts = [0, *itertools.accumulate(len(shard.families) for shard in self._shards)]
        seen = "\n".join(
            f"{file.name} {file.stat().st_size} {shard.digest}"
            for file, shard in zip(files, self._shards, strict=True)
        )
        self._fingerprint = hashlib.sha256(seen.encode()).hexdigest()

    @property
    def families(self) -> Sequence[str]:
        return self._families

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    def read(self, number: int) -> TrainingSample:
        shard = bisect.bisect_right(self._starts, number) - 1
        return self._shards[shard].read(number - self._starts[shard])


class _ParquetShard:
    """A Parquet file, of which some groups of rows are held."""

    def __init__(self, path: Path) -> None:
        try:
            from pyarrow import ArrowException, parquet  # noqa: PLC0415 - slow to load
        except ImportError as error:
            raise TrainingError(
                f"samples in Parquet need pyarrow ({error}). Try: pip install 'glyph-memory[train]'"
            ) from error

        self._path = path
        try:
            self._file = parquet.ParquetFile(path)
            told = self._file.read(columns=["family", "id"])  # a column that is not there is passed over
            self.families: list[str] = told["family"].to_pylist()
            names = told["id" if "id" in told.column_names else "family"].to_pylist()
            self.digest = hashlib.sha256("\n".join(map(str, names)).encode()).hexdigest()
            """Of what samples hold, as each tells of itself."""
            metadata = self._file.metadata
            rows = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
        except (ArrowException, OSError, KeyError) as error:
            raise TrainingError(
                f"{str(path)!r} holds no samples: {str(error)[:200]}. Make it anew"
            ) from error
        self._starts = [0, *itertools.accumulate(rows)]
        self._held: OrderedDict[int, Any] = OrderedDict()

    def read(self, number: int) -> TrainingSample:
        """Return the sample of a row."""
        group = bisect.bisect_right(self._starts, number) - 1
        if group not in self._held:
            try:
                self._held[group] = self._file.read_row_group(group)
            except Exception as error:  # whatever a broken file makes pyarrow raise
                raise TrainingError(f"{str(self._path)!r} is broken: {str(error)[:200]}") from error
            while len(self._held) > _GROUPS_HELD:
                self._held.popitem(last=False)
        self._held.move_to_end(group)
        return TrainingSample.from_row(
            self._held[group].slice(number - self._starts[group], 1).to_pylist()[0]
        )

    def __getstate__(self) -> Path:
        return self._path

    def __setstate__(self, path: Path) -> None:
        self.__init__(path)  # type: ignore[misc]  # a worker opens the file for itself

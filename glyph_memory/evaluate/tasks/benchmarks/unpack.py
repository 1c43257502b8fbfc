"""Files as they are published, opened as plain bytes: unpacked into a temporary file that goes when it is closed.

Knows gzip, zip and Parquet; knows nothing about records.
"""

from __future__ import annotations

import gzip
import json
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from glyph_memory.errors import DocumentError

_LARGEST = 1 << 35
"""Bytes that a packed file may come to, 32 GiB: more than any of these benchmarks, and less than a trap makes."""
_CHUNK = 1 << 20


@contextmanager
def open_unpacked(path: Path, *, member: str = "", columns: tuple[str, ...] = ()) -> Iterator[IO[bytes]]:
    """Open a file's bytes, unpacked where it is packed.

    Args:
        path: The file.
        member: Of a zip, which file in it, by its name without the ending.
        columns: Of Parquet, what is read; all where it is empty.

    Raises:
        DocumentError: There is no such file, or it cannot be unpacked.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise DocumentError(
            f"{str(path)!r} cannot be opened: {error.strerror or error}; glyph-memory evaluate fetch says where it is "
            "had"
        ) from error
    with file:
        first = file.read(4)
        file.seek(0)
        if first[:2] not in (b"\x1f\x8b", b"PK") and first != b"PAR1":
            yield file
            return
        with tempfile.TemporaryFile() as whole:
            try:
                if first == b"PAR1":
                    _write_rows(path, whole, columns)
                elif first[:2] == b"PK":
                    _unzip(path, member, whole)
                else:
                    with gzip.open(file) as packed:
                        _copy(packed, whole, path)
            except (
                OSError,
                EOFError,
                zipfile.BadZipFile,
                zlib.error,
                NotImplementedError,
                RuntimeError,
            ) as error:
                raise DocumentError(f"{str(path)!r} cannot be unpacked ({error}); get it again") from error
            whole.flush()
            yield whole


def list_members(path: Path) -> tuple[str, ...]:
    """Return the files of a zip that may hold records, by their names without endings; none for other files."""
    if not zipfile.is_zipfile(path):
        return ()
    with zipfile.ZipFile(path) as packed:
        return tuple(PurePosixPath(name).stem for name in _list_names(packed))


def _list_names(packed: zipfile.ZipFile) -> list[str]:
    return [
        name
        for name in packed.namelist()
        if name.endswith((".json", ".jsonl")) and not PurePosixPath(name).name.startswith("._")
    ]


def _unzip(path: Path, member: str, whole: IO[bytes]) -> None:
    with zipfile.ZipFile(path) as packed:
        names = _list_names(packed)
        chosen = [name for name in names if PurePosixPath(name).stem == member] or names
        if len(chosen) != 1:
            held = (
                ", ".join(sorted(PurePosixPath(name).stem for name in names)[:40])
                or "none that ends in .json or .jsonl"
            )
            raise DocumentError(
                f"{str(path)!r} holds {len(names)} files: {held}; name one behind its path, as in {path.name}#NAME"
            )
        with packed.open(chosen[0]) as inside:
            _copy(inside, whole, path)


def _copy(packed: IO[bytes] | gzip.GzipFile, whole: IO[bytes], path: Path) -> None:
    left = _LARGEST
    while chunk := packed.read(_CHUNK):
        left -= len(chunk)
        if left < 0:
            raise DocumentError(f"{str(path)!r} unpacks to more than {_LARGEST >> 30} GiB; give it unpacked")
        whole.write(chunk)


def _write_rows(path: Path, whole: IO[bytes], columns: tuple[str, ...]) -> None:
    """Write Parquet's rows as JSON Lines."""
    try:
        from pyarrow import ArrowException, parquet  # noqa: PLC0415  needed for this format alone
    except ImportError as error:
        raise DocumentError(
            f"{str(path)!r} is Parquet, which takes pyarrow: pip install pyarrow; or give it as JSON Lines"
        ) from error
    try:
        table: Any = parquet.ParquetFile(path)
        held = [name for name in table.schema_arrow.names if not columns or name in columns]
        for batch in table.iter_batches(batch_size=16, columns=held):
            for row in batch.to_pylist():
                whole.write(
                    json.dumps(row, ensure_ascii=False, default=str).encode("utf-8", "replace") + b"\n"
                )
    except ArrowException as error:
        raise DocumentError(f"{str(path)!r} cannot be read as Parquet ({error}); get it again") from error

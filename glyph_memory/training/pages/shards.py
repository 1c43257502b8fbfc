"""Write samples into a shard, and read them back: Parquet with images inside, or a tar as WebDataset has it.

Knows rows and bytes; knows nothing about how samples are made. The same samples give the same bytes for the same
versions of the libraries.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Literal, get_args

from glyph_memory.errors import show_value
from glyph_memory.training.samples import TrainingError, TrainingSample

ShardFormat = Literal["parquet", "webdataset"]
"""How shards are written."""
_GROUP = 64
"""Samples that are written, and read, at a time."""
SUFFIXES: dict[ShardFormat, str] = {"parquet": ".parquet", "webdataset": ".tar"}


def check_format(shard_format: str) -> None:
    """Raise an error for a format that there is none of, or that needs a library which is not there.

    Raises:
        TrainingError: It is so.
    """
    if shard_format not in get_args(ShardFormat):
        raise TrainingError(
            f"no format {show_value(shard_format)}; there are {', '.join(get_args(ShardFormat))}"
        )
    if shard_format == "parquet":
        try:
            import pyarrow.parquet  # noqa: F401, PLC0415 - of the extra, and slow
        except ImportError as error:
            raise TrainingError(
                "Parquet needs pyarrow; install it: pip install 'glyph-memory[train]', or take the format webdataset"
            ) from error


def encode_shard(samples: Iterable[tuple[int, TrainingSample]], shard_format: ShardFormat) -> io.BytesIO:
    """Return a shard as a file, at its beginning.

    Args:
        samples: What is in it, each with its number, by which a tar names its files; taken a few at a time.
        shard_format: How it is written.
    """
    return _encode_parquet(samples) if shard_format == "parquet" else _encode_tar(samples)


def read_samples(folder: str | Path) -> Iterator[TrainingSample]:
    """Yield the samples of a folder of shards, in order.

    Raises:
        TrainingError: There is no shard, or one cannot be read.
    """
    paths = sorted(path for suffix in SUFFIXES.values() for path in Path(folder).glob(f"*{suffix}"))
    if not paths:
        raise TrainingError(
            f"no shards are in {str(folder)!r}; make some: glyph-memory train pages --out FOLDER"
        )
    for path in paths:
        try:
            yield from map(TrainingSample.from_row, _read_rows(path))
        except (OSError, tarfile.TarError, ValueError, KeyError) as error:
            raise TrainingError(
                f"cannot read the shard {str(path)!r}: {error!s:.200}; remove it, and run the command that made it "
                "again"
            ) from error


def _read_rows(path: Path) -> Iterator[dict[str, Any]]:
    if path.suffix == SUFFIXES["parquet"]:
        from pyarrow import parquet  # noqa: PLC0415 - of the extra, and slow

        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=32):
                yield from batch.to_pylist()
        return
    with tarfile.open(path) as archive:
        row: dict[str, Any] = {}
        for member in archive:
            stream = archive.extractfile(member)
            data = stream.read() if stream else b""
            if member.name.endswith(".json"):
                if row:
                    yield row
                row = {**json.loads(data), "images": []}
            else:
                row["images"].append({"bytes": data, "path": None})
        if row:
            yield row


_TEXT = {"dtype": "string", "_type": "Value"}
_MESSAGES = {
    "feature": {
        "role": _TEXT,
        "content": {"feature": {"type": _TEXT, "text": _TEXT}, "_type": "List"},
    },
    "_type": "List",
}
_FEATURES = {
    "id": _TEXT, "family": _TEXT, "images": {"feature": {"_type": "Image"}, "_type": "List"}, "prompt": _MESSAGES,
    "completion": _MESSAGES, "answer": _TEXT, "reasoning": _TEXT, "details": _TEXT,
}  # fmt: skip
"""Of the columns, as `datasets` writes them: it then gives images as pictures, with no cast."""


def _encode_parquet(samples: Iterable[tuple[int, TrainingSample]]) -> io.BytesIO:
    import pyarrow as arrow  # noqa: PLC0415 - of the extra, and slow
    from pyarrow import parquet  # noqa: PLC0415 - as above

    text = arrow.string()
    part = arrow.struct([("type", text), ("text", text)])
    messages = arrow.list_(arrow.struct([("role", text), ("content", arrow.list_(part))]))
    image = arrow.struct([("bytes", arrow.binary()), ("path", text)])
    schema = arrow.schema(
        [
            ("id", text), ("family", text), ("images", arrow.list_(image)), ("prompt", messages),
            ("completion", messages), ("answer", text), ("reasoning", text), ("details", text),
        ],
        metadata={"huggingface": json.dumps({"info": {"features": _FEATURES}})},
    )  # fmt: skip
    stream, waiting = io.BytesIO(), iter(samples)
    # Pages are compressed already. What is read at a time is one group of rows.
    with parquet.ParquetWriter(
        stream, schema, compression="snappy", use_dictionary=["family"], write_statistics=["id", "family"]
    ) as writer:
        while rows := [sample.to_row() for _, sample in islice(waiting, _GROUP)]:
            writer.write_table(arrow.Table.from_pylist(rows, schema))
    stream.seek(0)
    return stream


def _encode_tar(samples: Iterable[tuple[int, TrainingSample]]) -> io.BytesIO:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for number, sample in samples:
            row = sample.to_row()
            images = row.pop("images")
            _add(archive, f"{number:09}.json", json.dumps(row, ensure_ascii=False).encode())
            for place, image in enumerate(images):
                _add(archive, f"{number:09}.{place}.png", image["bytes"])
    stream.seek(0)
    return stream


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)  # of no time and no owner: the same samples give the same bytes
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))

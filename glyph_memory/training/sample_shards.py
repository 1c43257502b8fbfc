"""A shard as WebDataset packs it: `TarShard`. A sample's files follow each other, and share their name up to the dot.

`KEY.json` is the row without its images; `KEY.0.png`, `KEY.1.png`, … are those. Knows tar files; knows nothing about
models.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

from glyph_memory.training.samples import TrainingError, TrainingSample


class TarShard:
    """A tar file whose members are found by where they begin; it is opened for each read.

    Raises:
        TrainingError: It holds no samples.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._samples: dict[str, dict[str, tuple[int, int]]] = {}
        self.families: list[str] = []
        try:
            with tarfile.open(path) as archive:
                for member in archive:
                    key, _, name = member.name.partition(".")
                    if member.isfile():
                        self._samples.setdefault(key, {})[name] = (member.offset_data, member.size)
        except (tarfile.TarError, OSError, EOFError) as error:
            raise TrainingError(
                f"{str(path)!r} holds no samples: {str(error)[:200]}. Make it anew"
            ) from error
        self._keys = [key for key, files in self._samples.items() if "json" in files]
        digest = hashlib.sha256()
        for key in self._keys:
            row = self._read_row(key)
            self.families.append(str(row.get("family")))
            digest.update(json.dumps(row, sort_keys=True).encode())
        self.digest = digest.hexdigest()
        """Of what samples hold, as each tells of itself."""

    def read(self, number: int) -> TrainingSample:
        """Return a sample."""
        key = self._keys[number]
        files = self._samples[key]
        images = sorted((name for name in files if name != "json"), key=lambda name: int(name.split(".")[0]))
        row = self._read_row(key)
        row["images"] = [{"bytes": self._read(*files[name])} for name in images]
        return TrainingSample.from_row(row)

    def _read_row(self, key: str) -> dict[str, Any]:
        try:
            row = json.loads(self._read(*self._samples[key]["json"]))
        except ValueError as error:
            raise TrainingError(f"{key}.json in {str(self._path)!r} is broken; make it anew") from error
        if not isinstance(row, dict):
            raise TrainingError(f"{key}.json in {str(self._path)!r} is no row of a sample; make it anew")
        return row

    def _read(self, start: int, size: int) -> bytes:
        with self._path.open("rb") as stream:
            stream.seek(start)
            return stream.read(size)

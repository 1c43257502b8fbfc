"""The manifest of a folder of page data: with which settings it was begun, and which shards are finished.

`manifest.json` holds the settings, and the sums once all is done; `finished.jsonl` has a line for each finished shard.
Knows files and JSON; knows nothing about samples.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glyph_memory.errors import show_value
from glyph_memory.files import read_file, write_atomic
from glyph_memory.training.samples import TrainingError

FONTS, PHRASES, MADE_UP_BY = "fonts", "keep_out_phrases", "made_up_by"
"""Settings that nobody gives: digests of fonts and of phrases to keep out, and whose library texts are made up of."""
_NOT_GIVEN = {
    FONTS: "other fonts or drawing libraries than this machine has now",
    PHRASES: "other texts to keep out, under the same names",
    MADE_UP_BY: "another version of Python, of whose library texts are made up",
}
MANIFEST, FINISHED = "manifest.json", "finished.jsonl"
FORMAT = 1
_BYTES_AT_MOST = 1 << 30


@dataclass(frozen=True, kw_only=True, slots=True)
class FinishedShard:
    """A shard that is written."""

    number: int
    """Which, from 0."""
    file: str
    """Its name in the folder."""
    texts: str
    """A digest of the texts that it was made of."""
    samples: int
    """How many samples it has."""
    pages: int
    """How many pages."""
    characters: int
    """How many characters of texts."""
    bytes: int
    """Its size."""
    again: int = 0
    """1 where it was begun before, by a process that was killed or stopped."""
    families: Mapping[str, int] = field(default_factory=dict)
    """How many samples of each family."""
    themes: Mapping[str, int] = field(default_factory=dict)
    """How many samples in styles of each theme."""
    told: Mapping[str, int] = field(default_factory=dict)
    """How often something else was taken than planned, and why."""


class Manifest:
    """A folder's settings and finished shards; opening it refuses other settings."""

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        """Read the folder's manifest, or begin one.

        Raises:
            TrainingError: The folder was begun with other settings, or cannot be read or written.
        """
        self.folder, self._settings = folder, json.loads(json.dumps(settings))
        self.finished: dict[int, FinishedShard] = {}
        """Finished shards by number."""
        if (folder / MANIFEST).exists():
            self._compare(_read_json(folder / MANIFEST))
            self._read_finished()
        else:
            stray = [path.name for path in folder.glob("*") if not path.name.startswith(".")]
            if stray:
                raise TrainingError(
                    f"{str(folder)!r} holds {show_value(stray[0])} and no {MANIFEST}; give an empty folder, or that of "
                    "a run that goes on"
                )
            self._write({})

    def finish_shard(self, shard: FinishedShard) -> None:
        """Note that a shard is written."""
        self.finished[shard.number] = shard
        line = {name: getattr(shard, name) for name in FinishedShard.__dataclass_fields__}
        try:
            with (self.folder / FINISHED).open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise make_write_error(self.folder / FINISHED, error) from error

    def finish(self, more: Mapping[str, Any]) -> dict[str, Any]:
        """Write the sums of all shards, and what else is to be told; return them."""
        sums = {**self.sum_up(), **more}
        self._write(sums)
        return sums

    def sum_up(self) -> dict[str, Any]:
        """Return the sums over all finished shards."""
        shards = [self.finished[number] for number in sorted(self.finished)]
        sums: dict[str, Any] = {"shards": len(shards)}
        for name in ("samples", "pages", "characters", "bytes", "again"):
            sums[name] = sum(getattr(shard, name) for shard in shards)
        for name in ("families", "themes", "told"):
            counts = Counter[str]()
            for shard in shards:
                counts.update(getattr(shard, name))
            sums[name] = dict(counts.most_common())
        return sums

    def _write(self, sums: Mapping[str, Any]) -> None:
        content = {"format": FORMAT, "settings": self._settings, **({"made": sums} if sums else {})}
        try:
            write_atomic(
                self.folder / MANIFEST, json.dumps(content, indent=2, ensure_ascii=False).encode(), sync=True
            )
        except OSError as error:
            raise make_write_error(self.folder / MANIFEST, error) from error

    def _compare(self, content: object) -> None:
        begun = content.get("settings") if isinstance(content, dict) else None
        if not isinstance(begun, dict) or not isinstance(content, dict) or content.get("format") != FORMAT:
            raise TrainingError(
                f"{str(self.folder / MANIFEST)!r} is no manifest of this version; give an empty folder"
            )
        for name in sorted({*begun, *self._settings}, key=lambda one: (one in _NOT_GIVEN, one)):
            before, now = begun.get(name), self._settings.get(name)
            if before != now and name in _NOT_GIVEN:
                raise TrainingError(
                    f"{str(self.folder)!r} was begun with {_NOT_GIVEN[name]}, and its samples would not be the "
                    "same; go on with what it was begun with, or give an empty folder"
                )
            if before != now:
                raise TrainingError(
                    f"{str(self.folder)!r} was begun with {name} {show_value(before)}, and now it is "
                    f"{show_value(now)}; give the same settings to go on, or an empty folder"
                )

    def _read_finished(self) -> None:
        path = self.folder / FINISHED
        lines = read_file(path, at_most=_BYTES_AT_MOST).split(b"\n") if path.exists() else []
        for line in lines:
            try:
                shard = FinishedShard(**json.loads(line))
            except (ValueError, TypeError):  # half a line, of a process that was killed
                continue
            if _is_whole(self.folder / shard.file, shard.bytes):
                self.finished[shard.number] = shard
        if lines and lines[-1]:  # what is added must not follow half a line
            write_atomic(path, b"\n".join(lines) + b"\n")


def _is_whole(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def make_write_error(path: Path, error: OSError) -> TrainingError:
    """Return the error for a place that cannot be written to."""
    return TrainingError(
        f"cannot write {str(path)!r}: {error.strerror or error}; make room, and run the same command again: finished "
        "shards stay, and are not made again"
    )


def _read_json(path: Path) -> object:
    try:
        return json.loads(read_file(path, at_most=_BYTES_AT_MOST))
    except (OSError, ValueError) as error:
        raise TrainingError(f"cannot read {str(path)!r}: {error!s:.200}; give an empty folder") from error

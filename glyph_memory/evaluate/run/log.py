"""The folder of a run: its settings, and a line for each result, which counts once it is whole.

Knows files and lines; knows nothing about readers or tasks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from glyph_memory.documents.bulk.lock import make_write_error
from glyph_memory.errors import GlyphMemoryError, show_value, warn
from glyph_memory.evaluate.run.result import Key, Result
from glyph_memory.files import write_atomic

SETTINGS = "run.json"
RESULTS = "results.jsonl"
_FORMAT = 1
_WHO = frozenset({"reader", "profile", "text counter"})
"""Settings that differ between two models."""
_LONGEST_SETTINGS = 1 << 20


class ResultLog:
    """The results of one folder, old and new; whoever opens it to write holds the folder.

    Args:
        folder: Where they lie.
        settings: What all results of the folder have in common.

    Raises:
        GlyphMemoryError: The folder has results of other settings, which are named; or cannot be read or written.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.folder, self.results = folder, dict[Key, Result]()
        """The latest result of each key."""
        path = folder / SETTINGS
        try:
            if path.exists():
                _compare(read_settings(folder), settings, folder)
            else:
                if (folder / RESULTS).exists():
                    raise GlyphMemoryError(
                        f"{str(folder)!r} has results and no {SETTINGS} that says what they are of; give another folder"
                    )
                write_atomic(path, json.dumps({"format": _FORMAT, **settings}, indent=1).encode(), sync=True)
            self._file: BinaryIO = (folder / RESULTS).open("ab+", buffering=0)
            self._load()
        except OSError as error:
            raise make_write_error(folder, error) from error

    def _load(self) -> None:
        """Read what is there, and cut off a line that was begun and not ended."""
        self._file.seek(0)
        kept = 0
        for result, end in _read_lines(self._file, self.folder):
            self.results[result.key] = result
            kept = end
        if self._file.seek(0, 2) > kept:
            warn(
                f"a run into {str(self.folder)!r} was ended before its end; what it had not finished is done again"
            )
            self._file.truncate(kept)

    def has(self, key: Key) -> bool:
        """Return whether something is done, and is not done again."""
        found = self.results.get(key)
        return found is not None and found.is_done

    def add(self, result: Result) -> None:
        """Write a result at once; when this returns, a killed process has lost nothing of it.

        Raises:
            GlyphMemoryError: The disk takes no more.
        """
        line = json.dumps(result.to_json(), ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        try:
            while line:  # a disk that fills up takes a part of it first
                line = line[self._file.write(line) :]
        except OSError as error:
            raise make_write_error(self.folder / RESULTS, error) from error
        self.results[result.key] = result

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def read_settings(folder: Path) -> dict[str, Any]:
    """Return the settings of a run's folder.

    Raises:
        GlyphMemoryError: There is no run in it, or one of another version.
    """
    path = folder / SETTINGS
    try:
        data = path.read_bytes()
        told = json.loads(data) if len(data) <= _LONGEST_SETTINGS else None
    except (OSError, ValueError, RecursionError) as error:
        why = getattr(error, "strerror", None) or error
        raise GlyphMemoryError(
            f"there is no run in {str(folder)!r}: {SETTINGS} cannot be read ({why}); give the folder of one"
        ) from error
    if not isinstance(told, dict) or told.get("format") != _FORMAT:
        raise GlyphMemoryError(
            f"{str(path)!r} is of another version of glyph-memory; read it with that one, or give another folder"
        )
    return told


def read_results(folder: str | Path) -> tuple[Result, ...]:
    """Return the results of a run's folder, also while the run goes on.

    Raises:
        GlyphMemoryError: There is no run in it, or a line is none of a result.
    """
    place = Path(folder)
    read_settings(place)
    found = dict[Key, Result]()
    try:
        if (place / RESULTS).exists():
            with (place / RESULTS).open("rb") as file:
                for result, _ in _read_lines(file, place):
                    found[result.key] = result
    except OSError as error:
        raise GlyphMemoryError(
            f"{str(place / RESULTS)!r} cannot be read: {error.strerror}; give another folder"
        ) from error
    return tuple(found.values())


def warn_of_other_settings(first: str, second: str) -> None:
    """Warn where two runs differ in more than whose answers they hold: then that is compared as well.

    Args:
        first: The folder of one.
        second: That of the other.

    Raises:
        GlyphMemoryError: There is no run in one of them.
    """
    one, other = read_settings(Path(first)), read_settings(Path(second))
    for name in sorted((one.keys() | other.keys()) - _WHO):
        if one.get(name) != other.get(name):
            warn(
                f"{first!r} has {name} = {show_value(one.get(name))} and {second!r} {show_value(other.get(name))}: "
                "that is compared as well; ask both in the same way"
            )


def _read_lines(file: BinaryIO, folder: Path) -> Iterator[tuple[Result, int]]:
    """Yield results, and where each one's line ends; a last line without an end is left alone."""
    end = 0
    for number, line in enumerate(file, 1):
        if not line.endswith(b"\n"):
            return
        end += len(line)
        try:
            told = json.loads(line)
            if not isinstance(told, dict):
                raise ValueError("it is no object")
            yield Result.from_json(told), end
        except (ValueError, RecursionError) as error:
            raise GlyphMemoryError(
                f"line {number} of {str(folder / RESULTS)!r} is no result: {error}; take it out, or give "
                "another folder"
            ) from error


def _compare(before: Mapping[str, Any], now: Mapping[str, Any], folder: Path) -> None:
    """Raise an error that names the first setting in which a folder differs."""
    for name, value in now.items():
        if before.get(name) != value:
            raise GlyphMemoryError(
                f"{str(folder)!r} holds a run with {name} = {show_value(before.get(name))}, and this one has "
                f"{show_value(value)}; give another folder, or the same {name}"
            )

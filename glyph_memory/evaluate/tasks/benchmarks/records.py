"""The records of a benchmark's file: where each one lies, and one of them read at a time, however large the file is.

Reads JSON Lines and JSON lists, as they are, gzipped or in a zip; Parquet where `pyarrow` is installed. Knows files and
JSON; knows nothing about what a record means.
"""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from glyph_memory.errors import DocumentError, show_value
from glyph_memory.evaluate.tasks.benchmarks.fields import Record
from glyph_memory.evaluate.tasks.benchmarks.unpack import open_unpacked

_BLANK = b" \t\r\n"
_CHUNK = 1 << 24
_MARKS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]', re.DOTALL)
"""Strings as a whole, and brackets outside of them: what it takes to see where an item of a list ends."""
_OTHERS: dict[bytes, str] = {
    b"version https://git-lfs": "is a pointer of Git LFS and not the file itself; fetch it with git lfs pull",
    b"<": "is a web page or XML and no data; save the file that the page is about",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Where a record lies."""

    number: int
    """Its place in the file, from 1."""
    start: int
    """Its first byte."""
    stop: int
    """The byte behind it."""


class Records:
    """The records of a file that is open."""

    def __init__(self, data: mmap.mmap, name: str) -> None:
        self._data, self._name = data, name
        self._start = 3 if data[:3] == b"\xef\xbb\xbf" else 0
        while data[self._start : self._start + 1] in (b" ", b"\t", b"\r", b"\n"):
            self._start += 1
        if self._start == len(data):
            raise DocumentError(f"{name!r} is empty; get it again")
        first = data[self._start : self._start + 40]
        for beginning, what in _OTHERS.items():
            if first.startswith(beginning):
                raise DocumentError(f"{name!r} {what}")
        if first[:1] not in (b"[", b"{"):
            raise DocumentError(
                f"{name!r} holds neither JSON Lines nor a JSON list: it begins with {show_value(first[:16])}; give the "
                "file as it is published"
            )
        self.is_list = first[:1] == b"["
        """Whether it is one JSON list; else it has a record on each line."""

    def list_spans(self) -> Iterator[Span]:
        """Yield where each record lies, in order.

        Raises:
            DocumentError: The file ends in the middle of a list.
        """
        return self._list_items() if self.is_list else self._list_lines()

    def read(self, span: Span) -> Record:
        """Return a record.

        Raises:
            DocumentError: It is no JSON object.
        """
        try:
            values = json.loads(self._data[span.start : span.stop].decode("utf-8"))
        except UnicodeDecodeError as error:
            raise DocumentError(
                f"{self._describe(span)} is not in UTF-8; give the file as it is published"
            ) from error
        except (ValueError, RecursionError) as error:
            raise DocumentError(
                f"{self._describe(span)} is no JSON ({error}); the file may be cut off: get it again"
            ) from error
        if not isinstance(values, dict):
            raise DocumentError(
                f"{self._describe(span)} is {show_value(values, at_most=40)} and no JSON object; give the file as it "
                "is published"
            )
        return Record(values, lambda: self._describe(span))

    def _describe(self, span: Span) -> str:
        """Return where a record stands; of a list, only whoever needs it counts the lines before it."""
        if not self.is_list:
            return f"line {span.number} of {self._name!r}"
        line = 1 + sum(
            self._data[start : min(start + _CHUNK, span.start)].count(b"\n")
            for start in range(0, span.start, _CHUNK)
        )
        return f"item {span.number} (line {line}) of {self._name!r}"

    def _list_lines(self) -> Iterator[Span]:
        start, number = self._start, self._data[: self._start].count(b"\n")
        while start < len(self._data):
            end = self._data.find(b"\n", start)
            stop = len(self._data) if end < 0 else end
            number += 1
            if self._data[start:stop].strip(_BLANK):
                yield Span(number=number, start=start, stop=stop)
            start = stop + 1

    def _list_items(self) -> Iterator[Span]:
        depth, number, start, opened = 0, 0, self._start + 1, False
        for mark in _MARKS.finditer(self._data, self._start):
            what = mark[0][:1]
            if what in (b"[", b"{"):
                depth += 1
                if depth == 2:
                    start, opened = mark.start(), True
            elif what in (b"]", b"}"):
                depth -= 1
                if depth == 1 and opened:
                    number, opened = number + 1, False
                    yield Span(number=number, start=start, stop=mark.end())
                if depth == 0:
                    self._check_end(mark.end())
                    return
            elif depth == 1:
                number += 1
                yield Span(number=number, start=mark.start(), stop=mark.end())
        raise DocumentError(
            f"{self._name!r} ends in the middle of item {number + 1}: it is cut off; get it again"
        )

    def _check_end(self, end: int) -> None:
        """Raise an error for what stands behind a list: two lists in a file are no published format."""
        if self._data[end:].strip(_BLANK):
            raise DocumentError(f"{self._name!r} goes on behind its list; give the file as it is published")


@contextmanager
def open_records(path: Path, *, member: str = "", columns: tuple[str, ...] = ()) -> Iterator[Records]:
    """Open a file's records.

    Args:
        path: The file.
        member: Of a zip, which file in it, by its name without the ending; the only one where it is empty.
        columns: Of Parquet, what is read; all where it is empty.

    Raises:
        DocumentError: There is no such file, it is empty, or holds no records.
    """
    with open_unpacked(path, member=member, columns=columns) as file, map_records(file, path) as records:
        yield records


@contextmanager
def map_records(file: IO[bytes], path: Path) -> Iterator[Records]:
    """Open the records of a file that is open.

    Args:
        file: It has to be one of the system's.
        path: What to call it.

    Raises:
        DocumentError: It is empty, or holds no records.
    """
    try:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError as error:  # nothing can be mapped of an empty file
        raise DocumentError(f"{str(path)!r} is empty; get it again") from error
    except OSError as error:
        raise DocumentError(f"{str(path)!r} cannot be read: {error.strerror or error}") from error
    try:
        yield Records(data, path.name)
    finally:
        # An error's traceback may still hold what looks at the bytes; they go with the last that does.
        with suppress(BufferError):
            data.close()

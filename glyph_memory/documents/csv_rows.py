"""The rows of CSV: text in pieces becomes cells, in memory that does not grow with the file.

The standard library's `csv` does the work, on whole lines of about a piece at a time. A quote that is never closed
would swallow the rest of the file: it is read as the character that it is. Knows the dialects of CSV; knows nothing
about documents.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import islice
from typing import Protocol

from glyph_memory.errors import DocumentError

DELIMITERS = (",", ";", "\t", "|")
"""What may part cells, the likeliest first."""
_LONGEST_LINE = 8_000_000
"""Characters of a line, and of a cell of several lines."""
_MOST_COLUMNS = 100_000
_MOST_QUOTES = 20
"""Quotes that are never closed; beyond, no quote of the file means anything."""
_END = "\0end of the lines\0"
"""Fed after the last line: where it becomes a row of its own, no quote is open."""
_SAMPLE_LINES = 100
_SEPARATOR = re.compile(r"sep=([,;\t|])\r?\n", re.IGNORECASE)

Rows = tuple[list[list[str]], int]
"""Rows, and how many lines of the file they are."""


def find_delimiter(sample: str, *, likely: str = ",") -> str:
    r"""Return what parts the cells of CSV: what cuts most of its rows into equally many.

    Args:
        sample: The beginning of the text.
        likely: What to take where nothing tells.

    Example:
        >>> find_delimiter("a;b\n1,5;2\n")
        ';'
    """
    if told := _SEPARATOR.match(sample):
        return told[1]
    lines = [line for line in _split(sample)[:_SAMPLE_LINES] if line.strip()]
    best, delimiter = 0.0, likely
    for candidate in sorted(DELIMITERS, key=lambda one: one != likely):
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=candidate)]
        except csv.Error:  # a cell longer than a sample: the next candidate may do
            continue
        usual = max({*widths}, key=lambda width: (widths.count(width), width), default=1)
        score = widths.count(usual) / max(len(widths), 1) if usual > 1 else 0.0
        if not _minds_quotes(lines, candidate):
            score /= 4
        if score > best:
            best, delimiter = score, candidate
    return delimiter


class _Reader(Protocol):
    """What `csv.reader` returns; its type has no public name in Python 3.11."""

    @property
    def line_num(self) -> int: ...
    def __iter__(self) -> Iterator[list[str]]: ...


class RowReader:
    """Turns text into rows."""

    def __init__(self, *, shown: str, tell: Callable[[str], None], delimiter: str | None = None) -> None:
        """Begin.

        Args:
            shown: The file's name for messages, quoted.
            tell: Gets a sentence for each thing that was damaged.
            delimiter: What parts cells where that cannot be seen; a comma unless given.
        """
        self._shown, self._tell, self._likely = shown, tell, delimiter or ","
        self._delimiter, self._skips_spaces, self._minds_quotes = ",", False, True
        self.line = 1
        """The line of the file that the next rows begin at."""
        self._broken = 0

    def read(self, pieces: Iterable[str]) -> Iterator[Rows]:
        """Yield rows in batches, each of about a piece.

        Args:
            pieces: The text, of any line ends.

        Raises:
            DocumentError: A line is endless, or has more columns than any table.
        """
        most = max(csv.field_size_limit(), 2 * _LONGEST_LINE)
        csv.field_size_limit(most)  # one number for the whole process
        held, wanted, is_first = "", 0, True
        for piece in _normalize(pieces):
            held += piece
            if is_first:
                held, is_first = self._start(held), False
            end = held.rfind("\n") + 1
            if not end or len(held) < wanted:
                if len(held) - end > _LONGEST_LINE:
                    raise self._make_error(f"has more than {_LONGEST_LINE:,} characters")
                continue
            whole, rest = held[:end], held[end:]
            left = yield from self._parse(whole, is_end=False)
            held = left + rest
            wanted = 2 * len(
                held
            )  # reading an open cell again at each piece would take the square of its length
        while held:
            held = yield from self._parse(held if held.endswith("\n") else f"{held}\n", is_end=True)

    def _start(self, sample: str) -> str:
        self._delimiter = find_delimiter(sample, likely=self._likely)
        spaced, close = f'{self._delimiter} "', f'{self._delimiter}"'
        self._skips_spaces = spaced in sample and close not in sample  # 1, "a, b"
        told = _SEPARATOR.match(sample)
        self.line += bool(told)
        return sample[told.end() :] if told else sample

    def _parse(self, text: str, *, is_end: bool) -> Generator[Rows, None, str]:
        """Yield the rows of whole lines; return the lines of a row that they do not end."""
        lines = text.count("\n")
        rows = self._read_rows(text)
        if rows and rows[-1] == [_END]:
            rows.pop()
            self._check(rows)
            yield rows, lines
            self.line += lines
            return ""
        rows, closed = self._read_closed(text)
        self._check(rows)
        yield rows, closed
        self.line += closed
        left = "".join(islice(io.StringIO(text, newline="\n"), closed, None))
        if is_end or len(left) > _LONGEST_LINE:
            left = yield from self._read_literally(left)
        return left

    def _read_rows(self, text: str) -> list[list[str]]:
        lines = io.StringIO(f"{text}{_END}", newline="\n")
        return [*self._open(lines)]

    def _read_closed(self, text: str) -> tuple[list[list[str]], int]:
        """Return the rows that are whole, and how many lines they are."""
        reader = self._open(io.StringIO(f"{text}{_END}", newline="\n"))
        rows, closed, before = list[list[str]](), 0, 0
        for row in reader:
            rows.append(row)
            closed, before = before, reader.line_num
        return rows[:-1], closed

    def _open(self, lines: Iterable[str]) -> _Reader:
        return csv.reader(
            lines,
            delimiter=self._delimiter,
            skipinitialspace=self._skips_spaces,
            quoting=csv.QUOTE_MINIMAL if self._minds_quotes else csv.QUOTE_NONE,
        )

    def _read_literally(self, text: str) -> Generator[Rows, None, str]:
        """Yield the row of the first line, in which a quote is no more than that; return the other lines."""
        self._broken += 1
        self._tell(f"the quote that line {self.line} opens is never closed; it is read as a character")
        if self._broken >= _MOST_QUOTES:
            self._tell(f"from line {self.line} on quotes are read as characters: too many are never closed")
            self._minds_quotes = False
            return text
        first, end, rest = text.partition("\n")
        self._minds_quotes = False
        rows = self._read_rows(f"{first}{end}")[:-1]
        self._minds_quotes = True
        self._check(rows)
        yield rows, 1
        self.line += 1
        return rest

    def _check(self, rows: Sequence[Sequence[str]]) -> None:
        if (widest := max(map(len, rows), default=0)) > _MOST_COLUMNS:
            raise self._make_error(f"begins rows of up to {widest:,} columns, more than any table has")

    def _make_error(self, problem: str) -> DocumentError:
        return DocumentError(
            f"line {self.line} of {self._shown} {problem}; is it CSV? structure=False reads it as plain text"
        )


def _minds_quotes(lines: Sequence[str], delimiter: str) -> bool:
    """Return whether each cell that begins with a quote ends with one, if this parts cells."""
    try:
        deque(csv.reader(lines, delimiter=delimiter, strict=True), maxlen=0)
    except csv.Error as error:
        return "unexpected end" in str(error)  # of the sample
    return True


def _split(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _normalize(pieces: Iterable[str]) -> Iterator[str]:
    r"""Yield pieces whose lines end with `\n` alone, whatever they ended with."""
    held = ""
    for piece in pieces:
        text = held + piece
        held = "\r" if text.endswith("\r") else ""
        yield text[: len(text) - len(held)].replace("\r\n", "\n").replace("\r", "\n")
    yield held.replace("\r", "\n")

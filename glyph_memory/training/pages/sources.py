"""Read the texts that pages are made of, a piece at a time: files, folders, patterns, rows of JSON lines and Parquet.

Knows files; knows nothing about samples. What cannot be read is named, and the rest goes on.
"""

from __future__ import annotations

import codecs
import glob
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from glyph_memory.documents import find_sources
from glyph_memory.errors import GlyphMemoryError, show_value
from glyph_memory.files import is_file, is_folder
from glyph_memory.training.samples import TrainingError

SUFFIXES = (".txt", ".md", ".jsonl", ".parquet")
"""What is read of folders; a file that is named is read whatever it ends with, as plain text unless by these."""
_PIECE = 1 << 16
_NAMED_AT_MOST, _OTHERS = 1_000, "others"
_BREAKS = re.compile("\r\n?|[\f\v\x85\u2028\u2029]")
_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A piece of a text; the pieces of one text follow each other."""

    source: str
    """Where the text is from: a file, with the number of its row where it has rows."""
    text: str = field(repr=False)
    """The piece."""
    ends: bool = False
    """Whether the text ends with it."""


@dataclass(slots=True)
class SourceFaults:
    """What could not be read, and why; filled while texts are read."""

    reasons: dict[str, str] = field(default_factory=dict)
    """By file, or by file and row; the first thousand, and how many more."""
    more: int = 0
    """How many more there were."""

    def tell(self, source: str, reason: object) -> None:
        """Note that a source, or the rest of one, cannot be read."""
        if source in self.reasons:
            return
        if len(self.reasons) < _NAMED_AT_MOST:
            self.reasons[source] = str(reason)[:300]
        else:
            self.more += 1
            self.reasons[_OTHERS] = f"{self.more:,} more texts or rows"


def find_texts(sources: Sequence[str | Path], *, out: Path | None = None) -> list[Path]:
    """Return the files that sources name, in an order that is the same on every machine.

    Args:
        sources: Files, folders, and patterns such as `texts/**/*.md`; a pattern counts where no file has that name.
        out: The folder that is written to: what is in it was made of texts, and is none.

    Raises:
        TrainingError: One names nothing.
    """
    found = list[Path]()
    for source in sources:
        if is_file(source):
            found.append(Path(source))
            continue
        is_pattern = any(sign in str(source) for sign in "*?[")
        try:
            inside = sorted(glob.glob(str(source), recursive=True)) if is_pattern else [str(source)]  # noqa: PTH207 - absolute ones too
            patterns = [f"*{suffix}" for suffix in SUFFIXES]
            listed = find_sources(inside, include=patterns, out=out).paths if inside else ()
        except GlyphMemoryError:
            listed = ()
        paths = [Path(path) for path in listed if is_file(path) and not _is_below(Path(path), out)]
        if not paths:
            raise TrainingError(
                f"no text is at {show_value(str(source))}; give files, folders with {', '.join(SUFFIXES)}, or patterns"
            )
        found += paths
    return list(dict.fromkeys(found))


def _is_below(path: Path, folder: Path | None) -> bool:
    return folder is not None and Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def list_left_out(sources: Sequence[str | Path], *, out: Path | None = None) -> dict[str, str]:
    """Return which files of folders are not read for how their names end, by folder; `out` is as in `find_texts`.

    Example:
        >>> list_left_out(["README.md"])
        {}
    """
    left_out = dict[str, str]()
    for folder in map(str, filter(is_folder, sources)):
        endings = Counter[str]()
        for above, inside, names in os.walk(folder):
            inside[:] = [
                name for name in inside if not name.startswith(".") and not _is_below(Path(above, name), out)
            ]
            endings.update(_find_ending(Path(above, name)) for name in names if not name.startswith("."))
        counts = [(ending, count) for ending, count in endings.most_common() if ending not in SUFFIXES]
        if counts:
            told = ", ".join(f"{ending} ({count:,})" for ending, count in counts[:5])
            left_out[folder] = (
                f"{sum(count for _, count in counts):,} files are left out for their ending: {told}; to read them as "
                f"plain text give a pattern, such as '{folder}/**/*{counts[0][0]}'"
            )
    return left_out


def _find_ending(path: Path) -> str:
    return path.suffix.lower() or path.name


def read_texts(texts: Sequence[str | Path], *, text_field: str, faults: SourceFaults) -> Iterator[TextPiece]:
    """Yield the texts of files piece by piece, in order.

    Args:
        texts: Files, as `find_texts` returns them.
        text_field: Under which name rows of JSON lines and Parquet have their text.
        faults: Where is noted what cannot be read.
    """
    readers = {".jsonl": _read_json_lines, ".parquet": _read_parquet}
    for path in texts:
        try:
            reader = readers.get(Path(path).suffix.lower())
            yield from (
                _read_plain(Path(path), faults) if reader is None else reader(Path(path), text_field, faults)
            )
        except OSError as error:
            faults.tell(str(path), error.strerror or error)


def read_strings(texts: Iterable[str], faults: SourceFaults) -> Iterator[TextPiece]:
    """Yield texts of a program, one after the other.

    Raises:
        TrainingError: One is no string.
    """
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise TrainingError(f"text {number} is {show_value(text)}; give strings")
        yield from _cut_pieces(f"text {number}", text)


def clean_text(text: str) -> str:
    r"""Return a text with line ends as `\n`, and halves of characters, which no file takes, as U+FFFD.

    Example:
        >>> clean_text("one\r\ntwo\x0cthree")
        'one\ntwo\nthree'
    """
    return _HALF.sub("\ufffd", _BREAKS.sub("\n", text))


def _cut_pieces(source: str, text: str) -> Iterator[TextPiece]:
    """Yield a text that may be as long as a book: whoever takes some of it must not copy the rest each time."""
    clean = clean_text(text)
    for start in range(0, max(len(clean), 1), _PIECE):
        stop = start + _PIECE
        yield TextPiece(source, clean[start:stop], ends=stop >= len(clean))


def _read_plain(path: Path, faults: SourceFaults) -> Iterator[TextPiece]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    held, offset = "", 0
    with path.open("rb") as stream:
        while True:
            piece = stream.read(_PIECE)
            try:
                text = held + decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                faults.tell(
                    str(path),
                    f"no UTF-8 from about byte {offset + error.start:,}; nothing is read from there",
                )
                break
            if "\0" in text:
                faults.tell(str(path), f"binary from about byte {offset:,}; nothing is read from there")
                break
            if not piece:
                break
            held = "\r" if text.endswith("\r") else ""  # a newline may follow
            offset += len(piece)
            yield TextPiece(str(path), clean_text(text[:-1] if held else text))
    yield TextPiece(str(path), "", ends=True)


def _read_json_lines(path: Path, text_field: str, faults: SourceFaults) -> Iterator[TextPiece]:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            name = f"{path}:{number}"
            try:
                row = json.loads(line)
                text = row[text_field] if isinstance(row, dict) else row
            except (ValueError, KeyError, RecursionError) as error:
                faults.tell(name, f"no field {error}" if isinstance(error, KeyError) else f"no JSON: {error}")
                continue
            if not isinstance(text, str):
                faults.tell(name, f"{text_field!r} is no text")
                continue
            yield from _cut_pieces(name, text)


def _read_parquet(path: Path, text_field: str, faults: SourceFaults) -> Iterator[TextPiece]:
    try:
        import pyarrow as arrow  # noqa: PLC0415 - of the extra, and slow
        from pyarrow import parquet  # noqa: PLC0415 - as above
    except ImportError as error:
        raise TrainingError(
            f"{str(path)!r} needs pyarrow; install it: pip install 'glyph-memory[train]'"
        ) from error
    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=64, columns=[text_field]):
                for text in batch.column(0).to_pylist() if batch.num_columns else ():
                    number += 1
                    if isinstance(text, str):
                        yield from _cut_pieces(f"{path}:{number}", text)
                    else:
                        faults.tell(f"{path}:{number}", f"{text_field!r} is no text")
        if not number:
            faults.tell(str(path), f"no rows with a column {text_field!r}")
    except (arrow.ArrowException, KeyError) as error:
        faults.tell(str(path), error)

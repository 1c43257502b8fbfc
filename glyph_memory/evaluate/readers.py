"""The readers that pages are measured with: the nano reader, and Tesseract as a second opinion."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from PIL import Image

from glyph_memory.errors import BadReading, ReaderError
from glyph_memory.page import Box
from glyph_memory.transcription import ReadLine, Transcription

_COLUMNS = {"level", "block_num", "par_num", "line_num", "left", "top", "width", "height", "conf", "text"}
_WORD_LEVEL = "5"
_TIMEOUT_S = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Tesseract:
    """Reads pictures with Tesseract: `Tesseract()(page.image)`.

    Raises:
        ReaderError: The program is not installed, or fails.
    """

    languages: str = "eng"
    """Names of its models, joined by `+`, as `eng+chi_sim`."""
    scale: int = 3
    """Times that pages are magnified: an `x` of five pixels becomes one of fifteen. Four times is no better."""
    program: str = "tesseract"
    """Its name or path."""

    def __post_init__(self) -> None:
        """Raise an error at once where the program is missing, not at the first page."""
        if shutil.which(self.program) is None:
            raise ReaderError(
                f"there is no program {self.program!r} here; install it (Debian and Ubuntu: apt install tesseract-ocr)"
            )

    def __call__(self, image: Image.Image) -> Transcription:
        """Read one picture."""
        grey = image.convert("L")
        large = grey.resize((grey.width * self.scale, grey.height * self.scale), Image.Resampling.BICUBIC)
        png = io.BytesIO()
        large.save(png, "PNG", compress_level=1)
        return parse_tsv(self._run(png.getvalue()), size=image.size, scale=self.scale)

    def _run(self, png: bytes) -> str:
        command = [self.program, "stdin", "stdout", "-l", self.languages]
        # Columns and boxes are not looked for: one block of lines is what a page is.
        command += ["--psm", "6", "--dpi", str(72 * self.scale), "tsv"]
        try:
            done = subprocess.run(  # noqa: S603  no shell, and nothing of it was typed by a stranger
                command, input=png, capture_output=True, timeout=_TIMEOUT_S, check=False,
                env={**os.environ, "OMP_THREAD_LIMIT": "1"},  # more threads make it slower, by its own manual
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise ReaderError(
                f"{self.program!r} did not finish a page in {_TIMEOUT_S:.0f} s; try a smaller page"
            ) from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            why = said[-1] if said else f"exit status {done.returncode}"
            raise ReaderError(
                f"{self.program!r} could not read with languages={self.languages!r}: {why}; see "
                f"{self.program} --list-langs"
            )
        return done.stdout.decode(errors="replace")


def parse_tsv(tsv: str, *, size: tuple[int, int], scale: int = 1) -> Transcription:
    """Return the transcription that Tesseract printed.

    Confidences are a word's; within a word, characters are taken to be of equal width.

    Args:
        tsv: Its output, a row for each block, paragraph, line and word.
        size: Width and height in pixels of the picture before it was magnified.
        scale: How much it was magnified.

    Raises:
        BadReading: That is not what Tesseract prints.
    """
    rows = csv.DictReader(io.StringIO(tsv), delimiter="\t", quoting=csv.QUOTE_NONE)
    if not set(rows.fieldnames or ()) >= _COLUMNS:
        raise BadReading(f"tesseract printed no table of words but {tsv[:60]!r}; is it version 4 or newer?")
    words = (row for row in rows if row["level"] == _WORD_LEVEL and (row["text"] or "").strip())
    lines = groupby(words, key=lambda row: (row["block_num"], row["par_num"], row["line_num"]))
    return Transcription(size=size, lines=tuple(_line(list(line), scale) for _, line in lines))


def _line(words: Sequence[Mapping[str, str]], scale: int) -> ReadLine:
    text, confidence, left = "", list[float](), list[float]()
    boxes = list[Box]()
    for word in words:
        sure = max(float(word["conf"]), 0.0) / 100
        box = _box(word, scale)
        if text:
            text += " "
            confidence.append(min(confidence[-1], sure))
            left.append(boxes[-1][2])
        text += word["text"]
        confidence += [sure] * len(word["text"])
        left += _left_edges(box, len(word["text"]))
        boxes.append(box)
    return ReadLine(
        text=text,
        box=(
            min(box[0] for box in boxes),
            min(box[1] for box in boxes),
            max(box[2] for box in boxes),
            max(box[3] for box in boxes),
        ),
        confidence=np.array(confidence, np.float32),
        left=np.array(left, np.float32),
    )


def _left_edges(box: Box, characters: int) -> Iterator[float]:
    return (box[0] + (box[2] - box[0]) * index / characters for index in range(characters))


def _box(word: Mapping[str, str], scale: int) -> Box:
    left, top, width, height = (int(word[name]) for name in ("left", "top", "width", "height"))
    return left // scale, top // scale, -(-(left + width) // scale), -(-(top + height) // scale)


PageReader = Callable[[Image.Image], Transcription]
"""What can be measured: anything that makes a transcription of a picture, which is all that it is given."""

READERS = ("nano", "tesseract")
"""Names that `find_reader` knows."""


def find_reader(name: str) -> PageReader:
    """Return a reader, by its name.

    Args:
        name: `nano`, the embedded one, or `tesseract`, where that program is installed.

    Raises:
        ReaderError: There is no such reader, or its program is missing.
    """
    if name == "nano":
        # Imported here: its weights are read then.
        from glyph_memory.nano.transcribe import transcribe  # noqa: PLC0415

        return transcribe
    if name == "tesseract":
        return Tesseract()
    raise ReaderError(f"no reader named {name!r} can be measured; there are {', '.join(READERS)}")

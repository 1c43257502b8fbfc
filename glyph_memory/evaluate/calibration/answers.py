"""The `AnswerBook`: every answer of a calibration as a line of JSON, so that one that was stopped goes on.

Knows lines and files; knows nothing about pages or readers.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TextIO

from glyph_memory.documents.bulk.lock import hold_folder, make_write_error
from glyph_memory.errors import GlyphMemoryError, show_value
from glyph_memory.evaluate.calibration.ladder import Rung
from glyph_memory.evaluate.calibration.search import Phase
from glyph_memory.evaluate.field_types import check_field_types
from glyph_memory.evaluate.tasks import Outcome
from glyph_memory.files import read_file, write_atomic

_SETTINGS, _ANSWERS = "settings.json", "answers.jsonl"
_BYTES_AT_MOST = 1 << 28


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a reader answered to one question."""

    kind: str
    """Of which text; of a prompt whose time is measured, "text" or "page"."""
    rung: str
    """In which style: `Rung.key`."""
    phase: Phase
    """What it was asked for."""
    number: int
    """Which question it was, from 0."""
    outcome: Outcome
    """What the answer is worth."""
    right: str = ""
    """What is right; empty where the pages do not tell."""
    said: str = ""
    """What was said."""
    is_cut_off: bool = False
    """Whether the answer ended because its tokens were used up."""
    model: str | None = None
    """The model's name, as the server gave it."""
    prompt_tokens: int | None = None
    """As the server counted them."""
    cached_tokens: int | None = None
    """How many of those it had already."""
    seconds: float | None = None
    """Until the first token where it was streamed, else until the whole answer."""

    @property
    def key(self) -> tuple[str, str, Phase, int]:
        """What tells it from all others."""
        return self.kind, self.rung, self.phase, self.number


class AnswerBook:
    """The answers of a calibration. Without a folder they are kept in memory alone.

    Args:
        answers: Those that are there already.
        file: Where new ones are written, a line each.
        refused: Kinds and rungs of which no request could be sent.
    """

    def __init__(
        self,
        answers: Iterable[Answer] = (),
        *,
        file: TextIO | None = None,
        refused: Iterable[tuple[str, str]] = (),
    ) -> None:
        self._answers = {answer.key: answer for answer in answers}
        self._refused, self._file = set(refused), file
        self._models = {answer.model for answer in self._answers.values()} - {None}
        self.known = len(self._answers)
        """How many were there when it was opened."""

    @classmethod
    @contextmanager
    def open(cls, folder: Path | None, settings: Mapping[str, object]) -> Iterator[AnswerBook]:
        """Open the book of a folder, and hold that against other runs.

        A last line that was cut off, by a kill or a full disk, is taken for nothing.

        Args:
            folder: Where it is kept; None for nowhere.
            settings: What the answers depend on.

        Raises:
            GlyphMemoryError: Another run holds it, it is of other settings, or cannot be read or written.
        """
        if folder is None:
            yield cls()
            return
        with hold_folder(folder, (_SETTINGS, _ANSWERS)):
            path = folder / _ANSWERS
            try:
                _keep_settings(folder / _SETTINGS, json.loads(json.dumps(settings)))
                lines = _read_whole_lines(path)
                file = path.open("a", encoding="utf-8")
            except OSError as error:
                raise make_write_error(path, error) from error
            with file:
                yield _read_lines(lines, file, path)

    def __len__(self) -> int:
        return len(self._answers)

    @property
    def _place(self) -> str:
        return "the book" if self._file is None else repr(str(Path(self._file.name).parent))

    def find(self, key: tuple[str, str, Phase, int]) -> Answer | None:
        """Return an answer, if it is there."""
        return self._answers.get(key)

    def add(self, answer: Answer) -> None:
        """Keep an answer. Not for several threads at once.

        Raises:
            GlyphMemoryError: The answers that were there are of another model, or the disk takes no more.
        """
        if self._models and answer.model and answer.model not in self._models:
            raise GlyphMemoryError(
                f"{self._place} holds answers of the model {show_value(min(map(str, self._models)))}, and "
                f"{show_value(answer.model)} answers now; give another folder, or serve that model again"
            )
        self._answers[answer.key] = answer
        self._write(asdict(answer))

    def refuse(self, kind: str, rung: str) -> None:
        """Keep that no request could be sent of a kind in a style."""
        self._refused.add((kind, rung))
        self._write({"refused": [kind, rung]})

    def is_refused(self, kind: str, rung: str) -> bool:
        """Return whether no request could be sent."""
        return (kind, rung) in self._refused

    def select(
        self, *, kind: str | None = None, rung: str | None = None, phase: Phase | None = None
    ) -> list[Answer]:
        """Return answers in a fixed order, whichever came first."""
        return [
            self._answers[key]
            for key in sorted(self._answers)
            if kind in {None, key[0]} and rung in {None, key[1]} and phase in {None, key[2]}
        ]

    def count_models(self) -> Counter[str]:
        """Return the names of the models that answered."""
        return Counter(answer.model for answer in self._answers.values() if answer.model)

    def _write(self, value: Mapping[str, object]) -> None:
        if self._file is None:
            return
        try:
            self._file.write(json.dumps(value) + "\n")  # ASCII: a model may say half a letter
            self._file.flush()
        except OSError as error:
            raise make_write_error(Path(self._file.name), error) from error


def _keep_settings(path: Path, settings: dict[str, object]) -> None:
    if not path.exists():
        if (path.parent / _ANSWERS).exists():
            raise GlyphMemoryError(
                f"{str(path.parent)!r} has answers and no {_SETTINGS} that says what they are of; remove the folder, "
                "or give another"
            )
        write_atomic(path, json.dumps(settings, indent=2, ensure_ascii=False).encode())
        return
    try:
        kept = json.loads(read_file(path, at_most=1 << 20))
    except ValueError as error:
        raise GlyphMemoryError(
            f"{str(path)!r} holds no settings; remove the folder, or give another"
        ) from error
    known = kept if isinstance(kept, dict) else {}
    for name, value in settings.items():
        if known.get(name) != value:
            raise GlyphMemoryError(
                f"the answers in {str(path.parent)!r} are of {name}={show_value(known.get(name))}, not of "
                f"{show_value(value)}; give another folder, or the same settings"
            )


def _read_whole_lines(path: Path) -> list[bytes]:
    """Return the lines of a file; one at its end that is not whole is taken out of it."""
    told = read_file(path, at_most=_BYTES_AT_MOST) if path.exists() else b""
    whole = told[: told.rfind(b"\n") + 1]
    if len(whole) < len(told):
        write_atomic(path, whole)
    return whole.split(b"\n")[:-1]


def _read_lines(lines: Iterable[bytes], file: TextIO, path: Path) -> AnswerBook:
    answers, refused = list[Answer](), list[tuple[str, str]]()
    for place, line in enumerate(lines, 1):
        try:
            value = json.loads(line)
            if "refused" in value:
                kind, rung = map(str, value["refused"])
                refused.append((kind, rung))
            else:
                answers.append(_parse(value))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            told = line.decode("utf-8", "replace")
            raise GlyphMemoryError(
                f"line {place} of {str(path)!r} holds no answer: {told:.80}; remove the line, or the folder"
            ) from error
    return AnswerBook(answers, file=file, refused=refused)


def _parse(value: dict[str, object]) -> Answer:
    names = {one.name for one in fields(Answer)}
    answer = Answer(**{name: one for name, one in value.items() if name in names})  # type: ignore[arg-type] # checked below
    check_field_types(answer)
    Rung.from_key(answer.rung)
    return answer

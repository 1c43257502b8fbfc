"""The file of a search: a line for each answer, reply and candidate, which counts once it is whole.

A search that goes on is run again from its beginning, and finds here what was answered before: so it comes to the same
candidates as one that was never stopped, and asks nothing twice. Knows lines; knows nothing about searching.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

from glyph_memory.documents.bulk.lock import make_write_error
from glyph_memory.errors import show_value, warn
from glyph_memory.training.samples import TrainingError
from glyph_memory.training.style_search.candidate import Candidate
from glyph_memory.training.style_search.exam import ExamAnswer

SEARCH = "search.jsonl"
"""The file's name in the folder of a search."""
_FORMAT = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What a language model said when it was asked for styles."""

    prompt: str
    """A digest of what it was asked."""
    text: str = ""
    """Its words."""
    error: str = ""
    """Why it said nothing; empty where it did."""


class SearchLog:
    """What a folder knows of a search; whoever opens it holds the folder.

    Args:
        folder: Where the file lies.
        settings: What all answers depend on besides styles.

    Raises:
        TrainingError: The file is of other settings, which are named, or a line is none of a search.
        GlyphMemoryError: It cannot be read or written.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self._path, self._lock = folder / SEARCH, Lock()
        self.answers = dict[tuple[str, int], ExamAnswer]()
        """By a style's digest, with a mark before it where the question is a fresh one, and a question's number."""
        self.replies = list[Reply]()
        """In order."""
        self.candidates = dict[int, Candidate]()
        """By their numbers."""
        self._settings = json.loads(json.dumps(dict(settings)))
        try:
            self._file: BinaryIO = self._path.open("ab+", buffering=0)
        except OSError as error:
            raise make_write_error(self._path, error) from error
        try:
            self._load()
        except OSError as error:
            self.close()
            raise make_write_error(self._path, error) from error
        except TrainingError:
            self.close()
            raise

    def _load(self) -> None:
        self._file.seek(0)
        kept, is_begun = 0, False
        for number, line, end in _read_lines(self._file):
            told = _parse(self._path, number, line)
            if not is_begun:
                self._compare(told, number)
                is_begun = True
            else:
                self._take(told, number)
            kept = end
        if self._file.seek(0, 2) > kept:
            warn(
                f"a search into {str(self._path.parent)!r} was ended within a line; what it lacks is done again"
            )
            self._file.truncate(kept)
        if not is_begun:
            self._add({"kind": "settings", "format": _FORMAT, "settings": self._settings})

    def _compare(self, told: Mapping[str, Any], number: int) -> None:
        if told.get("kind") != "settings" or told.get("format") != _FORMAT:
            raise TrainingError(
                f"line {number} of {str(self._path)!r} does not begin a search of this version; give another folder"
            )
        before = told.get("settings")
        for name, value in self._settings.items():
            known = before.get(name) if isinstance(before, dict) else None
            if known != value:
                raise TrainingError(
                    f"{str(self._path.parent)!r} holds a search with {name} = {show_value(known)}, and this one has "
                    f"{show_value(value)}; give another folder, or the same {name}"
                )

    def _take(self, told: Mapping[str, Any], number: int) -> None:
        try:
            match told["kind"]:
                case "answer":
                    answer = ExamAnswer(
                        score=float(told["score"]), fault=str(told["fault"]), error=str(told["error"])
                    )
                    self.answers[str(told["style"]), int(told["question"])] = answer
                case "reply":
                    self.replies.append(
                        Reply(prompt=str(told["prompt"]), text=str(told["text"]), error=str(told["error"]))
                    )
                case "candidate":
                    candidate = Candidate.from_json(told)
                    self.candidates[candidate.number] = candidate
                case other:
                    raise ValueError(f"no line is a {show_value(other)}")
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise self._make_error(number, error) from error

    def _make_error(self, number: int, error: Exception) -> TrainingError:
        return TrainingError(
            f"line {number} of {str(self._path)!r} is none of a search: {error!s:.200}; take it out, or give another "
            "folder"
        )

    def add_answer(self, style: str, question: int, answer: ExamAnswer) -> None:
        """Keep an answer; when this returns, neither a killed process nor a power cut loses it.

        Raises:
            GlyphMemoryError: The disk takes no more.
        """
        self.answers[style, question] = answer
        self._add(
            {
                "kind": "answer",
                "style": style,
                "question": question,
                "score": answer.score,
                "fault": answer.fault,
                "error": answer.error,
            }
        )

    def add_reply(self, reply: Reply) -> None:
        """Keep what a language model said."""
        self.replies.append(reply)
        self._add({"kind": "reply", "prompt": reply.prompt, "text": reply.text, "error": reply.error})

    def add_candidate(self, candidate: Candidate) -> None:
        """Keep a candidate with its score; one that is there already is compared.

        Raises:
            TrainingError: The file has another one of that number: it was made by another version.
        """
        known = self.candidates.get(candidate.number)
        if known is None:
            self.candidates[candidate.number] = candidate
            self._add({"kind": "candidate", **candidate.to_json()})
        elif known.to_json() != candidate.to_json():
            raise TrainingError(
                f"candidate {candidate.number} of {str(self._path)!r} was made otherwise than it would be now, by "
                "another version or by hand; give another folder"
            )

    def _add(self, told: Mapping[str, Any]) -> None:
        line = json.dumps(told, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        with self._lock:
            try:
                while line:  # a disk that fills up takes a part of it first
                    line = line[self._file.write(line) :]
                os.fsync(self._file.fileno())
            except OSError as error:
                raise make_write_error(self._path, error) from error

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _read_lines(file: BinaryIO) -> Iterator[tuple[int, bytes, int]]:
    end = 0
    for number, line in enumerate(file, 1):
        if not line.endswith(b"\n"):
            return
        end += len(line)
        yield number, line, end


def _parse(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        told = json.loads(line)
        if not isinstance(told, dict):
            raise ValueError("it is no object")
        return told
    except (ValueError, RecursionError) as error:
        raise TrainingError(
            f"line {number} of {str(path)!r} is none of a search: {error!s:.200}; take it out, or give another folder"
        ) from error


def read_candidates(folder: str | Path) -> tuple[Candidate, ...]:
    """Return the candidates of a search's folder, also while the search goes on.

    Raises:
        TrainingError: There is no search in it, or a line is none of one.
    """
    path = Path(folder) / SEARCH
    found = dict[int, Candidate]()
    try:
        with path.open("rb") as file:
            for number, line, _ in _read_lines(file):
                told = _parse(path, number, line)
                if told.get("kind") == "candidate":
                    try:
                        candidate = Candidate.from_json(told)
                    except (KeyError, TypeError, ValueError, OverflowError) as error:
                        raise TrainingError(
                            f"line {number} of {str(path)!r} is no candidate: {error!s:.200}; take it out"
                        ) from error
                    found[candidate.number] = candidate
    except OSError as error:
        raise TrainingError(
            f"there is no search in {str(folder)!r}: {error.strerror or error}; give the folder of one"
        ) from error
    return tuple(found[number] for number in sorted(found))

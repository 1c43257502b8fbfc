"""The texts that the benchmarks typeset: five English ones and a Chinese one, made here, nothing downloaded.

Everything random comes from `Dice`, whose throws are the same on every Python. `random words` and `chinese`
are the same characters everywhere; the others quote the help texts and the sources of the running Python,
which differ a little from version to version: compare figures of one version, or look at `Text.digest` first.
"""

from __future__ import annotations

import bisect
import colorsys
import functools
import hashlib
import heapq
import inspect
import itertools
import json
import re
import shlex
import textwrap
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from pydoc_data import topics
from typing import Literal

import glyph_memory
from lib.chinese import chinese
from lib.dice import WORDS, Dice, fill

FONTS = {
    "en": Path(glyph_memory.__file__).parent / "fonts" / "GlyphMemorySans.ttf",
    "zh": Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
}
"""What each language is set in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A text to typeset."""

    name: str
    """Short, as it stands in tables."""
    language: Literal["en", "zh"]
    """Which font it needs."""
    text: str
    """The characters."""

    @property
    def font_path(self) -> Path:
        """The font it is set in, on every side: our own DejaVu Sans; for Chinese WenQuanYi Micro Hei.

        Raises:
            SystemExit: The font is not there.
        """
        path = FONTS[self.language]
        if not path.exists():
            raise SystemExit(f"no font at {str(path)!r} for {self.name!r}. Is fonts-wqy-microhei installed?")
        return path

    @property
    def digest(self) -> str:
        """The first 12 hex digits of the SHA-256 of the text: equal digests, equal texts."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]


@functools.cache
def texts() -> tuple[Text, ...]:
    """Return all texts, the English ones first; always the same ones within one version of Python."""
    english = {
        "prose": prose(),
        "random words": random_words(),
        "mixed documents": mixed_documents(),
        "needle haystack": needle_haystack(),
        "agent log": agent_log(),
    }
    made = [Text(name=name, language="en", text=text) for name, text in english.items()]
    return (*made, Text(name="chinese", language="zh", text=chinese()))


def choose_texts(names: str | None) -> list[Text]:
    """Return the texts with these names, separated by commas; all of them for None.

    Raises:
        SystemExit: There is no such text.
    """
    known = {text.name: text for text in texts()}
    wanted = list(known) if names is None else [name.strip() for name in names.split(",")]
    if unknown := [name for name in wanted if name not in known]:
        raise SystemExit(f"no text named {unknown[0]!r}; there are {', '.join(known)}")
    return [known[name] for name in wanted]


def prose(characters: int = 60_000) -> str:
    """Return paragraphs of the Python reference manual, as long as a novel's: about 1,500 characters each."""
    paragraphs = _paragraphs()
    return fill(
        (" ".join(itertools.islice(paragraphs, 4)) for _ in itertools.count()), characters, between="\n\n"
    )


def random_words(characters: int = 86_000) -> str:
    """Return one paragraph of random words."""
    dice = Dice(1)
    return fill((_word(dice) for _ in itertools.count()), characters, between=" ")


def mixed_documents(characters: int = 146_000) -> str:
    """Return prose, JSON, Python sources, logs, links and tables in turn, as in a folder of files."""
    dice = Dice(2)
    sources = [_source(module) for module in (bisect, textwrap, heapq, json, colorsys, functools, shlex)]
    paragraphs = _paragraphs()

    def documents() -> Iterator[str]:
        for number in itertools.count():
            yield f"# Document {number + 1}"
            yield "\n\n".join(itertools.islice(paragraphs, 6))
            yield json.dumps(
                _record(dice, number), indent=2 if dice.chance(0.5) else None, ensure_ascii=False
            )
            yield sources[number % len(sources)][:6000]
            yield "\n".join(_log_line(dice, second) for second in range(40))
            yield "\n".join(_link(dice) for _ in range(10))
            yield _table(dice, rows=20)

    return fill(documents(), characters, between="\n\n")


def needle_haystack(characters: int = 243_000) -> str:
    """Return essays in one paragraph with facts hidden between them, as in RULER: there is no newline."""
    dice = Dice(3)
    essays = list(itertools.islice(_paragraphs(), 60))

    def haystack() -> Iterator[str]:
        for essay in itertools.cycle(essays):
            yield essay
            if dice.chance(0.1):
                yield f"The special number of {dice.words(2)} is {dice.number(1_000_000, 9_999_999)}."

    return fill(haystack(), characters, between=" ")


def agent_log(characters: int = 90_000) -> str:
    """Return the log of an agent: questions, answers, tool calls with JSON, their output, tracebacks."""
    dice = Dice(4)
    paragraphs = _paragraphs()
    source = _source(textwrap).splitlines()

    def turns() -> Iterator[str]:
        for number in itertools.count(1):
            call = f"call_{dice.hexadecimal(24)}"
            failure = dice.words(4)
            path = f"src/{dice.pick(WORDS)}/{dice.pick(WORDS)}_{dice.pick(WORDS)}.py"
            line = dice.number(1, len(source) - 40)
            yield f"[{number}] user: {next(paragraphs)}"
            yield f"[{number}] assistant: I will look at `{path}` first. {next(paragraphs)}"
            request = json.dumps({"name": "read_file", "arguments": {"path": path, "first": line}})
            yield f"[{number}] tool_call {call}: {request}"
            yield f"[{number}] tool {call}:\n" + "\n".join(
                f"{line + offset:5d}  {code}" for offset, code in enumerate(source[line : line + 30])
            )
            if dice.chance(0.4):
                yield (
                    f'Traceback (most recent call last):\n  File "/srv/app/{path}", line {line}, in '
                    f"{dice.pick(WORDS)}\n    raise ValueError({failure!r})\nValueError: {failure}"
                )
            yield f"[{number}] assistant: Fixed in commit {dice.hexadecimal(40)}; see {_link(dice)}"

    return fill(turns(), characters, between="\n")


def _paragraphs() -> Iterator[str]:
    """Return the manual's paragraphs as an endless iterator."""
    return itertools.cycle(_manual())


@functools.cache
def _manual() -> tuple[str, ...]:
    found = []
    for _, topic in sorted(topics.topics.items()):
        for paragraph in re.split(r"\n\s*\n", topic):
            unwrapped = " ".join(paragraph.split())
            if len(unwrapped) > 200 and unwrapped[0].isupper() and unwrapped[-1] in ".:":
                found.append(unwrapped)
    return tuple(found)


def _source(module: types.ModuleType) -> str:
    return inspect.getsource(module).replace("\f", "")


def _word(dice: Dice) -> str:
    return "".join(dice.pick("etaoinshrdlucmfwypvbgkjqxz") for _ in range(dice.number(2, 11)))


def _record(dice: Dice, number: int) -> dict[str, object]:
    return {
        "id": dice.hexadecimal(32),
        "number": number,
        "tags": dice.words(6).split(),
        "note": dice.words(40),
        "scores": [dice.number(0, 10_000) / 100 for _ in range(24)],
        "owner": {"name": dice.words(2).title(), "mail": f"{dice.pick(WORDS)}@example.org", "active": True},
    }


def _log_line(dice: Dice, second: int) -> str:
    level = dice.pick(("DEBUG", "INFO ", "INFO ", "WARN ", "ERROR"))
    message = dice.words(dice.number(3, 18))
    return (
        f"2025-03-28T09:{second // 60:02d}:{second % 60:02d}.{dice.number(0, 999):03d}Z {level} "
        f"[worker-{dice.number(1, 8)}] {dice.pick(WORDS)}.{dice.pick(WORDS)}: {message} "
        f"request={dice.hexadecimal(16)} took={dice.number(1, 9000)}ms"
    )


def _link(dice: Dice) -> str:
    path = "/".join(dice.pick(WORDS) for _ in range(dice.number(2, 9)))
    return (
        f"https://www.example.org/{path}?id={dice.hexadecimal(dice.number(8, 64))}&page={dice.number(1, 99)}"
    )


def _table(dice: Dice, *, rows: int) -> str:
    head = f"{'name':<24}{'count':>10}{'share':>10}   remark"
    body = (
        f"{dice.words(2):<24}{dice.number(1, 99_999):>10}{dice.number(0, 1000) / 10:>9}%   {dice.words(5)}"
        for _ in range(rows)
    )
    return "\n".join([head, "-" * len(head), *body])

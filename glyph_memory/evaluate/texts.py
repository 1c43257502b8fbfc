"""Texts of several kinds to measure readers on: prose, code, JSON, hexadecimal, numbers, Chinese.

None of them is trained on: see `glyph_memory.nano.held_out`. Prose and code are of the running Python, which
differ a little from version to version. Knows texts; knows nothing about pages.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import string
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from pydoc_data import topics

from glyph_memory.errors import DocumentError
from glyph_memory.evaluate.chinese import generate_chinese
from glyph_memory.nano.held_out import FIRST_HELD_OUT_SEED, is_held_out

CHARACTERS = 20_000
"""Of each kind, unless another number is given: two full pages of small print at the least."""

_LINES_OF_CODE = 60
_ALPHANUMERIC = string.ascii_letters + string.digits


def make_texts(
    names: Sequence[str] | None = None, *, characters: int = CHARACTERS, seed: int = 0
) -> dict[str, str]:
    """Make texts of several kinds; the same ones every time.

    Args:
        names: Which, of `KINDS`; all unless they are given.
        characters: How long each is to be.
        seed: Another one makes other texts.

    Raises:
        DocumentError: There is no such kind, or there are no characters in it.
    """
    if characters < 1:
        raise DocumentError(f"texts of {characters!r} characters cannot be measured; give 1 or more")
    return {name: _join_to_length(_maker(name)(_dice(name, seed)), characters) for name in names or KINDS}


def _maker(name: str) -> Callable[[random.Random], Iterator[str]]:
    if name not in _MAKERS:
        raise DocumentError(f"no kind of text is named {name!r}; there are {', '.join(KINDS)}")
    return _MAKERS[name]


def _dice(name: str, seed: int) -> random.Random:
    return random.Random(FIRST_HELD_OUT_SEED + len(KINDS) * seed + KINDS.index(name))  # noqa: S311  nothing here is secret


def _join_to_length(pieces: Iterator[str], characters: int) -> str:
    taken, length = list[str](), 0
    while length < characters:
        taken.append(next(pieces))
        length += len(taken[-1]) + 1
    return "\n".join(taken)[:characters]


def _prose(dice: random.Random) -> Iterator[str]:
    """Paragraphs of the language reference, from any place on."""
    paragraphs = _paragraphs()
    start = dice.randrange(len(paragraphs))
    return itertools.cycle(paragraphs[start:] + paragraphs[:start])


@cache
def _paragraphs() -> tuple[str, ...]:
    pieces = (
        " ".join(piece.split())
        for name, topic in sorted(topics.topics.items())
        if name != "debugger"  # which is the docstring of `pdb`, and that is for training
        for piece in re.split(r"\n\s*\n", topic)
    )
    return tuple(dict.fromkeys(piece for piece in pieces if len(piece) > 200 and piece[0].isupper()))


def _code(dice: random.Random) -> Iterator[str]:
    """Stretches of the standard library's modules that are held out."""
    sources = [Path(path).read_text("utf-8").replace("\f", "").splitlines() for path in _modules()]
    while True:
        lines = dice.choice(sources)
        start = dice.randrange(max(len(lines) - _LINES_OF_CODE, 1))
        yield "\n".join(lines[start : start + _LINES_OF_CODE])


@cache
def _modules() -> tuple[str, ...]:
    names = (name for name in sorted(sys.stdlib_module_names) if is_held_out(name) and name != "pydoc_data")
    specs = (find_spec(name) for name in names)
    paths = tuple(spec.origin for spec in specs if spec and spec.origin and spec.origin.endswith(".py"))
    if not paths:
        raise DocumentError(
            "this Python comes without the sources of its modules; give FILEs to measure instead"
        )
    return paths


def _json(dice: random.Random) -> Iterator[str]:
    while True:
        record = {
            "id": _uuid(dice),
            "number": dice.randrange(100_000),
            "active": dice.random() < 0.5,
            "parent": None,
            "tags": [_word(dice) for _ in range(dice.randint(0, 5))],
            "owner": {
                "name": f"{_word(dice).title()} {_word(dice).title()}",
                "mail": f"{_word(dice)}@example.org",
            },
            "scores": [round(dice.uniform(-100, 100), dice.randint(0, 4)) for _ in range(dice.randint(1, 6))],
            "path": f"/var/lib/{_word(dice)}/{_word(dice)}_{dice.randrange(1000)}.json",
        }
        yield json.dumps(record, indent=2 if dice.random() < 0.5 else None)


def _hex(dice: random.Random) -> Iterator[str]:
    """UUIDs, commits' digests and keys of 24 characters, a few words between them."""
    while True:
        yield f"{_uuid(dice)} {_word(dice)} {dice.getrandbits(160):040x}"
        yield f"{_word(dice)}={''.join(dice.choices(_ALPHANUMERIC, k=24))} {_word(dice)}-{dice.getrandbits(28):07x}"


def _numbers(dice: random.Random) -> Iterator[str]:
    """Rows of counts, amounts, decimals, dates, times and shares."""
    while True:
        date = f"{dice.randint(1950, 2049)}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}"
        time = f"{dice.randrange(24):02d}:{dice.randrange(60):02d}:{dice.randrange(60):02d}"
        amount = f"{dice.uniform(-9999, 99999):,.2f} {dice.choice(('EUR', 'USD', 'GBP', 'CHF'))}"
        yield "  ".join(
            (
                date, time, amount, str(dice.randrange(10 ** dice.randint(1, 9))), f"{dice.uniform(-1, 1):.5f}",
                f"{dice.uniform(0, 100):.1f}%", f"{dice.uniform(0, 1) * 10 ** dice.randint(-9, 9):.3e}",
            )
        )  # fmt: skip


def _uuid(dice: random.Random) -> str:
    return str(uuid.UUID(int=dice.getrandbits(128), version=4))


def _word(dice: random.Random) -> str:
    return "".join(dice.choice("etaoinshrdlucmfwypvbgkjqxz") for _ in range(dice.randint(2, 9)))


_MAKERS: dict[str, Callable[[random.Random], Iterator[str]]] = {
    "prose": _prose,
    "code": _code,
    "json": _json,
    "hex": _hex,
    "numbers": _numbers,
    "cjk": generate_chinese,
}
KINDS: tuple[str, ...] = tuple(_MAKERS)
"""Names of the kinds, in the order in which they are reported."""

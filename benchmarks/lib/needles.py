"""Hide facts in long prose, and ask for them: magic numbers, keys, JSON values, UUIDs.

Made up with seeds that training never sees; the prose is the language reference, which it never sees either.
"""

from __future__ import annotations

import json
import random
import string
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from glyph_memory import Page, PageStyle, typeset
from glyph_memory.evaluate import make_texts
from glyph_memory.nano.held_out import FIRST_HELD_OUT_SEED
from lib.dice import Dice

_CHARACTERS_A_PAGE = 7_500
_KEY = string.ascii_letters + string.digits


@dataclass(frozen=True, kw_only=True, slots=True)
class Needle:
    """A fact, and the question after it."""

    kind: str
    """`number`, `key`, `value`, `uuid`."""
    fact: str
    """As it stands in the text."""
    question: str
    """As it is asked."""
    answer: str
    """What has to be quoted, to the letter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Haystack:
    """Pages with needles in them."""

    pages: list[Page]
    """So many as were asked for."""
    needles: list[Needle]
    """Those that stand on them."""


def haystack(pages: int, needles: int, *, seed: int, style: PageStyle) -> Haystack:
    """Fill pages with prose and hide needles between its paragraphs.

    Args:
        pages: How many.
        needles: How many at the most; one on a cut-off page is left out.
        seed: Another one makes another haystack.
        style: How pages look.
    """
    dice = Dice(FIRST_HELD_OUT_SEED + seed)
    roll = random.Random(FIRST_HELD_OUT_SEED + seed)
    paragraphs = make_texts(["prose"], characters=pages * _CHARACTERS_A_PAGE, seed=seed)["prose"].split("\n")
    names = sorted({dice.words(2).replace(" ", "-") for _ in range(4 * needles)})
    roll.shuffle(names)
    hidden = [roll.choice(_KINDS)(name, roll) for name in names[:needles]]
    shown = len(paragraphs) * 4 // 5  # the last pages may be cut off
    for needle in hidden:
        paragraphs.insert(roll.randrange(shown), needle.fact)
    made = typeset("\n".join(paragraphs), style=style)[:pages]
    text = "".join(page.text for page in made)
    return Haystack(pages=made, needles=[needle for needle in hidden if needle.fact in text])


def _number(name: str, roll: random.Random) -> Needle:
    number = str(roll.randrange(1_000_000, 10_000_000))
    return Needle(
        kind="number",
        fact=f"The special magic number for {name} is {number}.",
        question=f"What is the special magic number for {name}?",
        answer=number,
    )


def _key(name: str, roll: random.Random) -> Needle:
    key = "".join(roll.choices(_KEY, k=24))
    return Needle(
        kind="key",
        fact=f"The API key of {name} is {key} and must be rotated in May.",
        question=f"Which API key does {name} have?",
        answer=key,
    )


def _value(name: str, roll: random.Random) -> Needle:
    port, digest = roll.randrange(1024, 65536), f"{roll.getrandbits(160):040x}"
    record = {"service": name, "port": port, "commit": digest, "replicas": roll.randrange(9)}
    return Needle(
        kind="value",
        fact=json.dumps(record),
        question=f"At which commit is the service {name}?",
        answer=digest,
    )


def _uuid(name: str, roll: random.Random) -> Needle:
    identifier = str(uuid.UUID(int=roll.getrandbits(128), version=4))
    return Needle(
        kind="uuid",
        fact=f"[INFO] order {name} was stored as {identifier} in 13 ms",
        question=f"What was order {name} stored as?",
        answer=identifier,
    )


_KINDS: tuple[Callable[[str, random.Random], Needle], ...] = (_number, _key, _value, _uuid)

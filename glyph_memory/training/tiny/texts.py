"""Texts with facts in them, and questions about those: what the tiny model is taught and examined with.

A sentence names a thing and says something of it: `The code of harbor is K-4417.` Words are those that a tokenizer
holds whole, so that nothing is downloaded. Knows words; knows nothing about pages.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Literal

from glyph_memory.nano.training.library import load_library

Kind = Literal["number", "code", "word", "name", "serial"]
"""Of a value: digits; a letter and digits; a word; a name; letters and digits mixed."""
KINDS: tuple[Kind, ...] = ("number", "code", "word", "name", "serial")
COPY_PROMPT = "Copy the text."
"""Asks for all that stands on a page."""
NOT_STATED = "It is not stated."
"""What is answered to a question that the text does not answer."""
_ATTRIBUTES = (
    "code", "key", "password", "number", "owner", "price", "color", "address", "name", "date", "port", "label",
    "version", "serial", "status", "room",
)  # fmt: skip
_THINGS = (
    "harbor", "gate", "catalogue", "garden", "engine", "station", "printer", "window", "market", "bridge", "letter",
    "archive", "kitchen", "signal",
)  # fmt: skip
_NAMES = ("Maria", "Peter", "Anna", "Jonas")
_SENTENCES = (
    "The {a} of {t} is {v}.",
    "The {a} for {t} is {v}.",
    "{t} has the {a} {v}.",
    "For {t}, the {a} is {v}.",
)
_QUESTIONS = ("What is the {a} of {t}?", "Which {a} does {t} have?", "Tell me the {a} of {t}.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """What a text says of a thing."""

    attribute: str
    """What is told of it, such as `code`."""
    thing: str
    """Of what."""
    value: str
    """What it is."""
    kind: Kind
    """Of the value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FactText:
    """A text and what is asked about it."""

    text: str
    """One paragraph."""
    facts: tuple[Fact, ...]
    """In the order in which they stand in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """What sentences are made of."""

    things: tuple[str, ...]
    """Words in small letters."""
    names: tuple[str, ...]
    """Words with a capital."""

    @classmethod
    def from_vocabulary(cls, vocabulary: Mapping[str, int], *, most: int = 12_000) -> Words:
        """Return the words that a byte-level tokenizer holds as one token each, among its first ones.

        Args:
            vocabulary: Of the tokenizer: tokens, and the number of each. A space is spelled `Ġ`.
            most: Tokens with higher numbers are left out; they are rarer.
        """
        found = sorted((number, token[1:]) for token, number in vocabulary.items() if token[:1] == "Ġ")
        words = [
            w for number, w in found if number < most and w.isascii() and w.isalpha() and 4 <= len(w) <= 9
        ]
        return cls(
            things=tuple(w for w in words if w.islower()) or _THINGS,
            names=tuple(w for w in words if w.istitle()) or _NAMES,
        )


def make_value(random: Random, kind: Kind, words: Words) -> str:
    """Return a value that cannot be guessed."""
    if kind == "number":
        return "".join(random.choices(string.digits, k=random.randint(3, 6)))
    if kind == "code":
        return f"{random.choice(string.ascii_uppercase)}-{''.join(random.choices(string.digits, k=4))}"
    if kind == "serial":
        letters = "".join(random.choices(string.ascii_uppercase, k=2))
        return f"{letters}{''.join(random.choices(string.digits, k=random.randint(2, 3)))}"
    return random.choice(words.things if kind == "word" else words.names)


def make_fact_text(random: Random, words: Words, *, facts: int, filler: float = 0.0) -> FactText:
    """Make up a text with facts.

    Args:
        random: Decides.
        words: What it is made of.
        facts: How many; no two are about the same thing.
        filler: How many sentences of other text stand before each, on average.
    """
    things = random.sample(words.things, k=min(facts, len(words.things)))
    made, sentences = list[Fact](), list[str]()
    for thing in things:
        kind = random.choice(KINDS)
        fact = Fact(
            attribute=random.choice(_ATTRIBUTES),
            thing=thing,
            value=make_value(random, kind, words),
            kind=kind,
        )
        while random.random() < filler / (1 + filler):
            sentences.append(_make_filler(random))
        sentence = random.choice(_SENTENCES).format(a=fact.attribute, t=thing, v=fact.value)
        sentences.append(sentence[0].upper() + sentence[1:])
        made.append(fact)
    return FactText(text=" ".join(sentences), facts=tuple(made))


def make_question(random: Random, fact: Fact) -> str:
    """Return a question about a fact."""
    return random.choice(_QUESTIONS).format(a=fact.attribute, t=fact.thing)


def make_unanswerable(random: Random, told: FactText, words: Words) -> str:
    """Return a question about a thing that the text does not name."""
    known = {fact.thing for fact in told.facts}
    thing = next(word for word in iter(lambda: random.choice(words.things), None) if word not in known)
    return random.choice(_QUESTIONS).format(a=random.choice(_ATTRIBUTES), t=thing)


def make_reading_text(random: Random, words: Words, characters: int) -> str:
    """Return a text of about so many characters to learn letters and words from: prose, facts, loose words."""
    parts, length = list[str](), 0
    while length < characters:
        kind = random.random()
        if kind < 0.3:
            part = " ".join(random.choice(_list_paragraphs()).split())[:400]
        elif kind < 0.65:
            part = make_fact_text(random, words, facts=4).text
        elif kind < 0.9:
            pools = (words.things, words.things, words.names)
            part = " ".join(random.choice(random.choice(pools)) for _ in range(20))
        else:
            part = " ".join(make_value(random, random.choice(KINDS), words) for _ in range(12))
        parts.append(part)
        length += len(part) + 1
    return " ".join(parts)[:characters]


def _make_filler(random: Random) -> str:
    paragraph = " ".join(random.choice(_list_paragraphs()).split())
    sentence = paragraph.split(". ")[0][:90].rsplit(" ", 1)[0].rstrip(".,;:")
    return f"{sentence}."


@lru_cache(maxsize=1)
def _list_paragraphs() -> tuple[str, ...]:
    """Return the prose of the standard library's docstrings, but of the modules that are kept for measuring."""
    found = (text for text in load_library().paragraphs if text.isascii() and len(text) > 60)
    return tuple(found)

"""Prose made from a seed: paragraphs in which people do things with things at places. Knows words alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from glyph_memory.evaluate.tasks.texts import words
from glyph_memory.evaluate.tasks.texts.dice import Dice

_BEFORE_VOWEL = re.compile(r"\b([Aa]) (?=[aeiou])")
_SENTENCES = (
    "{When} {who} {verb} the {adjective} {noun} {where}.",
    "{Who} {verb} a {noun} and two {noun2s} {where}, and nobody was surprised.",
    "The {noun} {where} was {adjective}, but the {noun2} was {adjective2}.",
    "{Who} had learned from a {trade} how a {noun} is {verb}, and still remembered it.",
    "It was the {trade} who first {verb} the {noun}; {who} only {verb2} it afterwards.",
    "“The {adjective} {noun} will last another year,” said the {trade}, and {who} agreed.",
    "{When}, when the {noun} stood {where}, {who} thought of {place}.",
    "There is a {adjective} {noun} {where}, and people come from {place} to see it.",
    "{Who} and the {trade} {verb} the {noun} together and {verb2} what was left.",
    "If the {noun} is {adjective}, the {trade} of {place} pays more for the {noun2}.",
    "{Who} wrote in a letter that the {noun} had been {verb} twice {where}.",
    "Most of the {nouns} {where} are {adjective}; those of {place} are {adjective2}.",
    "{When} a {trade} from {place} {verb} every {noun} that {who} had {verb2}.",
    "The {trade} preferred a {adjective} {noun} to a {adjective2} one, and {verb} it with care.",
    "What {who} liked best was the {adjective} sound of the {noun} {where}.",
    "A {noun} without a {noun2} is of little use, as every {trade} in {place} can tell.",
    "{Who} {verb} it so well that the {trade} asked for a second {noun}.",
    "{When} the price of a {adjective} {noun} rose, and {who} {verb} three.",
    "Nobody in {place} had a {noun} as {adjective} as that of the {trade}.",
    "{Who} smiled, {verb} the {noun}, and left it {where}.",
    "The way from the {noun} to the {noun2} is {adjective}, and {who} knew each turn of it.",
    "For the {trade}, the {noun} was a {adjective} thing; for {who} it was a memory of {place}.",
    "{When} they met {where}: {who}, a {trade}, and a stranger with a {adjective} {noun}.",
    "The map shows a {noun} {where}, and a {adjective} {noun2} beyond it.",
)


def write_prose(dice: Dice) -> Iterator[str]:
    """Yield paragraphs without end, each about a person, a place and a few things."""
    sentences = write_sentences(dice)
    while True:
        yield " ".join(next(sentences) for _ in range(dice.number(3, 8)))


def write_sentences(dice: Dice, *, about: str = "") -> Iterator[str]:
    """Yield sentences without end; some that follow each other are about the same person and place.

    Args:
        dice: Where chance comes from.
        about: A thing that every other sentence is about.
    """
    while True:
        person, place, trade = dice.pick(words.PEOPLE), dice.pick(words.PLACES), dice.pick(words.TRADES)
        for index in range(dice.number(3, 8)):
            blanks = {
                "who": person if index % 3 == 0 else dice.pick((person, f"the {trade} of {place}")),
                "place": place if dice.number(0, 2) else dice.pick(words.PLACES),
                "trade": trade if dice.number(0, 1) else dice.pick(words.TRADES),
                "noun": about if about and index % 2 == 0 else dice.pick(words.NOUNS),
                "noun2": dice.pick(words.NOUNS),
                "adjective": dice.pick(words.ADJECTIVES),
                "adjective2": dice.pick(words.ADJECTIVES),
                "verb": dice.pick(words.VERBS),
                "verb2": dice.pick(words.VERBS),
                "When": dice.pick(words.WHEN),
            }
            blanks |= {f"{key}s": make_plural(blanks[key]) for key in ("noun", "noun2")}
            blanks["Who"] = blanks["who"][0].upper() + blanks["who"][1:]
            noun, adjective = dice.pick(words.NOUNS), dice.pick(words.ADJECTIVES)
            other = {"noun": noun, "nouns": make_plural(noun), "adjective": adjective}
            blanks["where"] = dice.pick(words.WHERE).format_map(blanks | other)
            yield mend_articles(dice.pick(_SENTENCES).format_map(blanks))


def mend_articles(text: str) -> str:
    """Return a text with "an" for "a" before vowels."""
    return _BEFORE_VOWEL.sub(r"\1n ", text)


def make_plural(noun: str) -> str:
    """Return the plural of one of our nouns.

    Example:
        >>> make_plural("bench"), make_plural("dairy"), make_plural("quay")
        ('benches', 'dairies', 'quays')
    """
    if noun.endswith(("s", "sh", "ch", "x", "z")):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"

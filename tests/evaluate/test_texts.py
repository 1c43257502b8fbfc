"""Texts to measure with are the same every time, of their kind, and none that training saw."""

from __future__ import annotations

import json
import re
import sys
import unicodedata

import pytest

from glyph_memory.errors import DocumentError
from glyph_memory.evaluate import KINDS, make_texts
from glyph_memory.nano.held_out import is_held_out


def test_every_kind_is_as_long_as_it_is_asked_for_and_the_same_again() -> None:
    """And another seed makes another text."""
    made = make_texts(characters=3000)
    assert list(made) == list(KINDS)
    assert {len(text) for text in made.values()} == {3000}
    assert make_texts(characters=3000) == made
    again = make_texts(characters=3000, seed=1)
    assert all(again[name] != text for name, text in made.items())


def test_kinds_are_what_they_are_called() -> None:
    """JSON can be read as JSON, hexadecimal holds identifiers, Chinese is Chinese."""
    made = make_texts(characters=6000)
    json.JSONDecoder().raw_decode(made["json"])
    assert len(re.findall(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", made["hex"])) > 20
    assert len(re.findall(r"\b[0-9a-f]{40}\b", made["hex"])) > 20
    digits = sum(character.isdigit() for character in made["numbers"])
    assert digits > 0.4 * len(made["numbers"])
    chinese = sum(unicodedata.name(character, "").startswith("CJK") for character in made["cjk"])
    assert chinese > 0.7 * len(made["cjk"])
    assert re.search(r"^ +(?:return|if|for|self)\b", made["code"], re.MULTILINE)


def test_some_kinds_can_be_picked() -> None:
    """In the order in which they are named."""
    assert list(make_texts(["hex", "prose"], characters=100)) == ["hex", "prose"]


def test_an_unknown_kind_is_told_with_those_there_are() -> None:
    """In one line; and so is a length that is none."""
    with pytest.raises(DocumentError, match=r"no kind of text is named 'poetry'.*prose, code, json"):
        make_texts(["poetry"])
    with pytest.raises(DocumentError, match=r"texts of 0 characters"):
        make_texts(characters=0)


def test_a_quarter_of_the_modules_is_held_out_and_the_reference_is() -> None:
    """By name alone, so that both sides agree without a list."""
    held = [name for name in sys.stdlib_module_names if is_held_out(name)]
    assert 0.15 < len(held) / len(sys.stdlib_module_names) < 0.35
    assert is_held_out("pydoc_data.topics")
    assert is_held_out("pydoc_data")
    assert not is_held_out("argparse")

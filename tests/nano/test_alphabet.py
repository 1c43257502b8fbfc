"""The characters that the nano reader knows."""

from __future__ import annotations

import string

from glyph_memory.nano.alphabet import (
    CLASSES,
    IDEOGRAPH,
    IDEOGRAPHS,
    NUMBER_OF,
    TWIN_OF,
    find_class,
)
from glyph_memory.transcription import UNREADABLE


def test_every_printable_ascii_character_is_a_class_of_its_own() -> None:
    """None of them is another's twin, so that identifiers can come back to the letter."""
    printable = string.printable[:94]
    assert [CLASSES[find_class(character)] for character in printable] == list(printable)


def test_letters_that_look_the_same_are_one_class() -> None:
    """Cyrillic and Greek capitals that are drawn as Latin ones cannot be told apart by looking."""
    assert CLASSES[find_class("А")] == "A"  # Cyrillic
    assert CLASSES[find_class("Ο")] == "O"  # Greek
    assert not set(TWIN_OF) & set(CLASSES)


def test_ideographs_have_numbers_behind_the_classes() -> None:
    """Those that the second look knows go on where classes end; others are just ideographs, or unreadable."""
    assert NUMBER_OF[IDEOGRAPHS[0]] == len(CLASSES)
    assert find_class("的") >= len(CLASSES)
    assert CLASSES[find_class("龘")] == IDEOGRAPH
    assert CLASSES[find_class("ᚠ")] == UNREADABLE

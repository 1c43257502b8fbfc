"""The characters that the nano reader knows."""

from __future__ import annotations

import string

import pytest

from glyph_memory.nano.alphabet import (
    CLASSES,
    IDEOGRAPH,
    IDEOGRAPHS,
    NUMBER_OF,
    TWIN_OF,
    find_class,
    restore_scripts,
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


@pytest.mark.parametrize("word", ["Москва", "Привет", "Λονδίνο", "Ωμέγα", "подъезд"])
def test_words_of_another_script_get_their_own_letters_back(word: str) -> None:
    """One letter that only that script has tells what the others are."""
    looks = "".join(CLASSES[find_class(character)] for character in word)
    assert looks != word
    assert restore_scripts(f"see {looks}, too") == f"see {word}, too"


def test_a_latin_letter_among_greek_ones_is_greek() -> None:
    """An accented o is drawn the same in both."""
    assert restore_scripts("Kóσμε") == "Κόσμε"


def test_latin_words_stay_latin() -> None:
    """Words without a letter of another script are left alone, whatever stands beside them."""
    assert restore_scripts("ABC xyz Жук") == "ABC xyz Жук"


def test_ideographs_have_numbers_behind_the_classes() -> None:
    """Those that the second look knows go on where classes end; others are just ideographs, or unreadable."""
    assert NUMBER_OF[IDEOGRAPHS[0]] == len(CLASSES)
    assert find_class("的") >= len(CLASSES)
    assert CLASSES[find_class("龘")] == IDEOGRAPH
    assert CLASSES[find_class("ᚠ")] == UNREADABLE

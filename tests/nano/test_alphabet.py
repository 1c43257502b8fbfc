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
    class_of,
    restored,
)
from glyph_memory.transcription import UNREADABLE


def test_every_printable_ascii_character_is_a_class_of_its_own() -> None:
    """None of them is another's twin, so that identifiers can come back to the letter."""
    printable = string.printable[:94]
    assert [CLASSES[class_of(character)] for character in printable] == list(printable)


def test_letters_that_look_the_same_are_one_class() -> None:
    """Cyrillic and Greek capitals that are drawn as Latin ones cannot be told apart by looking."""
    assert CLASSES[class_of("А")] == "A"  # Cyrillic
    assert CLASSES[class_of("Ο")] == "O"  # Greek
    assert not set(TWIN_OF) & set(CLASSES)


@pytest.mark.parametrize("word", ["Москва", "Привет", "Λονδίνο", "Ωμέγα", "подъезд"])
def test_words_of_another_script_get_their_own_letters_back(word: str) -> None:
    """One letter that only that script has tells what the others are."""
    looks = "".join(CLASSES[class_of(character)] for character in word)
    assert looks != word
    assert restored(f"see {looks}, too") == f"see {word}, too"


def test_a_latin_letter_among_greek_ones_is_greek() -> None:
    """An accented o is drawn the same in both."""
    assert restored("Kóσμε") == "Κόσμε"


def test_latin_words_stay_latin() -> None:
    """Words without a letter of another script are left alone, whatever stands beside them."""
    assert restored("ABC xyz Жук") == "ABC xyz Жук"


def test_ideographs_have_numbers_behind_the_classes() -> None:
    """Those that the second look knows go on where classes end; others are just ideographs, or unreadable."""
    assert NUMBER_OF[IDEOGRAPHS[0]] == len(CLASSES)
    assert class_of("的") >= len(CLASSES)
    assert CLASSES[class_of("龘")] == IDEOGRAPH
    assert CLASSES[class_of("ᚠ")] == UNREADABLE

"""Letters that look the same: they get the script they stand in, or are told as guesses."""

from __future__ import annotations

import pytest

from glyph_memory.nano.alphabet import CLASSES, find_class
from glyph_memory.nano.scripts import RestoredText, restore_scripts


def look(text: str) -> str:
    """Return what the network sees of a text: of letters that look the same, the Latin ones."""
    return "".join(CLASSES[find_class(character)] for character in text)


def restore(text: str, rivals: str | None = None) -> RestoredText:
    """Restore one line that is alone on its page."""
    (line,) = restore_scripts([text], None if rivals is None else [rivals])
    return line


@pytest.mark.parametrize("word", ["Москва", "Привет", "Λονδίνο", "Ωμέγα", "подъезд", "рекорд", "каждый"])
def test_words_of_another_script_get_their_own_letters_back(word: str) -> None:
    """Letters that only that script has tell what the others are, and leave no doubt."""
    seen = look(word)
    assert seen != word
    assert restore(f"see {seen}, too") == RestoredText(text=f"see {word}, too", guessed=frozenset())


def test_a_latin_letter_among_greek_ones_is_greek() -> None:
    """An accented o is drawn the same in both."""
    assert restore("Kóσμε").text == "Κόσμε"


def test_latin_words_stay_latin() -> None:
    """Words without a letter of another script are left alone, whatever stands beside them."""
    assert restore("ABC xyz Жук").text == "ABC xyz Жук"


@pytest.mark.parametrize(
    "line",
    ["σ_out = α_out + β_new", "тест_case = 5", "поле user_id_тест", "print('Δvout')", "Δt_max", "αMax"],
)
def test_a_letter_of_another_script_changes_nothing_beyond_its_part(line: str) -> None:
    """Names of programs are split at underscores, digits and capitals, and where letters of two scripts meet."""
    assert restore(look(line)).text == line


@pytest.mark.parametrize(
    ("line", "letters"), [("λo and Δw", "ow"), ("Δvout = 1", "vou"), ("тест_a = 5", "a")]
)
def test_what_its_own_part_does_not_tell_is_a_guess(line: str, letters: str) -> None:
    """It may be Latin, and may as well not be."""
    guessed = restore(look(line)).guessed
    assert [line.index(letter) in guessed for letter in letters] == [True] * len(letters)


def test_a_word_of_one_letter_goes_with_the_words_around_it() -> None:
    """Russian prepositions are no guesses among Russian words; beside a word of another script they are."""
    line = look("стол и стул, а под столом кот")
    assert restore(line).text == "стол и стул, а под столом кот"
    assert not restore(line).guessed
    mixed = restore(look("файл c кодом и c library"))
    assert {
        place for place, letter in enumerate(mixed.text) if letter in "cс" and mixed.text[place - 1] == " "
    } & (mixed.guessed)


def test_a_capital_alone_is_a_sign_of_a_formula_as_well() -> None:
    """Nobody can tell by looking whose T it is."""
    assert restore(look("при T = 300 градусах")).guessed == {4}


def test_the_second_choice_is_taken_where_only_that_fits_the_word() -> None:
    """A п that was taken for an n, in a Russian word; it stays a guess, the letters around it are sure."""
    line = restore("зanpoca нeт", "зaпpoca нeт")
    assert line == RestoredText(text="запроса нет", guessed=frozenset({2}))


def test_a_word_of_which_every_letter_was_taken_for_another_is_a_guess() -> None:
    """Among Russian words `no` is rather `по`, where the network thought so, too."""
    assert restore("идy no yлицe", "идy пo yлицe") == RestoredText(
        text="иду по улице", guessed=frozenset({4, 5})
    )
    assert restore("идy no yлицe").text == "иду no улице"


def test_a_digit_beside_letters_is_the_letter_that_it_may_be() -> None:
    """3 and з; alone, or where the network had no other thought, it stays."""
    assert restore("по3a и 3", "позa и з").text == "поза и 3"
    assert restore("до 3x", "до 3x").text == "до 3x"


def test_letters_of_two_scripts_in_one_part_are_all_guesses() -> None:
    """What was misread looks like that."""
    assert restore("arperaтные").guessed == set(range(10))


def test_lines_and_what_is_returned_are_of_one_length() -> None:
    """Confidences and places go by index."""
    lines = ["", " ", "的", "κNa", "жж_3\N{COMBINING ACUTE ACCENT}x"]
    assert [len(line.text) for line in restore_scripts(lines)] == list(map(len, lines))

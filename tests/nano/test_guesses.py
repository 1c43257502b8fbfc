"""What of a page is a guess: accents that may be there, and alphabets that the reader does not vouch for."""

from __future__ import annotations

import numpy as np
import pytest

from glyph_memory.nano.claims import ALPHABETS, CLAIMED, find_doubtful, find_unclaimed
from glyph_memory.nano.decode import StripText
from glyph_memory.nano.guesses import mark_guesses
from glyph_memory.nano.transcribe import transcribe
from glyph_memory.transcription import SURE
from glyph_memory.typesetting import typeset


def read(text: str, rivals: str = "") -> StripText:
    """Return a line that was read without a doubt."""
    return StripText(
        text=text,
        x=np.arange(len(text), dtype=np.float32),
        confidence=np.ones(len(text), np.float32),
        rivals=rivals or text,
    )


def unsure(line: StripText) -> str:
    """Return the characters of a line that are not sure."""
    return "".join(one for one, sure in zip(line.text, line.confidence, strict=True) if sure < SURE)


def test_a_plain_letter_that_may_have_an_accent_is_a_guess_where_there_are_accents() -> None:
    """`aquí` and `aqui` differ by a pixel; a page without any accent has none there either."""
    (line,) = mark_guesses([read("aqui está", "aquí está")], claimed=ALPHABETS)
    assert unsure(line) == "i"
    (plain,) = mark_guesses([read("aqui", "aquí")], claimed=ALPHABETS)
    assert unsure(plain) == ""


def test_a_page_in_an_alphabet_that_is_not_claimed_has_no_sure_letter() -> None:
    """An ı that came back as an i leaves no trace: so no letter of the page is sure. Signs and figures are."""
    page = [read("kadin 12."), read("iyi akşamlar")]
    assert [unsure(line) for line in mark_guesses(page, claimed=())] == ["kadin", "iyiakşamlar"]
    assert [unsure(line) for line in mark_guesses(page, claimed=["Turkish"])] == ["", ""]


def test_a_word_of_an_unclaimed_alphabet_on_another_page_is_a_guess_alone() -> None:
    """The text around it is read as well as ever."""
    page = [read("plain words " * 40), read("by Yaşar K.")]
    assert [unsure(line) for line in mark_guesses(page, claimed=())] == ["", "Yaşar"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("İyi akşamlar", ("Turkish",)),
        ("Привіт", ("Russian", "Ukrainian")),
        ("καλημέρα", ("Greek",)),
        ("├── main.py", ("box drawing",)),
        ("新しい", ("Japanese", "Chinese")),
        ("plain text = 1", ()),
    ],
)
def test_a_text_names_the_alphabets_that_it_is_written_in(text: str, names: tuple[str, ...]) -> None:
    """All that are not claimed."""
    assert find_unclaimed(text, claimed=()) == names
    assert find_unclaimed(text, claimed=ALPHABETS) == ()


def test_what_is_claimed_is_an_alphabet() -> None:
    """And nothing on a page of claimed ones is doubtful."""
    assert set(ALPHABETS) >= CLAIMED
    assert list(find_doubtful(["İyi akşamlar, Привіт"], claimed=ALPHABETS)) == []


def test_a_page_that_is_read_goes_by_what_is_claimed() -> None:
    """From the pixels to the confidences."""
    (page,) = typeset("Καλημέρα κόσμε, και καληνύχτα")
    assert transcribe(page, claimed=ALPHABETS).confidence > transcribe(page, claimed=()).confidence
    assert not any(line.is_sure for line in transcribe(page, claimed=()).lines)

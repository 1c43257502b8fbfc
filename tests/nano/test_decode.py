"""From cells to text: two cells that share a character, spaces, doubt."""

from __future__ import annotations

import numpy as np

from glyph_memory.nano.alphabet import NUMBER_OF
from glyph_memory.nano.decode import StripText, decode_strips
from glyph_memory.nano.network import Detections
from glyph_memory.transcription import SURE, UNREADABLE


def found(
    *cells: tuple[int, str, float], likelihood: float = 1.0, strip: int = 0, rival: str = ""
) -> Detections:
    """Return what a network may have found: cell, character, and how likely one begins there."""
    count = len(cells)
    return Detections(
        strip=np.full(count, strip, np.int64),
        cell=np.array([cell for cell, _, _ in cells], np.int64),
        begins=np.array([begins for _, _, begins in cells], np.float32),
        classes=np.array([NUMBER_OF[character] for _, character, _ in cells], np.int64),
        likelihood=np.full(count, likelihood, np.float32),
        rivals=np.array([NUMBER_OF[rival or character] for _, character, _ in cells], np.int64),
        rival_likelihood=np.full(count, 0.001 if rival else 0.0, np.float32),
    )


def only(given: Detections) -> StripText:
    """Write a single strip."""
    (one,) = decode_strips(given, 1, size_px=9)
    return one


def test_characters_come_in_order_with_their_places() -> None:
    """A cell is two pixels, and a character begins a little left of its cell."""
    one = only(found((8, "g", 1), (11, "o", 1)))
    assert one.text == "go"
    assert one.x.tolist() == [14, 20]
    assert one.confidence.tolist() == [1, 1]


def test_a_character_on_the_border_of_two_cells_is_one() -> None:
    """Half a chance in each of two neighbours is one character, as sure as both together."""
    one = only(found((8, "a", 0.45), (9, "a", 0.5), (12, "b", 1)))
    assert one.text == "ab"
    assert one.confidence[0] > SURE


def test_two_thin_letters_in_neighbouring_cells_are_two() -> None:
    """Both begin for sure."""
    assert only(found((8, "l", 0.99), (9, "l", 0.98))).text == "ll"


def test_what_may_have_been_overlooked_makes_its_neighbour_unsure() -> None:
    """A cell that is left out with a chance of 0.4 casts doubt on the character beside it."""
    one = only(found((8, "r", 1), (9, "n", 0.28)))
    assert one.text == "r"
    assert one.confidence[0] < SURE


def test_within_an_ideograph_nothing_else_begins() -> None:
    """A second start in the same square is its strokes; the next square is the next character."""
    one = only(found((8, "了", 0.99), (10, "了", 0.7), (13, "的", 0.8), (15, "J", 0.6), (17, "一", 1)))
    assert one.text == "了的一"


def test_what_cannot_be_read_is_marked_and_never_sure() -> None:
    """However certain the network is that it is something it does not know."""
    one = only(found((8, UNREADABLE, 1)))
    assert (one.text, one.confidence.tolist()) == (UNREADABLE, [0])


def test_spaces_are_as_many_as_the_gap_is_wide() -> None:
    """A single space is what most gaps of the page are."""
    words = [
        (8, "a", 1.0),
        (11, " ", 1.0),
        (13, "b", 1.0),
        (16, " ", 1.0),
        (18, "c", 1.0),
        (21, " ", 1.0),
        (27, "d", 1.0),
    ]
    one = only(found(*words))
    assert one.text == "a b c   d"
    assert len(one.x) == len(one.confidence) == len(one.text)


def test_underscores_in_a_row_are_counted_by_the_length_of_the_rule_and_are_not_sure() -> None:
    """None of them can be seen to begin: forty-five pixels of rule in letters of nine are ten."""
    one = only(found((8, "a", 1), (11, "_", 1), (34, " ", 1), (35, "b", 1)))
    assert one.text == "a" + 10 * "_" + " b"
    assert (one.confidence[1:11] < SURE).all()


def test_spaces_at_both_ends_are_left_out() -> None:
    """After a line's last character the network sees a space begin; it is none of the text."""
    assert only(found((6, " ", 1), (8, "a", 1), (11, " ", 1))).text == "a"


def test_a_strip_in_which_nothing_was_found_is_empty() -> None:
    """Each strip has its answer, in order."""
    texts = [one.text for one in decode_strips(found((8, "x", 1), strip=1), 3, size_px=9)]
    assert texts == ["", "x", ""]


def test_a_second_choice_is_kept_where_it_may_be_right() -> None:
    """What the network hardly thought of is no choice: the character itself stands there."""
    assert only(found((8, "n", 1), (11, "o", 1), rival="п")).rivals == "пп"
    assert only(found((8, "n", 1), (11, "o", 1))).rivals == "no"

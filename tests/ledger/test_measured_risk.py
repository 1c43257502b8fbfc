"""A ledger's order is what a model was measured to misread: known readers, known answers."""

from __future__ import annotations

import pytest

from glyph_memory.evaluate.calibration.judging import count_letters
from glyph_memory.ledger import MeasuredRisk, find_risk, mentions, misread_risk, write_ledger
from glyph_memory.style import LetterCounts

HEX = "0123456789abcdef"
ONLY_0 = LetterCounts(
    alone=tuple((one, 600, 120 if one in "0O" else 0) for one in HEX + "O"), words=(4000, 0)
)
"""A reader that takes 0 and O for each other one time in five, and reads all else."""


def list_first(texts: list[str], letters: LetterCounts | None, *, room: int = 40) -> list[str]:
    """Return the identifiers that a ledger with little room quotes."""
    found = mentions([(1, " , ".join(texts))])
    assert {one.identifier.text for one in found} == set(texts)
    ledger = write_ledger(found, occurrences={}, budget_tokens=room, count=len, risk=find_risk(letters))
    return [line.partition(" ")[2].strip('"') for line in ledger.lines]


def test_what_holds_the_letters_that_are_confused_comes_first() -> None:
    """A short key with a 0 before a long one without; by the formula the long one would be first."""
    plain, confused = "7b1e4a9c8d2f6e3b5a1c9d7e", "8f0c2d0e"
    assert list_first([plain, confused], ONLY_0, room=20) == [confused]
    assert list_first([plain, confused], None) == [plain]


def test_identifiers_fall_by_how_many_of_those_letters_they_hold() -> None:
    """Those without any are last."""
    risk = MeasuredRisk(ONLY_0)
    texts = ["7b0e00a0", "7b0e40a9", "7b0e4ca9", "7b3e4ca9"]
    risks = [risk(text) for text in texts]
    assert risks == sorted(risks, reverse=True)
    assert risks[2] > 10 * risks[3]


def test_rates_are_those_that_were_counted() -> None:
    """Drawn a little towards the mean of all letters: 120 of 600 stays near a fifth."""
    assert MeasuredRisk(ONLY_0)("0") == pytest.approx(1 - 2.718281828**-(0.2), abs=0.01)
    assert MeasuredRisk(ONLY_0)("7") < 0.002


def test_a_letter_that_was_hardly_asked_for_is_as_bad_as_the_mean() -> None:
    """One of one misread says little; one that was never asked for says nothing."""
    counts = LetterCounts(alone=(("7", 1000, 10), ("x", 1, 1)), words=(0, 0))
    risk = MeasuredRisk(counts)
    assert risk("x") < 0.1
    assert risk("~") == pytest.approx(0.0104, abs=0.002)


def test_words_are_cheap_only_if_they_were_measured_to_be() -> None:
    """A reader that misreads them as often as anything else has no cheap words, nor one that was not asked for any."""
    keys = tuple((one, 400, 20) for one in HEX)
    good, bad, unasked = (
        MeasuredRisk(LetterCounts(alone=keys, words=words)) for words in ((4000, 0), (4000, 200), (0, 0))
    )
    path = "controller.container"
    assert good(path) < 0.1 < bad(path)
    assert unasked(path) > 0.5
    assert bad(path) == pytest.approx(unasked(path), abs=0.1)


def test_where_nothing_was_counted_the_formula_stands_in() -> None:
    """An older calibration, or one that was cut short."""
    assert find_risk(None) is find_risk(LetterCounts(alone=(), words=(0, 0))) is misread_risk
    assert isinstance(find_risk(ONLY_0), MeasuredRisk)
    assert MeasuredRisk(ONLY_0)("") == 0


def test_letters_are_counted_where_they_were_asked_for() -> None:
    """Right answers and near ones tell of each letter; other things and none tell nothing."""
    counts = count_letters(
        [
            ("The key is 8f0c.", "8f0c", "correct"),
            ("8fOc", "8f0c", "silently wrong"),
            ("something else altogether", "8f0c", "silently wrong"),
            ("Not stated.", "8f0c", "abstained"),
            ("9", "", "silently wrong"),
            ("order cache", "order cache", "correct"),
            ("orber cache", "order cache", "silently wrong"),
        ]
    )
    assert counts == LetterCounts(alone=(("0", 2, 1), ("8", 2, 0), ("c", 2, 0), ("f", 2, 0)), words=(20, 1))


def test_a_letter_that_was_left_out_counts_as_misread() -> None:
    """Those round it were read."""
    left_out = count_letters([("8f0c2de", "8f0c2d1e", "silently wrong")])
    assert [one for one, _, wrong in left_out.alone if wrong] == ["1"]

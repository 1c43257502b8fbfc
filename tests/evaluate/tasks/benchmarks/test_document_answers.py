"""MMLongBench-Doc's rules, each by hand."""

from __future__ import annotations

import pytest

from glyph_memory.evaluate.tasks.benchmarks.document_answers import count_edits, score_answer


@pytest.mark.parametrize(
    ("right", "answer", "kind", "score"),
    [
        ("8", "8", "Int", 1), ("8", "8.0", "Int", 1), ("8", "eight", "Int", 0), ("8", "9", "Int", 0),
        # As it is published, a share and its per cent are the same, and so is what differs by a hundredth.
        ("18.29%", "18.29", "Float", 1), ("18.29%", "0.1829", "Float", 1), ("18.29%", "18.4", "Float", 1),
        ("18.29%", "18.6", "Float", 0), ("$12.50", "12.5 (EUR)", "Float", 1), ("18.29%", "none", "Float", 0),
        ("Less well-off", "less well-off", "Str", 1), ("Less well-off", '"Less well-off"', "Str", 1),
        # 5 of 10 letters are alike: not more than half.
        ("abcdefghij", "abcdeVWXYZ", "Str", 0), ("abcdefghij", "abcdefWXYZ", "Str", 0.6),
        # To the letter: addresses, dates, pages, times, files, numbers.
        ("https://w.wiki/6gb", "https://w.wiki/6gd", "Str", 0), ("2015-2016", "2015-2017", "Str", 0),
        ("page 4", "page 5", "Str", 0), ("10 a.m.", "11 a.m.", "Str", 0), ("main.py", "mein.py", "Str", 0),
        ("ada@mill.org", "ida@mill.org", "Str", 0), ("2015-2016", "2015-2016", "Str", 1),
        ("['White', '10%']", "['10%', 'white']", "List", 1), ("['White', '10%']", "['White']", "List", 0),
        ("['White', '10%']", "['White', '11%']", "List", 0), ("['one', 'two']", "['one', 'twos']", "List", 0.75),
        ("['one', 'two']", "one and two", "List", 0), ("['one']", "one", "List", 1), ("['one']", "['one'", "List", 0.6),
        ("Not answerable", "Not answerable", "None", 1), ("Not answerable", "8", "None", 0),
    ],
)  # fmt: skip
def test_a_short_answer_is_scored_by_the_kind_that_is_asked_for(
    right: str, answer: str, kind: str, score: float
) -> None:
    """From 0 to 1."""
    assert score_answer(right, answer, kind) == pytest.approx(score)


def test_what_is_no_list_is_never_run() -> None:
    """A model's answer is data."""
    assert score_answer("['one']", "[__import__('os').abort()]", "List") == 0.0


def test_edits_are_counted() -> None:
    """Levenshtein's own kind of example."""
    assert count_edits("", "abc") == count_edits("abc", "") == 3
    assert count_edits("saturday", "sunday") == 3

"""Dot leaders, rules and runs of one sign do not hide where lines stand, nor how large their letters are."""

from __future__ import annotations

import numpy as np
import pytest

from glyph_memory import Page, PageStyle, typeset
from glyph_memory.nano.sight.image import measure_ink
from glyph_memory.nano.sight.lines import find_lines
from glyph_memory.nano.sight.runs import find_low_runs

STYLES = {"glyph": PageStyle.glyph(), "dense": PageStyle.glyph().dense(), "code": PageStyle.code()}


def check(page: Page, *, size_px: float = 9) -> None:
    """Check that each line is found where it is, that nothing is left over, and the size of letters."""
    found = find_lines(measure_ink(page.array()))
    boxes = [line.box for line in page.lines if line.text.strip()]
    assert len(found.lines) == len(boxes)
    assert all(
        top < line.baseline < bottom + 1 for line, (_, top, _, bottom) in zip(found.lines, boxes, strict=True)
    )
    assert found.unread == ()
    assert found.size_px == pytest.approx(size_px, rel=0.09)


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("leader", [".", " .", "_", "-"])
def test_a_contents_page_with_leaders_has_its_lines(name: str, leader: str) -> None:
    """Half of its ink is dots."""
    count = (50 if name == "code" else 90) // len(leader)
    entries = [f"{n} Section about things {leader * count} {n * 3}" for n in range(1, 50)]
    check(typeset("\n".join(entries), style=STYLES[name])[0])


@pytest.mark.parametrize("sign", "=-_.,~#")
def test_headings_over_rules_have_their_lines(sign: str) -> None:
    """As in a README of plain text."""
    parts = [f"Heading number {n}\n{sign * 70}\nSome words of text follow here." for n in range(25)]
    check(typeset("\n".join(parts), style=STYLES["glyph"])[0])


@pytest.mark.parametrize("sign", "=-_.,~#")
def test_a_form_to_fill_in_has_its_lines(sign: str) -> None:
    """More rule than text."""
    check(typeset("\n".join([f"Name: {sign * 30}  Date: {sign * 20}"] * 40), style=STYLES["glyph"])[0])
    check(typeset(f"Heading\n{sign * 70}", style=STYLES["glyph"])[0])


def test_a_table_of_commas_has_its_lines() -> None:
    """Where most fields are empty."""
    rows = [",".join(str(n * k % 7) if (n * k) % 5 == 0 else "" for k in range(60)) for n in range(60)]
    check(typeset("\n".join(rows), style=STYLES["glyph"])[0])


def test_pages_of_words_have_no_runs_and_pages_of_nothing_else_are_left_alone() -> None:
    """Nor has noise."""
    words = typeset("Words stand here, and none of them is a run of signs.\n" * 20)[0]
    rules = typeset("\n".join(["-" * 60] * 20))[0]
    for page in (words, rules):
        assert find_low_runs(measure_ink(page.array()) > 0.25) is None
    assert find_low_runs(np.random.default_rng(2).random((400, 300)) > 0.9) is None
    assert find_low_runs(np.ones((3, 3), np.bool_)) is None

"""The measures of parity give the answers that are known."""

from __future__ import annotations

import numpy as np
import pytest

import parity
from lib.reference import Pixels


def test_f1_is_the_harmonic_mean_of_precision_and_recall() -> None:
    """Two of three found, two of three right."""
    assert parity.f1({1, 2, 3}, {2, 3, 4}) == pytest.approx(2 / 3)
    assert parity.f1({1}, set()) == 0
    assert parity.f1(set(), set()) == 1


def test_the_first_line_is_no_break() -> None:
    """A text of one line has no breaks; a page's first line has one."""
    assert parity.breaks([[(0, 3)]]) == set()
    assert parity.breaks([[(0, 3), (4, 6)], [(8, 9)]]) == {4, 8}


def test_lines_are_narrowed_to_their_ink() -> None:
    """White space that a break swallows belongs to neither line."""
    assert parity.trim_to_ink("ab  cd \n", 2, 8) == (4, 6)
    assert parity.trim_to_ink("ab  cd \n", 2, 4) is None


def test_ssim_of_a_page_with_itself_is_one() -> None:
    """Whatever is on it; and a page without ink has none."""
    page = _page(seed=1)
    assert parity.ink_ssim([(page, page)]) == pytest.approx(1)
    blank = np.full_like(page, 255)
    assert parity.ink_ssim([(blank, blank)]) is None


def test_ssim_does_not_profit_from_paper() -> None:
    """Much white round the ink makes pages alike without anyone reading better."""
    first, second = _page(seed=1), _page(seed=2)
    near = parity.ink_ssim([(first, second)])
    far = parity.ink_ssim([(_amid_paper(first), _amid_paper(second))])
    assert near is not None
    assert near < 0.5
    assert far == pytest.approx(near)


def test_ssim_fills_the_smaller_page_up_with_paper() -> None:
    """Cropped a pixel sooner or later, a page looks the same."""
    page = _page(seed=1)
    assert parity.ink_ssim([(page, page[:-3, :-1])]) == pytest.approx(1)


def _page(*, seed: int) -> Pixels:
    page = np.full((60, 60, 3), 255, np.uint8)
    page[15:40, 15:40] = np.random.default_rng(seed).integers(0, 255, (25, 25, 1), np.uint8)
    return page


def _amid_paper(page: Pixels) -> Pixels:
    return np.pad(page, ((60, 60), (60, 60), (0, 0)), constant_values=255)

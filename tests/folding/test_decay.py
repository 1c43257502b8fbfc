"""Old seals are drawn again denser only where the tokens saved pay for the broken prefix in time."""

from __future__ import annotations

import pytest

from glyph_memory.errors import PolicyError
from glyph_memory.folding import Decay, ServerPrices, decide_decay

PRICES = ServerPrices(text=1, page=2, cached_text=0.1, cached_page=0.1)


def test_the_broken_prefix_and_what_is_saved_are_told_to_the_token() -> None:
    """By hand: 40 denser tokens at 2, less 100 at 0.1 that were cached; 50 behind at 1.9; 20 of text at 0.9."""
    found = decide_decay([100, 50], [40, 50], recent_tokens=20, prices=PRICES, within_requests=1000)
    assert (found.seals, found.saved_tokens) == (1, 60)
    assert found.cost == pytest.approx(40 * 2 - 100 * 0.1 + 50 * 1.9 + 20 * 0.9)
    assert found.saved == pytest.approx(6)
    assert found.pays_after == pytest.approx(183 / 6)


@pytest.mark.parametrize(("within", "seals"), [(1, 0), (31, 0), (32, 1), (33, 1), (500, 1)])
def test_it_is_done_only_where_it_pays_within_the_stated_requests(within: int, seals: int) -> None:
    """It costs 183 with the first request and saves 6 with each later one: more than 30 of them pay."""
    found = decide_decay([100, 50], [40, 50], recent_tokens=20, prices=PRICES, within_requests=within)
    assert found.seals == seals


def test_where_a_generation_breaks_the_prefix_anyway_denser_pages_are_free() -> None:
    """They are read anew in any case, and fewer tokens cost less at once."""
    found = decide_decay(
        [100, 50], [40, 20], recent_tokens=20, prices=PRICES, within_requests=1, is_broken=True
    )
    assert (found.seals, found.pays_after) == (2, 0)
    assert found.cost == pytest.approx(60 * 2 - 150 * 2)


def test_where_cached_pages_cost_nothing_no_seal_decays() -> None:
    """There is nothing to save."""
    free = ServerPrices(text=1, page=2, cached_text=0, cached_page=0)
    assert decide_decay([900] * 9, [90] * 9, recent_tokens=0, prices=free, within_requests=9999).seals == 0


def test_seals_that_get_no_smaller_are_left_alone() -> None:
    """However long it may take to pay."""
    assert decide_decay([10], [10], recent_tokens=0, prices=PRICES, within_requests=9999) == Decay(seals=0)
    assert decide_decay([], [], recent_tokens=5, prices=PRICES, within_requests=5, is_broken=True).seals == 0
    assert Decay(seals=0, cost=1).pays_after == float("inf")


def test_what_is_no_number_of_requests_or_tokens_is_refused() -> None:
    """In one line."""
    with pytest.raises(PolicyError, match="1 denser counts for 2 seals; give one for each"):
        decide_decay([1, 2], [1], recent_tokens=0, prices=PRICES, within_requests=5)
    with pytest.raises(PolicyError, match="within_requests=0 is below 1"):
        decide_decay([1], [1], recent_tokens=0, prices=PRICES, within_requests=0)
    with pytest.raises(PolicyError, match="denser=-1 is below 0"):
        decide_decay([1], [-1], recent_tokens=0, prices=PRICES, within_requests=5)
    with pytest.raises(PolicyError, match=r"prices=None are no ServerPrices; give calibration\.prices"):
        decide_decay([1], [1], recent_tokens=0, prices=None, within_requests=5)  # type: ignore[arg-type]  # what is refused

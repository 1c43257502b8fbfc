"""The planner's arm: the cheaper of text and pages by a server's prices, never more than the budget."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from glyph_memory.errors import GlyphMemoryError, PolicyError
from glyph_memory.evaluate.arms import PlannerArm, Prompt, find_arm
from glyph_memory.folding import ServerPrices
from glyph_memory.tokens import ModelProfile
from tests.evaluate.calibration.test_calibration import CALIBRATION
from tests.evaluate.shop_keys import first_sample

GLYPH = ModelProfile.from_name("glyph")
DOCUMENT, TALK = first_sample(), first_sample(is_talk=True)
LARGE = 100_000


def build(arm: str | ServerPrices | None, budget: int = LARGE, *, is_talk: bool = False) -> Prompt:
    """Build what the planner, or an arm by its name, shows."""
    chosen = find_arm(arm) if isinstance(arm, str) else PlannerArm(arm)
    return chosen.build(TALK if is_talk else DOCUMENT, budget_tokens=budget, profile=GLYPH)


@pytest.mark.parametrize("is_talk", [False, True])
def test_the_cheaper_prompt_is_chosen(is_talk: bool) -> None:
    """Text where a page's token costs fifty times as much; pages at equal prices, and by tokens."""
    text, pages = (build(arm, is_talk=is_talk) for arm in ("text", "pages+ledger"))
    assert pages.tokens < text.tokens
    dear, same = ServerPrices(text=1, page=50), ServerPrices(text=1, page=1)
    assert build(dear, is_talk=is_talk).digest == text.digest
    assert build(same, is_talk=is_talk).digest == pages.digest
    assert build(None, is_talk=is_talk).digest == pages.digest


def test_text_that_does_not_fit_is_no_choice_though_it_were_cheaper() -> None:
    """What leaves nothing out goes before what is cheap."""
    budget = build("text").tokens - 1
    chosen = build(ServerPrices(text=1, page=50), budget)
    assert chosen.digest == build("pages+ledger", budget).digest
    with pytest.raises(PolicyError, match="budget"):
        build(ServerPrices(text=1, page=50), 60)


def test_pages_that_leave_something_out_are_no_choice_where_text_fits() -> None:
    """However cheap they are: what is shown whole goes first."""
    few = replace(GLYPH, max_images=2)
    text = find_arm("text").build(DOCUMENT, budget_tokens=LARGE, profile=few)
    chosen = PlannerArm(ServerPrices(text=50, page=1)).build(DOCUMENT, budget_tokens=LARGE, profile=few)
    pages = find_arm("pages+ledger").build(DOCUMENT, budget_tokens=LARGE, profile=few)
    assert bool(pages.left_out) == (chosen.digest == text.digest)


def test_prices_come_from_a_file_of_them_or_of_a_calibration(tmp_path: Path) -> None:
    """Given behind an @, as settings of pages are."""
    prices = ServerPrices(text=1, page=50)
    prices.save(tmp_path / "a@b.json")
    arm = find_arm(f"planner@prices={tmp_path / 'a@b.json'}")
    assert isinstance(arm, PlannerArm) and arm.prices == prices
    assert arm.name == f"planner@prices={tmp_path / 'a@b.json'}"
    assert isinstance(found := find_arm("planner"), PlannerArm) and found.prices is None
    CALIBRATION.save(tmp_path / "calibration.json")
    with pytest.raises(PolicyError, match="has no times of text"):
        find_arm(f"planner@prices={tmp_path / 'calibration.json'}")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("planner@dpi=72", "the arm 'planner' takes prices=FILE alone, and 'dpi=72' is not that"),
        ("planner@prices=", "takes prices=FILE alone"),
        ("planner@prices=no-such-file.json", "cannot read 'no-such-file.json'"),
        ("planer", "did you mean 'planner'"),
    ],
)
def test_what_is_no_price_list_is_refused(name: str, said: str) -> None:
    """Before anything is asked, in one line."""
    with pytest.raises(GlyphMemoryError, match=said):
        find_arm(name)
    with pytest.raises(PolicyError, match="prices=5 are no ServerPrices"):
        PlannerArm(5)  # type: ignore[arg-type]  # what is refused

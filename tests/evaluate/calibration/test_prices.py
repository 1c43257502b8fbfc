"""A calibration's prices: what a token of text and of a page took, anew and cached; and those of single readings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from glyph_memory.errors import PolicyError
from glyph_memory.evaluate.calibration import PrefillSpeed
from glyph_memory.folding import PromptTokens, TimedPrompt
from glyph_memory.readers import Reading, Timing, Usage, time_reading
from tests.evaluate.calibration.test_calibration import CALIBRATION


def speed(shown: str, seconds: float, *, tokens: int, cached: int | None = None) -> PrefillSpeed:
    """Return a speed; cached where it is said how much was."""
    return PrefillSpeed(
        shown="page" if shown == "page" else "text",
        is_cached=cached is not None,
        tokens=tokens,
        cached_tokens=cached,
        seconds=seconds,
    )


SPEEDS = (
    speed("text", 0.25, tokens=2500),
    speed("text", 0.0265, tokens=2500, cached=2400),
    speed("page", 0.6, tokens=1200),
    speed("page", 0.0061, tokens=1200, cached=1190),
)


def test_prices_are_what_was_measured_of_each_kind() -> None:
    """By hand: 0.1 ms and 0.5 ms anew; what is left of the second time is that of cached tokens."""
    prices = replace(CALIBRATION, prefill=SPEEDS).prices()
    assert prices.text == pytest.approx(0.25 / 2500)
    assert prices.page == pytest.approx(0.6 / 1200)
    assert prices.cached_text == pytest.approx((0.0265 - 100 * 1e-4) / 2400)
    assert prices.cached_page == pytest.approx((0.0061 - 10 * 5e-4) / 1190)
    assert prices.source == "measured on zai-org/Glyph"


def test_a_server_without_a_cache_has_cached_tokens_at_the_full_price() -> None:
    """It says that it had none, or nothing, and takes as long the second time."""
    for cached in (0, None):
        again = [replace(SPEEDS[place], is_cached=True, cached_tokens=cached) for place in (0, 2)]
        prices = replace(CALIBRATION, prefill=(SPEEDS[0], SPEEDS[2], *again)).prices()
        assert prices.cached_text == pytest.approx(prices.text)
        assert prices.cached_page == pytest.approx(prices.page)


@pytest.mark.parametrize(("kept", "what"), [((), "text"), (SPEEDS[:2], "pages"), (SPEEDS[2:], "text")])
def test_a_calibration_without_times_has_no_prices(kept: tuple[PrefillSpeed, ...], what: str) -> None:
    """It says which, and what to do."""
    with pytest.raises(PolicyError, match=f"no times of {what}; run glyph-memory calibrate again, or type"):
        replace(CALIBRATION, prefill=kept).prices()


def test_a_reading_tells_what_was_in_its_prompt() -> None:
    """Pages stand first, so the cache has them first."""
    usage = Usage(prompt_tokens=1000, cached_tokens=700, image_tokens=600)
    reading = Reading(text="", usage=usage, timing=Timing(first_token_s=0.2, total_s=3.0))
    assert time_reading(reading) == TimedPrompt(
        tokens=PromptTokens(text=300, cached_text=100, page=0, cached_page=600), seconds=0.2
    )
    given = time_reading(replace(reading, timing=Timing(total_s=3.0)), page_tokens=800)
    assert given == TimedPrompt(
        tokens=PromptTokens(text=200, page=100, cached_page=700, cached_text=0), seconds=3.0
    )


@pytest.mark.parametrize(
    ("usage", "timing", "said"),
    [
        (Usage(), Timing(total_s=1), "does not say how many tokens"),
        (Usage(prompt_tokens=5), Timing(), "or how long it took"),
        (Usage(prompt_tokens=5), Timing(total_s=1), "give page_tokens="),
        (Usage(prompt_tokens=5, image_tokens=1), Timing(total_s=0), "seconds=0 is not above 0"),
    ],
)
def test_a_reading_that_tells_too_little_is_refused(usage: Usage, timing: Timing, said: str) -> None:
    """With what is missing."""
    with pytest.raises(PolicyError, match=said):
        time_reading(Reading(text="", usage=usage, timing=timing))

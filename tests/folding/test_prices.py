"""A server's prices: typed, fitted to timed prompts, kept as a file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from glyph_memory.errors import PolicyError
from glyph_memory.folding import PromptTokens, ServerPrices, TimedPrompt, fit_prices

PRICES = ServerPrices(text=1e-4, page=3e-4, cached_text=1e-6, cached_page=2e-6, request=0.05)
PROMPTS = [
    PromptTokens(text=2500),
    PromptTokens(text=16, cached_text=2484),
    PromptTokens(page=1200),
    PromptTokens(page=16, cached_page=1184),
    PromptTokens(text=300, page=5000),
    PromptTokens(text=40, cached_text=8000, cached_page=9000),
]


def test_what_tokens_cost_is_a_sum() -> None:
    """Each kind at its price, and a request at its own."""
    prices = ServerPrices(text=1, page=3, cached_text=0.5, cached_page=0.25, answer=10, request=100)
    tokens = PromptTokens(text=2, cached_text=4, page=1, cached_page=8, answer=3, requests=2)
    assert prices.cost(tokens) == 2 + 2 + 3 + 2 + 30 + 200
    assert prices.cost(tokens + PromptTokens(text=5)) == prices.cost(tokens) + 105


def test_two_numbers_are_enough_and_nothing_is_cached_then() -> None:
    """A cached token costs what one costs that is read anew."""
    prices = ServerPrices(text=1, page=2)
    assert (prices.cached_text, prices.cached_page) == (1, 2)


def test_prices_are_found_again_in_what_prompts_took() -> None:
    """Timed at known prices, they are those prices, a request's fixed time among them."""
    found = fit_prices(TimedPrompt(tokens=one, seconds=PRICES.cost(one)) for one in PROMPTS)
    for name in ("text", "page", "cached_text", "cached_page", "request"):
        assert getattr(found, name) == pytest.approx(getattr(PRICES, name), rel=1e-3), name


def test_no_price_is_below_0_however_times_differ() -> None:
    """A cached prompt that took no longer than its few new tokens costs nothing cached."""
    seconds = (0.5, 0.001, 0.4, 0.001)
    found = fit_prices(
        TimedPrompt(tokens=tokens, seconds=s) for tokens, s in zip(PROMPTS[:4], seconds, strict=True)
    )
    assert found.text > 0 < found.page
    assert found.known_cached_text == found.known_cached_page == 0


def test_what_was_never_cached_costs_what_it_costs_anew() -> None:
    """And what was measured of one kind stands for the other."""
    anew = [TimedPrompt(tokens=one, seconds=1) for one in (PROMPTS[0], PROMPTS[2])]
    assert fit_prices(anew).cached_text == fit_prices(anew).text
    cached = TimedPrompt(tokens=PromptTokens(cached_text=1000), seconds=0.01)
    assert fit_prices([*anew, cached]).cached_page == pytest.approx(1e-5)


def test_prompts_that_tell_nothing_of_pages_or_text_are_refused() -> None:
    """With what to do."""
    for one, kind in ((PROMPTS[0], "page"), (PROMPTS[2], "text")):
        with pytest.raises(PolicyError, match=f"no timed prompt has {kind} that was read anew; time prompts"):
            fit_prices([TimedPrompt(tokens=one, seconds=1)])
    with pytest.raises(PolicyError, match="no timed prompt has text"):
        fit_prices([])
    with pytest.raises(PolicyError, match=r"seconds=0 is not above 0"):
        TimedPrompt(tokens=PROMPTS[0], seconds=0)
    with pytest.raises(PolicyError, match=r"tokens\.page=-1 is below 0"):
        TimedPrompt(tokens=PromptTokens(page=-1), seconds=1)


@pytest.mark.parametrize(
    "sent",
    [
        [PromptTokens(text=100, page=100)],
        [
            PromptTokens(text=100, page=50),
            PromptTokens(text=400, page=200),
            PromptTokens(text=1000, page=500),
        ],
        [PromptTokens(text=100), PromptTokens(page=100), PromptTokens(cached_text=100, cached_page=100)],
    ],
)
def test_tokens_that_were_only_sent_together_have_no_price_each(sent: list[PromptTokens]) -> None:
    """Any split of the time would do, so none is made up."""
    with pytest.raises(PolicyError, match=r"what was timed does not tell .*text from .*page; time prompts"):
        fit_prices(TimedPrompt(tokens=tokens, seconds=1) for tokens in sent)


def test_a_fixed_time_that_prompts_of_one_size_do_not_tell_is_the_tokens() -> None:
    """However much of them was cached: 2,500 tokens each time."""
    prices = replace(PRICES, request=0)
    sent = [PromptTokens(text=anew, cached_text=2500 - anew) for anew in (2500, 16, 32, 700)]
    sent += [PromptTokens(page=anew, cached_page=1200 - anew) for anew in (1200, 16)]
    found = fit_prices(TimedPrompt(tokens=one, seconds=prices.cost(one)) for one in sent)
    assert found.request == 0
    assert found.cached_text == pytest.approx(prices.cached_text, rel=1e-3)


def test_what_is_no_timed_prompt_is_refused() -> None:
    """In one line."""
    with pytest.raises(PolicyError, match=r"0\.5 is no TimedPrompt; time prompts"):
        fit_prices([0.5])  # type: ignore[list-item]  # what is refused
    with pytest.raises(PolicyError, match="tokens=2500 are no PromptTokens"):
        TimedPrompt(tokens=2500, seconds=1)  # type: ignore[arg-type]  # what is refused


@pytest.mark.parametrize(
    "fields",
    [
        {"text": 0}, {"page": 0}, {"text": -1}, {"page": float("nan")}, {"text": float("inf")}, {"text": "1"},
        {"text": True}, {"cached_text": -1}, {"cached_page": float("nan")}, {"answer": -0.5}, {"request": "x"},
        {"text": 1e13}, {"source": 5}, {"page": None},
    ],
)  # fmt: skip
def test_what_is_no_price_is_refused(fields: dict[str, Any]) -> None:
    """By name."""
    with pytest.raises(PolicyError, match=next(iter(fields))):
        ServerPrices(**{"text": 1, "page": 1, **fields})


def test_prices_are_kept_as_a_file(tmp_path: Path) -> None:
    """And read back as they were."""
    path = tmp_path / "prices.json"
    PRICES.save(path)
    assert ServerPrices.load(path) == PRICES
    with pytest.raises(PolicyError, match="cannot write"):
        PRICES.save(tmp_path / "no" / "folder.json")


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ("{", "holds no prices"),
        ("[1]", "is no price list of format 1"),
        ('{"text": 1}', "is no price list of format 1"),
        (json.dumps(PRICES.to_json() | {"prices_format": 2}), "is no price list of format 1"),
        (json.dumps(PRICES.to_json() | {"tax": 2}), "'tax' is missing or unknown"),
        (json.dumps({"prices_format": 1, "text": 1}), "is missing or unknown"),
        (json.dumps(PRICES.to_json() | {"text": None}), "text=None is no finite number"),
        (json.dumps(PRICES.to_json() | {"text": float("nan")}), "NaN is no price"),
        ("[" * 100_000, "holds no prices"),
    ],
)
def test_a_file_that_holds_no_prices_is_refused(tmp_path: Path, held: str, said: str) -> None:
    """In one line, with what to do."""
    (tmp_path / "prices.json").write_text(held)
    with pytest.raises(PolicyError, match=said) as error:
        ServerPrices.load(tmp_path / "prices.json")
    assert "\n" not in str(error.value)
    with pytest.raises(PolicyError, match=r"cannot read .*absent"):
        ServerPrices.load(tmp_path / "absent.json")


def test_prices_with_a_key_that_is_no_word_are_refused_by_it() -> None:
    """As a table may have that somebody built."""
    with pytest.raises(PolicyError, match="'1' is missing or unknown"):
        ServerPrices.from_json(PRICES.to_json() | {1: 2})

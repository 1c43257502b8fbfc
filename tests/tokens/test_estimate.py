"""The estimate: labelled as one, near enough, and the same everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.tokens import EstimateCounter

ESTIMATE = EstimateCounter()


def test_it_never_claims_to_be_exact() -> None:
    """Its name says what it is, and its usual error is stated."""
    assert (ESTIMATE.name, ESTIMATE.exact) == ("estimate", False)
    assert 0 < ESTIMATE.typical_error < 0.2


@pytest.mark.parametrize(
    ("text", "cl100k"),
    [
        ("The quick brown fox jumps over the lazy dog, and nobody in the village was surprised by it.", 20),
        ("def test_a_page(self, width: int) -> None:\n    return self.pages[width].image_tokens(size)\n", 24),
        ('{"id": 4182, "name": "orders", "open": true, "items": [1, 20, 300], "total": 1250.75}', 39),
        ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", 27),
        ("/T/rPJJQt5dKm1KLaWNjIaRhtV71W3vq/YCamp6SW3mmNC+g/biylNl/xhA9kgibJfpeA59SqOipX2TWWJwfeGVC", 61),
        ("昨天下午三点，我们在会议室讨论了新版本的发布计划，产品经理提出了几个问题。", 37),
    ],
)
def test_short_texts_come_out_near_what_cl100k_counts(text: str, cl100k: int) -> None:
    """Within a fifth, one line alone; `benchmarks/tokens.py` prints long texts by kind."""
    assert abs(ESTIMATE.count(text) - cl100k) <= 0.2 * cl100k


def test_no_text_costs_nothing() -> None:
    """And only none does."""
    assert ESTIMATE.count("") == 0


@given(st.text(min_size=1))
def test_every_text_costs_something(text: str) -> None:
    """Blanks, controls and halves of surrogate pairs too."""
    assert ESTIMATE.count(text) >= 1


def test_a_text_of_many_chunks_costs_what_its_chunks_cost() -> None:
    """Chunks keep memory small and nothing else: five million characters, to a token a border."""
    text = "The quick brown fox. " * 250_000
    each = ESTIMATE.count(text[:21_000]) / 1_000
    assert abs(ESTIMATE.count(text) - 250_000 * each) <= 250_000 * 0.002

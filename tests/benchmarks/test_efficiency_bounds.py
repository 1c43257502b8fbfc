"""The bounds that need no GPU are those of the benchmark that does."""

from __future__ import annotations

import pytest

from efficiency_bounds import bound
from lib.flops import GLM_9B
from lib.page_feed import Feed
from lib.real_text import Texts


def test_bounds_follow_from_what_was_counted() -> None:
    """Compression is text over pages; at equal numbers of sequences decoding's bound is that of their bytes."""
    row = bound(Texts(), Feed(), 4096, "as written", "dense")
    assert row["compression"] == 4096 / row["page_tokens"]
    assert row["compression"] > 2.5
    text, pages = 4096 + 64, row["page_tokens"] + 64
    assert row["sequences"] == [256, 256]
    steps = [GLM_9B.count_step_bytes(tokens, 256) for tokens in (text, pages)]
    assert row["decode_most"] == pytest.approx(steps[0] / steps[1])
    assert 1 < row["decode_one"] < row["prefill"] < row["prefill_features_cached"] < row["compression"] * 1.2
    assert row["published"] == {"prefill": 1.8, "decoding": 2.3}

"""A server's prices from measured prefill: what a token of text and of a page takes, anew and cached.

Knows speeds; asks nobody anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from glyph_memory.errors import PolicyError
from glyph_memory.evaluate.calibration.prefill import PrefillSpeed
from glyph_memory.folding import PromptTokens, ServerPrices, TimedPrompt, fit_prices

_NONE = (
    "this calibration has no times of {what}; run glyph-memory calibrate again, or type prices: "
    "ServerPrices(text=…, page=…)"
)


def find_prices(speeds: Sequence[PrefillSpeed], *, source: str) -> ServerPrices:
    """Return the prices, in seconds, by which a server took in prompts.

    What was asked a second time counts as cached as far as the server says, wholly where it does not say: a server
    without a prefix cache is then as slow as the first time, and its cached tokens cost what others do.

    Raises:
        PolicyError: Text or pages were not measured.
    """
    for shown in ("text", "page"):
        if not any(one.shown == shown and one.tokens > 0 and one.seconds > 0 for one in speeds):
            raise PolicyError(_NONE.format(what="text" if shown == "text" else "pages"))
    return fit_prices(
        map(_time, (one for one in speeds if one.tokens > 0 and one.seconds > 0)), source=source
    )


def _time(speed: PrefillSpeed) -> TimedPrompt:
    cached = speed.tokens if speed.is_cached else 0
    # A server that says it had nothing was asked the same prompt all the same: its time is what counts.
    if speed.is_cached and speed.cached_tokens:
        cached = min(speed.tokens, speed.cached_tokens)
    anew = speed.tokens - cached
    tokens = (
        PromptTokens(text=anew, cached_text=cached)
        if speed.shown == "text"
        else PromptTokens(page=anew, cached_page=cached)
    )
    return TimedPrompt(tokens=tokens, seconds=speed.seconds)

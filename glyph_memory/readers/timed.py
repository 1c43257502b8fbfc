"""A reading as a timed prompt: what a server's own counts say was in it, and how long it took.

Knows readings; finds no prices.
"""

from __future__ import annotations

from glyph_memory.checks import check_whole
from glyph_memory.errors import PolicyError
from glyph_memory.folding import PromptTokens, TimedPrompt
from glyph_memory.readers.reader import Reading


def time_reading(reading: Reading, *, page_tokens: int | None = None) -> TimedPrompt:
    """Return what was in a prompt and how long it took, for `fit_prices`.

    Pages stand before recent text, so what the prefix cache had is taken to be pages first.

    Args:
        reading: What a reader answered, best as a stream, which tells when the first token came.
        page_tokens: How many of the prompt's tokens are pages; as the server says unless given.

    Raises:
        PolicyError: It does not say how many tokens were sent or how long it took, or how many of them are pages.
    """
    check_whole("page_tokens", page_tokens, PolicyError, or_none=True)
    usage, timing = reading.usage, reading.timing
    seconds = timing.total_s if timing.first_token_s is None else timing.first_token_s
    pages = usage.image_tokens if page_tokens is None else page_tokens
    if usage.prompt_tokens is None or seconds is None:
        raise PolicyError(
            "this reading does not say how many tokens were sent, or how long it took; ask a server"
        )
    if pages is None:
        raise PolicyError("this reading does not say how many of its tokens are pages; give page_tokens=")
    pages = min(pages, usage.prompt_tokens)
    cached = min(usage.cached_tokens or 0, usage.prompt_tokens)
    cached_pages = min(pages, cached)
    text = usage.prompt_tokens - pages
    tokens = PromptTokens(
        text=text - (cached - cached_pages),
        cached_text=cached - cached_pages,
        page=pages - cached_pages,
        cached_page=cached_pages,
    )
    return TimedPrompt(tokens=tokens, seconds=seconds)

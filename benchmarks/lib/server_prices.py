"""What a conversation's requests hold, token by token, on a server with a prefix cache: text and pages, anew or cached.

Knows keys of tokens; shares nothing with how a choice is made, so that it can judge one.
"""

from __future__ import annotations

from dataclasses import dataclass

from glyph_memory import ModelProfile
from glyph_memory.context import ImagePart
from glyph_memory.folding import PromptTokens
from lib.prefix_cache import BlockCache, Keys, Prompt
from lib.ways import Talk, Way

_FIRST_PAGE_KEY = 1 << 40
"""Above every key of text."""


class KindKeys(Keys):
    """Keys of which each tells whether it is of text or of an image."""

    def __init__(self, profile: ModelProfile) -> None:
        super().__init__(profile)
        self._next_page = _FIRST_PAGE_KEY

    def _image(self, image: ImagePart) -> Prompt:
        text, self._next = self._next, self._next_page
        keys = super()._image(image)
        self._next_page, self._next = self._next, text
        return keys


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """All requests of a conversation, sent in one way."""

    total: PromptTokens
    """Their tokens."""
    largest: int
    """Tokens of the largest."""


def count_sent(talk: Talk, way: Way, keys: KindKeys) -> Sent:
    """Send every request of a conversation to a server whose cache is empty at first, and count."""
    cache, total, largest = BlockCache(), PromptTokens(requests=0), 0
    for messages in way(talk):
        prompt = keys.prompt(messages)
        cached = cache.look_up(prompt)
        is_page = prompt >= _FIRST_PAGE_KEY
        pages, cached_pages = int(is_page.sum()), int(is_page[:cached].sum())
        total += PromptTokens(
            text=len(prompt) - cached - (pages - cached_pages),
            cached_text=cached - cached_pages,
            page=pages - cached_pages,
            cached_page=cached_pages,
        )
        largest = max(largest, len(prompt))
    return Sent(total=total, largest=largest)

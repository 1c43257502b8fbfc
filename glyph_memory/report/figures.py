"""`Figures`: what a text costs as text and as pages; a `Tally` gathers them while pages are made.

Counts as pages come and keeps none of them, so that a text of any size can be measured.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from glyph_memory.documents import DocumentPage
from glyph_memory.page import Escape, EscapeReason, Page
from glyph_memory.tokens import ModelProfile

_ENOUGH = 1 << 22
"""Characters counted at a time: enough that most texts are counted whole."""

_Drawn = TypeVar("_Drawn", Page, DocumentPage)

_SEAM = re.compile(r"\n(?=\S)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What a text costs, both ways."""

    pages: int
    """How many."""
    characters: int
    """Of the text."""
    text_tokens: int
    """What the text costs as text."""
    text_counter: str
    """What counted them."""
    text_exact: bool
    """Whether that is the model's own tokenizer; otherwise `text_tokens` is an estimate."""
    page_tokens: int
    """What the text costs as pages, by the rule of the model's own processor."""
    pixels: int
    """Of all pages together."""
    typeset_s: float
    """Seconds it took to typeset them, without encoding or writing files."""
    escaped: tuple[Escape, ...] = ()
    """Characters that stand as their number, the most frequent first."""
    profile: str
    """Name of the model profile that counted."""
    style: str
    """Name of the page style."""

    @property
    def ratio(self) -> float:
        """How many text tokens one page token stands for."""
        return self.text_tokens / self.page_tokens if self.page_tokens else 0.0

    @property
    def ms_a_page(self) -> float:
        """Milliseconds it took to typeset a page."""
        return 1000 * self.typeset_s / self.pages if self.pages else 0.0

    @property
    def escapes(self) -> int:
        """How many characters stand as their number."""
        return sum(escape.count for escape in self.escaped)

    def to_json(self) -> dict[str, object]:
        """Return the figures as plain values for JSON."""
        return {
            "pages": self.pages,
            "characters": self.characters,
            "text_tokens": self.text_tokens,
            "text_counter": self.text_counter,
            "text_exact": self.text_exact,
            "page_tokens": self.page_tokens,
            "ratio": round(self.ratio, 3),
            "ms_a_page": round(self.ms_a_page, 3),
            "profile": self.profile,
            "style": self.style,
            "escapes": self.escapes,
            "escaped": [
                {
                    "codepoint": f"U+{ord(escape.character):04X}",
                    "count": escape.count,
                    "reason": escape.reason,
                }
                for escape in self.escaped
            ],
        }


class Tally:
    """Counts pages while they pass.

    Args:
        profile: Whose tokens to count.
        style: What to call the style.

    Example:
        >>> from glyph_memory.typesetting import iter_pages
        >>> tally = Tally(profile=ModelProfile.from_name("glyph"), style="glyph")
        >>> for page in tally.watch(iter_pages("Hello, page.")):
        ...     page.size
        (84, 56)
        >>> tally.figures().page_tokens
        14
    """

    def __init__(self, *, profile: ModelProfile, style: str) -> None:
        self._profile = profile
        self._counter = profile.text_counter
        self._style = style
        self._sizes: list[tuple[int, int]] = []
        self._escapes: Counter[tuple[str, EscapeReason]] = Counter()
        self._characters = self._tokens = 0
        self._uncounted: list[str] = []
        self._held = 0
        self._typeset_s = 0.0

    def watch(self, pages: Iterable[_Drawn]) -> Iterator[_Drawn]:
        """Pass pages on and count them; the wait for each page is taken as its typesetting time."""
        source = iter(pages)
        while True:
            began = time.perf_counter()
            page = next(source, None)
            self._typeset_s += time.perf_counter() - began
            if page is None:
                return
            self._add(page if isinstance(page, Page) else page.page)
            yield page

    def figures(self) -> Figures:
        """Return the figures of the pages that have passed so far."""
        return Tally.total([self])

    @staticmethod
    def total(tallies: Sequence[Tally]) -> Figures:
        """Return the figures of several texts in one request; all must have the same profile."""
        first = tallies[0]
        sizes = [size for tally in tallies for size in tally._sizes]
        escapes = sum((tally._escapes for tally in tallies), Counter[tuple[str, EscapeReason]]())
        return Figures(
            pages=len(sizes),
            characters=sum(tally._characters for tally in tallies),
            text_tokens=sum(
                tally._tokens + tally._counter.count("".join(tally._uncounted)) for tally in tallies
            ),
            text_counter=first._counter.name,
            text_exact=first._counter.exact,
            page_tokens=first._profile.pages_tokens(sizes),
            pixels=sum(width * height for width, height in sizes),
            typeset_s=sum(tally._typeset_s for tally in tallies),
            escaped=tuple(
                Escape(character=character, count=count, reason=reason)
                for (character, reason), count in escapes.most_common()
            ),
            profile=first._profile.name,
            style=first._style,
        )

    def _add(self, page: Page) -> None:
        self._sizes.append(page.size)
        self._characters += len(page.text)
        for escape in page.escaped:
            self._escapes[escape.character, escape.reason] += escape.count
        self._uncounted.append(page.text)
        self._held += len(page.text)
        while self._held > 2 * _ENOUGH:
            self._count()

    def _count(self) -> None:
        """Count the first part of the text not counted yet, up to the start of a line: no token crosses it.

        Where that is depends on the text alone, not on its pages.
        """
        text = "".join(self._uncounted)
        cut = max((match.end() for match in _SEAM.finditer(text, 0, _ENOUGH)), default=_ENOUGH)
        self._tokens += self._counter.count(text[:cut])
        self._uncounted, self._held = [text[cut:]], len(text) - cut

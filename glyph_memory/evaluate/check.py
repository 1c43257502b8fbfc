"""`check_pages` reads pages back and reports the characters that came back wrong.

It reports and no more: what is sealed, sent or stored never depends on it, for a page is drawn from its text alone
and the text is kept. Knows pages and any reader; knows nothing about files.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from glyph_memory.evaluate.errors import CharacterErrors, ReadCounts, rate_interval
from glyph_memory.evaluate.readback import LineErrors, MisreadIdentifier, PageCheck, read_back
from glyph_memory.evaluate.readers import PageReader, find_reader
from glyph_memory.nano.claims import find_unclaimed
from glyph_memory.page import Page
from glyph_memory.style import PageStyle

_KEPT = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckReport:
    """What came back of all pages."""

    pages: tuple[PageCheck, ...]
    """Page by page, without their lines and identifiers."""
    wrong_lines: int
    """How many lines came back wrong."""
    lines: tuple[LineErrors, ...]
    """The worst first, a hundred at the most."""
    misread: tuple[MisreadIdentifier, ...]
    """Identifiers that did not come back to the letter, in order, the first hundred."""
    unclaimed: tuple[str, ...] = ()
    """The alphabets on these pages that the embedded reader does not vouch for; none where another reads."""

    @property
    def errors(self) -> CharacterErrors:
        """Of all pages together."""
        return CharacterErrors.total(page.errors for page in self.pages)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the error rate; see `rate_interval`."""
        return rate_interval([(page.errors.edits, page.errors.characters) for page in self.pages])

    @property
    def counts(self) -> ReadCounts:
        """Of all pages together."""
        return ReadCounts.total(page.counts for page in self.pages)

    def to_json(self) -> dict[str, object]:
        """Return the report as plain values for JSON."""
        errors = self.errors
        return {
            **rate_json(errors),
            "interval": list(self.interval),
            **self.counts.to_json(),
            "unclaimed": list(self.unclaimed),
            "confusions": confusions_json(errors, most=50),
            "pages": [
                {"page": page.number, **rate_json(page.errors), "confidence": round(page.confidence, 4)}
                | page.counts.to_json()
                for page in self.pages
            ],
            "wrong_lines": self.wrong_lines,
            "lines": [
                {"page": line.page, "line": line.line, "edits": line.edits}
                | {"truth": line.truth, "said": line.said}
                for line in self.lines
            ],
            "misread": [
                {"page": found.page, "kind": found.kind, "truth": found.truth, "said": found.said}
                for found in self.misread
            ],
        }


def rate_json(errors: CharacterErrors) -> dict[str, object]:
    """Return an error rate as plain values for JSON."""
    return {"edits": errors.edits, "characters": errors.characters, "rate": errors.rate}


def confusions_json(errors: CharacterErrors, *, most: int) -> list[dict[str, object]]:
    """Return the most frequent confusions as plain values for JSON."""
    return [
        {"truth": truth, "said": said, "count": count}
        for (truth, said), count in errors.confusions.most_common(most)
    ]


class Checker:
    """Reads pages back as they come, and keeps what the report needs: the worst lines, not all of them.

    Args:
        style: The one the pages were typeset in; each page's own unless given.
        reader: Who reads them; the embedded reader unless another is given.
    """

    def __init__(self, *, style: PageStyle | str | None = None, reader: PageReader | None = None) -> None:
        self._style = None if style is None else PageStyle.of(style)
        self._reader, self._is_embedded = reader or find_reader("nano"), reader is None
        self._unclaimed: dict[str, None] = {}
        self._pages: list[PageCheck] = []
        self._worst: list[LineErrors] = []
        self._misread: list[MisreadIdentifier] = []
        self._wrong_lines = 0

    def check_page(self, page: Page) -> PageCheck:
        """Read one page back, from its pixels alone, and compare."""
        found = read_back(page, self._reader(page.image), style=self._style)
        if self._is_embedded:
            self._unclaimed |= dict.fromkeys(find_unclaimed(page.text))
        self._pages.append(replace(found, lines=(), misread=()))
        self._wrong_lines += len(found.lines)
        self._worst = heapq.nlargest(_KEPT, [*self._worst, *found.lines], key=lambda line: line.edits)
        self._misread = [*self._misread, *found.misread][:_KEPT]
        return found

    def report(self) -> CheckReport:
        """Return the report on all pages so far."""
        return CheckReport(
            pages=tuple(self._pages),
            wrong_lines=self._wrong_lines,
            lines=tuple(self._worst),
            misread=tuple(self._misread),
            unclaimed=tuple(self._unclaimed),
        )


def check_pages(
    pages: Iterable[Page],
    *,
    style: PageStyle | str | None = None,
    reader: PageReader | None = None,
    progress: Callable[[PageCheck], None] | None = None,
) -> CheckReport:
    """Read every page back and report the characters that came back wrong.

    It reports only: nothing that is sealed ever depends on it.

    Args:
        pages: Any pages.
        style: The one they were typeset in; each page's own unless given.
        reader: Who reads them; the embedded reader unless another is given.
        progress: Called with every page when it is read.
    """
    checker = Checker(style=style, reader=reader)
    for page in pages:
        found = checker.check_page(page)
        if progress is not None:
            progress(found)
    return checker.report()

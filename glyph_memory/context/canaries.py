"""The codes of canary pages: which pages have one, what it is, and where it stands.

A code follows from what its run of turns says and from its page's number. So it is kept nowhere, and a page that is
drawn again has the same one. Knows digests and numbers; knows nothing about requests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

from glyph_memory.context.page_wording import show_page_code
from glyph_memory.folding import Seal
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import insert_line

CODE_LETTERS = "ACEFHJKMNPRTWXY3479"
"""What codes are made of: no two that a reader may take for each other, such as O and 0, S and 5, B and 8."""
CODE_LENGTH = 6
"""Letters of a code: one of 47 million."""


def has_code(number: int, every: int | None) -> bool:
    """Return whether the page with a number carries a code, where each `every`-th one does; None: no page does."""
    return every is not None and number % every == 0


def make_code(run: str, number: int) -> str:
    """Return the code of a page.

    Args:
        run: The digest of what its seal's turns say; see `run_digest`.
        number: The page's.

    Example:
        >>> make_code("ab", 7), make_code("ab", 8)
        ('493RJC', 'TXW4RY')
    """
    rest, letters = _draw_number("code", run, number), list[str]()
    for _ in range(CODE_LENGTH):
        rest, place = divmod(rest, len(CODE_LETTERS))
        letters.append(CODE_LETTERS[place])
    return "".join(letters)


def find_codes(seals: Iterable[Seal], every: int | None) -> dict[int, str]:
    """Return the number of each page of some seals, in order, with its code; empty where it carries none."""
    return {
        page.number: make_code(seal.turns, page.number) if has_code(page.number, every) else ""
        for seal in seals
        for page in seal.pages
    }


def draw_code(page: Page, *, run: str, begins: Collection[int], style: PageStyle) -> Page:
    """Return a page with its code in a line of its own; what stands on it, and its text, stay as they are.

    The line stands where a turn or a paragraph begins, or below the last one. Which of these follows from the same
    digest as the code: a reader has to look for it.

    Args:
        page: The page, without captions.
        run: The digest of what its seal's turns say.
        begins: Where turns begin, as offsets into the run's text.
        style: The page's.

    Raises:
        FontError: The line cannot be drawn.
    """
    tops = _find_gaps(page, begins)
    top = tops[_draw_number("place", run, page.number) % len(tops)]
    return insert_line(page, show_page_code(make_code(run, page.number)), top=top, style=style)


def _find_gaps(page: Page, begins: Collection[int]) -> list[int]:
    """Return the rows that a line may be put above, from the top, and the page's end: no line of text is cut by it."""
    boxes = [line.box for line in page.lines]
    tops = {
        line.box[1]
        for line in page.lines
        if line.start in begins
        or (line.start > page.start and page.text[line.start - page.start - 1] == "\n")
    }
    whole = [top for top in sorted(tops) if not any(box[1] < top < box[3] for box in boxes)]
    return [*whole, page.size[1]]


def _draw_number(what: str, run: str, number: int) -> int:
    return int.from_bytes(hashlib.sha256(f"page {what} {run} {number}".encode()).digest())

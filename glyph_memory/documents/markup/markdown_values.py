"""Short pieces of Markdown: front matter, a fence's first line, where a long text may be cut. Knows no tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator

_DATA = re.compile(r"([\w.-][\w .-]*):(?:\s+(.*))?")
_CODE_TITLE = re.compile(r"""\b(?:title|caption|filename)\s*=\s*("[^"]*"|'[^']*'|[^\s"'{}]+)""")
_DEFINITION = re.compile(r"^[ \t>*+\-0-9.)]{0,99}\[[^\]]{1,999}\]:", re.MULTILINE)
_HEADING = re.compile(r"\n[ \t]*\n(?=#{1,6}[ \t])")
_FENCE = re.compile(r"^[ \t>*+\-0-9.)]{0,99}(`{3,}|~{3,})([^\n`]*)$", re.MULTILINE)
_PAIRS = (
    ("<!--", "-->"),
    ("\\begin{", "\\end{"),
    ("<pre", "</pre"),
    ("<script", "</script"),
    ("<style", "</style"),
)
_STRETCH = 250_000
"""How many characters are parsed at once, about: their tokens take a hundred times as many bytes."""
_TRIES = 20
"""How many headings in a row are tried."""
_OPEN_BRACKETS = 500
"""How many brackets of a paragraph may have no end: each is looked for again and again."""


def read_front_matter(content: str) -> tuple[list[list[str]] | None, str]:
    """Return the rows of front matter that is plain names with values, else None, and its title."""
    lines = content.strip("\n").split("\n")
    found = [_DATA.fullmatch(line.rstrip()) for line in lines]
    rows = [[one[1], one[2] or ""] for one in found if one is not None]
    title = next((value for name, value in rows if name == "title"), "").strip("\"' ")
    return rows if len(rows) == len(lines) else None, title


def read_fence(info: str) -> tuple[str, str]:
    """Return the language and the title that the first line of a fence names.

    Example:
        >>> read_fence('python title="first.py" {1}')
        ('python', 'first.py')
    """
    words = info.split(maxsplit=1)
    title = _CODE_TITLE.search(info)
    return words[0].strip("{}.") if words else "", title[1].strip("\"'") if title else ""


def is_costly(content: str) -> bool:
    """Return whether a paragraph has hundreds of brackets that never end."""
    return content.count("[") - content.count("]") > _OPEN_BRACKETS


def cut_stretches(text: str) -> Iterator[tuple[int, str]]:
    """Yield a long text in stretches, each with the number of lines before it.

    They begin with headings outside of all else. A text that defines links or notes stays whole: these hold for all
    of it.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    start = line = 0
    if len(text) > 2 * _STRETCH and not _DEFINITION.search(text):
        at, tries = _STRETCH, 0
        while found := _HEADING.search(text, at):
            stretch = text[start : found.end()]
            at = found.end()
            if _is_whole(stretch):
                yield line, stretch
                start, line, at, tries = at, line + stretch.count("\n"), at + _STRETCH, 0
            else:  # after some tries further and further ahead, so that looking costs little
                tries += 1
                at += len(stretch) // 10 if tries > _TRIES else 0
    yield line, text[start:]


def _is_whole(stretch: str) -> bool:
    """Return whether nothing is open at the end: no fence, comment or formula."""
    fence = ""
    for found in _FENCE.finditer(stretch):
        if not fence:
            fence = found[1]
        elif found[1].startswith(fence) and not found[2].strip():
            fence = ""
    low = stretch.lower()
    return not fence and stretch.count("$$") % 2 == 0 and all(low.count(a) == low.count(b) for a, b in _PAIRS)

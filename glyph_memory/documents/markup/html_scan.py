"""Prepare HTML for the parser: number its lines, and flatten what would take the parser hours.

The parser keeps no lines, looks through all open elements at each tag, and through all attributes at each attribute. So
the first tag of each line gets an attribute with the line's number, what is nested beyond 500 elements loses its tags,
and a tag of more than 200 attributes loses them. Knows tags; knows nothing about what they mean.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

from glyph_memory.documents.markup.elements import KNOWN, VOID

LINE = "_line"
"""The attribute that has the number of the line."""

_DEEPEST = 500
"""Chrome stops at 512."""
_MOST_ATTRIBUTES = 200
_LONG_TAG = 1000
_TAG = re.compile(r"""<(/?)([A-Za-z][^\s/>]*)((?:[^>"']++|"[^"]*+"|'[^']*+')*+)>""")
_SPECIAL = re.compile(r"<(?:!--|[!?]|/?[A-Za-z])")
_QUOTED = re.compile(r""""[^"]*+"|'[^']*+'""")
_RAW = frozenset(("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"))
"""Elements whose content has no tags."""
_DROPPING = frozenset(("pre", "textarea", "listing"))
_UNCOUNTED = VOID | frozenset(
    [
        "p",
        "li",
        "dt",
        "dd",
        "option",
        "optgroup",
        "tr",
        "td",
        "th",
        "thead",
        "tbody",
        "tfoot",
        "html",
        "head",
        "body",
    ]
)
"""Elements that are closed by the next one, or by that around them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scanned:
    """HTML that the parser can take."""

    html: str
    """The page."""
    is_deep: bool = False
    """Whether elements were nested too deeply."""
    is_crowded: bool = False
    """Whether a tag had too many attributes."""
    rest: str = ""
    """What follows a comment or a tag that never ends: it is not shown."""


def scan_html(html: str, *, line: int | None, is_xml: bool = False) -> Scanned:
    """Return HTML with its lines numbered, and nothing in it that takes long.

    Args:
        html: A page, or a piece of one.
        line: The number of its first line; None where lines are not wanted.
        is_xml: Whether it is XHTML, where `<p/>` ends what it begins.
    """
    return _Scanner(html, line, is_xml).scan()


class _Scanner:
    def __init__(self, html: str, line: int | None, is_xml: bool) -> None:
        self._is_xml = is_xml
        self._html, self._pieces, self._copied = html, list[str](), 0
        self._numbers, self._line = line is not None, line or 1
        self._counted = 0  # up to where newlines are counted
        self._numbered = 0  # the last line that has its number
        self._depth = self._excess = 0
        self._is_deep = self._is_crowded = False

    def scan(self) -> Scanned:
        at, rest = 0, ""
        while found := _SPECIAL.search(self._html, at):
            start = found.start()
            if found[0] == "<!--":
                at = self._find_end("-->", start + 2)
            elif found[0][1] in "!?":
                at = self._skip_declaration(start)
            elif tag := _TAG.match(self._html, start):
                at = self._take(tag)
            else:  # it never ends: nothing of it is shown
                at = -1
            if at < 0:
                rest = self._html[start:]
                break
        self._pieces.append(self._html[self._copied :])
        return Scanned(
            html="".join(self._pieces), is_deep=self._is_deep, is_crowded=self._is_crowded, rest=rest
        )

    def _find_end(self, mark: str, start: int) -> int:
        found = self._html.find(mark, start)
        return found + len(mark) if found >= 0 else -1

    def _skip_declaration(self, start: int) -> int:
        if not self._is_xml or self._html[start + 1] == "?":
            return self._find_end(">", start)
        if self._html.startswith("<![CDATA[", start):
            stop = self._find_end("]]>", start)
            if stop > 0:
                self._replace(start, stop, escape(self._html[start + 9 : stop - 3]))
            return stop
        stop = self._find_end(">", start)
        if "[" in self._html[start:stop]:  # a DTD of its own: no entity of it is known here
            stop = self._find_end("]>", start)
            self._replace(start, stop, "") if stop > 0 else None
        return stop

    def _take(self, tag: re.Match[str]) -> int:
        """Return where to look on, after a tag."""
        name, stop = tag[2].lower(), tag.end()
        if name == "select":  # the parser walks all its options at each one
            self._replace(tag.end(2), tag.end(2), "-list")
        if tag[1]:
            if self._excess and name not in _UNCOUNTED:
                self._excess -= 1
                self._replace(tag.start(), stop, " ")
            elif name not in _UNCOUNTED:
                self._depth = max(self._depth - 1, 0)
            return stop
        is_closed = tag[3].rstrip().endswith("/")
        if self._is_xml and is_closed and name not in VOID:
            self._number(tag)
            self._replace(tag.start(3) + tag[3].rindex("/"), stop, f"></{tag[2]}>")
            return stop
        if name in _RAW:
            self._number(tag)
            found = re.compile(f"</{name}", re.IGNORECASE).search(self._html, stop)
            shown = len(self._html) if name in {"textarea", "xmp"} else -1
            return found.start() if found else shown
        if name not in _UNCOUNTED and (name in KNOWN or not is_closed):  # <path/> ends, <div/> does not
            if self._depth >= _DEEPEST:
                self._excess, self._is_deep = self._excess + 1, True
                self._replace(tag.start(), stop, " ")
                return stop
            self._depth += 1
        if len(tag[3]) > _LONG_TAG and len(_QUOTED.sub("", tag[3]).split()) > _MOST_ATTRIBUTES:
            self._is_crowded = True
            self._replace(tag.end(2), stop - 1, "")
        else:
            self._number(tag)
        return stop

    def _number(self, tag: re.Match[str]) -> None:
        if not self._numbers:
            return
        self._line += self._html.count("\n", self._counted, tag.end())
        self._counted = tag.end()
        # The parser takes away a newline after <pre>.
        drops = tag[2].lower() in _DROPPING and self._html.startswith(("\n", "\r\n"), tag.end())
        if self._line != self._numbered or drops:
            self._numbered = self._line
            self._replace(tag.end(2), tag.end(2), f' {LINE}="{self._line + drops}"')

    def _replace(self, start: int, stop: int, text: str) -> None:
        self._pieces += (self._html[self._copied : start], text)
        self._copied = stop

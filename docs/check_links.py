"""Find links that lead nowhere, in the README, the pages of the site and the adapters' READMEs.

Sphinx knows its own pages; this knows all the others, and reads links as a code host shows them. A link inside the
repository has to lead to a file, and to a heading where it names one. A link to elsewhere is looked at for its form
alone: nothing is fetched.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from site_parts import ROOT, expand, list_pages

_HTML = re.compile(r"<(?:img|a)\s[^>]*?(?:src|href)=\"([^\"]+)\"")
_LOCAL = ("127.0.0.1", "localhost")
_PARSER = MarkdownIt("commonmark").enable("table")


def find_broken_links(page: Path) -> list[str]:
    """Return what is wrong with each link of a page that leads nowhere, a line each."""
    return [
        f"{link!r} {wrong}" for link in _list_links(page.read_text()) if (wrong := _check_link(page, link))
    ]


def _check_link(page: Path, link: str) -> str:
    parts = urlsplit(link)
    if parts.scheme:
        is_web = parts.scheme == "https" or parts.hostname in _LOCAL
        return "" if is_web and "." in (parts.hostname or "") else "has to be a whole https address"
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.exists():
        return "leads to no file"
    if not target.is_relative_to(ROOT) and page.is_relative_to(ROOT):
        return "leads out of the repository"
    if not parts.fragment or target.suffix != ".md":
        return ""
    text = expand(target.read_text())
    # The reference's names are given their anchors by Sphinx, which checks them.
    is_name = "." in parts.fragment and "{eval-rst}" in text
    return "" if is_name or parts.fragment in list_anchors(text) else f"leads to no heading of {target.name}"


def list_anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings: lower case, hyphens for spaces, no other signs."""
    anchors: set[str] = set()
    tokens = _PARSER.parse(text)
    for token, inside in pairwise(tokens):
        if token.type == "heading_open":
            words = "".join(
                child.content for child in inside.children or () if child.type in {"text", "code_inline"}
            )
            base = re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")
            again = (f"{base}-{count}" for count in range(1, 1000))
            anchors.add(base if base not in anchors else next(one for one in again if one not in anchors))
    return anchors


def _list_links(text: str) -> Iterator[str]:
    for token in _walk(_PARSER.parse(text)):
        if token.type in {"link_open", "image"}:
            yield str(token.attrGet("href") or token.attrGet("src"))
        elif token.type in {"html_inline", "html_block"}:
            yield from _HTML.findall(token.content)


def _walk(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _walk(token.children or [])


if __name__ == "__main__":
    broken = [
        f"{page.relative_to(ROOT)}: {wrong}" for page in list_pages() for wrong in find_broken_links(page)
    ]
    print(*broken, sep="\n", end="\n" if broken else "")
    sys.exit(bool(broken))

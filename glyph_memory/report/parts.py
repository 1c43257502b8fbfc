"""Parts of an HTML report: escaped text, the page around it, tables, figures. It runs no script."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from typing import Protocol

from glyph_memory.page import Page


def escape_text(text: str) -> str:
    """Escape a text for HTML; characters that are invisible or would disturb are written as numbers."""
    return "".join(
        f"\\u{{{ord(part):x}}}" if _is_hidden(part) else escape(part) for part in _split_hidden(text)
    )


def escape_and_mark(text: str) -> str:
    """Do what `escape_text` does, and mark the numbers with colour and the character's name."""
    return "".join(_mark(part) if _is_hidden(part) else escape(part) for part in _split_hidden(text))


# What HTML forbids, what turns text around, what nobody sees. CR LF and LF are both a line's end to HTML.
_HIDDEN = re.compile(
    r"([\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f\ufe00-\ufe0f"
    r"\ufeff\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e0fff]|\r(?!\n))"
)


def _split_hidden(text: str) -> list[str]:
    return [part for part in _HIDDEN.split(text) if part]


def _is_hidden(part: str) -> bool:
    return len(part) == 1 and _HIDDEN.match(part) is not None


def _mark(character: str) -> str:
    return f'<mark title="{escape(describe_character(character))}">\\u{{{ord(character):x}}}</mark>'


def describe_character(character: str) -> str:
    """Return a character's number and, where it has one, its name."""
    code = f"U+{ord(character):04X}"
    return f"{code} {unicodedata.name(character, '')}".rstrip()


def paragraph(text: str) -> str:
    """Return a sentence as an HTML paragraph; an empty text for an empty sentence."""
    return f"<p>{escape_text(text)}</p>" if text else ""


_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


class HtmlSection(Protocol):
    """A section of a report: a text's, or a memory's."""

    @property
    def title(self) -> str:
        """What it is about."""

    def html(self, *, heading: str) -> Iterator[str]:
        """Return the section as HTML in pieces; `heading` is HTML already, and may be empty."""


def report_html(title: str, sections: Sequence[HtmlSection], *, note: str = "") -> Iterator[str]:
    """Return a report as HTML in pieces, to be joined or written to a file as UTF-8.

    Args:
        title: Of the whole report.
        sections: What it tells, one after the other.
        note: A sentence below the title.
    """
    css = files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    head = f"<h1>{escape_text(title)}</h1>{paragraph(note)}{_links(sections)}"
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape_text(title)}</title>\n<style>\n{css}</style>\n</head>\n<body>\n"
        f'<header class="wrap">{head}</header>\n<main class="wrap">\n'
    )
    for number, section in enumerate(sections, 1):
        yield f'<section id="text-{number}">\n'
        yield from section.html(heading=f"<h2>{escape_text(section.title)}</h2>" if len(sections) > 1 else "")
        yield "</section>\n"
    foot = "Made by glyph-memory. This file loads nothing and runs nothing."
    yield f'</main>\n<footer class="wrap">{foot}</footer>\n</body>\n</html>\n'


def _links(sections: Sequence[HtmlSection]) -> str:
    if len(sections) < 2:
        return ""
    links = (
        f'<a href="#text-{number}">{escape_text(section.title)}</a>'
        for number, section in enumerate(sections, 1)
    )
    return f"<nav>{''.join(links)}</nav>"


def card(
    *, head: str, ratio: float, meaning: str, bars: Iterable[tuple[str, str, int]], facts: str, more: str = ""
) -> str:
    """Return a card as HTML: a heading, a ratio, bars to compare, facts in columns.

    Args:
        head: HTML, or nothing.
        ratio: How many times fewer.
        meaning: Of what.
        bars: Words, class and length of each.
        facts: From `fact_list`.
        more: HTML below.
    """
    lengths = list(bars)
    most = max(1, *(tokens for _, _, tokens in lengths))
    drawn = "".join(
        f'<span>{words}</span><div class="{kind}" style="width:{100 * tokens / most:.2f}%"></div>'
        for words, kind, tokens in lengths
    )
    above = f'<div class="head">{head}</div>\n' if head else ""
    return (
        f'<div class="card">\n{above}'
        f'<div class="ratio">{ratio:.2f}×<small>{meaning}</small></div>\n'
        f'<div class="bars">{drawn}</div>\n'
        f'<dl class="wide">{facts}</dl>\n{more}</div>\n'
    )


def fact_list(facts: Iterable[tuple[str, str]]) -> str:
    """Return names and values as HTML; the values are HTML already."""
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)


def figure(plate: Plate, *, about: str, is_smooth: bool = True) -> str:
    """Return a page as HTML, with a caption and its exact text to unfold.

    Args:
        plate: The page.
        about: What the caption says besides number and size, as HTML.
        is_smooth: Whether it has grey edges.
    """
    width, height = plate.size
    escapes = f" · {plate.escapes:,} escaped" if plate.escapes else ""
    notes = "".join(f" · {escape_text(note)}" for note in plate.notes)
    kind = "" if is_smooth else ' class="hard"'
    return (
        f'<figure><img{kind} src="{plate.data_url}" width="{width}" height="{height}" '
        f'alt="Page {plate.number}; its text follows below" decoding="async">\n'
        f"<figcaption><b>Page {plate.number}</b> · {width} × {height} px · {about}{escapes}{notes}\n"
        "<details><summary>Its exact text</summary>"
        f"<pre>\n{escape_and_mark(plate.text)}</pre></details>{_render_links(plate.links)}</figcaption></figure>\n"
    )


def _render_links(links: Sequence[str]) -> str:
    """Return where links lead, to unfold; only addresses of the web can be followed."""
    if not links:
        return ""
    items = "".join(
        f'<li><a href="{escape_text(link)}" rel="noreferrer noopener">{escape_text(link)}</a></li>'
        if link.lower().startswith(("https://", "http://"))
        else f"<li>{escape_text(link)}</li>"
        for link in links
    )
    return f"<details><summary>Its links</summary><ul>{items}</ul></details>"


def render_missing_pages(pages: int) -> str:
    """Return a paragraph on how many more pages there are; nothing where there are none."""
    missing = f"and {pages:,} page{'' if pages == 1 else 's'} more, which are not in this file"
    return f"<p>{missing}.</p>\n" if pages > 0 else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plate:
    """A page's picture as PNG, with the page's text."""

    number: int
    """The page's number."""
    size: tuple[int, int]
    """Width and height in pixels."""
    text: str = field(repr=False)
    """Exactly the characters that stand on it."""
    start: int
    """Offset of the first of them in the whole text."""
    escapes: int
    """How many of them stand there as their number."""
    png: bytes = field(repr=False)
    """The picture."""
    notes: tuple[str, ...] = ()
    """What else the caption says: where it comes from, why it looks as it does."""
    links: tuple[str, ...] = ()
    """Where links on the page lead."""

    @classmethod
    def of(cls, page: Page) -> Plate:
        """Encode a page."""
        return cls(
            number=page.number,
            size=page.size,
            text=page.text,
            start=page.start,
            escapes=page.escapes,
            png=page.png(),
        )

    @property
    def data_url(self) -> str:
        """The picture as a `data:` URL."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"

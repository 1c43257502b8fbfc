"""Write a report as one HTML file that needs nothing else and runs nothing.

Everything that comes from a text is escaped, scripts are forbidden by the file itself, pictures stand in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Protocol

from glyph_memory.report.escape import escape_text, paragraph

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


class Part(Protocol):
    """A section of a report: a text's, or a memory's."""

    @property
    def title(self) -> str:
        """What it is about."""

    def html(self, *, heading: str) -> Iterator[str]:
        """Return the section as HTML in pieces; `heading` is HTML already, and may be empty."""


def report_html(title: str, sections: Sequence[Part], *, note: str = "") -> Iterator[str]:
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


def _links(sections: Sequence[Part]) -> str:
    if len(sections) < 2:
        return ""
    links = (
        f'<a href="#text-{number}">{escape_text(section.title)}</a>'
        for number, section in enumerate(sections, 1)
    )
    return f"<nav>{''.join(links)}</nav>"

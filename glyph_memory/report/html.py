"""Write a report as one HTML file that needs nothing else and runs nothing.

Everything that comes from a text is escaped, scripts are forbidden by the file itself, pictures stand in it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from glyph_memory.page import Escape
from glyph_memory.report.figures import Figures
from glyph_memory.report.plate import Plate

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_ESCAPES_SHOWN = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """One text of a report."""

    title: str
    """What the text is."""
    figures: Figures
    """What it costs."""
    plates: Sequence[Plate]
    """Its pages, or the first of them."""
    note: str = ""
    """A sentence below the title."""
    is_smooth: bool = True
    """Whether pages have grey edges; pages of whole pixels are magnified as such."""


def report_html(title: str, sections: Sequence[Section], *, note: str = "") -> Iterator[str]:
    """Give a report in pieces, to be joined or written to a file as UTF-8.

    Args:
        title: Of the whole report.
        sections: One for each text.
        note: A sentence below the title.
    """
    css = files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    head = f"<h1>{plain(title)}</h1>{_paragraph(note)}{_links(sections)}"
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{plain(title)}</title>\n<style>\n{css}</style>\n</head>\n<body>\n"
        f'<header class="wrap">{head}</header>\n<main class="wrap">\n'
    )
    for number, section in enumerate(sections, 1):
        heading = f"<h2>{plain(section.title)}</h2>" if len(sections) > 1 else ""
        yield f'<section id="text-{number}">\n{_card(section, heading)}<div class="plates">\n'
        for plate in section.plates:
            yield _plate(plate, is_smooth=section.is_smooth)
        yield f"</div>\n{_left_out(section)}</section>\n"
    foot = "Made by glyph-memory. This file loads nothing and runs nothing."
    yield f'</main>\n<footer class="wrap">{foot}</footer>\n</body>\n</html>\n'


def plain(text: str) -> str:
    """Escape a text for HTML; characters that cannot be seen or would disturb are written as their number."""
    return "".join(f"\\u{{{ord(part):x}}}" if _is_hidden(part) else escape(part) for part in _parts(text))


def marked(text: str) -> str:
    """Do what `plain` does, and mark the numbers with colour and the character's name."""
    return "".join(_mark(part) if _is_hidden(part) else escape(part) for part in _parts(text))


# What HTML forbids, what turns text around, what nobody sees. CR LF and LF are both a line's end to HTML.
_HIDDEN = re.compile(
    r"([\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f\ufe00-\ufe0f"
    r"\ufeff\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e0fff]|\r(?!\n))"
)


def _parts(text: str) -> list[str]:
    return [part for part in _HIDDEN.split(text) if part]


def _is_hidden(part: str) -> bool:
    return len(part) == 1 and _HIDDEN.match(part) is not None


def _mark(character: str) -> str:
    return f'<mark title="{escape(_name(character))}">\\u{{{ord(character):x}}}</mark>'


def _name(character: str) -> str:
    code = f"U+{ord(character):04X}"
    return f"{code} {unicodedata.name(character, '')}".rstrip()


def _paragraph(text: str) -> str:
    return f"<p>{plain(text)}</p>" if text else ""


def _links(sections: Sequence[Section]) -> str:
    if len(sections) < 2:
        return ""
    links = (
        f'<a href="#text-{number}">{plain(section.title)}</a>' for number, section in enumerate(sections, 1)
    )
    return f"<nav>{''.join(links)}</nav>"


def _card(section: Section, heading: str) -> str:
    figures = section.figures
    most = max(figures.text_tokens, figures.page_tokens, 1)
    about = "" if figures.text_exact else "≈ "
    bars = "".join(
        f'<span>{label}</span><div class="{kind}" style="width:{100 * tokens / most:.2f}%"></div>'
        for label, kind, tokens in (
            (f"{about}{figures.text_tokens:,} as text", "text", figures.text_tokens),
            (f"{figures.page_tokens:,} as pages", "pages", figures.page_tokens),
        )
    )
    head = heading + _paragraph(section.note)
    above = f'<div class="head">{head}</div>\n' if head else ""
    return (
        f'<div class="card">\n{above}'
        f'<div class="ratio">{figures.ratio:.2f}×<small>{_meaning(figures)}</small></div>\n'
        f'<div class="bars">{bars}</div>\n'
        f'<dl class="wide">{_facts(figures)}</dl>\n{_escaped(figures.escaped)}</div>\n'
    )


def _meaning(figures: Figures) -> str:
    return "fewer tokens than as text" if figures.ratio >= 1 else "more tokens than as text: send it as text"


def _facts(figures: Figures) -> str:
    by = "" if figures.text_counter == "estimate" else f" ({plain(figures.text_counter)})"
    counted = f"{'exact' if figures.text_exact else 'estimated'}{by}"
    facts = (
        ("Text tokens", f"{figures.text_tokens:,} <small>{counted}</small>"),
        ("Page tokens", f"{figures.page_tokens:,}"),
        ("Pages", f"{figures.pages:,}"),
        ("Characters", f"{figures.characters:,}"),
        ("Typesetting a page", f"{figures.ms_a_page:.1f} ms"),
        ("Escaped characters", f"{figures.escapes:,}"),
        ("Page style", plain(figures.style)),
        ("Model profile", plain(figures.profile)),
    )
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)


def _escaped(escaped: Sequence[Escape]) -> str:
    if not escaped:
        return ""
    rows = "".join(
        f"<tr><td>{marked(one.character)}</td><td>{escape(_name(one.character))}</td>"
        f'<td class="number">{one.count:,}</td><td>{plain(one.reason)}</td></tr>'
        for one in escaped[:_ESCAPES_SHOWN]
    )
    more = len(escaped) - _ESCAPES_SHOWN
    rest = f"<p>and {more:,} different ones more</p>" if more > 0 else ""
    return (
        '<details class="wide"><summary>Characters that stand on the pages as their number, and why</summary>'
        '<table><tr><th></th><th>character</th><th class="number">times</th><th>why</th></tr>'
        f"{rows}</table>{rest}</details>\n"
    )


def _plate(plate: Plate, *, is_smooth: bool) -> str:
    width, height = plate.size
    stop = plate.start + len(plate.text)
    escapes = f" · {plate.escapes:,} escaped" if plate.escapes else ""
    kind = "" if is_smooth else ' class="hard"'
    return (
        f'<figure><img{kind} src="{plate.data_url}" width="{width}" height="{height}" '
        f'alt="Page {plate.number}; its text follows below" decoding="async">\n'
        f"<figcaption><b>Page {plate.number}</b> · {width} × {height} px · "
        f"characters {plate.start + 1:,} to {stop:,}{escapes}\n"
        "<details><summary>Its exact text</summary>"
        f"<pre>\n{marked(plate.text)}</pre></details></figcaption></figure>\n"
    )


def _left_out(section: Section) -> str:
    missing = section.figures.pages - len(section.plates)
    return f"<p>and {missing:,} pages more, which are not in this file.</p>\n" if missing > 0 else ""

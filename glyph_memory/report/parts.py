"""The parts that sections of a report are made of: a card of figures, a page with its exact text.

Takes numbers, plates and HTML that is escaped already; knows nothing about what is reported.
"""

from __future__ import annotations

from collections.abc import Iterable

from glyph_memory.report.escape import escape_and_mark
from glyph_memory.report.plate import Plate


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
    kind = "" if is_smooth else ' class="hard"'
    return (
        f'<figure><img{kind} src="{plate.data_url}" width="{width}" height="{height}" '
        f'alt="Page {plate.number}; its text follows below" decoding="async">\n'
        f"<figcaption><b>Page {plate.number}</b> · {width} × {height} px · {about}{escapes}\n"
        "<details><summary>Its exact text</summary>"
        f"<pre>\n{escape_and_mark(plate.text)}</pre></details></figcaption></figure>\n"
    )


def render_missing_pages(pages: int) -> str:
    """Return a paragraph on how many more pages there are; nothing where there are none."""
    missing = f"and {pages:,} page{'' if pages == 1 else 's'} more, which are not in this file"
    return f"<p>{missing}.</p>\n" if pages > 0 else ""

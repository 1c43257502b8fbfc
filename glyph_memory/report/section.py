"""A report's section on a text: its pages as plates, within limits on their number and size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from glyph_memory.page import Escape
from glyph_memory.report.figures import Figures
from glyph_memory.report.parts import (
    Plate,
    card,
    describe_character,
    escape_and_mark,
    escape_text,
    fact_list,
    figure,
    paragraph,
    render_missing_pages,
)
from glyph_memory.tokens import ModelProfile


def broken_limits(figures: Figures, profile: ModelProfile) -> list[str]:
    """Return a sentence for each limit of the profile that the pages exceed; none where they fit.

    Limits are those of one request, and a starting point: servers may be set up otherwise.
    """
    said = []
    if figures.page_tokens > profile.window_tokens:
        said.append(
            f"the pages take {figures.page_tokens:,} tokens, more than {profile.name}'s window of "
            f"{profile.window_tokens:,}; send fewer, or let a larger --profile read them"
        )
    if profile.max_images is not None and figures.pages > profile.max_images:
        said.append(
            f"{figures.pages:,} pages are more than the {profile.max_images:,} images that a request to "
            f"{profile.name} may hold; send fewer at a time"
        )
    if profile.max_request_px is not None and figures.pixels > profile.max_request_px:
        said.append(
            f"the pages have {figures.pixels / 1e6:,.0f} million pixels, more than the "
            f"{profile.max_request_px / 1e6:,.0f} million that a server decodes in one request by default"
        )
    return said


_ESCAPES_SHOWN = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A report's section on one text."""

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

    def html(self, *, heading: str) -> Iterator[str]:
        """Return the section as HTML in pieces; `heading` is HTML already."""
        figures, about = self.figures, "" if self.figures.text_exact else "≈ "
        bars = (
            (f"{about}{figures.text_tokens:,} as text", "text", figures.text_tokens),
            (f"{figures.page_tokens:,} as pages", "pages", figures.page_tokens),
        )
        yield card(
            head=heading + paragraph(self.note),
            ratio=figures.ratio,
            meaning="fewer tokens than as text"
            if figures.ratio >= 1
            else "more tokens than as text: send it as text",
            bars=bars,
            facts=fact_list(_facts(figures)),
            more=_render_escapes(figures.escaped),
        )
        yield '<div class="plates">\n'
        for plate in self.plates:
            about = f"characters {plate.start + 1:,} to {plate.start + len(plate.text):,}"
            yield figure(plate, about=about, is_smooth=self.is_smooth)
        yield f"</div>\n{render_missing_pages(figures.pages - len(self.plates))}"


def _facts(figures: Figures) -> Iterator[tuple[str, str]]:
    by = "" if figures.text_counter == "estimate" else f" ({escape_text(figures.text_counter)})"
    counted = f"{'exact' if figures.text_exact else 'estimated'}{by}"
    yield "Text tokens", f"{figures.text_tokens:,} <small>{counted}</small>"
    yield "Page tokens", f"{figures.page_tokens:,}"
    yield "Pages", f"{figures.pages:,}"
    yield "Characters", f"{figures.characters:,}"
    yield "Typesetting a page", f"{figures.ms_a_page:.1f} ms"
    yield "Escaped characters", f"{figures.escapes:,}"
    yield "Page style", escape_text(figures.style)
    yield "Model profile", escape_text(figures.profile)


def _render_escapes(escaped: Sequence[Escape]) -> str:
    if not escaped:
        return ""
    rows = "".join(
        f"<tr><td>{escape_and_mark(one.character)}</td><td>{escape_text(describe_character(one.character))}</td>"
        f'<td class="number">{one.count:,}</td><td>{escape_text(one.reason)}</td></tr>'
        for one in escaped[:_ESCAPES_SHOWN]
    )
    more = len(escaped) - _ESCAPES_SHOWN
    rest = f"<p>and {more:,} different ones more</p>" if more > 0 else ""
    return (
        '<details class="wide"><summary>Characters that stand on the pages as their number, and why</summary>'
        '<table><tr><th></th><th>character</th><th class="number">times</th><th>why</th></tr>'
        f"{rows}</table>{rest}</details>\n"
    )

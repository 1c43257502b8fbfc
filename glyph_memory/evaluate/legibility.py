"""`measure_legibility`: error rates of styles by kind of text, beside what they save."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from glyph_memory.errors import DocumentError, StyleError
from glyph_memory.evaluate.check import Checker, CheckReport, confusions_json, rate_json
from glyph_memory.evaluate.errors import CharacterErrors, ReadCounts
from glyph_memory.evaluate.readers import PageReader, find_reader
from glyph_memory.nano.claims import find_unclaimed
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcription import Transcription
from glyph_memory.typesetting import typeset

SIZES_PT = (7.0, 8.0, 9.0, 10.0, 11.0, 12.0)
"""Small print to large; the released Glyph model's style has 9."""


def style_grid(
    base: PageStyle | str, *, name: str = "glyph", sizes: Sequence[float] = SIZES_PT, dpi: float | None = None
) -> dict[str, PageStyle]:
    """Return a style in several sizes, by name: `glyph 9 pt`.

    Args:
        base: The style, or the name of a preset; the height of its lines keeps its proportion to the letters.
        name: What to call it.
        sizes: Of the letters, in points.
        dpi: Instead of the style's own.

    Raises:
        StyleError: One of them cannot be drawn.
    """
    base = PageStyle.of(base)
    pitch = base.line_height_pt / base.font_size_pt
    return {
        f"{name} {size:g} pt": replace(
            base, font_size_pt=size, line_height_pt=size * pitch, dpi=base.dpi if dpi is None else dpi
        )
        for size in sizes
    }


_UNDRAWN_AT_MOST = 0.02
"""Share of a text's characters that may lack a font; beyond, it would measure escapes, and is left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Legibility:
    """What a reader made of one text in one style."""

    style: str
    """The style's name."""
    size_pt: float
    """Of its letters."""
    kind: str
    """Which text."""
    text_tokens: int
    """What the text costs as text."""
    page_tokens: int
    """What it costs as pages."""
    errors: CharacterErrors
    """Characters that came back wrong."""
    interval: tuple[float, float]
    """The 95 % confidence interval of the error rate; see `rate_interval`."""
    counts: ReadCounts
    """Words and identifiers that came back to the letter, and what the reader doubted."""
    pages: int
    """How many."""
    seconds_a_page: float
    """That reading took."""

    @property
    def ratio(self) -> float:
        """ρ: how many text tokens one page token stands for."""
        return self.text_tokens / self.page_tokens

    def to_json(self) -> dict[str, object]:
        """Return the row as plain values for JSON."""
        return {
            "style": self.style,
            "size_pt": self.size_pt,
            "kind": self.kind,
            "pages": self.pages,
            "text_tokens": self.text_tokens,
            "page_tokens": self.page_tokens,
            "ratio": round(self.ratio, 3),
            **rate_json(self.errors),
            "interval": list(self.interval),
            **self.counts.to_json(),
            "confusions": confusions_json(self.errors, most=20),
            "seconds_a_page": round(self.seconds_a_page, 4),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class LegibilityReport:
    """What a reader made of every text in every style."""

    profile: str
    """Whose tokens were counted."""
    text_counter: str
    """What counted text tokens."""
    text_exact: bool
    """Whether that is the model's own tokenizer; otherwise `text_tokens` are estimates."""
    rows: tuple[Legibility, ...]
    """Style by style, in each text by text."""
    left_out: tuple[str, ...]
    """A sentence for every text that no font here can draw in some style, or that the reader does not vouch for."""

    @property
    def errors(self) -> CharacterErrors:
        """Of all rows together: most of all, which characters were confused."""
        return CharacterErrors.total(row.errors for row in self.rows)

    def group_by_style(self) -> dict[str, list[Legibility]]:
        """Return the rows of each style."""
        styles: dict[str, list[Legibility]] = {}
        for row in self.rows:
            styles.setdefault(row.style, []).append(row)
        return styles

    def to_json(self) -> dict[str, object]:
        """Return the report as plain values for JSON."""
        return {
            "profile": self.profile,
            "text_counter": self.text_counter,
            "text_exact": self.text_exact,
            "rows": [row.to_json() for row in self.rows],
            "confusions": confusions_json(self.errors, most=50),
            "left_out": list(self.left_out),
        }


def measure_legibility(
    styles: PageStyle | str | Mapping[str, PageStyle],
    texts: str | Mapping[str, str],
    *,
    reader: PageReader | str = "nano",
    profile: ModelProfile | str = "glyph",
    progress: Callable[[Page], None] | None = None,
) -> LegibilityReport:
    """Let a reader read every text in every style, and count what it gets wrong.

    Args:
        styles: A style, or the name of a preset; or several by name, as `style_grid` gives one in several sizes.
        texts: A text; or several by what to call them, as `make_texts` makes some.
        reader: Who reads: a name that `find_reader` knows, or any reader of pictures.
        profile: Whose tokens are counted.
        progress: Called with every page when it is read.

    Raises:
        DocumentError: There is no text, or nothing in one.
        ProfileError: There is no such model.
        ReaderError: There is no such reader, or it fails.
        StyleError: There is no style.
    """
    styles = styles if isinstance(styles, Mapping) else {"style": PageStyle.of(styles)}
    texts = {"text": texts} if isinstance(texts, str) else texts
    _check_input(styles, texts)
    model = ModelProfile.of(profile)
    eye = _TimedReader(find_reader(reader) if isinstance(reader, str) else reader)
    tokens = {kind: model.text_tokens(text) for kind, text in texts.items()}
    texts, left_out = _leave_out_unclaimed(texts) if reader == "nano" else (texts, [])
    rows = list[Legibility]()
    for name, style in styles.items():
        for kind, text in texts.items():
            pages = typeset(text, style=style)
            if _count_undrawn(pages) > _UNDRAWN_AT_MOST * len(text):
                left_out.append(f"{kind!r} is left out in style {name!r}: no font here has its characters")
                continue
            report, seconds = eye.check_pages(pages, progress)
            rows.append(
                Legibility(
                    style=name,
                    size_pt=style.font_size_pt,
                    kind=kind,
                    text_tokens=tokens[kind],
                    page_tokens=model.pages_tokens(page.size for page in pages),
                    errors=report.errors,
                    interval=report.interval,
                    counts=report.counts,
                    pages=len(pages),
                    seconds_a_page=seconds / len(pages),
                )
            )
    if not rows:
        what_next = "install a font that has them" if texts else "name another reader, as Tesseract"
        raise DocumentError(f"{left_out[0]}; {what_next}, or measure other texts")
    counter = model.text_counter
    return LegibilityReport(
        profile=model.name,
        text_counter=counter.name,
        text_exact=counter.exact,
        rows=tuple(rows),
        left_out=tuple(left_out),
    )


def _leave_out_unclaimed(texts: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the texts that the nano reader vouches for, and a sentence for each of the others."""
    unclaimed = {kind: find_unclaimed(text) for kind, text in texts.items()}
    kept = {kind: text for kind, text in texts.items() if not unclaimed[kind]}
    return kept, [
        f"{kind!r} is left out: the nano reader does not vouch for what it reads in {', '.join(names)}"
        for kind, names in unclaimed.items()
        if names
    ]


def _check_input(styles: Mapping[str, PageStyle], texts: Mapping[str, str]) -> None:
    if not styles:
        raise StyleError("no page style to measure; give one at least, as style_grid(PageStyle.glyph())")
    if not texts:
        raise DocumentError("no text to measure with; give one at least, as make_texts() does")
    for name, text in texts.items():
        if not text.strip():
            raise DocumentError(f"there is nothing to read in the text {name!r}; give one with words in it")


def _count_undrawn(pages: Iterable[Page]) -> int:
    return sum(escaped.count for page in pages for escaped in page.escaped if escaped.reason == "no font")


class _TimedReader:
    """A reader whose reading time is measured."""

    def __init__(self, reader: PageReader) -> None:
        self._reader, self._seconds = reader, 0.0

    def check_pages(
        self, pages: Iterable[Page], progress: Callable[[Page], None] | None
    ) -> tuple[CheckReport, float]:
        """Return the report on pages, and the seconds that reading took, without comparing."""
        self._seconds = 0.0
        checker = Checker(reader=self._time_reading)
        for page in pages:
            checker.check_page(page)
            if progress is not None:
                progress(page)
        return checker.report(), self._seconds

    def _time_reading(self, image: Image.Image) -> Transcription:
        began = time.perf_counter()
        transcription = self._reader(image)
        self._seconds += time.perf_counter() - began
        return transcription

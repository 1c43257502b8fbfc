"""Are our pages the reference pipeline's pages? Line breaks, page counts and looks, with the same font.

Prints one table, with what is aimed at beside:

* *F1* of the line breaks: a break is the offset of the first inked character after it. At least 0.995.
* *Pages*: as many as the reference has.
* *SSIM* on the pages whose lines all agree, over the windows that hold ink (paper is alike anyway). At least
  0.90.

    python benchmarks/parity.py [--texts prose,chinese] [--newline-mark] [--differences 5]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity
from skimage.morphology import dilation

from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import typeset
from lib.corpus import Text, choose_texts
from lib.reference import (
    DROPPED,
    Config,
    Pixels,
    Span,
    load_config,
    reference_breaks,
    reference_pages,
    write_config,
)
from lib.report import print_table
from lib.results import write_results

F1_TARGET = 0.995
SSIM_TARGET = 0.90
NEWLINE_MARK = '<font color="#FF0000"> \\n </font>'
"""The other published newline markup: a red mark instead of a line break."""

_WINDOW_PX = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class Parity:
    """How close our pages of one text are to the reference's."""

    text: str
    """Name of the text."""
    digest: str
    """Which characters it had."""
    f1: float
    """Of the offsets at which lines begin."""
    pages: int
    """How many we have."""
    reference_pages: int
    """How many the reference has."""
    same_pages: int
    """On how many of them all lines agree."""
    ssim: float | None
    """Mean over the windows with ink of those pages; None where no page agrees."""

    @property
    def reached(self) -> bool:
        """Whether all targets are reached."""
        looks = self.ssim is not None and self.ssim >= SSIM_TARGET
        return self.f1 >= F1_TARGET and self.pages == self.reference_pages and looks


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare all texts, print the table, write the numbers."""
    parser = argparse.ArgumentParser(description="Compare our pages with the reference pipeline's.")
    parser.add_argument("--texts", help="names, with commas between; all by default")
    parser.add_argument("--quick", action="store_true", help="one English text and the Chinese one")
    parser.add_argument("--dpi", type=int, default=72)
    parser.add_argument(
        "--newline-mark", action="store_true", help="a red mark for each newline, not a line break"
    )
    parser.add_argument(
        "--differences", type=int, default=3, help="how many differing lines to show of each text"
    )
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given)
    config: Config = {**load_config(), "dpi": options.dpi}
    if options.newline_mark:
        config = {**config, "newline-markup": NEWLINE_MARK}
    names = options.texts or ("prose,chinese" if options.quick else None)
    results = [compare(text, config, options.differences) for text in choose_texts(names)]
    print_table(
        f"parity with the reference pipeline, {options.dpi} dpi; aimed at: "
        f"F1 ≥ {F1_TARGET}, equal pages, SSIM ≥ {SSIM_TARGET:.2f}",
        ["text", "F1", "pages", "reference", "same lines", "SSIM", "reached"],
        [
            [
                it.text,
                it.f1,
                it.pages,
                it.reference_pages,
                it.same_pages,
                it.ssim,
                "yes" if it.reached else "NO",
            ]
            for it in results
        ],
    )
    write_results(
        "parity",
        {
            "targets": {"f1": F1_TARGET, "ssim": SSIM_TARGET},
            "texts": [asdict(it) | {"reached": it.reached} for it in results],
        },
        arguments=given,
    )


def compare(text: Text, config: Config, differences: int = 0) -> Parity:
    """Typeset one text both ways and compare the results; print the first lines that differ."""
    font = text.font_path
    theirs = reference_breaks(text.text, config, font)
    with tempfile.TemporaryDirectory() as folder:
        style = PageStyle.from_glyph_json(write_config(config, font, Path(folder)))
        pages = typeset(text.text, style=style)
    ours = [
        [span for line in page.lines if (span := trim_to_ink(text.text, line.start, line.stop))]
        for page in pages
    ]
    same = [number for number, (a, b) in enumerate(zip(ours, theirs, strict=False)) if starts(a) == starts(b)]
    looks = reference_pages(text.text, config, font)
    for difference in list(_differences(text.text, ours, theirs))[:differences]:
        print(f"{text.name}: {difference}")
    return Parity(
        text=text.name,
        digest=text.digest,
        f1=f1(breaks(ours), breaks(theirs)),
        pages=len(pages),
        reference_pages=len(theirs),
        same_pages=len(same),
        ssim=ink_ssim([(_rgb(pages[number]), looks[number]) for number in same]),
    )


def trim_to_ink(text: str, start: int, stop: int) -> Span | None:
    """Return the offsets of a line's inked characters; None where it has none."""
    ink = [offset for offset in range(start, stop) if not (text[offset].isspace() or text[offset] in DROPPED)]
    return (ink[0], ink[-1] + 1) if ink else None


def starts(lines: Iterable[Span]) -> list[int]:
    """Return the offsets at which lines begin."""
    return [start for start, _ in lines]


def breaks(pages: Iterable[Iterable[Span]]) -> set[int]:
    """Return the offsets at which a new line begins, without the text's first."""
    return set([start for page in pages for start in starts(page)][1:])


def f1(found: set[int], expected: set[int]) -> float:
    """Return the harmonic mean of precision and recall; 1 where both sets are empty."""
    if not found and not expected:
        return 1.0
    return 2 * len(found & expected) / (len(found) + len(expected))


def ink_ssim(pairs: Sequence[tuple[Pixels, Pixels]]) -> float | None:
    """Return the mean structural similarity of pairs of pages, over all windows of 7 × 7 px that hold ink.

    The luminance is compared; the smaller page is first filled up with paper.
    """
    total, count = 0.0, 0
    for first, second in pairs:
        height, width = np.maximum(first.shape[:2], second.shape[:2])
        a, b = _grey(first, height, width), _grey(second, height, width)
        _, similarity = structural_similarity(a, b, win_size=_WINDOW_PX, data_range=255, full=True)  # type: ignore[no-untyped-call]  # has no types
        ink = dilation(np.minimum(a, b) < 254.5, np.ones((_WINDOW_PX, _WINDOW_PX), bool))
        total += float(similarity[ink].sum())
        count += int(ink.sum())
    return total / count if count else None


def _grey(page: Pixels, height: int, width: int) -> NDArray[np.float64]:
    paper = np.full((height, width), 255.0)
    paper[: page.shape[0], : page.shape[1]] = page @ np.array([0.299, 0.587, 0.114])
    return paper


def _rgb(page: Page) -> Pixels:
    pixels = page.array()
    return pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)


def _differences(
    text: str, ours: Sequence[Sequence[Span]], theirs: Sequence[Sequence[Span]]
) -> Iterator[str]:
    """Yield a message for each line that begins at the same place in both but ends or lies elsewhere."""
    our_lines = {
        start: (page, text[start:stop]) for page, lines in enumerate(ours, 1) for start, stop in lines
    }
    for page, lines in enumerate(theirs, 1):
        for number, (start, stop) in enumerate(lines, 1):
            line = text[start:stop]
            our_page, our_line = our_lines.get(start, (0, ""))
            if our_page == page and our_line != line:
                two = f"reference {_describe_end(line)}, ours {_describe_end(our_line)}"
                yield f"page {page}, line {number}, offset {start}: {two}"
            elif our_page not in (0, page):
                yield f"page {page}, line {number}, offset {start}: ours has this line on page {our_page}"


def _describe_end(line: str) -> str:
    return f"({len(line)}) …{line[-24:]!r}"


if __name__ == "__main__":
    main()

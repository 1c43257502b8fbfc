"""How well the nano reader reads: `python benchmarks/nano.py [--quick] [--weights FILE] [--fonts FOLDER]`.

Character error rates by kind of text, by language and by look, identifiers read whole, needles found in 1, 8 and 32
pages, pages of another engine and of other programs, runs of one sign, seconds a page; each with its 95 % interval.
Silent is what came back wrong though the reader was sure: at most 0.05 % where an alphabet is claimed
(`glyph_memory/nano/claims.py`). Everything runs on one core. Texts are none that the reader was trained on.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from glyph_memory import ModelProfile, PageStyle, typeset
from glyph_memory.evaluate import (
    Checker,
    CheckReport,
    PageReader,
    Tesseract,
    character_errors,
    check_pages,
    make_texts,
    rate_interval,
)
from glyph_memory.nano.network import WEIGHTS
from lib.corpus import FONTS
from lib.corpus import prose as long_paragraphs
from lib.foreign_rates import measure_foreign
from lib.nano_exact import measure_identifiers, measure_needles
from lib.nano_figures import NanoFigures
from lib.nano_scripts import count_silent, measure_calibration, measure_scripts, measure_signs
from lib.reference import load_config, reference_breaks, reference_pages
from lib.results import write_results

_ONE_CORE = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
PROSE, CODE, JSON = "prose", "code", "json"


def measure_character_rates(figures: NanoFigures, characters: int) -> None:
    """Measure character error rates by kind of text, in the default style."""
    asked = {PROSE: "≤ 0.1 %", CODE: "≤ 0.2 %", JSON: "≤ 0.2 %", "numbers": "", "cjk": ""}
    for kind, limit in asked.items():
        report = _check_text(figures.read, make_texts([kind], characters=characters)[kind], PageStyle.glyph())
        figures.add_report(f"character error rate, {kind}", limit, report, has_confusions=True)


def measure_compression(figures: NanoFigures, characters: int) -> None:
    """Measure the text tokens per page token of the default style for Glyph, in short and in long paragraphs."""
    profile = ModelProfile.from_name("glyph")
    texts = {
        "that prose, short paragraphs": ("", make_texts([PROSE], characters=characters)[PROSE]),
        "paragraphs as long as a novel's": ("≥ 3", long_paragraphs(characters)),
    }
    for name, (asked, text) in texts.items():
        pages = typeset(text)
        ratio = profile.text_tokens(text) / profile.pages_tokens(page.size for page in pages)
        of = f"{len(pages)} pages; text tokens by {profile.text_counter.name}"
        figures.add(f"ρ for Glyph, {name}", asked, f"{ratio:.2f}", None, of, ratio)


def measure_other_styles(figures: NanoFigures, characters: int) -> None:
    """Measure other styles, and pages that are resampled, padded or compressed."""
    text = "\n".join(make_texts([PROSE, CODE, JSON], characters=characters // 3).values())
    styles = {name: PageStyle.from_name(name) for name in ("document", "web", "dark", "code", "pixel")}
    styles |= {
        "dense": PageStyle.glyph().dense(),
        "two columns": replace(PageStyle.glyph(), columns=2),
        "96 dpi": replace(PageStyle.glyph(), dpi=96),
        "7 pt on 8": replace(PageStyle.glyph(), font_size_pt=7, line_height_pt=8),
    }
    for name, style in styles.items():
        figures.add_report(f"look: {name}", "", _check_text(figures.read, text, style))
    ways: dict[str, Callable[[Image.Image], Image.Image]] = {
        "resampled to 588 × 840, bicubic": lambda image: image.resize((588, 840), Image.Resampling.BICUBIC),
        "resampled by 0.9, bicubic": lambda image: image.resize(
            (round(image.width * 0.9), round(image.height * 0.9)), Image.Resampling.BICUBIC
        ),
        "padded by 37 and 23 px": lambda image: _pad(image, 37, 23),
        "JPEG, quality 75": _compress_jpeg,
    }
    exact = replace(PageStyle.glyph(), snap_px=1, crop_width=False, crop_last_page=False)
    for name, way in ways.items():
        report = check_pages(typeset(text, style=exact), style=exact, reader=_read_after(figures.read, way))
        figures.add_report(name, "", report)


def measure_other_engine(figures: NanoFigures, characters: int) -> None:
    """Measure pages of another pipeline, reportlab and poppler, in the same font."""
    config, font = load_config(), FONTS["en"]
    text = make_texts([PROSE], characters=characters)[PROSE]
    breaks = reference_breaks(text, config, font)
    counts, silent = list[tuple[int, int]](), 0
    for pixels, lines in zip(reference_pages(text, config, font), breaks, strict=True):
        read, truth = figures.read(pixels), "\n".join(text[start:stop] for start, stop in lines)
        errors = character_errors(read.text, truth)
        counts.append((errors.edits, errors.characters))
        silent += count_silent(read, truth)
    edits, total = (sum(column) for column in zip(*counts, strict=True))
    figures.add(
        "pages of reportlab and poppler", "≤ 2 %", f"{edits / total:.3%}", rate_interval(counts),
        f"{total:,} characters on {len(counts)} pages", edits / total, silent=silent / total,
    )  # fmt: skip


def measure_seconds(figures: NanoFigures, quick: bool) -> None:
    """Measure the seconds for full pages, beside typesetting them, and beside Tesseract where it is installed."""
    text = make_texts([PROSE], characters=40_000 if quick else 80_000)[PROSE]
    typeset(text)
    begun = time.perf_counter()
    pages = typeset(text)[:-1]
    drawn_s = (time.perf_counter() - begun) / len(pages)
    figures.read(pages[0])
    spent = []
    for page in pages:
        begun = time.perf_counter()
        figures.read(page)
        spent.append(time.perf_counter() - begun)
    median = statistics.median(spent)
    lines = statistics.mean(len(page.lines) for page in pages)
    figures.add(
        "seconds a full page, median", "≤ 0.5", f"{median:.2f}", None,
        f"{len(pages)} pages of {lines:.0f} lines, slowest {max(spent):.2f}; {median / drawn_s:,.0f} × typesetting",
        median,
    )  # fmt: skip
    try:
        tesseract = Tesseract()
    except Exception as error:  # not installed
        print(f"  no comparison with Tesseract: {error}")
        return
    checker = Checker(style=PageStyle.glyph(), reader=tesseract)
    begun = time.perf_counter()
    for page in pages[:2]:
        checker.check_page(page)
    there = (time.perf_counter() - begun) / 2
    figures.add_report(
        "Tesseract on two of these pages, magnified: character error rate", "", checker.report(),
        of=f"; {there:.1f} s a page, {there / median:.0f} × as long",
    )  # fmt: skip


def _check_text(read: PageReader, text: str, style: PageStyle) -> CheckReport:
    return check_pages(typeset(text, style=style), style=style, reader=read)


def _read_after(read: PageReader, way: Callable[[Image.Image], Image.Image]) -> PageReader:
    return lambda image: read(way(image))


def _pad(image: Image.Image, left: int, top: int) -> Image.Image:
    ground = Image.new(image.mode, (image.width + 2 * left, image.height + 2 * top), "white")
    ground.paste(image, (left, top))
    return ground


def _compress_jpeg(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=75)
    return Image.open(file)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the figures, write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, for a first look")
    parser.add_argument("--fonts", type=Path, help="font files, at any depth, for pages of other programs")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="other weights than the package's")
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given)
    if not _ONE_CORE.items() <= os.environ.items():  # numpy looks before it is imported
        command = [sys.executable, __file__, *given]
        os.execve(sys.executable, command, {**os.environ, **_ONE_CORE})  # noqa: S606 - itself
    characters = (
        10_000 if options.quick else 132_000
    )  # a quarter of code is white space, which does not count
    figures = NanoFigures(options.weights)
    measure_seconds(figures, options.quick)
    measure_character_rates(figures, characters)
    measure_compression(figures, characters)
    measure_identifiers(figures, characters * 3 // 4)
    measure_other_engine(figures, characters * 3 // 8)
    measure_needles(figures, options.quick)
    measure_other_styles(figures, characters // 6)
    measure_scripts(figures, 2_000 if options.quick else 20_000)
    measure_signs(figures, most=6 if options.quick else 24)
    measure_calibration(figures, 4_000 if options.quick else 40_000)
    if options.fonts:
        measure_foreign(figures, options.fonts, quick=options.quick)
    figures.print_all()
    for row in figures.rows:
        if "confused" in row:
            print(f"confused, {row['figure']}: {row['confused']}")
    write_results("nano", figures.rows, arguments=given)


if __name__ == "__main__":
    main()

"""How well the nano reader reads: `python benchmarks/nano.py [--quick] [--weights FILE]`.

Character error rates by kind of text, identifiers read whole, needles found in 1, 8 and 32 pages, other looks, another
engine's pages, seconds a page; each with its 95 % interval. Everything runs on one core. Texts are none that the reader
was trained on.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import statistics
import string
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from corpus import FONTS
from corpus import prose as long_paragraphs
from needles import haystack
from PIL import Image
from reference import load_config, reference_breaks, reference_pages
from report import print_table, write_results

from glyph_memory import Context, ModelProfile, PageStyle, typeset
from glyph_memory.evaluate import (
    Checker,
    CheckReport,
    PageReader,
    Tesseract,
    character_errors,
    check,
    make_texts,
    rate_interval,
    share_interval,
)
from glyph_memory.nano import NanoReader, Transcription
from glyph_memory.nano.held_out import FIRST_HELD_OUT_SEED
from glyph_memory.nano.network import WEIGHTS
from glyph_memory.nano.sight.image import Source
from glyph_memory.nano.transcribe import transcribe
from glyph_memory.transcription import SURE

Interval = tuple[float, float]

_ONE_CORE = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
PROSE, CODE, JSON = "prose", "code", "json"
_KEY = string.ascii_letters + string.digits


class Figures:
    """The measured figures, with the target of each."""

    def __init__(self, weights: Path) -> None:
        self.read = partial(transcribe, weights=weights)
        self.rows: list[dict[str, object]] = []

    def add(
        self, figure: str, asked: str, measured: str, interval: Interval | None, of: str, value: float
    ) -> None:
        """Add one figure and print it; intervals are shares."""
        between = f"{interval[0]:.3%} to {interval[1]:.3%}" if interval else ""
        self.rows.append(
            {
                "figure": figure,
                "asked": asked,
                "measured": measured,
                "interval": between,
                "of": of,
                "value": value,
            }
        )
        print(
            f"  {figure}: {measured} {f'({between})' if between else ''} of {of}; asked: {asked or '-'}",
            flush=True,
        )

    def print_all(self) -> None:
        """Print all figures as a table."""
        head = ["figure", "asked", "measured", "95 % interval", "of"]
        print_table("The nano reader, one core", head, [list(row.values())[:5] for row in self.rows])


def measure_character_rates(figures: Figures, characters: int, confusions: dict[str, object]) -> None:
    """Measure character error rates by kind of text, in the default style."""
    asked = {PROSE: "≤ 0.1 %", CODE: "≤ 0.2 %", JSON: "≤ 0.2 %", "numbers": "", "cjk": ""}
    for kind, limit in asked.items():
        report = _check_text(figures.read, make_texts([kind], characters=characters)[kind], PageStyle.glyph())
        errors = report.errors
        figures.add(
            f"character error rate, {kind}", limit, f"{errors.rate:.3%}", report.interval,
            f"{errors.characters:,} characters on {len(report.pages)} pages", errors.rate,
        )  # fmt: skip
        confusions[kind] = [[*pair, count] for pair, count in errors.confusions.most_common(12)]


def measure_compression(figures: Figures, characters: int) -> None:
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


def measure_identifiers(figures: Figures, characters: int) -> None:
    """Measure how many identifiers are read without an error."""
    roll = random.Random(FIRST_HELD_OUT_SEED)
    makers: dict[str, Callable[[], str]] = {
        "UUIDs": lambda: str(uuid.UUID(int=roll.getrandbits(128))),
        "40-digit hex": lambda: f"{roll.getrandbits(160):040x}",
        "24-character keys": lambda: "".join(roll.choices(_KEY, k=24)),
    }
    for name, make in makers.items():
        wanted = [make() for _ in range(characters // (len(make()) + 1))]
        exact = wrong = marked = 0
        for page in typeset(" ".join(wanted)):
            transcription = figures.read(page.image)
            said = _words(transcription)
            true = page.text.split()
            for tag, start, stop, first, last in _opcodes(true, [word for word, _ in said]):
                if tag == "equal":
                    exact += stop - start
                else:
                    wrong += stop - start
                    doubted = any(confidence < SURE for _, confidence in said[first:last]) or first == last
                    marked += (stop - start) * doubted
        figures.add(
            f"{name} read exactly, whole", "≥ 97 %", f"{exact / (exact + wrong):.2%}",
            share_interval(exact / (exact + wrong), exact + wrong),
            f"{exact + wrong:,}, of the {wrong} others {marked} marked unsure", exact / (exact + wrong),
        )  # fmt: skip


def measure_needles(figures: Figures, quick: bool) -> None:
    """Ask for facts hidden in 1, 8 and 32 pages; then in smaller print, to see whether doubt is reported."""
    plans = [(1, 4, 4), (8, 1, 20)] if quick else [(1, 40, 6), (8, 8, 30), (32, 3, 80)]
    for pages, haystacks, count in plans:
        asked, exact, wrong, marked = _ask_needles(figures.read, pages, haystacks, count, PageStyle.glyph())
        figures.add(
            f"needle questions over {pages} page{'s' * (pages > 1)}, exact", "≥ 97 %", f"{exact / asked:.2%}",
            share_interval(exact / asked, asked),
            f"{asked}, of the {wrong} others {marked} marked unsure", exact / asked,
        )  # fmt: skip
    small = (6.0,) if quick else (6.0, 6.5, 7.0)
    told = [
        _ask_needles(
            figures.read,
            8,
            1 if quick else 2,
            40,
            replace(PageStyle.glyph(), font_size_pt=size, line_height_pt=size * 10 / 9),
        )
        for size in small
    ]
    asked, exact, wrong, marked = (sum(counts) for counts in zip(*told, strict=True))
    figures.add(
        f"wrong answers marked unsure, print of {small[0]:g} to {small[-1]:g} pt", "≥ 90 %",
        f"{marked / max(wrong, 1):.1%}", share_interval(marked / max(wrong, 1), wrong),
        f"{wrong} wrong of {asked} questions", marked / max(wrong, 1),
    )  # fmt: skip


def measure_other_styles(figures: Figures, characters: int) -> None:
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
        _add_rate(figures, f"look: {name}", "", _check_text(figures.read, text, style))
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
        report = check(typeset(text, style=exact), style=exact, reader=_read_after(figures.read, way))
        _add_rate(figures, name, "", report)


def measure_other_engine(figures: Figures, characters: int) -> None:
    """Measure pages of another pipeline, reportlab and poppler, in the same font."""
    config, font = load_config(), FONTS["en"]
    text = make_texts([PROSE], characters=characters)[PROSE]
    breaks = reference_breaks(text, config, font)
    counts = []
    for pixels, lines in zip(reference_pages(text, config, font), breaks, strict=True):
        errors = character_errors(
            figures.read(pixels).text, "\n".join(text[start:stop] for start, stop in lines)
        )
        counts.append((errors.edits, errors.characters))
    edits, total = (sum(column) for column in zip(*counts, strict=True))
    figures.add(
        "pages of reportlab and poppler", "≤ 2 %", f"{edits / total:.3%}", rate_interval(counts),
        f"{total:,} characters on {len(counts)} pages", edits / total,
    )  # fmt: skip


def measure_seconds(figures: Figures, quick: bool) -> None:
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
    errors = checker.report().errors
    figures.add(
        "Tesseract on two of these pages, magnified: character error rate", "", f"{errors.rate:.3%}",
        checker.report().interval,
        f"{errors.characters:,} characters; {there:.1f} s a page, {there / median:.0f} × as long", errors.rate,
    )  # fmt: skip


def _check_text(read: PageReader, text: str, style: PageStyle) -> CheckReport:
    return check(typeset(text, style=style), style=style, reader=read)


def _read_after(read: PageReader, way: Callable[[Image.Image], Image.Image]) -> PageReader:
    return lambda image: read(way(image))


def _add_rate(figures: Figures, name: str, asked: str, report: CheckReport) -> None:
    errors = report.errors
    of = f"{errors.characters:,} characters on {len(report.pages)} pages"
    figures.add(name, asked, f"{errors.rate:.3%}", report.interval, of, errors.rate)


def _ask_needles(
    read: Callable[[Source], Transcription], pages: int, haystacks: int, count: int, style: PageStyle
) -> tuple[int, int, int, int]:
    """Return how many questions were asked, answered exactly, answered otherwise, and of these marked unsure."""
    asked = exact = marked = 0
    for seed in range(haystacks):
        hay = haystack(pages, count, seed=100 * pages + seed, style=style)
        reader = NanoReader(transcriber=read, cached_pages=pages)
        for needle in hay.needles:
            reading = reader.read(Context.of(needle.question, pages=hay.pages))
            asked += 1
            if reading.quotes and needle.answer in reading.quotes[0].text.replace("\n", ""):
                exact += 1
            else:
                marked += not reading.quotes or not reading.quotes[0].is_sure
    return asked, exact, asked - exact, marked


def _words(transcription: Transcription) -> list[tuple[str, float]]:
    """Return the words of a page, each with the confidence of its least certain character."""
    found = []
    for line in transcription.lines:
        start = 0
        for word in line.text.split(" "):
            if word:
                found.append((word, float(line.confidence[start : start + len(word)].min())))
            start += len(word) + 1
    return found


def _opcodes(truth: list[str], said: list[str]) -> Iterator[tuple[str, int, int, int, int]]:
    from rapidfuzz.distance import Levenshtein

    for code in Levenshtein.opcodes(truth, said):
        yield code.tag, code.src_start, code.src_end, code.dest_start, code.dest_end


def _pad(image: Image.Image, left: int, top: int) -> Image.Image:
    ground = Image.new(image.mode, (image.width + 2 * left, image.height + 2 * top), "white")
    ground.paste(image, (left, top))
    return ground


def _compress_jpeg(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=75)
    return Image.open(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, for a first look")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="other weights than the package's")
    given = parser.parse_args()
    if not _ONE_CORE.items() <= os.environ.items():  # numpy looks before it is imported
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **_ONE_CORE})  # noqa: S606 - itself
    characters = 10_000 if given.quick else 132_000  # a quarter of code is white space, which does not count
    figures, confusions = Figures(given.weights), dict[str, object]()
    measure_seconds(figures, given.quick)
    measure_character_rates(figures, characters, confusions)
    measure_compression(figures, characters)
    measure_identifiers(figures, characters * 3 // 4)
    measure_other_engine(figures, characters * 3 // 8)
    measure_needles(figures, given.quick)
    measure_other_styles(figures, characters // 6)
    figures.print_all()
    for kind, pairs in confusions.items():
        print(f"confused, {kind}: {pairs}")
    write_results("nano", {"figures": figures.rows, "confusions": confusions})


if __name__ == "__main__":
    main()

"""How fast are pages typeset? The reference pipeline, plain Pillow and ours, side by side in one run.

Each round runs every side once, in turn, in this one process, after a first small run that loads fonts. Times
are medians over the rounds; the ratios' medians are over the English texts. Sides:

* *reference*: reportlab → PDF → poppler → crop. Aimed at: ours 100 times as fast to pixels, 25 times to PNG.
* *Pillow*: lines wrapped greedily by `getlength`, each word measured once, and drawn by `ImageDraw.text`.
* *ours*: `typeset` in its default style, the reference's with page sides of 28 px' multiples (the same lines on
  the same text box), then `Page.array` or `Page.png`. Matching the reference to the letter, quirks and all, is
  what `parity.py` checks; that mode is for comparison only, and slower.

Then: the memory each side takes, a long stream's memory, and whether a page costs the same in long documents
and in long paragraphs.

    python benchmarks/typeset.py [--quick] [--texts prose,chinese]
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from glyph_memory.style import PageStyle
from glyph_memory.typesetting import iter_pages, typeset
from lib.corpus import Text, choose_texts, prose, texts
from lib.report import print_table
from lib.results import write_results
from lib.sides import SIDES, make_side

PIXELS_TARGET = 100
PNG_TARGET = 25

_FORMS = ("pixels", "PNG")


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """How long one text took on one side."""

    pages: int
    """How many pages came out."""
    seconds: float
    """For all of them, the median of the rounds."""

    @property
    def ms_a_page(self) -> float:
        """Milliseconds a page."""
        return 1000 * self.seconds / self.pages


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, write the numbers."""
    parser = argparse.ArgumentParser(
        description="Time our typesetter beside the reference pipeline and Pillow."
    )
    parser.add_argument("--quick", action="store_true", help="one round, shorter streams")
    parser.add_argument("--texts", help="names, with commas between; all by default")
    parser.add_argument("--rounds", type=int, help="3 by default, with --quick 1")
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given)
    if options.memory_of:
        print(json.dumps(_measure_memory(options.memory_of)))
        return
    timings = time_texts(choose_texts(options.texts), options.rounds or (1 if options.quick else 3))
    results: dict[str, object] = {"targets": {"pixels": PIXELS_TARGET, "png": PNG_TARGET}}
    for form in _FORMS:
        results[form] = _report_times(form, timings)
    results["length"] = _report_lengths((0.1, 1) if options.quick else (0.1, 1, 10))
    results["paragraphs"] = _report_paragraphs()
    results["memory"] = _report_memory(20 if options.quick else 200)
    write_results("typeset", results, arguments=given)


def time_texts(texts: Sequence[Text], rounds: int) -> dict[tuple[str, str, str], Timing]:
    """Return the timing of every text on every side in both forms: (text, side, form) → timing."""
    timings = {}
    for text in texts:
        sides = {(side, form): make_side(side, form, text) for form in _FORMS for side in SIDES}
        for run in sides.values():
            run(text.text[:3000])
        taken: dict[tuple[str, str], list[float]] = {key: [] for key in sides}
        pages = {}
        for _ in range(rounds):
            for key, run in sides.items():
                start = time.perf_counter()
                pages[key] = run(text.text)
                taken[key].append(time.perf_counter() - start)
        for (side, form), seconds in taken.items():
            timing = Timing(pages=pages[side, form], seconds=statistics.median(seconds))
            timings[text.name, side, form] = timing
    return timings


def _report_times(form: str, timings: Mapping[tuple[str, str, str], Timing]) -> dict[str, object]:
    target = PNG_TARGET if form == "PNG" else PIXELS_TARGET
    by_name = {text.name: text for text in texts()}
    names = list(dict.fromkeys(name for name, _, _ in timings))
    rows: list[list[object]] = []
    found: dict[str, dict[str, float]] = {}
    for name in names:
        reference, pillow, ours = (timings[name, side, form] for side in SIDES)
        characters = len(by_name[name].text)
        found[name] = {
            "reference_ms_a_page": reference.ms_a_page,
            "pillow_ms_a_page": pillow.ms_a_page,
            "ours_ms_a_page": ours.ms_a_page,
            "ours_characters_a_second": characters / ours.seconds,
            "ours_pages_a_second": ours.pages / ours.seconds,
            "times_pillow": pillow.seconds / ours.seconds,
            "times_reference": reference.seconds / ours.seconds,
        }
        rows.append([name, ours.pages, *found[name].values()])
    english = [values for name, values in found.items() if by_name[name].language == "en"]
    median: dict[str, float] = {}
    if english:
        median = {key: statistics.median(values[key] for values in english) for key in english[0]}
        rows.append(["median of English", "", *median.values()])
    print_table(
        f"text to {form}, ms a page; aimed at {target} times as fast as the reference",
        [
            "text",
            "pages",
            "reference",
            "Pillow",
            "ours",
            "ours chars/s",
            "ours pages/s",
            "x Pillow",
            "x reference",
        ],
        rows,
    )
    return {"texts": found, "median_of_english": median}


def _report_lengths(megabytes: Iterable[float]) -> list[dict[str, float]]:
    """Print and return the cost of a page by the document's length."""
    found = []
    for size in megabytes:
        text = _repeat(prose(), int(size * 1e6))
        pages, seconds = _time_ours(text)
        found.append({"megabytes": size, "pages": pages, "ms_a_page": 1000 * seconds / pages})
    print_table(
        "a page's cost by the document's length (ours, to pixel arrays)",
        ["MB", "pages", "ms a page"],
        [[str(row["megabytes"]), row["pages"], row["ms_a_page"]] for row in found],
    )
    return found


def _report_paragraphs() -> dict[str, dict[str, float]]:
    """Print and return the cost of a page by the paragraphs' length."""
    single = _repeat(prose().replace("\n\n", " "), 1_000_000)
    lines = [line.text.rstrip() for page in typeset(single, style=PageStyle.glyph()) for line in page.lines]
    found = {}
    for name, text in (("one paragraph", single), ("a paragraph a line", "\n".join(lines))):
        pages, seconds = _time_ours(text)
        found[name] = {"pages": pages, "ms_a_page": 1000 * seconds / pages}
    print_table(
        "a page's cost by the paragraphs' length, 1 MB (ours, to pixel arrays)",
        ["text", "pages", "ms a page"],
        [[name, row["pages"], row["ms_a_page"]] for name, row in found.items()],
    )
    return found


def _time_ours(text: str) -> tuple[int, float]:
    times = []
    pages = 0
    for _ in range(3 if len(text) < 2_000_000 else 1):
        start = time.perf_counter()
        pages = sum(page.array().size > 0 for page in iter_pages(text, style=PageStyle.glyph()))
        times.append(time.perf_counter() - start)
    return pages, statistics.median(times)


def _report_memory(stream_megabytes: int) -> dict[str, dict[str, float]]:
    """Print and return the peak memory of a fresh process for each side, and for a long stream."""
    jobs = {
        "imports alone": "imports",
        **{f"{side}, needle haystack to pixels": side for side in SIDES},
        f"ours, a stream of {stream_megabytes} MB": f"stream {stream_megabytes}",
    }
    found = {}
    for name, job in jobs.items():
        command = [sys.executable, __file__, "--memory-of", job]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
        found[name] = json.loads(answer.stdout)
    print_table(
        "peak memory, a fresh process each; poppler's own is not counted",
        ["what", "MB", "pages", "seconds"],
        [[name, *row.values()] for name, row in found.items()],
    )
    return found


def _measure_memory(job: str) -> dict[str, float]:
    """Do a job in this process; return its peak memory, pages and seconds."""
    start = time.perf_counter()
    pages = 0
    if job.startswith("stream"):
        megabytes = int(job.split()[1])
        piece = _repeat(prose(), 1_000_000)
        pages = sum(1 for _ in iter_pages(piece for _ in range(megabytes)))
    elif job != "imports":
        [text] = choose_texts("needle haystack")
        pages = make_side(job, "pixels", text)(text.text)
    seconds = time.perf_counter() - start
    return {"megabytes": _peak_megabytes(), "pages": pages, "seconds": seconds}


def _peak_megabytes() -> float:
    """Return the peak memory of this process so far.

    On Linux `ru_maxrss` begins with that of the process which started this one; its own mark is read instead.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return float(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # macOS counts bytes


def _repeat(text: str, characters: int) -> str:
    return (text * (characters // len(text) + 1))[:characters]


if __name__ == "__main__":
    main()

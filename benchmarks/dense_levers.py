"""What does each part of a dense page save, and do readers get more letters wrong by it?

Takes the default page and adds one thing at a time: marks for line breaks in three spellings, no padding, narrow
margins, runs counted. Each time some texts are typeset and read back by the nano reader and by Tesseract, which knows
nothing of these pages. Errors at marks and counts themselves are left out, and so is white space.

    python benchmarks/dense_levers.py [--quick]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from PIL import Image

from glyph_memory import ModelProfile, PageStyle, typeset
from glyph_memory.errors import ReaderError
from glyph_memory.evaluate import find_reader
from glyph_memory.evaluate.readers import Tesseract
from glyph_memory.transcription import Transcription
from lib.density_corpus import list_samples
from lib.density_errors import LetterErrors, count_letter_errors
from lib.density_files import cut
from lib.report import print_table
from lib.results import write_results

CHARACTERS = 4_500
"""Of each text: some two pages by default, one dense; Tesseract takes ten seconds and more for each."""
TEXTS = (
    ("prose", "language reference"), ("Python", "classes"), ("JSON, pretty", "functions"),
    ("manual pages", "of tar"), ("padded tables", "psql"), ("logs", "service"),
)  # fmt: skip


SECOND = ("default", "mark '⏎'", "mark '⏎', runs counted", "dense('⏎')", "dense()")
"""Styles that Tesseract reads, too: it is slow."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Read every text in every style, print the tables, write the numbers."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(
        description="Measure what dense pages save and whether they can be read."
    )
    parser.add_argument(
        "--quick", action="store_true", help="three texts, a quarter as long; the nano reader alone"
    )
    options = parser.parse_args(given)
    length = CHARACTERS // 4 if options.quick else CHARACTERS
    wanted = TEXTS[:3] if options.quick else TEXTS
    samples = [one for one in list_samples() if (one.kind, one.name) in wanted]
    profile, rows = ModelProfile.from_name("glyph"), list[dict[str, Any]]()
    readers = dict(list_readers(is_quick=options.quick))
    for sample in samples:
        text = cut([sample.text], at_most=length)
        tokens = profile.text_tokens(text)
        for lever, style in build_levers().items():
            pages = typeset(text, style=style)
            cost = profile.pages_tokens(page.size for page in pages)
            row = {"text": f"{sample.kind}: {sample.name}", "lever": lever, "ratio": tokens / cost}
            row |= {"pages": len(pages), "page_tokens": cost}
            for name, reader in readers.items():
                if name != "nano" and lever not in SECOND:
                    continue
                found = sum((count_letter_errors(page, reader(page.image)) for page in pages), LetterErrors())
                row |= {
                    f"{name}_errors": found.rate,
                    f"{name}_at_marks": found.at_marks,
                    "letters": found.letters,
                }
            rows.append(row)
        print_levers(rows[-len(build_levers()) :], list(readers), title=f"{sample.kind}: {sample.name}")
    print_sums(rows, list(readers))
    write_results("dense_levers", {"rows": rows, "readers": list(readers)}, arguments=given)


def list_readers(*, is_quick: bool) -> Iterator[tuple[str, Callable[[Image.Image], Transcription]]]:
    """Yield the readers that this machine has."""
    yield "nano", find_reader("nano")
    if not is_quick:
        try:
            yield "Tesseract", Tesseract()
        except ReaderError as error:
            print(error, file=sys.stderr)


def build_levers() -> Mapping[str, PageStyle]:
    """Return the styles that are compared, each with what it adds to another."""
    default = PageStyle.glyph()

    def mark(spelling: str, style: PageStyle = default) -> PageStyle:
        return replace(style, newline_mark=spelling, paragraph_lines=10_000)

    filled = default.fill()
    return {
        "default": default,
        "default, filled": filled,
        "mark ' ⏎ '": mark(" ⏎ "),
        "mark '⏎'": mark("⏎"),
        "mark ' \\n '": mark(" \\n "),
        "mark '⏎', runs counted": replace(mark("⏎"), count_runs=True),
        "mark '⏎', filled": mark("⏎", filled),
        "dense('⏎')": default.dense("⏎"),
        "dense()": default.dense(),
    }


def print_levers(rows: Sequence[Mapping[str, Any]], readers: Sequence[str], *, title: str) -> None:
    """Print what each style makes of one text."""
    print_table(
        title,
        [
            "style",
            "pages",
            "ratio",
            *(f"{name}, wrong" for name in readers),
            *(f"{name}, at marks" for name in readers),
        ],
        [
            [row["lever"], row["pages"], f"{row['ratio']:.2f}"]
            + [f"{row[f'{name}_errors']:.2%}" if f"{name}_errors" in row else "" for name in readers]
            + [row.get(f"{name}_at_marks", "") for name in readers]
            for row in rows
        ],
    )
    sys.stdout.flush()


def print_sums(rows: Sequence[Mapping[str, Any]], readers: Sequence[str]) -> None:
    """Print what each style makes of all texts together."""
    sums = []
    for lever in dict.fromkeys(row["lever"] for row in rows):
        same = [row for row in rows if row["lever"] == lever]
        wrong = [_share_wrong(same, name) for name in readers]
        sums.append([lever, sum(row["page_tokens"] for row in same), *wrong])
    print_table("all texts", ["style", "page tokens", *(f"{name}, wrong" for name in readers)], sums)


def _share_wrong(rows: Sequence[Mapping[str, Any]], reader: str) -> str:
    read = [row for row in rows if f"{reader}_errors" in row]
    letters = sum(row["letters"] for row in read)
    return f"{sum(row[f'{reader}_errors'] * row['letters'] for row in read) / letters:.2%}" if letters else ""


if __name__ == "__main__":
    main()

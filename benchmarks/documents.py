"""How fast are documents of each format loaded and drawn, in how much memory, and for how many tokens?

All documents are built here, seeded, from Python's own documentation and sources. Times are CPU seconds of one process,
the second of two runs. Memory is the largest of a process that loads and draws a text of one size, beside another of
500 times that size. Other people's loaders read the same files in the same run, each in a process of its own, where
`--loaders` names a Python that has them (markitdown, pypdf, langchain-community). They give text, so they stand beside
our loading without drawing.

    python benchmarks/documents.py [--quick] [--loaders PYTHON]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from glyph_memory.documents import Document, draw_pages, load
from glyph_memory.errors import DocumentError
from glyph_memory.tokens import ModelProfile
from lib import other_loaders
from lib.document_files import build_files, write_pdf, write_text
from lib.report import print_table
from lib.results import write_results

GLYPH = ModelProfile.from_name("glyph")
_MEMORY = """
import pathlib, re, sys
from glyph_memory.documents import draw_pages, load
pages = sum(1 for _ in draw_pages(load(sys.argv[1])))
print(pages, re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1])
"""
"""Asks Linux for the most memory of this very program: `ru_maxrss` counts what its parent had, too."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, write the numbers."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(description="Load and draw documents of each format.")
    parser.add_argument("--quick", action="store_true", help="small files, and 20 MB of text instead of 500")
    parser.add_argument("--loaders", default=sys.executable, help="a Python that has other loaders installed")
    options = parser.parse_args(given)
    scale, megabytes = (1, (1, 20)) if options.quick else (5, (1, 500))
    figures: dict[str, list[dict[str, object]]] = {}

    def keep(part: str, rows: list[dict[str, object]]) -> list[dict[str, object]]:
        """Write after each part: a run that is cut keeps what it has."""
        figures[part] = rows
        write_results(
            "documents", figures, arguments=[one for one in given if one == "--quick"], is_quiet=True
        )
        return rows

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = build_files(folder, scale=scale)
        formats = keep("formats", [measure_format(kind, path) for kind, path in files.items()])
        report_formats(formats)
        report_pdfs(keep("pdfs", list(measure_pdfs(folder, scale))))
        report_loaders(keep("loaders", list(measure_loaders(files, formats, options.loaders))))
        report_memory(keep("memory", [measure_memory(folder / "long.txt", size) for size in megabytes]))


def measure_format(kind: str, path: Path) -> dict[str, object]:
    """Return what loading and drawing a file took, the second time; or why it cannot be read."""
    row: dict[str, object] = {"format": kind, "bytes": path.stat().st_size}
    try:
        for _ in range(2):
            began = time.process_time()
            documents = list(load(path))
            loaded = time.process_time()
            pages = [page.tokens for page in draw_pages(documents, way="reflow")]
            drawn = time.process_time()
    except DocumentError as error:
        return row | {"error": str(error)}
    return row | {
        "load_s": loaded - began,
        "draw_s": drawn - loaded,
        "pages": len(pages),
        "tokens": sum(pages),
        "text_tokens": count_text(documents),
        "characters": sum(len(document.text) for document in documents),
    }


def count_text(documents: Sequence[Document]) -> int:
    """Return what documents cost as text."""
    return sum(GLYPH.text_tokens(document.text) for document in documents)


def measure_pdfs(folder: Path, scale: int) -> Iterator[dict[str, object]]:
    """Yield what PDFs cost as text, reflowed, as they look, and as is chosen page by page."""
    for name, columns, has_tables in (
        ("prose", 1, False),
        ("prose in two columns", 2, False),
        ("prose with tables", 1, True),
    ):
        path = folder / "measured.pdf"
        write_pdf(path, scale, columns=columns, has_tables=has_tables)
        row: dict[str, object] = {"document": name}
        try:
            documents = list(load(path))
            row["text_tokens"] = count_text(documents)
            for way in ("reflow", "native", "auto"):
                pages = list(draw_pages(documents, way=way))
                if way == "native" and all(page.way != "native" for page in pages):
                    continue
                row[f"{way}_tokens"] = sum(page.tokens for page in pages)
                row[f"{way}_pages"] = len(pages)
        except DocumentError as error:
            row["error"] = str(error)
        yield row


def measure_loaders(
    files: dict[str, Path], formats: Sequence[dict[str, object]], python: str
) -> Iterator[dict[str, object]]:
    """Yield how long each loader takes for each file, ours first, without drawing."""
    program = Path(other_loaders.__file__)
    for row, path in zip(formats, files.values(), strict=True):
        ours = {"cpu_s": row.get("load_s"), "characters": row.get("characters"), "error": row.get("error")}
        yield {"format": row["format"], "loader": "glyph-memory", "version": version("glyph-memory"), **ours}
        for loader, (_, _, suffixes) in other_loaders.LOADERS.items():
            if path.suffix not in suffixes:
                continue
            done = subprocess.run(
                [python, str(program), loader, str(path)], capture_output=True, text=True, check=False
            )
            try:
                told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
            except (IndexError, ValueError):
                told = {"error": f"ended with {done.returncode}"}
            yield {"format": row["format"], "loader": loader, **told}


def measure_memory(path: Path, megabytes: int) -> dict[str, object]:
    """Return the most memory that a process takes which loads and draws a text of a size."""
    write_text(path, megabytes * 1_000_000)
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY, str(path)], capture_output=True, text=True, check=True
    )
    pages, peak_kb = map(int, done.stdout.split())
    return {"megabytes": megabytes, "pages": pages, "peak_mb": peak_kb / 1000}


def report_formats(rows: Sequence[dict[str, object]]) -> None:
    """Print what each format takes."""
    head = ["format", "kB", "pages", "load s", "draw s", "pages a second"]
    print_table("Loaded and drawn", head, [_format_row(row) for row in rows])


def _format_row(row: dict[str, object]) -> list[object]:
    kilobytes = f"{as_number(row['bytes']) / 1000:.0f}"
    if "error" in row:
        return [row["format"], kilobytes, "", "", "", str(row["error"])[:60]]
    load_s, draw_s, pages = (as_number(row[name]) for name in ("load_s", "draw_s", "pages"))
    return [
        row["format"],
        kilobytes,
        row["pages"],
        f"{load_s:.3f}",
        f"{draw_s:.3f}",
        f"{pages / (load_s + draw_s):.0f}",
    ]


def report_pdfs(rows: Sequence[dict[str, object]]) -> None:
    """Print what PDFs cost."""
    names = ["text_tokens", "reflow_tokens", "native_tokens", "auto_tokens"]
    print_table(
        "PDFs",
        ["document", *names],
        [[row["document"], *(row.get(name, "") for name in names)] for row in rows],
    )


def report_loaders(rows: Sequence[dict[str, object]]) -> None:
    """Print how long each loader takes."""
    body = [
        [
            f"{row['format']}, {row['loader']}",
            _format_seconds(row.get("cpu_s")),
            row.get("characters") or "",
            str(row.get("error") or "")[:60],
        ]
        for row in rows
    ]
    print_table("Loaders", ["file, loader", "CPU s", "characters", ""], body)


def _format_seconds(value: object) -> str:
    return "" if value is None else f"{as_number(value):.3f}"


def report_memory(rows: Sequence[dict[str, object]]) -> None:
    """Print how memory grows."""
    body = [
        [f"{row['megabytes']} MB of text", row["pages"], f"{as_number(row['peak_mb']):.0f}"] for row in rows
    ]
    print_table("Memory", ["", "pages", "largest, MB"], body)


def as_number(value: object) -> float:
    """Return a figure as a number."""
    assert isinstance(value, int | float)  # noqa: S101 - for the type checker
    return value


if __name__ == "__main__":
    main()

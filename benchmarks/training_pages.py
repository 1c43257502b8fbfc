"""How fast is page data made? By workers and by families, beside bare typesetting of the same run.

Samples are of made up texts in the default styles, 1 to 4 pages each, into Parquet shards, as `glyph-memory train
pages` makes them. *Bare typesetting* is `typeset` and `Page.png` of one long text in the released Glyph model's style:
no sample, no other style, no file.

A wall clock tells little where other programs share the processors; so each row has the processor time of a page too,
of all processes together, and how many pages a minute two processors make that do nothing else.

Aimed at: 10,000 pages a minute on two processors.

    python benchmarks/training_pages.py [--quick]
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, ParamSpec, TypeVar
from unittest.mock import patch

from glyph_memory.page import Page
from glyph_memory.training import Family
from glyph_memory.training.pages import (
    DEFAULT_FAMILIES,
    PageRecipe,
    ShardFormat,
    StyleDistribution,
    write_page_data,
)
from glyph_memory.training.pages import families as families_module
from glyph_memory.training.pages import job as job_module
from glyph_memory.training.pages import recipe as recipe_module
from glyph_memory.training.pages.made_texts import make_up_text
from glyph_memory.typesetting import typeset
from lib.report import print_table, say_whether
from lib.results import write_results

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

TARGET = 10_000
CORES = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Speed:
    """How fast pages were made in one way."""

    way: str
    """What was made, and how."""
    workers: int
    """In how many processes; 0 for the one that asks."""
    samples: int
    """How many samples."""
    pages: int
    """How many pages they have."""
    megabytes: float
    """How large all shards are."""
    wall_s: float
    """Seconds on the clock, processes' start included."""
    cpu_s: float
    """Seconds of processors, all processes together."""

    def as_figures(self) -> dict[str, object]:
        """Return what is written."""
        return {
            "way": self.way, "workers": self.workers, "samples": self.samples, "pages": self.pages,
            "MB": self.megabytes, "pages a minute": self.pages / self.wall_s * 60,
            "cpu ms a page": self.cpu_s / self.pages * 1_000,
            "pages a minute of two processors": CORES * 60 * self.pages / self.cpu_s,
        }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, write the numbers."""
    parser = argparse.ArgumentParser(description="Make page data and take the time.")
    parser.add_argument("--quick", action="store_true", help="few samples")
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given)
    count = 64 if options.quick else 1_024
    make_up_text(Random(0), 10)  # the library's texts are read
    rows = [measure_typesetting(20 if options.quick else 400)]
    rows += [measure("all families", workers, count) for workers in (0, 1, 2)]
    rows += [
        measure(family, 0, count // 4, seed=seed, families={family: 1})
        for seed, family in enumerate(DEFAULT_FAMILIES, 2)
    ]
    glyph = StyleDistribution.of_style("glyph")
    rows += [
        measure("all families, one style", 0, count // 4, seed=8, styles=glyph),
        measure("all families, WebDataset", 0, count // 4, seed=9, shard_format="webdataset"),
    ]
    figures = [row.as_figures() for row in rows]
    print_table("Page data", list(figures[0]), [list(row.values()) for row in figures])
    parts = measure_parts(count // 4)
    print_table("Where the time goes, one process", ["part", "cpu ms a page"], list(parts.items()))
    best = next(row for row in figures if row["way"] == "all families" and row["workers"] == CORES)
    reached = float(str(best["pages a minute of two processors"])) >= TARGET
    load = os.getloadavg()[0]
    print(
        f"  {TARGET:,} pages a minute by processor time: {say_whether(reached)}; load of the machine {load:.1f}"
    )
    write_results(
        "training_pages", {"speeds": figures, "parts": parts, "load": round(load, 1)}, arguments=given
    )


def measure(
    way: str,
    workers: int,
    samples: int,
    *,
    seed: int = 1,
    families: Mapping[Family, float] = DEFAULT_FAMILIES,
    styles: StyleDistribution | None = None,
    shard_format: ShardFormat = "parquet",
) -> Speed:
    """Make samples into a folder that is thrown away; another seed has styles that no row before has drawn."""
    recipe = PageRecipe(seed=seed, families=families, styles=styles or StyleDistribution.default())
    with tempfile.TemporaryDirectory() as folder:
        begun, used = time.perf_counter(), _count_cpu_s()
        report = write_page_data(
            Path(folder) / "out",
            samples=samples,
            recipe=recipe,
            shard_samples=min(256, max(samples // 4, 1)),
            workers=workers,
            shard_format=shard_format,
            keep_out=(),
        )
        return Speed(
            way=way,
            workers=workers,
            samples=report.samples,
            pages=report.pages,
            megabytes=report.bytes / 1e6,
            wall_s=time.perf_counter() - begun,
            cpu_s=_count_cpu_s() - used,
        )


def measure_typesetting(pages: int) -> Speed:
    """Typeset one long text in Glyph's style, and encode its pages."""
    text = make_up_text(Random(7), 8_000 * pages)
    typeset(text[:20_000])
    begun, used = time.perf_counter(), _count_cpu_s()
    made = [page.png() for page in typeset(text)]
    return Speed(
        way="bare typesetting",
        workers=0,
        samples=0,
        pages=len(made),
        megabytes=sum(map(len, made)) / 1e6,
        wall_s=time.perf_counter() - begun,
        cpu_s=_count_cpu_s() - used,
    )


def measure_parts(samples: int) -> dict[str, float]:
    """Return the processor time of each part of the work, in milliseconds a page."""
    spent: dict[str, float] = {}
    places = (
        ("texts made up", recipe_module, "make_up_text"),
        ("typesetting, styles' letters included", families_module, "typeset"),
        ("answers spelled", families_module, "spell_text"),
        ("PNG", Page, "png"),
        ("written to disk", job_module, "write_atomic"),
    )
    with _time_all(places, spent):
        row = measure("parts", 0, samples, seed=10)
    parts = {name: seconds / row.pages * 1_000 for name, seconds in spent.items()}
    whole = row.cpu_s / row.pages * 1_000
    return {**parts, "all else: Parquet, questions, plans": whole - sum(parts.values()), "together": whole}


@contextmanager
def _time_all(places: Sequence[tuple[str, Any, str]], spent: dict[str, float]) -> Iterator[None]:
    patches = [
        patch.object(owner, name, _time_calls(getattr(owner, name), what, spent))
        for what, owner, name in places
    ]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()


def _time_calls(
    function: Callable[_Arguments, _Result], what: str, spent: dict[str, float]
) -> Callable[_Arguments, _Result]:
    spent[what] = 0.0

    def call(*arguments: _Arguments.args, **options: _Arguments.kwargs) -> _Result:
        begun = time.process_time()
        try:
            return function(*arguments, **options)
        finally:
            spent[what] += time.process_time() - begun

    return call


def _count_cpu_s() -> float:
    """Return the processor time of this process and of those that it waited for."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    main()

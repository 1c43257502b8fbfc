"""`glyph-memory train pages`: page data into a folder, with a bar, and what came of it."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import cast

from rich.text import Text

from glyph_memory.cli import terminal
from glyph_memory.errors import show_value
from glyph_memory.files import is_file
from glyph_memory.style import PRESETS
from glyph_memory.training import Family, TrainingError
from glyph_memory.training.pages import (
    PageDataReport,
    PageRecipe,
    ShardFormat,
    StyleDistribution,
    write_page_data,
)
from glyph_memory.training.pages.sources import list_left_out

_NONE = "none"
_SHOWN = 4
_ROW = re.compile(r":\d+$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """What is made, as it is typed."""

    seed: int
    """The seed."""
    families: str
    """Names and weights."""
    styles: str
    """`default`, `system`, a preset or a file."""
    pages_per_sample: int
    """At the most."""

    def parse(self) -> PageRecipe:
        """Return the recipe.

        Raises:
            TrainingError: A part of it is not understood.
        """
        return PageRecipe(
            seed=self.seed,
            families=cast("Mapping[Family, float]", _parse_weights(self.families)),
            styles=_find_styles(self.styles),
            pages_per_sample=self.pages_per_sample,
        )


def run(
    texts: Sequence[str],
    out: Path,
    *,
    samples: int,
    recipe: Recipe,
    text_field: str,
    passes: int,
    keep_out: Sequence[str] | None,
    shard_format: str,
    shard_samples: int,
    workers: int | None,
    as_json: bool,
) -> None:
    """Make the data; say what came of it.

    Raises:
        TrainingError: An option is not understood, there is no text, or the folder cannot be written.
    """
    barred = ("legibility",) if keep_out is None else () if list(keep_out) == [_NONE] else tuple(keep_out)
    left_out = list_left_out(texts, out=out)
    for folder, reason in left_out.items():  # before hours of work
        terminal.warn(f"not read: {folder!r}: {reason}")
    try:
        with terminal.progress("samples", total=samples, unit="pages") as step:
            shown_samples = shown_pages = 0

            def show(report: PageDataReport) -> None:
                nonlocal shown_samples, shown_pages
                step(report.samples - shown_samples, report.pages - shown_pages)
                shown_samples, shown_pages = report.samples, report.pages

            report = write_page_data(
                out,
                samples=samples,
                recipe=recipe.parse(),
                texts=texts,
                text_field=text_field,
                passes=passes,
                shard_format=cast("ShardFormat", shard_format),
                shard_samples=shard_samples,
                workers=_count_cores() if workers is None else workers,
                keep_out=barred,
                progress=show,
            )
    except KeyboardInterrupt:
        terminal.print_note("Stopped; the same command goes on from here.")
        raise
    if as_json:
        terminal.print_json(_to_json(report))
        return
    _print(report, told=left_out)
    if report.again:
        terminal.print_note(f"Shards made again after their process was killed or stopped: {report.again:,}.")
    if report.resumed:
        terminal.print_note(f"Shards that were there before: {report.resumed:,}.")


def _parse_weights(typed: str) -> dict[str, float]:
    weights = dict[str, float]()
    for part in filter(None, (part.strip() for part in typed.split(","))):
        name, _, weight = part.partition("=")
        try:
            weights[name.strip()] = float(weight or 1)
        except ValueError as error:
            raise TrainingError(
                f"{show_value(part)} in --families is no weight; write it as ocr=4,question=1"
            ) from error
    return weights


def _find_styles(name: str) -> StyleDistribution:
    if name == "default":
        return StyleDistribution.default()
    if name == "system":
        return StyleDistribution.with_system_fonts()
    if is_file(name):
        return StyleDistribution.read(name)
    if name not in PRESETS:
        raise TrainingError(
            f"--styles {show_value(name)} is no file, and none of default, system, {', '.join(PRESETS)}; give one of "
            "them"
        )
    return StyleDistribution.of_style(name)


def _count_cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _to_json(report: PageDataReport) -> dict[str, object]:
    values = {one.name: getattr(report, one.name) for one in fields(report)}
    return values | {"folder": str(report.folder), "seconds": round(report.seconds, 1)}


def _print(report: PageDataReport, *, told: Container[str]) -> None:
    screen = terminal.console()
    table = terminal.make_table("family", "samples")
    for family, count in report.families.items():
        table.add_row(family, f"{count:,}")
    screen.print(table)
    speed = report.pages / report.seconds * 60 if report.seconds and not report.resumed else 0
    a_minute = f", {speed:,.0f} pages a minute" if speed else ""
    made = (
        f"{terminal.format_count(report.samples, 'sample')} with {report.pages:,} pages in "
        f"{terminal.format_count(report.shards, 'shard')} of {report.bytes / 1e6:,.0f} MB together{a_minute}: "
        f"{terminal.escape_line(str(report.folder))}"
    )
    screen.print(Text(made), soft_wrap=True)
    if not report.is_whole:
        terminal.warn(
            f"the texts ended after {report.samples:,} of {report.wanted:,} samples; give more texts, or --passes"
        )
    _tell(report.left_out, "spans were left out, as they share phrases with what is kept out")
    _print_unread({name: reason for name, reason in report.unread.items() if name not in told})
    _tell(report.told, "times something else was taken than planned")


def _print_unread(unread: Mapping[str, str]) -> None:
    """Print what was not read: rows of one file that failed for one reason together."""
    groups: dict[tuple[str, str], list[str]] = {}
    for source, reason in unread.items():
        groups.setdefault((_ROW.sub("", source), reason), []).append(source)
    for (file, reason), sources in list(groups.items())[:_SHOWN]:
        many = f"{len(sources):,} rows of {file!r}, such as row {sources[0].rpartition(':')[2]}"
        terminal.warn(f"not read: {many if len(sources) > 1 else repr(sources[0])}: {reason}")
    if len(groups) > _SHOWN:
        terminal.warn(f"{len(groups) - _SHOWN:,} more reasons why texts were not read are in manifest.json")


def _tell(counts: Mapping[str, int], what: str) -> None:
    if not counts:
        return
    first = "; ".join(f"{name} ({count:,})" for name, count in list(counts.items())[:_SHOWN])
    terminal.print_note(f"{sum(counts.values()):,} {what}: {first}.")

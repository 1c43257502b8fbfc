"""`glyph-memory legibility`: what readers make of a style, as a table, JSON, or a plot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from glyph_memory.cli import files, terminal
from glyph_memory.cli.commands import check_view as checked
from glyph_memory.cli.look import Look, find_profile
from glyph_memory.cli.sources import Sources, list_defects, name_path, print_defects
from glyph_memory.errors import StyleError
from glyph_memory.evaluate import (
    CHARACTERS,
    SIZES_PT,
    Legibility,
    LegibilityReport,
    ReadCounts,
    make_texts,
    measure_legibility,
    style_grid,
)
from glyph_memory.evaluate.plot import check_plot, plot
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile, describe_small_letters, is_legible

_MEANT = (
    "By text: characters that came back wrong, and under it the 95 % confidence interval in per cent; words and "
    "identifiers that came back to the letter. Silent: wrong, and the reader was sure."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Texts:
    """The texts to measure, as they were asked for."""

    sources: Sources | None
    """Documents, instead of made texts; and how they are read."""
    kinds: str | None
    """Names of made ones, parted by commas."""
    characters: int | None
    """Of each."""

    def read(self) -> dict[str, str]:
        """Return the texts, by name."""
        texts = dict[str, str]()
        if self.sources is not None:
            options = self.sources.options()
            for path in self.sources.find():
                with self.sources.leave_out_failures(path):
                    documents = list(self.sources.load_bounded(path, options))
                    name = name_path(path) if name_path(path) not in texts else path
                    texts[name] = "".join(document.text for document in documents)[: self.characters]
                    print_defects(name, list_defects(documents))
        if self.kinds is not None or not texts:
            names = None if self.kinds is None else _split_names(self.kinds)
            texts |= make_texts(names, characters=self.characters or CHARACTERS)
        return texts


def run(
    texts: Texts,
    *,
    looks: Sequence[Look],
    sizes: str | None,
    profile: str,
    tokenizer: str | None,
    reader: str,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Measure every style in every size with every text."""
    if picture is not None:
        check_plot(picture)
    model = find_profile(profile, tokenizer=tokenizer)
    styles = _styles(looks, sizes, model)
    read = texts.read()
    with terminal.progress("reading", total=len(styles) * sum(map(len, read.values()))) as step:
        report = measure_legibility(
            styles, read, reader=reader, profile=model, progress=lambda page: step(len(page.text))
        )
    if picture is not None:
        files.write(picture, plot(report, reader=_name_reader(reader), suffix=picture.suffix))
    if as_json:
        terminal.print_json({"reader": reader, "note": _note(reader)} | report.to_json())
    else:
        _show(report, reader, picture)
    for sentence in [*_find_shrunk(styles, model), *report.left_out]:
        terminal.warn(sentence)


def _find_shrunk(styles: Mapping[str, PageStyle], model: ModelProfile) -> Iterator[str]:
    """Yield a warning where the model sees letters smaller than the reader does, too small to read; once."""
    for style in styles.values():
        sentence = describe_small_letters(style, model, images=2)
        if sentence and is_legible(style.to_vertical_px(style.font_size_pt)):
            yield sentence
            return


def _split_names(typed: str) -> list[str]:
    return [part.strip() for part in typed.split(",") if part.strip()]


def _styles(looks: Sequence[Look], sizes: str | None, model: ModelProfile) -> dict[str, PageStyle]:
    styles: dict[str, PageStyle] = {}
    for look in looks:
        styles |= style_grid(look.build_style(model), name=look.name, sizes=_sizes(sizes))
    return styles


def _sizes(typed: str | None) -> Sequence[float]:
    if typed is None:
        return SIZES_PT
    sizes = []
    for part in _split_names(typed):
        try:
            sizes.append(float(part))
        except ValueError as error:
            raise StyleError(f"{part!r} of --sizes is no number of points; try --sizes 7,8,9") from error
    return sizes or SIZES_PT


def _name_reader(reader: str) -> str:
    return {"nano": "the nano reader", "tesseract": "Tesseract"}.get(reader, reader)


def _note(reader: str) -> str:
    who = _name_reader(reader)
    return f"{who[0].upper()}{who[1:]}'s error: a lower bound on difficulty, not a VLM's"


def _show(report: LegibilityReport, reader: str, picture: Path | None) -> None:
    screen = terminal.console()
    screen.print(_fit_table(report, screen))
    screen.print(checked.format_confusions(report.errors))
    screen.print(Text(f"{_note(reader)}. {_MEANT}", "dim"))
    screen.print(Text(f"ρ: text tokens a page token. {terminal.describe_counting(report)}", "dim"))
    if picture is not None:
        screen.print(Text(f"plot: {terminal.escape_line(str(picture))}"), soft_wrap=True)


def _fit_table(report: LegibilityReport, screen: Console) -> Table:
    """Return the table with as much in it as fits the terminal's width; the JSON holds everything."""
    endless = screen.options.update(max_width=10_000)
    for extras, intervals in ((True, True), (False, True), (False, False)):
        table = _table(report, extras=extras, intervals=intervals)
        if screen.measure(table, options=endless).maximum <= screen.width:
            break
    return table


def _table(report: LegibilityReport, *, extras: bool, intervals: bool) -> Table:
    """Return a table with a row for each style and size, a column for each text."""
    texts = list(dict.fromkeys(row.kind for row in report.rows))
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("style", overflow="fold")
    for name in (
        "ρ",
        *map(terminal.escape_line, texts),
        "silent",
        *(("words", "idents", "s/page") if extras else ()),
    ):
        table.add_column(Text(name), justify="right", overflow="fold")
    for style, rows in report.group_by_style().items():
        of = {row.kind: row for row in rows}
        table.add_row(
            Text(terminal.escape_line(style)),
            terminal.format_ratio(
                sum(row.text_tokens for row in rows) / sum(row.page_tokens for row in rows)
            ),
            *(_rate(of.get(name), intervals=intervals) for name in texts),
            checked.percent(
                sum(row.counts.silent for row in rows) / max(1, sum(row.errors.characters for row in rows))
            ),
            *(_extras(rows) if extras else ()),
        )
    return table


def _extras(rows: Sequence[Legibility]) -> Sequence[str]:
    counts, pages = ReadCounts.total(row.counts for row in rows), sum(row.pages for row in rows)
    return (
        checked.share(counts.words_exact, counts.words),
        checked.share(counts.identifiers_exact, counts.identifiers),
        f"{sum(row.seconds_a_page * row.pages for row in rows) / pages:.2f}",
    )


def _rate(row: Legibility | None, *, intervals: bool) -> Text:
    if row is None:
        return Text("no font", "dim")
    rate = Text(checked.percent(row.errors.rate))
    return rate.append(f"\n{checked.bounds(row.interval)}", "dim") if intervals else rate

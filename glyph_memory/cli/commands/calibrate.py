"""`glyph-memory calibrate`: which styles a served model reads, as a table and a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from rich.status import Status
from rich.text import Text

from glyph_memory.cli import files, terminal
from glyph_memory.cli.look import find_profile
from glyph_memory.cli.server import NO_SERVER, Server, describe_served
from glyph_memory.errors import ReaderRefused, StyleError
from glyph_memory.evaluate.calibration import (
    KINDS,
    AxisFields,
    Calibration,
    CalibrationProgress,
    KindCalibration,
    Ladder,
    PrefillSpeed,
    calibrate,
)
from glyph_memory.tokens import ModelProfile

_MEANT = (
    "Right: exact answers, of those that prove the style, with the 95 % interval of their share in per cent. "
    "ρ: text tokens a page token stands for."
)
_CONFUSIONS = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Who is asked, as it was typed."""

    reader: str | None
    """`nano`, or nothing."""
    url: str | None
    """The server's address."""
    model: str | None
    """The model's name there."""
    api_key: str | None = field(repr=False)
    """The secret, if it wants one."""
    max_tokens: int
    """Longest answer."""
    profile: str | None
    """The name of the model's profile."""

    def find_server(self) -> Server:
        """Return the server; one without an address is the nano reader.

        Raises:
            ReaderRefused: There is no such reader.
        """
        if self.reader not in {None, "nano"}:
            raise ReaderRefused(
                f"no reader named {self.reader!r} can be calibrated; there is nano, or --server"
            )
        if self.reader or self.url is None:
            return Server(url=None)
        return Server(url=self.url, model=self.model, api_key=self.api_key, max_tokens=self.max_tokens)

    def find_profile(self, server: Server) -> ModelProfile:
        """Return the profile that was typed, else that of the model that is served, else Glyph's."""
        model = find_profile(self.profile or "glyph", tokenizer=None)
        served = server.find_served() if self.profile is None else None
        found = model if served is None else served.profile or model
        if told := describe_served(model, found):
            terminal.print_note(told)
        return found


def run(
    asked: Asked,
    *,
    floor: float,
    kinds: str | None,
    sizes: str | None,
    pages: str | None,
    minutes: float,
    seed: int,
    max_concurrent: int,
    out: Path,
    as_json: bool,
) -> None:
    """Calibrate, write the file, print what came out."""
    server = asked.find_server()
    if server.is_nano and asked.reader is None:
        terminal.print_note(NO_SERVER)
    profile = asked.find_profile(server)
    axes: AxisFields = {}
    if sizes is not None:
        axes["sizes_px"] = _read_numbers(sizes, "--sizes")
    if pages is not None:
        axes["pages"] = _read_whole_numbers(pages, "--pages")
    folder = out.with_name(f"{out.name.removesuffix('.json')}.answers")
    files.make_folder(out.parent)
    with server.reader(profile) as reader, _show_progress(folder) as show:
        calibration = calibrate(
            reader,
            profile,
            floor=floor,
            kinds=KINDS if kinds is None else _split(kinds),
            ladder=Ladder.for_profile(profile, **axes),
            minutes=minutes,
            folder=folder,
            seed=seed,
            max_tokens=server.max_tokens,
            max_concurrent=1 if server.is_nano else max_concurrent,
            progress=show,
        )
    calibration.save(out)
    if as_json:
        terminal.print_json(calibration.to_json())
    else:
        _print_table(calibration, out)
    for sentence in calibration.left_out:
        terminal.warn(sentence)


def _split(typed: str) -> list[str]:
    return [part.strip() for part in typed.split(",") if part.strip()]


def _read_numbers(typed: str, option: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in _split(typed))
    except ValueError as error:
        raise StyleError(f"{typed!r} of {option} are no numbers; try {option} 12,9,8") from error


def _read_whole_numbers(typed: str, option: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in _split(typed))
    except ValueError as error:
        raise StyleError(f"{typed!r} of {option} are no whole numbers; try {option} 1,4") from error


@contextmanager
def _show_progress(folder: Path) -> Iterator[_Progress]:
    """Show a line at a terminal that says how far it is; elsewhere, once, how long it will take."""
    is_terminal = sys.stderr.isatty()
    status = Status("", console=terminal.side_console()) if is_terminal else None
    with status or nullcontext():
        try:
            yield _Progress(status)
        except KeyboardInterrupt:
            terminal.print_note(f"What was answered is kept in {folder}; the same command goes on with it.")
            raise


class _Progress:
    """Prints how far a calibration is."""

    def __init__(self, status: Status | None) -> None:
        self._status, self._is_told = status, False

    def __call__(self, now: CalibrationProgress) -> None:
        """Print it."""
        left = "" if now.seconds_left is None else f", about {_format_duration(now.seconds_left)} left"
        if self._status is not None:
            self._status.update(f"{now.doing} ({now.asked:,} of about {now.expected:,} questions{left})")
        if left and not self._is_told:
            self._is_told = True
            terminal.print_note(f"About {now.expected:,} questions{left}.")


def _format_duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _print_table(calibration: Calibration, out: Path) -> None:
    screen = terminal.console()
    table = terminal.make_table("kind", "ρ", "right", "95 %", "proven")
    table.add_column("densest style")
    for one in calibration.kinds:
        table.add_row(one.kind, *_write_row(calibration, one))
    screen.print(table)
    screen.print(Text(f"{_MEANT} Floor: {calibration.floor:.4g}.", "dim"))
    screen.print(_describe_rest(calibration), soft_wrap=True)
    screen.print(Text(f"calibration: {terminal.escape_line(str(out))}"), soft_wrap=True)


def _write_row(calibration: Calibration, one: KindCalibration) -> Sequence[str | Text]:
    if one.rung is None:
        return "", "", "", "no", Text("none was proven" if one.measured else "not measured", "red")
    tally, (low, high) = one.tally, one.tally.interval
    return (
        terminal.format_ratio(one.ratio),
        f"{tally.correct} of {tally.asked}",
        f"{low:.1%}–{high:.1%}".replace("%", ""),
        Text("yes", "green") if one.is_proven else Text("not yet", "yellow"),
        calibration.ladder.describe(one.rung),
    )


def _describe_rest(calibration: Calibration) -> Text:
    lines = [f"Questions: {calibration.questions:,}."]
    told = calibration.not_stated
    if told.asked:
        lines.append(f"Not stated: says so {told.correct} of {told.asked} times.")
    pairs = [f"{truth}→{said} {often}×" for truth, said, often in calibration.confusions if truth and said]
    if pairs:
        lines.append(f"Confused most: {', '.join(map(terminal.escape_line, pairs[:_CONFUSIONS]))}.")
    lines += [_describe_speed(one) for one in calibration.prefill]
    return Text("\n".join(lines))


def _describe_speed(one: PrefillSpeed) -> str:
    what = {"text": "Text", "page": "Pages"}[one.shown]
    cached = (
        f", {one.cached_tokens:,} of {one.tokens:,} from its cache" if one.cached_tokens is not None else ""
    )
    when = f"seen before{cached}" if one.is_cached else "new"
    return f"{what}, {when}: {one.tokens_per_s:,.0f} tokens a second."

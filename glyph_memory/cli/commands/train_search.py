"""`glyph-memory train search`: the style that a model reads best, with all that was tried on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from glyph_memory.cli import files, terminal
from glyph_memory.cli.commands import train_search_view as view
from glyph_memory.cli.commands.train_search_llm import open_llm
from glyph_memory.cli.look import Look, find_profile
from glyph_memory.cli.server import NO_SERVER, Server
from glyph_memory.errors import GlyphMemoryError, show_value
from glyph_memory.evaluate.plot import check_plot
from glyph_memory.files import read_file
from glyph_memory.readers import Reader, find_served_model
from glyph_memory.style import PageStyle, write_style_file
from glyph_memory.tokens import ModelProfile
from glyph_memory.training.samples import TrainingError
from glyph_memory.training.style_search import (
    Aim,
    Exam,
    ReadBackExam,
    Score,
    SearchBudget,
    SearchPlan,
    SearchProgress,
    SearchReport,
    TaskExam,
    describe_confirmation,
    describe_fresh,
    plot_front,
    search_style,
    write_markdown,
)

_FLOOR = 0.95
_CHARACTERS = 3_000
"""Of a text that is read back: about a page."""
_TEXTS = 24
"""Pieces of a file that are read back at the most."""
_FRESH_TIMES = 5
"""So many times as many fresh questions as others: 200 can prove a floor of 0.95, 40 cannot."""
_BYTES_AT_MOST = 64 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Exams:
    """What styles are judged by, as it was typed."""

    tasks: str
    """Names of tasks, parted by commas."""
    tokens: int
    """Of each question's text."""
    samples: int
    """Questions of each task."""
    seed: int
    """Other seeds ask other questions."""
    read_back: tuple[Path, ...]
    """Files that are read back instead."""

    def open(
        self, reader: Reader, profile: ModelProfile, name: str, *, is_confirmed: bool
    ) -> tuple[Exam, Exam | None]:
        """Return the exam, and one of fresh questions where the pick is confirmed and there are such.

        Raises:
            GlyphMemoryError: There is no such task, or a file cannot be read.
        """
        if self.read_back:
            texts = [piece for path in self.read_back for piece in _cut(path)]
            asked, left = texts[:_TEXTS], texts[_TEXTS : (1 + _FRESH_TIMES) * _TEXTS]
            if is_confirmed and not left:  # of a short text a third is kept
                asked, left = [one for place, one in enumerate(texts) if place % 3 != 2], texts[2::3]
            fresh = ReadBackExam(left, profile=profile) if is_confirmed and left else None
            return ReadBackExam(asked, profile=profile), fresh
        names = [part.strip() for part in self.tasks.split(",") if part.strip()]
        exam = TaskExam(
            names, reader=reader, profile=profile, tokens=self.tokens, samples=self.samples, seed=self.seed,
            reader_name=name,
        )  # fmt: skip
        return exam, exam.make_fresh(samples=_FRESH_TIMES * self.samples) if is_confirmed else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """How the search goes, as it was typed."""

    floor: float | None
    """Accuracy that is kept."""
    weight: float | None
    """Or the weight of ρ."""
    budget: int
    """Styles that are tried."""
    questions: int | None
    """Questions that are asked."""
    minutes: float | None
    """Of this run."""
    confirm: float
    """Share of questions that is kept for fresh ones."""
    patience: int
    """Generations without a better front."""
    start: tuple[str, ...]
    """Styles that are tried first."""
    seed: int
    """Other seeds draw otherwise."""
    concurrent: int
    """Questions at a time."""

    @property
    def aim(self) -> Aim:
        """Which style is taken."""
        floor = _FLOOR if self.floor is None and self.weight is None else self.floor
        return Aim(floor=floor, weight=self.weight)


def run(
    exams: Exams, search: Search, server: Server, *, llm: Server, reader: str | None, profile: str | None,
    tokenizer: str | None, out: Path, plot: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Search, write what came of it, tell it.

    Raises:
        GlyphMemoryError: Something that was typed cannot be, the reader takes no pages, or it stopped answering.
    """
    aim = search.aim
    if plot is not None:
        check_plot(plot)
    if reader not in (None, "nano"):
        raise TrainingError(
            f"--reader {show_value(reader)} reads no pages here; give nano, or name a --server"
        )
    if reader == "nano" or (exams.read_back and server.url is None):
        server = Server(url=None)
    elif exams.read_back:
        raise TrainingError("--read-back is for the nano reader; give --reader nano, or leave it out")
    elif server.url is None:
        terminal.print_note(NO_SERVER)
        server = Server(url=None, model=server.model, api_key=server.api_key)
    name, model = _find_model(server, profile=profile, tokenizer=tokenizer)
    start = [_find_style(typed, model) for typed in search.start]
    with ExitStack() as stack:
        asked = stack.enter_context(server.reader(model))
        proposer = stack.enter_context(open_llm(llm))
        show = stack.enter_context(_Bar())
        stack.enter_context(terminal.tell_of_stops("all answers are kept, and "))
        exam, fresh = exams.open(asked, model, name, is_confirmed=search.confirm > 0)
        report = search_style(
            exam,
            out=out,
            fresh=fresh,
            aim=aim,
            llm=proposer,
            start=start,
            snap_px=model.snap_px,
            newline_mark=model.newline_mark,
            budget=SearchBudget(
                candidates=search.budget,
                questions=search.questions,
                minutes=search.minutes,
                fresh_share=search.confirm,
            ),
            plan=SearchPlan(patience=search.patience, seed=search.seed),
            max_concurrent=1 if server.is_nano else search.concurrent,
            progress=show,
        )
    _write(report, out, plot, name)
    _tell(report, out, plot, as_json=as_json)


def _find_model(server: Server, *, profile: str | None, tokenizer: str | None) -> tuple[str, ModelProfile]:
    """Return what the reader is called, and the profile that counts."""
    if server.url is None:
        return "nano", find_profile(profile or "glyph", tokenizer=tokenizer)
    served = find_served_model(server.url, model=server.model, api_key=server.api_key or None)
    name = server.model or served.model or "a model without a name"
    if profile is not None or served.profile is None:
        return name, find_profile(profile or "glyph", tokenizer=tokenizer)
    return name, served.profile if tokenizer is None else served.profile.with_tokenizer(tokenizer)


def _find_style(typed: str, model: ModelProfile) -> PageStyle:
    style = Look(style=typed).build_style(model)
    if style.layout == "auto":
        raise TrainingError(
            f"--start {show_value(typed)} is another style for each text; give one that is fixed"
        )
    return style


def _cut(path: Path) -> Iterator[str]:
    """Yield a file's text in pieces of about a page.

    Raises:
        TrainingError: It cannot be read, or is empty.
    """
    try:
        text = read_file(path, at_most=_BYTES_AT_MOST).decode(errors="replace")
    except OSError as error:
        raise TrainingError(
            f"cannot read {str(path)!r}: {error.strerror or error}; give a text file"
        ) from error
    pieces = [text[at : at + _CHARACTERS] for at in range(0, len(text), _CHARACTERS)]
    if not any(piece.strip() for piece in pieces):
        raise TrainingError(
            f"{str(path)!r} is empty, and nothing can be read back; give a text of a page or more"
        )
    yield from (piece for piece in pieces if piece.strip())


class _Bar:
    """A bar of styles on standard error, with the best so far beside it."""

    def __init__(self) -> None:
        self._bar = terminal.PageProgress("searching", unit="styles")
        self._best: int | None = None

    def __enter__(self) -> _Bar:
        self._bar.__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        self._bar.__exit__(None, None, None)

    def __call__(self, progress: SearchProgress) -> None:
        one = progress.candidate
        if one.fresh is not None:
            terminal.print_note(f"Fresh questions about style {one.number}: {describe_fresh(one.fresh)}.")
            return
        best = progress.best
        if best is not None and best.number != self._best:
            self._best = best.number
            terminal.print_note(
                f"{progress.tried} of {progress.of} styles, front of {len(progress.front)}: the best is {best.number} "
                f"with {best.result.accuracy:.1%} at ρ {best.result.rho:.2f}."
            )
        self._bar(progress.tried, progress.of)


def _write(report: SearchReport, out: Path, plot: Path | None, name: str) -> None:
    told = json.dumps(report.to_json(), indent=1, ensure_ascii=False)
    files.write(out / "report.json", told.encode("utf-8", "backslashreplace") + b"\n")
    files.write(out / "report.md", [write_markdown(report)])
    best = report.best
    if best is not None:
        about = {
            "aim": report.aim.name,
            "reader": name,
            "rho": best.result.rho,
            "found": _tell_score(best.result),
            "fresh": None if best.fresh is None else _tell_score(best.fresh),
            "confirmed": describe_confirmation(report),
        }
        write_style_file(out / "style.json", best.style, about=about)
    if plot is not None and report.candidates:
        files.write(plot, plot_front(report, title=name, suffix=plot.suffix))


def _tell_score(score: Score) -> dict[str, object]:
    return {"accuracy": score.accuracy, "interval": list(score.interval), "questions": score.asked}


def _tell(report: SearchReport, out: Path, plot: Path | None, *, as_json: bool) -> None:
    if as_json:
        terminal.print_json({"folder": str(out), **report.to_json()})
    elif report.candidates:
        view.print_report(report, out, plot)
    if not report.candidates and not report.is_unanswered:
        terminal.warn(
            f"no style was tried ({report.stopped}); run it again with more --minutes or --questions"
        )
    for note in report.notes:
        terminal.warn(note)
    if report.is_unanswered:
        raise GlyphMemoryError(report.stopped.replace("the same call", "the same command"))

"""`glyph-memory evaluate`: ask a model what tasks ask, in several ways, and say what it still knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from glyph_memory.cli import files, terminal
from glyph_memory.cli.commands import evaluate_view as view
from glyph_memory.cli.commands.evaluate_judge import open_judge
from glyph_memory.cli.look import find_profile
from glyph_memory.cli.server import NO_SERVER, Server
from glyph_memory.cli.terminal import PageProgress
from glyph_memory.errors import GlyphMemoryError, PolicyError, show_value
from glyph_memory.evaluate.arms import Arm, find_arm
from glyph_memory.evaluate.plot import check_plot
from glyph_memory.evaluate.run import (
    Comparison,
    Label,
    Result,
    RunReport,
    compare_arms,
    compare_runs,
    find_miscounts,
    plot_accuracy,
    read_results,
    read_settings,
    run_tasks,
    summarize,
    write_markdown,
)
from glyph_memory.evaluate.run.log import SETTINGS, warn_of_other_settings
from glyph_memory.evaluate.tasks import Task, find_task
from glyph_memory.readers import Reader, find_served_model
from glyph_memory.tokens import ModelProfile

MAX_TOKENS = 2_048
"""The longest answer, thinking included: a model that reasons without end is told as such, and does not stop a run."""
_GOES_ON = "the same command asks them again"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is to be asked, as it was typed."""

    tasks: Sequence[str]
    """Names of tasks."""
    arms: str
    """Names of arms, parted by commas."""
    lengths: str
    """Numbers of tokens, parted by commas."""
    budgets: str
    """Shares or numbers of tokens, parted by commas."""
    samples: int
    """Of each task and length."""
    seed: int
    """Other seeds give other samples."""
    concurrent: int
    """How many questions are asked at a time."""

    def find_tasks(self, judge: Reader | None) -> list[Task]:
        """Return the tasks; the judge judges answers of those that want one."""
        return [find_task(name, judge=judge) for name in self.tasks]

    def find_arms(self) -> list[Arm]:
        """Return the arms."""
        return [find_arm(name) for name in split_names(self.arms)]

    def read_lengths(self) -> list[int]:
        """Return the lengths.

        Raises:
            PolicyError: One is no number of tokens.
        """
        lengths = []
        for name in split_names(self.lengths):
            if not name.isdecimal():
                raise PolicyError(
                    f"{show_value(name)} of --lengths is no number of tokens; give some such as 4096,16384"
                )
            lengths.append(int(name))
        return lengths


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """How results are told, as it was typed."""

    by: str
    """What results are told apart by, parted by commas."""
    compare: tuple[str, str] | None
    """Two arms, or two folders."""
    plot: Path | None
    """Where a plot is drawn."""
    as_markdown: bool
    """Whether the table is Markdown."""
    as_json: bool
    """Whether everything is JSON."""

    @property
    def labels(self) -> list[Label]:
        """What results are told apart by."""
        return cast("list[Label]", split_names(self.by))


def run(
    plan: Plan, server: Server, *, judge: Server, reader: str | None, profile: str | None, tokenizer: str | None,
    out: Path | None, output: Output,
) -> None:  # fmt: skip
    """Ask what is not asked yet, or read what a folder holds; tell what came of it.

    Raises:
        GlyphMemoryError: Something that was typed cannot be, the server is not there, or it stopped answering.
    """
    summarize([], by=output.labels)
    if output.plot is not None:
        check_plot(output.plot)
    if output.compare is not None and not plan.tasks and all(map(_is_run, output.compare)):
        _tell_comparisons(_compare_folders(*output.compare), output)
        return
    if out is None:
        raise GlyphMemoryError("nobody knows where the results are to be kept; name a folder with --out")
    report = None
    if plan.tasks:
        chosen = _choose_server(server, reader)
        report = _ask(plan, chosen, judge=judge, profile=profile, tokenizer=tokenizer, out=out)
    _tell(read_results(out), report, out, output)


def show_list(*, as_json: bool) -> None:
    """Print the tasks and the arms."""
    view.print_list(as_json=as_json)


def split_names(typed: str) -> list[str]:
    """Return what stands between commas."""
    return [part.strip() for part in typed.split(",") if part.strip()]


def _choose_server(server: Server, reader: str | None) -> Server:
    """Return whom to ask; `--reader nano` asks no server, even where the environment names one."""
    if reader not in (None, "nano"):
        raise GlyphMemoryError(
            f"--reader {show_value(reader)} is none that answers questions; give nano, or name a --server"
        )
    if reader == "nano":
        return replace(server, url=None)
    return server


def _ask(
    plan: Plan, server: Server, *, judge: Server, profile: str | None, tokenizer: str | None, out: Path
) -> RunReport:
    arms, lengths = plan.find_arms(), plan.read_lengths()
    plan.find_tasks(None)  # a name that is none is told before anybody is asked
    name, model = _find_model(server, profile=profile, tokenizer=tokenizer)
    max_tokens = server.max_tokens
    if server.is_nano:
        terminal.print_note(NO_SERVER)
    elif max_tokens is None:
        max_tokens = MAX_TOKENS
        server = replace(server, max_tokens=max_tokens)
    with (
        open_judge(judge) as (judge_reader, judge_name),
        server.reader(model) as reader,
        PageProgress("asking", unit="questions") as progress,
        terminal.tell_of_stops("what was answered is kept, and "),
    ):
        return run_tasks(
            plan.find_tasks(judge_reader),
            reader=reader,
            out=out,
            arms=arms,
            profile=model,
            lengths=lengths,
            budgets=split_names(plan.budgets),
            samples=plan.samples,
            seed=plan.seed,
            reader_name=name,
            judge_name=judge_name,
            max_tokens=max_tokens,
            max_concurrent=1 if server.is_nano else plan.concurrent,
            progress=progress,
        )


def _find_model(server: Server, *, profile: str | None, tokenizer: str | None) -> tuple[str, ModelProfile]:
    """Return what the reader is called, and the profile that counts.

    Raises:
        ReaderError: The server is not there: then nothing is begun.
        ProfileError: There is no such model, or no such tokenizer.
    """
    if server.url is None:
        return "nano", find_profile(profile or "glyph", tokenizer=tokenizer)
    served = find_served_model(server.url, model=server.model, api_key=server.api_key or None)
    name = server.model or served.model or "a model without a name"
    if profile is not None or served.profile is None:
        return name, find_profile(profile or "glyph", tokenizer=tokenizer)
    found = served.profile
    return name, found if tokenizer is None else found.with_tokenizer(tokenizer)


def _tell(results: Sequence[Result], report: RunReport | None, out: Path, output: Output) -> None:
    compared = _compare(results, output.compare)
    if output.plot is not None:
        title = f"{read_settings(out)['reader']}"
        files.write(output.plot, plot_accuracy(results, title=title, suffix=output.plot.suffix))
    if output.as_json:
        counted = (
            {}
            if report is None
            else {
                "asked": report.asked,
                "known": report.known,
                "unasked": report.unasked,
                "left_out": report.left_out,
            }
        )
        terminal.print_json(
            {
                "folder": str(out),
                "settings": read_settings(out),
                **counted,
                "results": len(results),
                "rows": [row.to_json() for row in summarize(results, by=output.labels)],
                "comparisons": [one.to_json() for one in compared],
            }
        )
    elif output.as_markdown:
        terminal.console().print(
            terminal.escape_controls(write_markdown(summarize(results, by=output.labels))),
            markup=False, soft_wrap=True, end="",
        )  # fmt: skip
    else:
        view.print_report(results, output.labels, output.plot)
        view.print_comparisons(compared)
    _warn_of_faults(results, report)


def _warn_of_faults(results: Sequence[Result], report: RunReport | None) -> None:
    """Warn of what was not answered, with what to do.

    Raises:
        GlyphMemoryError: The run ended early.
    """
    for told in report.left_out if report is not None else ():
        terminal.warn(told)
    if report is not None and report.stopped:
        left = terminal.format_count(report.unasked, "question")
        raise GlyphMemoryError(f"{left} left: {report.stopped.replace('the same call', 'the same command')}")
    if unanswered := [result for result in results if not result.is_done]:
        had = terminal.format_count(len(unanswered), "question")
        terminal.warn(f"{had} had no answer, the last: {unanswered[-1].error}; {_GOES_ON}")
    for arm, ratio in find_miscounts(results).items():
        terminal.warn(
            f"the server counts {ratio:.2f} times as many tokens as this does for the arm {arm!r}, so budgets are not "
            "equal there; name its model with --profile, and its tokenizer.json with --tokenizer, in another --out"
        )
    if any(result.fault in ("cut off", "repeats itself") for result in results):
        terminal.warn(
            "some answers were cut off, and are not judged; --max-tokens and another --out allow longer ones"
        )


def _compare(results: Sequence[Result], pair: tuple[str, str] | None) -> tuple[Comparison, ...]:
    if pair is None:
        return ()
    return _compare_folders(*pair) if all(map(_is_run, pair)) else compare_arms(results, *pair)


def _compare_folders(first: str, second: str) -> tuple[Comparison, ...]:
    warn_of_other_settings(first, second)
    return compare_runs(read_results(first), read_results(second), names=(first, second))


def _is_run(name: str) -> bool:
    """Return whether a name is that of a folder with a run in it, rather than an arm's."""
    return (Path(name) / SETTINGS).is_file()


def _tell_comparisons(compared: Sequence[Comparison], output: Output) -> None:
    if output.as_json:
        terminal.print_json({"comparisons": [one.to_json() for one in compared]})
    else:
        view.print_comparisons(compared)

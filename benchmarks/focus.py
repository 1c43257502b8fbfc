"""What does `focus` do for answers at equal prompt tokens, and for a server's prefix cache?

Three measurements:

* *Scripted*: the evaluation's tasks, shown as pages with and without lines that bear on the question, within the same
  budget. The reader is scripted: it knows where the answer stands. What stands in text it reads right. What stands
  on a page alone it reads right at a rate that was chosen for the size of letters; it errs at the same places with and
  without focus. What is not shown it abstains from. The rates are no measurement of any model.
* *Nano*: the same with the small reader of our own, which reads the pixels.
* *Prefix cache*: a conversation of 200 turns, sent turn by turn as `prefix.py` does, with lines before each question of
  the user's.

Aimed at: no task has fewer right answers with focus, those that ask for identifiers have more, and no more tokens leave
the cache than are added.

    python benchmarks/focus.py [--quick]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence

from glyph_memory.context import Binder, Context, ImagePart, Message
from glyph_memory.focusing import focus
from glyph_memory.nano import NanoReader
from glyph_memory.testing import agent_conversation
from glyph_memory.tokens import ModelProfile
from lib.focus_arms import NANO_TASKS, RATES, TASKS, Row, compare_arms
from lib.prefix_cache import Keys
from lib.report import print_table, say_whether
from lib.results import write_results
from lib.ways import RequestLog, Talk, send, send_pages

PROFILE = "glyph"
TURNS = 200
FOCUS_TOKENS = (300, 1_000)
TOOL_LINES = {"heavy": 60, "files": 250}
"""Of the conversations, as in `prefix.py`."""

_NOTES = """
pairs       the same samples within the same budget, with and without focus
only with   right with focus and not without; *only without* is the other way round
added       tokens of the lines, and of what is said of them, in all requests; none of them is ever cached
lost        tokens that the cache had and has no longer: the user's words behind the lines, in the request after, and
            what the lines shift in blocks of 16"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, write the numbers."""
    parser = argparse.ArgumentParser(description="Ask with and without the lines that bear on a question.")
    parser.add_argument("--quick", action="store_true", help="few samples, a short conversation")
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given)
    profile = ModelProfile.from_name(PROFILE)
    samples, read, turns = (2, 1, 60) if options.quick else (20, 6, TURNS)
    results: dict[str, object] = {
        "profile": profile.name,
        "rates": {f"{size:g}": RATES[size] for size in RATES},
    }
    scripted = compare_arms(TASKS, profile, samples=samples, tokens=4_000)
    print_rows(f"scripted reader: {samples} samples of each task, 4,000 tokens of text", scripted)
    nano = compare_arms(NANO_TASKS, profile, samples=read, tokens=2_000, budgets=(0.4,), reader=NanoReader())
    print_rows(f"nano reader: {read} samples of each task, 2,000 tokens of text", nano)
    results["scripted"] = [row.as_figures() for row in scripted]
    results["nano"] = [row.as_figures() for row in nano]
    prefixes = [
        compare_prefixes(kind, turns, tokens, profile) for kind in TOOL_LINES for tokens in FOCUS_TOKENS
    ]
    results["prefix"] = prefixes
    _print_prefixes(prefixes)
    print(_NOTES)
    write_results("focus", results, arguments=given)


def print_rows(title: str, rows: Sequence[Row]) -> None:
    """Print how often answers were right, and whether what is aimed at was reached."""
    print_table(
        title,
        ("pt", "budget", "arm", "tasks", "pairs", "without", "with", "only with", "only without"),
        [
            (
                row.size,
                row.budget,
                row.arm,
                row.tasks,
                len(row.pairs),
                row.without,
                row.focused,
                row.gained,
                row.lost,
            )
            for row in rows
        ],
    )
    fell = [f"{name} ({row.size:g} pt, {row.budget:.0%}, {row.arm})" for row in rows for name in row.fell]
    asked = [row for row in rows if row.tasks == "identifiers"]
    rose = all(row.focused >= row.without for row in asked) and any(row.gained for row in asked)
    print(
        f"  more identifiers: {say_whether(rose)}; tasks with fewer right answers: {', '.join(fell) or 'none'}"
    )


def compare_prefixes(
    kind: str, turns: int, focus_tokens: int, profile: ModelProfile
) -> dict[str, int | float | str]:
    """Send a conversation with and without lines before each question."""
    binder, keys = Binder(profile), Keys(profile)
    talk = Talk(agent_conversation(turns=turns, tool_lines=TOOL_LINES[kind]), binder=binder, keys=keys)
    asked = list[bool]()
    plain = send(talk, lambda one: send_pages(one, binder), keys)
    focused = send(talk, lambda one: send_focused(one, binder, focus_tokens, asked), keys)
    added = focused.prompts - plain.prompts
    return {
        "conversation": kind,
        "turns": turns,
        "focus tokens": focus_tokens,
        "requests": len(plain.requests),
        "with lines": sum(asked),
        "added": added,
        "all prompts": plain.prompts,
        "cached without": plain.cached_share,
        "cached with": focused.cached_share,
        "lost": _count_cached(plain) - _count_cached(focused),
    }


def send_focused(
    talk: Talk, binder: Binder, focus_tokens: int, asked: list[bool]
) -> Iterator[Sequence[Message]]:
    """Yield each request of our way with the lines that bear on the user's words, where they come last."""
    for stop, messages in zip(talk.asked_at, send_pages(talk, binder), strict=True):
        last = talk.turns[stop - 1]
        context = Context(messages=tuple(messages), defused=True)
        if last.role == "user" and any(isinstance(part, ImagePart) for part in messages[1].parts):
            found = focus(
                context, last.text, source=talk.turns[:stop], budget_tokens=focus_tokens, binder=binder
            )
            asked.append(bool(found.lines))
            if found.context.stable_prefix() != context.stable_prefix():
                raise AssertionError("the prefix changed")
            context = found.context
        yield context.messages


def _count_cached(log: RequestLog) -> int:
    return log.prompts - log.computed


def _print_prefixes(rows: Sequence[Mapping[str, int | float | str]]) -> None:
    print_table(
        "a conversation's prefix: lines before each question of the user's",
        tuple(rows[0]),
        [tuple(row.values()) for row in rows],
    )
    print(
        f"  no more lost than added: {say_whether(all(float(row['lost']) <= float(row['added']) for row in rows))}"
    )


if __name__ == "__main__":
    main()

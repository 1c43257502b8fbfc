"""What does it cost to fold a history that exists already, and to serve many conversations from one process?

First fold: heavy agent histories (a message comes to some 600 tokens) of 1,000 and 10,000 messages are folded at once:
by `fold`, and by a memory that has them in its store and is opened with another style. Beside it: a step for each
message, as an agent's loop makes them; that is measured at 1,000 messages, and told for more as so many times that, as
it grows with their number. What storing them takes, which has to index all of them, is told as well.

Stateless calls: `Folding.fold` without a bookmark, for a history that grows by a message from call to call: the first
call, those after it, the call at which a fold begins later than before, and the same call in a process that remembers
nothing.

Conversations: so many of 400 heavy messages in one process without a folder, called in turn, each growing by a message;
and more of them than pages are kept of.

All times are CPU time of the process. Tokenizer and fonts are loaded before.

    python benchmarks/first_fold.py [--quick]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from pathlib import Path
from typing import TypeVar

from glyph_memory import Fold, Folding, GlyphMemory, Turn, fold
from glyph_memory.context import Binder
from glyph_memory.folding import step
from glyph_memory.testing import agent_conversation
from lib.report import print_table, say_whether
from lib.results import write_results

T = TypeVar("T")
AIM_FIRST_S = 3.0
AIM_STATELESS_MS = 100.0
AIM_CONVERSATIONS_MS = 25.0
TOOL_LINES = 60
STATELESS = 400
"""Messages of a history whose next call is measured, and of each conversation."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, write the numbers."""
    parser = argparse.ArgumentParser(
        description="What a long history's first fold costs, and many conversations."
    )
    parser.add_argument("--quick", action="store_true", help="shorter histories, fewer conversations")
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given)
    lengths, crowds = ((500, 2_000), (5, 10)) if options.quick else ((1_000, 10_000), (12, 30, 100))
    fold(
        agent_conversation(turns=60, tool_lines=TOOL_LINES), policy=(binder := Binder()).policy, costs=binder
    )
    results: dict[str, object] = {
        "aims": {
            "first_s": AIM_FIRST_S,
            "stateless_ms": AIM_STATELESS_MS,
            "conversations_ms": AIM_CONVERSATIONS_MS,
        },
        "first": measure_first(lengths),
        "stateless": measure_stateless(),
        "conversations": measure_conversations(crowds),
    }
    write_results("first_fold", results, arguments=given)


def measure_time(call: Callable[[], T]) -> tuple[T, float]:
    """Return what a call gives, and the CPU time that it took, in seconds."""
    begin = time.process_time()
    given = call()
    return given, time.process_time() - begin


# A history that exists already.


def measure_first(lengths: Sequence[int]) -> list[dict[str, object]]:
    """Fold histories of each length at once, and the shortest step by step."""
    rows: list[dict[str, object]] = []
    per_step = 0.0
    for length in lengths:
        talk = agent_conversation(turns=length, tool_lines=TOOL_LINES).turns
        binder = Binder()
        folded, at_once = measure_time(partial(fold, talk, policy=binder.policy, costs=binder))
        if not per_step:
            per_step = measure_steps(talk) / length
        stored, anew = measure_memory(talk)
        rows.append(
            {
                "messages": length,
                "fold, s": at_once,
                "memory, s": anew,
                "a step for each, s": per_step * length,
                "which is": "measured" if length == lengths[0] else "extrapolated",
                "storing, s": stored,
                "skipped": sum(len(seal.anchors) for seal in folded.seals if seal.kind == "skipped"),
                "pages shown": sum(len(seal.pages) for seal in folded.visible_seals),
            }
        )
    print_table(
        "The first fold of a history that exists already",
        tuple(rows[0]),
        [tuple(row.values()) for row in rows],
    )
    worst = max(float(str(rows[-1][name])) for name in ("fold, s", "memory, s"))
    print(
        f"  aimed at: at most {AIM_FIRST_S:.0f} s at {lengths[-1]:,} messages; {say_whether(worst <= AIM_FIRST_S)}"
    )
    return rows


def measure_steps(talk: Sequence[Turn]) -> float:
    """Return the CPU seconds of a step for each turn."""
    binder = Binder()

    def go_on(begun: Fold, turn: Turn) -> Fold:
        return step(begun, turn, policy=binder.policy, costs=binder)

    return measure_time(lambda: reduce(go_on, talk, Fold()))[1]


def measure_memory(talk: Sequence[Turn]) -> tuple[float, float]:
    """Return the CPU seconds in which turns are stored, and in which a memory in another style gives a context."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "first.db"
        with GlyphMemory.open(path) as memory:
            _, stored = measure_time(lambda: memory.extend(talk))
        with GlyphMemory.open(path, style="dark") as memory:
            return stored, measure_time(memory.context)[1]


# Calls that keep nothing.


@dataclass(frozen=True, slots=True)
class Message:
    """A framework's message, and what tells it from others."""

    turn: Turn
    key: int


def make_history(length: int, *, seed: int = 0) -> list[Message]:
    """Make up a history."""
    talk = agent_conversation(turns=length, tool_lines=TOOL_LINES, seed=seed).turns
    return [Message(turn, hash((seed, place))) for place, turn in enumerate(talk)]


def make_folding(**options: int) -> Folding[Message]:
    """Return a folding, as a process has one that was just started."""
    return Folding(
        turn_of=lambda message: replace(message.turn, anchor=None),
        key_of=lambda message: message.key,
        name_of=lambda message: str(message.key),
        cached_conversations=options.get("cached_conversations", 100),
    )


def call(folding: Folding[Message], history: Sequence[Message]) -> float:
    """Return the CPU milliseconds of a call: fold, and plan a request."""
    return 1000 * measure_time(lambda: folding.fold(history).plan_request())[1]


def measure_stateless() -> dict[str, float]:
    """Call a history that grows, until a fold begins later, and on."""
    length, calls, warm = STATELESS, 40, make_folding()
    history = make_history(3 * length)
    first = call(warm, history[:length])
    times = [call(warm, history[: length + number]) for number in range(1, calls)]
    moves: list[float] = []
    before = warm.fold(history[: length + calls])
    for stop in range(length + calls + 1, len(history)):
        took = call(warm, history[:stop])
        after = warm.fold(history[:stop])
        if find_last_page(after.fold) < find_last_page(before.fold):
            moves.append(took)
        before = after
        if len(moves) == 2:
            break
    row = {
        "first, ms": first,
        "after it, median, ms": statistics.median(times),
        "slowest, ms": max(times),
        "fold begins later, ms": max(moves, default=0.0),
        "process that remembers nothing, ms": call(make_folding(), history[: length + calls]),
    }
    print_table(f"Stateless calls from {length} heavy messages on", tuple(row), [tuple(row.values())])
    worst = max(row["slowest, ms"], row["fold begins later, ms"])
    print(
        f"  aimed at: at most {AIM_STATELESS_MS:.0f} ms after the first; {say_whether(worst <= AIM_STATELESS_MS)}"
    )
    return row


def find_last_page(folded: Fold) -> int:
    """Return the number of the newest page; pages are numbered from where a fold begins."""
    return max((page.number for seal in folded.seals for page in seal.pages), default=0)


# Many conversations.


def measure_conversations(crowds: Sequence[int]) -> list[dict[str, object]]:
    """Call so many conversations in turn; the last crowd once more, with room for a part of it."""
    rows: list[dict[str, object]] = []
    cases = [*((crowd, 100) for crowd in crowds), (crowds[-1], crowds[-1] // 3)]
    for crowd, kept in cases:
        folding = make_folding(cached_conversations=kept)
        histories = [make_history(STATELESS + 8, seed=seed) for seed in range(crowd)]
        for history in histories:
            call(folding, history[:STATELESS])
        times = [
            call(folding, history[: STATELESS + number]) for number in range(1, 7) for history in histories
        ]
        times = times[2 * crowd :]  # until then it learns who comes again
        rows.append(
            {
                "conversations": crowd,
                "kept": kept,
                "median, ms": statistics.median(times),
                "mean, ms": statistics.fmean(times),
                "slowest, ms": max(times),
                "pages each": statistics.fmean(
                    len(folding.fold(history[: STATELESS + 6]).images) for history in histories[:3]
                ),
            }
        )
    print_table(
        "A call, where one process serves many conversations without a folder",
        tuple(rows[0]),
        [tuple(row.values()) for row in rows],
    )
    worst = float(str(rows[-2]["mean, ms"]))
    print(
        f"  aimed at: at most {AIM_CONVERSATIONS_MS:.0f} ms at {crowds[-1]} conversations, in the mean; "
        f"{say_whether(worst <= AIM_CONVERSATIONS_MS)}"
    )
    print(
        "  the last row has room for some of them; the slowest calls draw their pages again, or make a seal"
    )
    return rows


if __name__ == "__main__":
    main()

"""What the LangChain and LlamaIndex components cost, and what they save.

Overhead: a history of 1,000 messages and one of 10,000, each growing by a message from call to call. Measured is what
our code takes for a model call once it has seen the history: the middleware's `wrap_model_call` with a handler that
answers at once, and `GlyphMemory.aget` less what its chat store takes to give the messages. Before each call the
history is copied message by message, as a checkpoint hands it back, so that nothing can be told from objects being the
same. CPU time of the process; the two lengths take turns.

Prompts: an agent with tools lives through 200 turns, in the framework's real agent loop and through its real client,
against a server that counts as the model does. Compared are the prompts that arrive with our memory, with the
framework's own summarizer, with its trimming, and with nothing.

    python benchmarks/integrations.py [--quick] [--profile]
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import statistics
import sys
import warnings
from collections.abc import Sequence

from glyph_memory import ModelProfile
from glyph_memory.testing import FakeRequest, agent_conversation
from lib.in_langchain import langchain_memories, middleware_history
from lib.in_llama_index import llama_memories, memory_history
from lib.replay import PROFILE, WINDOW, History, Replay
from lib.report import print_table, say_whether
from lib.results import write_results

AIM_MS = 20.0
LENGTHS = (1_000, 10_000)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, write the numbers."""
    parser = argparse.ArgumentParser(
        description="What the LangChain and LlamaIndex components cost and save."
    )
    parser.add_argument("--quick", action="store_true", help="shorter histories, fewer calls")
    parser.add_argument("--profile", action="store_true", help="also print where the time of a call goes")
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given)
    lengths, calls, turns = ((200, 2_000), 10, 60) if options.quick else (LENGTHS, 30, 200)
    warnings.simplefilter("ignore", DeprecationWarning)
    results: dict[str, object] = {"aim_ms": AIM_MS, "lengths": lengths}
    results["overhead"] = compare_overhead(lengths, calls, is_profiled=options.profile)
    results["prompts"] = compare_prompts(turns)
    write_results("integrations", results, arguments=given)


# Overhead.


def compare_overhead(lengths: Sequence[int], calls: int, *, is_profiled: bool) -> list[dict[str, object]]:
    """Time each component at each length."""
    rows: list[dict[str, object]] = []
    for tool_lines in (None, 60):
        kind = "heavy" if tool_lines else "light"
        talk = list(agent_conversation(turns=lengths[-1] + calls + 10, tool_lines=tool_lines))
        for name, of in {"middleware": middleware_history, "aget": memory_history}.items():
            histories = [of(talk, length) for length in lengths]
            spent = measure(histories, calls)
            medians = [statistics.median(times) for times in spent]
            rows.append(
                {
                    "component": f"{name}, {kind} history",
                    **{f"{length:,}, ms": median for length, median in zip(lengths, medians, strict=True)},
                    "growth": medians[-1] / medians[0],
                    "slowest, ms": max(spent[-1]),
                    "first call, ms": histories[-1].first_ms,
                    "new process, ms": renewed() if (renewed := histories[-1].renewed) else "-",
                    "seals shown": histories[-1].seals(),
                }
            )
            if is_profiled:
                print_profile(histories[-1])
    print_table(
        f"our own CPU time for a model call, median of {calls}, after the first call",
        tuple(rows[0]),
        [tuple(row.values()) for row in rows],
    )
    worst = max(float(str(row[f"{lengths[-1]:,}, ms"])) for row in rows)
    print(f"  aimed at: at most {AIM_MS:.0f} ms at {lengths[-1]:,} messages; {say_whether(worst <= AIM_MS)}")
    print(
        f"  first call, new process: at {lengths[-1]:,} messages, without and with a bookmark of earlier calls"
    )
    print("  the slowest calls are those that make a seal and draw its pages")
    return rows


def measure(histories: Sequence[History], calls: int) -> list[list[float]]:
    """Call the histories in turn; return the times of each."""
    spent: list[list[float]] = [[] for _ in histories]
    gc.collect()
    gc.disable()
    try:
        for number in range(calls):
            for history, times in zip(histories, spent, strict=True):
                times.append(history.call())
            if number % 10 == 9:
                gc.collect()
    finally:
        gc.enable()
    return spent


def print_profile(history: History) -> None:
    """Print where ten calls spend their time."""
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(10):
        history.call()
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(12)


# Prompts.


def compare_prompts(turns: int) -> dict[str, object]:
    """Send the same conversation through each memory; print and return the figures."""
    lives = {"LangChain": langchain_memories(), "LlamaIndex": llama_memories()}
    profile, told = ModelProfile.from_name(PROFILE), dict[str, object]()
    for framework, ways in lives.items():
        rows = []
        for name, live in ways.items():
            replay = Replay(agent_conversation(turns=turns, tool_lines=60).turns)
            with replay.make_server(profile) as server:
                kept = live(replay, server.base_url)
                rows.append(
                    {"with": name, **summarize_requests(server.requests, replay), "messages kept": kept}
                )
        print_table(
            f"{framework}: prompts that arrived over {turns} turns with tools",
            tuple(rows[0]),
            [tuple(row.values()) for row in rows],
        )
        told[framework] = rows
    print(
        f"  summarizers and trimmers keep the history below {WINDOW // 2:,} tokens; pages keep all of it in the prompt"
    )
    return told


def summarize_requests(requests: Sequence[FakeRequest], replay: Replay) -> dict[str, object]:
    """Return the number, the tokens and the pages of the requests that arrived."""
    prompts = sum(request.prompt_tokens for request in requests)
    return {
        "calls": len(requests),
        "to summarize": replay.summaries,
        "prompt tokens": prompts,
        "computed": sum(request.prompt_tokens - request.cached_tokens for request in requests),
        "cached": sum(request.cached_tokens for request in requests) / prompts,
        "largest": max(request.prompt_tokens for request in requests),
        "pages": max(len(request.images) for request in requests),
    }


if __name__ == "__main__":
    main()

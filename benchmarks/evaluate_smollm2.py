"""Every arm against true generation: a small instruct model behind a real vLLM answers, on a CPU.

SmolLM2-135M in the shape of a Qwen2.5-VL: it reads text, and its eyes are random, so pages are nothing to it. What it
finds, it finds in text: in the whole of it, in a window, in a summary of its own, in the ledger beside pages, in
passages behind them. So the harness runs from end to end, and a model that cannot read pages has to be found to be one.

Needs the servers' environment: python tools/server_env.py. Without it, nothing is measured. A quarter of an hour.

    python benchmarks/evaluate_smollm2.py [--quick]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glyph_memory import OpenAIReader
from glyph_memory.evaluate.run import run_tasks, summarize
from glyph_memory.evaluate.tasks import find_task
from lib.report import print_table
from lib.results import write_results
from lib.servers import ENVIRONMENT, open_vllm

TASKS = ("niah_single_1", "niah_single_3")
LENGTH, SAMPLES, MAX_TOKENS = 900, 8, 320
BUDGET = "60%"
ARMS = ("window", "summary", "pages", "pages+ledger", "pages+ledger+recall")
PROFILE = "qwen2.5-vl"


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask in every arm, print the table, write the numbers."""
    parser = argparse.ArgumentParser(description="Every arm against a small model behind a real vLLM.")
    parser.add_argument("--quick", action="store_true", help="two samples")
    given = sys.argv[1:] if arguments is None else list(arguments)
    samples = 2 if parser.parse_args(given).quick else SAMPLES
    if not (ENVIRONMENT / "built").exists():
        print("not measured: the servers are not installed. Run: python tools/server_env.py")
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        open_vllm("smollm2", served_as="smollm2", log=Path(folder) / "log") as root,
        OpenAIReader(f"{root}/v1", max_tokens=MAX_TOKENS, seed=7, timeout_s=600.0) as reader,
    ):
        rows = ask(reader, Path(folder) / "run", samples)
    print_table(
        f"SmolLM2-135M behind vLLM, texts of {LENGTH} tokens, budget {BUDGET} of them but for the whole text",
        tuple(rows[0]),
        [tuple(row.values()) for row in rows],
    )
    write_results(
        "evaluate_smollm2",
        {"tasks": TASKS, "length": LENGTH, "budget": BUDGET, "rows": rows},
        arguments=given,
    )


def ask(reader: OpenAIReader, folder: Path, samples: int) -> list[dict[str, Any]]:
    """Return a row for each arm."""
    for arms, budget in ((["text"], "100%"), (ARMS, BUDGET)):
        report = run_tasks(
            [find_task(name) for name in TASKS],
            reader=reader,
            out=folder,
            arms=arms,
            profile=PROFILE,
            lengths=[LENGTH],
            budgets=[budget],
            samples=samples,
            reader_name="smollm2",
            max_tokens=MAX_TOKENS,
            max_concurrent=1,
            progress=lambda done, of: print(f"\r{done} of {of}", end="", file=sys.stderr),
        )
    return [
        {
            "arm": row.labels["arm"],
            "asked": row.judged,
            "correct": row.count("correct").count,
            "abstained": row.count("abstained").count,
            "silently wrong": row.count("silently wrong").count,
            "without an answer": sum(row.faults.values()),
            "tokens, ours": round(row.prompt_tokens or 0),
            "tokens, the server's": round(row.server_tokens or 0),
        }
        for row in summarize(report.results, by=("arm",))
    ]


if __name__ == "__main__":
    main()

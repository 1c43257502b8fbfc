"""How many text tokens does one page token stand for, kind of text by kind of text and look by look?

Typesets some sixty texts that any machine has (`lib/density_corpus.py`) in the default style, dense, in the style that
fits the text, and in every layout of a grid, for three models. Text tokens are those of OpenAI's `cl100k_base` where
its vocabulary is on this machine, else an estimate; page tokens are what each model's own processor counts, with what
wraps each image. *Ink* is the share of the pages' area that lies in the boxes of lines, indents left out. Then an agent
reads sixty texts of 4,000 characters, and a memory says its ratio.

    python benchmarks/density.py [--quick]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from typing import Any

from glyph_memory import GlyphMemory, ModelProfile, PageStyle
from lib.density_corpus import Sample, list_samples
from lib.density_grid import LOOKS, PROFILES, Drawn, build_look, draw, find_best, list_grid, name_style
from lib.report import print_table
from lib.results import write_results

READ_CHARACTERS = 4_000
"""Of each text that the agent of the memory reads."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Typeset each text in each look, print the tables, write the numbers."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(description="Count what kinds of text cost as text and as pages.")
    parser.add_argument(
        "--quick", action="store_true", help="one text of each kind, a quarter as long; Glyph alone"
    )
    parser.add_argument("--kind", help="texts of this kind alone")
    options = parser.parse_args(given)
    samples = [one for one in list_samples(is_quick=options.quick) if options.kind in (None, one.kind)]
    profiles = [ModelProfile.from_name(name) for name in (PROFILES[:1] if options.quick else PROFILES)]
    texts = []
    for sample in samples:
        texts += measure(sample, profiles, is_quick=options.quick)
        print(".", end="", flush=True)
    rows = summarize(texts)
    memory = [measure_memory(samples, look) for look in LOOKS]
    for profile in profiles:
        print_kinds(profile.name, rows)
    print_table(
        "an agent's memory",
        ["style", "files", "text tokens", "sealed", "ratio"],
        [list(row.values()) for row in memory],
    )
    counter = profiles[0].text_counter
    figures = {
        "text_counter": counter.name,
        "text_exact": counter.exact,
        "kinds": rows,
        "texts": texts,
        "memory": memory,
    }
    write_results("density", figures, arguments=given)


def measure(sample: Sample, profiles: Sequence[ModelProfile], *, is_quick: bool) -> list[dict[str, Any]]:
    """Return what a text costs each model in each look."""
    drawn = dict[PageStyle, Drawn]()

    def see(style: PageStyle) -> Drawn:
        if style not in drawn:
            drawn[style] = draw(sample.text, style)
        return drawn[style]

    rows = []
    for profile in profiles:
        tokens = profile.text_tokens(sample.text)
        row: dict[str, Any] = {
            "kind": sample.kind,
            "text": sample.name,
            "profile": profile.name,
            "text_tokens": tokens,
        }
        tried = [(style, see(style)) for style in list_grid(profile, is_quick=is_quick)]
        for look in LOOKS:
            style = build_look(look, profile)
            pages = see(style)
            tried.append((style, pages))
            row[look] = tokens / pages.count_tokens(profile)
            row[f"{look}_ink"] = pages.ink
        style, pages = find_best(tried, profile)
        row |= {
            "best": tokens / pages.count_tokens(profile),
            "best_ink": pages.ink,
            "best_style": name_style(style),
        }
        rows.append(row)
    return rows


def summarize(texts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the medians of each kind, for each model; and the lowest ratio of the kind's texts."""
    rows = []
    for profile, kind in dict.fromkeys((row["profile"], row["kind"]) for row in texts):
        same = [row for row in texts if (row["profile"], row["kind"]) == (profile, kind)]
        row: dict[str, Any] = {"profile": profile, "kind": kind, "texts": len(same)}
        for name in (*LOOKS, "best"):
            row[name] = statistics.median(one[name] for one in same)
            row[f"{name}_lowest"] = min(one[name] for one in same)
            row[f"{name}_ink"] = statistics.median(one[f"{name}_ink"] for one in same)
        rows.append(row)
    return rows


def measure_memory(samples: Sequence[Sample], look: str) -> dict[str, Any]:
    """Return the ratio of a memory whose agent read the beginning of a file for each text."""
    profile = ModelProfile.from_name(PROFILES[0])
    style = build_look(look, profile)
    with GlyphMemory.open(":memory:", session="density", profile=profile, style=style) as memory:
        memory.add("user", "Please read these files and tell me what they are.")
        for number, sample in enumerate(samples, 1):
            call = {
                "id": f"call_{number}",
                "name": "read_file",
                "arguments": json.dumps({"path": sample.name}),
            }
            memory.add("assistant", f"I read {sample.name!r} next.", tool_calls=[call])
            middle = len(sample.text) // 2
            memory.add("tool", sample.text[middle : middle + READ_CHARACTERS], tool_call_id=f"call_{number}")
        report = memory.report()
    return {
        "style": look,
        "files": len(samples),
        "text_tokens": report.sealed_text_tokens,
        "sealed_tokens": report.sealed_tokens,
        "ratio": report.ratio,
    }


def print_kinds(profile: str, rows: Sequence[dict[str, Any]]) -> None:
    """Print the ratios and the ink of each kind for one model."""
    looks = (*LOOKS, "best")
    head = ["kind", "texts", *looks, *(f"{look} ink" for look in looks)]
    print_table(
        f"text tokens for one page token, {profile}; medians",
        head,
        [
            [row["kind"], row["texts"], *(f"{row[look]:.2f}" for look in looks)]
            + [f"{row[f'{look}_ink']:.0%}" for look in looks]
            for row in rows
            if row["profile"] == profile
        ],
    )


if __name__ == "__main__":
    main()

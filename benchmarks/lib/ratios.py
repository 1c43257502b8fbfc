"""Compare pages with text, each ratio beside its bound and beside what Glyph's paper says; print them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lib.flops import Architecture
from lib.report import print_table

FASTER = "times as fast"


def compare(
    architecture: Architecture, text: Mapping[str, Any], pages: Mapping[str, Any], patches: Sequence[int]
) -> dict[str, Any]:
    """Return how many times as fast pages are, and how many times they could be by arithmetic alone.

    Args:
        architecture: The network's numbers.
        text: What was measured of the text.
        pages: What was measured of its pages.
        patches: Of each page.
    """
    read, seen = (
        architecture.count_prefill(text["tokens"]),
        architecture.count_pages(list(patches), pages["tokens"]),
    )
    prefill = _divide(text["prefill_s"], pages["prefill_s"])
    one, most = (_compare_steps(architecture, text, pages, key) for key in ("decode_one", "decode_most"))
    whole = _divide(text.get("whole_s"), pages.get("overlapped_s"))
    return {
        "prefill": prefill,
        "prefill_bound": read.total / seen.total,
        "prefill_share": _divide(prefill, read.total / seen.total),
        "text_tflops_per_s": _divide(read.total / 1e12, text["prefill_s"]),
        "pages_tflops_per_s": _divide(seen.total / 1e12, pages["prefill_s"]),
        "decode_one": one[0],
        "decode_one_bound": one[1],
        "decode_most": most[0],
        "decode_most_bound": most[1],
        "decode_most_share": _divide(*most),
        "follow_up": _divide(text["follow_up_s"], pages["follow_up_s"]),
        "whole": whole,
        "whole_share": _divide(whole, read.total / seen.total),
        "hidden": _count_hidden(pages),
    }


def print_ratios(figures: Mapping[str, Any]) -> None:
    """Print two tables: prefill, and decoding."""
    found = [(row, page, page["against_text"]) for row in figures["rows"] for page in row["pages"]]
    where = figures["gpu"].get("name", "a CPU, in a dry run")
    print_table(
        f"prefill, {FASTER} as text, on {where} ({figures['attention']}); aimed at {figures['aim']:.2f} of the bound",
        (
            "tokens, pages of",
            "compression",
            "measured",
            "bound",
            "share",
            "from characters",
            "CPU hidden",
            "paper",
        ),
        [
            (
                _name(row, page),
                page["compression"],
                _show(ratio["prefill"]),
                ratio["prefill_bound"],
                _show(ratio["prefill_share"]),
                _show(ratio["whole"]),
                _show(ratio["hidden"]),
                row["published"]["prefill"] or "none",
            )
            for row, page, ratio in found
        ],
    )
    print_table(
        f"decoding, tokens a second, {FASTER} as text",
        (
            "tokens, pages of",
            "one sequence",
            "bound",
            "most that fit",
            "bound",
            "sequences",
            "follow-up",
            "paper",
        ),
        [
            (
                _name(row, page),
                _show(ratio["decode_one"]),
                ratio["decode_one_bound"],
                _show(ratio["decode_most"]),
                _show(ratio["decode_most_bound"]),
                f"{row['text']['decode_most']['batch']} / {page['decode_most']['batch']}",
                _show(ratio["follow_up"]),
                row["published"]["decoding"] or "none",
            )
            for row, page, ratio in found
        ],
    )


def _compare_steps(
    architecture: Architecture, text: Mapping[str, Any], pages: Mapping[str, Any], key: str
) -> tuple[float | None, float | None]:
    """Return how many times as many tokens a second pages allow, and the bound: bytes that a step reads."""
    ours, plain = pages[key], text[key]
    if not ours["batch"] or not plain["batch"]:
        return None, None
    more = ours["batch"] / plain["batch"]
    read = architecture.count_step_bytes(text["tokens"], plain["batch"])
    seen = architecture.count_step_bytes(pages["tokens"], ours["batch"])
    return more * plain["step_s"] / ours["step_s"], more * read / seen


def _count_hidden(pages: Mapping[str, Any]) -> float | None:
    """Return which share of the CPU's work cost no time, since the GPU worked meanwhile."""
    if "cpu_s" not in pages or pages["prefill_s"] is None:
        return None
    work = sum(pages["cpu_s"].values())
    shown = 1 - (pages["overlapped_s"] - pages["prefill_s"]) / work
    return float(max(0.0, min(1.0, shown)))


def _divide(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else one / other


def _name(row: Mapping[str, Any], page: Mapping[str, Any]) -> str:
    return f"{row['text_tokens']:,}, {page['text']}, {page['look']}"


def _show(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"

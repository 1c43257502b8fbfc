"""What the tables of the efficiency benchmark show: one small function a table. A dry run's figures make none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from figure_format import markdown, ms, times

Figures = Any
"""A file's `figures`, as JSON gives them; a table that finds them otherwise raises."""


def draw_bounds(figures: Figures) -> str:
    """Return how many times as fast pages can be by arithmetic, at the compression that was measured."""
    rows = [
        [
            row["text_tokens"], _name(row), times(row["compression"]), times(row["prefill"]),
            times(row["published"]["prefill"]), times(row["decode_one"]), times(row["decode_most"]),
            times(row["published"]["decoding"]), " / ".join(map(str, row["sequences"])),
            " / ".join(f"{size:.2f}" for size in row["kv_gib"]), f"{row['cpu_ms_a_page']:.0f}",
        ]
        for row in figures["rows"]
    ]  # fmt: skip
    head = ["text tokens", "pages of", "compression", "prefill", "in the paper", "decoding, one sequence"]
    head += [
        "as many as fit",
        "in the paper",
        "how many fit, text / pages",
        "keys and values, GiB, text / pages",
    ]
    return markdown([*head, "CPU ms a page"], rows)


def draw_prefill(figures: Figures) -> str:
    """Return how many times as fast pages are read as text, on the GPU alone, beside the bound."""
    rows = [
        [
            row["text_tokens"], _name(page), times(page["compression"]), _seconds(row["text"]["prefill_s"]),
            _seconds(page["prefill_s"]), times(ratio["prefill"]), times(ratio["prefill_bound"]),
            times(ratio["prefill_share"]), times(row["published"]["prefill"]),
        ]
        for row, page, ratio in _list_pages(figures)
    ]  # fmt: skip
    rows.append(["*aimed at*", "", "", "", "", "", "", times(figures["aim"]), ""])
    head = [
        "text tokens",
        "pages of",
        "compression",
        "text",
        "pages",
        "times as fast",
        "bound",
        "share of the bound",
    ]
    return f"{markdown([*head, 'in the paper'], rows)}{_tell_where(figures)}"


def draw_whole(figures: Figures) -> str:
    """Return the time from characters to the first token, and what the CPU's part of it is."""
    rows = [
        [
            row["text_tokens"], _name(page), _seconds(row["text"]["whole_s"]), _seconds(page.get("in_turn_s")),
            _seconds(page.get("overlapped_s")), _seconds(page["prefill_s"]), times(ratio["hidden"]),
            times(ratio["whole"]), times(ratio["whole_share"]),
        ]
        for row, page, ratio in _list_pages(figures)
    ]  # fmt: skip
    head = [
        "text tokens",
        "pages of",
        "text",
        "pages, in turn",
        "pages, overlapped",
        "of it GPU",
        "CPU work hidden",
    ]
    return markdown([*head, "times as fast", "share of the bound"], rows)


def draw_decoding(figures: Figures) -> str:
    """Return how many times as many tokens a second are decoded behind pages, beside the bound; and follow-ups."""
    rows = [
        [
            row["text_tokens"], _name(page), times(ratio["decode_one"]), times(ratio["decode_one_bound"]),
            f"{row['text']['decode_most']['batch']} / {page['decode_most']['batch']}", times(ratio["decode_most"]),
            times(ratio["decode_most_bound"]), times(row["published"]["decoding"]),
            f"{_seconds(row['text']['follow_up_s'])} / {_seconds(page['follow_up_s'])}",
            f"{_gib(row['text']['peak_gib'])} / {_gib(page['peak_gib'])}",
        ]
        for row, page, ratio in _list_pages(figures)
    ]  # fmt: skip
    head = [
        "text tokens",
        "pages of",
        "one sequence",
        "bound",
        "most that fit, text / pages",
        "their tokens a second",
    ]
    ends = ["bound", "in the paper", "follow-up, text / pages", "peak GiB, text / pages"]
    return markdown([*head, *ends], rows)


def _list_pages(figures: Figures) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]]:
    if figures["is_dry_run"] or not figures["gpu"]:
        raise ValueError("these are a dry run's figures, without a GPU")
    return ((row, page, page["against_text"]) for row in figures["rows"] for page in row["pages"])


def _tell_where(figures: Figures) -> str:
    gpu, versions = figures["gpu"], figures["versions"]
    power = f", {gpu['power.limit']}" if "power.limit" in gpu else ""
    left = "".join(f" Left out: {one['text_tokens']:,} tokens ({one['why']})." for one in figures["left_out"])
    return (
        f"\n\n{gpu['name']}{power}; torch {versions['torch']}, CUDA {versions['cuda']}, transformers "
        f"{versions['transformers']}; attention: {figures['attention']}; {figures['cores']} CPU cores.{left}"
    )


def _name(page: Mapping[str, Any]) -> str:
    return f"{page['text']}, {page['look']}"


def _seconds(value: float | None) -> str:
    return "none" if value is None else ms(1000 * value)


def _gib(value: float | None) -> str:
    return "none" if value is None else f"{value:.1f}"

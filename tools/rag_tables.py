"""The table of `benchmarks/rag.py`."""

from __future__ import annotations

from typing import Any

from figure_format import markdown


def draw_rag(figures: Any) -> str:  # noqa: ANN401 - a file's figures, as JSON gives them
    """Return what retrieved chunks cost, and how many one call holds, window by window."""
    rows = figures["rows"]
    windows = sorted({row["window"] for row in rows})
    asked = dict.fromkeys((row["framework"], row["chunks"]) for row in rows)
    lines = []
    for framework, chunks in asked:
        of = {row["window"]: row for row in rows if (row["framework"], row["chunks"]) == (framework, chunks)}
        whole, narrow = of[windows[-1]], of[windows[0]]
        held = [
            f"{of[window]['in one call, text']} / {of[window]['in one call, pages']}" for window in windows
        ]
        calls = f"{narrow['calls, text']} / {narrow['calls, pages']}"
        lines.append(
            [
                f"{framework}, {chunks}",
                whole["text"],
                whole["pages"],
                f"{whole['ratio']:.2f}",
                *held,
                "-" if framework == "LangChain" else calls,
            ]
        )
    head = ["chunks", "text, tokens", "pages, tokens", "ratio", *(f"in {window:,}" for window in windows)]
    return markdown([*head, f"calls in {windows[0]:,}"], lines)

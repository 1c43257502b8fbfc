"""What the tables of fuzzing show: one small function a table."""

from __future__ import annotations

from typing import Any

from figure_format import markdown

Figures = Any
"""A file's `figures`, as JSON gives them; a table that finds them otherwise raises."""

_KINDS = ("exception", "property", "hang", "crash", "memory")


def draw_fuzz(figures: Figures) -> str:
    """Return what came of each door's inputs, and of each wing's."""
    rows = []
    for wing in figures["wings"]:
        rows += [_row(one["door"], one) for one in figures["doors"] if one["wing"] == wing["wing"]]
        rows.append(_row(f"**{wing['wing']}**", wing))
    total = {
        name: sum(wing[name] for wing in figures["wings"]) for name in ("inputs", "taken", "refused", *_KINDS)
    }
    total |= {"seconds": sum(wing["seconds"] for wing in figures["wings"])}
    total |= {"peak_mb": max(wing["peak_mb"] for wing in figures["wings"])}
    head = [
        "door",
        "inputs",
        "taken",
        "refused",
        "ms an input",
        "findings",
        "hangs, crashes",
        "peak memory, MB",
    ]
    return markdown(head, [*rows, _row("**all**", total)])


def _row(name: str, one: dict[str, Any]) -> list[object]:
    shown = f"`{name}`" if name.endswith(".py") else name
    found = one["exception"] + one["property"]
    return [
        shown,
        one["inputs"],
        one["taken"],
        one["refused"],
        f"{1000 * one['seconds'] / max(1, one['inputs']):.2f}",
        found,
        one["hang"] + one["crash"] + one["memory"],
        one["peak_mb"] or "not measured",
    ]


def draw_mended(figures: Figures) -> str:
    """Return what was found, and how it was mended."""
    return markdown(
        ["wing", "found", "now"], [[one["wing"], one["found"], one["mended"]] for one in figures["mended"]]
    )


def draw_found(figures: Figures) -> str:
    """Return what the committed run found and what is not mended yet."""
    rows = [
        [f"`{one['door']}:{one['numbers'][0]}`", one["times"], one["kind"], one["said"][:120]]
        for one in figures["findings"]
    ]
    return markdown(["replay", "times", "kind", "what happened"], rows or [["none", "", "", ""]])

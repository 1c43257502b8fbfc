"""The tables of what sessions cost, and of what they survive: one small function a table."""

from __future__ import annotations

from typing import Any

from figure_format import markdown, ms, number, share, times

Figures = Any
"""A file's `figures`, as JSON gives them; a table that finds them otherwise raises."""


def draw_append(figures: Figures) -> str:
    """Return what a call costs early and late, and opening cold."""
    names = {
        "both: CPU ms, median": "add and context: CPU ms, median",
        "both: rows, median": "add and context: database rows, median",
        "both: rows, mean": "add and context: database rows, mean",
        "add: SQLite steps, mean": "add: steps of SQLite's machine, mean",
        "pages in the cache": "opening, pages in the cache: CPU s",
        "pages drawn again": "opening, pages drawn again: CPU s",
    }
    found = {row[0]: row[1:] for row in [*figures["calls"], *figures["cold"]]}
    early, late = figures["lengths"]
    rows = [
        [name, number(found[key][0]), number(found[key][1]), times(found[key][2])]
        for key, name in names.items()
    ]
    return markdown(["", f"at {early:,} turns", f"at {late:,} turns", "ratio"], rows)


def draw_telemetry(figures: Figures) -> str:
    """Return what spans and metrics cost a turn, each way beside no package."""
    rows = [
        [
            f"`{row['call']}`",
            number(row["cpu_ms"]["no package"]),
            f"{row['nothing']:.4f}",
            times(row["ratios"]["API alone"]),
            times(row["ratios"]["SDK, in memory"]),
        ]
        for row in figures["rows"]
    ]
    head = ["call", "no package: CPU ms", f"times no calls at all (aimed at: {figures['aim']})"]
    return markdown([*head, "API alone, times", "SDK in memory, times"], rows)


def draw_first_fold(figures: Figures) -> str:
    """Return what the first fold of a history costs, beside a step for each message."""
    head = [
        "messages",
        "folded at once: CPU s",
        "a memory in another style: CPU s",
        "a step for each: CPU s",
        "storing: CPU s",
    ]
    rows = [
        [
            row["messages"],
            number(row["fold, s"]),
            number(row["memory, s"]),
            f"{number(row['a step for each, s'])} ({row['which is']})",
            number(row["storing, s"]),
        ]
        for row in figures["first"]
    ]
    return markdown(head, rows)


def draw_stateless(figures: Figures) -> str:
    """Return what calls cost that keep nothing, and many conversations in one process."""
    rows = [[name.removesuffix(", ms"), number(value)] for name, value in figures["stateless"].items()]
    for row in figures["conversations"]:
        kept = "" if row["kept"] >= row["conversations"] else f", room for {row['kept']}"
        rows.append(
            [f"{row['conversations']} conversations in turn{kept}: median", number(row["median, ms"])]
        )
        rows.append([f"{row['conversations']} conversations in turn{kept}: mean", number(row["mean, ms"])])
    return markdown(["call", "CPU ms"], rows)


def draw_overhead(figures: Figures) -> str:
    """Return our own time for a model call in the frameworks."""
    early, late = (f"{length:,}" for length in figures["lengths"])
    head = [
        "history",
        f"{early} messages",
        f"{late} messages",
        "growth",
        "slowest call",
        "first call",
        "new process",
    ]
    rows = [
        [
            row["component"], ms(row[f"{early}, ms"]), ms(row[f"{late}, ms"]), times(row["growth"]),
            ms(row["slowest, ms"]), ms(row["first call, ms"]), ms(row["new process, ms"]),
        ]
        for row in figures["overhead"]
    ]  # fmt: skip
    return markdown(head, rows)


def draw_prompts(figures: Figures) -> str:
    """Return the prompts that arrive from agents with different memories."""
    head = ["memory", "calls", "prompt tokens", "computed", "cached", "largest prompt", "messages kept"]
    rows = []
    for framework, ways in figures["prompts"].items():
        for row in ways:
            name = f"{framework}: {row['with']}"
            summaries = f", {row['to summarize']} to summarize" if row["to summarize"] else ""
            cells = [row[key] for key in ("prompt tokens", "computed", "cached", "largest", "messages kept")]
            cells[2] = share(cells[2])
            rows.append([f"**{name}**" if "Glyph" in name else name, f"{row['calls']:,}{summaries}", *cells])
    return markdown(head, rows)


def draw_durability(figures: Figures) -> str:
    """Return what kills and forks left behind, by kind of write, and in all."""
    keys = ("kind", "tried", "acknowledged", "lost", "survived")
    rows = [[row[key] for key in keys] for row in figures["kinds"]]
    total = ["**all**", *(sum(row[place] for row in rows) for place in range(1, 5))]
    return markdown(
        ["kind of write", "tried", "turns acknowledged", "turns lost", "survived"], [*rows, total]
    )


def draw_erasing(figures: Figures) -> str:
    """Return what erasing one turn costs, and how long others wait, in files of two sizes."""
    rows = [
        [
            f"{row['megabytes']} MB", row["way"], f"{row['erase_ms']:,.0f} ms", f"{row['longest_wait_ms']:,.0f} ms",
            f"{row['usual_append_ms']:,.0f} ms",
        ]
        for row in figures["rows"]
    ]  # fmt: skip
    return markdown(
        ["file", "way", "erasing one turn", "another's longest `add` meanwhile", "its usual one"], rows
    )


def draw_large(figures: Figures) -> str:
    """Return what one large turn costs."""
    rows = [
        [
            f"{row['MB']} MB of {row['text']}", f"{row['add, s']:.2f} s", f"{row['context, s']:.2f} s",
            f"{row['memory, times its size']:.1f}",
        ]
        for row in figures["turns"]
    ]  # fmt: skip
    return markdown(["one turn", "`add`", "first `context`", "memory, times its size"], rows)


def draw_long_sessions(figures: Figures) -> str:
    """Return what sessions cost that were never folded."""
    rows = [
        [
            f"{row['messages']:,}",
            *(f"{row[name]:.2f} s" for name in ("first, s", "after deleting, s", "opened again, s")),
        ]
        for row in figures["sessions"]
    ]
    return markdown(["messages", "first `context`", "after a deletion in the middle", "opened again"], rows)

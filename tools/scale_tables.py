"""What the tables of many sessions show, by routing, by capacity, by replicas: one small function a table."""

from __future__ import annotations

from typing import Any

from figure_format import markdown, number, share, times

Figures = Any
"""A file's `figures`, as JSON gives them; a table that finds them otherwise raises."""

_WAYS = ("plain text", "sliding window", "rewritten summary", "pages")
_FRACTIONS = {0.0625: "1/16", 0.125: "1/8", 0.25: "1/4", 0.5: "1/2"}


def draw_routing(figures: Figures) -> str:
    """Return the cached share by policy and way, at one size of the caches."""
    rows, size = (
        {(row["policy"], row["way"], row["size"]): row for row in figures["rows"]},
        figures["shown size"],
    )
    lines = []
    for policy in dict.fromkeys(row["policy"] for row in figures["rows"]):
        found = [rows[policy, way, size] for way in _WAYS]
        cells = [f"{share(row['cached'])} ± {share(row['cached ±'])}" for row in found]
        pages = found[-1]
        after = f"{share(pages['cached_after'])} ± {share(pages['cached_after ±'])}"
        lines.append([policy, *cells, times(pages["imbalance"]), after])
    return markdown(
        [
            "policy",
            *(f"cached, {way}" for way in _WAYS),
            "busiest server, pages",
            "pages, five minutes from minute 20 on",
        ],
        lines,
    )


def draw_routing_sizes(figures: Figures, what: str) -> str:
    """Return the cached share, or what a request computes, by the size of the caches."""
    sizes = sorted({row["size"] for row in figures["rows"]})
    rows = {(row["policy"], row["way"], row["size"]): row for row in figures["rows"]}
    lines = []
    for policy in ("session affinity", "prefix-aware", "random"):
        for way in _WAYS:
            found = [rows[policy, way, size][what] for size in sizes]
            cells = [share(value) if what == "cached" else round(value) for value in found]
            lines.append([f"{policy}: {'**pages**' if way == 'pages' else way}", *cells])
    head = [f"{_FRACTIONS.get(size, f'{size:g}')}" for size in sizes]
    return markdown(["caches, of the working set", *head], lines)


def draw_routing_scale(figures: Figures) -> str:
    """Return the share of pages with 10 and 50 times as many sessions and servers."""
    rows = [
        [
            f"{row['sessions']:,}",
            row["servers"],
            row["requests"],
            row["policy"],
            share(row["cached"]),
            round(row["computed"]),
            times(row["imbalance"]),
        ]
        for row in figures["scale"]
    ]
    head = ["sessions", "servers", "requests", "policy", "cached", "computed a request", "busiest server"]
    return markdown(head, rows)


def draw_replicas(figures: Figures) -> str:
    """Return what is left to the primary with a replica, and what calls cost that way."""
    rows = []
    for how, found in (("", figures["even"]), (", replica behind", figures["behind"])):
        for name, row in found.items():
            alone, shared = row["work"]["alone"]["primary"], row["work"]["shared"]
            both_s = shared["primary"]["cpu_s"] + shared["replica"]["cpu_s"]
            left = [share(shared["primary"][what] / alone[what]) for what in ("blocks", "rows", "cpu_s")]
            rows.append([f"{name}{how}", *left, times(both_s / alone["cpu_s"]), times(row["ratio"])])
    rows.append(["search, just after a turn was stored", *["–"] * 4, times(figures["fresh"]["ratio"])])
    head = ["call", "primary: blocks", "primary: rows", "primary: CPU", "both servers: CPU", "time of a call"]
    return markdown(head, rows)


def draw_capacity(figures: Figures) -> str:
    """Return bytes and rows by table, for a thousand turns."""
    takes = [
        ("a long session, SQLite", figures["long"]["SQLite"]),
        *((f"many sessions, {name}", taken) for name, taken in figures["crowd"].items()),
    ]
    names = sorted(
        {name for _, taken in takes for name in taken["table_bytes"]},
        key=lambda name: -max(taken["table_bytes"].get(name, 0) for _, taken in takes),
    )
    rows = [
        [f"`{name}`" if name.startswith("glyph") else name] + [_tell_table(taken, name) for _, taken in takes]
        for name in names
        if any(taken["table_bytes"].get(name, 0) > 0.01 * taken["database_bytes"] for _, taken in takes)
    ]
    rows += [
        ["**whole database**", *(_tell(taken["database_bytes"], taken["rows"], taken) for _, taken in takes)],
        ["page files", *(_tell(taken["page_bytes"], taken["pages"], taken) for _, taken in takes)],
        ["CPU", *(f"{taken['cpu_s'] / taken['turns'] * 1000:.1f} s" for _, taken in takes)],
    ]
    head = [
        f"{name} ({taken['sessions']} × {taken['turns'] // taken['sessions']:,} turns)"
        for name, taken in takes
    ]
    return markdown(["per 1,000 turns: MB, rows", *head], rows)


def draw_capacity_sessions(figures: Figures) -> str:
    """Return what a thousand sessions of a hundred turns take."""
    head, rows = ["per 1,000 sessions"], dict[str, list[object]]()
    for name, taken in figures["crowd"].items():
        head.append(f"{name}, {taken['turns'] // taken['sessions']} turns each")
        each = 1000 / taken["sessions"]
        cells = {
            "database, GB": number(taken["database_bytes"] * each / 1e9),
            "rows": number(taken["rows"] * each),
            "page files": number(taken["pages"] * each) if taken["pages"] else "none are kept",
            "page files, GB": number(taken["page_bytes"] * each / 1e9) if taken["pages"] else "–",
            "CPU of one core, s": number(taken["cpu_s"] * each),
            "tokens of the last prompts, millions": number(taken["prompt_tokens"] * 1000 / 1e6),
            "as plain text, millions": number(taken["plain_tokens"] * 1000 / 1e6),
        }
        for row, cell in cells.items():
            rows.setdefault(row, []).append(cell)
    memory = figures["memory"]["a session"] * 1000 / 2**30
    rows["memory of a process that holds them open, GiB"] = [number(memory), *["–"] * (len(head) - 2)]
    return markdown(head, [[name, *cells] for name, cells in rows.items()])


def draw_capacity_linear(figures: Figures) -> str:
    """Return what one unit takes at two sizes."""
    rows = [
        [where, row["what"], number(row["small"]), number(row["large"]), times(row["ratio"])]
        for where, found in figures["linear"].items()
        for row in found
    ]
    for name, (few, many) in figures["write_ms"].items():
        rows.append(
            [
                f"{name}, 200 and 2,000 turns before",
                "storing one turn, ms",
                number(few),
                number(many),
                times(many / few),
            ]
        )
    return markdown(["measured in", "what one unit takes", "smaller", "ten times as large", "ratio"], rows)


def draw_capacity_models(figures: Figures) -> str:
    """Return what keys and values of tokens and pages take, by model."""
    rows = [
        [
            row["model"], f"{row['KiB a token']:g}", " × ".join(map(str, row["page"])), row["tokens a page"],
            f"{row['MiB a page']:.0f}", row["tokens in a GPU"] or "not known",
            row["tokens in a GPU"] // row["tokens a page"] if row["tokens in a GPU"] else "not known",
        ]
        for row in figures["caches"]
    ]  # fmt: skip
    head = [
        "model",
        "KiB a token",
        "page, px",
        "tokens a page",
        "MiB a page",
        "tokens in 80 GiB",
        "pages in 80 GiB",
    ]
    return markdown(head, rows)


def draw_capacity_steps(figures: Figures) -> str:
    """Return how many of each resource are needed at each step; in bold where one is not enough."""
    steps = figures["steps"]
    rows: list[list[object]] = []
    for place, one in enumerate(steps[0]["resources"]):
        found = [step["resources"][place]["units"] for step in steps]
        cells = [f"**{number(units)}**" if units > 1 else _tell_part(units) for units in found]
        rows.append([one["name"], one["unit"], *cells, one["how"]])
    rows.append(["*first of all, with one of each*", "", *(_tell_first(step) for step in steps), ""])
    rows.append(
        ["*not enough for the first time*", "", *("; ".join(step["new"]) or "nothing" for step in steps), ""]
    )
    head = [f"{step['sessions']:,} of {step['kind']}" for step in steps]
    return markdown(["resource", "one is", *head, "what one session takes is"], rows)


def draw_capacity_assumed(figures: Figures) -> str:
    """Return what is assumed."""
    found = figures["assumed"]
    rows = [
        ["sessions that talk at a time, of all", f"{found['active_share']:.0%}"],
        ["from an active session's request to its next", f"{found['pause_s']:g} s"],
        ["a request holds its keys and values for", f"{found['answer_s']:g} s"],
        [
            "a GPU's arithmetic, and how much of it reading prompts reaches",
            f"{found['gpu_flops'] / 1e12:g} TFLOP/s, {found['gpu_use']:.0%}",
        ],
        [
            "a machine for memory and pages",
            f"{found['cores']:g} cores, {found['memory_bytes'] / 2**30:g} GiB",
        ],
        [
            "a disk, and files on it",
            f"{found['disk_bytes'] / 1e12:g} TB, {found['disk_files'] / 1e6:.0f} million",
        ],
        ["tokens of a request that no cache has (simulated)", f"{figures['computed tokens a request']:,.0f}"],
    ]
    return markdown(["assumed", "value"], rows)


def draw_postgres_kills(figures: Figures) -> str:
    """Return what writers had acknowledged while connections were killed, and what was stored."""
    killed = figures["killed"]
    head = ["connections killed", "calls that failed", "turns acknowledged", "stored", "lost", "stored twice"]
    found = [
        killed["kills"], sum(killed["failed"].values()),
        *(killed[name] for name in ("acknowledged", "stored", "lost", "doubled")),
    ]  # fmt: skip
    return markdown(head, [[number(value) for value in found]])


def draw_postgres_costs(figures: Figures) -> str:
    """Return what a call costs with few sessions and with many."""
    rows = [
        [f"`{name}`", f"{cost['small_ms']:.1f} ms", f"{cost['large_ms']:.1f} ms", times(cost["ratio"])]
        for name, cost in figures["costs"].items()
    ]
    head = ["call", "100 sessions", f"{figures['sessions']:,} sessions", "ratio, the median of pairs"]
    return markdown(head, rows)


def _tell_table(taken: Figures, name: str) -> str:
    if name not in taken["table_bytes"]:
        return "none"
    return _tell(taken["table_bytes"][name], taken["table_rows"].get(name), taken)


def _tell(size: float, rows: float | None, taken: Figures) -> str:
    if not size:
        return "none"
    told = f"{size / taken['turns'] / 1000:.2f} MB"
    return told if rows is None else f"{told}, {rows / taken['turns'] * 1000:,.0f}"


def _tell_part(units: float) -> str:
    return number(units) if units >= 0.001 else "less than 0.001"


def _tell_first(step: Figures) -> str:
    return str(step["first"]) if step["gives out"] else f"{step['first']}, which still suffices"

"""Tables of the page about spans and metrics, made of the tables that the code itself tells by.

Knows `glyph_memory.telemetry`; knows nothing about pages.
"""

from __future__ import annotations

from glyph_memory.telemetry import FIELDS, METRICS, SPANS


def write_spans() -> str:
    """Return all spans as a table."""
    rows = ["| span | kind | what happens in it | attributes, and `error.type` |", "|---|---|---|---|"]
    rows += [
        f"| `{row.title or row.name}` | {row.kind} | {row.about} | {_name(row.fields)} |"
        for row in SPANS.values()
    ]
    return "\n".join(rows)


def write_metrics() -> str:
    """Return all metrics as a table."""
    rows = ["| metric | kind | unit | what it tells | attributes |", "|---|---|---|---|---|"]
    for row in METRICS.values():
        kind = "histogram" if row.buckets else "counter"
        rows.append(f"| `{row.name}` | {kind} | `{row.unit}` | {row.about} | {_name(row.fields)} |")
    return "\n".join(rows)


def write_attributes() -> str:
    """Return all attributes as a table, each with what it may hold."""
    rows = ["| attribute | holds | what it says |", "|---|---|---|"]
    for field in FIELDS.values():
        words = ", ".join(f"`{word}`" for word in sorted(field.words))
        held = {
            "words": words,
            "model": "a model's name",
            "host": "a host's name",
            "error": "a class, a status",
        }
        rows.append(f"| `{field.name}` | {held.get(field.kind, f'a {field.kind}')} | {field.about} |")
    return "\n".join(rows)


def _name(keywords: tuple[str, ...]) -> str:
    return ", ".join(f"`{FIELDS[keyword].name}`" for keyword in keywords)

"""Tables of the page for operators: the rules that keep prefixes, the metrics, the fields of the access log.

Each is made from the code that it tells about. Knows `glyph_memory.serve`; knows nothing about pages.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
from itertools import pairwise

from prometheus_client.parser import text_string_to_metric_families
from starlette.types import Message

from glyph_memory.serve import RequestRecord
from glyph_memory.serve.dialects.prefix_rules import PREFIX_RULES
from glyph_memory.serve.edge.metrics import Metrics


def write_rules() -> str:
    """Return the rules that keep prefixes as a table, in the order in which they are applied."""
    rows = ["| rule | what it does | in | by default |", "|---|---|---|---|"]
    for rule in PREFIX_RULES:
        dialects = ", ".join(sorted(rule.dialects))
        rows.append(f"| `{rule.name}` | {rule.does} | {dialects} | {'on' if rule.is_default else 'off'} |")
    return "\n".join(rows)


def write_metrics() -> str:
    """Return all metrics as a table, under the names that Prometheus has them by."""
    rows = ["| metric | kind | labels | what it counts |", "|---|---|---|---|"]
    metrics = Metrics()
    metrics.add(RequestRecord(time_s=0.0, path="/v1/messages", status=200, dialect="messages"))
    metrics.add_check("correct", 1.0)
    for family in text_string_to_metric_families(asyncio.run(_read(metrics))):
        if family.name.endswith("_created"):
            continue
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = sorted({label for sample in family.samples for label in sample.labels} - {"le"})
        shown = ", ".join(f"`{label}`" for label in labels)
        rows.append(f"| `{name}` | {family.type} | {shown} | {family.documentation} |")
    return "\n".join(rows)


def write_log_fields() -> str:
    """Return the fields of a line of the access log as a table."""
    rows = ["| field | what it says |", "|---|---|"]
    tree = ast.walk(ast.parse(inspect.getsource(RequestRecord)))
    definition = next(node for node in tree if isinstance(node, ast.ClassDef))
    for field, about in pairwise(definition.body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            name = field.target.id if field.target.id != "time_s" else "time"
            told = ast.literal_eval(about.value) if isinstance(about, ast.Expr) else ""
            rows.append(f"| `{name}` | {told if name != 'time' else 'When it came, in UTC.'} |")
    return "\n".join(rows)


async def _read(metrics: Metrics) -> str:
    """Return what Prometheus is answered."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/metrics", "headers": [], "query_string": b""}
    await metrics(scope, receive, send)
    return b"".join(message.get("body", b"") for message in sent).decode()

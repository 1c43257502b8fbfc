"""The tables of all spans and metrics. With that of `fields`, the documentation is made from them.

Names that OpenTelemetry's semantic conventions have are theirs; those beginning with `glyph_memory` are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

SpanKey = Literal[
    "memory.add", "memory.extend", "memory.import", "memory.fold", "memory.context", "memory.plan_request",
    "memory.recall", "memory.zoom", "memory.erase", "history.fold", "pages.draw", "focus", "store.read",
    "store.write", "document.draw", "documents.draw", "chat", "proxy.request", "proxy.upstream", "mcp.request",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class SpanRow:
    """A kind of span."""

    name: str
    """Its name."""
    about: str
    """What happens in it."""
    fields: tuple[str, ...] = ()
    """Keywords of what it may tell; `error` besides."""
    kind: Literal["INTERNAL", "CLIENT", "SERVER"] = "INTERNAL"
    """OpenTelemetry's kind."""
    title: str = ""
    """How its name is spelled where it is made of attributes, for people."""


_MODEL = ("operation", "provider", "model", "answered_by", "is_stream", "is_warming", "max_tokens", "temperature",
          "images", "finish_reason", "input_tokens", "output_tokens", "cached_tokens", "image_tokens", "first_token_s",
          "host", "port")  # fmt: skip
_SHOWN = ("seals", "pages", "page_tokens", "text_tokens", "recent", "generation")

SPANS: Mapping[SpanKey, SpanRow] = {
    "memory.add": SpanRow(
        name="glyph_memory.memory.add", about="A turn is stored, and folded in.", fields=("turns",)
    ),
    "memory.extend": SpanRow(
        name="glyph_memory.memory.extend", about="Many turns are stored, and folded in.", fields=("turns",)
    ),
    "memory.import": SpanRow(
        name="glyph_memory.memory.import", about="A file's turns are stored.", fields=("turns",)
    ),
    "memory.fold": SpanRow(
        name="glyph_memory.memory.fold",
        about="The fold is brought up to date with the store; turns are sealed where there are enough.",
        fields=("seals", "recent", "generation"),
    ),
    "memory.context": SpanRow(
        name="glyph_memory.memory.context", about="What is sent now is put together.", fields=_SHOWN
    ),
    "memory.plan_request": SpanRow(
        name="glyph_memory.memory.plan_request", about="As `context`, for adapters that spell turns themselves."
    ),
    "memory.recall": SpanRow(
        name="glyph_memory.memory.recall", about="All turns are searched.", fields=("passages",)
    ),
    "memory.zoom": SpanRow(
        name="glyph_memory.memory.zoom", about="A turn or a page is quoted, and drawn larger.", fields=("pages",)
    ),
    "memory.erase": SpanRow(
        name="glyph_memory.memory.erase", about="Turns are erased: `truncate`, `delete`, `clear`.", fields=("erased",)
    ),
    "history.fold": SpanRow(
        name="glyph_memory.history.fold",
        about="A history is folded that a framework or the proxy's client keeps.",
        fields=("seals", "recent", "generation"),
    ),
    "pages.draw": SpanRow(
        name="glyph_memory.pages.draw", about="A run of turns is drawn as pages.",
        fields=("use", "pages", "page_tokens"),
    ),
    "focus": SpanRow(
        name="glyph_memory.focus",
        about="Lines that bear on a question are put before it.",
        fields=("lines", "tokens", "left_out"),
    ),
    "store.read": SpanRow(
        name="glyph_memory.store.read", about="A transaction that reads.", fields=("database", "wait_s")
    ),
    "store.write": SpanRow(
        name="glyph_memory.store.write", about="A transaction that writes.", fields=("database", "wait_s")
    ),
    "document.draw": SpanRow(
        name="glyph_memory.document.draw", about="A document is drawn, all of its pages.",
        fields=("pages", "page_tokens", "way"),
    ),
    "documents.draw": SpanRow(
        name="glyph_memory.documents.draw",
        about="A run over many documents, in this process and others: `draw_tree`, and what is split into shards.",
        fields=("documents", "unchanged", "failures", "pages", "page_tokens"),
    ),
    "chat": SpanRow(
        name="chat", title="chat {model}", about="A reader is asked, retries included.", fields=_MODEL, kind="CLIENT"
    ),
    "proxy.request": SpanRow(
        name="proxy.request",
        title="{method} {route}",
        about="The proxy answers a request. It continues the trace of the request's `traceparent`.",
        fields=("method", "route", "scheme", "status", "dialect", "turns", "pages", "generation", "plain_tokens",
                "sent_tokens", "input_tokens", "cached_tokens", "output_tokens", "recalls"),
        kind="SERVER",
    ),
    "proxy.upstream": SpanRow(
        name="proxy.upstream",
        title="{method}",
        about="The proxy asks a model's server, to the end of its answer. The request carries its `traceparent`.",
        fields=("method", "host", "port", "status"),
        kind="CLIENT",
    ),
    "mcp.request": SpanRow(
        name="mcp.request",
        title="{call} {tool}",
        about="The MCP server answers a request. It continues the trace of the `traceparent` in the request's `_meta`.",
        fields=("call", "tool"),
        kind="SERVER",
    ),
}  # fmt: skip
"""All spans, by key."""

MetricKey = Literal[
    "pages.drawn", "seals", "seal.tokens", "generations", "context.tokens", "store.wait", "store.replica_reads",
    "chat.duration", "chat.tokens", "chat.first_token", "cached_share", "proxy.duration", "documents",
    "document.duration",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricRow:
    """A metric."""

    name: str
    """Its name."""
    unit: str
    """In UCUM."""
    about: str
    """What it counts or measures."""
    fields: tuple[str, ...] = ()
    """Keywords of its attributes: words, and of models at the most 32."""
    buckets: tuple[float, ...] = ()
    """Bounds of a histogram's buckets; a counter has none."""


_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576)

METRICS: Mapping[MetricKey, MetricRow] = {
    "pages.drawn": MetricRow(
        name="glyph_memory.pages.drawn", unit="{page}", about="Pages that were drawn.", fields=("use",)
    ),
    "documents": MetricRow(
        name="glyph_memory.documents",
        unit="{document}",
        about="Documents of runs over many, whichever process drew them.",
        fields=("outcome",),
    ),
    "document.duration": MetricRow(
        name="glyph_memory.documents.duration",
        unit="s",
        about="How long a worker of such a run took for a document, or for a shard of them.",
        fields=("unit",),
        buckets=_SECONDS,
    ),
    "seals": MetricRow(
        name="glyph_memory.seals.stored",
        unit="{seal}",
        about="Seals that were made: that a memory stored, or that a history was given which others keep.",
        fields=("seal_kind",),
    ),
    "seal.tokens": MetricRow(
        name="glyph_memory.seals.tokens",
        unit="{token}",
        about="Turns that became pages: what they cost as text, and as pages.",
        fields=("form",),
    ),
    "generations": MetricRow(
        name="glyph_memory.generations",
        unit="{generation}",
        about="Generations that began after a session's first.",
    ),
    "context.tokens": MetricRow(
        name="glyph_memory.context.tokens",
        unit="{token}",
        about="What a context's pages and its text cost.",
        fields=("form",),
        buckets=_TOKENS,
    ),
    "store.wait": MetricRow(
        name="glyph_memory.store.wait",
        unit="s",
        about="How long a transaction waited to begin.",
        fields=("database", "access"),
        buckets=(0.0001, 0.0005, *_SECONDS),
    ),
    "store.replica_reads": MetricRow(
        name="glyph_memory.store.replica_reads",
        unit="{read}",
        about="Reads that a replica was asked for; all that it did not answer, the primary did.",
        fields=("read_from",),
    ),
    "chat.duration": MetricRow(
        name="gen_ai.client.operation.duration",
        unit="s",
        about="How long a reader took, retries included.",
        fields=("operation", "provider", "model", "error"),
        buckets=(0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92),
    ),
    "chat.tokens": MetricRow(
        name="gen_ai.client.token.usage",
        unit="{token}",
        about="Tokens of prompts and answers, as servers count.",
        fields=("operation", "provider", "model", "token_type"),
        buckets=(1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864),
    ),
    "chat.first_token": MetricRow(
        name="gen_ai.client.operation.time_to_first_chunk",
        unit="s",
        about="Seconds until the first piece of a streamed answer.",
        fields=("operation", "provider", "model"),
        buckets=_SECONDS,
    ),
    "cached_share": MetricRow(
        name="glyph_memory.cached_share",
        unit="1",
        about="Which share of a prompt the server's prefix cache had, where it says so.",
        fields=("asked_by",),
        buckets=(0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99),
    ),
    "proxy.duration": MetricRow(
        name="http.server.request.duration",
        unit="s",
        about="How long the proxy took for a request, its answer included.",
        fields=("method", "route", "status", "error", "scheme"),
        buckets=(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10),
    ),
}
"""All metrics, by key."""

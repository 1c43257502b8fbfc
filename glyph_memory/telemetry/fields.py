"""The table of all attributes: what each is named, and what may pass: numbers, flags, known words.

Names that OpenTelemetry's semantic conventions have are theirs; those beginning with `glyph_memory` are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict


class Fields(TypedDict, total=False):
    """What a span or a measurement may be given, by keyword; None is left out. `FIELDS` says what each becomes."""

    turns: int | None
    recent: int | None
    seals: int | None
    pages: int | None
    page_tokens: int | None
    text_tokens: int | None
    generation: int | None
    passages: int | None
    lines: int | None
    tokens: int | None
    left_out: int | None
    erased: int | None
    documents: int | None
    unchanged: int | None
    failures: int | None
    outcome: str
    unit: str
    use: str
    form: str
    seal_kind: str
    way: str
    database: str
    access: str
    read_from: str
    wait_s: float | None
    operation: str
    provider: str
    model: str | None
    answered_by: str | None
    is_stream: bool | None
    is_warming: bool
    max_tokens: int | None
    temperature: float | None
    images: int | None
    finish_reason: str | None
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    image_tokens: int | None
    first_token_s: float | None
    token_type: str
    asked_by: str
    call: str
    tool: str | None
    method: str
    scheme: str
    route: str | None
    status: int | None
    host: str | None
    port: int | None
    dialect: str | None
    plain_tokens: int | None
    sent_tokens: int | None
    recalls: int | None
    error: str | None


FieldKind = Literal["number", "flag", "words", "model", "host", "error"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """An attribute."""

    name: str
    """As it is told."""
    about: str
    """What it says, in one sentence."""
    kind: FieldKind = "number"
    """What passes: a number, a flag, one of `words`, or the name of a model, a host or an error's class."""
    words: frozenset[str] = frozenset()
    """All that there are."""
    other: str = "other"
    """Told in the place of anything else."""
    is_list: bool = False
    """Whether the conventions want a list of it."""


def _words(name: str, about: str, *words: str, is_list: bool = False, other: str = "other") -> Field:
    return Field(name=name, about=about, kind="words", words=frozenset(words), is_list=is_list, other=other)


FIELDS: Mapping[str, Field] = {
    "turns": Field(name="glyph_memory.turns", about="Turns that were stored, or that a request holds."),
    "recent": Field(name="glyph_memory.turns.recent", about="Turns that are text now."),
    "seals": Field(name="glyph_memory.seals", about="Seals that are shown now."),
    "pages": Field(name="glyph_memory.pages", about="Pages that were drawn, or that a request shows."),
    "page_tokens": Field(name="glyph_memory.tokens.pages", about="What is pages, in the model's tokens."),
    "text_tokens": Field(name="glyph_memory.tokens.text", about="What is text, in the model's tokens."),
    "generation": Field(name="glyph_memory.generation", about="The generation of the pages."),
    "passages": Field(name="glyph_memory.passages", about="Passages that were found."),
    "lines": Field(name="glyph_memory.lines", about="Lines that were put before the question."),
    "tokens": Field(name="glyph_memory.tokens", about="What they cost."),
    "left_out": Field(name="glyph_memory.lines.left_out", about="Lines that found no room."),
    "erased": Field(name="glyph_memory.turns.erased", about="Turns that were erased."),
    "documents": Field(name="glyph_memory.documents.drawn", about="Documents that were drawn now."),
    "unchanged": Field(name="glyph_memory.documents.unchanged", about="Documents that an earlier run had finished."),
    "failures": Field(name="glyph_memory.documents.failed", about="Documents that could not be drawn."),
    "outcome": _words(
        "glyph_memory.document.outcome", "What became of a document.", "drawn", "unchanged", "failed"
    ),
    "unit": _words("glyph_memory.bulk.unit", "What a worker is given at a time.", "document", "shard"),
    "use": _words(
        "glyph_memory.page.use",
        "What pages were drawn for: a seal, a request's new turns, a document, search results, or again for a cache.",
        "seal", "request", "document", "results", "again",
    ),
    "form": _words("glyph_memory.form", "Whether tokens are pages or text.", "pages", "text"),
    "seal_kind": _words(
        "glyph_memory.seal.kind", "The seal's kind.", "pages", "text", "named", "skipped"
    ),
    "way": _words(
        "glyph_memory.document.way", "How a document was drawn.", "reflow", "native", "both"
    ),
    "database": _words("db.system.name", "The database.", "sqlite", "postgresql"),
    "access": _words("glyph_memory.store.access", "What a transaction is for.", "read", "write"),
    "read_from": _words(
        "glyph_memory.store.read_from",
        "What came of asking a replica: it was read, was behind, broke the reading off, did not answer, or is no "
        "replica of this store.",
        "replica", "behind", "cancelled", "down", "refused",
    ),
    "wait_s": Field(
        name="glyph_memory.store.wait",
        about="Seconds until the transaction had begun: waiting for threads, processes, a connection.",
    ),
    "operation": _words("gen_ai.operation.name", "What the model was asked for.", "chat"),
    "provider": _words(
        "gen_ai.provider.name",
        "How the model is asked: as OpenAI's API, with transformers in this process, or the nano reader.",
        "openai", "transformers", "glyph_memory",
    ),
    "model": Field(name="gen_ai.request.model", about="The model that was asked.", kind="model"),
    "answered_by": Field(
        name="gen_ai.response.model", about="The model that answered, as the server says.", kind="model"
    ),
    "is_stream": Field(name="gen_ai.request.stream", about="Whether the answer came in pieces.", kind="flag"),
    "is_warming": Field(
        name="glyph_memory.reader.is_warming", about="Whether pages were only read in advance.", kind="flag"
    ),
    "max_tokens": Field(name="gen_ai.request.max_tokens", about="Most tokens of an answer."),
    "temperature": Field(name="gen_ai.request.temperature", about="The temperature."),
    "images": Field(name="glyph_memory.request.images", about="Pictures in the request, pages among them."),
    "finish_reason": _words(
        "gen_ai.response.finish_reasons",
        "Why the answer ended.",
        "stop", "length", "tool_calls", "content_filter",
        is_list=True,
    ),
    "input_tokens": Field(
        name="gen_ai.usage.input_tokens", about="Tokens of the prompt, cached ones included, as servers count."
    ),
    "output_tokens": Field(name="gen_ai.usage.output_tokens", about="Tokens of the answer."),
    "cached_tokens": Field(
        name="gen_ai.usage.cache_read.input_tokens", about="Tokens of the prompt that the prefix cache had."
    ),
    "image_tokens": Field(
        name="glyph_memory.usage.image_tokens", about="Tokens of the prompt that are pictures, where it is said."
    ),
    "first_token_s": Field(
        name="gen_ai.response.time_to_first_chunk", about="Seconds until the first piece of the answer."
    ),
    "token_type": _words("gen_ai.token.type", "Prompt or answer.", "input", "output"),
    "asked_by": _words("glyph_memory.asked_by", "Who asked the model.", "reader", "proxy"),
    "call": _words(
        "mcp.method.name",
        "What an MCP client asked for.",
        "initialize", "notifications/initialized", "notifications/cancelled", "notifications/progress", "ping",
        "server/discover", "logging/setLevel", "tools/list", "tools/call", "resources/list",
        "resources/templates/list", "resources/read",
    ),
    "tool": _words(
        "gen_ai.tool.name", "The tool.", "remember", "recall", "zoom", "identifiers", "read_document"
    ),
    "method": _words(
        "http.request.method", "The method; any other is `_OTHER`.",
        "GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "CONNECT", "TRACE",
        other="_OTHER",
    ),
    "scheme": _words("url.scheme", "How the proxy was asked.", "http", "https"),
    "route": _words(
        "http.route",
        "The path, where it is one of those that are known.",
        "/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/messages/count_tokens", "/v1/models",
        "/v1/completions", "/v1/embeddings", "/glyph", "/",
    ),
    "status": Field(name="http.response.status_code", about="The answer's status."),
    "host": Field(name="server.address", about="The host that was asked: no path, no query, no key.", kind="host"),
    "port": Field(name="server.port", about="Its port."),
    "dialect": _words(
        "glyph_memory.proxy.dialect", "The request's spelling.", "chat", "responses", "messages"
    ),
    "plain_tokens": Field(
        name="glyph_memory.tokens.plain", about="What the conversation comes to as text, as we count."
    ),
    "sent_tokens": Field(name="glyph_memory.tokens.sent", about="What was sent, as we count."),
    "recalls": Field(name="glyph_memory.recalls", about="How often the model recalled something."),
    "error": Field(
        name="error.type",
        about="The error's class; an HTTP status from 500 on, of the proxy's upstream from 400 on; `broken_off` where "
        "the proxy's answer had no end; `tool_error` where an MCP tool's answer is an error.",
        kind="error",
    ),
}  # fmt: skip
"""All attributes, by keyword."""

"""`Progress`: one request on its way: how far it came, what the client is told of it, and what became of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from starlette.types import Scope, Send

from glyph_memory.serve.dialects.units import Dialect
from glyph_memory.serve.proxy.asking import find_caller
from glyph_memory.serve.proxy.exchange import Sent
from glyph_memory.serve.proxy.prepare import ParsedBody, PreparedBody
from glyph_memory.serve.proxy.usage import UsageWatch
from glyph_memory.serve.record import RequestRecord


@dataclass(kw_only=True)
class Progress:
    """One request on its way."""

    scope: Scope
    """The client's request."""
    send: Send
    """To the client."""
    came_s: float
    """When it came, by the monotonic clock."""
    body: ParsedBody
    """What came."""
    dialect: Dialect
    """Its spelling."""
    prepared: PreparedBody | None = None
    """What was sent last."""
    sent: Sent = field(default_factory=Sent)
    """How far the answer came."""
    watch: UsageWatch | None = None
    """What the answer tells of tokens."""
    own_s: float = 0.0
    """What we took before the upstream was asked."""
    recalls: int = 0
    """How often the model has recalled something."""

    def name_session(self) -> dict[str, str]:
        """Return the header with the conversation's name; none where nothing was kept."""
        folded = self.prepared.folded if self.prepared else None
        return {"x-glyph-session": folded.session} if folded else {}

    def list_headers(self) -> dict[str, str]:
        """Return what the client is told beside the answer."""
        return {
            **self.name_session(),
            "x-glyph-note": "; ".join(self.prepared.notes if self.prepared else ()),
        }

    def make_record(self) -> RequestRecord:
        """Return what became of it."""
        folded = self.prepared.folded if self.prepared else None
        usage = self.watch.finish() if self.watch else None
        return RequestRecord(
            time_s=time.time(),
            path=str(self.scope["path"]),
            status=self.sent.status,
            caller=find_caller(self.scope),
            session=folded.session if folded else "",
            dialect=self.dialect.name,
            model=self.body.model or "",
            turns=folded.turns if folded else 0,
            text_turns=folded.text_turns if folded else 0,
            pages=folded.pages if folded else 0,
            generation=folded.generation if folded else 0,
            plain_tokens=folded.plain_tokens if folded else 0,
            sent_tokens=folded.sent_tokens if folded else 0,
            prompt_tokens=usage.prompt_tokens if usage else None,
            cached_tokens=usage.cached_tokens if usage else None,
            answer_tokens=usage.completion_tokens if usage else None,
            own_s=self.own_s,
            first_byte_s=self.sent.first_byte_s,
            total_s=time.perf_counter() - self.came_s,
            recalls=self.recalls,
            notes=self.prepared.notes if self.prepared else (),
        )

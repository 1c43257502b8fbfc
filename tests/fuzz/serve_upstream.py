"""An upstream that answers 200 to whatever it is sent, and remembers it; so any other answer is the proxy's own."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from tests.readers.raw_server import RawServer, http

_MODELS = {
    "object": "list",
    "data": [{"id": "glyph", "object": "model", "max_model_len": 8192, "owned_by": "vllm"}],
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What it was sent."""

    method: str
    """GET, POST and the like."""
    path: str
    """With its query."""
    head: bytes = field(repr=False)
    """As it came."""
    body: bytes = field(repr=False)
    """As it came."""


class YesServer(RawServer):
    """The upstream; use it with `with`."""

    def __init__(self) -> None:
        super().__init__(lambda request: [_answer(request)])

    def take(self) -> list[Asked]:
        """Return what it was asked since the last time, what it serves left out."""
        asked = [_parse(request) for request in self.requests]
        self.requests.clear()
        return [one for one in asked if one.method != "GET" or "smuggled" in one.path]


def _answer(request: bytes) -> bytes:
    told = _MODELS if request.startswith(b"GET /v1/models") else {"ok": True, "usage": {"prompt_tokens": 7}}
    return http(json.dumps(told))


def _parse(request: bytes) -> Asked:
    head, _, body = request.partition(b"\r\n\r\n")
    method, path, *_ = head.decode("latin-1").split(" ")
    return Asked(method=method, path=path, head=head, body=body)

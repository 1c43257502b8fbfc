"""What a client's request becomes at an upstream: the address, the headers, who asks. Knows scopes; opens nothing."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from starlette.types import Scope

from glyph_memory.serve.proxy.exchange import UpstreamRequest
from glyph_memory.serve.proxy.headers import list_request_headers
from glyph_memory.serve.proxy.state import ProxyState
from glyph_memory.serve.upstreams import Target

_OF_THE_PAGE = "web/"
"""How the names of the web page's chats begin: a client's conversation is never one of them."""


def make_request(
    state: ProxyState,
    scope: Scope,
    target: Target,
    data: bytes,
    *,
    more: Mapping[str, str],
    reads_answer: bool,
) -> UpstreamRequest:
    """Return what is asked of an upstream.

    Args:
        state: What all requests share.
        scope: The client's request.
        target: Where it goes.
        data: The body that is sent.
        more: What was taken out of the prompt, and the conversation's name.
        reads_answer: Whether we read the answer on its way.
    """
    headers = list_request_headers(
        scope["headers"],
        api_key=target.upstream.api_key,
        keeps_key=not state.has_keys,
        more=more,
        reads_answer=reads_answer,
    )
    return UpstreamRequest(
        upstream=target.upstream,
        method=scope["method"],
        url=make_url(
            target.upstream.url, _read_path(scope), scope.get("query_string", b"").decode("latin-1")
        ),
        headers=headers,
        body=data,
    )


def make_url(base_url: str, path: str, query: str) -> str:
    """Return the address of a path at an upstream, whose own address may end with `/v1`.

    Example:
        >>> make_url("http://127.0.0.1:8000/v1", "/v1/models", ""), make_url("http://127.0.0.1:8000/v1", "/version", "")
        ('http://127.0.0.1:8000/v1/models', 'http://127.0.0.1:8000/version')
    """
    base = base_url.rstrip("/")
    root = base.removesuffix("/v1")
    is_api = path == "/v1" or path.startswith("/v1/")
    address = f"{base}{path.removeprefix('/v1')}" if is_api else f"{root}{path}"
    return f"{address}?{query}" if query else address


def _read_path(scope: Scope) -> str:
    """Return the path as it was spelled: decoded, an escaped slash or question mark would mean something else."""
    raw = scope.get("raw_path") or b""
    is_path = raw.startswith(b"/")  # anything else would go on with the host's name
    return raw.partition(b"?")[0].decode("latin-1") if is_path else quote(scope["path"])


def find_caller(scope: Scope) -> str:
    """Return the name of the key that a request came with; empty where there are none."""
    caller = scope.get("glyph.caller")
    return str(getattr(caller, "name", "") or "")


def read_session(scope: Scope) -> str:
    """Return what the client calls the conversation; empty where it does not."""
    value = next((value for name, value in scope["headers"] if name == b"x-glyph-session"), b"")
    name = "".join(filter(str.isprintable, value.decode("utf-8", "replace"))).strip()[:200]
    return f"client-{name}" if name.startswith(_OF_THE_PAGE) else name


def is_json(scope: Scope) -> bool:
    """Return whether a request says that its body is JSON."""
    kinds = (value for name, value in scope["headers"] if name == b"content-type")
    return any(b"json" in value for value in kinds)

"""Who asks over HTTP: `KeyCheck` lets in whoever has a key, and `find_caller` says whose key it was.

Knows headers; knows nothing about what is asked.
"""

from __future__ import annotations

from typing import Any

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from glyph_memory.serve.edge.keys import Keys

_CALLER = "glyph.caller"
_REFUSED = "No key of this server came with the request. Give the one that you were told, as Authorization: Bearer KEY."


class KeyCheck:
    """ASGI middleware round an MCP server.

    Args:
        app: What answers.
        keys: Whoever has one may ask.
    """

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self._app, self._keys = app, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it before its body is read."""
        if scope["type"] == "http":
            caller = self._keys.find(scope["headers"])
            if caller is None:
                answer = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": _REFUSED}}
                refused = JSONResponse(answer, status_code=401, headers={"WWW-Authenticate": "Bearer"})
                await refused(scope, receive, send)
                return
            scope[_CALLER] = caller.name
            # The SDK then lets nobody else go on with a session of this one, or end it.
            scope["user"] = AuthenticatedUser(AccessToken(token="", client_id=caller.name, scopes=[]))
        await self._app(scope, receive, send)


def find_caller(request: Any) -> str:  # noqa: ANN401 - what the transport attached: a request of HTTP's, or None
    """Return the name of the key that a request came with; empty where no keys are asked for."""
    name = getattr(request, "scope", {}).get(_CALLER, "")
    return name if isinstance(name, str) else ""

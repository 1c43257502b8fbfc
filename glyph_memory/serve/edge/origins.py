"""Which names a request may call the server by, and which other sites' pages may send one from a browser.

A page of any site can make its visitor's browser ask a server on the visitor's own machine: by name, once its own name
leads to 127.0.0.1 (DNS rebinding), or across sites. Knows headers; sends nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from glyph_memory.errors import show_value
from glyph_memory.serve.options import ServeOptions

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")


class Origins:
    """What requests are taken, by where they say that they come from and go to.

    Args:
        options: Where the server listens, and what else was allowed.
    """

    __slots__ = ("_hosts", "_origins")

    def __init__(self, options: ServeOptions) -> None:
        own = options.host.lower()
        names = {
            own if ":" not in own or own.startswith("[") else f"[{own}]",
            *map(str.lower, options.allow_hosts),
        }
        # Where others reach the server they need a key, which a page under a foreign name does not have.
        self._hosts = _LOOPBACK | names if options.is_loopback else None
        self._origins = frozenset(origin.lower().rstrip("/") for origin in options.allow_origins)

    def find_problem(self, method: str, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """Return why a request is refused; empty where it is not.

        Args:
            method: GET, POST and so on.
            headers: As ASGI has them.
        """
        given = {name: value.decode("latin-1").strip().lower() for name, value in headers}
        host = given.get(b"host", "")
        found = _HOST.fullmatch(host)
        if found is None:
            return (
                f"The Host header {show_value(host)} is no name. Ask by http://127.0.0.1 or http://localhost."
            )
        if self._hosts is not None and found[1] not in self._hosts:
            return (
                f"The name {show_value(found[1])} is not served here. Ask by 127.0.0.1 or localhost, or start the "
                "server with --allow-host NAME."
            )
        return self._find_foreign(method, host, given)

    def _find_foreign(self, method: str, host: str, given: dict[bytes, str]) -> str:
        """Return why another site's page is refused; programs send no such headers."""
        origin = given.get(b"origin")
        if origin is not None:
            if origin in {f"http://{host}", f"https://{host}"} or origin in self._origins:
                return ""
            return (
                f"A browser sent this from a page of {show_value(origin)}, which is not this server's own. "
                "Allow it by --allow-origin ORIGIN, if it is yours."
            )
        if given.get(b"sec-fetch-site", "none") in {"none", "same-origin"}:
            return ""
        is_link = given.get(b"sec-fetch-mode") == "navigate" and given.get(b"sec-fetch-dest") == "document"
        if is_link and method in {"GET", "HEAD"}:  # somebody clicked, and sees the page itself
            return ""
        return "A browser sent this from another site's page. Use this server's own page, or --allow-origin ORIGIN."

"""Which of a client's headers go on to an upstream, and what is taken from its answer's.

Knows names of headers; knows nothing about what is asked.
"""

from __future__ import annotations

from collections.abc import Iterable

Headers = list[tuple[bytes, bytes]]
"""As ASGI has them: names in small letters."""

HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te"}
    | {b"trailer", b"transfer-encoding", b"upgrade"}
)
"""For one connection alone (RFC 9110, 7.6.1)."""
_OF_BROWSERS = frozenset({b"cookie", b"origin", b"referer"})
"""A browser's, for this server: cookies of localhost are every port's."""
_KEYS = frozenset({b"authorization", b"x-api-key"})
_FRAMING = frozenset({b"host", b"content-length", b"expect"})
"""Written anew for the request that is sent."""
_OURS = b"x-glyph-"


def choose_upstream_headers(headers: Iterable[tuple[bytes, bytes]], *, api_key: str | None) -> Headers:
    """Return the headers for an upstream: the client's, less what is not for it.

    Where the upstream has a key of its own, that is sent, in the header that the client used and as a bearer token;
    else the client's own goes on as it came. (A key for this server is taken out by the guard before.)

    Args:
        headers: The client's.
        api_key: The upstream's key.

    Example:
        >>> choose_upstream_headers([(b"authorization", b"Bearer own"), (b"cookie", b"a=b")], api_key=None)
        [(b'authorization', b'Bearer own')]
        >>> choose_upstream_headers([(b"authorization", b"Bearer own")], api_key="theirs")
        [(b'authorization', b'Bearer theirs')]
    """
    came = list(headers)
    left_out = HOP_BY_HOP | _OF_BROWSERS | _FRAMING | read_connection_names(came)
    if api_key is not None:
        left_out |= _KEYS
    chosen = [
        (name, value)
        for name, value in came
        if name not in left_out and not name.startswith((_OURS, b"sec-fetch-"))
    ]
    if api_key is not None:
        chosen.append((b"authorization", b"Bearer " + api_key.encode("latin-1")))
        if any(name in {b"x-api-key", b"anthropic-version"} for name, _ in came):
            chosen.append((b"x-api-key", api_key.encode("latin-1")))
    return chosen


def choose_answer_headers(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return the headers of an upstream's answer that go on to the client."""
    came = [(name.lower(), value) for name, value in headers]
    left_out = HOP_BY_HOP | read_connection_names(came) | {b"set-cookie"}
    return [(name, value) for name, value in came if name not in left_out]


def read_connection_names(headers: Iterable[tuple[bytes, bytes]]) -> frozenset[bytes]:
    """Return the names that a Connection header lists: of this connection alone, too."""
    return frozenset(
        word.strip().lower() for name, value in headers if name == b"connection" for word in value.split(b",")
    )


def drop_keys(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return headers without keys."""
    return [(name, value) for name, value in headers if name not in _KEYS]

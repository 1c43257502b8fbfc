"""The `Clients` that ask one server: httpx2's, one for blocking calls and one for each event loop.

What is the same for all requests is decided here: limits, credentials, the proxy of the environment.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
from collections.abc import Generator
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import httpx2

from glyph_memory.checks import check_number, check_whole
from glyph_memory.errors import ReaderRefused
from glyph_memory.locks import ForkSafeLock
from glyph_memory.readers.openai.endpoint import Credentials, Endpoint
from glyph_memory.readers.openai.meter import Meter

_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")

Client = TypeVar("Client", httpx2.Client, httpx2.AsyncClient)


@dataclass(frozen=True, kw_only=True, slots=True)
class WireLimits:
    """How long and how large an answer may be."""

    timeout_s: float
    """Longest silence."""
    connect_timeout_s: float
    """Longest wait for a connection."""
    total_timeout_s: float | None
    """From sending a request to the answer's last byte."""
    max_reply_bytes: int | None
    """Most bytes of an answer."""

    def __post_init__(self) -> None:
        """Raise `ReaderRefused` for a limit that cannot work; the message names it."""
        check_number("timeout_s", self.timeout_s, ReaderRefused, is_open=True)
        check_number("connect_timeout_s", self.connect_timeout_s, ReaderRefused, is_open=True)
        check_number("total_timeout_s", self.total_timeout_s, ReaderRefused, is_open=True, or_none=True)
        check_whole("max_reply_bytes", self.max_reply_bytes, ReaderRefused, at_least=1, or_none=True)


class Clients:
    """Opens connections to one server, and keeps them. Safe to share among threads and event loops.

    Args:
        endpoint: The server.
        limits: Of each answer.

    Raises:
        ReaderRefused: The endpoint cannot be used.
    """

    def __init__(self, endpoint: Endpoint, limits: WireLimits) -> None:
        endpoint.check()
        self.endpoint, self._limits = endpoint, limits
        self._auth = _Auth(endpoint.credentials)
        # A proxy named in the environment is meant for the world outside, not for a server on this machine.
        self._trust_env = not is_loopback(endpoint.base_url)
        self._lock = ForkSafeLock(in_child=self._leave)
        self._client: httpx2.Client | None = None
        self._async_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx2.AsyncClient] = (
            WeakKeyDictionary()
        )

    def make_meter(self) -> Meter:
        """Return what measures a conversation's answers."""
        return Meter(
            where=self.endpoint.safe_url,
            max_bytes=self._limits.max_reply_bytes,
            total_s=self._limits.total_timeout_s,
        )

    def get_client(self) -> httpx2.Client:
        """Return the client of blocking calls."""
        with self._lock:
            if self._client is None:
                self._client = self._open(httpx2.Client)
            return self._client

    def get_async_client(self) -> httpx2.AsyncClient:
        """Return this event loop's client: a connection works only in the loop that opened it."""
        loop = asyncio.get_running_loop()
        with self._lock:
            client = self._async_clients.get(loop)
            if client is None:
                client = self._async_clients[loop] = self._open(httpx2.AsyncClient)
            return client

    def close(self) -> None:
        """Close the blocking calls' connections; a later call opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    async def aclose(self) -> None:
        """Close all connections of this event loop and of the blocking calls."""
        self.close()
        with self._lock:
            client = self._async_clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    def _leave(self, _was_held: bool) -> None:
        """Forget the connections of a parent process; closing them properly would end its requests."""
        self._client, self._async_clients = None, WeakKeyDictionary()

    def _open(self, kind: type[Client]) -> Client:
        timeout = httpx2.Timeout(self._limits.timeout_s, connect=self._limits.connect_timeout_s)
        problem = ""
        try:
            return kind(
                auth=self._auth,
                timeout=timeout,
                trust_env=self._trust_env,
                cookies=CookieJar(
                    DefaultCookiePolicy(allowed_domains=[])
                ),  # no request knows of the one before
                headers={"Accept-Encoding": "identity"},  # what is packed small can be large unpacked
            )
        except (httpx2.InvalidURL, ValueError, ImportError, OSError) as error:
            problem = type(error).__name__  # its words may hold a proxy's password
        named = ", ".join(name for name in _VARIABLES if name in os.environ or name.lower() in os.environ)
        raise ReaderRefused(
            f"no connection can be opened with the proxy and certificates of the environment ({problem}). "
            f"Look at {named or 'its variables'}"
        )


class _Auth(httpx2.Auth):
    """Adds the credentials at the last moment, so that they stand in no frame and in no client."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        self._credentials.add_to(request.headers)
        yield request


def is_loopback(base_url: str) -> bool:
    """Return whether an address is this machine's own."""
    host = (urlsplit(base_url).hostname or "").removesuffix(".")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified  # 0.0.0.0: what a server was told to listen on

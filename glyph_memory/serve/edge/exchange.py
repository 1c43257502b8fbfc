"""`Exchange`: one request and its answer, as the guard sees them go by: how long the body is, what was answered.

Knows ASGI's messages; never looks into a body.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PIECE_S = 60.0
"""How long a piece of a body may take; a client that sends a byte now and then holds one of its own places."""
_LOGGED_BYTES = 1 << 20
_PLAIN = re.compile(rb"(?:application/json|text/event-stream|text/plain)[ \t]*(?:;[^,]*)?", re.IGNORECASE)
"""Kinds that browsers never run. Of several in one header they would take the last."""
_SANDBOX = [(b"content-security-policy", b"sandbox"), (b"x-content-type-options", b"nosniff")]
"""Added to an upstream's web pages: its scripts must not run under this server's name."""


class BodyTooLarge(Exception):
    """A body went beyond the limit while it came."""


class BodyTooSlow(Exception):
    """The next piece of a body did not come."""


class Exchange:
    """One request and its answer.

    Args:
        scope: The request's.
        receive: ASGI's.
        send: ASGI's.
        most_bytes: The largest body that is taken.
        keeps_body: Whether its beginning is kept, for the log.
        is_own: Whether this server answers itself, and no upstream.
    """

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        most_bytes: int,
        keeps_body: bool = False,
        is_own: bool = False,
    ) -> None:
        self._scope, self._receive, self._send, self._most_bytes = scope, receive, send, most_bytes
        self._is_own = is_own
        self._came = 0
        self._kept = _LOGGED_BYTES if keeps_body else 0
        self.body = b""
        """The beginning of the body, where it is kept."""
        self._is_whole = False
        self.status = 0
        """What was answered; 0 before that."""
        self.is_refused = False
        """Whether the answer was one of our own."""
        self.problem: tuple[int, str] | None = None
        """A status and a sentence, where the body was too large or too slow."""

    @property
    def has_begun(self) -> bool:
        """Whether the answer has begun: its status cannot be changed any more."""
        return self.status > 0

    async def receive(self) -> Message:
        """Return the body's next piece, counted.

        Raises:
            BodyTooLarge: There is more than is taken.
            BodyTooSlow: It does not come.
        """
        if self.problem is not None:
            raise BodyTooLarge
        if self._is_whole:  # whoever asks now waits for the client to leave
            return await self._receive()
        try:
            async with asyncio.timeout(_PIECE_S):
                message = await self._receive()
        except TimeoutError:
            self.problem = 408, f"The body did not go on for {_PIECE_S:.0f} s. Send it again."
            raise BodyTooSlow from None
        if message["type"] != "http.request":
            return message
        piece = message.get("body", b"")
        self._came += len(piece)
        self.body += piece[: self._kept - len(self.body)]
        self._is_whole = not message.get("more_body", False)
        if self._came > self._most_bytes:
            self.problem = 413, describe_too_large(self._most_bytes)
            raise BodyTooLarge
        return message

    async def send(self, message: Message) -> None:
        """Send a piece of the application's answer; nothing where its body was refused meanwhile."""
        if self.problem is None or self.has_begun:
            await self._pass_on(message)

    async def refuse(self, answer: ASGIApp) -> None:
        """Send an answer of our own, in the place of the application's."""
        self.is_refused = True
        await answer(self._scope, self._receive, self._pass_on)

    async def _pass_on(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": self._choose_headers(message.get("headers", ()))}
        await self._send(message)

    def _choose_headers(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        chosen = [
            (name, value) for name, value in headers if not name.lower().startswith(b"access-control-")
        ]  # which sites may ask is said by this server alone
        kinds = [value for name, value in chosen if name.lower() == b"content-type"]
        is_plain = bool(kinds) and all(map(_PLAIN.fullmatch, kinds))  # without a kind, browsers guess
        if not self._is_own and not is_plain:
            chosen += _SANDBOX
        return chosen


def describe_too_large(most_bytes: int) -> str:
    """Return the sentence for a body that is too large."""
    return (
        f"The body has more than {most_bytes:,} bytes, which is what this server takes. Send less, or have it "
        "started with a larger --max-body."
    )

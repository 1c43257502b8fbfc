"""`PatientProtocol`: HTTP/1.1 on a connection, by uvicorn and h11, with an end to its patience.

Always h11, whatever else is installed: it refuses requests with two lengths, or whose end is in doubt, and so does the
same everywhere. A client that begins a request and never ends its headers is cut off. Knows connections.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_HEAD_S = 20.0
"""How long a request's headers may take."""


class PatientProtocol(H11Protocol):
    """One connection of a client."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Read on; stop to wait where the headers are there."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._waiting is None:
            self._wait_for_head()

    def on_response_complete(self) -> None:
        """Wait as for any further request: uvicorn's own timer ends when its first byte comes."""
        self._stop_waiting()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Begin to end: who watches is sent away, or would keep the server up until its patience ends."""
        app: Any = self.config.loaded_app
        recorder = getattr(getattr(app, "state", None), "recorder", None)
        if recorder is not None:
            recorder.close()
        super().shutdown()

    def _wait_for_head(self) -> None:
        self._waiting = self.loop.call_later(_HEAD_S, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

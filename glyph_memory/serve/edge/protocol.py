"""`PatientProtocol`: HTTP/1.1 on a connection, by uvicorn and h11, with an end to its patience.

Always h11, whatever else is installed: it refuses requests with two lengths, or whose end is in doubt, and so does the
same everywhere. A client that begins a request and never ends its headers is cut off, and so is one that goes on with
the body of a request which was answered long ago. Knows connections.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_HEAD_S = 20.0
"""How long a request's headers may take."""
_REST_S = 20.0
"""How long the rest of a body may take to come after its answer, which is read only so that the client reads that."""


class PatientProtocol(H11Protocol):
    """One connection of a client."""

    _waiting: asyncio.TimerHandle | None = None
    _waits_for_rest = False

    @property
    def _is_answered_early(self) -> bool:
        """Whether the answer was sent, and the body still comes."""
        return self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait(_HEAD_S)

    def data_received(self, data: bytes) -> None:
        """Read on; stop to wait where the headers are there."""
        super().data_received(data)
        if self._is_answered_early:
            return  # its time runs
        if self.conn.their_state is not h11.IDLE or self._waits_for_rest:
            self._stop_waiting()
        elif self._waiting is None:
            self._wait(_HEAD_S)

    def on_response_complete(self) -> None:
        """Wait as for any further request: uvicorn's own timer ends when its first byte comes."""
        self._stop_waiting()
        super().on_response_complete()
        if self._is_answered_early:
            self._wait(_REST_S)
            self._waits_for_rest = True

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

    def _unsupported_upgrade_warning(self) -> None:
        """Keep the log still: who asks for another protocol is answered in this one."""

    def _wait(self, seconds: float) -> None:
        self._waiting = self.loop.call_later(seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
            self._waits_for_rest = False

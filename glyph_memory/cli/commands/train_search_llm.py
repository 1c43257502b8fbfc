"""The language model that proposes styles to `glyph-memory train search`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from glyph_memory.cli import terminal
from glyph_memory.cli.server import Server
from glyph_memory.cli.slow_replies import SLOW_S, SlowReplyNote
from glyph_memory.errors import ReaderRefused
from glyph_memory.readers import OpenAIReader, Reader

_TOKENS = 4_096
"""The longest reply, thinking included."""


@contextmanager
def open_llm(server: Server) -> Iterator[Reader | None]:
    """Open the language model; one that is down now may be there later, so nothing is asked of it yet.

    Raises:
        ReaderRefused: A model is named, and no server.
    """
    if server.url is None:
        if server.model is not None:
            raise ReaderRefused("--llm-model is for a server, and none is given; name it with --llm-server")
        yield None
        return
    with OpenAIReader(
        server.url, model=server.model, api_key=server.api_key or None, max_tokens=_TOKENS,
        timeout_s=server.timeout_s,
    ) as reader:  # fmt: skip
        yield SlowReplyNote(
            reader,
            terminal.print_note,
            "Still waiting for the language model's styles; Ctrl-C ends the search, and no answer is lost.",
            after_s=SLOW_S,
        )

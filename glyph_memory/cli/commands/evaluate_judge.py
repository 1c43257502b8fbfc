"""Who judges answers, as it was typed: a model on a server, or nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from glyph_memory.cli.server import Server
from glyph_memory.errors import ReaderRefused
from glyph_memory.readers import OpenAIReader, Reader, find_served_model

_MAX_TOKENS = 1_024
"""The longest verdict, thinking included."""


@contextmanager
def open_judge(server: Server) -> Iterator[tuple[Reader | None, str]]:
    """Open the judge, and tell what its model is called; nobody where no server is named.

    Raises:
        ReaderError: The server is not there: then nothing is begun.
        ReaderRefused: Something is typed for a judge, and no server.
    """
    if server.url is None:
        if server.model is not None:
            raise ReaderRefused(
                "--judge-model is for a judge, and none is given; name its server with --judge-server"
            )
        yield None, ""
        return
    key = server.api_key or None
    name = server.model or find_served_model(server.url, api_key=key).model
    with OpenAIReader(
        server.url, model=name, api_key=key, max_tokens=_MAX_TOKENS, timeout_s=server.timeout_s
    ) as reader:
        yield reader, name or "a model without a name"

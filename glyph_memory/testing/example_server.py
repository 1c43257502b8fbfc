"""`open_server`: the server of examples and documentation, a real one where one is named, else a fake one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from glyph_memory.testing.script import Answerer
from glyph_memory.testing.server import FakeVLMServer
from glyph_memory.tokens import ModelProfile


@dataclass(frozen=True, kw_only=True, slots=True)
class ExampleServer:
    """A server for a client to connect to: a real one or a fake one."""

    base_url: str
    """Its address, `/v1` included."""
    model: str
    """The name of the model that it serves."""
    fake: FakeVLMServer | None = None
    """The server itself, if it is a fake one."""


@contextmanager
def open_server(*, answer: Answerer | None = None) -> Iterator[ExampleServer]:
    """Return the server that `GLYPH_BASE_URL` names, with the model `GLYPH_MODEL`; else a fake one.

    Args:
        answer: What a fake server says to a request.

    Example:
        >>> with open_server(answer=lambda request: "yes") as server:
        ...     server.model
        'glyph'
    """
    base_url, model = os.environ.get("GLYPH_BASE_URL"), os.environ.get("GLYPH_MODEL", "glyph")
    if base_url:
        yield ExampleServer(base_url=base_url, model=model)
        return
    profile = ModelProfile.from_name("glyph")
    with FakeVLMServer(
        answer=answer,
        model=model,
        image_tokens=profile.image_tokens,
        text_tokens=profile.text_counter.count,
    ) as fake:
        yield ExampleServer(base_url=fake.base_url, model=model, fake=fake)

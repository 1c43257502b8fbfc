"""`served`: a real server where one is named, a fake one elsewhere; for examples that run anywhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from glyph_memory.testing.script import Answerer
from glyph_memory.testing.server import FakeVLMServer
from glyph_memory.tokens import ModelProfile


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """A server to point a client at."""

    base_url: str
    """Its address, `/v1` included."""
    model: str
    """The name of the model that it serves."""
    fake: FakeVLMServer | None = None
    """The server itself, if it is a fake one."""


@contextmanager
def served(*, answer: Answerer | None = None) -> Iterator[Served]:
    """Give the server that `GLYPH_BASE_URL` names, with its model `GLYPH_MODEL`; else a fake one that counts as Glyph.

    Args:
        answer: What a fake server says to a request.

    Example:
        >>> with served(answer=lambda request: "yes") as server:
        ...     server.model
        'glyph'
    """
    base_url, model = os.environ.get("GLYPH_BASE_URL"), os.environ.get("GLYPH_MODEL", "glyph")
    if base_url:
        yield Served(base_url=base_url, model=model)
        return
    profile = ModelProfile.named("glyph")
    with FakeVLMServer(
        answer=answer,
        model=model,
        image_tokens=profile.image_tokens,
        text_tokens=profile.text_counter.count,
    ) as fake:
        yield Served(base_url=fake.base_url, model=model, fake=fake)

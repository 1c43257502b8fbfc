"""What the readers' tests share: pictures, contexts, and one way to call sync and async alike."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable

import pytest
from PIL import Image

from glyph_memory.context import Context, ImagePart, Message
from glyph_memory.readers import OpenAIReader, Reading, ReadingDelta


@pytest.fixture(params=["read", "aread"])
def ask(request: pytest.FixtureRequest) -> Callable[[OpenAIReader, Context], Reading]:
    """Read a context, once blocking and once awaiting."""
    return _read if request.param == "read" else lambda reader, context: asyncio.run(_aread(reader, context))


@pytest.fixture(params=["stream", "astream"])
def listen(request: pytest.FixtureRequest) -> Callable[[OpenAIReader, Context], list[ReadingDelta]]:
    """Stream a reading to its end, once blocking and once awaiting."""
    return (
        _stream
        if request.param == "stream"
        else lambda reader, context: asyncio.run(_astream(reader, context))
    )


@pytest.fixture
def picture() -> Callable[..., ImagePart]:
    """Make a picture of one grey; another grey is another picture."""

    def make(grey: int = 255, *, size: tuple[int, int] = (56, 84), uuid: str | None = None) -> ImagePart:
        file = io.BytesIO()
        Image.new("L", size, grey).save(file, "PNG")
        return ImagePart(data=file.getvalue(), size=size, uuid=uuid)

    return make


@pytest.fixture
def about() -> Callable[..., Context]:
    """Ask a question about pictures, in one user message."""

    def make(*pictures: ImagePart, question: str = "When did it start?") -> Context:
        return Context(messages=(Message(role="user", parts=(*pictures, question)),))

    return make


def _read(reader: OpenAIReader, context: Context) -> Reading:
    with reader:
        return reader.read(context)


async def _aread(reader: OpenAIReader, context: Context) -> Reading:
    async with reader:
        return await reader.aread(context)


def _stream(reader: OpenAIReader, context: Context) -> list[ReadingDelta]:
    with reader:
        return list(reader.stream(context))


async def _astream(reader: OpenAIReader, context: Context) -> list[ReadingDelta]:
    async with reader:
        return [delta async for delta in reader.astream(context)]

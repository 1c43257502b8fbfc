"""What the fake server was asked: `FakeRequest`, its pictures, and `Refusal`, what it says instead of an answer.

Knows values; knows nothing about caches, dialects and HTTP.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

CHAT_PATH = "/v1/chat/completions"
"""Where chats are asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FakeImage:
    """An image as the server saw it."""

    digest: str
    """SHA-256 of the encoded file, in hex."""
    size: tuple[int, int]
    """Width and height in pixels."""
    uuid: str | None
    """The key that came with it."""
    was_sent: bool
    """Whether its data was in the request; if not, the image cache had it."""


@dataclass(frozen=True, kw_only=True)
class FakeRequest:
    """A chat request as the server understood it."""

    body: Mapping[str, Any] = field(repr=False)
    """The JSON that came."""
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    path: str = CHAT_PATH
    """Where it was asked for, without the query."""
    number: int = 0
    """Which of the server's requests it is, from 0."""
    messages: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    """The messages that it comes to as a chat, whatever dialect it came in."""
    texts: tuple[str, ...] = ()
    """Every text, in order."""
    images: tuple[FakeImage, ...] = ()
    """Every image, in order."""
    prompt_tokens: int = 0
    """What it costs, images and role markers included."""
    cached_tokens: int = 0
    """How many of them the prefix cache had."""
    created_cache_tokens: int = 0
    """How many of them it has from now on, and had not before."""
    image_tokens: int = 0
    """How many of them are images, without the markers around them."""

    @property
    def question(self) -> str:
        """The last text."""
        return self.texts[-1] if self.texts else ""

    @property
    def model(self) -> str | None:
        """The model that is asked for."""
        return self.body.get("model")

    @property
    def tool_names(self) -> tuple[str, ...]:
        """What the tools are called that it may call, in order."""
        return tuple(
            str(tool["name"]) for tool in _list_tools(self.body.get("tools") or ()) if "name" in tool
        )


def _list_tools(tools: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield descriptions of tools: chats keep them one level down, and so do the namespaces of Responses."""
    for tool in tools:
        if tool.get("type") == "namespace":
            yield from _list_tools(tool.get("tools") or ())
        else:
            yield tool.get("function") or tool


class Refusal(Exception):
    """An answer with an error's status, in vLLM's form."""

    def __init__(
        self, status: int, message: str, *, kind: str = "BadRequestError", param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": status}}


def decode_image(url: str, *, uuid: str | None) -> FakeImage:
    """Return the picture of a data URL.

    Raises:
        Refusal: It is no picture, in vLLM's words.
    """
    try:
        data = base64.b64decode(url.partition("base64,")[2], validate=True)
    except binascii.Error as error:
        raise Refusal(400, "Non-base64 digit found") from error
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            size = image.size
    except (OSError, Image.DecompressionBombError) as error:
        said = re.sub(r" at 0x\w+", "", str(error))
        raise Refusal(400, f"Failed to load image: {said}") from error
    return FakeImage(digest=hashlib.sha256(data).hexdigest(), size=size, uuid=uuid, was_sent=True)

"""What the fake server does with a chat request, without HTTP: count it, look up caches, take or refuse it.

Modelled on vLLM 0.33: its sentences word for word, its prefix cache in blocks of 16 tokens, its image cache
by uuid.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

BLOCK_TOKENS = 16
"""vLLM's default block of its prefix cache."""


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
    texts: tuple[str, ...] = ()
    """Every text, in order."""
    images: tuple[FakeImage, ...] = ()
    """Every image, in order."""
    prompt_tokens: int = 0
    """What it costs, images and role markers included."""
    cached_tokens: int = 0
    """How many of them the prefix cache had."""

    @property
    def question(self) -> str:
        """The last text."""
        return self.texts[-1] if self.texts else ""


class Refusal(Exception):
    """An answer with an error's status, in vLLM's form."""

    def __init__(
        self, status: int, message: str, *, kind: str = "BadRequestError", param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": status}}


@dataclass(kw_only=True)
class FakeEngine:
    """The server's limits and caches. Safe to share among threads."""

    model: str
    window_tokens: int
    max_images: int
    takes_images: bool
    image_cache: int
    """How many images the cache by uuid holds."""
    image_tokens: Callable[[tuple[int, int]], int]
    text_tokens: Callable[[str], int]
    _images: OrderedDict[str, FakeImage] = field(default_factory=OrderedDict)
    _blocks: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def process_request(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> FakeRequest:
        """Count a request and look up what the caches have of it.

        Raises:
            Refusal: It is refused, as vLLM would.
        """
        if body.get("model", self.model) != self.model:
            raise Refusal(
                404, f"The model `{body['model']}` does not exist.", kind="NotFoundError", param="model"
            )
        with self._lock:
            texts, images, tokens = self._read(body)
            self._check_window(len(tokens), wanted=body.get("max_tokens"), has_images=bool(images))
            cached = self._look_up(tokens, salt=str(body.get("cache_salt", "")))
        return FakeRequest(
            body=body,
            headers=headers,
            texts=tuple(texts),
            images=tuple(images),
            prompt_tokens=len(tokens),
            cached_tokens=cached,
        )

    def forget(self) -> None:
        """Empty both caches, as a restart does."""
        with self._lock:
            self._images.clear()
            self._blocks.clear()

    def _read(self, body: Mapping[str, Any]) -> tuple[list[str], list[FakeImage], list[str]]:
        """Return the texts, the images, and a key for each token, equal where vLLM's cache would match."""
        parts = [part for message in body["messages"] for part in _parts(message)]
        count = sum(part["type"] == "image_url" for part in parts)
        self._check_images(count)
        texts: list[str] = []
        images: list[FakeImage] = []
        tokens: list[str] = []
        for part in parts:
            if part["type"] == "role":
                tokens.append(f"role {part['role']}")
            elif part["type"] == "call":
                tokens += _pieces(part["text"], self.text_tokens(part["text"]))
            elif part["type"] == "text":
                texts.append(part["text"])
                tokens += _pieces(part["text"], self.text_tokens(part["text"]))
            else:
                image = self._image(part, index=len(images))
                images.append(image)
                key = image.uuid or image.digest
                tokens += [f"image {key} {n}" for n in range(self.image_tokens(image.size))]
        return texts, images, [*tokens, "role assistant"]

    def _image(self, part: Mapping[str, Any], *, index: int) -> FakeImage:
        uuid, source = part.get("uuid"), part.get("image_url")
        if uuid is not None and uuid in self._images:
            # vLLM trusts the uuid and never looks at the data again, even where other data came with it.
            self._images.move_to_end(uuid)
            kept = self._images[uuid]
            return FakeImage(digest=kept.digest, size=kept.size, uuid=uuid, was_sent=source is not None)
        if source is None:
            raise Refusal(400, f"Cache miss for image at index {index} but data is not provided.")
        image = _decode(str(source["url"]), uuid=uuid)
        if uuid:
            self._images[uuid] = image
            while len(self._images) > self.image_cache:
                self._images.popitem(last=False)
        return image

    def _check_images(self, count: int) -> None:
        if count and not self.takes_images:
            raise Refusal(400, f"{self.model} is not a multimodal model")
        if count > self.max_images:
            raise Refusal(
                400,
                f"At most {self.max_images} image(s) may be provided in one prompt. "
                "Set `--limit-mm-per-prompt` to increase this limit. (parameter=image)",
                param="image",
            )

    def _check_window(self, prompt: int, *, wanted: int | None, has_images: bool) -> None:
        window, output = self.window_tokens, wanted or 0
        if prompt > window and has_images:
            raise Refusal(
                400,
                f"The decoder prompt (length {prompt}) is longer than the maximum model length of {window}. "
                "Make sure that `max_model_len` is no smaller than the number of text tokens plus multimodal "
                "tokens. For image inputs, the number of image tokens depends on the number of images, and "
                "possibly their aspect ratios as well.",
            )
        if prompt + output > window:
            raise Refusal(
                400,
                f"This model's maximum context length is {window} tokens. However, you requested {output} "
                f"output tokens and your prompt contains {prompt} input tokens, for a total of "
                f"{prompt + output} tokens. "
                "Please reduce the length of the input prompt or the number of requested output tokens. "
                f"(parameter=input_tokens, value={prompt})",
                param="input_tokens",
            )

    def _look_up(self, tokens: list[str], *, salt: str) -> int:
        """Count the prompt's tokens that lie in cached blocks at its beginning, then cache all its blocks."""
        chain = hashlib.sha256(salt.encode())
        blocks: list[str] = []
        for start in range(0, len(tokens) - BLOCK_TOKENS + 1, BLOCK_TOKENS):
            chain.update("\n".join(tokens[start : start + BLOCK_TOKENS]).encode("utf-8", "replace"))
            blocks.append(chain.hexdigest())
        most = (len(tokens) - 1) // BLOCK_TOKENS  # the last token is always computed
        hits = next((n for n, block in enumerate(blocks) if block not in self._blocks), len(blocks))
        self._blocks.update(blocks)
        return min(hits, most) * BLOCK_TOKENS


def glm_image_tokens(size: tuple[int, int]) -> int:
    """Count an image's tokens roughly as GLM-4.1V does: cells of 28 pixels, and two tokens around them."""
    width, height = size
    return max(1, round(width / 28)) * max(1, round(height / 28)) + 2


def estimate_text_tokens(text: str) -> int:
    """Return a text's tokens by a rule of thumb: four characters each."""
    return -(-len(text) // 4)


def _parts(message: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield {"type": "role", "role": message["role"]}
    content = message.get("content")
    if isinstance(content, str):
        yield {"type": "text", "text": content}
    elif content is not None:
        yield from content
    for call in message.get("tool_calls") or ():
        yield {"type": "call", "text": json.dumps(call.get("function"), sort_keys=True)}


def _pieces(text: str, count: int) -> list[str]:
    return [f"text {text[len(text) * n // count : len(text) * (n + 1) // count]}" for n in range(count)]


def _decode(url: str, *, uuid: str | None) -> FakeImage:
    try:
        data = base64.b64decode(url.partition("base64,")[2], validate=True)
        size = Image.open(io.BytesIO(data)).size
    except (binascii.Error, OSError) as error:
        raise Refusal(400, f"Failed to load image: {error}") from error
    return FakeImage(digest=hashlib.sha256(data).hexdigest(), size=size, uuid=uuid, was_sent=True)

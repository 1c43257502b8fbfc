"""What the fake server does with a chat request, without HTTP: count it, look up caches, take or refuse it.

Modelled on vLLM 0.32: its sentences word for word, its prefix cache in blocks, its image cache by uuid. A test compares
it with what the real one answered.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from glyph_memory.testing.requests import CHAT_PATH, FakeImage, FakeRequest, Refusal, decode_image

BLOCK_TOKENS = 16
"""vLLM's default block of its prefix cache on a GPU; on a CPU it is 128."""
_WRAP_TOKENS = 2
"""The markers around an image, which vLLM counts as text."""
_PARTS = (
    "audio_embeds, audio_url, image_embeds, image_pil, image_url, input_audio, input_image, input_text, output_text, "
    "prompt_embeds, refusal, text, thinking, tool_reference, video_embeds, video_url"
)


@dataclass(kw_only=True)
class FakeEngine:
    """The server's limits and caches. Safe to share among threads."""

    models: tuple[str, ...]
    """The names it serves."""
    window_tokens: int
    max_images: int
    takes_images: bool
    image_cache: int
    """How many images the cache by uuid holds."""
    image_tokens: Callable[[tuple[int, int]], int]
    text_tokens: Callable[[str], int]
    block_tokens: int = BLOCK_TOKENS
    _images: OrderedDict[str, FakeImage] = field(default_factory=OrderedDict)
    _blocks: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def process_request(
        self,
        body: Mapping[str, Any],
        headers: Mapping[str, str],
        *,
        chat: Mapping[str, Any] | None = None,
        path: str = CHAT_PATH,
    ) -> FakeRequest:
        """Count a request and look up what the caches have of it.

        Args:
            body: The JSON that came.
            headers: Names in lower case.
            chat: The chat request that it stands for, where it is spelled another way.
            path: Where it was asked for.

        Raises:
            Refusal: It is refused, as vLLM would.
        """
        chat = body if chat is None else chat
        self._check_body(chat)
        with self._lock:
            texts, images, tokens = self._read(chat)
            self._check_window(len(tokens), wanted=chat.get("max_tokens"), has_images=bool(images))
            cached, created = self._look_up(tokens, salt=str(chat.get("cache_salt", "")))
        return FakeRequest(
            body=body,
            headers=headers,
            path=path,
            messages=tuple(chat["messages"]),
            texts=tuple(texts),
            images=tuple(images),
            prompt_tokens=len(tokens),
            cached_tokens=cached,
            created_cache_tokens=created,
            image_tokens=sum(self.image_tokens(image.size) - _WRAP_TOKENS for image in images),
        )

    def count_prompt(self, body: Mapping[str, Any]) -> int:
        """Count a chat's tokens, and cache none of them; as `/tokenize` does.

        Raises:
            Refusal: It is refused, as vLLM would.
        """
        self._check_body(body)
        with self._lock:
            return len(self._read(body)[2])

    def forget(self) -> None:
        """Empty both caches, as a restart does."""
        with self._lock:
            self._images.clear()
            self._blocks.clear()

    def _check_body(self, body: Mapping[str, Any]) -> None:
        if "messages" not in body:
            told = "{'type': 'missing', 'loc': 'body.messages', 'msg': 'Field required', 'input': "
            told = f"1 validation error:\n  {told}'<dict of {len(body)} items>'}}"
            raise Refusal(400, told, kind="Bad Request", param="body.messages")
        if body.get("model", self.models[0]) not in self.models:
            said = f"The model `{body['model']}` does not exist. Valid aliases: {', '.join(self.models)}."
            raise Refusal(404, said, kind="NotFoundError", param="model")
        if body.get("stream_options") and not body.get("stream"):
            said = "Stream options can only be defined when `stream=True`. (parameter=stream_options)"
            raise Refusal(400, said, param="stream_options")
        if not body["messages"]:
            raise Refusal(
                400, "Cannot apply chat template to an empty conversation. Provide at least one message."
            )
        if (heat := body.get("temperature") or 0) < 0:
            said = (
                f"temperature must be non-negative, got {heat:.1f}. (parameter=temperature, value={heat:.1f})"
            )
            raise Refusal(400, said, param="temperature")

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
            elif part["type"] == "image_url":
                image = self._image(part, index=len(images))
                images.append(image)
                # Requests with uuids and without share nothing, even where the image is the same.
                key = f"data {image.digest}" if image.uuid is None else f"uuid {image.uuid}"
                tokens += [f"image {key} {n}" for n in range(self.image_tokens(image.size))]
            else:
                said = f"Unsupported chat content part type: {part['type']!r}. Supported types: {_PARTS}."
                raise Refusal(400, f"{said} (parameter=type, value={part['type']})", param="type")
        return texts, images, [*tokens, "role assistant"]

    def _image(self, part: Mapping[str, Any], *, index: int) -> FakeImage:
        uuid, source = part.get("uuid"), part.get("image_url")
        if uuid is not None and uuid in self._images:
            # vLLM trusts the uuid and never looks at the data again, even where other data came with it.
            self._images.move_to_end(uuid)
            kept = self._images[uuid]
            return FakeImage(digest=kept.digest, size=kept.size, uuid=uuid, was_sent=source is not None)
        if source is None and uuid is None:
            raise Refusal(400, _NO_SOURCE)
        if source is None:
            raise Refusal(400, f"Cache miss for image at index {index} but data is not provided.")
        image = decode_image(str(source["url"]), uuid=uuid)
        if uuid is not None:
            self._images[uuid] = image
            while len(self._images) > self.image_cache:
                self._images.popitem(last=False)
        return image

    def _check_images(self, count: int) -> None:
        if count and not self.takes_images:
            raise Refusal(400, f"{self.models[0]} is not a multimodal model")
        if count > self.max_images:
            said = f"At most {self.max_images} image(s) may be provided in one prompt. (parameter=image)"
            raise Refusal(400, said, param="image")

    def _check_window(self, prompt: int, *, wanted: int | None, has_images: bool) -> None:
        """Refuse a prompt beyond the window; an answer that would go beyond it is cut there by vLLM, not refused."""
        window = self.window_tokens
        if wanted is not None and wanted > window:
            said = f"max_tokens={wanted} cannot be greater than max_model_len={window}. Please request fewer"
            raise Refusal(
                400, f"{said} output tokens. (parameter=max_tokens, value={wanted})", param="max_tokens"
            )
        if prompt > window and has_images:
            raise Refusal(400, f"Input length ({prompt}) exceeds model's maximum context length ({window}).")
        if prompt > window:  # a text is tokenized up to the window, and so is never counted to its end
            raise Refusal(
                400,
                f"This model's maximum context length is {window} tokens. However, your prompt contains at least "
                f"{window + 1} input tokens, which exceeds this limit even without any output tokens. "
                f"Please reduce the length of the input prompt. (parameter=input_tokens, value={window + 1})",
                param="input_tokens",
            )
        if prompt == window or wanted == 0:
            said = "max_tokens must be at least 1, got 0. (parameter=max_tokens, value=0)"
            raise Refusal(400, said, param="max_tokens")

    def _look_up(self, tokens: list[str], *, salt: str) -> tuple[int, int]:
        """Return how many tokens lie in cached blocks at the beginning, and how many in new ones; cache all blocks."""
        chain, size = hashlib.sha256(salt.encode()), self.block_tokens
        blocks: list[str] = []
        for start in range(0, len(tokens) - size + 1, size):
            chain.update("\n".join(tokens[start : start + size]).encode("utf-8", "replace"))
            blocks.append(chain.hexdigest())
        most = (len(tokens) - 1) // size  # the last token is always computed
        hits = next((n for n, block in enumerate(blocks) if block not in self._blocks), len(blocks))
        self._blocks.update(blocks)
        return min(hits, most) * size, (len(blocks) - hits) * size


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


_NO_SOURCE = (
    "1 validation error for ChatCompletionContentPartImageParam\nimage_url\n  Input should be a valid dictionary "
    "[type=dict_type, input_value=None, input_type=NoneType]\n"
    "    For further information visit https://errors.pydantic.dev/2.14/v/dict_type"
)

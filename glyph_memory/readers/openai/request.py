"""Spell a context as a chat request, and remember which images a server has already seen.

Knows the OpenAI wire format; knows nothing about HTTP.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from glyph_memory.context import Context, ImagePart
from glyph_memory.errors import ReaderOverflow
from glyph_memory.locks import ForkSafeLock
from glyph_memory.readers.defusing import defuse_context

ImageUuids = Literal["auto", "always", "never"]
"""Whether images are sent with keys for a server's cache; see `OpenAIReader`."""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the answer is to be drawn; `None` is not sent at all, since some servers refuse unknown fields."""

    max_tokens: int | None = None
    """Most tokens to write, reasoning included."""
    temperature: float | None = 0.0
    """0 by default: a memory is read, not improvised on."""
    seed: int | None = None
    """For samplers that take one."""
    extra_body: Mapping[str, object] = field(default_factory=dict)
    """Any other field of the request, by name: `cache_salt`, `stop_token_ids`, `chat_template_kwargs`, …"""

    def fields(self) -> dict[str, object]:
        """Return the request's fields; `extra_body` overrides the others."""
        own = {"max_tokens": self.max_tokens, "temperature": self.temperature, "seed": self.seed}
        return {name: value for name, value in own.items() if value is not None} | dict(self.extra_body)

    def with_one_token(self) -> Sampling:
        """Return the same for an answer of one token, whatever `extra_body` says about its length and number."""
        lengths = {"max_tokens": 1, "max_completion_tokens": 1, "n": 1, "best_of": 1}
        rest = {name: value for name, value in self.extra_body.items() if name != "min_tokens"}
        known = {name: value for name, value in lengths.items() if name in rest}
        renamed = "max_completion_tokens" in rest and "max_tokens" not in rest
        return replace(self, max_tokens=None if renamed else 1, extra_body=rest | known)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What may be sent; a request beyond it is not sent."""

    max_images: int | None = None
    """Most images in one request."""
    max_request_bytes: int | None = None
    """Most bytes of one request's body."""


@dataclass(frozen=True, kw_only=True)
class ChatRequest:
    """A request, ready to be sent."""

    body: bytes = field(repr=False)
    """JSON, UTF-8."""
    uuids: tuple[str, ...] = ()
    """The uuids that stand in it, with their image's data or without."""
    omitted: tuple[str, ...] = ()
    """Those of them whose image is not in it, because the server should know it."""


class SentImages:
    """The uuids of the latest `capacity` images that a server was sent. Safe to share among threads."""

    def __init__(self, *, capacity: int = 4096) -> None:
        self._capacity = capacity
        self._uuids: OrderedDict[str, None] = OrderedDict()
        self._lock = ForkSafeLock(is_brief=True)

    def __len__(self) -> int:
        return len(self._uuids)

    def find_known(self, uuids: Iterable[str]) -> frozenset[str]:
        """Return those of the uuids that were sent."""
        with self._lock:
            return frozenset(uuid for uuid in uuids if uuid in self._uuids)

    def remember(self, uuids: Iterable[str]) -> None:
        """Record that the server took a request with these uuids."""
        with self._lock:
            for uuid in uuids:
                self._uuids[uuid] = None
                self._uuids.move_to_end(uuid)
            while len(self._uuids) > self._capacity:
                self._uuids.popitem(last=False)

    def forget(self, uuids: Iterable[str]) -> None:
        """Record that the server no longer knows one of these uuids."""
        with self._lock:
            for uuid in uuids:
                self._uuids.pop(uuid, None)


def build_request(
    context: Context,
    *,
    model: str | None,
    sampling: Sampling,
    limits: Limits,
    special_tokens: Sequence[str] = (),
    takes_uuids: bool = False,
    known_uuids: frozenset[str] = frozenset(),
    stream: bool = False,
) -> ChatRequest:
    """Build the body of a POST to `/chat/completions` from a context.

    Args:
        context: What to send; special tokens in its text are broken, see `defuse`.
        model: The model's name; left out where it is not known, which servers of one model take.
        sampling: How the answer is to be drawn.
        limits: What may be sent.
        special_tokens: The model's own, in addition to those that `defuse` knows.
        takes_uuids: Whether the server knows what an image's uuid is.
        known_uuids: Images whose data the server has: they are sent by uuid alone.
        stream: Whether the answer is to come piece by piece.

    Raises:
        ReaderOverflow: The request is beyond a limit; the message says by how much.
    """
    count = len(context.images) + sum(attached.is_image for attached in context.attachments)
    most = limits.max_images
    if most is not None and count > most:
        raise ReaderOverflow(
            f"the context has {count} images, {count - most} more than max_images={most}. Send fewer"
        )
    context = defuse_context(context, special_tokens)
    messages = context.to_openai()
    uuids, omitted = _prune_uuids(_list_images(context, messages), takes_uuids=takes_uuids, known=known_uuids)
    fields: dict[str, object] = {"model": model} if model else {}
    fields |= {"messages": messages, "stream": stream}
    if stream:
        fields["stream_options"] = {"include_usage": True}  # vLLM counts a stream's tokens only when asked
    body = json.dumps(fields | sampling.fields(), ensure_ascii=False, separators=(",", ":")).encode()
    size, largest = len(body), limits.max_request_bytes
    if largest is not None and size > largest:
        raise ReaderOverflow(
            f"the request has {size} bytes, {size - largest} more than max_request_bytes={largest}. "
            "Send fewer or smaller pages"
        )
    return ChatRequest(body=body, uuids=uuids, omitted=omitted)


def _list_images(context: Context, messages: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the images among spelled parts; attachments are sent as they are, whatever stands in them."""
    for message, spelled in zip(context.messages, messages, strict=True):
        if not message.is_text:
            parts = zip(message.parts, spelled["content"], strict=True)
            yield from (written for part, written in parts if isinstance(part, ImagePart))


def _prune_uuids(
    images: Iterable[dict[str, Any]], *, takes_uuids: bool, known: frozenset[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Remove uuids and images that need not be sent; return the uuids left, and those without an image."""
    uuids: list[str] = []
    omitted: list[str] = []
    for part in images:
        if "uuid" not in part:
            continue
        if not takes_uuids:
            del part["uuid"]
            continue
        uuids.append(part["uuid"])
        if part["uuid"] in known:
            part["image_url"] = None
            omitted.append(part["uuid"])
    return tuple(uuids), tuple(omitted)

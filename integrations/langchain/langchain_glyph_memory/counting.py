"""`glyph_token_counter`: counts messages as the model does, pictures by their pixels.

LangChain's own counter charges every picture the same and counts the base64 of some as text. Knows messages and a
model's profile; knows nothing about agents.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from langchain_core.messages import BaseMessage, MessageLikeRepresentation
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from PIL import Image

from glyph_memory import Binder, ModelProfile, ProfileError, ReuseCache, warn
from langchain_glyph_memory.inputs import read_messages
from langchain_glyph_memory.messages import key_of, turn_of

UNSEEN = (1024, 1024)
"""What a picture is taken for that is not at hand, or that cannot be decoded: width and height in pixels."""
_UNCOUNTED = (
    "tokens of {name!r} cannot be counted, and count as 0: what audio, video and files elsewhere cost is known to the "
    "server alone; leave room for it"
)
_counted = ReuseCache[tuple[str, int], int](at_most=20_000)
"""Tokens of messages, by what counts them and a hash of the content, which keeps no text alive: a summarizer asks some
thirty times for the same ones."""
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")

Tool = BaseTool | Mapping[str, Any] | type | Callable[..., Any]
"""What LangChain takes for a tool."""


class TokenCounter(Protocol):
    """Counts messages, and descriptions of tools where they are given."""

    def __call__(
        self, messages: Iterable[MessageLikeRepresentation], *, tools: Sequence[Tool] | None = None
    ) -> int:
        """Return the number of tokens."""
        ...


def glyph_token_counter(profile: ModelProfile | str = "glyph") -> TokenCounter:
    """Return a counter for `trim_messages`, `SummarizationMiddleware`, `ContextEditingMiddleware` or deepagents.

    Text is counted by the profile's counter, each picture by the model's own rule from its size in pixels, in
    whatever shape of block it comes; what a chat template puts round a message is counted at its most. A picture
    that is not at hand, such as one behind an address, counts as one of 1024 × 1024 pixels, and so does each page of a
    PDF; a file of text counts as its text. Of audio, video and files that are elsewhere the tokens cannot be counted: a
    `GlyphMemoryWarning` names them.

    Args:
        profile: The model, by name or as an object.

    Raises:
        ProfileError: No such model is known.

    Example:
        >>> count = glyph_token_counter("glyph")
        >>> count([("user", "Which release was signed off?")]) < 32
        True
    """
    binder = Binder(profile)

    def count(messages: Iterable[MessageLikeRepresentation], *, tools: Sequence[Tool] | None = None) -> int:
        read = read_messages(messages)
        return sum(count_message_tokens(message, binder) for message in read) + count_tools_tokens(
            tools or (), binder
        )

    return count


def find_token_profile(name: str, given: ModelProfile | str | None) -> ModelProfile:
    """Return the profile by which a chat model's tokens are counted: the one that was given, else its name's.

    Raises:
        ProfileError: Nothing is known about the model.
    """
    if isinstance(given, ModelProfile):
        return given
    try:
        return ModelProfile.from_name(given or name)
    except ProfileError:
        if given:
            raise
        raise ProfileError(
            f"tokens of {name!r} cannot be counted: no profile has that name, and no reader that counts is loaded. "
            'Give the profile: ChatGlyph(…, profile="glyph"), or a ModelProfile'
        ) from None


def count_message_tokens(message: BaseMessage, binder: Binder) -> int:
    """Return the most tokens that a message can take in a request; a file that cannot be counted is warned of."""
    place = binder.fingerprint, hash(key_of(message))
    tokens = _counted.get(place)
    if tokens is None:
        tokens, is_whole = _count_anew(message, binder)
        if is_whole:  # else it is to be warned of again
            _counted.put(place, tokens)
    return tokens


def _count_anew(message: BaseMessage, binder: Binder) -> tuple[int, bool]:
    """Return the tokens of a message, and whether all of it could be counted."""
    turn = turn_of(message)
    pictures = sum(_picture_tokens(read_size(data) or UNSEEN, binder.profile) for data in turn.images)
    files = [binder.counts.estimate_attachment(attachment) for attachment in turn.attachments]
    for attachment, tokens in zip(turn.attachments, files, strict=True):
        if tokens is None:
            warn(_UNCOUNTED.format(name=attachment.label))
    return binder.count_message_tokens(turn) + pictures + sum(one or 0 for one in files), None not in files


def count_tools_tokens(tools: Sequence[Tool], binder: Binder) -> int:
    """Return the tokens of tools' descriptions, as the JSON that a chat template writes into the prompt."""
    return sum(binder.count(json.dumps(convert_to_openai_tool(tool), ensure_ascii=False)) for tool in tools)


def _picture_tokens(size: tuple[int, int], profile: ModelProfile) -> int:
    try:
        return profile.image_tokens(size)
    except ProfileError:  # one that the model refuses
        return profile.image_tokens(UNSEEN)


def read_size(data: bytes) -> tuple[int, int] | None:
    """Return an image's width and height from the head of its file, without decoding it; None where it has none."""
    Image.init()
    try:
        with Image.open(io.BytesIO(data), formats=[name for name in _FORMATS if name in Image.OPEN]) as image:
            return image.size
    except Exception:  # decoders of broken files raise whatever they like
        return None

"""LlamaIndex messages as turns. Knows blocks and roles; knows nothing about folding, memories or LLMs."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from io import BytesIO, IOBase
from typing import Any, Literal, Self

from llama_index.core.base.llms.types import (
    CachePoint,
    ChatMessage,
    ContentBlock,
    DocumentBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)
from llama_index.core.bridge.pydantic import Field
from llama_index.memory.glyph.attached import FileBlock, block_to_json, list_attachments
from llama_index.memory.glyph.image_data import read_picture

from glyph_memory import Attachment, ImagePart, ToolCall, Turn

ROLES: Mapping[str, Literal["system", "user", "assistant", "tool"]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "chatbot": "assistant",
    "model": "assistant",
    "tool": "tool",
    "function": "tool",
}
"""What roles are called here, by what they are called there."""


class PageImageBlock(ImageBlock):
    """A page image that carries its token cost.

    Its class survives in messages and copies of them; JSON makes it a plain `ImageBlock`. Nothing in it is a template,
    and counting it neither opens nor fetches anything.
    """

    tokens: int = Field(
        default=0, description="What it costs, as the model's own processor counts.", exclude=True
    )
    last_anchor: int = Field(
        default=0, description="The last turn that stands on a page so far; 0 where none does.", exclude=True
    )

    @classmethod
    def of(cls, part: ImagePart, *, tokens: int, last_anchor: int = 0) -> Self:
        """Make a block of an encoded page; its bytes are neither decoded nor checked."""
        data = part.base64.encode()
        return cls.model_construct(
            image=data, image_mimetype=part.media_type, tokens=tokens, last_anchor=last_anchor
        )

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Leave the image's bytes out of the `repr`, so that logs stay short."""
        length = len(self.image) if isinstance(self.image, bytes) else 0
        return [("image", f"{length:,} bytes"), ("tokens", self.tokens), ("last_anchor", self.last_anchor)]

    async def aestimate_tokens(self, *args: Any, **kwargs: Any) -> int:  # noqa: ANN401 - as the base has it
        """Return the page's token cost; the tokenizer makes no difference."""
        return self.tokens

    def estimate_tokens(self, tokenizer: Any | None = None) -> int:  # noqa: ANN401 - as the base has it
        """Return the page's token cost; the tokenizer makes no difference."""
        return self.tokens

    def resolve_image(self, as_base64: bool = False) -> IOBase:
        """Return the image; one that is base64 already is not encoded again."""
        if as_base64 and isinstance(self.image, bytes):
            return BytesIO(self.image)
        return super().resolve_image(as_base64=as_base64)

    @property
    def templatable_attributes(self) -> list[str]:
        """Nothing: bytes of a picture are no template."""
        return []


class CaptionBlock(TextBlock):
    """A line of ours above a picture, or below it. Whoever takes the message up again leaves it out."""


class CaptionedImageBlock(ImageBlock):
    """A picture with lines of ours drawn above and below it."""

    original: ImageBlock | None = Field(default=None, description="The picture as it came.", exclude=True)


def drop_captions(message: ChatMessage) -> ChatMessage:
    """Return a message without our lines round its pictures; the same object where it has none."""
    if not any(isinstance(block, CaptionBlock) for block in message.blocks):
        return message
    blocks = [
        block.original if isinstance(block, CaptionedImageBlock) and block.original else block
        for block in message.blocks
        if not isinstance(block, CaptionBlock)
    ]
    return replace_blocks(message, blocks)


# A message as a turn.


def turn_of(message: ChatMessage) -> Turn:
    """Return a message as a turn: its text in order, images as bytes, calls, and files as attachments.

    Blocks that are none of it, and files that are gone, are lines of JSON in its text. Reasoning is left out, as chat
    templates do. The message's own object is never changed.
    """
    texts: list[str] = []
    images: list[bytes] = []
    attachments: list[Attachment] = []
    for block in message.blocks:
        if isinstance(block, TextBlock):
            texts.append(block.text)
        elif isinstance(block, ImageBlock) and (data := read_picture(block)) is not None:
            images.append(data)
        elif not isinstance(block, ThinkingBlock | ToolCallBlock | CachePoint):
            files = [*list_attachments(block)]
            attachments += files
            if not files or not isinstance(block, FileBlock):
                texts.append(block_to_json(block))
    more = message.additional_kwargs
    return Turn(
        role=ROLES.get(message.role, "user"),
        text="\n".join(texts),
        name=str(more["name"]) if more.get("name") else None,
        tool_calls=list_calls(message),
        tool_call_id=str(more["tool_call_id"]) if more.get("tool_call_id") else None,
        images=tuple(images),
        attachments=tuple(attachments),
    )


def list_calls(message: ChatMessage) -> tuple[ToolCall, ...]:
    """Return a message's tool calls, from its blocks, or from `additional_kwargs` if it has none there."""
    called = tuple(
        ToolCall(
            name=block.tool_name,
            arguments=_dump_arguments(block.tool_kwargs),
            id=str(block.tool_call_id or ""),
        )
        for block in message.blocks
        if isinstance(block, ToolCallBlock)
    )
    return called or tuple(_read_old_calls(message.additional_kwargs))


def _read_old_calls(more: Mapping[str, Any]) -> Iterator[ToolCall]:
    """Yield the calls of messages made before there were blocks for calls: OpenAI's objects, or dictionaries."""
    for call in more.get("tool_calls") or ():
        function = _get_field(call, "function") or call
        name, arguments = _get_field(function, "name"), _get_field(function, "arguments")
        yield ToolCall(
            name=str(name or ""),
            arguments=_dump_arguments(arguments or {}),
            id=str(_get_field(call, "id") or ""),
        )
    if (call := more.get("function_call")) and not more.get("tool_calls"):
        yield ToolCall(
            name=str(_get_field(call, "name") or ""),
            arguments=_dump_arguments(_get_field(call, "arguments") or {}),
        )


def _get_field(held: Any, name: str) -> Any:  # noqa: ANN401 - whatever integrations put there
    return held.get(name) if isinstance(held, Mapping) else getattr(held, name, None)


class _Arguments(dict[str, Any]):
    """A call's arguments as an object, and how they were spelled: so they are the same on a page, before and after."""

    spelled = ""


def _dump_arguments(given: object) -> str:
    if isinstance(given, _Arguments) and json.loads(given.spelled) == given:
        return given.spelled
    return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False, default=repr)


# What tells one message from another. LlamaIndex gives messages no ids, and they may change where they stand.


def key_of(message: ChatMessage) -> Hashable:
    """Return a key that differs where two messages differ in content. It takes a microsecond for plain text."""
    blocks, more = message.blocks, message.additional_kwargs
    if len(blocks) == 1 and type(blocks[0]) is TextBlock:
        if not more:
            return message.role, blocks[0].text
        if "tool_calls" not in more and "function_call" not in more:
            return message.role, blocks[0].text, more.get("tool_call_id"), more.get("name")
    old = () if any(type(block) is ToolCallBlock for block in blocks) else tuple(_read_old_calls(more))
    return message.role, more.get("tool_call_id"), more.get("name"), *map(_block_key, blocks), *old


def _block_key(block: ContentBlock) -> Hashable:
    if isinstance(block, TextBlock):
        return block.text
    if isinstance(block, ToolCallBlock):
        return block.tool_call_id, block.tool_name, _dump_arguments(block.tool_kwargs)
    if isinstance(block, FileBlock):
        data = getattr(block, "data" if isinstance(block, DocumentBlock) else block.block_type)
        return (
            block.block_type,
            data if isinstance(data, bytes) else id(data),
            block.path,
            block.url and str(block.url),
        )
    return None if isinstance(block, ThinkingBlock | CachePoint) else block_to_json(block)


def name_of(message: ChatMessage) -> str:
    """Return a short name of a message that is the same in every process: its length, its beginning and its end.

    That much is enough, and all that a microsecond allows: it is asked for messages that are not shown any more, so
    that a change in the middle of one, overlooked here, changes nothing that is sent.
    """
    blocks = message.blocks
    first = blocks[0] if blocks else None
    if type(first) is not TextBlock:
        return " ".join(map(_block_name, blocks))
    text = first.text
    name = f"{len(text)} {text[:24]}{text[-24:]}"
    return name if len(blocks) == 1 else " ".join([name, *map(_block_name, blocks[1:])])


def _block_name(block: ContentBlock) -> str:
    if isinstance(block, ToolCallBlock):
        return f"{block.tool_call_id} {block.tool_name}"
    if isinstance(block, ImageBlock):
        return f"{len(block.image) if isinstance(block.image, bytes) else ''} {block.path} {block.url}"
    return f"{len(block.text)} {block.text[:24]}" if isinstance(block, TextBlock) else block.block_type


# Copies, and blocks of calls.


def copy_message(message: ChatMessage) -> ChatMessage:
    """Return a copy that shares nothing mutable with the message: agents change the messages they are given."""
    return message.model_copy(
        update={
            "blocks": [*map(copy_block, message.blocks)],
            "additional_kwargs": _copy_value(message.additional_kwargs),
        }
    )


def copy_block(block: ContentBlock) -> ContentBlock:
    """Return a copy of a block; an image that is an open file is read."""
    if isinstance(block, ImageBlock) and isinstance(block.image, IOBase):
        return ImageBlock(image=block.resolve_image().read(), image_mimetype=block.image_mimetype)
    return block.model_copy(deep=not isinstance(block, TextBlock | ImageBlock))


def replace_blocks(message: ChatMessage, blocks: Sequence[ContentBlock]) -> ChatMessage:
    """Return a message of the same role with other blocks; not validated, which would be slow for pages."""
    return ChatMessage.model_construct(
        role=message.role, blocks=[*blocks], additional_kwargs=_copy_value(message.additional_kwargs)
    )


def _copy_value(held: Any) -> Any:  # noqa: ANN401 - whatever integrations put there
    if isinstance(held, dict):
        return {name: _copy_value(value) for name, value in held.items()}
    return [_copy_value(value) for value in held] if isinstance(held, list) else held


def make_call_blocks(calls: Sequence[ToolCall]) -> list[ContentBlock]:
    """Return calls as blocks, with their arguments as an object: Ollama, Gemini and others refuse a string."""
    return [  # not validated, which would make plain dictionaries of them
        ToolCallBlock.model_construct(
            tool_call_id=call.id or None, tool_name=call.name, tool_kwargs=_load_arguments(call.arguments)
        )
        for call in calls
    ]


def _load_arguments(spelled: str) -> dict[str, Any] | str:
    """Return arguments as an object; as they are where they are none."""
    try:
        found = json.loads(spelled)
    except (ValueError, RecursionError):
        return spelled
    if not isinstance(found, dict):
        return spelled
    read = _Arguments(found)
    read.spelled = spelled
    return read

"""Spell recent turns as LlamaIndex messages that every server takes, as copies.

A call stands with its results, pictures stand in users' messages, and nothing that was said looks like a special token
or a line of ours. Knows messages and turns; knows nothing about pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from llama_index.core.base.llms.types import (
    ChatMessage,
    ContentBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
)
from llama_index.memory.glyph.messages import (
    block_to_json,
    copy_block,
    make_call_blocks,
    read_picture,
    replace_blocks,
    turn_of,
)

from glyph_memory import Binder, KeptMessage, ToolCall, Turn


def write_recent(recent: Sequence[KeptMessage[ChatMessage]], binder: Binder) -> list[ChatMessage]:
    """Return recent messages as they are sent, in order; each is a copy that may be changed.

    LlamaIndex sends pictures of users' messages only, and drops all others without a word: those of tools and
    assistants follow in a user's message of their own. So do results whose call is not there.
    """
    speller = _MessageWriter(binder=binder)
    for place, kept in enumerate(recent):
        speller.add(kept)
        if place + 1 == len(recent) or recent[place + 1].turn.role != "tool":
            speller.add_waiting()
    return speller.messages


def write_head(messages: Sequence[ChatMessage], binder: Binder) -> list[ChatMessage]:
    """Return the leading system messages as they are sent, each a copy."""
    return [_replace_text(message, _clean_text(turn_of(message), binder)) for message in messages]


def separate_texts(blocks: Sequence[ContentBlock]) -> list[ContentBlock]:
    """Return the blocks with a line break after each text that is followed by another text."""
    filled = [block for block in blocks if not isinstance(block, TextBlock) or block.text] or [*blocks]
    return [_end_line(block, after) for block, after in zip(filled, [*filled[1:], None], strict=True)]


def _end_line(block: ContentBlock, after: ContentBlock | None) -> ContentBlock:
    if isinstance(block, TextBlock) and isinstance(after, TextBlock) and not block.text.endswith("\n"):
        return TextBlock(text=f"{block.text}\n\n")
    return block


@dataclass(kw_only=True)
class _MessageWriter:
    """Writes recent messages one after the other."""

    binder: Binder
    messages: list[ChatMessage] = field(default_factory=list)
    waiting: list[ContentBlock] = field(default_factory=list)
    """What a user has to tell, once the last result of a group is told."""
    nameless: list[str] = field(default_factory=list)
    """The ids that were made up for calls without one, whose results are yet to come."""
    joins: bool = False
    """Whether the last message is one of ours, and a user's that follows becomes one with it."""

    def add(self, kept: KeptMessage[ChatMessage]) -> None:
        """Add one message."""
        message, turn = kept.message, kept.turn
        if turn.role == "user":
            self._add_user(message, self._copy_user_blocks(message, turn))
            return
        text = _clean_text(turn, self.binder)
        if kept.orphan:
            self.waiting.append(TextBlock(text=f"{kept.orphan}\n{text}"))
        else:
            self.joins = False
            self.messages.append(self._write_answer(kept, text))
        self.waiting += _list_pictures(message, turn)

    def add_waiting(self) -> None:
        """Add the waiting blocks as a user's message."""
        if self.waiting:
            self._add_user(None, self.waiting)
            self.joins, self.waiting = True, []

    def _add_user(self, message: ChatMessage | None, blocks: list[ContentBlock]) -> None:
        """Add blocks as a user's message; join them with the user's message before if one of both is ours."""
        last = self.messages[-1] if self.messages else None
        if last is not None and last.role == MessageRole.USER and (self.joins or message is None):
            last.blocks = separate_texts([*last.blocks, *blocks])
        elif message is None:
            self.messages.append(ChatMessage(role=MessageRole.USER, blocks=separate_texts(blocks)))
        else:
            self.messages.append(replace_blocks(message, separate_texts(blocks)))
        self.joins = False

    def _copy_user_blocks(self, message: ChatMessage, turn: Turn) -> list[ContentBlock]:
        """Return copies of a user's blocks; neighbouring texts become one clean text."""
        told: list[ContentBlock] = []
        texts = [f"{turn.name}: "] if turn.name else []

        def end_text() -> None:
            if texts:
                lead = texts.pop(0) if turn.name and not told else ""
                told.append(TextBlock(text=self.binder.format_text(lead + "\n".join(texts), role="user")))
                texts.clear()

        for block in message.blocks:
            if isinstance(block, TextBlock):
                texts.append(block.text)
            elif isinstance(block, ImageBlock) and read_picture(block) is None and not block.url:
                texts.append(block_to_json(block))
            elif not isinstance(block, ThinkingBlock):
                end_text()
                told.append(copy_block(block))
        end_text()
        return told or [TextBlock(text="")]

    def _write_answer(self, kept: KeptMessage[ChatMessage], text: str) -> ChatMessage:
        """Return the message of an assistant, a tool or a later system message as it is sent."""
        lost = dict(kept.unanswered)
        text = "\n".join([*([text] if text else []), *lost.values()])
        calls = list(self._write_calls(kept.turn, lost))
        message = _replace_text(kept.message, text, calls)
        if kept.turn.role == "tool":
            given = kept.turn.tool_call_id or (self.nameless.pop(0) if self.nameless else "")
            message.additional_kwargs["tool_call_id"] = self.binder.clean_and_escape(given)
        return message

    def _write_calls(self, turn: Turn, lost: dict[int, str]) -> Iterator[ToolCall]:
        if turn.tool_calls:
            self.nameless = []
        for number, call in enumerate(turn.tool_calls):
            if number in lost:
                continue
            if not call.id:
                self.nameless.append(f"call-{turn.anchor}-{number}")
            yield ToolCall(
                name=self.binder.clean_and_escape(call.name),
                arguments=self.binder.clean_arguments(call.arguments),
                id=self.binder.clean_and_escape(call.id or self.nameless[-1]),
            )


def _replace_text(message: ChatMessage, text: str, calls: Sequence[ToolCall] = ()) -> ChatMessage:
    """Return a copy of a message with another text; its calls are blocks only, so that they stand there once."""
    blocks: list[ContentBlock] = [TextBlock(text=text)] if text or not calls else []
    said = replace_blocks(message, [*blocks, *make_call_blocks(calls)])
    for name in ("tool_calls", "function_call"):
        said.additional_kwargs.pop(name, None)
    return said


def _clean_text(turn: Turn, binder: Binder) -> str:
    return binder.format_text(turn.text, role=turn.role)


def _list_pictures(message: ChatMessage, turn: Turn) -> Iterator[ContentBlock]:
    """Yield the images of a message that is no user's, each after a line that names it."""
    images = [
        block for block in message.blocks if isinstance(block, ImageBlock) and read_picture(block) is not None
    ]
    for position, block in enumerate(images, 1):
        yield TextBlock(text=f"(Picture {position} that came with the {turn.role}'s message:)")
        yield block.model_copy()

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
from llama_index.memory.glyph.messages import block_copied, call_blocks, line_of, picture, said_by, turn_of

from glyph_memory import Binder, KeptMessage, ToolCall, Turn


def spelled(recent: Sequence[KeptMessage[ChatMessage]], binder: Binder) -> list[ChatMessage]:
    """Spell recent messages in order; each is a copy that may be written into.

    LlamaIndex sends pictures of users' messages only, and drops all others without a word: those of tools and
    assistants follow in a user's message of their own. So do results whose call is not there.
    """
    speller = _Speller(binder=binder)
    for place, kept in enumerate(recent):
        speller.tell(kept)
        if place + 1 == len(recent) or recent[place + 1].turn.role != "tool":
            speller.tell_waiting()
    return speller.told


def head_of(messages: Sequence[ChatMessage], binder: Binder) -> list[ChatMessage]:
    """Spell leading system messages, each as a copy."""
    return [_said(message, _text(turn_of(message), binder)) for message in messages]


def apart(blocks: Sequence[ContentBlock]) -> list[ContentBlock]:
    """End the line of each text that another one follows: some servers put nothing between them."""
    filled = [block for block in blocks if not isinstance(block, TextBlock) or block.text] or [*blocks]
    return [_ended(block, after) for block, after in zip(filled, [*filled[1:], None], strict=True)]


def _ended(block: ContentBlock, after: ContentBlock | None) -> ContentBlock:
    if isinstance(block, TextBlock) and isinstance(after, TextBlock) and not block.text.endswith("\n"):
        return TextBlock(text=f"{block.text}\n\n")
    return block


@dataclass(kw_only=True)
class _Speller:
    """Tells one message after the other."""

    binder: Binder
    told: list[ChatMessage] = field(default_factory=list)
    waiting: list[ContentBlock] = field(default_factory=list)
    """What a user has to tell, once the last result of a group is told."""
    nameless: list[str] = field(default_factory=list)
    """The ids that were made up for calls without one, whose results are yet to come."""
    joins: bool = False
    """Whether the last message is one of ours, and a user's that follows becomes one with it."""

    def tell(self, kept: KeptMessage[ChatMessage]) -> None:
        """Tell one message."""
        message, turn = kept.message, kept.turn
        if turn.role == "user":
            self._say_user(message, self._user_blocks(message, turn))
            return
        text = _text(turn, self.binder)
        if kept.orphan:
            self.waiting.append(TextBlock(text=f"{kept.orphan}\n{text}"))
        else:
            self.joins = False
            self.told.append(self._answer(kept, text))
        self.waiting += _pictures(message, turn)

    def tell_waiting(self) -> None:
        """Have a user tell what waits."""
        if self.waiting:
            self._say_user(None, self.waiting)
            self.joins, self.waiting = True, []

    def _say_user(self, message: ChatMessage | None, blocks: list[ContentBlock]) -> None:
        """Say it in a message of its own; together with the last user's if one of both is ours."""
        last = self.told[-1] if self.told else None
        if last is not None and last.role == MessageRole.USER and (self.joins or message is None):
            last.blocks = apart([*last.blocks, *blocks])
        elif message is None:
            self.told.append(ChatMessage(role=MessageRole.USER, blocks=apart(blocks)))
        else:
            self.told.append(said_by(message, apart(blocks)))
        self.joins = False

    def _user_blocks(self, message: ChatMessage, turn: Turn) -> list[ContentBlock]:
        """Copy a user's blocks: texts that follow each other as one, cleaned; the rest as it is, where it is there."""
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
            elif isinstance(block, ImageBlock) and picture(block) is None and not block.url:
                texts.append(line_of(block))
            elif not isinstance(block, ThinkingBlock):
                end_text()
                told.append(block_copied(block))
        end_text()
        return told or [TextBlock(text="")]

    def _answer(self, kept: KeptMessage[ChatMessage], text: str) -> ChatMessage:
        """Spell what an assistant, a tool or a later system message says."""
        lost = dict(kept.unanswered)
        text = "\n".join([*([text] if text else []), *lost.values()])
        calls = list(self._calls(kept.turn, lost))
        message = _said(kept.message, text, calls)
        if kept.turn.role == "tool":
            given = kept.turn.tool_call_id or (self.nameless.pop(0) if self.nameless else "")
            message.additional_kwargs["tool_call_id"] = self.binder.clean_and_escape(given)
        return message

    def _calls(self, turn: Turn, lost: dict[int, str]) -> Iterator[ToolCall]:
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


def _said(message: ChatMessage, text: str, calls: Sequence[ToolCall] = ()) -> ChatMessage:
    """Copy a message with another text, its calls as blocks alone: told twice, they would have to be changed twice."""
    blocks: list[ContentBlock] = [TextBlock(text=text)] if text or not calls else []
    said = said_by(message, [*blocks, *call_blocks(calls)])
    for name in ("tool_calls", "function_call"):
        said.additional_kwargs.pop(name, None)
    return said


def _text(turn: Turn, binder: Binder) -> str:
    return binder.format_text(turn.text, role=turn.role)


def _pictures(message: ChatMessage, turn: Turn) -> Iterator[ContentBlock]:
    """Give the pictures of someone who is no user, each under a line."""
    images = [
        block for block in message.blocks if isinstance(block, ImageBlock) and picture(block) is not None
    ]
    for position, block in enumerate(images, 1):
        yield TextBlock(text=f"(Picture {position} that came with the {turn.role}'s message:)")
        yield block.model_copy()

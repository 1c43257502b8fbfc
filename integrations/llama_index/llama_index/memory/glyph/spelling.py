"""Spell the recent turns of a request's plan as LlamaIndex messages, as copies.

Nothing that was said looks like a special token or a line of ours. Knows messages and turns; knows nothing about pages,
and decides nothing: what a request is made of is `FoldedHistory.plan_request`'s business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from llama_index.core.base.llms.types import (
    ChatMessage,
    ContentBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
)
from llama_index.memory.glyph.attached import block_to_json, load_block
from llama_index.memory.glyph.messages import (
    copy_block,
    make_call_blocks,
    read_picture,
    replace_blocks,
    turn_of,
)

from glyph_memory import KeptMessage, PlannedMessage, PlannedTurn, TextCleaner, ToolCall, Turn


def write_planned(
    planned: PlannedMessage, recent: Sequence[KeptMessage[ChatMessage]], cleaner: TextCleaner
) -> ChatMessage:
    """Return a message of recent turns as it is sent, a copy that may be changed; parts of ours are left out.

    Args:
        planned: What it holds; one turn at least.
        recent: The messages that stay text, by place.
        cleaner: The model's.
    """
    if planned.role != "user":
        return _write_answer(planned.turns[0], recent[planned.turns[0].place].message, cleaner)
    blocks = [
        block for one in planned.turns for block in _write_told(one, recent[one.place].message, cleaner)
    ]
    if planned.own is None:
        return ChatMessage(role=MessageRole.USER, blocks=separate_texts(blocks))
    written = replace_blocks(recent[planned.own.place].message, separate_texts(blocks))
    if planned.turns[0] is not planned.own:
        written.additional_kwargs.pop(
            "name", None
        )  # what is ours comes first, and nobody's name may stand over it
    return written


def write_head(messages: Sequence[ChatMessage], cleaner: TextCleaner) -> list[ChatMessage]:
    """Return the leading system messages as they are sent, each a copy."""
    return [_replace_text(message, _clean_text(turn_of(message), cleaner)) for message in messages]


def separate_texts(blocks: Sequence[ContentBlock]) -> list[ContentBlock]:
    """Return the blocks with a line break after each text that is followed by another text."""
    filled = [block for block in blocks if not isinstance(block, TextBlock) or block.text] or [*blocks]
    return [_end_line(block, after) for block, after in zip(filled, [*filled[1:], None], strict=True)]


def _end_line(block: ContentBlock, after: ContentBlock | None) -> ContentBlock:
    if isinstance(block, TextBlock) and isinstance(after, TextBlock) and not block.text.endswith("\n"):
        return TextBlock(text=f"{block.text}\n\n")
    return block


def _write_told(planned: PlannedTurn, message: ChatMessage, cleaner: TextCleaner) -> Iterator[ContentBlock]:
    """Yield what a user's message holds of a turn."""
    if planned.shows == "message":
        yield from _copy_user_blocks(message, planned.turn, cleaner)
    elif planned.shows == "result":
        yield TextBlock(text=f"{planned.heading}\n{_clean_text(planned.turn, cleaner)}")
    else:
        images = (block for block in message.blocks if isinstance(block, ImageBlock))
        shown = (block for block in images if read_picture(block) is not None)
        for position, block in enumerate(shown, 1):
            yield TextBlock(text=planned.caption_picture(position).text)
            yield block.model_copy()
        for position, attachment in enumerate(planned.turn.attachments, 1):
            yield TextBlock(text=planned.caption_attachment(position, cleaner).text)
            yield load_block(attachment.block)


def _copy_user_blocks(message: ChatMessage, turn: Turn, cleaner: TextCleaner) -> list[ContentBlock]:
    """Return copies of a user's blocks; neighbouring texts become one clean text."""
    told: list[ContentBlock] = []
    texts = [f"{turn.name}: "] if turn.name else []

    def end_text() -> None:
        if texts:
            lead = texts.pop(0) if turn.name and not told else ""
            told.append(TextBlock(text=cleaner.format_text(lead + "\n".join(texts), role="user")))
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


def _write_answer(planned: PlannedTurn, message: ChatMessage, cleaner: TextCleaner) -> ChatMessage:
    """Return the message of an assistant, a tool or a later system message as it is sent."""
    text, asked = _clean_text(planned.turn, cleaner), planned.turn.tool_calls
    text = "\n".join([*([text] if text else []), *(line for _, line in planned.unanswered)])
    calls = [
        ToolCall(
            name=cleaner.clean_and_escape(asked[number].name),
            arguments=cleaner.clean_arguments(asked[number].arguments),
            id=name,
        )
        for number, name in planned.calls
    ]
    said = _replace_text(message, text, calls)
    if planned.call_id is not None:
        said.additional_kwargs["tool_call_id"] = planned.call_id
    return said


def _replace_text(message: ChatMessage, text: str, calls: Sequence[ToolCall] = ()) -> ChatMessage:
    """Return a copy of a message with another text; its calls are blocks only, so that they stand there once."""
    blocks: list[ContentBlock] = [TextBlock(text=text)] if text or not calls else []
    said = replace_blocks(message, [*blocks, *make_call_blocks(calls)])
    for name in ("tool_calls", "function_call"):
        said.additional_kwargs.pop(name, None)
    return said


def _clean_text(turn: Turn, cleaner: TextCleaner) -> str:
    return cleaner.format_text(turn.text, role=turn.role)

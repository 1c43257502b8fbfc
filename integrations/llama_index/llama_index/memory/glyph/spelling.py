"""Spell the recent turns of a request's plan as LlamaIndex messages, as copies.

Nothing that was said looks like a special token or a line of ours. Knows messages and turns; knows nothing about pages,
and decides nothing: what a request is made of is `FoldedHistory.plan_request`'s business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from llama_index.core.base.llms.types import (
    CachePoint,
    ChatMessage,
    ContentBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
)
from llama_index.memory.glyph.attached import block_to_json, list_attachments, load_block
from llama_index.memory.glyph.image_data import read_picture
from llama_index.memory.glyph.messages import (
    CaptionBlock,
    CaptionedImageBlock,
    PageImageBlock,
    copy_block,
    make_call_blocks,
    replace_blocks,
    turn_of,
)
from llama_index.memory.glyph.origin import Origin, PagesMessage, list_texts, says_same

from glyph_memory import (
    Attachment,
    AttachmentPart,
    Binder,
    ImagePart,
    KeptMessage,
    ModelProfile,
    Part,
    PlannedMessage,
    PlannedTurn,
    Text,
    TextCleaner,
    ToolCall,
    Turn,
)


def write_planned(
    planned: PlannedMessage,
    recent: Sequence[KeptMessage[ChatMessage]],
    binder: Binder,
    *,
    marked: bool = False,
) -> ChatMessage:
    """Return a message of recent turns as it is sent, a copy that may be changed; parts of ours are left out.

    Args:
        planned: What it holds; one turn at least.
        recent: The messages that stay text, by place.
        binder: What binds the model's requests.
        marked: Whether anything of ours stands in the request, so that pictures and files get lines round them.
    """
    if planned.role != "user":
        return _write_answer(planned.turns[0], recent[planned.turns[0].place].message, binder.cleaner)
    blocks = [
        block
        for one in planned.turns
        for block in _write_told(one, recent[one.place].message, binder, marked=marked)
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
    return [_write_head(message, _clean_text(turn_of(message), cleaner)) for message in messages]


def _write_head(message: ChatMessage, text: str) -> ChatMessage:
    written = _replace_text(message, text)
    if says_same(written, message):
        return written
    origin = Origin(originals=(message,), texts=list_texts(written.blocks))
    return PagesMessage.of(written.blocks, role=written.role, more=written.additional_kwargs, origin=origin)


def separate_texts(blocks: Sequence[ContentBlock]) -> list[ContentBlock]:
    """Return the blocks with a line break after each text that is followed by another text."""
    filled = [block for block in blocks if not isinstance(block, TextBlock) or block.text] or [*blocks]
    return [_end_line(block, after) for block, after in zip(filled, [*filled[1:], None], strict=True)]


def _end_line(block: ContentBlock, after: ContentBlock | None) -> ContentBlock:
    is_ours = isinstance(block, CaptionBlock) or isinstance(
        after, CaptionBlock
    )  # they bring their line breaks
    if is_ours:
        return block
    if isinstance(block, TextBlock) and isinstance(after, TextBlock) and not block.text.endswith("\n"):
        return TextBlock(text=f"{block.text}\n\n")
    return block


def to_block(part: Part, profile: ModelProfile, *, last_anchor: int = 0) -> ContentBlock:
    """Return a part of a message as a block.

    Args:
        part: The part.
        profile: The model that reads.
        last_anchor: The last turn that stands on a page so far.
    """
    if isinstance(part, Text):
        return TextBlock(text=part.text)
    if isinstance(part, AttachmentPart):
        return load_block(part.block)
    last = max(last_anchor, part.anchors[1] if part.anchors else 0)
    return PageImageBlock.of(part, tokens=profile.image_tokens(part.size), last_anchor=last)


def _write_told(
    planned: PlannedTurn, message: ChatMessage, binder: Binder, *, marked: bool
) -> Iterator[ContentBlock]:
    """Yield what a user's message holds of a turn."""
    if planned.parts is not None:  # these hold their captions
        if planned.shows == "result":
            yield TextBlock(text=f"{planned.heading}\n")
        for part in planned.parts:
            if isinstance(part, ImagePart) and part.kind == "picture":  # the user's own, though smaller
                yield ImageBlock.model_construct(image=part.base64.encode(), image_mimetype=part.media_type)
            else:
                yield to_block(part, binder.profile)
    elif planned.shows == "message":
        told = _copy_user_blocks(message, planned.turn, binder.cleaner)
        yield from _mark_pictures(told, planned, binder) if marked else told
    elif planned.shows == "result":
        yield TextBlock(text=f"{planned.heading}\n{_clean_text(planned.turn, binder.cleaner)}")
    else:
        images = [block for block in message.blocks if isinstance(block, ImageBlock)]
        shown = [block for block in images if read_picture(block) is not None]
        for position, block in enumerate(shown, 1):
            caption = planned.caption_picture(position).text
            yield TextBlock(text=caption)
            yield _frame_picture(block.model_copy(), caption, binder)
        if shown:
            yield TextBlock(text=planned.end_pictures().text)
        for position, attachment in enumerate(planned.turn.attachments, 1):
            yield TextBlock(text=planned.caption_attachment(position, binder.cleaner).text)
            yield load_block(attachment.block)
            yield TextBlock(text=planned.end_attachment(position).text)


def _mark_pictures(
    blocks: Sequence[ContentBlock], planned: PlannedTurn, binder: Binder
) -> Iterator[ContentBlock]:
    """Yield blocks with lines round pictures and files, since what they show may look like the pages in the request.

    A line stands above each picture, and one below the last of those that follow each other; all else that is no text
    has one above and one below, whatever it says it is.
    """
    position, files, is_open = 0, list[Attachment](), False
    end = CaptionBlock(text=f"\n{planned.end_pictures().text}\n")
    for block in blocks:
        if isinstance(block, ImageBlock):
            position, is_open = position + 1, True
            caption = planned.caption_picture(position).text
            yield CaptionBlock(text=f"\n{caption}\n")
            yield _frame_picture(block, caption, binder)
            continue
        if is_open:
            yield end
        is_open = False
        if isinstance(block, TextBlock | CachePoint):
            yield block
            continue
        files.append(next(list_attachments(block), Attachment(block="{}", name=block.block_type)))
        told = replace(planned, turn=replace(planned.turn, attachments=tuple(files)))
        yield CaptionBlock(text=f"\n{told.caption_attachment(len(files), binder.cleaner).text}\n")
        yield block
        yield CaptionBlock(text=f"\n{told.end_attachment(len(files)).text}\n")
    if is_open:
        yield end


def _frame_picture(block: ImageBlock, caption: str, binder: Binder) -> ImageBlock:
    """Return a picture as it is sent: between lines of ours where pages carry their captions."""
    data = read_picture(block) if binder.captions == "page" else None
    shown = binder.show_picture(data, caption) if data is not None else None
    if shown is None:
        return block
    return CaptionedImageBlock(image=shown.data, image_mimetype=shown.media_type, original=block)


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
    asked = planned.turn.tool_calls
    if planned.parts is None:
        text = _clean_text(planned.turn, cleaner)
    else:  # what is no text is shown by a user
        text = "".join(part.text for part in planned.parts if isinstance(part, Text))
    text = "\n".join([*([text] if text else []), *(line for _, line in planned.unanswered if line)])
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

"""Tell pictures and files that came with recent messages from pages: a line of ours above each, and one below.

Those of a tool are shown by a user, as servers take them from nobody else.

Knows messages and blocks; knows nothing about what else is sent.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from glyph_memory import SHOWN_BELOW, Attachment, Binder, PlannedTurn, Role, Text
from langchain_glyph_memory.attached import is_file, make_attachment
from langchain_glyph_memory.blocks import (
    CALLS,
    REASONING,
    TEXTS,
    brings_file,
    is_remote_picture,
    picture_block,
    read_picture,
)

SOURCE = "glyph_memory"
"""What `additional_kwargs["lc_source"]` says of a message that is ours, as LangChain's summarizer marks its own."""


def keep_words(message: BaseMessage) -> BaseMessage:
    """Return a message without its pictures and files, which `show_pictures` has; all else on it stays."""
    words = [block for block in message.content if not brings_file(block)]
    if words or (isinstance(message, AIMessage) and message.tool_calls):
        return message.model_copy(update={"content": words})
    return message.model_copy(update={"content": SHOWN_BELOW})


def show_pictures(message: BaseMessage, planned: PlannedTurn, binder: Binder) -> HumanMessage:
    """Return a user's message with the pictures and files of somebody else's, each between lines of ours."""
    brought = [block for block in message.content if brings_file(block)]
    marked = mark_pictures(HumanMessage(brought), planned, binder)
    return HumanMessage(marked.content, additional_kwargs={"lc_source": SOURCE})


def mark_pictures(message: BaseMessage, planned: PlannedTurn, binder: Binder) -> BaseMessage:
    """Return a message with lines round its pictures and files, since one may look like the pages in the request.

    A line stands above each picture, and one below the last of those that follow each other; all else that is no text
    has one above and one below, whatever it says it is.
    """
    if planned.parts is not None or isinstance(message.content, str):  # parts hold their captions
        return message
    blocks: list[str | dict[Any, Any]] = []
    position, files, is_open = 0, list[Attachment](), False
    end = _line(planned.end_pictures())
    for block in message.content:
        opened = {} if isinstance(block, str) else _open_block(block)
        picture = read_picture(opened)
        if picture is None and not is_remote_picture(opened):
            blocks += [end] if is_open else []
            is_open = False
            if isinstance(block, str) or _says_something(opened, planned.turn.role):
                blocks.append(block)
                continue
            files.append(make_attachment(opened))
            told = replace(planned, turn=replace(planned.turn, attachments=tuple(files)))
            above, below = (
                told.caption_attachment(len(files), binder.cleaner),
                told.end_attachment(len(files)),
            )
            blocks += [_line(above), block, _line(below)]
            continue
        position, is_open = position + 1, True
        caption = planned.caption_picture(position)
        blocks.append(_line(caption))
        shown = None
        if binder.captions == "page" and picture is not None:
            shown = binder.show_picture(picture.data, caption.text)
        blocks.append(block if shown is None else picture_block(shown.data))
    blocks += [end] if is_open else []
    return message.model_copy(update={"content": blocks}) if position or files else message


def _line(told: Text) -> dict[str, Any]:
    return {"type": "text", "text": f"\n{told.text}\n"}


def _says_something(block: dict[Any, Any], role: Role) -> bool:
    """Return whether a block is text or belongs to a provider's protocol, and is no file: nothing is to be seen there.

    What an assistant's message holds is its provider's own, so there only files count; else all that is not known.
    """
    kind = block.get("type")
    if kind in TEXTS:
        return isinstance(block.get("refusal" if kind == "refusal" else "text"), str)
    if kind in REASONING or kind in CALLS or block.keys() in ({"text"}, {"cachePoint"}):
        return True
    return role == "assistant" and not is_file(block)


def _open_block(block: dict[Any, Any]) -> dict[Any, Any]:
    held = block.get("value")
    return held if block.get("type") == "non_standard" and isinstance(held, dict) else block

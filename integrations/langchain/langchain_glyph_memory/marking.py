"""Tell the pictures that came with recent messages from pages: a line of ours above each, and one below the last.

Knows messages and blocks; knows nothing about what else is sent.
"""

from __future__ import annotations

from typing import Any

from langchain_core.messages import BaseMessage

from glyph_memory import Binder, PlannedTurn
from langchain_glyph_memory.blocks import is_remote_picture, picture_block, read_picture


def mark_pictures(message: BaseMessage, planned: PlannedTurn, binder: Binder) -> BaseMessage:
    """Return a message with lines round its pictures, since a picture may be drawn like the pages in the request.

    A line stands above each, and one below the last of those that follow each other.
    """
    if planned.parts is not None or isinstance(message.content, str):  # parts hold their captions
        return message
    blocks: list[str | dict[Any, Any]] = []
    position, is_open = 0, False
    end = {"type": "text", "text": f"\n{planned.end_pictures().text}\n"}
    for block in message.content:
        opened = {} if isinstance(block, str) else _open_block(block)
        picture = read_picture(opened)
        if picture is None and not is_remote_picture(opened):
            blocks += [end, block] if is_open else [block]
            is_open = False
            continue
        position, is_open = position + 1, True
        caption = planned.caption_picture(position).text
        blocks.append({"type": "text", "text": f"\n{caption}\n"})
        shown = None
        if binder.captions == "page" and picture is not None:
            shown = binder.show_picture(picture.data, caption)
        blocks.append(block if shown is None else picture_block(shown.data))
    blocks += [end] if is_open else []
    return message.model_copy(update={"content": blocks}) if position else message


def _open_block(block: dict[Any, Any]) -> dict[Any, Any]:
    held = block.get("value")
    return held if block.get("type") == "non_standard" and isinstance(held, dict) else block

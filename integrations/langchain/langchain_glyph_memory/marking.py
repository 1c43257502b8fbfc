"""Tell the pictures that came with recent messages from pages: a line of ours above each.

Knows messages and blocks; knows nothing about what else is sent.
"""

from __future__ import annotations

from typing import Any

from langchain_core.messages import BaseMessage

from glyph_memory import Binder, PlannedTurn
from langchain_glyph_memory.blocks import is_remote_picture, picture_block, read_picture


def mark_pictures(message: BaseMessage, planned: PlannedTurn, binder: Binder) -> BaseMessage:
    """Return a message with a line above each picture, since a picture may be drawn like the pages in the request."""
    if planned.parts is not None or isinstance(message.content, str):  # parts hold their captions
        return message
    blocks: list[str | dict[Any, Any]] = []
    position = 0
    for block in message.content:
        opened = {} if isinstance(block, str) else _open_block(block)
        picture = read_picture(opened)
        if picture is None and not is_remote_picture(opened):
            blocks.append(block)
            continue
        position += 1
        caption = planned.caption_picture(position).text
        blocks.append({"type": "text", "text": f"\n{caption}\n"})
        shown = None
        if binder.captions == "page" and picture is not None:
            shown = binder.show_picture(picture.data, caption)
        blocks.append(block if shown is None else picture_block(shown.data))
    return message.model_copy(update={"content": blocks}) if position else message


def _open_block(block: dict[Any, Any]) -> dict[Any, Any]:
    held = block.get("value")
    return held if block.get("type") == "non_standard" and isinstance(held, dict) else block

"""Blocks that hold or name a file that cannot be drawn, as attachments, and back. Knows nothing about messages."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from io import IOBase
from pathlib import Path
from typing import Any

from llama_index.core.base.llms.types import (
    AudioBlock,
    BaseContentBlock,
    BaseRecursiveContentBlock,
    ChatMessage,
    ContentBlock,
    DocumentBlock,
    ImageBlock,
    TextBlock,
    VideoBlock,
)
from llama_index.core.bridge.pydantic import ValidationError

from glyph_memory import Attachment, Binder, Loss, warn_of_losses

FileBlock = DocumentBlock | AudioBlock | VideoBlock | ImageBlock
_LONGEST = 200
"""Strings without a blank that are longer than this are data, and left out of visible lines."""
_UNCOUNTED = (
    "tokens of {name!r} cannot be counted, and count as 0: what audio, video and files elsewhere cost is known to the "
    "server alone; leave room for it, with a smaller window_tokens"
)
_UNNAMED = "input_document"
"""What LlamaIndex calls a document without a title."""


def list_attachments(block: BaseContentBlock) -> Iterator[Attachment]:
    """Yield a block as an attachment, or those within it; none where it is no file, or its file is gone."""
    if isinstance(block, FileBlock):
        found = _make_attachment(block)
        if found is not None:
            yield found
    elif isinstance(block, BaseRecursiveContentBlock):
        for inner in block.nested_blocks:
            if not isinstance(inner, ImageBlock):
                yield from list_attachments(inner)


def load_block(attached: str) -> ContentBlock:
    """Return the block that an attachment was made of; of somebody else's block, a line of text that tells of it."""
    held = json.loads(attached)
    try:
        return ChatMessage.model_validate({"blocks": [held]}).blocks[0]
    except ValidationError:
        return TextBlock(text=json.dumps(shorten_data(held), ensure_ascii=False))


def block_to_json(block: BaseContentBlock) -> str:
    """Return a block that is neither text nor a readable image as one line of JSON, without long data."""
    try:
        held = block.model_dump(mode="json", exclude_none=True, fallback=repr)
    except (ValueError, TypeError):  # a stream of bytes, a file that is gone
        held = {"block_type": getattr(block, "block_type", type(block).__name__)}
    return json.dumps(shorten_data(held), ensure_ascii=False)


def shorten_data(held: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return JSON in which long strings without a blank, which are data, are cut."""
    if isinstance(held, dict):
        return {name: shorten_data(value) for name, value in held.items()}
    if isinstance(held, list):
        return [shorten_data(value) for value in held]
    if isinstance(held, str) and len(held) > _LONGEST and not any(map(str.isspace, held)):
        return f"{held[:32]}… ({len(held):,} characters)"
    return held


def warn_of_uncounted(attachments: Sequence[Attachment], binder: Binder) -> None:
    """Warn, once, of each attachment of which nobody knows what it costs."""
    if attachments:
        estimate = binder.counts.estimate_attachment
        warn_of_files([(attached.label, attached.block, estimate(attached)) for attached in attachments])


def warn_of_files(files: Iterable[tuple[str, str, int | None]]) -> None:
    """Warn, once, of each file without a count: its name, its block, and its tokens."""
    warn_of_losses(
        Loss(
            kind="left out",
            anchor=None,
            message=_UNCOUNTED.format(name=name),
            once=f"uncounted {hash(block)}",
        )
        for name, block, tokens in files
        if tokens is None
    )


def _make_attachment(block: FileBlock) -> Attachment | None:
    """Return a block as an attachment, its file read into it; None where there is none, or it is gone."""
    name = "data" if isinstance(block, DocumentBlock) else block.block_type
    data = getattr(block, name)
    held = {"block_type": block.block_type} | block.model_dump(
        mode="json", exclude_none=True, exclude={name, "path"}
    )
    if data or block.path:
        try:
            held[name] = base64.b64encode(_read_file(block)).decode()
        except (ValueError, OSError, binascii.Error):
            return None
    elif not block.url:
        return None
    return Attachment(
        block=json.dumps(held, ensure_ascii=False), name=_name_file(block), media_type=_media_type(block)
    )


def _read_file(block: FileBlock) -> bytes:
    if isinstance(block, DocumentBlock):
        stream: IOBase = block.resolve_document()
    elif isinstance(block, AudioBlock):
        stream = block.resolve_audio()
    else:
        stream = block.resolve_video() if isinstance(block, VideoBlock) else block.resolve_image()
    return bytes(stream.read())


def _name_file(block: FileBlock) -> str:
    """Return what a file is called: its title, its own name, or its address without a query."""
    title = block.title if isinstance(block, DocumentBlock) else None
    if title and title != _UNNAMED:
        return title
    if block.path:
        return Path(str(block.path)).name
    url = str(block.url or "")
    return "" if url.startswith("data:") else re.split(r"[?#]", url, maxsplit=1)[0]


def _media_type(block: FileBlock) -> str:
    if isinstance(block, DocumentBlock):
        return block.document_mimetype or ""
    if isinstance(block, AudioBlock):
        return f"audio/{block.format}" if block.format else ""
    return (block.video_mimetype if isinstance(block, VideoBlock) else block.image_mimetype) or ""

"""Blocks of a message as they are sent: the client's own with their texts cleaned, and parts of ours in its spelling.

Knows blocks; knows nothing about messages. Each dialect says how it spells a text and a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from glyph_memory.context import (
    AttachmentPart,
    Binder,
    ImagePart,
    Message,
    Part,
    PlannedTurn,
    Text,
    TextCleaner,
)
from glyph_memory.errors import TurnError
from glyph_memory.messages import read_message
from glyph_memory.serve.dialects.units import CACHE_MARK
from glyph_memory.transcript import Attachment, Role

Block = dict[str, Any]
TEXTS = {"text": "text", "input_text": "text", "output_text": "text", "refusal": "refusal"}
"""Kinds of blocks that are text, and where it stands."""
_QUIET = frozenset({"thinking", "redacted_thinking", "reasoning", "tool_use", "tool_result", "tool_call"})
"""Blocks that belong to a protocol: nothing is to be seen in them."""
_UNSEEN = TEXTS.keys() | _QUIET | {""}
"""Blocks that are no picture and no file; one without a type is a text."""
_KEPT = frozenset(
    {
        "type",
        "id",
        "call_id",
        "tool_use_id",
        "data",
        "file_data",
        "image_url",
        "encrypted_content",
        "signature",
    }
)
"""What nobody reads as text: names that others refer to, and data."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockSpelling:
    """How a dialect spells blocks of a user's message."""

    text: Callable[[str], Block]
    """Spells a text."""
    image: Callable[[ImagePart], Block]
    """Spells a picture."""

    def spell(self, parts: Iterable[Part]) -> list[Block]:
        """Return parts of ours as blocks; a text that another follows ends with a blank line.

        Some templates put nothing between two texts.
        """
        filled = [part for part in parts if not isinstance(part, Text) or part.text]
        following = [*filled[1:], None]
        return [self._spell_one(part, after) for part, after in zip(filled, following, strict=True)]

    def spell_content(self, parts: Iterable[Part]) -> str | list[Block]:
        """Return parts of ours as a content; text alone is a string, which every server's template takes."""
        said = Message(role="user", parts=parts)
        return said.text if said.is_text else self.spell(said.parts)

    def _spell_one(self, part: Part, after: Part | None) -> Block:
        if isinstance(part, ImagePart):
            return self.image(part)
        if isinstance(part, AttachmentPart):
            return part.spelled
        is_glued = isinstance(after, Text) and not part.text.endswith("\n")
        return self.text(f"{part.text}\n\n" if is_glued else part.text)


def read_kind(block: object) -> str:
    """Return a block's type; empty where it has none, or one that is no text."""
    kind = block.get("type") if isinstance(block, Mapping) else None
    return kind if isinstance(kind, str) else ""


def clean_blocks(content: list[Any], clean: Callable[[str], str]) -> list[Any]:
    """Return blocks with every text cleaned; the same list where nothing changed."""
    blocks = [clean_block(block, clean) for block in content]
    return content if all(one is other for one, other in zip(blocks, content, strict=True)) else blocks


def clean_content(content: str | list[Any], cleaner: TextCleaner, role: Role) -> str | list[Any]:
    """Return a content with every text cleaned; the same object where nothing changed."""
    clean = partial(cleaner.format_text, role=role)
    if isinstance(content, list):
        return clean_blocks(content, clean)
    said = clean(content)
    return content if said == content else said


def clean_block(block: Any, clean: Callable[[str], str]) -> Any:  # noqa: ANN401  JSON of a client's
    """Return a block with its text cleaned; the same one where nothing changed."""
    if isinstance(block, str):
        said = clean(block)
        return block if said == block else said
    name = TEXTS.get(str(block.get("type", "text"))) if isinstance(block, dict) else None
    text = block.get(name) if name else None
    if not isinstance(text, str):
        return clean_values(block, clean)
    said = clean(text)
    return block if said == text else {**block, name: said}


def clean_values(value: Any, clean: Callable[[str], str]) -> Any:  # noqa: ANN401  JSON of a client's
    """Return a value with every text in it cleaned, names and data excepted; the same one where nothing changed."""
    if isinstance(value, str):
        said = clean(value)
        return value if said == value else said
    if isinstance(value, dict):
        is_text = value.get("type") == "text"  # its data is text as it stands
        kept = _KEPT - {"data"} if is_text else _KEPT
        cleaned = {name: held if name in kept else clean_values(held, clean) for name, held in value.items()}
        return value if all(cleaned[name] is value[name] for name in value) else cleaned
    if isinstance(value, list):
        held = [clean_values(one, clean) for one in value]
        return value if all(one is other for one, other in zip(held, value, strict=True)) else held
    return value


def clean_last(items: Iterable[Mapping[str, Any]], cleaner: TextCleaner) -> list[Mapping[str, Any]]:
    """Return the system messages that are sent last, with every text cleaned as a system's is."""
    clean = partial(cleaner.format_text, role="system")
    return [
        {**item, "content": cleaned} if (cleaned := clean_values(held, clean)) is not held else item
        for item in items
        for held in (item.get("content"),)
    ]


def mark_pictures(
    content: list[Any], planned: PlannedTurn, binder: Binder, spelling: BlockSpelling
) -> list[Any]:
    """Return blocks with lines of ours round pictures and files, since one may look like the pages in the request.

    A line stands above each picture, and one below the last of those that follow each other; all else that is no text
    has one above and one below, whatever it says it is.
    """
    marked: list[Any] = []
    position, files, is_open = 0, list[Attachment](), False
    end = spelling.text(f"\n{planned.end_pictures().text}\n")
    for block in content:
        images, attached = _look_into(block)
        if not images:
            marked += [end] if is_open else []
            is_open = False
        if attached:
            files.append(attached)
            told = replace(planned, turn=replace(planned.turn, attachments=tuple(files)))
            above = told.caption_attachment(len(files), binder.cleaner)
            below = told.end_attachment(len(files))
            marked += [spelling.text(f"\n{above.text}\n"), block, spelling.text(f"\n{below.text}\n")]
            continue
        if images:
            position, is_open = position + 1, True
            caption = planned.caption_picture(position)
            marked.append(spelling.text(f"\n{caption.text}\n"))
            shown = binder.show_picture(images[0], caption.text) if binder.captions == "page" else None
            marked.append(block if shown is None else {**spelling.image(shown), **_find_mark(block)})
            continue
        marked.append(block)
    marked += [end] if is_open else []
    return marked if position or files else content


def _find_mark(block: Block) -> Block:
    return {CACHE_MARK: block[CACHE_MARK]} if CACHE_MARK in block else {}


def holds_more_than_text(block: Any) -> bool:  # noqa: ANN401  JSON of a client's
    """Return whether a block is a picture, or something else that cannot be text."""
    images, attached = _look_into(block)
    return bool(images or attached)


def _look_into(block: Any) -> tuple[tuple[bytes, ...], Attachment | None]:  # noqa: ANN401  JSON of a client's
    """Return the pictures of a block, or the attachment that it is."""
    if read_kind(block) in _UNSEEN:
        return (), None
    try:
        turn = read_message({"role": "user", "content": [block]})
    except TurnError:
        return (), None
    return turn.images, next(iter(turn.attachments), None)


def join_contents(contents: Sequence[str | list[Any]], text: Callable[[str], Block]) -> str | list[Any]:
    """Return several contents as one; texts alone stay a string, which every server's template takes."""
    filled = [content for content in contents if content]
    if all(isinstance(content, str) for content in filled):
        return "\n\n".join(map(str, filled))
    blocks: list[Any] = []
    for place, content in enumerate(filled):
        if place and isinstance(content, str):
            blocks.append(text("\n\n"))
        blocks += [text(content)] if isinstance(content, str) else content
    return blocks


def iter_texts(blocks: Iterable[Any]) -> Iterator[str]:
    """Yield the texts of blocks."""
    for block in blocks:
        if isinstance(block, str):
            yield block
        elif isinstance(block, dict) and isinstance(block.get("text"), str):
            yield block["text"]

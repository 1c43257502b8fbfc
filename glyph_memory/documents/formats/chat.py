"""Exports of chats: each turn a heading with its role, then what was said, the tools that were called, its pictures.

OpenAI's messages and ShareGPT's, one conversation, a list of them, or one a line. Whatever else such a file holds is
told. Knows where exports keep messages; `glyph_memory.messages` knows how each is spelled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from glyph_memory.document import Document
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.decoding import decode_blocks
from glyph_memory.documents.encodings import spell_halves
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.parts import split_lines
from glyph_memory.documents.source import Source
from glyph_memory.errors import TurnError, show_value
from glyph_memory.messages import read_messages
from glyph_memory.transcript import Turn

_LISTS = ("messages", "conversations", "conversation")
"""Where exports keep messages."""
_SAID = re.compile(
    rb'"role"\s*:\s*"(?:system|developer|user|assistant|tool|human)"|"from"\s*:\s*"(?:human|gpt|system|user|assistant)"'
)
_HELD = re.compile(rb'"(?:content|value|tool_calls)"\s*:')
_KNOWN = frozenset(
    {"role", "from", "content", "value", "name", "tool_calls", "tool_call_id", "function_call", "type", "id"}
)
"""Fields of a message that are read, or say nothing; any other one is told."""
_REASONING = frozenset({"reasoning", "thinking", "redacted_thinking"})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Conversation:
    """Messages, and what else their record holds."""

    messages: Sequence[object]
    """In order, as JSON holds them."""
    beside: Mapping[str, object]
    """The other fields."""


def looks_like_chat(head: bytes) -> bool:
    """Return whether a beginning of JSON may be that of a chat; `read_chat` finds out."""
    return bool(
        head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["} and _SAID.search(head) and _HELD.search(head)
    )


def read_chat(source: Source, options: LoadOptions) -> Iterator[Document]:
    """Yield conversations; nothing where the file turns out to be no chat, which can then be read as JSON."""
    builder = Builder(title=source.name, source=source.path, media_type="application/json")
    if _is_one_a_line(source.head):
        lines = split_lines(decode_blocks(source))
        for line, text in enumerate(lines, 1):
            if text.strip():
                _add_line(builder, text, line)
                yield from builder.pop_part(options.part_characters)
    else:
        source.read_all(at_most=options.limits.file_bytes)
        found = _split(_parse("".join(decode_blocks(source)))) or ()
        for number, conversation in enumerate(found, 1):
            _add_conversation(builder, conversation, name=f"conversation {number}" if len(found) > 1 else "")
            yield from builder.pop_part(options.part_characters)
    if not builder.is_empty:
        yield builder.build()


def _is_one_a_line(head: bytes) -> bool:
    first, newline, rest = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    return bool(newline and rest.strip()) and _split(_parse(first.decode("utf-8", "replace"))) is not None


def _parse(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _split(held: object) -> list[_Conversation] | None:
    """Return the conversations in JSON; None where there are none."""
    if isinstance(held, Mapping):
        found = next((name for name in _LISTS if _is_list_of_messages(held.get(name))), None)
        if found is None:
            return None
        beside = {name: value for name, value in held.items() if name != found}
        return [_Conversation(messages=held[found], beside=beside)]
    if not isinstance(held, list) or not held:
        return None
    if _is_list_of_messages(held):
        return [_Conversation(messages=held, beside={})]
    several = [_split(one) if isinstance(one, Mapping) or _is_list_of_messages(one) else None for one in held]
    return [one for split in several for one in split or ()] if all(several) else None


def _is_list_of_messages(held: object) -> bool:
    return isinstance(held, list) and bool(held) and all(map(_is_message, held))


def _is_message(held: object) -> bool:
    return isinstance(held, Mapping) and (
        isinstance(held.get("role"), str) or (isinstance(held.get("from"), str) and "value" in held)
    )


def _add_line(builder: Builder, text: str, line: int) -> None:
    found = _split(_parse(text))
    if found is None:
        builder.set_location(line=line)
        builder.add_code(text, language="json")
        builder.add_defect("damaged", f"line {line} is no conversation; it is kept as JSON")
        return
    for conversation in found:
        _add_conversation(builder, conversation, name=f"conversation {line}", line=line)


def _add_conversation(
    builder: Builder, conversation: _Conversation, *, name: str, line: int | None = None
) -> None:
    builder.set_location(file=name, line=line)
    if name:
        builder.add_heading(1, name)
    if conversation.beside:
        builder.add_code(_dump(conversation.beside), language="json")
    for number, message in enumerate(conversation.messages, 1):
        called = ", ".join(filter(None, [name, f"message {number}"]))
        builder.set_location(file=called, line=line)
        try:
            turns = read_messages([_to_fields(message)])
        except (TurnError, RecursionError) as error:
            builder.add_code(_dump(message), language="json")
            builder.add_defect("damaged", f"{called} cannot be read as one, and is kept as JSON: {error}")
            continue
        _tell_fields(builder, message)
        if not turns:  # reasoning alone
            builder.add_defect("left out", f"{called} says nothing but reasoning, which is not kept")
        for turn in turns:
            _add_turn(builder, turn)


def _to_fields(message: object) -> dict[str, object]:
    return {str(name): value for name, value in message.items()} if isinstance(message, Mapping) else {}


def _add_turn(builder: Builder, turn: Turn) -> None:
    builder.add_heading(2, spell_halves(f"{turn.role} ({turn.name})" if turn.name else turn.role))
    if turn.text.strip():
        builder.add_text(spell_halves(turn.text).rstrip("\n") + "\n\n")
    for call in turn.tool_calls:
        builder.add_paragraph(spell_halves(f"calls {call.name}" + (f" ({call.id})" if call.id else "")))
        builder.add_code(spell_halves(call.arguments), language="json")
    if turn.tool_call_id:
        builder.add_paragraph(spell_halves(f"answers call {turn.tool_call_id}"))
    for image in turn.images:
        builder.add_picture("", image)
    for attachment in turn.attachments:
        builder.add_paragraph(spell_halves(f"[attachment: {attachment.label}]"))
        builder.add_defect("left out", f"the attachment {show_value(attachment.label)} is named, not shown")


def _tell_fields(builder: Builder, message: object) -> None:
    """Report what a message holds and its turn does not."""
    fields = _to_fields(message)
    others = [
        name for name, value in fields.items() if name not in _KNOWN and value not in (None, "", [], {})
    ]
    if others:
        builder.add_defect(
            "left out", f"messages hold {', '.join(map(show_value, others[:9]))}, too; it is not in the text"
        )
    content = fields.get("content")
    blocks = content if isinstance(content, list) else []
    if any(isinstance(block, Mapping) and str(block.get("type")) in _REASONING for block in blocks):
        builder.add_defect("left out", "messages hold reasoning; it is not in the text")


def _dump(held: object) -> str:
    try:
        return spell_halves(json.dumps(held, ensure_ascii=False, indent=2))
    except RecursionError:
        return "[nested too deeply to be written]"

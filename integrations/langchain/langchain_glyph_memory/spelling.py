"""Write what is sent to the model: a folded history as LangChain's messages.

Recent messages stay the objects that they are, unless something in them must not be sent as it is; then a copy is sent.
Knows messages and what a fold shows; knows nothing about agents.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolCall

from glyph_memory import Binder, FoldedHistory, ImagePart, KeptMessage, Message
from langchain_glyph_memory.blocks import TEXTS, Content, image_block, repeats_call

SOURCE = "glyph_memory"
"""What `additional_kwargs["lc_source"]` says of a message that is ours, as LangChain's summarizer marks its own."""


def write_request(folded: FoldedHistory[BaseMessage], *, merge: bool = True) -> list[BaseMessage]:
    """Return the messages to send: system messages, a user's message with the pages, recent messages.

    Args:
        folded: The history.
        merge: Whether the pages become one message with the user's message that follows them: many chat templates
            insist that roles alternate. That message keeps its id, its name and whatever else is on it.
    """
    binder = folded.folding.binder
    head = [
        _clean_message(message, binder, role="system") for message in folded.messages[: len(folded.fold.head)]
    ]
    recent = [(kept, write_message(kept, binder)) for kept in folded.recent]
    users = [bool(kept.orphan) or kept.turn.role == "user" for kept, _ in recent]
    merged = merge and bool(users) and users[0]
    parts = folded.build_user_parts(merged=merged) if folded.fold.seals or users[:1] != [True] else ()
    said = [message for _, message in recent]
    if merged and parts:
        said[0] = _prepend_pages(parts, said[0])
    elif parts:
        said.insert(0, _page_message(parts))
        users.insert(0, True)
    ours = [bool(kept.orphan) for kept, _ in recent]
    return [*head, *(_join_users(said, users, [False] * (len(said) - len(ours)) + ours) if merge else said)]


def write_message(kept: KeptMessage[BaseMessage], binder: Binder) -> BaseMessage:
    """Return a recent message as it is sent: the same object where nothing has to be changed.

    The model's special tokens are broken, and what could be taken for a line of ours; old reasoning is left out; a
    tool's result without its call is told by a user, a call without its result in words.
    """
    message, role = kept.message, kept.turn.role
    if kept.orphan:
        content = _clean_content(message.content, lambda text: binder.format_text(text, role="tool"))
        if isinstance(content, str):
            return HumanMessage(f"{kept.orphan}\n{content}", id=message.id)
        return HumanMessage([{"type": "text", "text": f"{kept.orphan}\n"}, *content], id=message.id)
    message = _clean_message(message, binder, role=role)
    return _clean_calls(message, kept, binder) if isinstance(message, AIMessage) else message


def _clean_message(message: BaseMessage, binder: Binder, *, role: Any) -> BaseMessage:  # noqa: ANN401  # a turn's role
    update: dict[str, Any] = {}
    content = _clean_content(message.content, lambda text: binder.format_text(text, role=role))
    if content is not message.content:
        update["content"] = content
    if message.name and (name := binder.clean_and_escape(message.name)) != message.name:
        update["name"] = name
    return message.model_copy(update=update) if update else message


def _clean_content(content: Content, clean: Callable[[str], str]) -> Content:
    """Return a content with every text cleaned; the same object where nothing changed."""
    if isinstance(content, str):
        said = clean(content)
        return content if said == content else said
    blocks = [_clean_block(block, clean) for block in content]
    return content if all(map(_is_same, blocks, content)) else blocks


def _clean_block(block: str | dict[Any, Any], clean: Callable[[str], str]) -> str | dict[Any, Any]:
    if isinstance(block, str):
        said = clean(block)
        return block if said == block else said
    name = "refusal" if block.get("type") == "refusal" else "text"
    text = block.get(name)
    if block.get("type") not in TEXTS or not isinstance(text, str) or (said := clean(text)) == text:
        return block
    return {**block, name: said}


def _clean_calls(message: AIMessage, kept: KeptMessage[BaseMessage], binder: Binder) -> AIMessage:
    """Return a message with only those calls that can be sent: each has a result, and a JSON object as arguments."""
    told = dict(kept.unanswered)
    calls: list[ToolCall] = []
    readable = len(message.tool_calls)
    changed = bool(told) or len(kept.turn.tool_calls) > readable > 0
    for place, call in enumerate(kept.turn.tool_calls):
        if place in told:
            continue
        name, arguments = binder.clean_and_escape(call.name), binder.clean_arguments(call.arguments)
        if place < readable and (name, arguments) == (call.name, call.arguments):
            calls.append(message.tool_calls[place])
            continue
        changed = changed or place < readable or bool(message.invalid_tool_calls)
        calls.append(ToolCall(name=name, args=json.loads(arguments), id=call.id or None, type="tool_call"))
    if not changed:
        return message
    ids = frozenset(call.id for call in kept.turn.tool_calls if call.id)
    dropped = {"tool_calls", "function_call"}  # as the provider wrote them: they would be sent again
    beside = {name: value for name, value in message.additional_kwargs.items() if name not in dropped}
    update = {
        "content": _add_lines(message.content, list(told.values()), ids),
        "tool_calls": calls,
        "invalid_tool_calls": [],
        "additional_kwargs": beside,
    }
    return message.model_copy(update=update)


def _add_lines(content: Content, lines: Sequence[str], calls: frozenset[str]) -> Content:
    """Return a content with lines at its end, and without the blocks that repeat calls."""
    if isinstance(content, str):
        return "\n".join([*([content] if content else []), *lines])
    blocks = [block for block in content if not repeats_call(block, calls)]
    return [*blocks, *([{"type": "text", "text": "\n".join(lines)}] if lines else [])]


def _page_message(parts: tuple[str | ImagePart, ...]) -> HumanMessage:
    """Return a new user's message with pages; it has no id, as a new id every time would defeat caches."""
    return HumanMessage(_content(parts), additional_kwargs={"lc_source": SOURCE})


def _prepend_pages(parts: tuple[str | ImagePart, ...], message: BaseMessage) -> BaseMessage:
    """Return a user's message with the pages before its content."""
    if isinstance(message.content, str) and all(isinstance(part, str) for part in parts):
        return message.model_copy(update={"content": _content((*parts, message.content))})
    return message.model_copy(update={"content": [*map(_block, parts), *_blocks(message.content)]})


def _content(parts: tuple[str | ImagePart, ...]) -> Content:
    """Return parts as a message's content: text alone as a string, which every server's template accepts."""
    if all(isinstance(part, str) for part in parts):
        return Message(role="user", parts=parts).text
    return [*map(_block, parts)]


def _block(part: str | ImagePart) -> dict[str, Any]:
    return {"type": "text", "text": part} if isinstance(part, str) else image_block(part)


def _blocks(content: Content) -> list[str | dict[Any, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return content


def _join_users(
    messages: Sequence[BaseMessage], users: Sequence[bool], ours: Sequence[bool]
) -> Iterator[BaseMessage]:
    """Yield the messages; each user's message of ours is joined with the user's message before or after it."""
    held: BaseMessage | None = None
    was_user = was_ours = False
    for message, is_user, is_ours in zip(messages, users, ours, strict=True):
        if held is not None and was_user and is_user and (was_ours or is_ours):
            held = _join_messages(held, message, keep=message if was_ours else held)
            was_ours = was_ours and is_ours
            continue
        if held is not None:
            yield held
        held, was_user, was_ours = message, is_user, is_ours
    if held is not None:
        yield held


def _join_messages(first: BaseMessage, second: BaseMessage, *, keep: BaseMessage) -> BaseMessage:
    if isinstance(first.content, str) and isinstance(second.content, str):
        return keep.model_copy(update={"content": f"{first.content}\n\n{second.content}".strip("\n")})
    apart = {"type": "text", "text": "\n\n"}
    return keep.model_copy(update={"content": [*_blocks(first.content), apart, *_blocks(second.content)]})


def _is_same(one: object, other: object) -> bool:
    return one is other

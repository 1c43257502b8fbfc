"""Write what is sent to the model: the plan of a request as LangChain's messages.

Recent messages stay the objects that they are, unless something in them must not be sent as it is; then a copy is sent.
Knows messages; what a request is made of is decided by `FoldedHistory.plan_request`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolCall

from glyph_memory import (
    Binder,
    FoldedHistory,
    ImagePart,
    Loss,
    Message,
    Part,
    Parts,
    PlannedMessage,
    PlannedTurn,
    RequestPlan,
    Text,
    TextCleaner,
)
from langchain_glyph_memory.blocks import TEXTS, Content, part_block, repeats_call
from langchain_glyph_memory.image_blocks import ImageBlocks, spell_images
from langchain_glyph_memory.marking import SOURCE, keep_words, mark_pictures, show_pictures
from langchain_glyph_memory.messages import list_tool_calls

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenRequest:
    """A history as it is sent."""

    messages: list[BaseMessage]
    """System messages, a user's message with the pages, recent messages."""
    plan: RequestPlan
    """What they are made of."""
    losses: tuple[Loss, ...] = ()
    """What is new and not shown as it came."""
    holds_pages: bool = False
    """Whether pages are in it, or pictures of what is sealed: a server that takes no images refuses it."""


def write_request(
    folded: FoldedHistory[BaseMessage],
    *,
    merge: bool = True,
    can_recall: bool = False,
    hoist_pictures: bool = True,
    image_blocks: ImageBlocks = "standard",
) -> WrittenRequest:
    """Return a history as it is sent.

    Args:
        folded: The history.
        merge: Whether the pages become one message with the user's message that follows them: many chat templates
            insist that roles alternate. That message keeps its id, its name and whatever else is on it.
        can_recall: Whether the model has the tools `recall` and `zoom`.
        hoist_pictures: Whether pictures and files of anyone but a user are shown by a user, after the results.
        image_blocks: How pictures are spelled.
    """
    plan = folded.plan_request(
        merge_pages=merge,
        join_users="beside" if merge else "none",
        hoist_pictures=hoist_pictures,
        can_recall=can_recall,
    )
    recent = [kept.message for kept in folded.recent]
    return WrittenRequest(
        messages=write_plan(
            plan,
            head=folded.messages[: len(plan.head)],
            message_at=lambda planned: recent[planned.place],
            binder=folded.folding.binder,
            image_blocks=image_blocks,
        ),
        plan=plan,
        losses=plan.losses,
        holds_pages=_holds_pages(plan),
    )


def write_plan(
    plan: RequestPlan,
    *,
    head: Sequence[BaseMessage],
    message_at: Callable[[PlannedTurn], BaseMessage],
    binder: Binder,
    image_blocks: ImageBlocks = "standard",
) -> list[BaseMessage]:
    """Return the messages of a plan.

    Args:
        plan: What the request is made of.
        head: The leading system messages.
        message_at: Gives the message of a recent turn.
        binder: What the plan was made by.
        image_blocks: How pictures are spelled.
    """
    written = [_clean_message(message, binder.cleaner, role="system") for message in head]
    turns = [one for planned in plan.messages for one in planned.turns]
    hoisted = frozenset(one.place for one in turns if one.shows == "pictures" and one.parts is None)

    def write_turn(planned: PlannedTurn) -> BaseMessage:
        message = message_at(planned)
        if planned.shows == "pictures" and planned.parts is None:
            return show_pictures(message, planned, binder)
        message = _write_turn(planned, message, binder.cleaner)
        if planned.place in hoisted:
            message = keep_words(message)
        return mark_pictures(message, planned, binder) if plan.marks_pictures else message

    written += (_write_planned(planned, write_turn) for planned in plan.messages)
    return [spell_images(message, image_blocks) for message in written]


def _holds_pages(plan: RequestPlan) -> bool:
    sealed = (part for planned in plan.messages for part in planned.before)
    new = (part for planned in plan.messages for one in planned.turns for part in one.parts or ())
    return any(isinstance(part, ImagePart) for part in sealed) or any(
        isinstance(part, ImagePart) and part.kind == "page" for part in new
    )


def _write_planned(planned: PlannedMessage, write_turn: Callable[[PlannedTurn], BaseMessage]) -> BaseMessage:
    messages = [*map(write_turn, planned.turns)]
    if not messages:
        return _page_message(planned.before)
    if planned.before:
        messages[0] = _prepend_pages(planned.before, messages[0])
    keep = planned.turns.index(planned.own) if planned.own else 0
    return _join_messages(messages, keep=messages[keep]) if len(messages) > 1 else messages[0]


def _write_turn(planned: PlannedTurn, message: BaseMessage, cleaner: TextCleaner) -> BaseMessage:
    """Return a recent message as it is sent: the same object where nothing has to be changed.

    The model's special tokens are broken, and what could be taken for a line of ours; old reasoning is left out; a
    tool's result without its call is told by a user, a call without its result in words. Where there was no room for
    its content, the message keeps all but that.
    """
    role = planned.turn.role
    if planned.shows in {"pictures", "line"}:
        return _page_message(planned.parts or ())
    if planned.shows == "result" and planned.parts is not None:
        return HumanMessage(_spell_parts((Text(f"{planned.heading}\n"), *planned.parts)), id=message.id)
    if planned.shows == "result":
        content = _clean_content(message.content, lambda text: cleaner.format_text(text, role=role))
        if isinstance(content, str):
            return HumanMessage(f"{planned.heading}\n{content}", id=message.id)
        return HumanMessage([{"type": "text", "text": f"{planned.heading}\n"}, *content], id=message.id)
    message = _clean_message(message, cleaner, role=role, parts=planned.parts)
    return _clean_calls(message, planned, cleaner) if isinstance(message, AIMessage) else message


def _clean_message(
    message: BaseMessage, cleaner: TextCleaner, *, role: Role, parts: Parts | None = None
) -> BaseMessage:
    """Return a message that is clean, with other parts in place of its content if there are any."""
    update: dict[str, Any] = {}
    if parts is None:
        content = _clean_content(message.content, lambda text: cleaner.format_text(text, role=role))
    else:
        content = _spell_parts(parts)
    if content is not message.content:
        update["content"] = content
    if message.name and (name := cleaner.clean_and_escape(message.name)) != message.name:
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


def _clean_calls(message: AIMessage, planned: PlannedTurn, cleaner: TextCleaner) -> AIMessage:
    """Return a message with only those calls that can be sent: each has a result, and a JSON object as arguments."""
    told, asked, said = dict(planned.unanswered), planned.turn.tool_calls, list_tool_calls(message)
    calls: list[ToolCall] = []
    readable = len(message.tool_calls)
    changed = bool(told) or len(asked) > readable > 0
    for place, call in enumerate(asked):
        if place in told:
            continue
        name, arguments = cleaner.clean_and_escape(call.name), cleaner.clean_arguments(call.arguments)
        # Arguments may be shortened where there was no room for them.
        if place < readable and (name, arguments) == (said[place].name, said[place].arguments):
            calls.append(message.tool_calls[place])
            continue
        changed = changed or place < readable or bool(message.invalid_tool_calls)
        calls.append(ToolCall(name=name, args=json.loads(arguments), id=call.id or None, type="tool_call"))
    if not changed:
        return message
    ids = frozenset(call.id for call in asked if call.id)
    dropped = {"tool_calls", "function_call"}  # as the provider wrote them: they would be sent again
    beside = {name: value for name, value in message.additional_kwargs.items() if name not in dropped}
    update = {
        "content": _add_lines(message.content, [line for line in told.values() if line], ids),
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


def _page_message(parts: Parts) -> HumanMessage:
    """Return a new user's message with pages; it has no id, as a new id every time would defeat caches."""
    return HumanMessage(_spell_parts(parts), additional_kwargs={"lc_source": SOURCE})


def _spell_parts(parts: Parts) -> Content:
    """Return parts as a content; text alone is a string, which every server takes."""
    filled = [part for part in parts if not isinstance(part, Text) or part.text]
    said = Message(role="user", parts=filled)
    if said.is_text:
        return said.text
    following = [*filled[1:], None]
    return [part_block(_end_text(part, after)) for part, after in zip(filled, following, strict=True)]


def _end_text(part: Part, after: Part | None) -> Part:
    """Return a part that ends with a blank line where a text follows a text: some templates put nothing between."""
    if isinstance(part, Text) and isinstance(after, Text) and not part.text.endswith("\n"):
        return replace(part, text=f"{part.text}\n\n")
    return part


def _prepend_pages(parts: Parts, message: BaseMessage) -> BaseMessage:
    """Return a user's message with the pages before its content; text alone is a string, which every server takes."""
    if isinstance(message.content, str):
        said = Message(role="user", parts=(*parts, message.content))
        if said.is_text:
            return message.model_copy(update={"content": said.text})
    return message.model_copy(update={"content": [*map(part_block, parts), *_blocks(message.content)]})


def _blocks(content: Content) -> list[str | dict[Any, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return content


def _join_messages(messages: Sequence[BaseMessage], *, keep: BaseMessage) -> BaseMessage:
    """Return one message with the content of all, and whatever else is on the one that is kept."""
    content: Content = messages[0].content
    for message in messages[1:]:
        if isinstance(content, str) and isinstance(message.content, str):
            content = f"{content}\n\n{message.content}".strip("\n")
        else:
            content = [*_blocks(content), {"type": "text", "text": "\n\n"}, *_blocks(message.content)]
    return keep.model_copy(update={"content": content})


def _is_same(one: object, other: object) -> bool:
    return one is other

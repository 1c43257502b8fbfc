"""Spell recent turns as messages that every server takes: calls with their results, pictures in users' messages.

Knows turns and messages; knows nothing about pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from glyph_memory.context.messages import ImagePart, Message
from glyph_memory.context.pictures import decode_picture
from glyph_memory.context.quote import call_arguments, message_text
from glyph_memory.transcript import ToolCall, Turn

OPENING = "(The conversation begins here.)"
"""What a user is made to say where a conversation begins with someone else: most chat templates insist on one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageBuilder:
    """Builds messages from turns, for one model."""

    clean: Callable[[str], str]
    """Breaks the model's special tokens in a text."""
    clean_and_escape: Callable[[str], str]
    """Breaks those, and what could be taken for a line of ours."""
    accepts_image: Callable[[tuple[int, int]], bool]
    """Whether the model takes an image of that size."""

    def build_messages(self, turns: Sequence[Turn]) -> list[Message]:
        """Return turns as messages; the first may not be a user's, and no two users' messages follow each other."""
        ids = pair_calls(turns)
        spelled: list[Message] = []
        waiting: list[
            str | ImagePart
        ] = []  # what a user has to tell, until the last result of the group is told
        for place, turn in enumerate(turns):
            message = self._message(turn, place, ids)
            if turn.role == "tool" and message.role == "user":
                waiting += message.parts
            else:
                spelled.append(message)
            if turn.role != "user":
                waiting += self._pictures(turn, told=True)
            is_last = place + 1 == len(turns) or turns[place + 1].role != "tool"
            if waiting and is_last:
                spelled.append(Message(role="user", parts=tuple(waiting)))
                waiting = []
        return list(_merge_user_messages(spelled))

    def _message(self, turn: Turn, place: int, ids: Mapping[tuple[int, int], str]) -> Message:
        text = self.clean(message_text(turn))
        if turn.role == "tool":
            if (place, RESULT) in ids:
                return Message(
                    role="tool", parts=(text,), tool_call_id=self.clean_and_escape(ids[place, RESULT])
                )
            # A result whose call is not there is refused by servers, so it is told in words.
            return Message(
                role="user", parts=(f"{orphan_line(self.clean_and_escape(turn.name or ''))}\n{text}",)
            )
        calls = []
        for number, call in enumerate(turn.tool_calls):
            name = self.clean_and_escape(call.name)
            if (place, number) in ids:
                arguments = call_arguments(call.arguments, clean=self.clean_and_escape)
                calls.append(
                    ToolCall(name=name, arguments=arguments, id=self.clean_and_escape(ids[place, number]))
                )
            else:
                text += unanswered_line(name, self.clean_and_escape(call.arguments))
        if turn.role == "user":
            return Message(role="user", parts=(text, *self._pictures(turn, told=False)))
        return Message(role=turn.role, parts=(text,), tool_calls=tuple(calls))

    def _pictures(self, turn: Turn, *, told: bool) -> list[str | ImagePart]:
        parts: list[str | ImagePart] = []
        for position, data in enumerate(turn.images, 1):
            picture = decode_picture(data)
            if picture is None or not self.accepts_image(picture.size):
                parts.append(f"(Picture {position} of this message cannot be shown.)")
                continue
            if told:
                parts.append(f"(Picture {position} that came with the {turn.role}'s message:)")
            parts.append(ImagePart(data=picture.data, size=picture.size, media_type=picture.media_type))
        return parts


RESULT = -1
"""Stands for a result where others have a call's number."""


def orphan_line(name: str) -> str:
    """Return the line above a result whose call is not there."""
    return f"Result of {name or 'a tool'}, whose call is not shown:"


def unanswered_line(name: str, arguments: str) -> str:
    """Return the line that describes a call without a result; it follows the text of its turn."""
    return f"\n[called {name} {arguments}; no result came]"


def call_id(turn: Turn, number: int) -> str:
    """Return the id of one of a turn's calls; one made up here where it came without."""
    return turn.tool_calls[number].id or f"call-{turn.anchor}-{number}"


def pair_calls(turns: Sequence[Turn]) -> dict[tuple[int, int], str]:
    """Return the ids of calls and results that belong together, by turn and place; a result's place is `RESULT`.

    A result belongs to a call of the last turn that was no result: servers take nothing in between. Calls that are
    open at the end have an id as well: their results are yet to come.
    """
    ids: dict[tuple[int, int], str] = {}
    waiting: dict[tuple[int, int], str] = {}
    for place, turn in enumerate(turns):
        if turn.role != "tool":
            calls = turn.tool_calls if turn.role == "assistant" else ()
            waiting = {(place, number): call_id(turn, number) for number in range(len(calls))}
            continue
        key = next((key for key, name in waiting.items() if turn.tool_call_id in {name, None, ""}), None)
        if key is not None:
            ids[key] = ids[place, RESULT] = waiting.pop(key)
    return ids | waiting


def _merge_user_messages(messages: Sequence[Message]) -> Iterator[Message]:
    """Merge users' messages that follow each other: some chat templates insist that the roles alternate."""
    held: Message | None = None
    for message in messages:
        if held is not None and held.role == message.role == "user":
            held = replace(held, parts=(*held.parts, *message.parts))
            continue
        if held is not None:
            yield replace(held, parts=tuple(_separate_texts(held.parts)))
        held = message
    if held is not None:
        yield replace(held, parts=tuple(_separate_texts(held.parts)))


def _separate_texts(parts: Sequence[str | ImagePart]) -> Iterator[str | ImagePart]:
    """End each text that another text follows with a blank line: some templates put nothing between parts."""
    filled = [part for part in parts if part != ""] or parts
    for part, after in zip(filled, [*filled[1:], None], strict=True):
        runs_on = isinstance(part, str) and isinstance(after, str) and not part.endswith("\n")
        yield f"{part}\n\n" if runs_on else part

"""Spell recent turns as messages that every server takes: calls with their results, pictures in users' messages.

Knows turns and messages; knows nothing about pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from glyph_memory.context.messages import ImagePart, Message
from glyph_memory.context.pictures import whole
from glyph_memory.context.quote import guarded, message_text
from glyph_memory.transcript import ToolCall, Turn

OPENING = "(The conversation begins here.)"
"""What a user is made to say where a conversation begins with someone else: most chat templates insist on one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Speller:
    """Turns into messages, for one model."""

    clean: Callable[[str], str]
    """Breaks the model's special tokens in a text."""
    takes: Callable[[tuple[int, int]], bool]
    """Whether the model takes an image of that size."""

    def messages(self, turns: Sequence[Turn]) -> list[Message]:
        """Spell turns; the first message is not always a user's, and no two users' messages follow each other."""
        ids = _ids(turns)
        spelled: list[Message] = []
        waiting: list[str | ImagePart] = []  # pictures of tools, until the last result of the group is told
        for place, turn in enumerate(turns):
            spelled.append(self._message(turn, place, ids))
            if turn.role != "user":
                waiting += self._pictures(turn, told=True)
            is_last = place + 1 == len(turns) or turns[place + 1].role != "tool"
            if waiting and is_last:
                spelled.append(Message(role="user", parts=tuple(waiting)))
                waiting = []
        return list(_joined(spelled))

    def _message(self, turn: Turn, place: int, ids: Mapping[tuple[int, int], str]) -> Message:
        text = self.clean(message_text(turn))
        if turn.role == "tool":
            if (place, _RESULT) in ids:
                return Message(role="tool", parts=(text,), tool_call_id=self.clean(ids[place, _RESULT]))
            # A result whose call is not there is refused by servers, so it is told in words.
            told = f"Result of {self._plain(turn.name or 'a tool')}, whose call is not shown:\n{text}"
            return Message(role="user", parts=(told,))
        if turn.role == "user":
            parts = [text] if text or not turn.images else []
            return Message(role="user", parts=(*parts, *self._pictures(turn, told=False)))
        calls, lost = [], ""
        for number, call in enumerate(turn.tool_calls):
            name, arguments = self.clean(call.name), self.clean(call.arguments)
            if (place, number) in ids:
                calls.append(ToolCall(name=name, arguments=arguments, id=self.clean(ids[place, number])))
            else:
                lost += f"\n[called {guarded(name)} {guarded(arguments)}; no result came]"
        return Message(role=turn.role, parts=(text + lost,), tool_calls=tuple(calls))

    def _pictures(self, turn: Turn, *, told: bool) -> list[str | ImagePart]:
        parts: list[str | ImagePart] = []
        for position, data in enumerate(turn.images, 1):
            picture = whole(data)
            if picture is None or not self.takes(picture.size):
                parts.append(f"(Picture {position} of this message cannot be shown.)")
                continue
            if told:
                parts.append(f"(Picture {position} that came with the {turn.role}'s message:)")
            parts.append(ImagePart(data=picture.data, size=picture.size, media_type=picture.media_type))
        return parts

    def _plain(self, text: str) -> str:
        return self.clean(guarded(text))


_RESULT = -1


def _ids(turns: Sequence[Turn]) -> dict[tuple[int, int], str]:
    """Pair calls and results: the id of each call that has one, by turn and place, and of each result of a call.

    A result belongs to a call of the last turn that was no result: servers take nothing in between. Calls that are
    open at the end have an id as well: their results are yet to come.
    """
    ids: dict[tuple[int, int], str] = {}
    waiting: dict[tuple[int, int], str] = {}
    for place, turn in enumerate(turns):
        if turn.role != "tool":
            waiting = {
                (place, number): call.id or f"call-{turn.anchor}-{number}"
                for number, call in enumerate(turn.tool_calls)
            }
            continue
        key = next((key for key, name in waiting.items() if turn.tool_call_id in {name, None, ""}), None)
        if key is not None:
            ids[key] = ids[place, _RESULT] = waiting.pop(key)
    return ids | waiting


def _joined(messages: Sequence[Message]) -> Iterator[Message]:
    """Join users' messages that follow each other: some chat templates insist that the roles alternate."""
    held: Message | None = None
    for message in messages:
        if held is not None and held.role == message.role == "user":
            held = replace(held, parts=(*held.parts, *message.parts))
            continue
        if held is not None:
            yield held
        held = message
    if held is not None:
        yield held

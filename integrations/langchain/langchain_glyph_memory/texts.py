"""A history in words, for a model that takes no images: the newest messages that fit its window.

Knows messages; knows nothing about pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from glyph_memory import Binder
from langchain_glyph_memory.counting import count_message_tokens
from langchain_glyph_memory.marking import SOURCE

_LEFT_OUT = "({count} older messages of this conversation are not shown here: they do not fit.)"
_CUT = "\n[… {count:,} characters left out here: they do not fit …]\n"
_LEAST_CHARACTERS = 200


def keep_newest(
    messages: Sequence[BaseMessage], binder: Binder, *, budget_tokens: int
) -> tuple[list[BaseMessage], str]:
    """Return the newest messages that fit, system messages before them, and a line on what is left out.

    A tool's result is not parted from its call. What the user asked last stays, and all after it; where that alone is
    too much, its longest texts are cut in the middle. In the messages a line tells the model what is missing.

    Args:
        messages: The history; nothing in it is changed.
        binder: Counts.
        budget_tokens: What the messages may take.
    """
    head = [*takewhile(lambda message: isinstance(message, SystemMessage), messages)]
    rest = [*messages[len(head) :]]
    costs = [count_message_tokens(message, binder) for message in rest]
    room = budget_tokens - sum(count_message_tokens(message, binder) for message in head)
    if sum(costs) <= room:
        return [*messages], ""
    begins = [place for place, message in enumerate(rest) if isinstance(message, HumanMessage)] or [0]
    line = count_message_tokens(HumanMessage(_LEFT_OUT.format(count=len(rest))), binder)
    cut = next((place for place in begins if sum(costs[place:]) + line <= room), begins[-1])
    kept, characters = _cut_longest(rest[cut:], binder, room - line)
    if cut:
        told = HumanMessage(_LEFT_OUT.format(count=cut), additional_kwargs={"lc_source": SOURCE})
        kept = [_join(told, kept[0]), *kept[1:]]
    said = [
        f"{cut} older messages" if cut else "",
        f"{characters:,} characters of the newest" if characters else "",
    ]
    return [*head, *kept], " and ".join(filter(None, said))


def _cut_longest(
    messages: list[BaseMessage], binder: Binder, room_tokens: int
) -> tuple[list[BaseMessage], int]:
    """Return messages whose longest texts are cut until all fit, and how many characters are missing."""
    kept, missing = [*messages], 0
    for _ in range(2 * len(messages)):
        over = sum(count_message_tokens(message, binder) for message in kept) - room_tokens
        texts = [(len(one.content), place) for place, one in enumerate(kept) if isinstance(one.content, str)]
        length, place = max(texts, default=(0, 0))
        if over <= 0 or length <= _LEAST_CHARACTERS:
            break
        message = kept[place]
        text, cost = str(message.content), max(1, binder.count(str(message.content)))
        half = max(_LEAST_CHARACTERS, int(length * max(0.0, 1 - 1.1 * (over + 32) / cost))) // 2
        gone = length - 2 * half
        missing += gone
        text = text[:half] + _CUT.format(count=gone) + text[length - half :]
        kept[place] = message.model_copy(update={"content": text})
    return kept, missing


def _join(told: BaseMessage, first: BaseMessage) -> BaseMessage:
    """Return a user's message with our line before it: two of a user's in a row are refused by some templates."""
    if isinstance(first.content, str):
        return first.model_copy(update={"content": f"{told.content}\n\n{first.content}"})
    return first.model_copy(
        update={"content": [{"type": "text", "text": f"{told.content}\n\n"}, *first.content]}
    )

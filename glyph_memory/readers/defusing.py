"""Break a model's special tokens wherever they stand in the text of a context.

Knows contexts; knows nothing about who sends them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from glyph_memory.context import Context, Message, Text
from glyph_memory.tokens import defuse


def defuse_context(context: Context, special_tokens: Sequence[str]) -> Context:
    """Return a context in whose texts no special token stands; as it is where that is so already.

    Args:
        context: What is sent.
        special_tokens: The model's own, in addition to those that `defuse` knows.
    """
    if context.defused:
        return context

    def defuse_message(message: Message) -> Message:
        parts = (
            replace(part, text=defuse(part.text, special_tokens=special_tokens))
            if isinstance(part, Text)
            else part
            for part in message.parts
        )
        return replace(message, parts=tuple(parts))

    return replace(context, messages=tuple(map(defuse_message, context.messages)))

"""Read what users give as a history: messages in any of the forms in which LangChain takes them.

Knows messages and prompts; knows nothing about pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from langchain_core.messages import BaseMessage, MessageLikeRepresentation, convert_to_messages
from langchain_core.prompt_values import PromptValue

Messages = Iterable[MessageLikeRepresentation] | PromptValue
"""A history, in whatever form LangChain takes one."""


def read_messages(given: Messages) -> list[BaseMessage]:
    """Return a history's messages; a text is one of a user, as for chat models, and one message is a history, too.

    Raises:
        TypeError: It is none.

    Example:
        >>> [message.text for message in read_messages("Hello.")]
        ['Hello.']
    """
    if isinstance(given, PromptValue):
        return given.to_messages()
    if isinstance(given, str | BaseMessage) or (isinstance(given, dict) and "content" in given):
        return convert_to_messages([given])
    if isinstance(given, Mapping) or not isinstance(given, Iterable):
        keys = f" with {', '.join(map(repr, given))}" if isinstance(given, Mapping) else ""
        raise TypeError(
            f"a value of type {type(given).__name__!r}{keys} is no history; give a list of messages, such as "
            "state['messages'], or a text"
        )
    return convert_to_messages([*given])

"""Have the pages of an agent's next request read before it is sent.

An answer may seal what is old: then the next request begins with pages that no server has read yet. Knows requests that
were sent; knows nothing about how their messages are folded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from langchain.agents.middleware.types import ExtendedModelResponse, ModelCallResult
from langchain_core.messages import AIMessage, BaseMessage

from glyph_memory import Context, ReaderRefused, TurnError, Warmer
from langchain_glyph_memory.guarding import MessageGuard
from langchain_glyph_memory.messages import name_of
from langchain_glyph_memory.preparer import PreparedRequest
from langchain_glyph_memory.tools import holds_recall_tools


class RequestWarmer:
    """Hands the pages of next requests to a warmer, where there is one.

    Args:
        warmer: Has pages read.
        guard: Redacts what is sent, and looks for secrets in it.

    Raises:
        ReaderRefused: `warmer` is no `Warmer`, or has a system prompt of its own.
    """

    def __init__(self, warmer: Warmer | None, guard: MessageGuard) -> None:
        if warmer is not None and not isinstance(warmer, Warmer):
            raise ReaderRefused(f"warmer={warmer!r} is no Warmer; give Warmer(reader), or None")
        if warmer is not None and warmer.system_prompt:
            raise ReaderRefused(
                "the middleware knows its requests' system prompt; give Warmer(reader) without one"
            )
        self._warmer, self._guard = warmer, guard

    def submit(self, sent: PreparedRequest, response: ModelCallResult[Any]) -> None:
        """Have the pages read that the next request begins with; they are drawn in the warmer's thread."""
        folded = sent.folded
        if self._warmer is None or folded is None or not folded.messages:
            return
        answers = _list_answers(response)
        self._warmer.submit(
            lambda: self._write_next_prefix(sent, answers), conversation=(self, name_of(folded.messages[0]))
        )

    def _write_next_prefix(self, sent: PreparedRequest, answers: Sequence[BaseMessage]) -> Context | None:
        """Return what the next request begins with; None where this one did, or where it will be refused."""
        if self._guard.changes_messages:
            try:
                answers = self._guard.guard(answers, key=sent.secret_key.encode() or None)
            except TurnError:
                return None
        ahead = sent.folded.look_ahead(answers) if sent.folded else None
        if ahead is None:
            return None
        return ahead.stable_prefix(
            head=[*_list_heads(sent)], can_recall=holds_recall_tools(sent.request.tools)
        )


def _list_answers(response: ModelCallResult[Any]) -> list[BaseMessage]:
    if isinstance(response, ExtendedModelResponse):
        response = response.model_response
    return [response] if isinstance(response, AIMessage) else [*response.result]


def _list_heads(sent: PreparedRequest) -> Iterator[str]:
    """Yield the system messages of a request; blocks of text are joined as chat templates do."""
    request = sent.request
    own = [request.system_message] if request.system_message else []
    for message in (*own, *takewhile(lambda one: one.type == "system", request.messages)):
        blocks = [message.content] if isinstance(message.content, str) else message.content
        yield "".join(block if isinstance(block, str) else str(block.get("text", "")) for block in blocks)

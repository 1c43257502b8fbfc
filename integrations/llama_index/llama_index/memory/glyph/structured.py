"""`structure_output`: an agent's structured output, of its conversation with its pages. Knows LLMs and messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.bridge.pydantic import BaseModel
from llama_index.core.llms.llm import LLM

_ASKED = "Given the conversation, fill the provided schema."


def structure_output(llm: LLM, output_cls: type[BaseModel]) -> Callable[[list[ChatMessage]], Any]:
    """Return what fills a schema from a conversation: for `structured_output_fn=` of an agent or a workflow.

    An agent's own `output_cls=` does so from text alone: LlamaIndex drops pages and pictures there.

    Args:
        llm: Who fills it; any LLM that takes pictures.
        output_cls: The schema.

    Example:
        >>> from llama_index.core.agent.workflow import FunctionAgent
        >>> agent = FunctionAgent(llm=llm, structured_output_fn=structure_output(llm, Answer))  # doctest: +SKIP
    """

    async def fill(messages: list[ChatMessage]) -> dict[str, Any]:
        asked = ChatMessage(role=MessageRole.USER, content=_ASKED)
        answer = await llm.as_structured_llm(output_cls).achat([*messages, asked])
        return dict(json.loads(answer.message.content or "{}"))

    return fill

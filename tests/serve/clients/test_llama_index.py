"""LlamaIndex's `OpenAILike` through the proxy: an agent of functions, streamed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai_like import OpenAILike

from tests.serve.clients.harness import ROUND, STEPS, TOOL, ask_for_round, check_client, read_log


def read(step: int, lines: int = 40) -> str:
    """Read a log."""
    return read_log(step, lines=lines)


def work(address: str) -> list[dict[str, Any]]:
    """Work through the script; return the messages of the agent's memory."""

    async def run() -> list[dict[str, Any]]:
        model = OpenAILike(
            model="glyph",
            api_base=f"{address}/v1",
            api_key="none",
            context_window=131_072,
            is_chat_model=True,
            is_function_calling_model=True,
            max_retries=0,
        )
        memory = ChatMemoryBuffer.from_defaults(token_limit=1_000_000)
        agent = FunctionAgent(
            tools=[FunctionTool.from_defaults(read, name=TOOL)],
            llm=model,
            system_prompt="You are on call.",
            streaming=True,
        )
        for begun in range(0, STEPS, ROUND):
            await agent.run(ask_for_round(begun), memory=memory, max_iterations=99)
        return [message.model_dump(mode="json") for message in memory.get_all()]

    return asyncio.run(run())


def test_an_agent_notices_nothing(tmp_path: Path) -> None:
    """Its memory is that of a run without a proxy, the prefix holds, and nothing that was said is lost."""
    check_client(work, tmp_path)

"""A LlamaIndex agent with the 25 tools of an MCP server, in a window of 32k: what they cost, and what is left.

The server is a program beside this one, started over stdio; llama-index-tools-mcp makes LlamaIndex's tools of its own.

GLYPH_BASE_URL=http://127.0.0.1:8000/v1 GLYPH_MODEL=zai-org/Glyph python examples/16_llama_index_mcp_tools.py
"""

from __future__ import annotations

import asyncio
import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.tools import FunctionTool
from llama_index.core.workflow import Context
from llama_index.memory.glyph import GlyphMemory, GlyphOpenAILike, recall_tools
from llama_index.tools.mcp import McpToolSpec
from mcp import ClientSession, StdioServerParameters, stdio_client
from mcp.types import TextContent

from glyph_memory import GlyphMemoryWarning, ModelProfile, ToolCall
from glyph_memory.testing import ExampleServer, FakeAnswer, FakeRequest, open_server

SHOP = StdioServerParameters(
    command=sys.executable, args=[str(Path(__file__).parent / "mcp_server" / "shop.py")]
)
FACT = "Parcels for Ms. Okafor go to gate code 4711-B."
QUESTION = "Where do Ms. Okafor's parcels go?"


class TextSession(ClientSession):
    """A session that gives a result's text: McpToolSpec would send the model the `repr` of what comes."""

    async def call_tool(self, *args: Any, **kwargs: Any) -> str:  # type: ignore[override]  # noqa: ANN401
        """Call a tool of the server."""
        result = await super().call_tool(*args, **kwargs)
        return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def scripted(request: FakeRequest) -> FakeAnswer:
    """What a fake model does: read the order it is asked about, look up what was said long ago, answer."""
    last = request.body["messages"][-1]
    if last["role"] == "tool":
        told = [line.strip() for line in last["content"].splitlines() if "gate code" in line]
        return FakeAnswer(text=f"I was told: {told[0]}" if told else "It was delivered.")
    if request.question == QUESTION:
        return FakeAnswer(tool_calls=(ToolCall(name="recall", arguments='{"query": "Okafor parcels"}'),))
    words, _, number = request.question.rstrip("?").rpartition(" ")
    if words == "What happened to order":
        return FakeAnswer(tool_calls=(ToolCall(name="read_order", arguments=f'{{"number": "{number}"}}'),))
    return FakeAnswer(text="Noted.")


def count_tools(tools: Sequence[FunctionTool]) -> int:
    """Return the tokens of tools' descriptions, as the JSON that is sent with every prompt."""
    count = ModelProfile.from_name("glyph").text_counter.count
    return sum(count(json.dumps(tool.metadata.to_openai_tool())) for tool in tools)


async def talk(
    server: ExampleServer, tools: list[FunctionTool], questions: Sequence[str], *, window_tokens: int
) -> None:
    """Ask an agent one question after the other; print its last answer, and what was sent for it."""
    llm = GlyphOpenAILike(
        model=server.model,
        api_base=server.base_url,
        api_key="none",
        profile="glyph",
        window_tokens=window_tokens,
    )
    agent = FunctionAgent(tools=[*tools, *recall_tools()], llm=llm)  # recall and zoom as well
    memory, context = GlyphMemory.from_defaults(llm=llm), Context(agent)
    for question in questions:
        answer = await agent.run(question, ctx=context, memory=memory)
    memory = await context.store.get("memory")
    print(f"window of {window_tokens:,}: {len(memory.get_all())} messages are kept")
    if server.fake:
        request = server.fake.requests[-1]
        print(
            f"  sent: {len(request.images)} pages in {len(request.body['messages'])} messages, "
            f"{request.prompt_tokens:,} tokens beside the tools"
        )
    print(f"  {answer}")


async def main() -> None:
    """Talk for a while in a window where pages fit beside the tools, then in one where none does."""
    orders = [f"What happened to order {number}?" for number in range(7001, 7021)]
    async with stdio_client(SHOP) as streams, TextSession(*streams) as session:
        await session.initialize()
        tools = await McpToolSpec(session).to_tool_list_async()
        print(f"{len(tools)} tools take {count_tools(tools):,} tokens of every prompt")
        with open_server(answer=scripted) as server:
            await talk(server, tools, [FACT, *orders, QUESTION], window_tokens=32_768)
            with warnings.catch_warnings(record=True) as caught:
                await talk(server, tools, [FACT, *orders[:6]], window_tokens=16_384)
            for warning in caught:
                if issubclass(warning.category, GlyphMemoryWarning):
                    print(f"  said: {warning.message}")


if __name__ == "__main__":
    asyncio.run(main())

"""A LangChain agent with the 25 tools of an MCP server, in a window of 32k: what they cost, and what is left.

The server is a program beside this one, started over stdio. Where langchain-mcp-adapters goes with your version of mcp,
its `load_mcp_tools(session)` stands for `load_tools`.

GLYPH_BASE_URL=http://127.0.0.1:8000/v1 GLYPH_MODEL=zai-org/Glyph python examples/15_langchain_mcp_tools.py
"""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool
from langchain_glyph_memory import GlyphMemoryMiddleware, glyph_token_counter
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from mcp import Client, StdioServerParameters
from mcp.types import TextContent
from pydantic import SecretStr

from glyph_memory import GlyphMemoryWarning, ToolCall
from glyph_memory.testing import ExampleServer, FakeAnswer, FakeRequest, open_server

SHOP = StdioServerParameters(
    command=sys.executable, args=[str(Path(__file__).parent / "mcp_server" / "shop.py")]
)
FACT = "Parcels for Ms. Okafor go to gate code 4711-B."
QUESTION = "Where do Ms. Okafor's parcels go?"


async def load_tools(client: Client) -> list[BaseTool]:
    """Return the server's tools as LangChain's: a name, a description, a JSON schema, and a call."""

    def wrap(name: str) -> Any:  # noqa: ANN401 - any coroutine function
        async def call(**arguments: Any) -> str:  # noqa: ANN401 - the schema says what
            result = await client.call_tool(name, arguments)
            return "\n".join(block.text for block in result.content if isinstance(block, TextContent))

        return call

    return [
        StructuredTool(
            name=tool.name,
            description=tool.description or "",
            args_schema=tool.input_schema,
            coroutine=wrap(tool.name),
        )
        for tool in (await client.list_tools()).tools
    ]


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


async def talk(
    server: ExampleServer, tools: list[BaseTool], questions: Sequence[str], *, window_tokens: int
) -> None:
    """Ask an agent one question after the other; print its last answer, and what was sent for it."""
    model = ChatOpenAI(
        base_url=server.base_url, model=server.model, api_key=SecretStr("none"), use_responses_api=False
    )
    memory = GlyphMemoryMiddleware(
        "glyph", window_tokens=window_tokens, tools=True
    )  # recall and zoom as well
    agent = create_agent(model, tools, middleware=[memory], checkpointer=InMemorySaver())
    thread: RunnableConfig = {"configurable": {"thread_id": "support"}}
    for question in questions:
        state = await agent.ainvoke({"messages": [HumanMessage(question)]}, thread)
    answer = state["messages"][-1]
    sent = answer.response_metadata["glyph_memory"]  # what the middleware did for this answer
    print(
        f"window of {window_tokens:,}: {len(state['messages'])} messages are kept\n"
        f"  sent: {sent['page_turns']} of them on {sent['pages']} pages, {sent['recent_turns']} as text, "
        f"{sent['evicted_turns']} not; {sent['prompt_tokens']:,} tokens with the tools"
    )
    print(f"  {answer.text}")


async def main() -> None:
    """Talk for a while in a window where pages fit beside the tools, then in one where none does."""
    orders = [f"What happened to order {number}?" for number in range(7001, 7021)]
    async with Client(SHOP) as client:
        tools = await load_tools(client)
        tokens = glyph_token_counter("glyph")([], tools=tools)
        print(f"{len(tools)} tools take {tokens:,} tokens of every prompt")
        with open_server(answer=scripted) as server:
            await talk(server, tools, [FACT, *orders, QUESTION], window_tokens=32_768)
            with warnings.catch_warnings(record=True) as caught:
                await talk(server, tools, [FACT] * 8, window_tokens=12_288)
            for warning in caught:
                if issubclass(warning.category, GlyphMemoryWarning):
                    print(f"  said: {warning.message}")


if __name__ == "__main__":
    asyncio.run(main())

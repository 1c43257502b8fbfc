"""A LlamaIndex agent with a long memory: one argument, and the context survives as JSON.

GLYPH_BASE_URL=http://127.0.0.1:8000/v1 GLYPH_MODEL=zai-org/Glyph python examples/10_llama_index_agent.py
"""

from __future__ import annotations

import asyncio
import json

from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.workflow import Context, JsonSerializer
from llama_index.memory.glyph import GlyphMemory, GlyphOpenAILike

from glyph_memory import ToolCall
from glyph_memory.testing import ExampleServer, FakeAnswer, FakeRequest, open_server


def read_log(day: int) -> str:
    """Read the web shop's log of a day."""
    lines = (
        f"2025-03-{day:02} {hour:02}:00 order ORD-{day:02}{hour:02}-7F3A accepted, worker w-{hour % 4}"
        for hour in range(24)
    )
    return "\n".join(lines)


def scripted(request: FakeRequest) -> FakeAnswer:
    """What a fake model does: read the log it is asked about, then answer."""
    last = request.body["messages"][-1]
    if last["role"] == "user":
        day = request.question.rsplit(" ", 1)[-1].rstrip("?")
        return FakeAnswer(tool_calls=(ToolCall(name="read_log", arguments=f'{{"day": {day}}}'),))
    return FakeAnswer(text="All 24 orders were accepted.")


async def ask(server: ExampleServer) -> None:
    """Ask about thirty days; half way, the context goes through JSON as it does between two processes."""
    llm = GlyphOpenAILike(model=server.model, api_base=server.base_url, api_key="none", profile="glyph")
    agent = FunctionAgent(tools=[read_log], llm=llm, system_prompt="You are the on-call agent of a web shop.")
    memory = GlyphMemory.from_defaults(profile="glyph", llm=llm)  # this line
    context = Context(agent)
    for day in range(1, 31):
        if day == 16:
            saved = json.dumps(context.to_dict(serializer=JsonSerializer()))
            context = Context.from_dict(agent, json.loads(saved), serializer=JsonSerializer())
        # The memory lives in the context from the first run on.
        said = await agent.run(
            f"What happened on day {day}?", ctx=context, memory=memory if day == 1 else None
        )
    print(f"day {day}: {said}")
    kept = await context.store.get("memory")
    print(f"  kept: {len(kept.get_all())} messages")
    if server.fake:
        request = server.fake.requests[-1]
        print(
            f"  sent: {len(request.images)} pages in {len(request.body['messages'])} messages, "
            f"{request.prompt_tokens:,} tokens"
        )


def main() -> None:
    """Run it against the server that is named, or a fake one."""
    with open_server(answer=scripted) as server:
        asyncio.run(ask(server))


if __name__ == "__main__":
    main()

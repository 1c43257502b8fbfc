"""A LangChain agent with tools and a checkpointer: one line gives it a long memory.

The checkpoint keeps every message as it was; the model is shown old ones as pages. Against a real server:

GLYPH_BASE_URL=http://127.0.0.1:8000/v1 GLYPH_MODEL=zai-org/Glyph python examples/06_langchain_agent.py
"""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

from langchain.agents import create_agent
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import tool
from langchain_glyph_memory import GlyphMemoryMiddleware, glyph_token_counter
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.sqlite import SqliteSaver
from pydantic import SecretStr

from glyph_memory import ToolCall
from glyph_memory.testing import ExampleServer, FakeAnswer, FakeRequest, open_server


@tool
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


def main() -> None:
    """Ask about thirty days, one after the other, in one thread that survives a restart."""
    with open_server(answer=scripted) as server, tempfile.TemporaryDirectory() as folder:
        for days in (range(1, 16), range(16, 31)):  # the second half as if in another process
            ask(server, days, Path(folder) / "checkpoints.db")


def ask(server: ExampleServer, days: range, path: Path) -> None:
    """Open the checkpoints, ask, and say what became of it."""
    model = ChatOpenAI(
        base_url=server.base_url, model=server.model, api_key=SecretStr("none"), use_responses_api=False
    )
    thread: RunnableConfig = {"configurable": {"thread_id": "on-call"}}
    connection = sqlite3.connect(path, check_same_thread=False)
    try:
        agent = create_agent(
            model,
            tools=[read_log],
            system_prompt="You are the on-call agent of a web shop.",
            middleware=[GlyphMemoryMiddleware("glyph")],  # this line
            checkpointer=SqliteSaver(connection),
        )
        for day in days:
            said = agent.invoke({"messages": [HumanMessage(f"What happened on day {day}?")]}, thread)
        print(f"day {days[-1]}: {said['messages'][-1].text}")
        messages = agent.get_state(thread).values["messages"]
    finally:
        connection.close()
    print(f"  kept: {len(messages)} messages, {glyph_token_counter('glyph')(messages):,} tokens as text")
    if server.fake:
        request = server.fake.requests[-1]
        print(
            f"  sent: {len(request.images)} pages in {len(request.body['messages'])} messages, "
            f"{request.prompt_tokens:,} tokens, {request.cached_tokens / request.prompt_tokens:.0%} of them cached"
        )


if __name__ == "__main__":
    main()

"""Swap out a summarizer: the same agent with LangChain's, and with pages in its place.

GLYPH_BASE_URL=http://127.0.0.1:8000/v1 GLYPH_MODEL=zai-org/Glyph python examples/09_swap_out_a_summarizer.py
"""

from __future__ import annotations

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, SummarizationMiddleware
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.runnables import RunnableConfig
from langchain_glyph_memory import GlyphMemoryMiddleware, glyph_token_counter
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import SecretStr

from glyph_memory.testing import ExampleServer, FakeRequest, open_server

REPORT = (
    "Order ORD-{number:04}-7F3A of customer {number} was late; the worker said: "
    + "queue full, retrying; " * 30
)


def answer(request: FakeRequest) -> str:
    """What a fake model says, to the agent and to the summarizer."""
    return "Customers wrote about late orders." if "summar" in request.texts[0].lower() else "Noted."


def talk(server: ExampleServer, memory: AgentMiddleware) -> list[BaseMessage]:
    """Report sixty late orders to an agent; give the history that is left."""
    model = ChatOpenAI(
        base_url=server.base_url, model=server.model, api_key=SecretStr("none"), use_responses_api=False
    )
    agent = create_agent(model, middleware=[memory], checkpointer=InMemorySaver())
    thread: RunnableConfig = {"configurable": {"thread_id": "1"}}
    for number in range(60):
        messages = agent.invoke({"messages": [HumanMessage(REPORT.format(number=number))]}, thread)[
            "messages"
        ]
    return list(messages)


def main() -> None:
    """Run both, and ask each history for the third order."""
    with open_server(answer=answer) as server:
        model = ChatOpenAI(
            base_url=server.base_url, model=server.model, api_key=SecretStr("none"), use_responses_api=False
        )
        count = glyph_token_counter("glyph")
        memories: dict[str, AgentMiddleware] = {
            "a summarizer": SummarizationMiddleware(
                model, trigger=("tokens", 8_000), keep=("tokens", 3_000), token_counter=count
            ),
            "pages": GlyphMemoryMiddleware("glyph", window_tokens=49_152),
        }
        for name, memory in memories.items():
            before = len(server.fake.requests) if server.fake else 0
            messages = talk(server, memory)
            has_third = any("ORD-0003-7F3A" in message.text for message in messages)
            print(
                f"with {name}: {len(messages)} messages are left, "
                f"order ORD-0003-7F3A is {'there' if has_third else 'lost'}"
            )
            if server.fake:
                requests = server.fake.requests[before:]
                extra, last = len(requests) - 60, requests[-1]
                print(
                    f"  {extra} calls to summarize; the last prompt has {last.prompt_tokens:,} tokens, "
                    f"{len(last.images)} pages"
                )


if __name__ == "__main__":
    main()

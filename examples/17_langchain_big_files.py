"""A LangChain agent that reads whole files, in a window of 32k: they become pages, and details are found again.

The files are three of Python's own library, of 100 to 125 kB. What cannot be shown as it came is said, in a line.

GLYPH_BASE_URL=http://127.0.0.1:8000/v1 GLYPH_MODEL=zai-org/Glyph python examples/17_langchain_big_files.py
"""

from __future__ import annotations

import argparse
import inspect
import json
import typing
import warnings
from pathlib import Path

from langchain.agents import create_agent
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import tool
from langchain_glyph_memory import GlyphMemoryMiddleware, glyph_token_counter
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import SecretStr

from glyph_memory import GlyphMemoryWarning, ToolCall
from glyph_memory.testing import FakeAnswer, FakeRequest, open_server

FILES = {Path(file).name: Path(file) for file in map(inspect.getfile, (argparse, inspect, typing))}
DETAILS = {
    "How does argparse buffer a FileType?": "FileType __init__ mode='r' bufsize",
    "What does cleandoc do with tabs?": "cleandoc doc.expandtabs lines split",
    "How does typing write Optional[X]?": "Optional[X] equivalent Union[X, None]",
}


@tool
def read_file(name: str) -> str:
    """Read a file, the whole of it."""
    return FILES[name].read_text()


def scripted(request: FakeRequest) -> FakeAnswer:
    """What a fake model does: read a file; look up a detail, and quote the line that has most of its words."""
    question, last = request.question, request.body["messages"][-1]
    if question.startswith("Read "):
        call = ToolCall(name="read_file", arguments=json.dumps({"name": question[5:-1]}))
        return FakeAnswer(tool_calls=(call,))
    if question in DETAILS:
        call = ToolCall(name="recall", arguments=json.dumps({"query": DETAILS[question], "k": 1}))
        return FakeAnswer(tool_calls=(call,))
    asked = (request.body["messages"][-2].get("tool_calls") or [{}])[0].get("function", {})
    if last["role"] == "tool" and asked["name"] == "recall":
        words = json.loads(asked["arguments"])["query"].split()
        lines = last["content"].splitlines()
        return FakeAnswer(text=max(lines, key=lambda line: sum(word in line for word in words)).strip())
    return FakeAnswer(text="I have read it.")


def main() -> None:
    """Have three files read, one after the other, then ask about details of them."""
    count = glyph_token_counter("glyph")
    with open_server(answer=scripted) as server:
        model = ChatOpenAI(
            base_url=server.base_url, model=server.model, api_key=SecretStr("none"), use_responses_api=False
        )
        memory = GlyphMemoryMiddleware("glyph", window_tokens=32_768, tools=True)
        agent = create_agent(model, [read_file], middleware=[memory], checkpointer=InMemorySaver())
        thread: RunnableConfig = {"configurable": {"thread_id": "reader"}}
        for question in [*(f"Read {name}." for name in FILES), *DETAILS]:
            with warnings.catch_warnings(record=True) as caught:
                messages = agent.invoke({"messages": [HumanMessage(question)]}, thread)["messages"]
            print(f"{question} {messages[-1].text}")
            for warning in caught:
                if issubclass(warning.category, GlyphMemoryWarning):
                    print(f"  said: {warning.message}")
            sent, usage = messages[-1].response_metadata["glyph_memory"], messages[-1].usage_metadata
            print(
                f"  {count(messages):,} tokens as text, {usage['input_tokens']:,} sent; "
                f"{sent['evicted_turns']} messages are not shown, recall finds them"
            )
    print(f"{sent['pages']} pages show {sent['page_turns']} messages")


if __name__ == "__main__":
    main()

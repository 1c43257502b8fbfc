"""A LlamaIndex agent that reads whole files, in a window of 32k: they become pages, and details are found again.

The files are three of Python's own library, of 100 to 125 kB. What cannot be shown as it came is said, in a line.

GLYPH_BASE_URL=http://127.0.0.1:8000/v1 GLYPH_MODEL=zai-org/Glyph python examples/18_llama_index_big_files.py
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import json
import typing
import warnings
from pathlib import Path

from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.workflow import Context
from llama_index.memory.glyph import GlyphMemory, GlyphOpenAILike, recall_tools

from glyph_memory import GlyphMemoryWarning, ToolCall
from glyph_memory.testing import ExampleServer, FakeAnswer, FakeRequest, open_server

FILES = {Path(file).name: Path(file) for file in map(inspect.getfile, (argparse, inspect, typing))}
DETAILS = {
    "How does argparse buffer a FileType?": "FileType __init__ mode='r' bufsize",
    "What does cleandoc do with tabs?": "cleandoc doc.expandtabs lines split",
    "How does typing write Optional[X]?": "Optional[X] equivalent Union[X, None]",
}


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


async def ask(server: ExampleServer) -> None:
    """Have three files read, one after the other, then ask about details of them."""
    llm = GlyphOpenAILike(
        model=server.model, api_base=server.base_url, api_key="none", profile="glyph", window_tokens=32_768
    )
    agent = FunctionAgent(tools=[read_file, *recall_tools()], llm=llm)
    memory, context = GlyphMemory.from_defaults(llm=llm), Context(agent)
    for question in [*(f"Read {name}." for name in FILES), *DETAILS]:
        with warnings.catch_warnings(record=True) as caught:
            print(question, await agent.run(question, ctx=context, memory=memory))
        for warning in caught:
            if issubclass(warning.category, GlyphMemoryWarning):
                print(f"  said: {warning.message}")
        if server.fake:
            request = server.fake.requests[-1]
            print(f"  sent: {request.prompt_tokens:,} tokens, {len(request.images)} pages among them")
    memory = await context.store.get("memory")
    size = sum(len(message.content or "") for message in memory.get_all())
    print(f"kept: {len(memory.get_all())} messages, {size:,} characters")


def main() -> None:
    """Run it against the server that is named, or a fake one."""
    with open_server(answer=scripted) as server:
        asyncio.run(ask(server))


if __name__ == "__main__":
    main()

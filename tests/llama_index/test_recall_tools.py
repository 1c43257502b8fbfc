"""`recall` and `zoom` as an agent's tools: they look into the memory of its run, wherever that has gone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.agent.workflow import AgentWorkflow, FunctionAgent, ReActAgent
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.memory import BaseMemory, ChatMemoryBuffer
from llama_index.core.tools import FunctionTool
from llama_index.core.workflow import Context, JsonSerializer
from llama_index.memory.glyph import GlyphMemory, GlyphMemoryBlock, GlyphOpenAILike, recall_tools

from glyph_memory import FoldPolicy, ToolCall
from glyph_memory.testing import FakeAnswer, FakeRequest, FakeVLMServer

Serve = Callable[..., FakeVLMServer]
Point = Callable[[FakeVLMServer], Any]
CODE = "The gate opens with 4711-B."


def look_up(request: FakeRequest) -> FakeAnswer | str:
    """Search where a user says so, and repeat what was found."""
    last = request.body["messages"][-1]
    if last["role"] != "tool" and "code" in repr(last["content"]):
        call = ToolCall(name="recall", arguments='{"query": "gate opens"}', id=f"c{id(request)}")
        return FakeAnswer(tool_calls=(call,))
    return str(last["content"]) if last["role"] == "tool" else "Noted."


async def test_a_tool_follows_the_memory_into_a_context_and_through_json(
    serve: Serve, plain_llm: Point, policy: FoldPolicy
) -> None:
    """LlamaIndex's context takes a copy of a memory: the one that was given stays empty."""
    agent = FunctionAgent(tools=[*recall_tools()], llm=plain_llm(serve(answer=look_up)), streaming=False)
    context = Context(agent)
    await agent.run(CODE, memory=GlyphMemory.from_defaults(policy=policy), ctx=context)
    assert CODE in str(await agent.run("The code?", ctx=context))
    told = json.loads(json.dumps(context.to_dict(serializer=JsonSerializer())))
    again = Context.from_dict(agent, told, serializer=JsonSerializer())
    found = str(await agent.run("The code, again?", ctx=again))
    assert "1 user]" in found
    assert "tool recall" not in found, "what was recalled before is not found again"


@pytest.mark.parametrize("kind", ["core store", "buffer", "block"])
async def test_a_tool_looks_into_any_memory(
    serve: Serve, plain_llm: Point, policy: FoldPolicy, tmp_path: Path, kind: str
) -> None:
    """Ours over a database; LlamaIndex's own, with our block and without: what it does not send is found, too."""
    memory: dict[str, BaseMemory] = {
        "core store": GlyphMemory.from_store(tmp_path / "chat.db", policy=policy),
        "buffer": ChatMemoryBuffer.from_defaults(token_limit=100),
        "block": GlyphMemoryBlock.memory(token_limit=200, token_flush_size=50, profile="glyph"),
    }
    agent = FunctionAgent(tools=[*recall_tools()], llm=plain_llm(serve(answer=look_up)), streaming=False)
    await agent.run(CODE, memory=memory[kind])
    for number in range(3):
        await agent.run(f"Wood comes on day {number}. " * 9, memory=memory[kind])
    found = str(await agent.run("The code?", memory=memory[kind]))
    assert f"1 user]\n  {CODE}" in found


async def test_what_an_agent_did_within_its_run_is_found(
    serve: Serve, glyph_llm: Point, policy: FoldPolicy, tmp_path: Path
) -> None:
    """No memory has it before the run ends; the model sees it as pages already, and is told of the tools."""
    steps = iter(range(100))
    read = FunctionTool.from_defaults(
        lambda what: f"The key of door {what} is K-{what}77.\n" + "All is well. " * 120, name="read",
        description="Read.",
    )  # fmt: skip

    def answer(request: FakeRequest) -> FakeAnswer | str:
        step = next(steps)
        if step < 12:
            name, given = "read", {"what": step}
        elif step == 12:
            name, given = "recall", {"query": "key of door 1"}  # type: ignore[dict-item]
        elif step == 13:
            name, given = "zoom", {"what": 3}
        else:
            return "Done."
        return FakeAnswer(tool_calls=(ToolCall(name=name, arguments=json.dumps(given), id=f"c{step}"),))

    for memory in (None, GlyphMemory.from_store(tmp_path / "chat.db", policy=policy)):
        steps = iter(range(100))
        llm = glyph_llm(serve(answer=answer))
        agent = FunctionAgent(tools=[read, *recall_tools(llm=llm)], llm=llm, streaming=False)
        done: Any = await agent.run("Read all.", memory=memory)
        recalled, zoomed = (str(one.tool_output.content) for one in done.tool_calls[-2:])
        assert re.search(r"\[§\d+ tool read, page \d+", recalled)
        assert "K-177" in recalled
        assert zoomed.startswith("[§3 tool read]\n  The key of door 0 is K-077.")


async def test_a_react_agent_and_agents_that_hand_over_search_one_memory(
    serve: Serve, plain_llm: Point, policy: FoldPolicy
) -> None:
    """A `ReActAgent` calls them in words; the second of two agents finds what was said to the first."""

    def react(request: FakeRequest) -> str:
        last = str(request.body["messages"][-1]["content"])
        if "Observation" in last:
            return f"Thought: I can answer.\nAnswer: {last.split('Observation: ')[1]}"
        return 'Thought: I look.\nAction: recall\nAction Input: {"query": "gate opens", "k": "3"}'

    memory = GlyphMemory.from_defaults(policy=policy, chat_history=[ChatMessage(role="user", content=CODE)])
    reacting = ReActAgent(tools=[*recall_tools()], llm=plain_llm(serve(answer=react)), streaming=False)
    assert CODE in str(await reacting.run("The code?", memory=memory))

    def hand_over(request: FakeRequest) -> FakeAnswer | str:
        names = {tool["function"]["name"] for tool in request.body["tools"]}
        if "recall" not in names:
            given = json.dumps({"to_agent": "clerk", "reason": "It may search."})
            return FakeAnswer(tool_calls=(ToolCall(name="handoff", arguments=given, id="h1"),))
        last = request.body["messages"][-1]
        if "[§" in str(last["content"]):
            return str(last["content"])
        return FakeAnswer(tool_calls=(ToolCall(name="recall", arguments='{"query": "gate opens"}', id="c1"),))

    llm = plain_llm(serve(answer=hand_over))
    porter = FunctionAgent(
        name="porter", description="Receives.", llm=llm, can_handoff_to=["clerk"], streaming=False
    )
    clerk = FunctionAgent(
        name="clerk", description="Looks.", llm=llm, tools=[*recall_tools()], streaming=False
    )
    flow = AgentWorkflow(agents=[porter, clerk], root_agent="porter")
    assert CODE in str(await flow.run(user_msg="The code?", memory=memory))


async def test_outside_an_agent_they_search_the_memory_that_was_given(memory: GlyphMemory) -> None:
    """Called with and without `await`, by name and by place; without one, the error says what to give."""
    memory.put(ChatMessage(role="user", content=CODE))
    recall, zoom = recall_tools(memory)
    assert str(recall(query="gate")) == str(recall.call("gate")) == f"[§1 user]\n  {CODE}"
    assert str(await zoom.acall(what=1)) == str(zoom.call("§1", 0)) == f"[§1 user]\n  {CODE}"
    assert "§9" in str(zoom(what="§9"))
    with pytest.raises(ValueError, match="recall_tools\\(memory\\)"):
        recall_tools()[0](query="gate")


async def test_a_model_is_told_of_a_search_only_where_it_has_one(
    serve: Serve, glyph_llm: Callable[[FakeVLMServer], GlyphOpenAILike], talk: list[ChatMessage]
) -> None:
    """Where the oldest turns have left."""
    for tools in ([], recall_tools()):
        server = serve(answer=lambda request: "Yes.")
        llm = glyph_llm(server)
        memory = GlyphMemory.from_defaults(llm=llm, chat_history=talk * 5)
        agent = FunctionAgent(tools=[*tools], llm=llm, streaming=False)
        await agent.run("So?", memory=memory)
        sent = " ".join(server.requests[-1].texts)
        assert "are older and not shown" in sent
        assert ("recall finds them" in sent) == bool(tools)


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("recall", {"query": "gate opens", "k": None}, f"[§1 user]\n  {CODE}"),
        ("recall", {"query": "gate opens", "limit": 3}, f"[§1 user]\n  {CODE}"),
        ("zoom", {"what": 1.0, "start": None}, f"[§1 user]\n  {CODE}"),
        ("recall", {}, "the argument 'query' is missing or of the wrong kind; give {query: words to look for, k: a"),
        ("recall", {"query": ["gate"]}, "the argument 'query' is missing"),
        ("zoom", {"what": "§1", "start": -1}, "the argument 'start' is missing or of the wrong kind; give {what: '§4"),
    ],
)  # fmt: skip
async def test_a_model_is_told_in_one_line_what_the_tools_take(
    name: str, given: dict[str, Any], told: str, serve: Serve, plain_llm: Point, policy: FoldPolicy
) -> None:
    """An argument that is null is none, and unknown ones are not looked at."""

    def answer(request: FakeRequest) -> FakeAnswer | str:
        if request.body["messages"][-1]["role"] == "tool":
            return "Done."
        return FakeAnswer(tool_calls=(ToolCall(name=name, arguments=json.dumps(given), id="c1"),))

    memory = GlyphMemory.from_defaults(policy=policy, chat_history=[ChatMessage(role="user", content=CODE)])
    agent = FunctionAgent(tools=[*recall_tools()], llm=plain_llm(serve(answer=answer)), streaming=False)
    done: Any = await agent.run("The code?", memory=memory)
    said = str(done.tool_calls[-1].tool_output.content)
    assert said.startswith(told)
    assert "\n" not in said.removeprefix(told)

"""Claims about an agent's tools beside ours: of the same names, and so many that no page fits."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ModelRequest, ModelResponse
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import StructuredTool, tool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_glyph_memory import GlyphMemoryMiddleware, recall_tools
from langchain_glyph_memory.tools import drop_taken, holds_recall_tools
from langgraph.checkpoint.memory import InMemorySaver

from glyph_memory import FoldPolicy, GlyphMemoryWarning, ModelProfile, ToolCall
from glyph_memory.testing import FakeAnswer, FakeRequest, FakeVLMServer


@tool("recall")
def own_recall(product: str) -> str:
    """Recall a faulty product from the shops."""
    return f"{product} is recalled from 12 shops."


def calls_recall(request: FakeRequest) -> FakeAnswer:
    """Call the tool once."""
    if request.body["messages"][-1]["role"] == "tool":
        return FakeAnswer(text="Done.")
    return FakeAnswer(tool_calls=(ToolCall(name="recall", arguments='{"product": "The drill"}', id="c1"),))


def names(request: FakeRequest) -> list[str]:
    """Return the names of the tools that a model is given."""
    return sorted(one["function"]["name"] for one in request.body["tools"])


def test_an_agents_own_tool_takes_the_place_of_ours(chat: Any) -> None:
    """The model is given each name once, the agent runs its own, and one warning says so."""
    middleware = GlyphMemoryMiddleware("glyph", tools=True)
    with FakeVLMServer(answer=calls_recall) as server:
        agent: Any = create_agent(chat(server), [own_recall], middleware=[middleware])
        with pytest.warns(GlyphMemoryWarning, match="a tool 'recall' of its own") as told:
            for _ in range(2):
                messages = agent.invoke({"messages": [("user", "The drill is faulty.")]})["messages"]
        assert len(told) == 1
        assert names(server.requests[-1]) == ["recall", "zoom"]
        given = {one["function"]["name"]: one["function"] for one in server.requests[-1].body["tools"]}
    assert given["recall"]["description"] == "Recall a faulty product from the shops."
    (result,) = [message for message in messages if isinstance(message, ToolMessage)]
    assert result.content == "The drill is recalled from 12 shops."


def test_one_that_the_server_runs_takes_it_as_well() -> None:
    """It is given as a dict, which no agent looks at; ours would be the second of its name."""
    server_side = {"type": "function", "function": {"name": "zoom", "parameters": {}}}
    recall, zoom = recall_tools()
    seen: list[Any] = []

    def handler(request: Any) -> ModelResponse[Any]:
        seen.extend(request.tools)
        return ModelResponse(result=[AIMessage("Yes.")])

    request = ModelRequest(
        model=FakeListChatModel(responses=["Yes."]),
        messages=[HumanMessage("Hello.")],
        tools=[recall, zoom, server_side],
        state={"messages": []},
    )
    with pytest.warns(GlyphMemoryWarning, match="a tool 'zoom' of its own"):
        GlyphMemoryMiddleware("glyph", tools=True).wrap_model_call(request, handler)
    assert seen == [recall, server_side]
    assert request.tools == [recall, zoom, server_side]


def test_only_our_own_tools_are_promised_to_the_model() -> None:
    """Whoever gave them, in whatever form; a tool that has the name alone finds nothing of what was said."""
    ours = recall_tools()
    assert holds_recall_tools(ours)
    assert holds_recall_tools([convert_to_openai_tool(one) for one in ours])
    assert not holds_recall_tools([own_recall, ours[1]])
    assert not holds_recall_tools([*ours, convert_to_openai_tool(own_recall)])
    assert not holds_recall_tools(ours[:1])
    assert drop_taken([*ours, own_recall]) == [ours[1], own_recall]
    assert drop_taken(ours) == ours


# Many tools.


def many(count: int) -> list[StructuredTool]:
    """Return tools of some 730 tokens each, as servers of MCP describe theirs."""
    place = {"type": "string", "description": "A parameter with a long text " * 6}
    schema = {"type": "object", "properties": {f"p{number}": place for number in range(8)}}
    told = "Searches the tickets of a project. " * 40
    return [
        StructuredTool.from_function(
            func=lambda **_: "x", name=f"t{number}", description=told, args_schema=schema
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("given", ["policy", "window_tokens"])
def test_tools_that_leave_no_room_for_a_page_are_told_of_once(chat: Any, given: str) -> None:
    """With the number that is turned; recent messages are sent all the same, the system's first."""
    policy = FoldPolicy.for_profile(replace(ModelProfile.from_name("glyph"), window_tokens=32_768))
    window = {"policy": policy} if given == "policy" else {"window_tokens": 32_768}
    told_window = policy.window_tokens if given == "policy" else 32_768
    middleware = GlyphMemoryMiddleware("glyph", **window)
    with (
        FakeVLMServer(
            answer=lambda request: "The parcel left at noon. " * 60, window_tokens=32_768
        ) as server,
        warnings.catch_warnings(record=True) as told,
    ):
        warnings.simplefilter("always", GlyphMemoryWarning)
        model = chat(server, profile={"image_inputs": True, "max_input_tokens": 131_072})
        agent: Any = create_agent(
            model, many(26), middleware=[middleware], system_prompt="Be terse.", checkpointer=InMemorySaver()
        )
        for thread, count in (("1", 12), ("2", 2)):
            for number in range(count):
                asked = {"messages": [("user", f"Where is order {number}? " * 60)]}
                agent.invoke(asked, {"configurable": {"thread_id": thread}})
            if thread == "1":
                *_, last = server.requests
    (only,) = [str(one.message) for one in told if issubclass(one.category, GlyphMemoryWarning)]
    assert only.startswith(
        f"26 tools take 18,980 tokens of window_tokens={told_window}, the largest 't9' (730)"
    )
    assert last.body["messages"][0] == {"role": "system", "content": "Be terse."}
    assert last.body["messages"][-1]["content"] == "Where is order 11? " * 60
    assert len(last.body["messages"]) > 5
    assert not last.images

"""Claims about the place that pages take among deepagents' own middleware."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from deepagents import create_deep_agent
from langchain_core.tools import tool
from langchain_glyph_memory import (
    GlyphMemoryMiddleware,
    add_subagent_memory,
    deepagents_memory,
    glyph_token_counter,
)
from langgraph.checkpoint.memory import InMemorySaver

from glyph_memory import FoldPolicy, GlyphMemoryWarning, ToolCall
from glyph_memory.testing import FakeAnswer, FakeRequest, FakeVLMServer

WHERE: Any = {"configurable": {"thread_id": "1"}}
LONG = "The parcel left the second floor at noon and nobody has seen it since. " * 12


def _answer(request: FakeRequest) -> FakeAnswer:
    """Hand over to a subagent where asked to; say something else."""
    last = request.body["messages"][-1]
    if last["role"] == "user" and "Delegate" in str(last["content"])[-400:]:
        asked = {"description": f"Find the parcel. {LONG}", "subagent_type": "general-purpose"}
        call = ToolCall(name="task", arguments=json.dumps(asked), id=f"c{len(request.body['messages'])}")
        return FakeAnswer(tool_calls=(call,))
    return FakeAnswer(text=LONG)


@pytest.fixture
def deep_server() -> Iterator[FakeVLMServer]:
    """A server whose model delegates where it is asked to."""
    with FakeVLMServer(answer=_answer) as server:
        yield server


def summaries(server: FakeVLMServer) -> int:
    """Count the calls that a summarizer made: it knows no tools."""
    return sum("tools" not in request.body for request in server.requests)


def talk(agent: Any, count: int, said: str = LONG) -> Any:
    """Talk; give the state in the end."""
    for number in range(count):
        agent.invoke({"messages": [("user", f"{number}: {said}")]}, WHERE)
    return agent.get_state(WHERE).values


def deep(server: FakeVLMServer, chat: Any, *middleware: Any, **profile: Any) -> Any:
    """Return a deep agent with a small window."""
    model = chat(server, profile={"max_input_tokens": 7_000, **profile})
    return create_deep_agent(model, middleware=middleware, checkpointer=InMemorySaver())


def test_in_the_summarizers_place_nothing_is_summarized(
    deep_server: FakeVLMServer, chat: Any, early: FoldPolicy
) -> None:
    """Beside pages of another name it goes on summarizing, since it counts what is not sent."""
    counts = []
    for middleware in (
        deepagents_memory("glyph", policy=early),
        GlyphMemoryMiddleware("glyph", policy=early),
    ):
        deep_server.requests.clear()
        state = talk(deep(deep_server, chat, middleware), 12)
        counts.append(summaries(deep_server))
        assert len(state["messages"]) == 24
        if not counts[1:]:
            assert "_summarization_event" not in state
            assert len(deep_server.requests[-1].images) >= 3
    assert counts[0] == 0
    assert counts[1] >= 1


def test_a_text_models_history_is_not_dropped_on_the_way(
    deep_server: FakeVLMServer, chat: Any, early: FoldPolicy
) -> None:
    """Deepagents replaces pictures for such models by a remark, without a word; here no picture is made."""
    middleware = deepagents_memory("glyph", policy=early)
    with pytest.warns(GlyphMemoryWarning, match="go as text"):
        talk(deep(deep_server, chat, middleware, image_inputs=False), 5)
    last = deep_server.requests[-1]
    assert [sum(f"{number}: The parcel" in text for text in last.texts) for number in range(5)] == [1] * 5
    assert "not attached" not in repr(last.texts)


def test_a_subagent_has_pages_of_its_own(deep_server: FakeVLMServer, chat: Any, early: FoldPolicy) -> None:
    """Neither's bookmark reaches the other, though one instance serves both."""
    agent = deep(deep_server, chat, deepagents_memory("glyph", policy=early))
    talk(agent, 4)
    before = [image.digest for image in deep_server.requests[-1].images]
    state = talk(agent, 3, said=f"Delegate, please. {LONG} Delegate!")
    assert [message.type for message in state["messages"]][8:] == ["human", "ai", "tool", "ai"] * 3
    own = [request for request in deep_server.requests if "Find the parcel" in request.question]
    assert len(own) == 3
    assert not any(request.images for request in own)
    assert [image.digest for image in deep_server.requests[-1].images][: len(before)] == before != []


def _answer_tracker(request: FakeRequest) -> FakeAnswer:
    """Delegate what a user asks; as the subagent, look up six orders before an answer."""
    last, said = request.body["messages"][-1], str(request.body["messages"])
    if last.get("tool_call_id") == "task":
        return FakeAnswer(text="It was found.")
    if "Look up orders." not in said:
        asked = {"description": "Track the parcel.", "subagent_type": "tracker"}
        return FakeAnswer(tool_calls=(ToolCall(name="task", arguments=json.dumps(asked), id="task"),))
    number = 1 + int(last.get("tool_call_id", 0))
    if number > 6:
        return FakeAnswer(text="It is in Oslo.")
    call = ToolCall(name="track", arguments=json.dumps({"number": number}), id=str(number))
    return FakeAnswer(tool_calls=(call,))


@tool
def track(number: int) -> str:
    """Track an order."""
    return f"Order {number}: {LONG * 3}"


@pytest.mark.parametrize("has_memory", [True, False])
def test_a_subagent_of_ones_own_folds_its_long_run(chat: Any, early: FoldPolicy, has_memory: bool) -> None:
    """Its results become pages and nobody summarizes; where it has no memory, deepagents' summarizer does."""
    memory = deepagents_memory("glyph", policy=early)
    tracker: Any = {"name": "tracker", "description": "Tracks parcels.", "system_prompt": "Look up orders."}
    subagents = add_subagent_memory([tracker], memory) if has_memory else [tracker]
    with FakeVLMServer(answer=_answer_tracker) as server:
        model = chat(server, profile={"max_input_tokens": 7_000})
        agent: Any = create_deep_agent(model, tools=[track], middleware=[memory], subagents=subagents)
        said = agent.invoke({"messages": [("user", "Where is it?")]})["messages"]
    assert said[-1].text == "It was found."
    shown = [len(request.images) for request in server.requests]
    assert (max(shown), summaries(server)) == ((5, 0) if has_memory else (0, 1))


def test_what_deepagents_does_not_build_keeps_what_it_has() -> None:
    """Finished graphs, those on a server, and whoever was given the memory, or another, by that name."""
    memory, other = deepagents_memory("glyph"), deepagents_memory("glyph")
    given: list[dict[str, Any]] = [
        {"name": "graph", "runnable": object()},
        {"name": "far", "graph_id": "far"},
        {"name": "own", "middleware": [other]},
        {"name": "beside", "middleware": [GlyphMemoryMiddleware("glyph")]},
    ]
    added = add_subagent_memory(given, memory)
    assert all(one is before for one, before in zip(added[:3], given[:3], strict=True))
    assert added[3]["middleware"] == [*given[3]["middleware"], memory]
    assert len(given[3]["middleware"]) == 1


def test_deepagents_own_summarizer_can_count_as_the_model_does(
    deep_server: FakeVLMServer, chat: Any, early: FoldPolicy
) -> None:
    """Where it stays: the counter takes messages and tools, and what is sent is what counts."""
    from deepagents.backends import StateBackend
    from deepagents.middleware.summarization import SummarizationMiddleware

    glyph = GlyphMemoryMiddleware("glyph", policy=early)
    counts = []
    for counter in (glyph.token_counter, glyph_token_counter("glyph")):
        deep_server.requests.clear()
        summarizer = SummarizationMiddleware(
            chat(deep_server),
            backend=StateBackend(),
            trigger=("tokens", 6_000),
            keep=("messages", 4),
            token_counter=counter,
        )
        talk(deep(deep_server, chat, glyph, summarizer), 14)
        counts.append(summaries(deep_server))
    assert counts[0] == 0
    assert counts[1] >= 1


def test_it_is_there_without_deepagents() -> None:
    """The name is all that it knows of them."""
    script = (
        "import sys; sys.modules['deepagents'] = None; from langchain_glyph_memory import deepagents_memory; "
        "print(deepagents_memory('glyph').name)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "SummarizationMiddleware"

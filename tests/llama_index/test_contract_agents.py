"""LlamaIndex's agents and workflows with our memory and LLM, over real HTTP: what arrives, what stays, what is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.agent.workflow import AgentWorkflow, CodeActAgent, FunctionAgent, ReActAgent
from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.memory import BaseMemory
from llama_index.core.storage.chat_store.sql import SQLAlchemyChatStore
from llama_index.core.workflow import Context, HumanResponseEvent, InputRequiredEvent, JsonSerializer
from llama_index.memory.glyph import GlyphMemory, GlyphMemoryBlock, GlyphOpenAILike, recall_tools
from sqlalchemy.ext.asyncio import create_async_engine

from glyph_memory import FoldPolicy, ToolCall
from glyph_memory.testing import FakeAnswer, FakeRequest, FakeVLMServer

Serve = Callable[..., FakeVLMServer]
Point = Callable[[FakeVLMServer], Any]
Wire = list[dict[str, Any]]
Wires = Callable[[FakeVLMServer], list[Wire]]
Pictures = Callable[[Wire], list[tuple[str, str]]]
Check = Callable[[Wire], None]


def look(what: str) -> str:
    """Look something up in the logs."""
    return "\n".join(f"{what}: line {number} says that all is well" for number in range(14))


async def ask(ctx: Context) -> str:
    """Ask a human."""
    question = InputRequiredEvent(prefix="Really?")  # type: ignore[call-arg]  # events take what they are given
    answer = await ctx.wait_for_event(HumanResponseEvent, waiter_id="human", waiter_event=question)
    return str(answer.response)


ask.__annotations__["ctx"] = Context  # LlamaIndex looks for the class itself, and finds a string here


def rounds(count: int, *, at_once: int = 1) -> Callable[[FakeRequest], FakeAnswer]:
    """Answer with calls so many times, one or more at once, then in words."""

    def answer(request: FakeRequest) -> FakeAnswer:
        said = list(request.body["messages"])
        asked = max(place for place, message in enumerate(said) if message["role"] == "user")
        told = sum(message["role"] == "tool" for message in said[asked:])
        number = answered[0] = answered[0] + 1
        if number % (count + 1):
            calls = tuple(
                ToolCall(
                    name="look", arguments=json.dumps({"what": f"log {number}"}), id=f"call{number}.{one}"
                )
                for one in range(at_once)
            )
            return FakeAnswer(text=f"Looking, {told} so far.", tool_calls=calls)
        return FakeAnswer(text=f"Answer {number}.")

    answered = [0]
    return answer


def check_prefixes(requests: list[Wire], pictures: Pictures) -> int:
    """Check that each request begins as the one before, but where a page came; give how many pages came."""
    came = 0
    for before, after in pairwise(requests):
        old, new = pictures(before), pictures(after)
        if old == new:
            # The newest user's message may have pages before it now; nothing else may differ.
            assert after[: len(before)] == before
        else:
            assert new[: len(old)] == old or new[0] in old
            came += 1
    return came


async def test_an_agents_pages_arrive_once_in_order_and_the_beginning_stays(
    serve: Serve, plain_llm: Point, policy: FoldPolicy, wire: Wires, pictures: Pictures, check_wire: Check
) -> None:
    """Ten runs of a `FunctionAgent` with LlamaIndex's own client: our memory alone."""
    server = serve(answer=rounds(2))
    memory = GlyphMemory.from_defaults(policy=policy)
    agent = FunctionAgent(tools=[look], llm=plain_llm(server), system_prompt="Be brief.", streaming=False)
    for number in range(10):
        answer = await agent.run(f"Request {number}?", memory=memory)
        assert str(answer) == f"Answer {3 * number + 3}."
    requests = wire(server)
    assert len(requests) == 30
    for request in requests:
        check_wire(request)
    assert pictures(requests[-1])
    assert check_prefixes(requests, pictures) > 2
    history = await memory.aget_all()
    assert [message.role.value for message in history] == [
        "user",
        *["assistant", "tool"] * 2,
        "assistant",
    ] * 10
    assert [message.content for message in history if message.role == MessageRole.USER] == [
        f"Request {number}?" for number in range(10)
    ]


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_long_run_is_folded_while_it_goes_on(
    serve: Serve, glyph_llm: Point, plain_llm: Point, wire: Wires, pictures: Pictures, check_wire: Check,
    streaming: bool,
) -> None:  # fmt: skip
    """No memory sees what an agent does before it is done; our LLM does, and the prompt stays small."""
    peaks = []
    for point in (glyph_llm, plain_llm):
        server = serve(answer=rounds(12))
        agent = FunctionAgent(tools=[look], llm=point(server), system_prompt="Be brief.", streaming=streaming)
        answer = await agent.run("What do the logs say?")
        assert str(answer) == "Answer 13."
        peaks.append(max(request.prompt_tokens for request in server.requests))
        for request in wire(server):
            check_wire(request)
        if point is glyph_llm:
            requests = wire(server)
            assert check_prefixes(requests, pictures) > 3
            assert "What do the logs say?" in repr(requests[-1])
            cached = sum(request.cached_tokens for request in server.requests[1:])
            assert cached > 0.4 * sum(request.prompt_tokens for request in server.requests[1:])
    assert peaks[0] < 0.75 * peaks[1]


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_result_that_is_most_of_the_window_is_seen_by_the_model(
    serve: Serve, clients: Callable[[], dict[str, Any]], wire: Wires, streaming: bool
) -> None:
    """A file of 120,000 characters under 32,768 tokens: call, result and pages are there, and a warning says how."""
    text = "\n".join(f"{number}. The parcel with code K-{number}77 is on its way." for number in range(2_400))
    text = text[:120_000]

    def read_file(path: str) -> str:
        """Read a file."""
        return text

    def answer(request: FakeRequest) -> FakeAnswer:
        if any(message["role"] == "tool" for message in request.body["messages"]):
            return FakeAnswer(text="Read it.")
        return FakeAnswer(tool_calls=(ToolCall(name="read_file", arguments='{"path": "a.txt"}', id="c1"),))

    server = serve(answer=answer, window_tokens=32_768)
    llm = GlyphOpenAILike(api_base=server.base_url, api_key="x", context_window=32_768, **clients())
    agent = FunctionAgent(tools=[read_file], llm=llm, streaming=streaming)
    with pytest.warns(UserWarning, match=r"§3 \(tool, [\d,]+ characters\) is shown on"):
        assert str(await agent.run("What is in a.txt?")) == "Read it."
    assert len(server.requests) == 2
    roles = [message["role"] for message in wire(server)[-1]]
    assert roles == ["user", "assistant", "tool", "user"]
    assert "every word of it" in wire(server)[-1][2]["content"]
    assert len(server.requests[-1].images) > 4


async def test_memory_and_llm_together_show_one_history(
    serve: Serve, glyph_llm: Point, wire: Wires, pictures: Pictures, check_wire: Check
) -> None:
    """Pages that the LLM drew within a run are the memory's in the next, byte for byte: no prefix is lost between."""
    server = serve(answer=rounds(5))
    llm = glyph_llm(server)
    memory = GlyphMemory.from_defaults(llm=llm)
    agent = FunctionAgent(tools=[look], llm=llm, system_prompt="Be brief.")
    for number in range(5):
        await agent.run(f"Request {number}?", memory=memory)
    requests = wire(server)
    for request in requests:
        check_wire(request)
        assert repr(request).count("The images below that are headed") <= 1
    seen: list[tuple[str, str]] = []
    for request in requests:
        now = pictures(request)
        assert now[: len(seen)] == seen or now[0] in seen
        seen = now
    for last, first in zip(requests[5::6], requests[6::6], strict=False):
        assert first[: len(last)] == last
    assert len(memory.get_all()) == 5 * 12


async def test_a_react_agent_is_shown_its_history(
    serve: Serve, plain_llm: Point, policy: FoldPolicy, wire: Wires, pictures: Pictures, check_wire: Check
) -> None:
    """It tells tools and results as text of its own; its header leads, and no picture of ours stands in it."""
    told = iter(range(100))

    def answer(request: FakeRequest) -> str:
        if next(told) % 2:
            return f"Thought: I can answer.\nAnswer: All is well. {'It says so. ' * 30}"
        return 'Thought: I have to look.\nAction: look\nAction Input: {"what": "log"}'

    server = serve(answer=answer)
    memory = GlyphMemory.from_defaults(policy=policy)
    agent = ReActAgent(tools=[look], llm=plain_llm(server))
    for number in range(6):
        await agent.run(f"Request {number}?", memory=memory)
    for request in wire(server):
        check_wire(request)
        assert request[0]["role"] == "system"
    assert pictures(wire(server)[-1])
    assert [
        message.content for message in memory.get_all() if (message.content or "").startswith("Request")
    ] == [f"Request {number}?" for number in range(6)]


async def test_a_code_act_agent_sees_pages_and_takes_no_tool_with_a_context(
    serve: Serve,
    plain_llm: Point,
    policy: FoldPolicy,
    talk: list[ChatMessage],
    wire: Wires,
    pictures: Pictures,
) -> None:
    """LlamaIndex refuses such tools for it, and so `recall` and `zoom`."""
    server = serve(answer=lambda request: "All is well.")
    memory = GlyphMemory.from_defaults(policy=policy, chat_history=talk)
    agent = CodeActAgent(code_execute_fn=look, tools=[], llm=plain_llm(server))
    assert str(await agent.run("So?", memory=memory)) == "All is well."
    assert pictures(wire(server)[-1])
    with pytest.raises(ValueError, match="requires context"):
        await CodeActAgent(code_execute_fn=look, tools=[*recall_tools(memory)], llm=plain_llm(server)).run(
            "So?"
        )


async def test_agents_that_hand_over_share_a_memory(
    serve: Serve, glyph_llm: Point, wire: Wires, pictures: Pictures, check_wire: Check
) -> None:
    """An `AgentWorkflow` whose first agent hands over to the second, in each of six runs."""

    def answer(request: FakeRequest) -> FakeAnswer:
        names = [tool["function"]["name"] for tool in request.body["tools"]]
        number = answered[0] = answered[0] + 1
        if "look" not in names:
            asked = {"to_agent": "clerk", "reason": "It knows the logs. " * 20}
            return FakeAnswer(
                tool_calls=(ToolCall(name="handoff", arguments=json.dumps(asked), id=f"c{number}"),)
            )
        if request.body["messages"][-1]["role"] == "tool" and "line 1" in str(request.body["messages"][-1]):
            return FakeAnswer(text="All is well.")
        call = ToolCall(name="look", arguments=json.dumps({"what": f"log {number}"}), id=f"c{number}")
        return FakeAnswer(tool_calls=(call,))

    answered = [0]
    server = serve(answer=answer)
    llm = glyph_llm(server)
    memory = GlyphMemory.from_defaults(llm=llm)
    for number in range(6):
        first = FunctionAgent(
            name="porter", description="Receives.", llm=llm, can_handoff_to=["clerk"], tools=[]
        )
        second = FunctionAgent(name="clerk", description="Looks.", llm=llm, tools=[look])
        flow = AgentWorkflow(agents=[first, second], root_agent="porter")
        answer_ = await flow.run(user_msg=f"Request {number}?", memory=memory)
        assert str(answer_) == "All is well."
    for request in wire(server):
        check_wire(request)
    assert pictures(wire(server)[-1])
    asked = [message.content for message in memory.get_all() if message.role == MessageRole.USER]
    assert [text for text in asked if (text or "").startswith("Request")] == [
        f"Request {number}?" for number in range(6)
    ]


@pytest.mark.parametrize("kind", ["chat store", "stock memory", "core store"])
async def test_a_history_is_whole_after_300_messages_with_tools(
    serve: Serve, plain_llm: Point, policy: FoldPolicy, kind: str, tmp_path: Path, check_wire: Check, wire: Wires,
    pictures: Pictures,
) -> None:  # fmt: skip
    """Wherever it is kept: 30 runs, each with seven calls at once, and every message is there, in order."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'stock.db'}")
    stock = SQLAlchemyChatStore(table_name="talk", async_engine=engine)
    memories: dict[str, Callable[[], BaseMemory]] = {
        "chat store": lambda: GlyphMemory.from_defaults(policy=policy),
        "stock memory": lambda: GlyphMemoryBlock.memory(
            chat_store=stock, token_limit=2000, token_flush_size=500, policy=FoldPolicy(window_tokens=32_768)
        ),
        "core store": lambda: GlyphMemory.from_store(tmp_path / "core.db", policy=policy),
    }
    memory = memories[kind]()
    server = serve(answer=rounds(1, at_once=7))
    agent = FunctionAgent(tools=[look], llm=plain_llm(server), streaming=False)
    for number in range(30):
        await agent.run(f"Request {number}?", memory=memory)
    history = await memory.aget_all()
    assert len(history) == 300
    assert [message.content for message in history[::10]] == [f"Request {number}?" for number in range(30)]
    assert [message.content for message in history[9::10]] == [
        f"Answer {2 * number}." for number in range(1, 31)
    ]
    results = [message for message in history if message.role == MessageRole.TOOL]
    ids = [result.additional_kwargs["tool_call_id"] for result in results]  # as they came, in any order
    for number in range(30):
        assert sorted(ids[7 * number :][:7]) == [f"call{2 * number + 1}.{one}" for one in range(7)]
    for request in wire(server):
        check_wire(request)
    assert pictures(wire(server)[-1])
    await engine.dispose()


async def test_a_context_goes_through_json_between_runs_and_nothing_is_lost(
    serve: Serve, glyph_llm: Point, wire: Wires, pictures: Pictures, holds_pages: Callable[[object], bool],
    recwarn: pytest.WarningsRecorder,
) -> None:  # fmt: skip
    """LlamaIndex leaves a memory out that JSON cannot hold, and goes on with an empty one; ours goes along."""
    server = serve(answer=rounds(2))
    llm = glyph_llm(server)
    agent = FunctionAgent(tools=[look], llm=llm, system_prompt="Be brief.")
    context = Context(agent)
    memory: GlyphMemory | None = GlyphMemory.from_defaults(llm=llm)
    for number in range(8):
        await agent.run(f"Request {number}?", ctx=context, memory=memory)
        memory = None  # from now on it comes out of the context
        told = context.to_dict(serializer=JsonSerializer())
        text = json.dumps(told)
        assert not holds_pages(text)
        assert "GlyphMemory" in text
        context = Context.from_dict(agent, json.loads(text), serializer=JsonSerializer())
    kept = await context.store.get("memory")
    assert isinstance(kept, GlyphMemory)
    asked = [message.content for message in kept.get_all() if message.role == MessageRole.USER]
    assert asked == [f"Request {number}?" for number in range(8)]
    assert holds_pages(kept.get())
    assert len(kept.get_all()) == 48
    assert check_prefixes(wire(server), pictures) > 3
    assert not [one for one in recwarn if "memory" in str(one.message).lower()]


async def test_a_run_that_waits_for_a_human_goes_through_json(
    serve: Serve, plain_llm: Point, policy: FoldPolicy, talk: list[ChatMessage], wire: Wires, pictures: Pictures,
    holds_pages: Callable[[object], bool],
) -> None:  # fmt: skip
    """Its context is written down in the middle, without a page; another process goes on with the whole history."""

    def answer(request: FakeRequest) -> FakeAnswer:
        last = request.body["messages"][-1]
        if last["role"] == "tool":
            return FakeAnswer(text=f"The human says {last['content']}.")
        return FakeAnswer(tool_calls=(ToolCall(name="ask", arguments="{}", id="c1"),))

    server = serve(answer=answer)
    agent = FunctionAgent(tools=[ask], llm=plain_llm(server))
    run = agent.run("Do it.", memory=GlyphMemory.from_defaults(policy=policy, chat_history=talk))
    async for event in run.stream_events():
        if isinstance(event, InputRequiredEvent):
            break
    told = json.dumps(run.ctx.to_dict(serializer=JsonSerializer()))
    await run.cancel_run()
    assert pictures(wire(server)[-1])
    assert not holds_pages(told)
    again = agent.run(ctx=Context.from_dict(agent, json.loads(told), serializer=JsonSerializer()))
    assert again.ctx is not None
    again.ctx.send_event(HumanResponseEvent(response="yes"))  # type: ignore[call-arg]  # as above
    assert str(await again) == "The human says yes."
    memory = await again.ctx.store.get("memory")
    assert [message.content for message in memory.get_all()[:-4]] == [message.content for message in talk]
    assert pictures(wire(server)[-1]) == pictures(wire(server)[-2])


async def test_a_state_is_told_and_not_kept(
    serve: Serve, plain_llm: Point, policy: FoldPolicy, wire: Wires
) -> None:
    """Agents write their state into the newest message that a memory gave."""
    server = serve(answer=rounds(0))
    memory = GlyphMemory.from_defaults(policy=policy)
    for number in range(3):
        flow = AgentWorkflow(
            agents=[FunctionAgent(name="one", llm=plain_llm(server), tools=[look])], initial_state={"room": 7}
        )
        await flow.run(user_msg=f"Request {number}?", memory=memory)
    assert "room" in repr(wire(server)[-1][-1])
    assert "room" not in repr(memory.get_all())


async def test_conversations_at_once_see_nothing_of_each_other(
    serve: Serve, glyph_llm: Point, wire: Wires, pictures: Pictures
) -> None:
    """One LLM, one way of folding, six users in threads' and loops' way: each is sent their own, and nobody else's."""
    server = serve(answer=rounds(0))
    llm: GlyphOpenAILike = glyph_llm(server)

    async def talk(name: str) -> GlyphMemory:
        memory = GlyphMemory.from_defaults(llm=llm)
        agent = FunctionAgent(llm=llm, tools=[look], system_prompt=f"You talk with {name}.")
        for number in range(6):
            await agent.run(f"{name} says {number}. " + f"{name} was here. " * 40, memory=memory)
        return memory

    names = ["Ada", "Bob", "Cleo", "Dan", "Eve", "Fay"]
    memories = await asyncio.gather(*map(talk, names))
    assert memories[0].folding() is memories[1].folding()
    owners: dict[str, str] = {}
    for request, sent in zip(server.requests, wire(server), strict=True):
        (name,) = {name for name in names if name in " ".join(request.texts)}
        for _, url in pictures(sent):
            assert owners.setdefault(url, name) == name
    assert set(owners.values()) == set(names)
    for name, memory in zip(names, memories, strict=True):
        assert all((message.content or "").startswith((name, "Answer")) for message in memory.get_all())


async def test_an_image_refusing_server_costs_an_agent_nothing_but_a_warning(
    serve: Serve, glyph_llm: Point, wire: Wires
) -> None:
    """In the middle of a run, with the memory's pages in the request: words are sent, and the run goes on."""
    server = serve(answer=rounds(3), takes_images=False)
    llm = glyph_llm(server)
    memory = GlyphMemory.from_defaults(llm=llm)
    agent = FunctionAgent(tools=[look], llm=llm, streaming=False)
    with pytest.warns(UserWarning, match="takes no images"):
        for number in range(4):
            await agent.run(f"Request {number}?", memory=memory)
    assert len(memory.get_all()) == 32
    for number in range(4):
        assert f"Request {number}?" in repr(wire(server)[-1])

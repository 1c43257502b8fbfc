"""Claims about the window: it is the model's and its server's, and a thread is never stuck in a prompt too long."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from typing import Any

import pytest
from deepagents import create_deep_agent
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import StructuredTool
from langchain_glyph_memory import GlyphMemoryMiddleware, deepagents_memory
from langchain_glyph_memory.texts import keep_newest
from langgraph.checkpoint.memory import InMemorySaver

from glyph_memory import Binder, FoldPolicy, GlyphMemoryWarning, ModelProfile
from glyph_memory.testing import FakeVLMServer, Fault

WHERE: Any = {"configurable": {"thread_id": "1"}}
SAID = "The parcel left the second floor at noon. " * 60
GLYPH = ModelProfile.from_name("glyph")


def serve(**options: Any) -> FakeVLMServer:
    """A server that counts as the model does."""
    counts = {"image_tokens": GLYPH.image_tokens, "text_tokens": GLYPH.text_tokens}
    return FakeVLMServer(**{"answer": lambda request: SAID, **counts, **options})


def ask(agent: Any, numbers: range) -> list[Any]:
    """Ask; give the messages in the end."""
    for number in numbers:
        found = agent.invoke({"messages": [("user", f"Where is order {number}? " * 60)]}, WHERE)
    messages: list[Any] = found["messages"]
    return messages


def make(
    server: FakeVLMServer,
    chat: Any,
    *middleware: Any,
    tools: Any = (),
    saver: Any = None,
    prompt: str | None = None,
    **model: Any,
) -> Any:
    """Return an agent that remembers."""
    return create_agent(
        chat(server, **model),
        [*tools],
        system_prompt=prompt,
        middleware=middleware,
        checkpointer=saver or InMemorySaver(),
    )


def test_the_models_own_window_counts(chat: Any) -> None:
    """Its profile says `max_input_tokens`; no request is refused, and old messages are on pages."""
    with serve(window_tokens=16_384) as server, warnings.catch_warnings():
        warnings.simplefilter("error", GlyphMemoryWarning)
        told = {"image_inputs": True, "max_input_tokens": 15_000}
        messages = ask(make(server, chat, GlyphMemoryMiddleware("glyph"), profile=told), range(40))
        assert len(messages) == len(server.requests) * 2 == 80
        assert server.requests[-1].images
        assert max(request.prompt_tokens for request in server.requests) < 15_000


def test_a_window_that_is_given_counts_more(chat: Any) -> None:
    """Than what the model's profile says; a policy is narrowed by both, which is told once."""
    with serve(window_tokens=8192) as server:
        told = {"max_input_tokens": 100_000}
        with warnings.catch_warnings():
            warnings.simplefilter("error", GlyphMemoryWarning)
            ask(make(server, chat, GlyphMemoryMiddleware(window_tokens=8192), profile=told), range(30))
        policy = FoldPolicy(window_tokens=32_768)
        one = make(server, chat, GlyphMemoryMiddleware(policy=policy), profile={"max_input_tokens": 7000})
        with pytest.warns(
            GlyphMemoryWarning, match="max_input_tokens=7,000, and the policy is for 32,768"
        ) as warned:
            ask(one, range(20))
        assert len([told for told in warned if "narrowed" in str(told.message)]) == 1
        assert len([path for path in server.paths if "chat" in path]) == len(server.requests)


def test_the_profile_is_the_models_by_its_name(chat: Any) -> None:
    """Unless one is given; one that contradicts the name is told once. An unknown name leaves Glyph."""
    qwen = ModelProfile.from_name("qwen3-vl")
    with serve(model="Qwen/Qwen3-VL-8B-Instruct", image_tokens=qwen.image_tokens) as server:
        name: Any = {"model": server.model}
        window: Any = {"window_tokens": 12_000}
        ask(make(server, chat, GlyphMemoryMiddleware(**window), **name), range(20))
        assert all(side % 32 == 0 for side in server.requests[-1].images[0].size)
        with pytest.warns(
            GlyphMemoryWarning, match="which is 'qwen3-vl', and the profile is 'glyph'"
        ) as warned:
            ask(make(server, chat, GlyphMemoryMiddleware("glyph", **window), **name), range(20))
        assert len(warned) == 1
        assert server.requests[-1].images[0].size[0] % 28 == 0


@pytest.mark.parametrize("words", [True, False], ids=["with numbers", "without numbers"])
def test_a_prompt_too_long_is_folded_smaller_and_the_lesson_kept(chat: Any, words: bool) -> None:
    """Once told; in the agent's state, so that another process knows it before it asks."""
    saver = InMemorySaver()
    with serve(window_tokens=16_384) as server:
        if not words:
            _hide_numbers(server)
        with pytest.warns(GlyphMemoryWarning, match="folded to [0-9,]+ tokens from now on") as warned:
            messages = ask(make(server, chat, GlyphMemoryMiddleware(), saver=saver), range(60))
        assert len(messages) == 120
        learned = [told for told in warned if "from now on" in str(told.message)]
        assert 1 <= len(learned) <= 3
        asked = len([path for path in server.paths if "chat" in path])
        assert asked - len(server.requests) <= 3
        refused = asked - len(server.requests)
        with warnings.catch_warnings():
            warnings.simplefilter("error", GlyphMemoryWarning)
            ask(make(server, chat, GlyphMemoryMiddleware(), saver=saver), range(60, 70))
        asked = len([path for path in server.paths if "chat" in path])
        assert asked - len(server.requests) == refused
        assert server.requests[-1].images


def _hide_numbers(server: FakeVLMServer) -> None:
    """Have the server refuse as llama.cpp of old did."""
    check = server.engine._check_window

    def refuse(*arguments: Any, **keywords: Any) -> None:
        try:
            check(*arguments, **keywords)
        except Exception as refusal:
            refusal.body = {"error": {"message": "the request exceeds the available context size"}}  # type: ignore[attr-defined]  # a Refusal's
            raise

    server.engine._check_window = refuse  # type: ignore[method-assign]  # so that no number is told


async def test_awaited_a_thread_is_not_stuck_either(chat: Any) -> None:
    """The same, awaited and streamed."""
    with serve(window_tokens=16_384) as server:
        one = make(server, chat, GlyphMemoryMiddleware(), streaming=True)
        with pytest.warns(GlyphMemoryWarning, match="from now on"):
            for number in range(40):
                found = await one.ainvoke({"messages": [("user", f"Where is order {number}? " * 60)]}, WHERE)
        assert len(found["messages"]) == 80


def test_what_cannot_be_made_smaller_is_refused_as_before(chat: Any) -> None:
    """And other errors are asked about once."""
    with serve(window_tokens=8192) as server:
        with pytest.raises(Exception, match="maximum context length"):
            one = make(server, chat, GlyphMemoryMiddleware(), prompt="word " * 9000)
            one.invoke({"messages": [("user", "Hi")]}, WHERE)
        assert len([path for path in server.paths if "chat" in path]) == 1
    with serve(faults=[Fault.error(400, "rate limit exceeded")]) as server:
        with pytest.raises(Exception, match="rate limit"):
            ask(make(server, chat, GlyphMemoryMiddleware()), range(1))
        assert len([path for path in server.paths if "chat" in path]) == 1


def test_a_state_that_somebody_wrote_to_does_no_harm(chat: Any) -> None:
    """Windows that are none are ignored."""
    saver = InMemorySaver()
    with serve() as server:
        one = make(server, chat, GlyphMemoryMiddleware(), saver=saver)
        ask(one, range(1))
        for kept in ({"glyph": -5}, {"glyph": "many"}, [3], {"glyph": 5}, "x"):
            one.update_state(WHERE, {"_glyph_windows": kept})
            ask(one, range(1))
        assert len(server.requests) == 6


def test_tools_that_leave_no_room_for_a_page_are_named(chat: Any) -> None:
    """With their sizes, once; fewer are no matter."""
    schema = {
        "type": "object",
        "properties": {f"p{n}": {"type": "string", "description": "A long text " * 12} for n in range(8)},
    }
    tools = [
        StructuredTool.from_function(
            func=lambda **_: "x", name=f"t{n}", description="Searches the tickets. " * 60, args_schema=schema
        )
        for n in range(40)
    ]
    policy = FoldPolicy.for_profile(replace(GLYPH, window_tokens=32_768))
    with serve(window_tokens=32_768) as server:
        with warnings.catch_warnings():
            warnings.simplefilter("error", GlyphMemoryWarning)
            ask(make(server, chat, GlyphMemoryMiddleware("glyph", policy=policy), tools=tools[:5]), range(3))
        one = make(server, chat, GlyphMemoryMiddleware("glyph", policy=policy), tools=tools)
        with pytest.warns(
            GlyphMemoryWarning, match=r"40 tools take [\d,]+ tokens .* 't\d+' \(\d+\)"
        ) as warned:
            ask(one, range(3))
    assert len([told for told in warned if "tools take" in str(told.message)]) == 1


def test_images_are_refused_once_a_model_and_the_text_fits_the_window(chat: Any) -> None:
    """Not at each call; what does not fit is left out from the oldest on, and both the model and the user learn it."""
    with serve(takes_images=False, window_tokens=16_384) as server:
        one = make(server, chat, GlyphMemoryMiddleware(window_tokens=15_000))
        with pytest.warns(GlyphMemoryWarning) as warned:
            messages = ask(one, range(40))
        refused = len([path for path in server.paths if "chat" in path]) - len(server.requests)
    told = [str(warning.message) for warning in warned]
    assert refused == 1
    assert len([line for line in told if "is not a multimodal model" in line]) == 1
    assert any("older messages are left out" in line for line in told)
    assert len(messages) == 80
    sent = server.requests[-1].body["messages"]
    assert (
        sent[0]["content"].startswith("(")
        and "older messages of this conversation are not shown" in sent[0]["content"]
    )
    assert sent[-1]["content"] == messages[-2].content


def test_the_newest_text_that_fits_is_kept_whole() -> None:
    """System messages stay, a result stays with its call, and what was asked last is there whatever it costs."""
    binder = Binder("glyph")
    call: Any = {"name": "look_up", "args": {}, "id": "1"}
    history = [
        SystemMessage("Be brief."),
        *[message for n in range(20) for message in (HumanMessage(f"{n} {SAID}"), AIMessage(SAID))],
        HumanMessage("And now?"),
        AIMessage("", tool_calls=[call]),
        ToolMessage("found " * 3000, tool_call_id="1"),
    ]
    kept, left_out = keep_newest(history, binder, budget_tokens=100_000)
    assert (kept, left_out) == (history, "")
    kept, left_out = keep_newest(history, binder, budget_tokens=6000)
    assert kept[0] is history[0]
    assert kept[-3:][-1] is history[-1]
    assert left_out.endswith("older messages")
    kept, left_out = keep_newest(history, binder, budget_tokens=1000)
    assert [message.type for message in kept] == ["system", "human", "ai", "tool"]
    assert "And now?" in kept[1].content
    assert "characters left out here" in kept[3].content
    assert "characters of the newest" in left_out
    assert sum(binder.count(str(message.content)) for message in kept) < 1000
    assert history[-1].content == "found " * 3000


@pytest.mark.parametrize("told", [{"max_input_tokens": 24_000}, {}], ids=["window told", "window found out"])
def test_deepagents_goes_on_for_two_hundred_turns(chat: Any, told: dict[str, Any]) -> None:
    """As its own summarizer would, in the same window: nothing is summarized, nothing refused for good."""
    with serve(window_tokens=24_576) as server:
        model = chat(server, profile={"image_inputs": True, **told})
        one: Any = create_deep_agent(model, middleware=[deepagents_memory()], checkpointer=InMemorySaver())
        with warnings.catch_warnings():
            warnings.simplefilter("error" if told else "ignore", GlyphMemoryWarning)
            for number in range(100):
                found = one.invoke({"messages": [("user", f"Where is order {number}? " * 30)]}, WHERE)
        assert len(found["messages"]) == 200
        refused = len([path for path in server.paths if "chat" in path]) - len(server.requests)
        assert refused <= (0 if told else 3)
        assert server.requests[-1].images
        assert all("tools" in request.body for request in server.requests)
        assert json.dumps(one.get_state(WHERE).values.get("_glyph_windows", {}))

"""What an agent's middleware hides is hidden everywhere it is sent; what it pins stays text; the state is unchanged."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import BaseTool
from langchain_glyph_memory import (
    GlyphMemoryMiddleware,
    afold_conversation,
    deepagents_memory,
    fold_conversation,
    fold_messages,
)
from langchain_glyph_memory.guarding import MessageGuard
from langgraph.checkpoint.memory import InMemorySaver

from glyph_memory import FoldPolicy, PolicyError, Turn, TurnError, redact_texts
from glyph_memory.testing import FakeAnswer, FakeRequest, FakeVLMServer

CARD = "4111-1111-1111-1111"
REDACT = redact_texts(lambda text: text.replace(CARD, "[card]"))
Chat = Callable[..., Any]
Agent = Callable[..., Any]
Ask = Callable[..., list[BaseMessage]]


def guard(message: BaseMessage) -> BaseMessage:
    """Return a message as it is sent."""
    (sent,) = MessageGuard("off", REDACT).guard([message])
    return sent


CALL: Any = {"type": "tool_call", "name": "pay", "args": {"card": CARD, "n": 1}, "id": "c1"}
REASONED = [
    {"type": "reasoning", "reasoning": f"The card is {CARD}."},
    {"type": "text", "text": f"I pay with {CARD}."},
    {"type": "tool_use", "name": "pay", "input": {"card": CARD}, "id": "c1"},
]


@pytest.mark.parametrize(
    "message",
    [
        HumanMessage(f"My card: {CARD}", name="ada", id="1"),
        HumanMessage(
            [{"type": "text", "text": f"My card: {CARD}"}, {"type": "file", "file_id": "f7"}], id="1"
        ),
        SystemMessage(f"The shop's card: {CARD}"),
        ToolMessage(f"Paid with {CARD}.", tool_call_id="c1", name="pay", artifact={"card": CARD}),
        AIMessage(
            "", tool_calls=[CALL], additional_kwargs={"tool_calls": [{"function": {"arguments": CARD}}]}
        ),
        AIMessage(REASONED, tool_calls=[CALL]),  # type: ignore[arg-type]
        AIMessage(
            "",
            invalid_tool_calls=[
                {**CALL, "type": "invalid_tool_call", "args": f'{{"card": "{CARD}', "error": ""}
            ],
        ),
    ],
)
def test_a_message_of_any_kind_is_redacted_as_a_copy(message: BaseMessage) -> None:
    """Class, id and call stay; an artifact is not sent, and stays."""
    before = message.model_copy(deep=True)
    sent = guard(message)
    told = sent.model_dump()
    told.pop("artifact", None)
    assert CARD not in json.dumps(told)
    assert "[card]" in json.dumps(told)
    assert (message, type(sent), sent.id) == (before, type(message), message.id)
    if isinstance(message, AIMessage) and message.tool_calls and isinstance(sent, AIMessage):
        assert sent.tool_calls == [{**CALL, "args": {"card": "[card]", "n": 1}}]


def test_a_message_without_it_is_sent_as_it_is() -> None:
    """The very object."""
    message = AIMessage("Paid.", tool_calls=[{**CALL, "args": {"n": 1}}])
    assert guard(message) is message


@pytest.mark.parametrize(
    "wrong", [lambda _turn: None, lambda turn: replace(turn, role="system"), lambda turn: turn.text]
)
def test_a_function_that_gives_no_such_turn_is_named(wrong: Any) -> None:
    """In one line."""
    with pytest.raises(TurnError, match="redact"):
        MessageGuard("off", wrong).guard([HumanMessage("Hello.")])
    with pytest.raises(TurnError, match="is no function"):
        GlyphMemoryMiddleware("glyph", redact="card")  # type: ignore[arg-type]


def test_nothing_of_it_reaches_the_model_and_the_state_keeps_it(
    server: FakeVLMServer, agent: Agent, ask: Ask, early: FoldPolicy, look_up: BaseTool
) -> None:
    """Neither as text, nor in a call's arguments, nor among the identifiers beside the pages, nor on a page."""
    drawn: list[Turn] = []

    def watch(turn: Turn) -> Turn:
        told = redact_texts(lambda text: text.replace("ORD-", "[order] "))(turn)
        drawn.append(told)
        return told

    asking = agent(
        server, GlyphMemoryMiddleware("glyph", policy=early, redact=watch), checkpointer=InMemorySaver()
    )
    state = ask(asking, 12)
    assert server.requests[-1].images
    sent = [json.dumps(request.body["messages"]) for request in server.requests]
    assert not [text for text in sent if "ORD-" in text]
    assert "[order] " in sent[-1]
    assert any("ORD-" in str(message.content) for message in state)
    assert all("ORD-" not in turn.full_text for turn in drawn)


def _plan(request: FakeRequest) -> FakeAnswer:
    from glyph_memory import ToolCall

    count = sum(message["role"] == "user" for message in request.body["messages"])
    if request.body["messages"][-1]["role"] == "user" and count in {2, 4}:
        return FakeAnswer(
            tool_calls=(ToolCall(name="note_plan", arguments=f'{{"plan": "step-{count}"}}', id=f"p{count}"),)
        )
    return FakeAnswer(text="The parcel service rings twice on the second floor. " * 6)


def test_a_plan_and_an_instruction_stay_text(chat: Chat, early: FoldPolicy) -> None:
    """By their tool's name, and by a function; without pins they are on pages alone."""
    from langchain_core.tools import tool

    @tool
    def note_plan(plan: str) -> str:
        """Keep a plan."""
        return f"kept {plan}"

    def text_sent(pin: Any) -> str:
        with FakeVLMServer(answer=_plan) as server:
            middleware = GlyphMemoryMiddleware("glyph", policy=replace(early, pinned_tokens=300), pin=pin)
            asking: Any = create_agent(
                chat(server), [note_plan], middleware=[middleware], checkpointer=InMemorySaver()
            )
            where: Any = {"configurable": {"thread_id": "1"}}
            for number in range(14):
                said = "Always answer in Latin." if not number else f"Where is parcel {number}? " * 4
                asking.invoke({"messages": [("user", said)]}, where)
            return json.dumps(
                [part.get("text", "") for part in server.requests[-1].body["messages"][0]["content"]]
            )

    plain = text_sent(None)
    assert "Latin" not in plain
    assert "step-4" in text_sent("note_plan")
    assert "Latin" in text_sent(lambda message: "Always" in str(message.content))


async def test_whatever_folds_redacts_and_pins(early: FoldPolicy) -> None:
    """In a chain, as a value, and in deep agents: the same two keywords."""
    said: list[BaseMessage] = [HumanMessage(f"My card is {CARD}. Always answer in Latin.")]
    for number in range(40):
        said += [AIMessage("The parcel rings twice. " * 9), HumanMessage(f"And parcel {number}? " * 9)]
    options: Any = {"policy": replace(early, pinned_tokens=300), "redact": REDACT, "pin": is_rule}
    folded = [
        fold_messages(said, **options),
        await fold_messages(**options).ainvoke(said),
        fold_conversation(said, **options).messages,
        (await afold_conversation(said, **options)).messages,
    ]
    for sent in folded:
        told = json.dumps([message.content for message in sent])
        assert CARD not in told
        assert "[card]. Always answer in Latin" in told
    assert (
        deepagents_memory("glyph", pin="write_todos", redact=REDACT, report=False).name
        == "SummarizationMiddleware"
    )


def test_an_object_without_a_hash_is_a_function_like_any_other(early: FoldPolicy) -> None:
    """A dataclass that is called, such as a configured redactor; and it is asked once for each message."""
    said: list[BaseMessage] = [HumanMessage(f"Card {CARD} is number {number}.") for number in range(3)]
    redact, pin = Redactor(CARD), Redactor("number")
    for _ in range(2):
        for sent in (
            fold_messages(said, policy=early, redact=redact, pin=pin.finds),
            fold_conversation(said, policy=early, redact=redact, pin=Finder("number")).messages,
        ):
            assert CARD not in str([message.content for message in sent])
    assert redact.asked == len(said)


@pytest.mark.parametrize("pin", [5, ["write_todos", {}]])
def test_what_cannot_be_pinned_is_refused_everywhere(pin: Any) -> None:
    """In the words of the middleware."""
    for fold in (fold_messages, fold_conversation):
        with pytest.raises(PolicyError, match="neither a function of a message nor names of tools"):
            fold([HumanMessage("Hello.")], pin=pin)


@dataclass
class Redactor:
    """Redacts a word; it has no hash, as it can be compared."""

    word: str
    asked: int = 0

    def __call__(self, turn: Turn) -> Turn:
        """Return a turn without the word."""
        self.asked += 1
        return replace(turn, text=turn.text.replace(self.word, "[card]"))

    def finds(self, message: BaseMessage) -> bool:
        """Return whether a message holds the word."""
        return self.word in str(message.content)


@dataclass
class Finder:
    """Finds a word."""

    word: str

    def __call__(self, message: BaseMessage) -> bool:
        """Return whether a message holds it."""
        return self.word in str(message.content)


def is_rule(message: BaseMessage) -> bool:
    """Return whether a message is an instruction."""
    return "Always" in str(message.content)

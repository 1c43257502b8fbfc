"""Run one agent of Inspect's with several compaction strategies, and print what came of it as JSON.

Runs in Inspect's own environment. The model is scripted, through Inspect's seam for that: it reads a page file after
page file with a tool, and looks at what it is sent on the way.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import sys
from itertools import pairwise
from typing import Any

from inspect_ai import Task, eval
from inspect_ai.agent import react
from inspect_ai.dataset import Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageTool,
    ChatMessageUser,
    CompactionEdit,
    CompactionStrategy,
    CompactionTrim,
    ContentImage,
    ContentText,
    ModelInfo,
    ModelOutput,
    compaction,
    get_model,
    set_model_info,
)
from inspect_ai.model._model import collapse_consecutive_user_messages
from inspect_ai.tool import Tool, ToolCall, ToolCallError, tool

from glyph_memory.evaluate.compaction import GlyphCompaction
from glyph_memory.evaluate.compaction.carried import restore

FILES = 60
_PICTURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)
"""One pixel."""


def write_file(number: int) -> str:
    """Return the text of a file: words and one key."""
    dice = random.Random(number)
    words = " ".join(dice.choice(["pump", "valve", "north", "green", "seven", "paper"]) for _ in range(150))
    return f"{words}\nkey {number}: {dice.randrange(16**8):08x}"


@tool  # type: ignore[untyped-decorator]  # Inspect is not installed where types are checked
def read() -> Tool:
    """Read a file."""

    async def execute(number: int) -> str:
        """Read a file.

        Args:
            number: Which.
        """
        return write_file(number)

    return execute


class Agent:
    """A model that reads every file, then ends; it notes what it was sent."""

    def __init__(self) -> None:
        self.sent: list[list[ChatMessage]] = []

    def __call__(self, messages: list[ChatMessage], *_: Any) -> ModelOutput:
        """Return the next call."""
        self.sent.append(messages)
        if len(self.sent) <= FILES:
            return ModelOutput.for_tool_call("mockllm", "read", {"number": len(self.sent)})
        return ModelOutput.for_tool_call("mockllm", "submit", {"answer": "done"})


def run(strategy: CompactionStrategy) -> dict[str, Any]:
    """Run the agent, and return what it was sent."""
    agent = Agent()
    task = Task(
        dataset=[Sample(input="Read all files and remember the keys.")],
        solver=react(tools=[read()], compaction=strategy),
    )
    (log,) = eval(
        task, model=get_model("mockllm/model", custom_outputs=agent), display="none", log_dir=sys.argv[1]
    )
    last = agent.sent[-1]
    blocks = [block for one in last if isinstance(one.content, list) for block in one.content]
    whole = restore(last)
    text = "\n".join(one.text for one in whole.messages)
    return {
        "status": log.status,
        "error": log.error and log.error.message,
        "messages": len(last),
        "images": sum(block.type == "image" for block in blocks),
        "files": sum(write_file(number) in text for number in range(1, FILES + 1)),
        "begins": [one.role for one in last[:3]],
        "unpaired": len(find_unpaired(last)),
        "changes": count_changes(agent.sent),
        "joined": join(last),
    }


def find_unpaired(messages: list[ChatMessage]) -> set[str]:
    """Return ids of calls without a result, and of results without a call."""
    calls = {
        call.id for one in messages if isinstance(one, ChatMessageAssistant) for call in one.tool_calls or ()
    }
    results = {one.tool_call_id for one in messages if one.role == "tool"}
    return calls ^ results


def count_changes(sent: list[list[ChatMessage]]) -> int:
    """Return how often a request did not go on from the one before: a server's prefix cache is lost there."""
    spelled = [
        [one.model_dump_json(include={"role", "content", "tool_calls"}) for one in each] for each in sent
    ]
    return sum(after[: len(before)] != before for before, after in pairwise(spelled))


def join(messages: list[ChatMessage]) -> dict[str, Any]:
    """Return what a joined message of pages comes apart into, as providers join users' messages."""
    joined = collapse_consecutive_user_messages(list(messages))
    extra = collapse_consecutive_user_messages([*joined, ChatMessageUser(content="And now?")])
    apart, more = restore(joined), restore(extra)
    return {
        "joined": len(messages) - len(joined),
        "front": [one.text for one in apart.front],
        "messages": len(apart.messages),
        "after": more.messages[-1].text,
    }


def write_talk(inputs: list[ChatMessage], *, results: int = 60) -> list[ChatMessage]:
    """Return a conversation of awkward tool results: pictures, errors, one that is larger than the window."""
    messages = [*inputs]
    for number in range(1, results + 1):
        call = ToolCall(id=f"call{number}", function="read", arguments={"number": number, "other": None})
        text = write_file(number) * (100 if number == 5 else 1)
        content: str | list[Any] = text
        if number % 9 == 0:
            messages += [
                ChatMessageUser(
                    content=[ContentText(text=f"{side} of {number}"), ContentImage(image=_PICTURE)]
                )
                for side in ("Front", "Back")
            ]
        if number % 7 == 0:
            content = [ContentText(text=text), ContentImage(image=_PICTURE)]
        messages += [
            ChatMessageAssistant(content=f"File {number}.", tool_calls=[call]),
            ChatMessageTool(
                content=content,
                tool_call_id=call.id,
                function="read",
                error=ToolCallError(type="timeout", message="too slow") if number % 11 == 0 else None,
                metadata={"handle": object()},
            ),
        ]
    return messages


def find_changed(inputs: list[ChatMessage], *, is_joined: bool) -> dict[str, Any]:
    """Return what differs once a conversation was compacted again and again, as it grew."""
    strategy, model = GlyphCompaction("qwen2.5-vl", threshold=8000), get_model("mockllm/model")
    messages = write_talk(inputs)
    sent = [*inputs]
    for message in messages[len(inputs) :]:
        sent.append(message)
        if message.role == "tool" and int(str(message.tool_call_id)[4:]) % 5 == 0:
            sent, _ = asyncio.run(strategy.compact(model, sent, []))
            sent = collapse_consecutive_user_messages(sent) if is_joined else sent
    whole = restore(sent)
    return {
        "front": [one.text for one in whole.front],
        "lost": sum(
            one.text not in "\n".join(other.text for other in whole.messages)
            for one in messages[len(inputs) :]
        ),
        "messages": [one.id for one in whole.messages] == [one.id for one in messages[len(inputs) :]],
        "changed": sum(
            one.model_dump() != other.model_dump()
            for one, other in zip(whole.messages, messages[len(inputs) :], strict=False)
        ),
    }


def count_in_share() -> int:
    """Return what a conversation comes to in half of a small window, through Inspect's own rule for shares."""
    set_model_info("mockllm/small", ModelInfo(context_length=16_000))
    messages = write_talk([ChatMessageUser(content="Read.", source="input")])
    model = get_model("mockllm/small")
    strategy = compaction(GlyphCompaction("qwen2.5-vl", threshold=0.5), messages[:1], [], model)
    sent: list[ChatMessage] = []
    for end in range(1, len(messages) + 1, 2):
        sent, _ = asyncio.run(strategy.compact_input(messages[:end]))
    tokens: int = asyncio.run(model.count_tokens(sent))
    return tokens


def main() -> None:
    """Print all of it."""
    logging.disable(logging.CRITICAL)
    results: dict[str, Any] = {
        "pages": run(GlyphCompaction("qwen2.5-vl", threshold=8000)),
        "trim": run(CompactionTrim(threshold=8000)),
        "edit": run(CompactionEdit(threshold=8000)),
        "share": count_in_share(),
    }
    inputs = {
        "one": [ChatMessageUser(content="Read.", source="input")],
        "two": [
            ChatMessageUser(content="Read.", source="input"),
            ChatMessageUser(content=[ContentText(text="All"), ContentText(text="files.")], source="input"),
        ],
        "unmarked": [ChatMessageUser(content="Read.")],
    }
    results["talks"] = {
        f"{name}, {'joined' if is_joined else 'apart'}": find_changed(messages, is_joined=is_joined)
        for name, messages in inputs.items()
        for is_joined in (False, True)
    }
    sys.stdout.write(json.dumps(results))


if __name__ == "__main__":
    main()

"""An agent that calls a tool again whenever it sees no result of it ends its task as soon as with plain text."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import pytest

from glyph_memory import (
    Context,
    FoldPolicy,
    GlyphMemory,
    GlyphMemoryWarning,
    ImagePart,
    ModelProfile,
    Text,
    ToolCall,
)
from glyph_memory.testing import agent_conversation

LINE = "def handle(order: str) -> None:  # {number}: every order is looked up by its key, K-{number}\n"


def read_file(path: str, size: int) -> str:
    """What the tool gives: as many characters as asked for, other ones for every file."""
    number = int(path.removesuffix(".py"))
    lines = (LINE.format(number=number * 1_000_000 + line) for line in range(size // len(LINE) + 1))
    return "".join(lines)[:size]


def sees_result(context: Context, anchor: int, call: ToolCall) -> bool:
    """Whether a request shows a result, or a line that says it was given; as whoever reads it would see."""
    for message in context.messages:
        if message.role == "tool" and message.tool_call_id == call.id and message.text.strip():
            return True
        for part in message.parts:
            if isinstance(part, ImagePart) and part.anchors and part.anchors[0] <= anchor <= part.anchors[1]:
                return True
            if isinstance(part, Text) and f"§{anchor} read_file {call.arguments}" in part.text:
                return True
    return False


def run_agent(memory: GlyphMemory, paths: Sequence[str], size: int, *, at_once: bool) -> int:
    """Read files until a result of each is seen; return how many calls that took."""
    memory.add("user", "Review these files, one after the other.")
    made: list[tuple[int, ToolCall]] = []
    for _ in range(3 * len(paths)):
        context = memory.context()
        assert memory.tokens(context) <= memory.policy.prompt_tokens
        seen = {call.arguments for anchor, call in made if sees_result(context, anchor, call)}
        missing = [path for path in paths if f'{{"path": "{path}"}}' not in seen]
        if not missing:
            memory.add("assistant", "All of them are fine.")
            return len(made)
        calls = [
            ToolCall(name="read_file", arguments=f'{{"path": "{path}"}}', id=f"call-{len(made) + number}")
            for number, path in enumerate(missing if at_once else missing[:1])
        ]
        asked = memory.add("assistant", "", tool_calls=calls)
        made += [(asked.anchor or 0, call) for call in calls]
        for call, path in zip(calls, missing, strict=False):
            memory.add("tool", read_file(path, size), name="read_file", tool_call_id=call.id)
    return len(made)


def check_agent(window_tokens: int, size: int, *, at_once: bool) -> None:
    """Six files, after a conversation about something else; and once more, with what is left of the first time."""
    policy = FoldPolicy.for_profile(ModelProfile.from_name("glyph")).with_window(window_tokens)
    with GlyphMemory.open(":memory:", policy=policy) as memory, warnings.catch_warnings():
        warnings.simplefilter("ignore", GlyphMemoryWarning)
        memory.extend(agent_conversation(turns=30, seed=1).turns)
        for begin in (0, 6) if size < 1_000_000 else (0,):
            paths = [f"{number}.py" for number in range(begin, begin + 6)]
            assert run_agent(memory, paths, size, at_once=at_once) == 6


@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "at once"])
@pytest.mark.parametrize(
    ("window_tokens", "size"),
    [
        (8_192, 1_000),
        (8_192, 60_000),
        (16_384, 20_000),
        (32_768, 5_000),
        (131_072, 60_000),
        (8_192, 2_000_000),
    ],
)
def test_no_call_is_made_twice(window_tokens: int, size: int, at_once: bool) -> None:
    """However large its results are, and however small the window."""
    check_agent(window_tokens, size, at_once=at_once)

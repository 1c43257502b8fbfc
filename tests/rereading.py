"""A model that calls a tool again whenever it sees no result of it: what agents do in earnest, and for ever.

It reads six files one after the other, or all at once, and is done when it has seen them all. It sees a result where a
tool's message answers the call with words, where a line tells that the call was answered, or where the pages of the
turn are shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pydoc_data.topics import topics

from glyph_memory import ModelProfile, ToolCall
from glyph_memory.testing import FakeAnswer, FakeRequest, FakeVLMServer

FILES = tuple(f"src/part_{number}.py" for number in range(6))
TASK = "Read all six parts, and say what they do."
_TEXT = "\n\n".join(topics.values())
_CAPTION = re.compile(r"^§(\d+)(?:–§(\d+))?, (?:page \d+|in words)", re.MULTILINE)
_CALL = re.compile(r"^§\d+ (?:calls )?read_file (.*)$", re.MULTILINE)


def read_part(path: str, size: int) -> str:
    """Return what one of the files holds, so many characters of prose and code."""
    begin = FILES.index(path) * 5_000
    return f"# {path}\n" + (_TEXT[begin:] + _TEXT * (size // len(_TEXT) + 1))[:size]


def rereading_model(*, at_once: bool) -> Callable[[FakeRequest], FakeAnswer]:
    """Return what such a model says to a request; the task has to be the first turn.

    Args:
        at_once: Whether it reads all files in one batch.
    """

    def answer(request: FakeRequest) -> FakeAnswer:
        seen = find_seen(request, at_once=at_once)
        missing = [path for path in FILES if path not in seen]
        if not missing:
            return FakeAnswer(text="All six are read.")
        number = len(request.body["messages"])
        return FakeAnswer(
            tool_calls=tuple(
                ToolCall(name="read_file", arguments=json.dumps({"path": path}), id=f"call_{number}_{path}")
                for path in (missing if at_once else missing[:1])
            )
        )

    return answer


def find_seen(request: FakeRequest, *, at_once: bool) -> set[str]:
    """Return the files of which a request shows a result, or tells that it came."""
    words, asked, seen = "\n".join(request.texts), dict[str, str](), set[str]()
    shown = {
        anchor
        for first, last in _CAPTION.findall(words)
        for anchor in range(int(first), int(last or first) + 1)
    }
    # The task is turn 1; then a call and its result each, or one turn with all calls and their results.
    seen |= {path for n, path in enumerate(FILES) if (3 + n if at_once else 3 + 2 * n) in shown}
    seen |= {path for arguments in _CALL.findall(words) for path in FILES if path in arguments}
    for message in request.body["messages"]:
        for call in message.get("tool_calls") or ():
            asked[call["id"]] = json.loads(call["function"]["arguments"])["path"]
        if message["role"] == "tool" and message["content"]:
            seen.add(asked[message["tool_call_id"]])
    return seen


def serve_rereading_model(*, at_once: bool, window_tokens: int = 10_000_000) -> FakeVLMServer:
    """Return a server of such a model, which counts as Glyph does and refuses what exceeds its window."""
    profile = ModelProfile.from_name("glyph")
    return FakeVLMServer(
        answer=rereading_model(at_once=at_once),
        window_tokens=window_tokens,
        image_tokens=profile.image_tokens,
        text_tokens=profile.text_counter.count,
    )

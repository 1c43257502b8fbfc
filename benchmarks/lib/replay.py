"""Replay a made-up agent conversation through a framework's real agent loop.

The fake server says what the conversation's assistant said, tool calls included; the tools return what they returned.
Whatever asks the server besides the agent, such as a summarizer, is told apart by coming without tools.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from glyph_memory import ModelProfile, ToolCall, Turn
from glyph_memory.testing import FakeAnswer, FakeRequest, FakeVLMServer

PROFILE = "glyph"
WINDOW = 32_768
"""What summarizers and trimmers are told that the model takes; they keep the prompt below half of it."""
SUMMARY_SHARE = 10
"""A summary has a tenth of the words of what it sums up."""


@dataclass
class History:
    """A growing history in one component."""

    call: Callable[[], float]
    """Adds a message, makes the call, gives the milliseconds of CPU time that were ours."""
    seals: Callable[[], int]
    """How many seals are shown."""
    first_ms: float
    """What the first call took, which folds all there is."""
    renewed: Callable[[], float] | None = None
    """Makes a call as a new process does that has what was kept, the bookmark; gives its milliseconds. None where one
    process cannot stand for another, because drawn pages are shared within it."""


@dataclass
class Replay:
    """A conversation, ready to be replayed by one agent, once."""

    turns: Sequence[Turn]
    """All of it."""
    summaries: int = 0
    """How often somebody asked for a summary."""
    _answers: deque[Turn] = field(default_factory=deque)
    _results: dict[tuple[str, str], deque[str]] = field(default_factory=lambda: defaultdict(deque))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        calls: dict[str, ToolCall] = {}
        for turn in self.turns:
            if turn.role == "assistant":
                self._answers.append(turn)
                calls |= {call.id: call for call in turn.tool_calls}
            elif turn.role == "tool":
                call = calls[turn.tool_call_id or ""]
                self._results[call.name, _canonical_json(json.loads(call.arguments))].append(turn.text)

    @property
    def system(self) -> str:
        """The system prompt."""
        return next((turn.text for turn in self.turns if turn.role == "system"), "")

    @property
    def questions(self) -> list[str]:
        """The user's messages that are answered, in order."""
        last = max(place for place, turn in enumerate(self.turns) if turn.role == "assistant")
        return [turn.text for turn in self.turns[:last] if turn.role == "user"]

    @property
    def tools(self) -> list[str]:
        """Names of all tools."""
        return sorted({call.name for turn in self.turns for call in turn.tool_calls})

    def run_tool(self, tool: str, arguments: dict[str, Any]) -> str:
        """Return the result of a tool call."""
        with self._lock:
            return self._results[tool, _canonical_json(arguments)].popleft()

    def answer(self, request: FakeRequest) -> FakeAnswer:
        """Return what the assistant said next; for a summarizer, every tenth word of what it sent."""
        with self._lock:
            if not request.body.get("tools"):
                self.summaries += 1
                words = " ".join(request.texts).split()
                return FakeAnswer(text=" ".join(words[self.summaries % SUMMARY_SHARE :: SUMMARY_SHARE]))
            turn = self._answers.popleft()
        return FakeAnswer(text=turn.text, tool_calls=turn.tool_calls)

    def make_server(self, profile: ModelProfile) -> FakeVLMServer:
        """Return a server that counts as a model's profile does, and accepts prompts of any length."""
        return FakeVLMServer(
            answer=self.answer,
            window_tokens=10_000_000,
            image_tokens=profile.image_tokens,
            text_tokens=profile.text_counter.count,
        )


def _canonical_json(arguments: dict[str, Any]) -> str:
    return json.dumps(arguments, sort_keys=True)


Life = Callable[[Replay, str], int]
"""Lets an agent live through a conversation at a server's address; gives how many messages are kept."""

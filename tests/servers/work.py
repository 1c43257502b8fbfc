"""An agent's work that is asked about request by request, as a client does that sends its whole history each time.

Knows turns and talkers; knows nothing about which server answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import anthropic
import openai
import pytest

from glyph_memory.testing import agent_conversation
from glyph_memory.transcript import ToolCall, Turn
from tests.servers.talkers import Counted, Talker


def make_long_work(name: str, *, turns: int = 240) -> list[Turn]:
    """Return an agent's calls and results. Another name is another beginning, of which no cache knows anything."""
    head, *rest = agent_conversation(turns=turns)
    return [replace(head, text=f"{name}. {head.text}"), *rest]


def make_short_work(name: str, *, rounds: int = 16) -> list[Turn]:
    """Return four short turns for each round, one of them a call and one its result."""
    turns = [Turn(role="system", text=f"{name} sells tea. Look up each order.")]
    for number in range(rounds):
        call = ToolCall(id=f"call_{number}", name="look_up", arguments=f'{{"order": "K-{number}"}}')
        turns += [
            Turn(role="user", text=f"Where is K-{number}?"),
            Turn(role="assistant", tool_calls=(call,)),
            Turn(role="tool", text=f"in van {number}", tool_call_id=call.id),
            Turn(role="assistant", text=f"In van {number}."),
        ]
    return turns


def list_requests(work: Sequence[Turn], *, every: int = 1) -> list[Sequence[Turn]]:
    """Return the histories that are sent one after the other: up to a user's words, and up to a tool's result."""
    ends = [place + 1 for place, turn in enumerate(work) if place and turn.role in {"user", "tool"}]
    return [work[:end] for end in ends[::every]]


def hold_work(talker: Talker, requests: Sequence[Sequence[Turn]]) -> list[Counted]:
    """Send history after history, streamed, as far as the server takes them; return what was counted."""
    counted = []
    for turns in requests:
        try:
            counted.append(talker.ask(turns, streams=True, has_tools=True))
        except (openai.BadRequestError, anthropic.BadRequestError):
            break
    return counted


def find_share(counted: Sequence[Counted]) -> float:
    """Return how much of all prompts was cached."""
    return sum(one.cached_tokens for one in counted) / sum(one.prompt_tokens for one in counted)


def print_shares(capsys: pytest.CaptureFixture[str], **runs: Sequence[Counted]) -> None:
    """Print what a server counted of each run."""
    with capsys.disabled():
        for name, counted in runs.items():
            prompt, largest = (f(one.prompt_tokens for one in counted) for f in (sum, max))
            print(  # noqa: T201 - what make servers is run for
                f"\n{name.replace('_', ' ')}: {len(counted)} requests, {prompt:,} prompt tokens, largest {largest:,}, "
                f"cached {find_share(counted):.3f}, computed {prompt - sum(one.cached_tokens for one in counted):,}",
                end="",
            )

"""An agent that calls a tool again whenever it sees no result of it ends in as many calls as with plain text."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_glyph_memory import GlyphMemoryMiddleware

from glyph_memory import FoldPolicy, GlyphMemoryWarning, ModelProfile
from glyph_memory.testing import FakeVLMServer
from tests.rereading import FILES, TASK, read_part, serve_rereading_model

Chat = Callable[..., Any]
Agent = Any
"""A compiled graph; its type has five parameters that no test turns on."""


@pytest.fixture
def run(chat: Chat) -> Callable[..., int]:
    """Run an agent through the task; give the number of its calls."""

    def run(server: FakeVLMServer, size: int, *middleware: Any) -> int:
        @tool
        def read_file(path: str) -> str:
            """Read a file."""
            return read_part(path, size)

        agent: Agent = create_agent(
            chat(server), [read_file], middleware=middleware, system_prompt="You read code."
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", GlyphMemoryWarning)
            agent.invoke({"messages": [("user", TASK)]}, {"recursion_limit": 40})
        return len(server.requests)

    return run


@pytest.mark.parametrize(
    ("window", "size", "at_once"),
    [
        (8_192, 1_000, False),
        (8_192, 50_000, False),
        (32_768, 50_000, False),
        (16_384, 50_000, True),
        (8_192, 300_000, True),
    ],
)
def test_an_agent_ends_in_as_many_calls_as_with_plain_text(
    run: Callable[..., int], window: int, size: int, at_once: bool
) -> None:
    """However large the results, however small the window; nothing that is sent exceeds it."""
    with serve_rereading_model(at_once=at_once) as server:
        expected = run(server, 1_000)
    assert expected == (2 if at_once else len(FILES) + 1)
    policy = FoldPolicy.for_profile(replace(ModelProfile.from_name("glyph"), window_tokens=window))
    with serve_rereading_model(at_once=at_once, window_tokens=window) as server:
        assert run(server, size, GlyphMemoryMiddleware("glyph", policy=policy)) == expected
        assert max(request.prompt_tokens for request in server.requests) <= window - policy.output_tokens

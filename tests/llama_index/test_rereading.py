"""An agent that calls a tool again whenever it sees no result of it ends in as many calls as with plain text."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.memory.glyph import GlyphMemory, GlyphOpenAILike

from glyph_memory import GlyphMemoryWarning
from tests.rereading import FILES, TASK, read_part, serve_rereading_model

Clients = Callable[[], dict[str, Any]]


async def run(llm: Any, size: int, **options: Any) -> None:
    """Run an agent through the task."""

    def read_file(path: str) -> str:
        """Read a file."""
        return read_part(path, size)

    agent = FunctionAgent(tools=[read_file], llm=llm, system_prompt="You read code.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GlyphMemoryWarning)
        await agent.run(TASK, max_iterations=20, **options)


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
async def test_an_agent_ends_in_as_many_calls_as_with_plain_text(
    clients: Clients,
    plain_llm: Callable[[Any], Any],
    window: int,
    size: int,
    at_once: bool,
) -> None:
    """However large the results, however small the window; nothing that is sent exceeds it."""
    with serve_rereading_model(at_once=at_once) as server:
        await run(plain_llm(server), 1_000)
        expected = len(server.requests)
    assert expected == (2 if at_once else len(FILES) + 1)
    with serve_rereading_model(at_once=at_once, window_tokens=window) as server:
        llm = GlyphOpenAILike(
            api_base=server.base_url, api_key="x", context_window=window, max_retries=0, **clients()
        )
        await run(llm, size, memory=GlyphMemory.from_defaults(llm=llm))
        assert len(server.requests) == expected
        output = llm.folding().binder.policy.output_tokens
        assert max(request.prompt_tokens for request in server.requests) <= window - output
